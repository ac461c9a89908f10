"""ROMs that write the number of each call to a port, and which calls a guest must make."""

import re
from collections import Counter
from pathlib import Path

import machine

PORT = 0xeb     # Makefile: ROM_FLAGS-trace
# Calls at fixed places are told by where they are.
FIXED = {0x80: "vmi_init", 0x88: "get_reloc"}
NUMBERS = {int(number): name for name, number in re.findall(
    r"^#define VMI_HYPERCALL_(\w+) (\d+)$", (machine.GENERATED["i386"] / "vmi.h").read_text(), re.MULTILINE)}

# Beside ops: what functions of the backend make.
OF_BACKEND = {"SetLinearMapping", "GetGDT", "INB", "OUTB", "Reboot", "APICWrite", "GetCycleFrequency",
              "GetCycleCounter", "SetAlarm", "GetWallclockTime"}


def number(call: str) -> int:
    """Of a call's name."""
    return next(each for each, name in NUMBERS.items() if name == call)


def rom_of(environment: str) -> Path | None:
    """An environment's ROM, if it has one."""
    words = machine.ENVIRONMENTS[environment]
    return machine.ROOT / words[words.index("-option-rom") + 1] if "-option-rom" in words else None


def run(environment: str, folder: Path) -> tuple[machine.Boot, Counter[str]]:
    """Boot with the ROM that counts in place of the environment's, and how often each call was made."""
    rom, made = rom_of(environment), folder / "made"
    seen = machine.run(environment, rom=rom and rom.with_name(f"{rom.stem}-trace.rom"), options=(
        "-chardev", f"file,id=made,path={made}", "-device", f"isa-debugcon,iobase={PORT:#x},chardev=made"))
    return seen, Counter((NUMBERS | FIXED)[number] for number in made.read_bytes())


def must_be_made(console: machine.Console) -> set[str]:
    """Calls that something is bound to and that the ROM has code for."""
    bound = {bound.call for bound in console.rom_ops.values()} | OF_BACKEND
    return bound & {call for call, answer in console.rom_calls.items() if answer == "call"}
