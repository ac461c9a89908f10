"""How much of what is generated stands in the kernel's own headers too, token by token.

    python3 tests/linux/similarity.py TREE GENERATED

A run is a sequence of tokens that both have.  What the interface itself demands is not counted
in it: includes, prototypes, slots and their initialisers, names of sections and registers in
strings.  Prints the longest runs; fails if one has more other tokens than a common idiom has.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ORIGINALS = (
    "arch/x86/include/asm/paravirt_types.h",
    "arch/x86/include/asm/paravirt.h",
    "arch/x86/kernel/paravirt.c",
    "arch/x86/xen/enlighten_pv.c",
    "arch/x86/xen/irq.c",
    "arch/x86/xen/mmu_pv.c",
)

SHORTEST = 8    # a run of fewer tokens is no run
LONGEST = 16    # other tokens, beside what is demanded

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[A-Za-z_]\w*|\d\w*|[^\s\w]')

# Lines that say what the kernel calls things, not how something is done.
DEMANDED = re.compile(
    r"""\s*\#\s*(include|if|ifdef|ifndef|endif|else|undef)\b      # whose, and when
    | \s*\.[\w.]+\s*=\s*[^;]*,\s*$                               # initialiser of a slot
    | \s[\w\s*]+\(\*\w+\)\(.*\);\s*$                             # slot
    | \w[\w\s*]*\(.*\);\s*$                                      # prototype
    | static\s+(inline|__always_inline)\s.*\)\s*$                 # head of a call stub
    | \s*(extern\s.*|struct\s\w+(\s\w+)?|\}.*);\s*$              # declaration
    | struct\s\w+\s\{$
    """,
    re.VERBOSE,
)

@dataclass(frozen=True)
class Token:
    """A token, its line, and whether the interface demands it."""

    text: str
    line: int
    demanded: bool


def tokens(text: str) -> list[Token]:
    """All of them but comments."""
    text = COMMENT.sub(lambda m: "\n" * m[0].count("\n") or " ", text)
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        head, brace, body = line.rstrip("\\").partition("{")
        for part in (head, brace + body):
            demanded = bool(DEMANDED.match(part))
            for t in TOKEN.findall(part):
                found.append(Token(t, number, demanded or t.startswith('"')))
    return found


def runs(generated: list[Token], original: list[Token]) -> Iterator[tuple[int, int]]:
    """Where in the first a longest run begins, and how many tokens it has."""
    places: dict[tuple[str, ...], list[int]] = {}
    words = [t.text for t in original]
    for at in range(len(words) - SHORTEST + 1):
        places.setdefault(tuple(words[at : at + SHORTEST]), []).append(at)
    at = 0
    mine = [t.text for t in generated]
    while at <= len(mine) - SHORTEST:
        longest = 0
        for start in places.get(tuple(mine[at : at + SHORTEST]), ()):
            n = SHORTEST
            while at + n < len(mine) and start + n < len(words) and mine[at + n] == words[start + n]:
                n += 1
            longest = max(longest, n)
        if longest:
            yield at, longest
        at += longest or 1


def other(part: list[Token]) -> int:
    """How many tokens in a row, at most, are not demanded."""
    most = now = 0
    for t in part:
        now = 0 if t.demanded else now + 1
        most = max(most, now)
    return most


def report(tree: Path, generated: Path) -> bool:
    """Compare each generated file with all originals; is none a copy?"""
    original = [t for name in ORIGINALS for t in tokens((tree / name).read_text())]
    rows, worst = [], 0
    for path in sorted(generated.glob("*.h")):
        mine = tokens(path.read_text())
        found = list(runs(mine, original))
        shared = sum(n for _, n in found)
        print(f"{path.name:20} {len(mine):6} tokens, {shared / len(mine):4.0%} in common runs of {SHORTEST} and more")
        for at, n in found:
            part = mine[at : at + n]
            rows.append((other(part), n, path.name, part[0].line, " ".join(t.text for t in part)[:90]))
    print(f"\n{'other':>5} {'run':>4}  where")
    for free, n, name, line, text in sorted(rows, reverse=True)[:12]:
        print(f"{free:5} {n:4}  {name}:{line}: {text}")
        worst = max(worst, free)
    print(f"longest run beside what is demanded: {worst} tokens; at most {LONGEST} are an idiom")
    return 0 < worst <= LONGEST


def main() -> int:
    """Two folders."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("generated", type=Path)
    options = parser.parse_args()
    return int(not report(options.tree, options.generated))


if __name__ == "__main__":
    sys.exit(main())
