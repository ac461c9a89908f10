"""Pairs of descriptions in one text, as a diff shows them, and the reports about them.

The first character of a line says where it is: in both descriptions (blank), in OLD (`-`), in NEW
(`+`), or in NEAR (`~`), which takes the place of NEW for a change that resembles the one in
question.  What is reported for a line stands behind it:

    +        op void n(void) { default nop; } // ### [PV-OPS-ADD-MID] i.g.n
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tool import ROOT, Result, run

RULES = sorted((ROOT / "tests/diff/rules").glob("*.txt"))
MORE = sorted((ROOT / "tests/diff/more").glob("*.txt"))
ORACLE = sorted((ROOT / "tests/diff/oracle").glob("*.txt"))
ROW = re.compile(
    r'^RULE\(\w+, "([\w-]+)", "(.+?)", (\w+), (\w+), (\w+), (\w+),\n +"(.+)",\n +"(.+)"\)$', re.M
)
EXPECTED = re.compile(r"### \[([\w-]+)\] (.*?)\s*(?=###|$)")
AUDIENCES = ("source", "backend", "module", "peer")
VERDICTS = ("na", "ok", "note", "warn", "refuse", "break", "silent")

# Of waivers, not of descriptions.
FAULT = "PV-WAIVER-"

# Only objects show them: test_diff_users.py.
BY_OBJECTS = {"PV-OPS-DEL-UNUSED"}

# It follows from others, and is expected where these are not compared with what is to be seen.
FOLLOWS = "PV-VER-MISSING"


@dataclass(frozen=True)
class Rule:
    """A row of diff.def."""

    name: str
    text: str
    verdicts: tuple[str, ...]
    effect: str
    remedy: str


def table() -> dict[str, Rule]:
    """All rows of what may change, by name, in their order."""
    return {name: rule for name, rule in all_rules().items() if not name.startswith(FAULT)}


def all_rules() -> dict[str, Rule]:
    """The same with the faults of waivers."""
    rows = ROW.findall((ROOT / "compiler/diff.def").read_text())
    unescaped = ([part.replace('\\"', '"') for part in row] for row in rows)
    return {
        name: Rule(name, text, tuple(v.lower() for v in verdicts), effect, remedy)
        for name, text, *verdicts, effect, remedy in unescaped
    }


@dataclass(frozen=True)
class Side:
    """One of the descriptions: its text, and what is expected at its lines."""

    text: str
    expected: Counter[tuple[str, str, int]]


def side(lines: list[str], marks: str, expecting: str) -> Side:
    """The lines with these marks; what is expected counts on lines with those."""
    kept = [line for line in lines if line[:1] in marks]
    expected = Counter(
        (rule, element, number)
        for number, line in enumerate(kept, 1)
        if line[0] in expecting
        for rule, element in EXPECTED.findall(line)
    )
    return Side("".join(f"{line[1:]}\n" for line in kept), expected)


@dataclass(frozen=True)
class Case:
    """OLD, NEW and NEAR; what OLD says is about what is gone in NEW."""

    old: Side
    new: Side
    near: Side


def read(path: Path) -> Case:
    """A file of rules/."""
    lines = [line for line in path.read_text().splitlines() if line]
    return Case(side(lines, " -", "-"), side(lines, " +", " +"), side(lines, " ~", "~"))


def diff(directory: Path, old: str, new: str, *options: str) -> Result:
    """Run pvgen diff on two texts."""
    (directory / "old.pvi").write_text(old)
    (directory / "new.pvi").write_text(new)
    return run("diff", *options, "old.pvi", "new.pvi", cwd=directory)


def changes(directory: Path, old: str, new: str) -> list[dict]:
    """The changes of the JSON report."""
    result = diff(directory, old, new, "--format=json", "--gate=none")
    assert (result.status, result.err) == (0, ""), result.err
    return json.loads(result.out)["changes"]


def found(reported: list[dict], is_new: bool) -> Counter[tuple[str, str, int]]:
    """Rule, element and line of what is there in NEW, or of what is not."""
    return Counter(
        (c["rule"], c["element"], (c["new"] or c["old"])["line"])
        for c in reported
        if bool(c["new"]) == is_new
    )
