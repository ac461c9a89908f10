"""`pvgen explain`: each diagnostic has an explanation, whose examples are right."""

import re
from pathlib import Path

import pytest
from test_backend_status import USAGES
from test_backend_sync import EXAMPLES as SYNCED
from test_diagnostics import TABLES
from test_errors import BUILDS as BUILT
from test_errors import FOREIGN, GENERATED, expectations
from test_verify import BUILDS, DAMAGES, IN_KERNELS
from tool import ENVIRONMENT, FINE, ROOT, clean, codes, run

PATH = "compiler/explain.txt"
ENTRY = re.compile(r"^== (.*)\n", re.MULTILINE)
PARTS = re.compile(r"(.+?)^-- wrong\n(.+?)^-- right\n(.+)", re.DOTALL | re.MULTILINE)
ELSEWHERE = re.compile(r"(.+?)^-- elsewhere .+\n", re.DOTALL | re.MULTILINE)

CODES = {name: code for table in TABLES for name, code in codes(table).items()}

# tests/diff has an example of each.
WAIVED = codes("waiver.def")

# Only a build reports these.
OF_A_BUILD = {e.name for path in BUILT for e in expectations(path)}


def read() -> list[tuple[str, str]]:
    """Names, and what stands below them."""
    words = ENTRY.split((ROOT / PATH).read_text())[1:]
    return [(name, body.strip("\n") + "\n") for name, body in zip(words[::2], words[1::2])]


ENTRIES = dict(read())
EXAMPLES = {n: m.groups() for n, text in ENTRIES.items() if (m := PARTS.fullmatch(text))}


@pytest.mark.parametrize("name", CODES)
def test_every_diagnostic_is_explained(name: str) -> None:
    """A new row is not complete without a wrong and a right example."""
    assert name in ENTRIES, f"say in {PATH} what [{name}] means: == {name}, -- wrong, -- right"
    found = name in EXAMPLES or ELSEWHERE.fullmatch(ENTRIES[name])
    assert found, f"[{name}] in {PATH} lacks a part: -- wrong and -- right, or -- elsewhere REASON"


def test_each_is_explained_once() -> None:
    """And nothing else is."""
    assert {name for name, _ in read()} <= CODES.keys()
    assert len(read()) == len(ENTRIES)
    assert [line for line in (ROOT / PATH).read_text().splitlines() if len(line) > 100] == []


def command_of(name: str) -> tuple[str, ...]:
    """What reports it."""
    command = ("build", "--outdir", "out") if name in OF_A_BUILD else ("check",)
    row = rf'"{name}",\s*(WARNING|SILENT)'
    is_warning = re.search(row, (ROOT / "compiler/diag.def").read_text())
    return (*command, f"-W{name}") if is_warning else command


def write(text: str, place: Path) -> None:
    """The example, and what it may import."""
    (place / "other.pvi").write_text("language 1; const OTHER = 1;\n")
    (place / "example.pvi").write_text(text)


def found(name: str, text: str, place: Path) -> set[str]:
    """Names of what is reported for a text."""
    write(text, place)
    result = run(*command_of(name), "example.pvi", cwd=place)
    assert clean(result) or result.names(), result.err
    return set(result.names())


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str, tmp_path: Path) -> None:
    """The wrong one is wrong for this reason only, the right one is not."""
    _, wrong, right = EXAMPLES[name]
    assert found(name, wrong, tmp_path) == {name}
    assert found(name, right.rstrip("\n") + "\n", tmp_path) == set()


@pytest.mark.parametrize("name", sorted(ENTRIES.keys() - EXAMPLES.keys()))
def test_examples_elsewhere(name: str) -> None:
    """What has no text here is shown by a test."""
    verified = {row[1] for row in DAMAGES.values()} | {row[2] for row in BUILDS.values()}
    foreign = {e.name for path in FOREIGN for e in expectations(path)}
    assert name in {*GENERATED, *verified, *foreign, *IN_KERNELS, *SYNCED, *USAGES, *WAIVED}


# ---- the command ----


def words(text: str) -> str:
    """The text without its indentation and its empty lines."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def test_explain() -> None:
    """All that the entries say, each below its code and name; one after the other."""
    result = run("explain", *CODES)
    assert (result.status, result.err) == (FINE, "")
    shown = re.split(r"^(?=PV\d{4} )", result.out.decode(), flags=re.MULTILINE)[1:]
    assert len(shown) == len(CODES)
    for (name, code), text in zip(CODES.items(), shown):
        assert text.startswith(f"{code} {name}, a") and "--" not in text
        parts = PARTS.fullmatch(ENTRIES[name]) or ELSEWHERE.fullmatch(ENTRIES[name])
        assert all(words(part) in words(text) for part in parts.groups())


def test_explain_by_code() -> None:
    """A code is as good as a name, in small letters too."""
    expected = run("explain", "op-missing").out
    for word in (CODES["op-missing"], CODES["op-missing"].lower()):
        assert run("explain", word).out == expected


def test_list() -> None:
    """Without a name: all codes and names, and which are warnings."""
    lines = run("explain").out.decode().splitlines()
    assert [line.split()[0] for line in lines] == list(CODES.values())
    assert f"{CODES['syntax']}  syntax" in lines
    assert f"{CODES['unused-import']}  -Wunused-import" in lines
    assert f"{CODES['undocumented-op']}  -Wundocumented-op (has to be asked for)" in lines


@pytest.mark.parametrize("word, meant", [("op-mising", "op-missing"), ("PV9999", None), ("", None)])
def test_unknown(word: str, meant: str | None) -> None:
    """What could be meant; what is known beside it is explained."""
    result = run("explain", "syntax", word)
    assert (result.status, result.out) == (ENVIRONMENT, run("explain", "syntax").out)
    hint = f"; did you mean '{meant}'?" if meant else ""
    assert result.err == f"pvgen: unknown diagnostic '{word}'{hint}\n"
