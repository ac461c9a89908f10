"""Boot a kernel to user space on bare hardware and on Xen, and judge by what is said on the console.

    python3 tests/linux/boot.py VMLINUX

Needs build/xen/xen.elf.  Exit status 1 if an environment did not get to its end.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kernel import HERE, ROOT, Failure

sys.path.insert(0, str(ROOT / "tests/boot"))
import machine      # noqa: E402  (found by the line above)

TIMEOUT = 300.0     # seconds
CONSOLE = "panic=-1 loglevel=8"

# What QEMU is told beside machine.QEMU; {kernel}, {initrd} are filled in, QEMU runs in ROOT.
BARE = ("-m", "256", "-kernel", "{kernel}", "-initrd", "{initrd}", "-append", f"console=ttyS0 {CONSOLE}")
# Linux 6.1 as initial domain writes user pages before it knows of SMAP, and reads registers of the
# processor that QEMU's lacks.
XEN = ("-cpu", "max,-smap", "-m", "1024", "-kernel", "build/xen/xen.elf",
       "-initrd", f"{{kernel}} console=hvc0 xen_msr_safe=1 {CONSOLE},{{initrd}}",
       "-append", "console=com1 com1=115200,8n1 dom0_mem=512M")


@dataclass(frozen=True)
class Environment:
    """A machine, and lines that a good boot has, in this order."""
    options: tuple[str, ...]
    lines: tuple[str, ...]
    accelerator: tuple[str, ...] = machine.BY_TURNS


def expected(banner: str, cpus: int, hypervisor: str) -> tuple[str, ...]:
    """From the kernel's first line to its last."""
    return (r"Linux version 6\.1\.\S+", rf"Booting {banner}$",
            r"LINUX uname Linux 6\.1\.", rf"LINUX cpus {cpus}$", rf"LINUX hypervisor {hypervisor}$",
            r"LINUX fork works$", r"LINUX done$", r"reboot: Power down")


BARE_BANNER, XEN_BANNER = "paravirtualized kernel on bare hardware", "kernel on Xen"
XEN_ITSELF = r"Xen version 4\.17"

# Linux waits for its second CPU without PAUSE: by turns that one would never run.
ENVIRONMENTS = {
    "bare": Environment(BARE, expected(BARE_BANNER, 1, "none")),
    "bare-smp4": Environment(("-smp", "4", *BARE), expected(BARE_BANNER, 4, "none"), machine.PARALLEL),
    "xen-pv": Environment(XEN, (XEN_ITSELF, *expected(XEN_BANNER, 1, "xen"))),
    "xen-pv-smp2": Environment(("-smp", "2", *XEN), (XEN_ITSELF, *expected(XEN_BANNER, 2, "xen"))),
}

# Lines that a good boot does not have.
BAD = re.compile(r"BUG:|WARNING:|Oops|Call Trace|Kernel panic|general protection|Unhandled|segfault|"
                 r"Domain 0 crashed|mm\.c:\d+:d0")

# Beside what is expected, worth showing.
WORTH = re.compile(r"Hypervisor detected|Brought up \d|Booting on Xen|Xen: initializing|spinlocks|Run /init")


@dataclass(frozen=True)
class Boot:
    """What was seen."""
    name: str
    log: str
    timed_out: bool

    @property
    def missing(self) -> list[str]:
        """Expected lines that do not come, or not in order."""
        lines = iter(self.log.splitlines())
        return [pattern for pattern in ENVIRONMENTS[self.name].lines
                if not any(re.search(pattern, line.rstrip()) for line in lines)]

    @property
    def bad(self) -> list[str]:
        """Lines that tell of a fault."""
        return [line.rstrip() for line in self.log.splitlines() if BAD.search(line)]

    @property
    def good(self) -> bool:
        """To user space and off."""
        return not (self.timed_out or self.missing or self.bad)

    def relevant(self) -> Iterator[str]:
        """The lines that the judgement is from."""
        patterns = [re.compile(pattern) for pattern in ENVIRONMENTS[self.name].lines]
        for line in map(str.rstrip, self.log.splitlines()):
            if WORTH.search(line) or BAD.search(line) or any(each.search(line) for each in patterns):
                yield line


def member(name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)) -> bytes:
    """One file of an archive as `cpio -H newc` writes it."""
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % each for each in fields) + name.encode() + b"\0"
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def archive(init: bytes) -> bytes:
    """The files that the kernel starts with."""
    return b"".join([
        member("dev", 0o040755), member("sys", 0o040755), member("dev/console", 0o020600, device=(5, 1)),
        member("init", 0o100755, init), member("TRAILER!!!", 0)])


def make_initrd(folder: Path) -> Path:
    """Compile init, pack it."""
    init, initrd = folder / "init", folder / "initrd"
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-nostdlib",
                    "-static", "-no-pie", "-mgeneral-regs-only", "-fno-stack-protector", "-fcf-protection=none",
                    "-o", init, HERE / "init.c"], check=True)
    initrd.write_bytes(archive(init.read_bytes()))
    return initrd


def stripped(vmlinux: Path, folder: Path) -> Path:
    """Without what only debuggers read: loaders copy the whole file."""
    kernel = folder / "kernel"
    subprocess.run(["objcopy", "--strip-all", vmlinux, kernel], check=True)
    return kernel


def run(name: str, kernel: Path, initrd: Path) -> Boot:
    """Boot once; paths are relative, since QEMU's options end them at spaces and commas."""
    words = {"kernel": os.path.relpath(kernel, ROOT), "initrd": os.path.relpath(initrd, ROOT)}
    environment = ENVIRONMENTS[name]
    options = [option.format(**words) for option in environment.options]
    log, late = machine.capture([*machine.QEMU, *environment.accelerator, *options], TIMEOUT)
    return Boot(name, log, late)


def boot_all(vmlinux: Path, logs: Path, names: list[str] | None = None) -> list[Boot]:
    """Boot in each environment and keep the logs."""
    logs.mkdir(parents=True, exist_ok=True)
    boots = []
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as scratch:
        folder = Path(scratch)
        kernel, initrd = stripped(vmlinux, folder), make_initrd(folder)
        for name in names or ENVIRONMENTS:
            boots.append(run(name, kernel, initrd))
            (logs / f"{name}.log").write_text(boots[-1].log)
    return boots


def report(boots: list[Boot], logs: Path) -> list[str]:
    """Show what counts; the names of the environments that failed."""
    for boot in boots:
        print(f"{boot.name}: {'user space, powered off' if boot.good else 'FAILED'}")
        print(*(f"    {line}" for line in boot.relevant()), sep="\n")
        if boot.timed_out:
            print(f"    did not end in {TIMEOUT:.0f} s")
        if boot.missing:
            print(f"    lacks {' | '.join(boot.missing)}; see {logs / boot.name}.log")
    return [boot.name for boot in boots if not boot.good]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="boot a kernel to user space")
    parser.add_argument("vmlinux", type=Path)
    parser.add_argument("--logs", type=Path, default=ROOT / "build/linux-boot")
    parser.add_argument("environment", nargs="*", help=", ".join(ENVIRONMENTS))
    options = parser.parse_args()
    try:
        return 1 if report(boot_all(options.vmlinux, options.logs, options.environment), options.logs) else 0
    except (Failure, subprocess.CalledProcessError) as error:
        print(f"boot: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
