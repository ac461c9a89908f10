"""ROMs of VMI with one thing changed, and what the guest makes of each.

A row is booted as it is written: by test_rom.py, and by the report (tests/report), which shows the
table with what was seen.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import machine

sys.path.append(str(machine.ROOT / "tests/rom"))

# pylint: disable=wrong-import-position
import mutant
import rom_trace
from mutant import HOOK, LENGTH, LICENCE, MAJOR, MINOR, PAD, PCI, TOP, UNIT

ROM = machine.ROOT / "build/vmi_native.rom"

# Offsets in struct vrom_header of idl/abi/vmi.pvi that Linux has no use for.
BIOS, SIGNATURE, VMI_SIGNATURE, SLOTS, PNP, FILLER, ENTER = 0x03, 0x00, 0x08, 0x0e, 0x1a, 0x1c, 0x80

Make = Callable[[bytes, Path], bytes]


@dataclass(frozen=True)
class Fault:
    """A change, and what comes of it: see outcome()."""

    part: str           # of a ROM
    name: str
    expected: str
    make: Make
    op: str = ""        # whose site tells whether a call is used
    summed: bool = True
    before: Make | None = None      # a ROM that lies before it
    behind: Make | None = None      # one that lies behind it

    def options(self, folder: Path) -> tuple[str, ...]:
        """For QEMU: its ROMs, in files."""
        words: list[str] = []       # QEMU puts the last one that it is told of first
        for number, make in enumerate(filter(None, (self.behind, self.make, self.before))):
            path = folder / f"{number}.rom"
            rom = make(ROM.read_bytes(), folder)
            path.write_bytes(mutant.summed(rom) if self.summed else rom)
            words += ["-option-rom", str(path)]
        return tuple(words)

    def boot(self, folder: Path) -> machine.Boot:
        """The guest beside it."""
        return machine.run("bare-i386", options=self.options(folder))


def unused(console: machine.Console) -> Iterator[str]:
    """Answers that could not be used: the call, or how many, and why."""
    for reason in dict.fromkeys(console.rom_unused.values()):
        calls = [call for call, each in console.rom_unused.items() if each == reason]
        yield f"{calls[0] if len(calls) == 1 else f'{len(calls)} calls'} unused: {reason}"


def outcome(seen: machine.Boot, op: str = "") -> str:
    """In words: what was refused, whether a ROM was taken, what of it was no use; an op's site."""
    console = seen.console
    said = [f"refused, {refusal.part}: {refusal.reason}" for refusal in console.rom_refusals]
    if seen.console.backends and console.backends[0][0] == "vmi_guest":
        said += ["taken"]
    said += unused(console)
    said += [f"{op} is {seen.form(op)}"] if op else []
    said += [] if seen.good else [f"the guest failed: {seen.obstacles} {seen.console.failures}"]
    return "; ".join(said) or "passed over"


# ---- ways to change one ----

def header(offset: int, value: int, size: int = 1) -> Make:
    """A member has another value."""
    return lambda rom, _: mutant.with_bytes(rom, mutant.byte(offset, value, size))


def code(offset: int, text: str) -> Make:
    """Other code at a fixed place."""
    return lambda rom, folder: mutant.with_bytes(rom, {offset: mutant.assemble(text, folder)})


def answers(text: str) -> Make:
    """What get_reloc says, changed: in ECX is the number, in EDX:EAX the ROM's own answer."""
    return lambda rom, folder: mutant.with_code(rom, HOOK.replace("{change}", text), folder)


def answer(call: str, text: str) -> Make:
    """The same for one call."""
    return answers(f"cmp ${rom_trace.number(call)}, %ecx\njne 1f\n{text}\n1:")


def licence(text: bytes, place: int = 0) -> Make:
    """The licence, where it is or at the end of the ROM."""
    def make(rom: bytes, _folder: Path) -> bytes:
        at = place + len(rom) if place else int.from_bytes(rom[LICENCE:LICENCE + 2], "little")
        return mutant.with_bytes(rom, {at: text, LICENCE: at.to_bytes(2, "little")})
    return make


def unchanged(rom: bytes, _folder: Path) -> bytes:
    """As it was sealed."""
    return rom


def longer(rom: bytes, _folder: Path) -> bytes:
    """With bytes behind its end."""
    return rom + bytes(UNIT)


