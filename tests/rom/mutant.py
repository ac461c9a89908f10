"""ROMs that differ from a good one in one thing.

What answers is changed in front of the ROM's own get_reloc, in 512 bytes or more that are added: of
how the ROM finds its answers nothing is known here.
"""

from dataclasses import dataclass, field
from pathlib import Path

from judgement import assemble

# Offsets in struct vrom_header: arch/x86/include/asm/vmi.h.
LENGTH, PAD, MINOR, MAJOR, TOP, LICENCE, PCI, RELOC = 0x02, 0x07, 0x0c, 0x0d, 0x10, 0x16, 0x18, 0x88
NONE, CALL, JUMP, NOP = range(4)
UNIT = 512

CALLS = {"CPUID": 0, "CLTS": 28, "EnableInterrupts": 29, "IRET": 33, "SYSEXIT": 34, "GetCycleFrequency": 66}


def byte(offset: int, value: int, size: int = 1) -> dict[int, bytes]:
    """A change of the header."""
    return {offset: value.to_bytes(size, "little")}


def answer(call: str, kind: int) -> str:
    """The same address, of another kind."""
    return f"cmp $({CALLS[call]}), %ecx\njne 1f\nmov ${kind}, %dl\n1:"


def only(*calls: str) -> str:
    """Nothing but these."""
    kept = "".join(f"cmp $({CALLS[call]}), %ecx\nje 1f\n" for call in calls)
    return kept + "xor %edx, %edx\n1:"


def none_from(call: str) -> str:
    """Nothing from this number on."""
    return f"cmp $({CALLS[call]}), %ecx\njb 1f\nxor %edx, %edx\n1:"


# In ECX is the number, EDX:EAX the ROM's own answer.
HOOK = """
begin:	push	%eax
	call	begin + ({old})
	pop	%ecx
{change}
	ret
"""


def old_get_reloc(rom: bytes) -> int:
    """Where the jump in the header goes."""
    if rom[RELOC] != 0xe9:
        raise ValueError("get_reloc is no jump")
    return RELOC + 5 + int.from_bytes(rom[RELOC + 1:RELOC + 5], "little", signed=True)


def with_code(rom: bytes, text: str, folder: Path) -> bytes:
    """Code behind the ROM, which get_reloc jumps to; {old} in it is the way to the old one."""
    size = rom[LENGTH] * UNIT
    added = assemble(text.replace("{old}", str(old_get_reloc(rom) - size)), folder)
    added += bytes(-len(added) % UNIT)
    jump = b"\xe9" + (size - RELOC - 5).to_bytes(4, "little", signed=True)
    length = (size + len(added)) // UNIT
    whole = rom[:RELOC] + jump + rom[RELOC + 5:size] + added
    return whole[:LENGTH] + bytes([length]) + whole[LENGTH + 1:]


def with_bytes(rom: bytes, changes: dict[int, bytes]) -> bytes:
    """Some replaced."""
    new = bytearray(rom)
    for offset, value in changes.items():
        new[offset:offset + len(value)] = value
    return bytes(new)


def summed(rom: bytes) -> bytes:
    """So that the BIOS takes it."""
    return with_bytes(rom, {PAD: bytes([(rom[PAD] - sum(rom)) & 0xff])})


@dataclass(frozen=True)
class Mutant:
    """A change, and what a kernel makes of it."""
    name: str
    outcome: str
    header: dict[int, bytes] = field(default_factory=dict)
    licence: bytes = b""
    answers: str = ""
    words: str = ""             # for the kernel
    says: str = ""              # what it says beside
    unsummed: bool = False

    def make(self, rom: bytes, folder: Path) -> Path:
        """Its file."""
        if self.answers:
            rom = with_code(rom, HOOK.replace("{change}", self.answers), folder)
        if self.licence:
            rom = with_bytes(rom, {int.from_bytes(rom[LICENCE:LICENCE + 2], "little"): self.licence})
        rom = summed(with_bytes(rom, self.header))
        path = folder / "mutant.rom"
        path.write_bytes(with_bytes(rom, {PAD: bytes([rom[PAD] ^ 1])}) if self.unsummed else rom)
        return path


# A row for each that was offered to Linux 2.6.32.69, and what came of it there; where that kernel
# hung, this one says what it ran into.
MUTANTS = [
    Mutant("all implemented", "boots", says="timer=vmi"),
    Mutant("no timer", "boots", answers=none_from("GetCycleFrequency"), says="timer=pit"),
    Mutant("only IRET and SYSEXIT", "boots", answers=only("IRET", "SYSEXIT"), words="sysenter"),
    Mutant("no IRET", "trap vector=14 error=0 eip=badbab0 address=badbab0", answers=answer("IRET", NONE)),
    Mutant("nothing", "trap vector=14 error=0 eip=badbab0 address=badbab0", answers=only()),
    Mutant("no SYSEXIT", "boots", answers=answer("SYSEXIT", NONE)),
    Mutant("no SYSEXIT, but SYSENTER", "user vector=14 error=0 eip=feedbab0 address=feedbab0",
           answers=answer("SYSEXIT", NONE), words="sysenter"),
    Mutant("IRET by a call", "trap vector=*", answers=answer("IRET", CALL)),
    Mutant("CLTS by a jump", "boots", answers=answer("CLTS", JUMP), says="ROM unknown relocation 2 for CLTS"),
    Mutant("CPUID by a jump", "jump for wrapped CPUID", answers=answer("CPUID", JUMP)),
    Mutant("EnableInterrupts is nothing", "no interrupt came", answers=answer("EnableInterrupts", NOP)),
    Mutant("version 2.0", "refused version", header=byte(MAJOR, 2)),
    Mutant("version 13.0", "refused version", header=byte(MAJOR, 13)),
    Mutant("version 3.7", "boots", header=byte(MINOR, 7), says="version=3.7"),
    Mutant("licence BSD", "refused licence", licence=b"BSD\0"),
    Mutant("no licence", "refused licence", header=byte(LICENCE, 0, 2)),
    Mutant("no PCI header", "refused pci", header=byte(PCI, 0, 2)),
    Mutant("bad sum", "none", unsummed=True),
    Mutant("virtual_top", "boots", header=byte(TOP, 0xfc000000, 4), says="fixmap=fbfff000"),
    Mutant("no virtual_top", "boots", header=byte(TOP, 0, 4), says="fixmap=fffff000"),
]
