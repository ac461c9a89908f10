"""Verdicts of pvgen diff beside those of the judge: of versions built apart, mixed and run.

`make build/oracle/judged.json` has run it.  What runs proves harm, never that there is none; where
the two do not agree, listed.txt says why, and a line there that is no longer true fails.
"""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from judge import BLIND, BUILD, HERE, MORE, PAIRS, PLANTED, ROOT, RULES, Judge, Pair, pairs
from meaning import VERDICTS
from witnesses import written

JUDGED = {j["pair"]: j for j in json.loads((BUILD / "oracle/judged.json").read_text())}
REAL = {name: j for name, j in JUDGED.items() if name not in {p.stem for p in PLANTED}}
HARM = ("silent", "crash")
BREAKS = ("break", "silent")
FINE = ("na", "ok", "note")

# A run, what of it, and who is told of it by the diff in which direction.  Callers are modules and
# kernels; those who are called are kernels and hypervisors.
CONCERNS = (
    ("forward", "interface", "forward", "module"),
    ("backward", "interface", "backward", "module"),
    ("forward", "abi", "forward", "module"),
    ("backward", "abi", "backward", "module"),
    ("backward", "abi", "forward", "peer"),
    ("forward", "abi", "backward", "peer"),
)

# What each planted pair is to show: where, the verdict, and words of what is said.
SEEN = {
    "wrong-op": ("forward interface", "silent", "i.y runs in its place"),
    "zero-extension": ("forward interface", "silent", "arrives as 0xbad3bad4"),
    "sign-extension": ("forward interface", "silent", "arrives as 0xffff"),
    "cut-off": ("forward interface", "silent", "arrives as"),
    "result": ("forward interface", "silent", "the result"),
    "no-result": ("forward interface", "silent", "which nobody gave"),
    "register": ("forward interface", "silent", "loses rcx"),
    "flags": ("forward interface", "silent", "loses flags"),
    "nobody-passed": ("forward interface", "silent", "which nobody passed"),
    "not-looked-at": ("forward interface", "lossy", "is not looked at"),
    "stray": ("forward interface", "crash", "behind the table"),
    "trap": ("forward interface", "crash", "SIGILL"),
    "pointer": ("forward interface", "crash", "SIGSEGV"),
    "overwritten": ("forward interface", "silent", "is overwritten"),
    "unwritten": ("forward interface", "silent", "comes back as it was"),
    "overrun": ("forward interface", "silent", "memory behind s is overwritten"),
    "field": ("forward interface", "silent", "s.a is"),
    "constant": ("forward interface", "silent", "which is B there"),
    "wrong-call": ("forward abi", "silent", "h.k runs in its place"),
    "no-call": ("forward abi", "crash", "there is no call 2"),
    "place": ("forward abi", "silent", "arrives as"),
    "call-register": ("forward abi", "silent", "loses r11"),
    "instruction": ("forward abi", "crash", "there is no call 1"),
    "not-linked": ("forward interface", "crash", "j_ops"),
    "source": ("callers", "break", "too few arguments"),
    "warned": ("callers", "warn", "deprecated"),
}


def rows(name: str) -> list[list[str]]:
    """Of a table, without its heading."""
    return list(csv.reader((HERE / name).open(), delimiter="\t"))[1:]


def listed(kind: str) -> set[str]:
    """Pairs whose difference of this kind has a reason."""
    return {pair for pair, k, reason in rows("listed.tsv") if k == kind and reason}


def built() -> dict[str, dict]:
    """Those that ran."""
    return {name: j for name, j in REAL.items() if not j["not_built"]}


def worst(judged: dict, direction: str) -> str:
    """Of interface and abi."""
    return max(judged[direction].values(), key=VERDICTS.index)


def unseen(judged: dict) -> bool:
    """Whether harm was done of which the diff does not say so."""
    return any(
        judged[run][part] in HARM and judged["ours"][direction][audience] not in BREAKS
        for run, part, direction, audience in CONCERNS
    )


def test_all_pairs_are_judged() -> None:
    """Each file of pairs, and what is near."""
    assert {p.name for p in pairs([*RULES, *MORE, *PAIRS, *PLANTED])} == JUDGED.keys()
    assert len(REAL) > 300


def test_a_version_fits_itself() -> None:
    """Else the judge would find harm where there is none."""
    assert {name: j["control"] for name, j in JUDGED.items() if j["control"]} == {}


def test_each_way_is_used() -> None:
    """By stubs, through slots, from assembly, by number, and in memory."""
    uses = Counter()
    for j in REAL.values():
        uses.update(j["uses"])
    print(dict(uses))
    assert all(uses[way] > 100 for way in ("stub", "slot", "asm", "call", "memory"))


def test_harm_is_seen() -> None:
    """Where a mix misbehaved or crashed, the diff says so to whom it concerns."""
    assert {name for name, j in built().items() if unseen(j)} == listed("unseen")


def test_what_does_not_compile_is_seen() -> None:
    """Where old source no longer compiles, or with warnings, its audience is told so."""
    for half, audience in (("callers", "source"), ("backends", "backend")):
        ours = {name: (j[half], j["ours"]["forward"][audience]) for name, j in built().items()}
        broken = {name for name, (was, said) in ours.items() if was == "break" != said}
        warned = {name for name, (was, said) in ours.items() if was == "warn" and said in FINE}
        assert broken == listed(f"broken {half}")
        assert warned == listed(f"warned {half}")


