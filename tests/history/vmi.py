"""Four revisions of VMI's numbers as descriptions.

vmi.tsv has a row a name, with its number in each revision, or `-`.  Revisions are in the order of
their making: the drafts 6.1, 13.0 and 13.3, then 3.0, which was published.  Only numbers are known
of all of them, so every call is one without arguments.  `vmi.py REVISION` prints a description.
"""

import csv
import re
import sys
from pathlib import Path

ROWS = list(csv.DictReader((Path(__file__).resolve().parent / "vmi.tsv").open(), delimiter="\t"))
REVISIONS = ("6.1", "13.0", "13.3", "3.0")

# Numbers that are no calls: what the ROM begins with, and what was kept free.
NO_CALLS = re.compile("ROM_HEADER|ELF_HEADER|RESERVED")


def numbers(revision: str) -> dict[str, int]:
    """The number of each call."""
    return {
        r["name"]: int(r[revision])
        for r in ROWS
        if r[revision] != "-" and not NO_CALLS.match(r["name"])
    }


def describe(revision: str) -> str:
    """The description."""
    calls = sorted((n, name) for name, n in numbers(revision).items())
    others = (r[revision] for r in ROWS if NO_CALLS.match(r["name"]))
    reserved = sorted(int(n) for n in others if n != "-")
    return "\n".join(
        [
            "language 1;",
            "abi vmi {",
            "arch i386;",
            'entry i386 "call {target}" { args eax edx ecx; result eax; clobbers flags; }',
            *(f'reserved number {n} "no call";' for n in reserved),
            *(f"call {n} void {name}(void) {{ kind asm_only; }}" for n, name in calls),
            "}",
            "",
        ]
    )


if __name__ == "__main__":
    print(describe(sys.argv[1]), end="")
