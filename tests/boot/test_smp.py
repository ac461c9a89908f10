"""Several CPUs: that they are there, and that they interfere."""

from collections.abc import Callable

import machine
import manifest
import pytest
from image import Image

Booter = Callable[[str], machine.Boot]

LINE = 64       # bytes of a cache line
SEVERAL = [name for name, cpus in machine.CPUS.items() if cpus > 1]


def test_all_cpus_come_up(boot: Booter, environment: str) -> None:
    """As many as QEMU was told to have."""
    cpus = machine.CPUS[environment]
    assert boot(environment).console.cpus == [(cpus, cpus)]


def test_the_time_of_day(boot: Booter, environment: str) -> None:
    """What QEMU's clock was set to, and a few seconds; Xen rounds and takes longer to start."""
    wallclock, = boot(environment).console.wallclocks
    assert 0 <= wallclock - machine.START.timestamp() < 30


@pytest.mark.parametrize("several", SEVERAL)
def test_an_op_is_switched_under_load(boot: Booter, several: str) -> None:
    """Other CPUs did run into the breakpoint; what they executed the guest has judged."""
    late, = boot(several).console.late
    assert late.switches >= 2 and late.executed > late.switches and late.breakpoints > 0


@pytest.mark.parametrize("several", SEVERAL)
def test_truly_parallel(several: str) -> None:
    """Not by turns but on threads of the host: no run is like another."""
    seen = machine.run(several, accelerator=machine.PARALLEL)
    assert seen.good, (seen.obstacles, seen.console.failures)
    assert not seen.console.refusals
    late, = seen.console.late
    assert late.switches >= 2


def test_late_sites_are_in_one_line(image: Image, single: str) -> None:
    """A store that crosses a line may be seen in halves."""
    late = {op["slot"] for op in manifest.ops(machine.arch(single)) if "late" in op["context"]}
    sites = [site for site in image.sites if site.op in late]
    assert len(sites) > len(late)
    assert [site for site in sites if site.address % LINE + site.length > LINE] == []
