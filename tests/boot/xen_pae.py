"""Xen as it can run a 32-bit domain on QEMU: python3 xen_pae.py XEN RESULT.

QEMU's emulation of a processor, when it walks page tables of 8-byte entries, marks the entry of
the third level as accessed, in memory.  No processor does: the bit is reserved there.  Xen walks
the domain's tables for each instruction that it does for it, finds the bit, and does nothing.  So
for Xen the bit is not reserved here: one bit of one number in its code.
"""

import sys
from pathlib import Path

ACCESSED = 0x20
# Bits that are reserved in an entry of the third level, as Xen's walk has them.
RESERVED = 0xfff00000000001e6


def patched(xen: bytes) -> bytes:
    """The same, without that bit; the number must be there once."""
    number = RESERVED.to_bytes(8, "little")
    if xen.count(number) != 1:
        raise SystemExit(f"the number is in Xen's code {xen.count(number)} times, not once")
    return xen.replace(number, (RESERVED & ~ACCESSED).to_bytes(8, "little"))


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(patched(Path(sys.argv[1]).read_bytes()))
