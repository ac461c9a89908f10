"""Boot the guest kernel in an environment and read what it says on its console.

An environment is a row of ENVIRONMENTS.  run() hands a file to QEMU, waits for
the end and returns a Boot; what counts as booted is decided here and nowhere else.
"""

import hashlib
import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUEST = ROOT / "build/guest.elf"

# By architecture: the guest, QEMU's program, what pvgen wrote.
GUESTS = {"x86_64": GUEST, "i386": ROOT / "build/guest32.elf"}
PROGRAMS = {"x86_64": "qemu-system-x86_64", "i386": "qemu-system-i386"}
GENERATED = {"x86_64": ROOT / "generated", "i386": ROOT / "generated/i386"}

# Time in the machine is counted in instructions, 64 ns each, and not the host's:
# a busy host neither loses the guest an interrupt nor makes a test of time fail.
START = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)      # what the machine's clock shows
CLOCK = ("-icount", "shift=6,align=off,sleep=off", "-rtc", f"base={START:%Y-%m-%dT%H:%M:%S},clock=vm")

BY_TURNS = (*CLOCK, "-accel", "tcg")
QEMU = (PROGRAMS["x86_64"], "-cpu", "max", "-nodefaults", "-vga", "none",
        "-display", "none", "-serial", "stdio", "-no-reboot")

# {guest} and {cmdline} are filled in per boot; QEMU runs in ROOT.
BARE = ("-m", "64", "-kernel", "{guest}", "-append", "{cmdline}")
XEN = ("-m", "512", "-kernel", "build/xen/xen.elf", "-initrd", "{guest} {cmdline}",
       "-append", "console=com1 com1=115200,8n1 dom0_mem=64M")
PVH = (*XEN[:-1], XEN[-1] + " dom0=pvh dom0-iommu=none")
# The other half of VMI, of bare hardware and of Xen: the BIOS copies it into the machine's memory,
# of which Xen shows the initial domain the first megabyte where that is no RAM.
NATIVE_ROM = ("-option-rom", "build/vmi_native.rom")
XEN_ROM = ("-option-rom", "build/vmi_xen.rom")
ENVIRONMENTS = {
    "bare": BARE,
    "xen-pv": XEN,
    "xen-pvh": PVH,
    "bare-smp4": ("-smp", "4", *BARE),
    "xen-pv-smp2": ("-smp", "2", *XEN[:-1], XEN[-1] + " dom0_max_vcpus=2"),
    "bare-i386": BARE,
    "bare-i386-smp4": ("-smp", "4", *BARE),
    "vmi-i386": (*BARE, *NATIVE_ROM),
    "vmi-i386-smp4": ("-smp", "4", *BARE, *NATIVE_ROM),
    "vmi-xen-i386": tuple(word.replace("xen.elf", "xen-pae.elf") for word in (*PVH, *XEN_ROM)),
}

# The architecture of an environment, if it is not x86_64.
ARCHES = dict.fromkeys(("bare-i386", "bare-i386-smp4", "vmi-i386", "vmi-i386-smp4", "vmi-xen-i386"), "i386")

# CPUs that the guest must find.  -icount runs them by turns, which is the same in
# every run; a CPU that executes PAUSE passes its turn on, so waiting is cheap.
CPUS = {"bare": 1, "xen-pv": 1, "xen-pvh": 1, "bare-smp4": 4, "xen-pv-smp2": 2,
        "bare-i386": 1, "bare-i386-smp4": 4, "vmi-i386": 1, "vmi-i386-smp4": 4, "vmi-xen-i386": 1}

# The blob that each supplies for a guest without backends.
BLOBS = {"bare": "native", "bare-smp4": "native", "xen-pv": "xen_pv", "xen-pv-smp2": "xen_pv", "xen-pvh": "xen_pvh"}

# The same CPUs, truly at the same time: another run each time.
PARALLEL = ("-accel", "tcg,thread=multi")

# Xen's last words before it sleeps five seconds and resets the machine, or halts it.
WAITING = re.compile(rb"rebooting machine in 5 seconds|Reboot in five seconds|halting machine")

TIMEOUT = 60.0      # seconds; a machine with other work must not fail a good kernel


def arch(environment: str) -> str:
    """Whose code it runs."""
    return ARCHES.get(environment, "x86_64")


def environments(name: str) -> list[str]:
    """Those of an architecture: they are given one image."""
    return [environment for environment in ENVIRONMENTS if arch(environment) == name]


def guest(environment: str, compiler: str = "") -> Path:
    """The image for it, by gcc or with "-clang" by that."""
    path = GUESTS[arch(environment)]
    return path.with_name(f"{path.stem}{compiler}.elf")


