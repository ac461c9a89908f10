"""Random single edits: a diff is empty exactly where the canonical models are equal.

    mutate.py [--seed N] [--trials N] [--jobs N] [--snapshots N]

Bases are random descriptions and those that the tests have; edits are lines, as people make them,
or single words.  What is no description afterwards does not count.  Of each that counts:

    - the diff is empty if and only if the manifests are equal, but for the order of what has names;
    - the other way round the same elements changed, old and new exchanged;
    - snapshots of both differ as the descriptions do, and each from its own description in nothing.

With --snapshots, snapshots are damaged, and read by a pvgen with sanitizers: a report, or why there
is none, in bounded time.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "compiler")]

from edits import canonical, description, edited  # noqa: E402
from tool import BRIEF, PVGEN, ROOT, SANITIZED, SANITIZER  # noqa: E402

EXAMPLES = ("tests/compiler/golden", "tests/compiler/good", "tests/compiler/linux", "idl")
EDITS = 25  # of each base
SHOWN = 40  # of what is wrong
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|\d\w*|\S')
FOLLOWS = "PV-VER-MISSING"

Lines = list[str]


class Wrong(Exception):
    """What must hold does not."""


@dataclass
class Figures:
    """What was done."""

    trials: int = 0
    equal: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        """Both."""
        self.trials += other.trials
        self.equal += other.equal
        self.rules += other.rules
        self.wrong += other.wrong


# ---- runs ----


def pvgen(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it where the descriptions are."""
    return subprocess.run(
        [str(PVGEN), *words], cwd=place, capture_output=True, text=True, check=False, timeout=60
    )


def model(place: Path, name: str, lines: Lines) -> object:
    """Writes NAME.pvi and NAME.abi.json; the canonical model, or None where there is none."""
    (place / f"{name}.pvi").write_text("\n".join([*lines, ""]))
    kinds = (f"--emit=manifest:{name}.json", f"--emit=snapshot:{name}.abi.json")
    (place / f"{name}.json").unlink(missing_ok=True)
    result = pvgen(place, "build", *BRIEF, *kinds, f"{name}.pvi")
    if result.returncode not in (0, 1, 2):
        raise Wrong(f"status {result.returncode}: {result.stderr}")
    if result.returncode:
        return None
    path = place / f"{name}.json"
    return canonical(json.loads(path.read_text())) if path.exists() else None


def changes(place: Path, old: str, new: str) -> list[dict]:
    """What the report has."""
    result = pvgen(place, "diff", "--gate=none", "--format=json", old, new)
    if result.returncode:
        raise Wrong(f"status {result.returncode}: {result.stderr}")
    return json.loads(result.stdout)["changes"]


