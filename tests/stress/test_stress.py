"""The patcher in a process: damaged tables, what it executes, torn writes between threads."""

import re
import subprocess
import warnings
from pathlib import Path

import pytest

STRESS = Path(__file__).resolve().parents[2] / "build/stress"
DAMAGES = 10000

# Every way to refuse that the patcher has.
REASONS = {"no such op", "wrong length", "no such kind", "outside the text", "wrong opcode", "wrong slot",
           "wrong filler", "table cut off", "no such form", "template longer than the site", "target out of reach"}

# Kinds of damage after which a table still lists sites as they were.
HARMLESS = {"swap records and adjust them", "repeat a record", "drop records at the end"}

# Ways to store that no other thread may notice, and how often the site must at least have changed.
CLEAN = ["int3", "int3-slow", "int3-across-line", "8-aligned", "pv_patch_late"]
LEAST_PATCHES = 50


def run(*command: object) -> str:
    """What a program of this folder prints."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_damage() -> None:
    """Damaged tables are refused, each with the site, or do no harm; all reasons to refuse occur."""
    text = run(STRESS / "sanitized/corrupt", 0, DAMAGES)
    rows = {name: (int(refused), int(harmless)) for refused, harmless, name
            in re.findall(r"^damage +(\d+) refused +(\d+) harmless  (.+)$", text, re.M)}
    assert sum(map(sum, rows.values())) == DAMAGES
    assert {name for name, (refused, _) in rows.items() if not refused} == HARMLESS
    assert set(re.findall(r"^reason +\d+  (.+)$", text, re.M)) == REASONS


@pytest.fixture(scope="module")
def counts() -> dict[str, dict[int, tuple[int, int]]]:
    """Of each backend, by number of sites: instructions executed, serialising ones."""
    rows: dict[str, dict[int, tuple[int, int]]] = {}
    for sites, backend, *numbers in re.findall(
            r"sites (\d+) backend (\w+) executed (\d+) serialising (\d+) patched", run(STRESS / "count")):
        rows.setdefault(backend, {})[int(sites)] = (int(numbers[0]), int(numbers[1]))
    return rows


def test_one_serialisation(counts: dict) -> None:
    """A batch has one, whatever its size."""
    assert len(counts) == 2
    assert {serialising for rows in counts.values() for _, serialising in rows.values()} == {1}


@pytest.mark.parametrize("backend", ["plain", "other"])
def test_linear(counts: dict, backend: str) -> None:
    """Twice the sites, which repeat after 13, take exactly twice the instructions."""
    executed = {sites: row[0] for sites, row in counts[backend].items()}
    assert executed[104] - executed[52] == 2 * (executed[52] - executed[26])


def torn(*arguments: object) -> dict[str, int]:
    """One row of the program, by column."""
    _, head, row = run(STRESS / "torn", *arguments).splitlines()
    return dict(zip(head.split()[1:], map(int, row.split()[1:]), strict=True))


@pytest.mark.parametrize("name", CLEAN)
def test_never_torn(name: str) -> None:
    """What the threads see is one of the forms, and they do look while it changes."""
    row = torn("-t", 1, name)
    assert (row["wrong"], row["faults"], row["lost"]) == (0, 0, 0)
    assert row["patches"] >= LEAST_PATCHES and row["executions"] > 0
    assert name == "8-aligned" or row["traps"] > 0


def test_torn_is_seen() -> None:
    """Where a torn site stays for a while, it is executed and noticed: the tests above can fail."""
    row = torn("-t", 1, "bytewise-slow")
    assert row["wrong"] > 0 and row["faults"] > 0


def test_torn_at_full_speed() -> None:
    """A machine that shows no torn write in this time gives the tests above little weight: it says so."""
    row = torn("-u", "-t", 10, "bytewise")
    assert row["executions"] + row["faults"] > 0
    if not row["wrong"] + row["faults"]:
        warnings.warn(f"no torn write seen in {row['patches']} bytewise patches on this machine", stacklevel=1)
