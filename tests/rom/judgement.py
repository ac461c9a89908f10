"""Boot the kernel that judges ROMs with one, and read what it says.

The machine has a watchdog, in the machine's own time: a kernel that hangs costs no more than one
that does not.
"""

import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import machine

BUILD = machine.ROOT / "build"
TRACE_PORT = 0xeb

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


def command(rom: Path, kernel: str, words: str, trace: Path | None, options: tuple[str, ...]) -> list[str]:
    """QEMU's command line."""
    heard = ["-chardev", f"file,id=trace,path={trace}",
             "-device", f"isa-debugcon,iobase={TRACE_PORT:#x},chardev=trace"] if trace else []
    return [machine.PROGRAMS["i386"], *machine.QEMU[1:], *machine.BY_TURNS, "-m", "64",
            "-device", "isa-debug-exit,iobase=0xf4", "-device", "ib700", "-action", "watchdog=poweroff",
            *heard, "-option-rom", str(rom), "-kernel", str(BUILD / "rom-judge" / f"{kernel}.elf"),
            "-append", words, *options]


def judge(rom: Path, words: str = "judge", kernel: str = "judge", trace: Path | None = None,
          options: tuple[str, ...] = ()) -> Judgement:
    """What the kernel says of a ROM."""
    log, late = machine.capture(command(rom, kernel, words, trace, options), machine.TIMEOUT)
    return Judgement(log, late, trace.read_bytes() if trace else b"")


def assemble(text: str, folder: Path) -> bytes:
    """Machine code of 32 bits, which is the same at each address."""
    source, linked, code = folder / "code.S", folder / "code.o", folder / "code.bin"
    source.write_text(text + "\n")
    subprocess.run(["gcc", "-m32", "-c", "-o", linked, source], check=True)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text", linked, code], check=True)
    return code.read_bytes()
