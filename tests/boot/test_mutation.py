"""Does the guest's conformance suite notice an op that does nothing, or that traps?

The guest replaces one op's implementation when its command line says
mutate=OP:KIND.  A run that still passes everything proves that no test looks at
this op, unless unobservable.txt says why none could.
"""

from collections.abc import Iterator
from pathlib import Path

import machine
import manifest
import pytest

KINDS = ("nop", "trap")
# Seconds; a mutant often hangs.
TIMEOUTS = {"bare": 10.0, "xen-pv": 20.0, "xen-pvh": 20.0, "bare-smp4": 10.0, "xen-pv-smp2": 30.0,
            "bare-i386": 10.0, "bare-i386-smp4": 10.0, "vmi-i386": 10.0, "vmi-i386-smp4": 10.0}
# Backends that do most ops as bare hardware does.
HEIRS = {"xen-pvh": "xen_pvh", "vmi-i386": "vmi_guest"}
# The guest is the same as in another environment, and so is what a mutant leaves out: a call of the ROM.
TWINS = {"vmi-xen-i386": "vmi-i386"}
UNOBSERVABLE = Path(__file__).with_name("unobservable.txt")

Mutant = tuple[str, str, str]       # op, kind, environment


def read_unobservable() -> dict[Mutant, str]:
    """Mutants that nothing can notice, each with the reason."""
    rows = [line.split(None, 3) for line in UNOBSERVABLE.read_text().splitlines()
            if line and not line.startswith("#")]
    return {(op, kind, environment): reason for op, kind, environments, reason in rows
            for environment in environments.split(",")}


def is_twin(op: str, kind: str, environment: str) -> bool:
    """Is this the same mutant as on bare hardware?

    What an inherited op does may be noticed in another way, but a trap where bare
    hardware has the trap too is worth no boot of its own.
    """
    return (kind == "trap" and environment in HEIRS and
            op in manifest.inherited(HEIRS[environment], machine.arch(environment)))


def concerns_several(op: str) -> bool:
    """The op does something else, or more, where there are several CPUs."""
    return op.startswith("lock.") or op == "mmu.flush_tlb_multi"


def mutants() -> Iterator[Mutant]:
    """Every op, replaced in every way, with one CPU; with several where that makes a difference.

    A trap is a trap wherever it is executed.
    """
    for environment, cpus in machine.CPUS.items():
        if environment in TWINS:
            continue
        for op in manifest.names(machine.arch(environment)):
            for kind in KINDS if cpus == 1 else KINDS[:concerns_several(op)]:
                if not is_twin(op, kind, environment):
                    yield op, kind, environment


def test_only_known_mutants_are_excused() -> None:
    """A row of unobservable.txt that fits nothing is out of date."""
    assert read_unobservable().keys() - set(mutants()) == set()


@pytest.mark.parametrize("op,kind,environment", mutants())
def test_mutant(op: str, kind: str, environment: str) -> None:
    """It is noticed, or excused; not both."""
    seen = machine.run(environment, cmdline=f"mutate={op}:{kind}", timeout=TIMEOUTS[environment])
    assert seen.form(op) in (kind, ""), "the guest did not replace the op"
    reason = read_unobservable().get((op, kind, environment))
    if reason is None:
        assert not seen.good, f"no test notices {op} replaced by {kind} on {environment}"
    else:
        assert seen.good, f"{UNOBSERVABLE.name} is out of date: {seen.obstacles}, {seen.console.failures}"
        assert seen.form(op) == kind
