"""Verdicts of pvgen diff beside those of programs that were built and run.

oracle/ holds pairs of descriptions.  For each, programs in C were made of both, and judges looked
at them: do old callers and old backends compile against the new header, and does an old caller
linked with the new core (`module`), or a new caller with an old backend (`backend`), do what it
should?  results.tsv has what they said.  A program that runs proves harm, never that there is none.
"""

import csv
import json
from dataclasses import dataclass

import pytest
from cases import FOLLOWS, changes, diff, read
from tool import ROOT

FOLDER = ROOT / "tests/diff/oracle"
FAILS = ("silent", "crash")
BREAKS = ("break", "silent")

# The same bits arrive; whether the top one matters is for people to say.
MILDER = {"033-param-sign", "094-arg-field-retype"}

# What runs, and is worse than a note for modules all the same.
STRICTER = {
    "030-param-widen-u32-u64": "the compiler happened to clear the upper half",
    "092-arg-field-del": "the caller's value is lost, which the judge calls lossy",
    "105-enum-size": "the compiler happened to clear the upper half",
    "122-version": "the program does not look at versions, a loader does",
    "126-default": "the program does not use a backend without the op",
}


@dataclass(frozen=True)
class Judged:
    """What the judges said of a pair, and what pvgen does."""

    pair: str
    callers: str
    backends: str
    module: str
    ours: dict[str, str]


@pytest.fixture(name="judged", scope="module")
def judge_all(tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    """All pairs."""
    place = tmp_path_factory.mktemp("pairs")
    rows = list(csv.DictReader((FOLDER / "results.tsv").open(), delimiter="\t"))
    assert {r["pair"] for r in rows} == {p.stem for p in FOLDER.glob("*.txt")}
    result = []
    for row in rows:
        case = read(FOLDER / f"{row['pair']}.txt")
        report = diff(place, case.old.text, case.new.text, "--format=json", "--gate=none")
        assert (report.status, report.err) == (0, "")
        verdict = json.loads(report.out)["verdict"]
        result.append(
            Judged(row["pair"], row["callers"], row["backends"], row["module"], verdict)
        )
    return result


def test_harm_is_seen(judged: list[Judged]) -> None:
    """Where an old module misbehaved or crashed, modules break."""
    harmed = [j for j in judged if j.module in FAILS]
    mild = {j.pair for j in harmed if j.ours["module"] not in BREAKS}
    print(f"{len(harmed)} of {len(judged)} pairs harmed an old module, {len(mild)} listed")
    assert mild == MILDER
    assert len(harmed) > 20


def test_what_runs_is_fine(judged: list[Judged]) -> None:
    """Where an old module did what it should, it does, or the reason is listed."""
    fine = [j for j in judged if j.module not in FAILS]
    strict = {j.pair for j in fine if j.ours["module"] not in ("na", "ok", "note")}
    print(f"{len(fine)} of {len(judged)} pairs ran, {len(strict)} listed")
    assert strict == STRICTER.keys()


def test_what_does_not_compile_is_seen(judged: list[Judged]) -> None:
    """Where old source no longer compiled, its audience is told so."""
    callers = {j.pair for j in judged if j.callers == "break" and j.ours["source"] != "break"}
    backends = {j.pair for j in judged if j.backends == "break" and j.ours["backend"] != "break"}
    assert not callers and not backends
    warned = {j.pair for j in judged if j.callers == "warn" and j.ours["source"] in ("ok", "note")}
    assert not warned


@pytest.mark.parametrize("pair", ["000-same", "001-comment"])
def test_no_change(pair: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is equal has no finding at all."""
    case = read(FOLDER / f"{pair}.txt")
    assert not changes(tmp_path_factory.mktemp("same"), case.old.text, case.new.text)


def test_names_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A typedef is reported, and concerns nobody."""
    case = read(FOLDER / "040-param-typedef.txt")
    reported = changes(tmp_path_factory.mktemp("names"), case.old.text, case.new.text)
    assert {c["severity"] for c in reported if c["rule"] != FOLLOWS} == {"ok"}
