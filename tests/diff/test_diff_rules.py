"""Each rule of pvgen diff has a pair that it is reported for, and a pair like it that it is not."""

import re
from collections import Counter
from pathlib import Path

import pytest
from cases import AUDIENCES, BY_OBJECTS, FOLLOWS, MORE, RULES, VERDICTS
from cases import changes, diff, found, read, table
from tool import ROOT

TABLE = table()
PROPERTIES = re.compile(r"struct property \w+\[\] = \{(.*?)\};", re.S)
each = pytest.mark.parametrize("path", RULES, ids=lambda p: p.stem)


def without(counter: Counter, path: Path) -> Counter:
    """Leaves out what follows from others, unless the pair is about it."""
    return Counter({k: n for k, n in counter.items() if k[0] != FOLLOWS or path.stem == FOLLOWS})


def test_each_rule_has_its_pairs() -> None:
    """Neither a rule without a file nor a file without a rule; each is about its rule."""
    assert {path.stem for path in RULES} == TABLE.keys() - BY_OBJECTS
    for path in RULES:
        case = read(path)
        named = {rule for rule, _, _ in (*case.old.expected, *case.new.expected)}
        assert path.stem in named
        assert case.near.text not in (case.new.text, "")


@each
def test_positive(path: Path, tmp_path: Path) -> None:
    """All that is expected and no more, at its line."""
    case = read(path)
    reported = changes(tmp_path, case.old.text, case.new.text)
    assert without(found(reported, True), path) == case.new.expected
    assert without(found(reported, False), path) == case.old.expected


@pytest.mark.parametrize("path", MORE, ids=lambda p: p.stem)
def test_more(path: Path, tmp_path: Path) -> None:
    """What falls under a rule beside what its pair shows."""
    case = read(path)
    reported = changes(tmp_path, case.old.text, case.new.text)
    assert without(found(reported, True), path) == case.new.expected
    assert without(found(reported, False), path) == case.old.expected


def test_each_property_is_shown(tmp_path: Path) -> None:
    """Each row of the tables of properties is what some pair changes."""
    cases = [read(path) for path in (*RULES, *MORE)]
    reported = [c for case in cases for c in changes(tmp_path, case.old.text, case.new.text)]
    shown = {c["detail"].partition(": ")[0] for c in reported}
    sources = [path.read_text() for path in (ROOT / "compiler").glob("diff*.c")]
    tables = [t for text in sources for t in PROPERTIES.findall(text)]
    rows = {row for table in tables for row in re.findall(r'\{"([\w ]+)",\s*R_', table)}
    assert len(rows) > 40
    assert rows - shown == set()


@each
def test_negative(path: Path, tmp_path: Path) -> None:
    """What resembles it is something else."""
    case = read(path)
    reported = changes(tmp_path, case.old.text, case.near.text)
    assert path.stem not in {c["rule"] for c in reported}
    assert not case.near.expected - found(reported, True)


@each
def test_report_says_what_the_table_says(path: Path, tmp_path: Path) -> None:
    """Verdicts, effect and remedy are those of the row; hypervisors see no slots."""
    case = read(path)
    for c in changes(tmp_path, case.old.text, case.new.text):
        row = TABLE[c["rule"]]
        verdicts = tuple(c["audiences"][a] for a in AUDIENCES)
        assert verdicts in (row.verdicts, (*row.verdicts[:3], "na"))
        assert c["severity"] == max(verdicts, key=VERDICTS.index)
        assert (c["what"], c["effect"], c["remedy"]) == (row.text, row.effect, row.remedy)


def elements(reported: list[dict], old: str, new: str) -> set[tuple]:
    """What changed and where, with names that became others in both orders."""
    names = [[part.split(".")[-1] for part in c["element"].split(" -> ")] for c in reported]
    return {
        (frozenset(name), str(c[old]), str(c[new]))
        for c, name in zip(reported, names)
        if c["rule"] != FOLLOWS
    }


def exchanged(reported: list[dict]) -> list[dict]:
    """The same with the names of the files exchanged."""
    names = {"old.pvi": "new.pvi", "new.pvi": "old.pvi"}
    for c in reported:
        for place in filter(None, (c["old"], c["new"])):
            place["file"] = names[place["file"]]
    return reported


@each
def test_exchanged(path: Path, tmp_path: Path) -> None:
    """From NEW to OLD the same elements changed, with their places exchanged."""
    case = read(path)
    there = elements(changes(tmp_path, case.old.text, case.new.text), "old", "new")
    back = exchanged(changes(tmp_path, case.new.text, case.old.text))
    assert there == elements(back, "new", "old")


@each
def test_nothing(path: Path, tmp_path: Path) -> None:
    """A description does not differ from itself, nor from itself with other words around it."""
    for text in (read(path).old.text, read(path).new.text):
        commented = text.replace("\n", " // more\n\n")
        for other in (text, f"\n/* before */ {commented}"):
            result = diff(tmp_path, text, other)
            said = b"no change%s: source ok, backend ok, module ok, peer ok\n"
            said %= b" in what both sides tell" if " unknown " in text else b""
            first, rest = result.out.split(b"\n", 1)
            assert (result.status, first + b"\n", result.err) == (0, said, "")
            assert bool(rest) == (" unknown " in text)
