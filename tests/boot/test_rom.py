"""The guest beside ROMs of VMI: with one thing changed, as they are, and with those that count calls."""

from pathlib import Path

import machine
import pytest
import rom_faults
import rom_trace
import xen_pae
from rom_faults import FAULTS, Fault

WITH_ROM = [name for name in machine.ENVIRONMENTS if rom_trace.rom_of(name)]


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{fault.part}: {fault.name}" for fault in FAULTS])
def test_a_changed_rom(fault: Fault, tmp_path: Path) -> None:
    """What is wrong is named and not used; nothing else is lost, and all tests pass."""
    assert rom_faults.outcome(fault.boot(tmp_path), fault.op) == fault.expected


def test_the_table_has_all_that_can_be_wrong() -> None:
    """Each rule of the header, each binding with each answer."""
    seen = {(fault.part, fault.name) for fault in FAULTS}
    assert len(seen) == len(FAULTS) > 100
    for part in (*rom_faults.BOUND, "all calls"):
        names = {name.split(": ")[-1] for each, name in seen if each == part}
        assert names >= rom_faults.ANSWERS.keys()


@pytest.mark.parametrize("environment", WITH_ROM)
def test_the_rom_is_as_described(environment: str) -> None:
    """Each answer of it is one that its call permits."""
    seen = machine.run(environment)
    assert seen.console.rom_refusals == [] and seen.console.rom_unused == {}
    assert len(seen.console.rom_calls) > len(seen.console.rom_ops) > 40


@pytest.mark.parametrize("environment", WITH_ROM)
def test_each_call_is_made(environment: str, tmp_path: Path) -> None:
    """A ROM that writes the number of each call to a port saw each one that something is bound to, and no other."""
    seen, made = rom_trace.run(environment, tmp_path)
    assert seen.good, (seen.obstacles, seen.console.failures)
    assert made.keys() - rom_trace.FIXED.values() == rom_trace.must_be_made(seen.console)
    assert made["vmi_init"] == 1


# --- Xen

def test_one_bit_of_xen_is_another() -> None:
    """And there is one place alone where it can be changed."""
    xen = (machine.ROOT / "build/xen/xen.elf").read_bytes()
    other = xen_pae.patched(xen)
    assert len(xen) == len(other)
    assert [a ^ b for a, b in zip(xen, other, strict=True) if a != b] == [xen_pae.ACCESSED]
    for wrong in (other, xen + xen):
        with pytest.raises(SystemExit, match="not once"):
            xen_pae.patched(wrong)
