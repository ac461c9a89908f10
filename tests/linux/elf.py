"""What two ELF files are compared by: sections with their relocations, and who is where in them."""

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import SymbolTableSection

ALLOC, EXECUTABLE = 0x2, 0x4    # section flags
RELATIVE = (2, 4)               # R_X86_64_PC32 and PLT32; R_386_PC32 and PLT32
NAMED = ("STT_FUNC", "STT_OBJECT", "STT_NOTYPE")


@dataclass(frozen=True)
class Relocation:
    """A place that the linker fills in, by the name of what it refers to."""
    offset: int
    kind: int
    target: str
    addend: int | None      # None: the place itself holds it

    @property
    def relative(self) -> bool:
        """Is it the distance from its place?"""
        return self.kind in RELATIVE

    def __str__(self) -> str:
        return self.target + (f"{self.addend:+#x}" if self.addend else "")


@dataclass(frozen=True)
class Symbol:
    """A name for a range of a section; offset from its start."""
    name: str
    offset: int
    size: int


@dataclass
class Section:
    """One section; of several with one name each has a number."""
    name: str
    flags: int
    size: int
    address: int
    data: bytes             # none, if it is only room
    relocations: list[Relocation] = field(default_factory=list)
    symbols: list[Symbol] = field(default_factory=list)

    @property
    def executable(self) -> bool:
        """Does it hold code?"""
        return bool(self.flags & EXECUTABLE)

    @property
    def loaded(self) -> bool:
        """Is it in memory when the kernel runs?"""
        return bool(self.flags & ALLOC)

    @cached_property
    def _starts(self) -> list[int]:
        return [symbol.offset for symbol in self.symbols]

    def symbol_at(self, offset: int) -> Symbol:
        """What a byte belongs to; the section, if to nothing that has a name."""
        at = bisect_right(self._starts, offset)
        if not at:
            return Symbol(self.name, 0, self.size)
        return self.symbols[at - 1]

    def text_of(self, offset: int) -> str:
        """A place, for people."""
        symbol = self.symbol_at(offset)
        return f"{symbol.name}+{offset - symbol.offset:#x}"

    @cached_property
    def relocated(self) -> dict[int, Relocation]:
        """Relocations by offset."""
        return {relocation.offset: relocation for relocation in self.relocations}


class Object:
    """An object file or a linked kernel."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            self.bits = elf.elfclass
            self.linked = elf["e_type"] in ("ET_EXEC", "ET_DYN")
            self._read(elf)

    def _read(self, elf: ELFFile) -> None:
        names: dict[str, int] = {}
        self._by_index: dict[int, Section] = {}
        for index, raw in enumerate(elf.iter_sections()):
            if raw["sh_type"] in ("SHT_NULL", "SHT_SYMTAB", "SHT_STRTAB", "SHT_REL", "SHT_RELA", "SHT_GROUP"):
                continue
            count = names[raw.name] = names.get(raw.name, 0) + 1
            name = raw.name if count == 1 else f"{raw.name}#{count}"
            kept = raw["sh_type"] != "SHT_NOBITS" and not name.startswith(".debug")
            self._by_index[index] = Section(name, raw["sh_flags"], raw["sh_size"], raw["sh_addr"],
                                            raw.data() if kept else b"")
        self._read_symbols(elf)
        for raw in elf.iter_sections():
            if isinstance(raw, RelocationSection) and raw["sh_info"] in self._by_index:
                self._read_relocations(elf, raw, self._by_index[raw["sh_info"]])

    def _read_symbols(self, elf: ELFFile) -> None:
        for table in elf.iter_sections():
            if not isinstance(table, SymbolTableSection):
                continue
            for symbol in table.iter_symbols():
                section = self._by_index.get(symbol["st_shndx"])
                if section and symbol.name and symbol["st_info"]["type"] in NAMED:
                    offset = symbol["st_value"] - section.address
                    section.symbols.append(Symbol(symbol.name, offset, symbol["st_size"]))
        for section in self._by_index.values():
            section.symbols.sort(key=lambda symbol: (symbol.offset, symbol.size, symbol.name))

    def _read_relocations(self, elf: ELFFile, raw: RelocationSection, section: Section) -> None:
        if section.name.startswith(".debug"):
            return
        table = elf.get_section(raw["sh_link"])
        for each in raw.iter_relocations():
            symbol = table.get_symbol(each["r_info_sym"])
            inside = self._by_index.get(symbol["st_shndx"])
            target = symbol.name or (inside.name if inside else f"section {symbol['st_shndx']}")
            addend = each["r_addend"] if raw.is_RELA() else None
            section.relocations.append(Relocation(each["r_offset"], each["r_info_type"], target, addend))

    @cached_property
    def sections(self) -> dict[str, Section]:
        """By name."""
        return {section.name: section for section in self._by_index.values()}

    def target_of(self, relocation: Relocation, after: int = 0) -> str:
        """What a relocation refers to, counted from some bytes behind its place; by a symbol's name."""
        section = self.sections.get(relocation.target)
        if section is None or relocation.addend is None:
            return str(relocation)
        return section.text_of(relocation.addend + (after if relocation.relative else 0))

    def place(self, address: int) -> str:
        """What is at an address of a linked file, if anything."""
        for section in self._by_index.values():
            if section.loaded and section.address <= address < section.address + max(section.size, 1):
                return section.text_of(address - section.address)
        return f"{address:#x}"
