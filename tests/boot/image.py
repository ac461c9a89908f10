"""Look into the guest's ELF file and make copies with some bytes changed."""

import struct
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

RECORD = struct.Struct("<iHBB")     # struct pv_site: offset, op, length, kind


@dataclass(frozen=True)
class Site:
    """One record of the section pv_sites."""
    index: int
    record: int         # address of the record itself
    address: int        # of the call site
    op: int
    length: int
    kind: int


class Image:
    """A guest kernel on disk."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            self.loads = [(segment["p_vaddr"], segment["p_offset"], segment["p_filesz"])
                          for segment in elf.iter_segments("PT_LOAD")]
            section = elf.get_section_by_name("pv_sites")
            self.sites = read_sites(section["sh_addr"], section.data())
            self.symbols = {symbol.name: (symbol["st_value"], symbol["st_size"])
                            for symbol in elf.get_section_by_name(".symtab").iter_symbols()}

    def offset(self, address: int) -> int:
        """Where in the file the byte at this virtual address is."""
        for start, offset, size in self.loads:
            if start <= address < start + size:
                return offset + address - start
        raise ValueError(f"{address:#x} is not in the file")

    def bytes_at(self, address: int, length: int) -> bytes:
        """What the file holds for this address."""
        offset = self.offset(address)
        return self.data[offset:offset + length]

    def sites_in(self, symbol: str) -> list[Site]:
        """Sites inside a function."""
        start, size = self.symbols[symbol]
        return [site for site in self.sites if start <= site.address < start + size]

    def copy_with(self, path: Path, address: int, new: bytes) -> Path:
        """Write a copy that differs at one place."""
        offset = self.offset(address)
        path.write_bytes(self.data[:offset] + new + self.data[offset + len(new):])
        return path


def read_sites(address: int, data: bytes) -> list[Site]:
    """The records of a section that starts at this address."""
    sites = []
    for index, (offset, op, length, kind) in enumerate(RECORD.iter_unpack(data)):
        record = address + index * RECORD.size
        sites.append(Site(index, record, record + offset, op, length, kind))
    return sites
