"""Linux's paravirtual ops from 2.6.20 to 6.1 as descriptions, one a tree.

ops.txt has the trees in their order, each as what changed since the one before:

    = TREE
    -STRUCT.MEMBER                               is gone, or is another now
    +INDEX STRUCT.MEMBER  C_SIGNATURE  GUARD     stands at this place of the whole, by tabs

`linux.py TREE` prints the description of a tree; `linux.py` all their names.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

# From this tree on the structures are members of one object.
ONE_OBJECT = "4.20"

# What is a number or a structure in a register, with the type that the number has.
NUMBERS = {
    "phys_addr_t": "u64",
    "pteval_t": "u64",
    "pmdval_t": "u64",
    "pudval_t": "u64",
    "pgdval_t": "u64",
    "__ticket_t": "u16",
}
WRAPPED = ("pte", "pmd", "pud", "p4d", "pgd", "pgprot")
OPAQUE = {"cpumask_t": "cpumask", "gate_desc": "gate_struct"}
HEAD = re.compile(r"(.*?) ?\((.*)\)(?: fastcall)?")


@dataclass(frozen=True)
class Entry:
    """A member of one of the structures: an op, or data."""

    path: str
    signature: str
    guard: str

    @property
    def name(self) -> str:
        """Without the structure, unless several have one of this name."""
        return self.path.replace(".lazy", "_lazy").split(".")[-1]

    @property
    def table(self) -> str:
        """The structure."""
        return self.path.split(".")[0]

    @property
    def is_data(self) -> bool:
        """Is it no function?"""
        return self.signature.startswith("field: ")


Tree = list[Entry]


def trees() -> dict[str, Tree]:
    """All of them, in their order."""
    result: dict[str, Tree] = {}
    entries: Tree = []
    for line in (HERE / "ops.txt").read_text().splitlines():
        if line[0] == "=":
            entries = list(entries)
            result[line[2:]] = entries
        elif line[0] == "-":
            entries.remove(next(e for e in entries if e.path == line[1:]))
        else:
            index, path, signature, *guard = line[1:].split("\t")
            entries.insert(int(index), Entry(path, signature, guard[0] if guard else ""))
    return result


# ---- as pvgen has it ----


def type_of(words: str) -> str:
    """A type of C in the language."""
    words = re.sub(r"\benum \w+", "unsigned int", words)
    return re.sub(r"\bunsigned\b(?! (int|long))", "unsigned int", words)


def parameter(words: str, number: int) -> str:
    """A parameter; one without a name gets one."""
    named = re.fullmatch(r"(.*?[ *])(\w+)", words)
    taken = {"int", "long", "unsigned", "char", *NUMBERS, *(f"{w}_t" for w in WRAPPED), *OPAQUE}
    way = "" if "*" not in words else " @in" if words.startswith("const") else " @inout"
    if named and named[2] not in taken and not re.fullmatch(r"(const )?(struct|enum) ", named[1]):
        return f"{type_of(named[1].strip())} {named[2]}{way}".replace("* ", "*")
    return f"{type_of(words)} a{number}{way}".replace("* ", "*")


def prototype(signature: str, name: str) -> str:
    """RESULT NAME(PARAMETERS)."""
    match = HEAD.fullmatch(signature)
    assert match, signature
    listed = match[2].split(", ") if match[2] != "void" else []
    inner = ", ".join(parameter(p, n) for n, p in enumerate(listed)) or "void"
    result = match[1].replace("*", " *")
    return f"{type_of(result)} {name}({inner})".replace("* ", "*")


def guard_of(words: str) -> str:
    """The condition of the preprocessor."""
    words = re.sub(r"\bifdef (\w+)", r"\1", words)
    return re.sub(r"\bif (\w+ [<>=]+ \d)", r"\1", words)


def symbols(entries: Tree) -> dict[str, str]:
    """What guards ask, with its type."""
    found: dict[str, str] = {}
    for e in entries:
        for name in re.findall(r"ifdef (\w+)", e.guard):
            found[name] = "bool"
        for name in re.findall(r"if (\w+) [<>=]", e.guard):
            found[name] = "int"
    return found


def known_prototypes(all_trees: dict[str, Tree], tree: str) -> dict[str, str]:
    """A callee-save op has none in the source: the last one that it had, or the first."""
    names = list(all_trees)
    here = names.index(tree)
    order = [*reversed(names[here + 1 :]), *names[: here + 1]]
    return {
        e.name: e.signature
        for name in order
        for e in all_trees[name]
        if not e.is_data and not e.signature.startswith("<")
    }


def member(e: Entry, known: dict[str, str]) -> str:
    """The line of an entry."""
    guard = f" if {guard_of(e.guard)}" if e.guard else ""
    if e.is_data:
        words = e.signature.removeprefix("field: ")
        words = re.sub(r"^struct (\w+) (\w+)$", r"whole_\1 \2", words)
        kind = re.fullmatch(r"(.*?[ *])(\w+)", type_of(words))
        assert kind, words
        return f"data {kind[1]}{e.name}{guard} {{ }}"
    if e.signature == "<callee_save>":
        signature = known.get(e.name, "void (void)")
        return f"op {prototype(signature, e.name)}{guard} {{ clobbers none; }}"
    return f"op {prototype(e.signature, e.name)}{guard} {{ }}"


def declarations(all_trees: dict[str, Tree]) -> list[str]:
    """The types of all trees, so that none of them comes or goes."""
    every = [e.signature for entries in all_trees.values() for e in entries]
    tags = sorted({t for s in every for t in re.findall(r"\bstruct (\w+)", s)})
    wholes = sorted({t for s in every for t in re.findall(r"field: struct (\w+) \w+$", s)})
    return [
        *(f"struct {t};" for t in sorted({*tags, *OPAQUE.values()} - set(wholes))),
        *(f"typedef u64 whole_{t};" for t in wholes),
        *(f"typedef struct {t} {name};" for name, t in OPAQUE.items()),
        *(f"typedef {t} {name};" for name, t in NUMBERS.items()),
        *(f"struct {t} {{ u64 {t}; }};\ntypedef struct {t} {t}_t;" for t in WRAPPED),
    ]


def describe(all_trees: dict[str, Tree], tree: str, types: list[str]) -> str:
    """The description of a tree."""
    names = list(all_trees)
    is_one = names.index(tree) >= names.index(ONE_OBJECT)
    known = known_prototypes(all_trees, tree)
    entries = all_trees[tree]
    lines = ["language 1;", *types]
    lines += [f"config {kind} {name};" for name, kind in sorted(symbols(entries).items())]
    lines.append("interface pv version 1.0 {")
    for table in dict.fromkeys(e.table for e in entries):
        place = "pv_ops" if is_one and re.fullmatch(r"pv_\w+_ops", table) else table
        lines.append(f"group {table} table {place} {{")
        lines += [member(e, known) for e in entries if e.table == table]
        lines.append("}")
    return "\n".join([*lines, "}", ""])


def main() -> None:
    """Print a description."""
    all_trees = trees()
    if len(sys.argv) > 1:
        print(describe(all_trees, sys.argv[1], declarations(all_trees)), end="")
    else:
        print("\n".join(all_trees))


if __name__ == "__main__":
    main()
