"""Linux's ops from 2.6.20 to 6.1: what pvgen diff says of neighbouring trees is what is known.

changes.tsv was made of the same sources by other means, and read by people: a row a change, with
the member's path before and after.  Each is reported once, of its kind, and nothing else is.
"""

import csv
import json
import re
from collections import Counter
from pathlib import Path

import linux
import pytest
from tool import PVGEN, ROOT, run

HERE = ROOT / "tests/history"

# Which kinds of changes rules belong to; what is none follows from others.
KINDS = {
    "added": "PV-OPS-ADD|PV-OPS-SLOT|PV-LAY",
    "removed": "PV-OPS-DEL|PV-STR-DEL",
    "moved": "PV-OPS-GROUP|PV-OPS-OBJECT",
    "renamed": "PV-OPS-RENAME|PV-STR-RENAME",
    "signature": "PV-PAR|PV-RET|PV-STR-RETYPE",
    "guard": "PV-CFG-(ADD|DEL|CHANGE|EQUIV)",
    "calling-convention": "PV-CC",
}
FOLLOWS = "PV-VER-MISSING|PV-CFG-SYMBOL|PV-OPS-REORDER"

# fastcall was what all functions of the kernel were from then on: the same registers.
SAME = "calling-convention(attribute dropped)"

# The members of the structure of all structures.
MEMBERS = ("init", "time", "cpu", "irq", "mmu", "lock")

# Where pvgen says something else than the rows, with what it says in their place.
OTHERWISE = {
    # Which of several new ops of one contract is the old one under another name, only one who
    # knows the code can tell.  pvgen takes the one in the old one's slot, or none.
    ("2.6.25", "2.6.26"): (
        {("renamed", "release_pt"), ("renamed", "release_pd")},
        {("removed", "release_pt"), ("removed", "release_pd")}
        | {("added", "release_pte"), ("added", "release_pmd")},
    ),
    ("2.6.26", "2.6.27"): ({("added", "irq_enable_sysexit")}, {("added", "usergs_sysret64")}),
    # Data of one type in one place, which the rows have as gone and new: another name.
    ("4.19.40", "4.20"): (
        {("removed", f"pv_{n}_ops") for n in MEMBERS} | {("added", n) for n in MEMBERS},
        {("renamed", f"pv_{n}_ops") for n in MEMBERS},
    ),
    # It is a u8 under both names.
    ("5.2.1", "5.4"): ({("signature", "instrtype")}, set()),
}

Kinds = set[tuple[str, str]]


def rows() -> list[dict[str, str]]:
    """changes.tsv"""
    return list(csv.DictReader((HERE / "changes.tsv").open(), delimiter="\t"))


def name_of(path: str) -> str:
    """As the descriptions have it."""
    return linux.Entry(path, "", "").name


def expected(old: str, new: str, trees: dict[str, linux.Tree]) -> Kinds:
    """What is known to have changed between two trees."""
    result = {
        (kind, name_of(row["new"] if row["old"] == "-" else row["old"]))
        for row in rows()
        if (row["from"], row["to"]) == (old, new) and row["kind"] != SAME
        for kind in row["kind"].split("+")
    }
    if new == linux.ONE_OBJECT:
        both = {e.path for e in trees[old]} & {e.path for e in trees[new]}
        result |= {("moved", name_of(p)) for p in both if re.match(r"pv_\w+_ops\.", p)}
    less, more = OTHERWISE.get((old, new), (set(), set()))
    assert less <= result
    return result - less | more


def reported(changes: list[dict]) -> Counter[tuple[str, str]]:
    """What the report says: kind, and name before or else now; parameters are their op's."""
    result: Counter[tuple[str, str]] = Counter()
    for change in changes:
        kinds = [k for k, rules in KINDS.items() if re.match(rules, change["rule"])]
        parts = change["element"].split(" -> ")[0].split(".")
        if kinds:
            result[kinds[0], parts[2] if len(parts) > 2 else parts[1]] += 1
        else:
            assert re.match(FOLLOWS, change["rule"]), change
    return result