def test_what_runs_is_fine() -> None:
    """Where an old module does what it should, the diff says no worse than note, or why."""
    fine = {name: j for name, j in built().items() if worst(j, "forward") not in HARM}
    strict = {name for name, j in fine.items() if j["ours"]["forward"]["module"] not in FINE}
    assert strict == listed("strict")


def test_what_is_not_built() -> None:
    """Of these pvgen writes no code."""
    assert {name for name, j in REAL.items() if j["not_built"]} == listed("not built")


def test_lists_are_of_pairs() -> None:
    """Each line names a pair and a kind, once."""
    kinds = {"unseen", "strict", "not built"}
    kinds |= {f"{what} {half}" for what in ("broken", "warned") for half in ("callers", "backends")}
    keys = [(pair, kind) for pair, kind, _ in rows("listed.tsv")]
    assert len(set(keys)) == len(keys)
    assert {pair for pair, _ in keys} <= REAL.keys() and {kind for _, kind in keys} <= kinds


def figures() -> str:
    """What the law was tried on."""
    ran = built()
    verdicts = Counter(worst(j, "forward") for j in ran.values())
    back = Counter(worst(j, "backward") for j in ran.values())
    count = Counter(kind for _, kind, _ in rows("listed.tsv"))
    exceptions = {pair for pair, kind, _ in rows("listed.tsv") if kind != "not built"}
    return (
        f"{len(REAL)} pairs, {len(ran)} run, {len(REAL) - len(ran)} not built; old callers: "
        f"{verdicts}; new callers: {back}; {len(ran) - len(exceptions)} agreed, "
        f"{len(exceptions)} listed: {dict(count)}"
    )


def test_figures() -> None:
    """Enough is harmed, and enough is not."""
    print(figures())
    verdicts = Counter(worst(j, "forward") for j in built().values())
    assert verdicts["silent"] > 80 and verdicts["crash"] > 15 and verdicts["ok"] > 150


# ---- beside the other judge ----


def test_recorded_judge() -> None:
    """Another judge, of another program in C, on the same pairs: each difference has its reason."""
    theirs = csv.DictReader((ROOT / "tests/diff/oracle/results.tsv").open(), delimiter="\t")
    different = set()
    compared = 0
    for row in theirs:
        j = JUDGED[row["pair"]]
        if j["not_built"]:
            continue
        ours = {"callers": j["callers"], "backends": j["backends"]}
        ours |= {"module": worst(j, "forward"), "backend": worst(j, "backward")}
        compared += len(ours)
        different |= {(row["pair"], k, row[k], v) for k, v in ours.items() if row[k] != v}
    reasons = {tuple(row[:4]) for row in rows("compared.tsv") if row[4]}
    print(f"{compared} verdicts compared, {len(different)} differ")
    assert different == reasons


def test_pairs_that_cannot_be_said() -> None:
    """The other judge's pairs that are no descriptions, and why."""
    unsaid = rows("unsaid.tsv")
    assert len(unsaid) + len(PAIRS) == 55
    assert all(reason for _, reason in unsaid)
    assert not {pair for pair, _ in unsaid} & {path.stem for path in PAIRS}


# ---- the judge itself ----


@pytest.mark.parametrize("name", SEEN)
def test_planted(name: str) -> None:
    """What is wrong on purpose is seen, and is the first that is."""
    where, verdict, words = SEEN[name]
    j = JUDGED[name]
    direction, _, part = where.partition(" ")
    assert (j[direction][part] if part else j[direction]) == verdict
    assert any(words in text for text in j["said"][where])


def test_each_class_is_planted() -> None:
    """Neither a pair that nothing is expected of, nor the reverse."""
    assert SEEN.keys() == {path.stem for path in PLANTED}


def test_blind_judge() -> None:
    """A judge that does not look at registers, or whose values have no top bits, overlooks harm."""
    for what, least in zip(BLIND, ("sign-extension", "register")):
        harmed = {name for name, j in JUDGED.items() if worst(j, "forward") in HARM}
        overlooked = {name for name in harmed if JUDGED[name]["blind"].get(what, "") not in HARM}
        print(f"{what}: {len(overlooked)} of {len(harmed)} overlooked")
        assert least in overlooked and len(overlooked) > 5
        assert "wrong-op" not in overlooked


@pytest.mark.parametrize("name", ["register", "sign-extension", "wrong-call", "field", "result"])
def test_clang(name: str, tmp_path: Path) -> None:
    """The same of another compiler's code."""
    (pair,) = [p for p in pairs(PLANTED) if p.name == name]
    judged = Judge(tmp_path / "versions", "clang").pair(pair)
    where, verdict, words = SEEN[name]
    direction, _, part = where.partition(" ")
    assert getattr(judged, direction)[part] == verdict
    assert any(words in text for text in judged.said[where]) and not judged.control


def test_same(tmp_path: Path) -> None:
    """Two names for one thing are no difference."""
    text = "interface i version 1.0 {{ group g {{ op void x({} a) {{ default nop; }} }} }}\n"
    pair = Pair("same", text.format("u32"), text.format("unsigned int"))
    judged = Judge(tmp_path / "versions").pair(pair)
    assert (judged.callers, judged.backends, judged.said) == ("ok", "ok", {})


# ---- witnesses ----


def test_witnesses() -> None:
    """What is shown of each rule is what happened now."""
    text = written(list(JUDGED.values()))
    assert (HERE / "witnesses.txt").read_text() == text, "python3 tests/oracle/witnesses.py"
    assert len(text.splitlines()) > 70