@dataclass(frozen=True)
class Op:
    """How one operation was found at its patched site."""
    op: str
    form: str
    site_bytes: int


@dataclass(frozen=True)
class Outcome:
    """Outcome of one of the guest's tests; failure is None if it passed."""
    name: str
    failure: str | None


@dataclass(frozen=True)
class Refusal:
    """A site that the patcher would not touch."""
    site: int
    address: int
    op: str
    reason: str


@dataclass(frozen=True)
class BlobRefusal:
    """Why a kernel without backends did not take the blob that it was given."""
    name: str           # op or registration, or "none"
    number: int
    reason: str


@dataclass(frozen=True)
class RomRefusal:
    """Why the guest did not use a ROM that it found."""
    address: int
    part: str           # of the header, or a call that the ROM must have
    reason: str


@dataclass(frozen=True)
class RomOp:
    """An op that is done by a call, if the ROM has it."""
    call: str
    whole: bool         # nothing but the call


@dataclass(frozen=True)
class Late:
    """An op that was switched while all CPUs executed it."""
    switches: int
    executed: int
    breakpoints: int


@dataclass
class Console:
    """All that the guest said, in its own protocol."""
    backends: list[tuple[str, str]] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    tests: list[Outcome] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    blobs: list[BlobRefusal] = field(default_factory=list)
    blobless: list[tuple[str, str]] = field(default_factory=list)   # why no blob at all could be used
    rom_refusals: list[RomRefusal] = field(default_factory=list)
    rom_unused: dict[str, str] = field(default_factory=dict)    # call: why the ROM's answer was no use
    rom_calls: dict[str, str] = field(default_factory=dict)     # call: none, call or nop
    rom_ops: dict[str, RomOp] = field(default_factory=dict)
    cpus: list[tuple[int, int]] = field(default_factory=list)
    wallclocks: list[int] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    uncounted: dict[str, str] = field(default_factory=dict)     # op: why its cost is unknown
    panics: list[str] = field(default_factory=list)
    done: list[tuple[int, int]] = field(default_factory=list)
    garbled: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[Outcome]:
        """Tests that failed."""
        return [test for test in self.tests if test.failure is not None]

    @property
    def counted(self) -> tuple[int, int]:
        """Tests seen to pass and to fail."""
        return len(self.tests) - len(self.failures), len(self.failures)


# One row per kind of line: its form, the list of Console it goes to, and how.
PROTOCOL = [
    (r"backend (\S+) hypervisor (.+)", "backends", lambda name, text: (name, text)),
    (r"missing (\S+) instead (\S+)", "missing", lambda name, instead: (name, instead)),
    (r"op (\S+) form=(call|inline|nop|trap|indirect) bytes=(\d+)", "ops",
     lambda op, form, size: Op(op, form, int(size))),
    (r"test (\S+) pass", "tests", lambda name: Outcome(name, None)),
    (r"test (\S+) fail(?: (.*))?", "tests", lambda name, details: Outcome(name, details or "")),
    (r"patch refused site=(\d+) address=(?:0x)?([0-9a-f]+) op=(\S+) reason=(.+)", "refusals",
     lambda site, address, op, reason: Refusal(int(site), int(address, 16), op, reason)),
    (r"blob refused op=(\S+) number=(\d+) reason=(.+)", "blobs",
     lambda name, number, reason: BlobRefusal(name, int(number), reason)),
    (r"blob missing op=(\S+) reason=(.+)", "blobless", lambda name, reason: (name, reason)),
    (r"rom refused address=(?:0x)?([0-9a-f]+) part=(\S+) reason=(.+)", "rom_refusals",
     lambda address, part, reason: RomRefusal(int(address, 16), part, reason)),
    (r"rom unused call=(\S+) reason=(.+)", "rom_unused", lambda call, reason: {call: reason}),
    (r"rom call (\S+) answer=(none|call|nop)", "rom_calls", lambda call, answer: {call: answer}),
    (r"rom op (\S+) call=(\S+) whole=([01])", "rom_ops",
     lambda op, call, whole: {op: RomOp(call, whole == "1")}),
    (r"cpus found=(\d+) up=(\d+)", "cpus", lambda found, up: (int(found), int(up))),
    (r"wallclock seconds=(\d+)", "wallclocks", int),
    (r"late switches=(\d+) executed=(\d+) breakpoints=(\d+)", "late",
     lambda *counts: Late(*map(int, counts))),
    (r"uncounted (\S+) (.+)", "uncounted", lambda op, reason: {op: reason}),
    (r"panic (.*)", "panics", lambda text: text),
    (r"done passed=(\d+) failed=(\d+)", "done", lambda passed, failed: (int(passed), int(failed))),
]
PATTERNS = [(re.compile("PV " + form), where, make) for form, where, make in PROTOCOL]


