"""Images with some of the backends: each boots where it can, and says why not where it cannot.

The linker makes them by name, guest-native+xen_pv.elf for example; whatever
backends the description has, all their subsets are tried.
"""

import fcntl
import subprocess
from functools import cache
from itertools import combinations
from pathlib import Path

import machine
import manifest
import pytest
from image import Image

# The backend that an environment wants; where the ROM alone can be heard, not without that one.
WANTED = {"bare": "native", "xen-pv": "xen_pv", "xen-pvh": "xen_pvh",
          "bare-i386": "native", "vmi-i386": "vmi_guest"}
# Where the kernel has every privilege, so that bare hardware's backend can stand in.
PRIVILEGED = ("bare", "xen-pvh", "bare-i386", "vmi-i386")
# Xen's serial port is then the domain's.
SERIAL_IS_FREE = [word.replace("console=com1 com1=115200,8n1", "console=vga")
                  for word in machine.ENVIRONMENTS["xen-pvh"]]

BACKENDS = {arch: manifest.backends(arch) for arch in machine.GUESTS}
# Architecture and backends of each image.
SUBSETS = [(arch, subset) for arch, backends in BACKENDS.items() for size in range(1, len(backends))
           for subset in combinations(backends, size)]
BOOTS = [(environment, subset) for environment in WANTED for arch, subset in SUBSETS
         if arch == machine.arch(environment)]


@cache
def build(arch: str, subset: tuple[str, ...]) -> Path:
    """The image with these backends alone; workers must not write it at the same time."""
    guest = machine.GUESTS[arch].with_name(f"{machine.GUESTS[arch].stem}-{'+'.join(subset)}.elf")
    with machine.GUEST.with_name("subsets.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", guest.relative_to(machine.ROOT)], cwd=machine.ROOT, check=True,
                       stdout=subprocess.DEVNULL)
    return guest


def judge(seen: machine.Boot, subset: tuple[str, ...]) -> None:
    """What a boot of this subset must look like."""
    wanted = WANTED[seen.environment]
    if wanted in subset:
        assert seen.good, (seen.obstacles, seen.console.failures)
        assert seen.console.missing == [] and seen.console.backends[0][0] == wanted
    elif seen.environment in PRIVILEGED and "native" in subset:
        assert seen.console.missing == [(wanted, "native")]
    else:
        assert seen.console.missing == [(wanted, "none")]
        assert not seen.console.backends


@pytest.mark.parametrize("environment,subset", BOOTS, ids=["-".join((where, *subset)) for where, subset in BOOTS])
def test_subset(subset: tuple[str, ...], environment: str) -> None:
    """It never hangs; it runs where its backends are for, and elsewhere names what is missing."""
    seen = machine.run(environment, build(machine.arch(environment), subset))
    assert not seen.timed_out
    judge(seen, subset)


def test_bare_hardware_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A privileged domain runs, and passes everything, with the backend of bare hardware."""
    monkeypatch.setitem(machine.ENVIRONMENTS, "xen-pvh", SERIAL_IS_FREE)
    seen = machine.run("xen-pvh", build("x86_64", ("native",)))
    assert seen.good, (seen.obstacles, seen.console.failures)
    assert seen.console.backends[0][0] == "native" and "XenVMM" in seen.console.backends[0][1]


@pytest.mark.parametrize("arch,subset", SUBSETS, ids=["-".join((arch, *subset)) for arch, subset in SUBSETS])
def test_nothing_of_the_others_is_linked(arch: str, subset: tuple[str, ...]) -> None:
    """The start of a backend is in the image only if its table is, and no call site needs it."""
    symbols = Image(build(arch, subset)).symbols
    assert {name for name in BACKENDS[arch] if f"{name}_init" in symbols} == set(subset)
    assert {name for name in BACKENDS[arch] if f"pv_{name}_patches" in symbols} == set(subset)