def difference(a: object, b: object) -> str:
    """Where two models differ first."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        parts: list = [(key, a[key], b[key]) for key in a]
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        parts = list(zip(range(len(a)), a, b))
    else:
        return f": {str(a)[:200]} -> {str(b)[:200]}"
    return next((f".{key}{difference(x, y)}" for key, x, y in parts if x != y), "")


# ---- what must hold ----


def elements(reported: list[dict], old: str, new: str) -> set[tuple]:
    """What changed and where, with names that became others in both orders."""
    names = [[part.split(".")[-1] for part in c["element"].split(" -> ")] for c in reported]
    line = [[c[side] and c[side]["line"] for side in (old, new)] for c in reported]
    return {
        (frozenset(name), *lines)
        for c, name, lines in zip(reported, names, line)
        if c["rule"] != FOLLOWS
    }


def said(reported: list[dict]) -> list[tuple]:
    """All but places and what is to be inserted there."""
    return [(c["rule"], c["element"], c["detail"], c["severity"]) for c in reported]


def compare(place: Path, is_equal: bool) -> list[dict]:
    """The changes from old to new."""
    there = changes(place, "old.pvi", "new.pvi")
    if bool(there) == is_equal:
        raise Wrong(f"the models are {'' if is_equal else 'not '}equal, and {len(there)} changes")
    back = changes(place, "new.pvi", "old.pvi")
    if elements(there, "old", "new") != elements(back, "new", "old"):
        raise Wrong("the other way round other elements changed")
    if sorted(said(changes(place, "old.abi.json", "new.abi.json"))) != sorted(said(there)):
        raise Wrong("the snapshots differ otherwise")
    if changes(place, "new.abi.json", "new.pvi") or changes(place, "new.pvi", "new.pvi"):
        raise Wrong("it differs from itself")
    return there


# ---- bases and edits ----


def examples() -> list[Lines]:
    """Descriptions that stand alone, a statement a line, without comments."""
    result = []
    for path in sorted(p for folder in EXAMPLES for p in (ROOT / folder).rglob("*.pvi")):
        words = ("build", *BRIEF, "--emit=snapshot:-", str(path))
        done = pvgen(ROOT, *words)
        if done.returncode or not done.stdout:
            continue
        files = json.loads(done.stdout)["files"]
        lines = [line for f in files for line in f["text"] if not line.startswith("import ")]
        if len(lines) < 800:
            result.append(lines)
    return result


def word_edited(r: random.Random, lines: Lines) -> Lines:
    """One word, number or text becomes another, one that is somewhere in the text."""
    n = r.randrange(len(lines))
    tokens = list(TOKEN.finditer(lines[n]))
    if not tokens:
        return lines
    token = r.choice(tokens)
    old = token[0]
    if old[0] == '"':
        new = r.choice((old[:-1] + 'x"', '"' + old[2:], '""'))
    elif old[0].isdigit():
        new = r.choice(("0", "1", "2", "3", "7", "8", "16", "64", f"{int(old, 0) + 1}"))
    else:
        other = TOKEN.findall(r.choice(lines))
        new = r.choice([t for t in other if t[0].isalpha()] or [old])
    return [*lines[:n], lines[n][: token.start()] + new + lines[n][token.end() :], *lines[n + 1 :]]


def line_moved(r: random.Random, lines: Lines) -> Lines:
    """One line is gone, elsewhere nearby, or there twice."""
    n = r.randrange(len(lines))
    rest = lines[:n] + lines[n + 1 :]
    way = r.randrange(3)
    if way == 0:
        return rest
    at = min(len(rest), max(0, n + r.randrange(-3, 4)))
    return (rest if way == 1 else lines)[:at] + [lines[n]] + (rest if way == 1 else lines)[at:]


def edit(r: random.Random, lines: Lines, is_random: bool) -> Lines:
    """Any of them."""
    if is_random and r.randrange(3):
        return edited(r, lines)
    return word_edited(r, lines) if r.randrange(3) else line_moved(r, lines)


# ---- damaged snapshots ----

PIECES = (*(bytes([c]) for c in b'"{}[],:\\\n\0'), b"\\u0000", b"\\udcff", b"9" * 40)


def damaged(r: random.Random, data: bytes) -> bytes:
    """A file after an accident."""
    for _ in range(r.randrange(1, 4)):
        at, end = sorted(r.randrange(len(data) + 1) for _ in range(2))
        end = min(end, at + r.choice((1, 3, 40, 4000)))
        way = r.randrange(6)
        if way == 0:
            data = data[:at]
        elif way == 1:
            data = data[:at] + data[end:]
        elif way == 2:
            data = data[:at] + r.choice(PIECES) + data[at:]
        elif way == 3:
            data = data[:at] + data[at:end] + data[at:]
        elif way == 4:
            data = data[:at] + bytes([r.randrange(256)]) + data[at + 1 :]
        else:
            data = data[:at] + data[at:end][::-1] + data[end:]
    return data


def damage(seed: int, wanted: int) -> Counter[int]:
    """So many damaged snapshots; how often there was which status."""
    r = random.Random(seed)
    statuses: Counter[int] = Counter()
    whole = sorted((ROOT / "generated").glob("*.abi.json"))
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "s.abi.json"
        for _ in range(wanted):
            source = r.choice(whole)
            path.write_bytes(damaged(r, source.read_bytes()))
            done = subprocess.run(
                [str(SANITIZED), "diff", *r.sample((str(path), str(source)), 2)],
                env={**os.environ, **SANITIZER},
                capture_output=True,
                check=False,
                timeout=60,
            )
            if done.returncode not in (0, 1, 2) or (done.returncode == 2) == bool(done.stdout):
                Path(f"damaged-{seed}.abi.json").write_bytes(path.read_bytes())
                raise Wrong(f"seed {seed}: status {done.returncode}: {done.stderr.decode()}")
            statuses[done.returncode] += 1
    return statuses


# ---- runs of many ----


def trials(seed: int, wanted: int, bases: list[Lines], place: Path) -> Figures:
    """So many edits that count."""
    r = random.Random(seed)
    figures = Figures()
    while figures.trials < wanted:
        is_random = not bases or r.randrange(2) == 0
        base = description(r) if is_random else r.choice(bases)
        before = model(place, "old", base)
        if not before:
            continue
        for _ in range(EDITS):
            new = edit(r, base, is_random)
            after = model(place, "new", new)
            if not after:
                continue
            try:
                figures.rules.update({c["rule"] for c in compare(place, before == after)})
            except Wrong as wrong:
                shown = unified_diff(base, new, "old", "new", lineterm="")
                at = difference(before, after)
                figures.wrong.append("\n".join([f"seed {seed}: {wrong} {at}", *shown]))
            figures.trials += 1
            figures.equal += before == after
    return figures


def work(seed: int, wanted: int) -> Figures:
    """In a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        return trials(seed, wanted, examples(), Path(place))


def main() -> None:
    """Run, and print figures."""
    parser = argparse.ArgumentParser(description="Random edits of descriptions.")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--snapshots", type=int, default=0)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    total = Figures()
    part = 500
    seeds = [options.seed + n for n in range((options.trials + part - 1) // part)]
    with ProcessPoolExecutor(options.jobs) as pool:
        broken = [options.seed + n for n in range((options.snapshots + part - 1) // part)]
        statuses = sum(pool.map(damage, broken, [part] * len(broken)), Counter())
        print(f"{sum(statuses.values())} damaged snapshots: {dict(sorted(statuses.items()))}")
        for figures in pool.map(work, seeds, [part] * len(seeds)):
            total.add(figures)
            print(
                f"{total.trials} edits, of which {total.equal} left the model as it was;"
                f" {len(total.rules)} rules were reported; {len(total.wrong)} are wrong",
                flush=True,
            )
    if total.wrong:
        sys.exit("\n\n".join(total.wrong[:SHOWN]))


if __name__ == "__main__":
    main()