def read_line(console: Console, line: str) -> None:
    """Take in one line that claims to be the guest's."""
    for pattern, where, make in PATTERNS:
        if match := pattern.fullmatch(line):
            collected, found = getattr(console, where), make(*match.groups())
            if isinstance(collected, dict):
                collected.update(found)
            else:
                collected.append(found)
            return
    console.garbled.append(line)


def parse(log: str) -> Console:
    """Pick the guest's lines out of a log; the hypervisor's own are ignored."""
    console = Console()
    for line in log.splitlines():
        if line.startswith("PV "):
            read_line(console, line.rstrip())
    return console


@dataclass
class Boot:
    """One run of one file in one environment."""
    environment: str
    image_sha256: str
    seconds: float
    timed_out: bool
    log: str
    console: Console = field(init=False)

    def __post_init__(self) -> None:
        self.console = parse(self.log)

    @property
    def obstacles(self) -> list[str]:
        """Why this does not count as booted; empty if it does."""
        console = self.console
        reasons = [
            (self.timed_out, "it did not end in time"),
            (len(console.backends) != 1, f"{len(console.backends)} backend lines"),
            (len(console.done) != 1, f"{len(console.done)} done lines"),
            (console.done not in ([], [console.counted]),
             f"done says {console.done}, counted {console.counted}"),
            (bool(console.panics), f"panic: {console.panics}"),
            (bool(console.garbled), f"unreadable lines: {console.garbled}"),
        ]
        return [reason for applies, reason in reasons if applies]

    @property
    def booted(self) -> bool:
        """The guest found a backend, ran to its end and told the truth about it."""
        return not self.obstacles

    @property
    def good(self) -> bool:
        """Booted, and no test failed."""
        return self.booted and not self.console.failures

    def form(self, op: str) -> str:
        """Form of one operation, "" if the guest did not mention it."""
        return next((each.form for each in self.console.ops if each.op == op), "")


def add_module(words: list[str], module: Path) -> list[str]:
    """The same with one more file for the kernel, or behind the kernel for its hypervisor."""
    path = os.path.relpath(module, ROOT)
    if "-initrd" not in words:
        return [*words, "-initrd", path]
    place = words.index("-initrd") + 1
    return [*words[:place], f"{words[place]},{path}", *words[place + 1:]]


def with_rom(words: list[str], rom: Path) -> list[str]:
    """The same with another ROM in place of the environment's."""
    place = words.index("-option-rom") + 1
    return [*words[:place], str(rom), *words[place + 1:]]


def command(environment: str, image: Path, cmdline: str, accelerator: tuple[str, ...] = BY_TURNS,
            blob: Path | None = None, rom: Path | None = None) -> list[str]:
    """QEMU's command line.

    The path is relative: -initrd ends it at the first space, which the place
    of the repository may contain.
    """
    words = {"guest": os.path.relpath(image, ROOT), "cmdline": cmdline}
    options = [word.format(**words).rstrip() for word in ENVIRONMENTS[environment]]
    options = with_rom(options, rom) if rom else options
    # Xen itself has 64 bits, whatever its domain has.
    program = PROGRAMS["x86_64" if "-initrd" in options else arch(environment)]
    return [program, *QEMU[1:], *accelerator, *(add_module(options, blob) if blob else options)]


def read_output(process: subprocess.Popen, output: list[bytes]) -> None:
    """Collect lines until the program ends, or until it only waits before it ends."""
    for line in process.stdout:
        output.append(line)
        if WAITING.search(line):
            process.terminate()
            return


def capture(words: list[str], timeout: float) -> tuple[str, bool]:
    """Output of a program, and whether it had to be killed."""
    output: list[bytes] = []
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, cwd=ROOT) as process:
        killer = threading.Timer(timeout, process.kill)
        killer.start()
        read_output(process, output)
        process.wait()
        killer.cancel()
    return b"".join(output).decode(errors="replace"), process.returncode == -signal.SIGKILL


def run(environment: str, image: Path | None = None, cmdline: str = "", timeout: float = TIMEOUT,
        accelerator: tuple[str, ...] = BY_TURNS, options: tuple[str, ...] = (), blob: Path | None = None,
        rom: Path | None = None) -> Boot:
    """Boot a file, or the environment's guest; more options for QEMU, what the machine supplies: a blob, another ROM."""
    image = image or guest(environment)
    sha256 = hashlib.sha256(image.read_bytes()).hexdigest()
    start = time.monotonic()
    log, late = capture([*command(environment, image, cmdline, accelerator, blob, rom), *options], timeout)
    return Boot(environment, sha256, time.monotonic() - start, late, log)