def shorter(rom: bytes, _folder: Path) -> bytes:
    """Its last bytes are missing."""
    return rom[:-UNIT]


def other_rom(_rom: bytes, folder: Path) -> bytes:
    """A ROM of something else: it only returns to the BIOS."""
    start = b"\x55\xaa\x04" + mutant.assemble("lret", folder)
    return start + bytes(4 * UNIT - len(start))


# ---- the table ----

# Answers, as code that changes one.
NONE, CALL, JUMP, NOP, UNKNOWN = (f"mov ${kind}, %dl" for kind in (0, 1, 2, 3, 4))
OUTSIDE, IN_HEADER = "xor %eax, %eax", "mov $0xc0010, %eax"
# Code that only returns.
RETURN = "mov $1, %dl\ncall 2f\nret\n2:pop %eax"
# None from the second time on: in CR2 is whether it was asked before.
FORGETS = "mov %cr2, %ecx\ncmp $0x51, %ecx\njne 2f\nxor %edx, %edx\n2:\nmov $0x51, %ecx\nmov %ecx, %cr2"

# What the answer is changed to, and why it is no use if it is not the call's own.
ANSWERS = {
    "none": (NONE, ""),
    "a call": (CALL, "a call will not do"),
    "a jump": (JUMP, "a jump will not do"),
    "nothing to do": (NOP, "it is not nothing"),
    "of no known kind": (UNKNOWN, "no such answer"),
    "outside of the ROM": (OUTSIDE, "outside of the ROM"),
    "in the ROM's header": (IN_HEADER, "outside of the ROM"),
}
PLACES = ("outside of the ROM", "in the ROM's header")


@dataclass(frozen=True)
class Bound:
    """An op that a call does: the answer that the ROM has, and the op's site with and without it."""

    op: str
    call: str
    own: str
    bound: str
    bare: str

    def expected(self, name: str) -> str:
        """What comes of one of ANSWERS, or of code that only returns."""
        reason = ANSWERS[name][1]
        # Where there is nothing to do there is no place, and so no call of it.
        if self.own == "nothing to do":
            reason = {"a call": PLACES[0], **dict.fromkeys(PLACES, "")}.get(name, reason)
        is_own = name == self.own or (self.own == "nothing to do" and name in PLACES)
        words = ["taken", *([f"{self.call} unused: {reason}"] if reason and not is_own else []),
                 f"{self.op} is {self.bound if is_own else self.bare}"]
        return "; ".join(words)


# By the way in which they are bound.
BOUND = {
    "fill": Bound("cpu.write_cr0", "SetCR0", "a call", "call", "inline"),
    "wrap": Bound("mmu.read_cr2", "GetCR2", "a call", "call", "inline"),
    "patch only": Bound("cpu.sysexit", "SYSEXIT", "a jump", "call", "inline"),
    "probe": Bound("mmu.set_pte", "SetPxELong", "a call", "call", "inline"),
    "fill, may be nothing": Bound("mmu.lazy_enter", "SetLazyMode", "nothing to do", "nop", "nop"),
    "wrap, may be nothing": Bound("cpu.io_delay", "IODelay", "nothing to do", "nop", "inline"),
    "probe, may be nothing": Bound("mmu.alloc_pt", "AllocatePage", "nothing to do", "nop", "nop"),
}


TAKES = "refused, top: addresses that the kernel has"
will_not_begin = code(ENTER, "or $-1, %eax\nret")


def of_header() -> Iterator[Fault]:
    """Members, one by one."""
    yield Fault("header", "signature of option ROMs", "passed over", header(SIGNATURE, 0x56))
    yield Fault("header", "signature of VMI", "passed over", header(VMI_SIGNATURE, 0x58))
    for major, minor in ((2, 0), (4, 0), (13, 0)):
        yield Fault("header", f"version {major}.{minor}", "refused, api_version_maj: another value",
                    header(MAJOR, major))
    for minor in (7, 255):
        yield Fault("header", f"version 3.{minor}", "taken", header(MINOR, minor))
    # This kernel's addresses end 128 MiB below the top; what is above is left to a ROM.
    for top, outcome in ((0xffff0000, "taken"), (0xfc000000, "taken"), (0xf8000000, "taken"),
                         (0xf7fff000, TAKES), (0xc0000000, TAKES), (0x1000, TAKES)):
        yield Fault("header", f"virtual_top {top:#x}", outcome, header(TOP, top, 4))
    yield Fault("header", "no PCI header", "refused, pci_header_offs: another value", header(PCI, 0, 2))
    yield Fault("header", "no plug-and-play header", "taken", header(PNP, 0, 2))
    yield Fault("header", "jump slots", "taken", header(SLOTS, 73))
    yield Fault("header", "filler", "taken", header(FILLER, 0x12345678, 4))
    # The BIOS did not call the ROM, which then has no memory.
    yield Fault("header", "entry for the BIOS", "refused, enter: it did not begin", code(BIOS, "lret"))
    yield Fault("header", "vmi_init fails", "refused, enter: it did not begin", will_not_begin)


