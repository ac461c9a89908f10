"""Layouts of pv_ops in Debian's kernels, measured by other programs than pvgen.

layouts/SERIES.tsv has a line for each slot: number, offset and size in bytes, `fnptr` or
`callee_save`, path, declaration.  All flavours and point releases of a series had the same.
"""

import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

LAYOUTS = Path(__file__).resolve().parent / "layouts"

# What kernels of all series declare.
TYPES = """language 1;
struct cpumask;
struct desc_ptr;
struct desc_struct;
struct flush_tlb_info;
struct gate_struct;
struct mm_struct;
struct mmu_gather;
struct qspinlock;
struct task_struct;
struct thread_struct;
struct vm_area_struct;
typedef struct gate_struct gate_desc;
typedef u64 phys_addr_t;
"""
ENTRIES = ("pgd", "p4d", "pud", "pmd", "pte", "pgprot")
ENTRY = """typedef unsigned long {0}val_t;
struct {0} {{ {0}val_t {0}; }};
typedef struct {0} {0}_t;
"""

# As debug information has them, and as the language has them.
NUMBERS = {
    "long long unsigned int": "unsigned long long",
    "long unsigned int": "unsigned long",
}

# What nothing in a layout tells.
UNKNOWN = """names pointers clobbers context native default site revision partners
        wrapper version guards tables types registrations backends"""


@dataclass(frozen=True)
class Slot:
    """One function pointer of pv_ops."""

    number: int
    offset: int
    size: int
    is_narrow: bool
    path: str
    declaration: str

    @property
    def name(self) -> str:
        """Of the op, without its groups."""
        return self.path.rpartition(".")[2]

    def result_and_types(self) -> tuple[str, list[str]]:
        """What it gives back, and takes; of a pointer to a function."""
        match = re.fullmatch(rf"(.+?) \(\*{self.name}\)\((.*)\)", self.declaration)
        assert match, self.declaration
        result, params = (in_words(part) for part in match.groups())
        return result, [] if params == "void" else params.split(", ")

    def op(self) -> str:
        """Its line of a description."""
        if self.is_narrow:
            return f"op void {self.name}(void) {{ clobbers flags; unknown signature; }}"
        result, types = self.result_and_types()
        params = ", ".join(f"{t} p{n}" for n, t in enumerate(types))
        return f"op {result} {self.name}({params or 'void'}) {{}}"


def in_words(text: str) -> str:
    """Types as the language has them."""
    for theirs, ours in NUMBERS.items():
        text = text.replace(theirs, ours)
    return text


def read(series: str) -> list[Slot]:
    """The slots of a series, in their order."""
    rows = (line.split("\t") for line in (LAYOUTS / f"{series}.tsv").read_text().splitlines())
    return [
        Slot(int(number), int(offset), int(size), kind == "callee_save", path, declaration)
        for number, offset, size, kind, path, declaration in rows
    ]


def body(slots: list[Slot], depth: int) -> str:
    """Ops, and groups of them, as they stand in the outer group."""
    lines = []
    for group, inner in groupby(slots, lambda slot: slot.path.split(".")[depth:-1][:1]):
        if group:
            lines += [f"group {group[0]} {{", body(list(inner), depth + 1), "}"]
        else:
            lines += [slot.op() for slot in inner]
    return "\n".join(lines)


def description(slots: list[Slot]) -> str:
    """All of it, as a description."""
    entries = "".join(ENTRY.format(name) for name in ENTRIES)
    head = f"interface pv version 0.0 {{\nunknown {UNKNOWN};\n"
    return f"{TYPES}{entries}{head}{body(slots, 0)}\n}}\n"
