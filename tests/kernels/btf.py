"""BTF of objects, taken apart and put together."""

import struct
import subprocess
from pathlib import Path

from elftools.elf.elffile import ELFFile

HEADER = struct.Struct("<HBBIIIII")
STRUCT, VAR, DATASEC = 4, 14, 15


class Btf:
    """A section .BTF: its types as bytes, and its names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            section = ELFFile(file).get_section_by_name(".BTF")
            assert section, path
            data = bytearray(section.data())
        magic, version, flags, size, types, n_types, names, n_names = HEADER.unpack_from(data)
        self.head = (magic, version, flags, size)
        self.types = data[size + types : size + types + n_types]
        self.names = data[size + names : size + names + n_names]

    def section(self) -> bytes:
        """The section."""
        sizes = (0, len(self.types), len(self.types), len(self.names))
        return HEADER.pack(*self.head, *sizes) + self.types + self.names

    def write(self, data: bytes | None = None) -> None:
        """Replace the section of the file."""
        part = self.path.with_suffix(".section")
        part.write_bytes(self.section() if data is None else data)
        command = ["objcopy", "--update-section", f".BTF={part}", self.path]
        subprocess.run(command, check=True)

    def places(self) -> list[tuple[int, int]]:
        """Where each type is, and its kind."""
        once = {1: 4, 3: 12, 14: 4, 17: 4}
        each = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
        at, found = 0, []
        while at < len(self.types):
            info = struct.unpack_from("<I", self.types, at + 4)[0]
            kind, parts = info >> 24 & 0x1F, info & 0xFFFF
            found.append((at, kind))
            at += 12 + once.get(kind, 0) + each.get(kind, 0) * parts
        return found

    def set_kind(self, at: int, kind: int) -> None:
        """Make another kind of a type."""
        self.types[at + 7] = self.types[at + 7] & ~0x1F | kind

    def add(self, kind: int, parts: int, rest: int) -> None:
        """A type of a kind, with so many bytes behind what all have."""
        self.types += struct.pack("<III", 0, kind << 24 | parts, 0) + bytes(rest)
