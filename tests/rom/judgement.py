"""Boot the kernel that judges ROMs with one, and read what it says.

The machine has a watchdog, in the machine's own time: a kernel that hangs costs no more than one
that does not.
"""

import os
import re
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import machine

BUILD = machine.ROOT / "build"
BARE, XEN = "bare-i386", "xen-pvh"
TRACE_PORT, VOICE_PORT = 0xeb, 0xe8

VERDICT = re.compile(r"ROM call=(\d+) name=(\w+) reloc=(\w+)(?: at=([0-9a-f]+))?"
                     r"(?: note=(\S+))?(?: contract=(\S+) meaning=(.+))?")
COUNT = re.compile(r"ROM count number=\d+ name=(\w+) calls=(\d+)")


@dataclass(frozen=True)
class Verdict:
    """On one call."""
    number: int
    name: str
    reloc: str
    place: int                  # in the ROM
    notes: frozenset[str]
    broken: frozenset[str]      # what of the contract
    meaning: str

    @property
    def good(self) -> bool:
        """It did what it must and nothing else."""
        return not self.broken and self.meaning == "ok"


def verdict(match: re.Match) -> Verdict:
    """Of a line's parts."""
    number, name, reloc, place, notes, contract, meaning = match.groups("")
    return Verdict(int(number), name, reloc, int(place or "0", 16), frozenset(notes.split(",")) - {""},
                   frozenset(contract.split(",")) - {"ok", ""}, meaning)


@dataclass
class Judgement:
    """One run of the kernel."""
    log: str
    timed_out: bool
    trace: bytes = b""
    console: str = ""           # the hypervisor's
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        for line in self.log.splitlines():
            if match := VERDICT.fullmatch(line.strip()):
                self.verdicts[match[2]] = verdict(match)
            elif match := COUNT.fullmatch(line.strip()):
                self.counts[match[1]] = int(match[2])

    def said(self, text: str) -> bool:
        """Somewhere, in these words."""
        return text in self.log

    @property
    def outcome(self) -> str:
        """What came of the kernel, in a word or in its own."""
        if stop := re.search(r"ROM stop (.*\S)", self.log):
            return stop[1]
        if "ROM booted" not in self.log:
            return "hang"
        if refused := re.search(r"refused=(\w+)", self.log):
            return f"refused {refused[1]}"
        return "none" if "ROM none" in self.log else "boots"


def channel(name: str, port: int, folder: Path) -> list[str]:
    """A port whose bytes go to a file."""
    return ["-chardev", f"file,id={name},path={folder / name}",
            "-device", f"isa-debugcon,iobase={port:#x},chardev={name}"]


# What the kernel needs of a machine beside the console.
DEVICES = ("-device", "isa-debug-exit,iobase=0xf4", "-device", "ib700", "-action", "watchdog=poweroff",
           "-chardev", "null,id=com2", "-device", "isa-serial,index=1,chardev=com2")


def command(rom: Path, words: str, kernel: str, environment: str, folder: Path) -> list[str]:
    """QEMU's command line, on bare hardware or below Xen; what is written to ports goes to a folder."""
    image = BUILD / "rom-judge" / f"{kernel}.elf"
    xen = ["xen"] if environment != BARE else []
    options = [word.format(guest=os.path.relpath(image, machine.ROOT), cmdline=" ".join([*xen, words]))
               for word in machine.ENVIRONMENTS[environment]]
    if "pae" in kernel:
        options = [word.replace("xen.elf", "xen-pae.elf") for word in options]
    return [machine.PROGRAMS[machine.arch(environment)], *machine.QEMU[1:], *machine.BY_TURNS, *options,
            *DEVICES, *channel("voice", VOICE_PORT, folder), *channel("trace", TRACE_PORT, folder),
            "-option-rom", str(rom)]


def judge(rom: Path, words: str = "judge", kernel: str = "judge", environment: str = BARE,
          options: tuple[str, ...] = ()) -> Judgement:
    """What the kernel says of a ROM."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        console, late = machine.capture([*command(rom, words, kernel, environment, folder), *options],
                                        machine.TIMEOUT)
        log = console if environment == BARE else (folder / "voice").read_text()
        return Judgement(log, late, (folder / "trace").read_bytes(), console)


def assemble(text: str, folder: Path) -> bytes:
    """Machine code of 32 bits, which is the same at each address."""
    source, linked, code = folder / "code.S", folder / "code.o", folder / "code.bin"
    source.write_text(text + "\n")
    subprocess.run(["gcc", "-m32", "-c", "-o", linked, source], check=True)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text", linked, code], check=True)
    return code.read_bytes()