@pytest.fixture(name="place", scope="module")
def write_descriptions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of each tree."""
    place = tmp_path_factory.mktemp("trees")
    trees = linux.trees()
    types = linux.declarations(trees)
    for tree in trees:
        (place / f"{tree}.pvi").write_text(linux.describe(trees, tree, types))
    return place


def compare(place: Path, old: str, new: str, form: str = "pvi") -> list[dict]:
    """The changes between two trees."""
    words = ("diff", "--format=json", "--gate=none", f"{old}.{form}", f"{new}.{form}")
    result = run(*words, cwd=place, tool=PVGEN)
    assert (result.status, result.err) == (0, ""), result.err
    return json.loads(result.out)["changes"]


def test_neighbours(place: Path) -> None:
    """Every change is reported, and nothing else."""
    trees = linux.trees()
    names = list(trees)
    figures: Counter[str] = Counter()
    for old, new in zip(names, names[1:]):
        known, said = expected(old, new, trees), reported(compare(place, old, new))
        assert said.keys() == known, (old, new, said.keys() ^ known)
        assert all(n == 1 for (kind, _), n in said.items() if kind != "signature")
        figures.update(kind for kind, _ in known)
    print(f"{len(trees)} trees, {sum(figures.values())} changes, all reported, none besides:")
    print(", ".join(f"{n} {kind}" for kind, n in sorted(figures.items())))
    assert sum(figures.values()) > 500


def test_all_rows_are_used() -> None:
    """None is of trees that are not neighbours, or of a kind without rules."""
    names = list(linux.trees())
    steps = set(zip(names, names[1:]))
    for row in rows():
        assert (row["from"], row["to"]) in steps
        assert row["kind"] == SAME or set(row["kind"].split("+")) <= KINDS.keys()
    dropped = sum(row["kind"] == SAME for row in rows())
    print(f"{len(rows())} rows, of which {dropped} say the same in other words")


def test_each_tree_and_itself(place: Path) -> None:
    """No change, not of a snapshot either."""
    for tree in linux.trees():
        words = ("build", f"--emit=snapshot:{tree}.abi.json", f"{tree}.pvi")
        assert run(*words, cwd=place, tool=PVGEN).status == 0
        assert not compare(place, tree, tree)
        result = run("diff", f"{tree}.abi.json", f"{tree}.pvi", cwd=place, tool=PVGEN)
        assert (result.status, result.out[:10]) == (0, b"no change:")


def test_symbols_of_the_configuration_with_other_names(place: Path) -> None:
    """4.1 renamed one, and nothing that a module could see."""
    changes = compare(place, "3.19.8", "4.1-rc6")
    assert {c["rule"] for c in changes} == {"PV-CFG-EQUIV", "PV-CFG-SYMBOL"}
    assert [c["element"] for c in changes if c["rule"] == "PV-CFG-SYMBOL"] == [
        "PAGETABLE_LEVELS -> CONFIG_PGTABLE_LEVELS"
    ]
    assert {c["audiences"]["module"] for c in changes} == {"ok"}


def test_one_object(place: Path) -> None:
    """4.20 put the structures into one: every slot is elsewhere."""
    changes = compare(place, "4.19.40", "4.20")
    moved = [c for c in changes if c["rule"] == "PV-OPS-OBJECT-MOVE"]
    assert len(moved) > 90 and all(c["audiences"]["module"] == "break" for c in moved)


def test_a_removed_op(place: Path) -> None:
    """What is known must be said: a tree with one op less than it had."""
    text = (place / "6.1.192.pvi").read_text()
    less = "".join(line for line in text.splitlines(True) if " wbinvd(" not in line)
    (place / "less.pvi").write_text(less)
    assert reported(compare(place, "6.1.192", "less")) == {("removed", "wbinvd"): 1}
