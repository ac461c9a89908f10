"""Two builds, section by section: what differs, where, and how.

    python3 tests/linux/sections.py FIRST/vmlinux SECOND/vmlinux
    python3 tests/linux/sections.py FIRST/build SECOND/build       # all objects in both

Bytes and relocations are compared as they are: nothing is normalised.  What a difference is called
(code, references, size, ...) only helps to find its cause.  Exit status 1 if there is one that
differences.txt does not name.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import capstone
from elf import Object, Relocation, Section

HERE = Path(__file__).resolve().parent

# Of no meaning to the kernel that runs: what debuggers read, and indices into a symbol table.
# Symbol tables themselves are no sections here; relocations are compared by the names in them.
NOT_COMPARED = (".debug*", ".llvm_addrsig")

# Of a build's folder, what is no part of the kernel, or made of what is compared already.
NO_KERNEL = ("scripts/*", "tools/*", "arch/x86/tools/*", "arch/x86/realmode/*", "arch/x86/boot/*",
             "arch/x86/entry/vdso/*", "vmlinux.o", ".*", "*/.*", "*.mod.o")

# How a disassembler writes what may be an address.
RELATIVE = re.compile(r"rip ([+-]) (0x[0-9a-f]+|\d+)")
NUMBER = re.compile(r"((?:- ?)?0x[0-9a-f]{4,})")

BYTES_SHOWN, INSTRUCTIONS_SHOWN, SYMBOLS_SHOWN, REFERENCES_SHOWN = 16, 3, 6, 10


@dataclass(frozen=True)
class Record:
    """An entry of a table: its size, how it begins with a code address, and where it has a line number."""
    size: int
    width: int
    relative: bool
    line: range = range(0)


# By section and word size.
RECORDS = {
    (".parainstructions", 64): Record(16, 8, relative=False),
    (".parainstructions", 32): Record(8, 4, relative=False),
    (".altinstructions", 64): Record(12, 4, relative=True),
    (".altinstructions", 32): Record(12, 4, relative=True),
    ("__bug_table", 64): Record(12, 4, relative=True, line=range(8, 10)),
    ("__bug_table", 32): Record(12, 4, relative=True, line=range(8, 10)),
}

# What a section is to the reader of the table; the first that fits.
CLASSES = (
    (".parainstructions", "sites"), (".altinstr*", "sites"), (".retpoline_sites", "sites"),
    (".return_sites", "sites"), (".ibt_endbr_seal", "sites"), (".static_call*", "sites"),
    ("__jump_table", "sites"), (".smp_locks", "sites"), ("__bug_table", "lines"), (".orc*", "unwind"),
    (".BTF*", "types"), (".notes", "build id"), (".discard*", "for objtool"), ("*", "data"),
)


@dataclass(frozen=True)
class Difference:
    """One symbol, or one entry of a table, that is not the same in both."""
    section: str
    symbol: str
    kind: str
    text: str
    file: str = ""


@dataclass
class Row:
    """A line of the table of results: one section, of one or of many files."""
    what: str
    files: int = 0
    size: int = 0
    differences: list[Difference] = field(default_factory=list)


Pair = tuple[Object, Object]


# ---- code, for people ----


def decoded(file: Object, section: Section, start: int, end: int) -> list[tuple[str, str]]:
    """Bytes and text of each instruction; the text has names in place of addresses."""
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64 if file.bits == 64 else capstone.CS_MODE_32)
    engine.skipdata = True
    return [(insn.bytes.hex(" "), named(file, section, insn))
            for insn in engine.disasm(section.data[start:end], section.address + start)]


def named(file: Object, section: Section, insn: capstone.CsInsn) -> str:
    """Text of an instruction; where it refers to, by name."""
    text = f"{insn.mnemonic} {insn.op_str}".strip()
    if not file.linked:
        return named_in_object(file, section, insn, text)
    after = insn.address + insn.size
    text = RELATIVE.sub(lambda match: file.place(after + int(match[1] + match[2], 0)), text)
    return NUMBER.sub(lambda match: file.place(int(match[1].replace(" ", ""), 16) % 2**64), text)


def named_in_object(file: Object, section: Section, insn: capstone.CsInsn, text: str) -> str:
    """The same before linking, when most of it is in relocations."""
    start = insn.address - section.address
    end = start + insn.size
    inside = [section.relocated[at] for at in range(start, end) if at in section.relocated]
    branch = insn.mnemonic[0] in "jc" and insn.op_str.startswith("0x")
    if branch and not inside:
        return f"{insn.mnemonic} {section.text_of(int(insn.op_str, 16) - section.address)}"
    targets = [f"<{file.target_of(each, end - each.offset)}>" for each in inside]
    return " ".join([insn.mnemonic if branch else text, *targets])


def code_difference(pair: Pair, name: str, chunks: tuple["Chunk", "Chunk"]) -> Difference:
    """How two versions of a function differ."""
    texts = [decoded(file, chunk.section, chunk.start, chunk.end) for file, chunk in zip(pair, chunks, strict=True)]
    same_text = [text for _, text in texts[0]] == [text for _, text in texts[1]]
    first = next((at for at, both in enumerate(zip(*texts)) if both[0] != both[1]), min(map(len, texts)))
    kind = "references" if same_text else "code" if chunks[0].size == chunks[1].size else "size"
    lines = [f"{chunks[0].size} and {chunks[1].size} bytes; from instruction {first}"]
    for sign, text in zip("-+", texts, strict=True):
        lines += [f"  {sign} {data:<30} {insn}" for data, insn in text[first:first + INSTRUCTIONS_SHOWN]]
    return Difference(chunks[0].section.name, name, kind, "\n".join(lines))


# ---- data, for people ----


@dataclass(frozen=True)
class Chunk:
    """What belongs to one symbol, up to the next one."""
    section: Section
    start: int
    end: int

    @property
    def size(self) -> int:
        """With the padding behind it."""
        return self.end - self.start

    @property
    def data(self) -> bytes:
        """Its bytes; none, if it is only room."""
        return self.section.data[self.start:self.end]

    @property
    def relocations(self) -> list[Relocation]:
        """By offset from its start."""
        return [Relocation(each.offset - self.start, each.kind, each.target, each.addend)
                for each in self.section.relocations if self.start <= each.offset < self.end]

    @property
    def content(self) -> tuple[int, bytes, list[Relocation]]:
        """All that must be the same."""
        return self.size, self.data, self.relocations


def references(file: Object, chunk: Chunk) -> dict[int, str]:
    """What a variable refers to, and where in it."""
    return {each.offset: file.target_of(each) for each in chunk.relocations}


def data_difference(pair: Pair, name: str, chunks: tuple[Chunk, Chunk]) -> Difference:
    """Where two versions of a variable begin to differ."""
    first, second = chunks
    kind = "data" if first.size == second.size else "size"
    at = next((at for at, both in enumerate(zip(first.data, second.data)) if both[0] != both[1]), None)
    lines = [f"{first.size} and {second.size} bytes"]
    if at is not None:
        lines += [f"  {sign} {at:+#x}: {chunk.data[at:at + BYTES_SHOWN].hex(' ')}"
                  for sign, chunk in zip("-+", chunks, strict=True)]
    targets = [references(file, chunk) for file, chunk in zip(pair, chunks, strict=True)]
    if first.data == second.data and targets[0] == targets[1]:
        kind = "references"
    others = [at for at in sorted({*targets[0], *targets[1]}) if targets[0].get(at) != targets[1].get(at)]
    lines += [f"  {at:+#x}: {targets[0].get(at, 'nothing')} and {targets[1].get(at, 'nothing')}"
              for at in others[:REFERENCES_SHOWN]]
    return Difference(first.section.name, name, kind, "\n".join(lines))


def partition(section: Section) -> dict[str, Chunk]:
    """A section by its symbols; of several with one name each gets a number."""
    starts = {0: section.name, **{symbol.offset: symbol.name for symbol in reversed(section.symbols)
                                  if 0 <= symbol.offset < section.size}}
    bounds = [*sorted(starts), section.size]
    result: dict[str, Chunk] = {}
    for start, end in zip(bounds, bounds[1:]):
        name, count = starts[start], 1
        while (key := name if count == 1 else f"{name}#{count}") in result:
            count += 1
        result[key] = Chunk(section, start, end)
    return result


def by_symbol(pair: Pair, first: Section, second: Section) -> Iterator[Difference]:
    """Which symbols differ."""
    parts = partition(first), partition(second)
    for name in dict.fromkeys([*parts[0], *parts[1]]):
        chunks = parts[0].get(name), parts[1].get(name)
        if chunks[0] is None or chunks[1] is None:
            where = "first" if chunks[1] is None else "second"
            yield Difference(first.name, name, "missing", f"only in the {where}")
        elif chunks[0].content != chunks[1].content:
            yield (code_difference(pair, name, chunks) if first.executable else data_difference(pair, name, chunks))


def order_difference(first: Section, second: Section) -> Difference:
    """Where the symbols begin to be others."""
    names = [*partition(first)], [*partition(second)]
    at = next((at for at, both in enumerate(zip(*names)) if both[0] != both[1]), min(map(len, names)))
    lines = [f"  {sign} {' '.join(some[at:at + SYMBOLS_SHOWN])}" for sign, some in zip("-+", names, strict=True)]
    return Difference(first.name, first.name, "order", "\n".join([f"from symbol {at}", *lines]))


# ---- tables, for people ----


def owner(file: Object, section: Section, record: Record, start: int) -> str:
    """The code that an entry is about."""
    if not file.linked:
        relocation = section.relocated.get(start)
        return file.target_of(relocation) if relocation else "?"
    value = int.from_bytes(section.data[start:start + record.width], "little", signed=record.relative)
    return file.place(section.address + start + value if record.relative else value)


def only_lines_differ(first: Chunk, second: Chunk, record: Record) -> bool:
    """Is all but the line number the same?"""
    differing = {at for at, both in enumerate(zip(first.data, second.data)) if both[0] != both[1]}
    return first.size == second.size and first.relocations == second.relocations and differing <= set(record.line)


def by_record(pair: Pair, first: Section, second: Section, record: Record) -> Iterator[Difference]:
    """Which entries of a table differ."""
    for start in range(0, max(first.size, second.size), record.size):
        chunks = [Chunk(each, start, min(start + record.size, each.size)) for each in (first, second)]
        if chunks[0].content == chunks[1].content:
            continue
        there = [(sign, chunk, owner(file, chunk.section, record, start))
                 for sign, file, chunk in zip("-+", pair, chunks, strict=True) if chunk.size > 0]
        lines = [f"  {sign} {chunk.data.hex(' ')} of {whose}" for sign, chunk, whose in there]
        kind = "line" if only_lines_differ(*chunks, record) else "entry"
        name = there[0][2].rsplit("+", 1)[0]
        yield Difference(first.name, name, kind, "\n".join([f"entry {start // record.size}", *lines]))


def entries(file: Object, section: Section, record: Record) -> list[tuple[str, ...]]:
    """What the entries of a table mean, in an order that does not depend on theirs."""
    chunks = [Chunk(section, at, at + record.size) for at in range(0, section.size, record.size)]
    address = slice(record.width, None)
    return sorted((owner(file, section, record, chunk.start), chunk.data[address].hex(),
                   *(file.target_of(each) for each in chunk.relocations[1:])) for chunk in chunks)


def table_differences(pair: Pair, first: Section, second: Section, record: Record) -> list[Difference]:
    """Which entries of a table differ, or that they have only changed places."""
    if not pair[0].linked and entries(pair[0], first, record) == entries(pair[1], second, record):
        return [Difference(first.name, first.name, "order", "the same entries in another order or at moved code")]
    return list(by_record(pair, first, second, record))


# ---- sections and files ----


def section_differences(pair: Pair, first: Section | None, second: Section | None) -> Iterator[Difference]:
    """All differences of one section."""
    if first is None or second is None:
        name = (first or second).name
        yield Difference(name, name, "missing", f"only in the {'second' if first is None else 'first'}")
        return
    if first.address != second.address or first.flags != second.flags:
        places = [f"address {each.address:#x}, flags {each.flags}" for each in (first, second)]
        yield Difference(first.name, first.name, "place", "; ".join(places))
    if (first.size, first.data, first.relocations) == (second.size, second.data, second.relocations):
        return
    record = RECORDS.get((first.name, pair[0].bits))
    if record:
        yield from table_differences(pair, first, second, record)
        return
    if [*partition(first)] != [*partition(second)]:
        yield order_difference(first, second)
    yield from by_symbol(pair, first, second)


def compared(name: str) -> bool:
    """Does this section count?"""
    return not any(fnmatchcase(name, pattern) for pattern in NOT_COMPARED)


def class_of(section: Section) -> str:
    """What a section is to the reader."""
    if section.executable:
        return "code"
    what = next(what for pattern, what in CLASSES if fnmatchcase(section.name, pattern))
    return what if section.loaded or what != "data" else "not loaded"


def add_pair(rows: dict[str, Row], pair: Pair, file: str) -> None:
    """Compare two files and note each section in its row."""
    sections = pair[0].sections, pair[1].sections
    for name in filter(compared, dict.fromkeys([*sections[0], *sections[1]])):
        both = sections[0].get(name), sections[1].get(name)
        some = both[0] or both[1]
        row = rows.setdefault(name, Row(class_of(some)))
        row.files += 1
        row.size += some.size
        row.differences += [Difference(each.section, each.symbol, each.kind, each.text, file)
                            for each in section_differences(pair, *both)]


def linked(first: Path, second: Path) -> dict[str, Row]:
    """Compare two kernels."""
    rows: dict[str, Row] = {}
    add_pair(rows, (Object(first), Object(second)), "")
    return rows


def kernel_objects(folder: Path, wanted: Callable[[str], bool]) -> set[str]:
    """Objects below a folder that are part of the kernel."""
    names = {str(path.relative_to(folder)) for path in folder.rglob("*.o")}
    return {name for name in names
            if wanted(name) and not any(fnmatchcase(name, pattern) for pattern in NO_KERNEL)}


def objects(first: Path, second: Path, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, Row]:
    """Compare all objects of two builds."""
    rows: dict[str, Row] = {}
    names = kernel_objects(first, wanted), kernel_objects(second, wanted)
    for name in sorted(names[0] ^ names[1]):
        missing = Difference("", name, "missing", f"only in the {'first' if name in names[0] else 'second'}", name)
        rows.setdefault("(files)", Row("files")).differences.append(missing)
    for name in sorted(names[0] & names[1]):
        add_pair(rows, (Object(first / name), Object(second / name)), name)
    return rows


# ---- reasons, and the report ----


@dataclass(frozen=True)
class Reason:
    """Why some differences are as they must be; * stands for anything."""
    configuration: str
    section: str
    symbol: str
    kind: str
    text: str

    def covers(self, configuration: str, difference: Difference) -> bool:
        """Is it about this one?"""
        return all(fnmatchcase(*each) for each in (
            (configuration, self.configuration), (difference.section, self.section),
            (difference.symbol, self.symbol), (difference.kind, self.kind)))


def read_reasons(path: Path = HERE / "differences.txt") -> list[Reason]:
    """A line each: configuration, section, symbol, kind, and the reason."""
    lines = [line.split(None, 4) for line in path.read_text().splitlines()]
    return [Reason(*words) for words in lines if words and words[0] != "#"]


def reason_for(difference: Difference, configuration: str, reasons: list[Reason]) -> str:
    """The first that covers it, or nothing."""
    return next((each.text for each in reasons if each.covers(configuration, difference)), "")


TABLE = "{:<28} {:<12} {:>7} {:>11} {:>9}  {}"


def table(rows: dict[str, Row]) -> Iterator[str]:
    """Sections with their verdicts."""
    yield TABLE.format("section", "holds", "files", "bytes", "differing", "").rstrip()
    for name, row in sorted(rows.items(), key=lambda item: (item[1].what != "code", item[1].what, item[0])):
        verdict = "differs" if row.differences else "equal"
        yield TABLE.format(name, row.what, row.files or "", row.size, len(row.differences), verdict)
    yield f"not compared: {' '.join(NOT_COMPARED)}, symbol tables; relocations are compared by name"


def details(differences: list[Difference], shown: int) -> Iterator[str]:
    """Each difference in full, up to a number."""
    for each in differences[:shown]:
        where = " ".join(filter(None, [each.file, each.section, each.symbol]))
        yield f"{where}: {each.kind}: {each.text}"
    if len(differences) > shown:
        yield f"... and {len(differences) - shown} more"


def report(rows: dict[str, Row], configuration: str, shown: int = 20) -> list[Difference]:
    """Print the table and what differs; the differences that no reason covers."""
    reasons = read_reasons()
    found = [each for row in rows.values() for each in row.differences]
    why = {id(each): reason_for(each, configuration, reasons) for each in found}
    print(*table(rows), sep="\n")
    for text in dict.fromkeys(filter(None, why.values())):
        some = [each for each in found if why[id(each)] == text]
        names = " ".join(dict.fromkeys(each.section for each in some))
        print(f"{len(some)} differences in {names}: {text}")
    unnamed = [each for each in found if not why[id(each)]]
    for text in details(unnamed, shown):
        print(text)
    print(f"{configuration}: {len(unnamed)} differences without a reason, {len(found) - len(unnamed)} with one")
    return unnamed


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="compare two kernels, or the objects of two builds")
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--configuration", default="vmlinux", help="whose reasons hold")
    parser.add_argument("--shown", type=int, default=20, help="differences to show in full")
    options = parser.parse_args()
    both = objects if options.first.is_dir() else linked
    return 1 if report(both(options.first, options.second), options.configuration, options.shown) else 0


if __name__ == "__main__":
    sys.exit(main())
