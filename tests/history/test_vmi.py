"""Four revisions of VMI's numbers: each that was given to another call is found.

13.0 exchanged the numbers of SetIDT and SetLDT, and of GetIDT and GetLDT, under the same names:
everything builds, and the hypervisor loads one table for the other.  3.0 gave every call another.
"""

import json
from collections import Counter
from pathlib import Path

import pytest
import vmi
from tool import PVGEN, run

STEPS = list(zip(vmi.REVISIONS, vmi.REVISIONS[1:]))
SWAPPED = {("SetIDT", "SetLDT"), ("GetIDT", "GetLDT")}
NUMBERED = {"PV-NUM-SWAP", "PV-NUM-CHANGE"}


@pytest.fixture(name="place", scope="module")
def write_descriptions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of each revision."""
    place = tmp_path_factory.mktemp("vmi")
    for revision in vmi.REVISIONS:
        (place / f"{revision}.pvi").write_text(vmi.describe(revision))
    return place


def changes(place: Path, old: str, new: str) -> list[dict]:
    """The report's."""
    words = ("diff", "--arch=i386", "--format=json", "--gate=none", f"{old}.pvi", f"{new}.pvi")
    result = run(*words, cwd=place, tool=PVGEN)
    assert (result.status, result.err) == (0, "")
    return json.loads(result.out)["changes"]


def named(reported: list[dict], rules: set[str]) -> set[str]:
    """Calls that such a rule was reported for."""
    return {c["element"].removeprefix("vmi.") for c in reported if c["rule"] in rules}


@pytest.mark.parametrize("step", STEPS, ids=lambda s: f"{s[0]} to {s[1]}")
def test_step(step: tuple[str, str], place: Path) -> None:
    """Of each call: is it new, is it gone, has it another number, and whose was that?"""
    old, new = map(vmi.numbers, step)
    reported = changes(place, *step)
    both = old.keys() & new.keys()
    moved = {name for name in both if old[name] != new[name]}
    taken = {
        name
        for name in new
        if new[name] in old.values() and old.get(name) != new[name]
        or name in moved
        and old[name] in new.values()
    }
    assert named(reported, {"PV-NUM-SWAP"}) == taken
    assert named(reported, {"PV-NUM-CHANGE"}) == moved - taken
    assert named(reported, {"PV-NUM-ADD", "PV-NUM-ADD-NOPROBE"}) == new.keys() - old.keys()
    assert named(reported, {"PV-NUM-DEL"}) == old.keys() - new.keys()
    assert set(Counter((c["rule"], c["element"]) for c in reported).values()) == {1}
    figures = Counter(c["rule"] for c in reported)
    print(f"{step[0]} to {step[1]}: {len(both)} calls in both, {len(both - moved)} keep theirs")
    print(", ".join(f"{n} {rule}" for rule, n in sorted(figures.items())))


def test_exchanged_numbers(place: Path) -> None:
    """6.1 to 13.0: two pairs of calls have each other's number, and nobody's name changed."""
    old, new = vmi.numbers("6.1"), vmi.numbers("13.0")
    found = {
        (a, b) for a in old for b in old if a < b and (old[a], old[b]) == (new.get(b), new.get(a))
    }
    assert found == SWAPPED
    reported = changes(place, "6.1", "13.0")
    for name in (name for pair in SWAPPED for name in pair):
        (change,) = [c for c in reported if c["element"] == f"vmi.{name}"]
        assert change["rule"] == "PV-NUM-SWAP"
        assert change["detail"] == f"{old[name]} -> {new[name]}"
        assert change["audiences"]["peer"] == change["audiences"]["module"] == "silent"
        assert change["audiences"]["source"] == "ok"


def test_no_call_keeps_its_number(place: Path) -> None:
    """13.3 to 3.0"""
    both = vmi.numbers("13.3").keys() & vmi.numbers("3.0").keys()
    assert len(both) > 50
    assert both <= named(changes(place, "13.3", "3.0"), NUMBERED)


def test_a_call_that_keeps_its_number(place: Path) -> None:
    """Is not reported: the test before would fail."""
    assert "CPUID" not in named(changes(place, "6.1", "13.0"), NUMBERED)