def of_length() -> Iterator[Fault]:
    """What the header says of the size, and the sum."""
    yield Fault("length", "none", "passed over", header(LENGTH, 0))
    yield Fault("length", "beyond the end of the window", "refused, length: reaches out of the window",
                header(LENGTH, 255))
    yield Fault("length", "less than the file", "taken", longer)
    yield Fault("length", "more than the file, which is cut off", "passed over", shorter, summed=False)
    yield Fault("sum", "not 0", "passed over", header(PAD, 0x5a), summed=False)


def of_texts() -> Iterator[Fault]:
    """The licence."""
    refused = "refused, license_offs: another text"
    yield Fault("licence", "GPL", "taken", licence(b"GPL\0"))
    for text in (b"BSD\0", b"GPL v3\0", b"GPL v2!", b"gpl\0", b"\0"):
        yield Fault("licence", text.decode().strip("\0") or "empty", refused, licence(text))
    yield Fault("licence", "none", refused, header(LICENCE, 0, 2))
    yield Fault("licence", "outside of the ROM", refused, header(LICENCE, 0xffff, 2))
    yield Fault("licence", "cut off by the end of the ROM", refused, licence(b"GPL", -3))


def of_neighbours() -> Iterator[Fault]:
    """Several ROMs."""
    old = header(MAJOR, 2)
    yield Fault("others", "the same ROM twice", "taken", unchanged, behind=unchanged)
    yield Fault("others", "behind another option ROM", "taken", unchanged, before=other_rom)
    yield Fault("others", "before another option ROM", "taken", unchanged, behind=other_rom)
    yield Fault("others", "behind a ROM of version 2.0", "refused, api_version_maj: another value; taken", unchanged,
                before=old)
    yield Fault("others", "behind one that will not begin", "refused, enter: it did not begin; taken", unchanged,
                before=will_not_begin)
    yield Fault("others", "before a ROM of version 2.0", "taken", unchanged, behind=old)
    yield Fault("others", "the ROM for Xen, on bare hardware", "refused, enter: it did not begin",
                lambda *_: ROM.with_name("vmi_xen.rom").read_bytes())
    yield Fault("others", "another option ROM alone", "passed over", other_rom)


def of_all_answers() -> Iterator[Fault]:
    """The same for each call: IRET is the only one that the guest cannot do without."""
    for name, (kind, reason) in ANSWERS.items():
        yield Fault("all calls", name, f"refused, IRET: {reason or 'none'}" if name != "a jump" else
                    f"taken; {len(rom_trace.NUMBERS) - 2} calls unused: {reason}", answers(kind))
        if name != "a jump":
            yield Fault("mandatory", f"IRET: {name}", f"refused, IRET: {reason or 'none'}", answer("IRET", kind))
    yield Fault("mandatory", "IRET: none when it is asked again", "refused, enter: it has forgotten a call",
                answer("IRET", FORGETS))


def of_answers() -> Iterator[Fault]:
    """Of one call, bound in each way."""
    for binding, bound in BOUND.items():
        for name, (kind, _) in ANSWERS.items():
            yield Fault(binding, f"{bound.call}: {name}", bound.expected(name), answer(bound.call, kind), bound.op)
        if bound.own == "nothing to do":
            yield Fault(binding, f"{bound.call}: code that only returns", f"taken; {bound.op} is call",
                        answer(bound.call, RETURN), bound.op)


FAULTS = [*of_header(), *of_length(), *of_texts(), *of_neighbours(), *of_all_answers(), *of_answers()]
