"""Exact costs: what the site of an op executes, and that nothing else is counted."""

import json
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cost
import demo
import machine
import manifest
import pytest
from cost import Cost, Measured

# What has no number, everywhere, of the ops that there are: the guest says why.
UNCOUNTED = {"cpu.iret", "cpu.sysret", "cpu.sysexit", "cpu.read_pmc", "irq.safe_halt", "irq.halt"}
# Ops that must not cost a call on Xen, where nothing is pending.
XEN_INLINE = ("irq.save_fl", "irq.irq_disable", "irq.irq_enable")


@pytest.fixture(scope="session")
def measure() -> Callable[[str], Measured]:
    """Costs in an environment, counted once per worker."""
    return cache(cost.measure)


def test_every_op_has_a_cost_or_a_reason(measure: Callable[[str], Measured], environment: str) -> None:
    """The guest runs to its end under the plugin, and nobody forgets an op."""
    measured = measure(environment)
    assert measured.boot.good, (measured.boot.obstacles, measured.boot.console.failures)
    names = set(manifest.names(machine.arch(environment)))
    assert measured.unknown.keys() == UNCOUNTED & names
    assert measured.costs.keys() | measured.unknown.keys() == names


def test_counts_repeat(measure: Callable[[str], Measured], environment: str) -> None:
    """A second run gives the same numbers."""
    assert cost.measure(environment).costs == measure(environment).costs


@pytest.mark.parametrize("environment", ["bare", "bare-i386"])
def test_bare_hardware_executes_the_template(measure: Callable[[str], Measured], environment: str) -> None:
    """Exactly its instructions, at most one no-op more, no function and no hypervisor."""
    arch = machine.arch(environment)
    forms = manifest.forms("native", arch)
    costs = {op: seen for op, seen in measure(environment).costs.items() if forms[op] in ("inline", "nop")}
    bare = cost.bare_instructions(arch)
    assert len(costs) > 20
    assert costs == {op: Cost(bare[op], seen.padding, 0, 0) for op, seen in costs.items()}
    assert max(seen.padding for seen in costs.values()) == 1


def test_a_function_costs_one_call(measure: Callable[[str], Measured], environment: str) -> None:
    """Its site is the call and nothing more: prefixes take up the room."""
    measured = measure(environment)
    sites = {op: (seen.site, seen.padding) for op, seen in measured.costs.items()
             if measured.boot.form(op) == "call"}
    assert sites == dict.fromkeys(sites, (1, 0))


@pytest.mark.parametrize("op", XEN_INLINE)
def test_xen_executes_nothing_but_the_site(measure: Callable[[str], Measured], op: str) -> None:
    """The interrupt flag is a byte in memory: no call, no hypercall."""
    seen = measure("xen-pv").costs[op]
    assert (seen.elsewhere, seen.hypervisor) == (0, 0)
    assert 1 <= seen.site <= 3 and seen.padding == 0


def test_the_hypervisor_is_counted(measure: Callable[[str], Measured]) -> None:
    """A hypercall or a trap is hundreds of instructions, on bare hardware there are none."""
    assert {seen.hypervisor for seen in measure("bare").costs.values()} == {0}
    assert measure("xen-pv").costs["mmu.flush_tlb_local"].hypervisor > 100


def test_a_call_of_a_rom_is_a_call(measure: Callable[[str], Measured]) -> None:
    """One instruction at the site, none of the guest's elsewhere where the registers agree, the rest is the ROM's."""
    costs = measure("vmi-i386").costs
    assert costs["irq.irq_disable"] == Cost(1, 0, 0, 2)     # cli, ret
    assert costs["mmu.write_cr3"] == Cost(1, 0, 0, 2)
    # Registers are kept around the call: endbr32, push, push, call, pop, pop, ret.
    assert costs["mmu.read_cr2"] == Cost(1, 0, 7, 2)
    assert costs["mmu.lazy_enter"] == Cost(0, costs["mmu.lazy_enter"].padding, 0, 0)


def build_variant(folder: Path, old: str, new: str) -> Path:
    """A guest of a description in which one text is another."""
    shutil.copytree(machine.ROOT / "idl", folder / "idl")
    description = folder / "idl/pv/pv.pvi"
    text = description.read_text()
    assert text.count(old) == 1
    description.write_text(text.replace(old, new))
    inputs = sorted((folder / "idl/pv").glob("*.pvi"))
    subprocess.run([machine.ROOT / "build/pvgen", "build", "--outdir", folder / "generated", *inputs], check=True)
    subprocess.run(["make", "-s", f"GENERATED={folder}/generated", f"BUILD={folder}/build",
                    f"IDL={' '.join(map(str, inputs))}", f"{folder}/build/guest.elf"], cwd=machine.ROOT, check=True, capture_output=True)
    return folder / "build/guest.elf"


def test_one_instruction_more_is_one_more(measure: Callable[[str], Measured], tmp_path: Path) -> None:
    """A no-op in a template is the template's own, and changes the count of that op alone."""
    guest = build_variant(tmp_path, 'native x86_64 "cli";', 'native x86_64 "nop" "cli";')
    before, after = measure("bare").costs, cost.measure("bare", guest).costs
    changed = {op: (after[op].site - seen.site, after[op].guest - seen.guest)
               for op, seen in before.items() if after[op] != seen}
    assert changed == {"irq.irq_disable": (1, 1)}


def test_the_demo_writes_costs(measure: Callable[[str], Measured]) -> None:
    """As demo.json has them: null where nothing was counted."""
    seen = measure("xen-pv")
    ops = {op["op"]: op for op in demo.boot_json(machine.run("xen-pv"), seen)["ops"]}
    assert ops["irq.irq_disable"].items() >= {"instructions": 1, "pad_instructions": 0,
                                              "hypervisor_instructions": 0, "bare_instructions": 1}.items()
    assert ops["irq.halt"]["instructions"] is None and ops["irq.halt"]["bare_instructions"] == 1
    assert json.dumps(list(ops.values()))
