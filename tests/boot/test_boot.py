"""The same kernel image in every environment: what it does, and how it fails."""

import json
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import machine
import manifest
import pytest
from image import Image, Site

Booter = Callable[[str], machine.Boot]

# Ops whose site on bare hardware does not hold an instruction of the op's own.
BARE_FORMS = {
    "cpu.cpuid": "call", "cpu.write_idt_entry": "call", "cpu.load_tls": "call",
    "mmu.flush_tlb_multi": "call", "time.sched_clock": "call", "lock.lock_kick": "nop",
    "cpu.read_msr_safe": "call", "cpu.write_msr_safe": "call",
    "cpu.get_debugreg": "call", "cpu.set_debugreg": "call",
    "cpu.set_ldt": "call", "cpu.alloc_ldt": "nop", "cpu.free_ldt": "nop", "cpu.load_gs_index": "call",
    "cpu.context_begin": "nop", "cpu.context_end": "nop",
    "mmu.set_fixmap": "call", "mmu.activate_mm": "nop", "mmu.exit_mm": "nop",
    "mmu.alloc_pt": "nop", "mmu.release_pt": "nop", "mmu.lazy_enter": "nop", "mmu.lazy_leave": "nop",
}
# i386: what is two words is returned by two instructions, and an argument may be the result where it is.
I386_FORMS = BARE_FORMS | {
    "time.steal_clock": "call", "mmu.pte_val": "nop", "mmu.make_pte": "nop", "mmu.pmd_val": "nop",
    "mmu.make_pmd": "nop", "mmu.pud_val": "nop", "mmu.make_pud": "nop",
}
# Ops that must not cost a call on Xen.
XEN_INLINE = ("irq.save_fl", "irq.irq_disable", "irq.irq_enable", "mmu.read_cr2",
              "mmu.write_cr2", "mmu.prot_start")


def test_everything_passes(boot: Booter, environment: str) -> None:
    """The guest boots, runs tests and passes them."""
    seen = boot(environment)
    assert seen.obstacles == []
    assert seen.console.failures == []
    assert seen.console.tests != []


def test_another_compiler_does_as_well(environment: str) -> None:
    """The generated C and the runtime do not lean on one compiler's habits."""
    seen = machine.run(environment, machine.guest(environment, "-clang"))
    assert seen.good and not seen.console.refusals


@pytest.mark.parametrize("arch", machine.GUESTS)
def test_one_image(boot: Booter, arch: str) -> None:
    """All environments of an architecture were given the same bytes."""
    assert len({boot(environment).image_sha256 for environment in machine.environments(arch)}) == 1


def test_each_environment_finds_its_backend(boot: Booter) -> None:
    """The one image behaves differently because it found a different machine."""
    found = {environment: boot(environment).console.backends[0][0] for environment in machine.ENVIRONMENTS}
    assert found == {"bare": "native", "bare-smp4": "native", "xen-pv": "xen_pv", "xen-pv-smp2": "xen_pv",
                     "xen-pvh": "xen_pvh", "bare-i386": "native", "bare-i386-smp4": "native",
                     "vmi-i386": "vmi_guest", "vmi-i386-smp4": "vmi_guest", "vmi-xen-i386": "vmi_guest"}


def test_every_op_is_reported(boot: Booter, environment: str) -> None:
    """Once each, in the order of the slots."""
    assert [op.op for op in boot(environment).console.ops] == manifest.names(machine.arch(environment))


def by_rom(console: machine.Console) -> dict[str, str]:
    """Forms of the ops that a ROM does, by its answers."""
    answers = {op: console.rom_calls[bound.call] for op, bound in console.rom_ops.items()}
    return {op: answer for op, answer in answers.items()
            if answer == "call" or (answer == "nop" and console.rom_ops[op].whole)}


def test_forms_are_what_pvgen_decided(boot: Booter, environment: str) -> None:
    """What the guest reads at its patched sites agrees with the manifest; a ROM has the last word."""
    console = boot(environment).console
    backend = "native" if console.rom_calls else console.backends[0][0]
    decided = manifest.forms(backend, machine.arch(environment))
    assert {op.op: op.form for op in console.ops} == decided | by_rom(console)


@pytest.mark.parametrize("bare,other", [("bare", BARE_FORMS), ("bare-i386", I386_FORMS)])
def test_forms_on_bare_hardware(boot: Booter, bare: str, other: dict[str, str]) -> None:
    """An op that is instructions is these instructions, at its site."""
    forms = {op.op: op.form for op in boot(bare).console.ops}
    assert forms == {op: other.get(op, "inline") for op in manifest.names(machine.arch(bare))}


def test_forms_where_hardware_helps(boot: Booter) -> None:
    """A domain's ops are those of bare hardware, but for devices that it lacks and time that Xen keeps."""
    forms = {op.op: op.form for op in boot("xen-pvh").console.ops}
    own = {"cpu.io_delay": "nop", "time.sched_clock": "call", "time.steal_clock": "call"}
    assert forms == {op.op: op.form for op in boot("bare").console.ops} | own


@pytest.mark.parametrize("op", XEN_INLINE)
def test_forms_on_xen(boot: Booter, op: str) -> None:
    """What is a place in memory is not a call."""
    assert boot("xen-pv").form(op) == "inline"


def test_the_same_is_tested_on_i386(boot: Booter) -> None:
    """But for ops that only one of the two has; each of those has its tests."""
    seen = [{test.name for test in boot(name).console.tests} for name in ("bare", "bare-i386")]
    ops = [set(manifest.names(arch)) for arch in machine.GUESTS]
    for mine, other in ((0, 1), (1, 0)):
        alone = {name.rpartition(".")[0] for name in seen[mine] - seen[other]}
        # The root of the page tables has another level, and so another op.
        assert alone - {"mmu.set_pud"} <= ops[mine] - ops[other]


def test_xen_refuses_an_msr(boot: Booter) -> None:
    """The guest survives a read that faults; under QEMU alone no read does."""
    assert machine.Outcome("cpu.read_msr_safe.refusal_is_survived", None) in boot("xen-pv").console.tests


def test_nothing_is_refused(boot: Booter, environment: str) -> None:
    """All sites of the image as built are patched."""
    seen = boot(environment)
    assert seen.console.refusals == []
    assert "indirect" not in {op.form for op in seen.console.ops}


# --- kernels that are broken on purpose

UD2 = b"\x0f\x0b"
LOOP = b"\xeb\xfe"


def truncated(image: Image, path: Path) -> Path:
    """The file ends in the middle of the text."""
    path.write_bytes(image.data[:image.offset(image.symbols["pv_install"][0])])
    return path


def crashing(image: Image, path: Path) -> Path:
    """An invalid instruction where the backend should be installed."""
    return image.copy_with(path, image.symbols["pv_install"][0], UD2)


def hanging(image: Image, path: Path) -> Path:
    """An endless loop at the same place."""
    return image.copy_with(path, image.symbols["pv_install"][0], LOOP)


@pytest.mark.parametrize("damage", [truncated, crashing, hanging])
def test_a_broken_kernel_is_not_booted(image: Image, single: str, tmp_path: Path, damage) -> None:
    """Whichever way it is broken."""
    guest = damage(image, tmp_path / "guest.elf")
    assert not machine.run(single, guest, timeout=8).booted


def test_the_demo_fails_on_a_broken_kernel(tmp_path: Path) -> None:
    """Exit status 1, and demo.json says which did not boot."""
    guest = crashing(Image(machine.GUEST), tmp_path / "guest.elf")
    demo = subprocess.run([sys.executable, Path(__file__).with_name("demo.py"), guest, "--outdir", tmp_path],
                          capture_output=True, text=True, check=False)
    assert demo.returncode == 1
    environments = json.loads((tmp_path / "demo.json").read_text())["environments"]
    assert [each["name"] for each in environments] == machine.environments("x86_64")
    for each in environments:
        assert not each["booted"] and f"{each['name']} did not boot" in demo.stderr


# --- sites that are not as built

def flip(image: Image, address: int) -> tuple[int, bytes]:
    """Invert one byte."""
    return address, bytes([image.bytes_at(address, 1)[0] ^ 0xff])


# What is changed at a site or in its record: address and new bytes.
CHANGES = {
    "opcode": lambda image, site: flip(image, site.address),
    "modrm": lambda image, site: flip(image, site.address + 1),
    "displacement, low byte": lambda image, site: flip(image, site.address + 2),
    "displacement, high byte": lambda image, site: flip(image, site.address + 5),
    "first filler": lambda image, site: flip(image, site.address + 6),
    "last filler": lambda image, site: flip(image, site.address + site.length - 1),
    "other op in the record": lambda image, site: (site.record + 4, struct.pack("<H", site.op ^ 1)),
    "no op in the record": lambda image, site: (site.record + 4, b"\xff\xff"),
    "shorter in the record": lambda image, site: (site.record + 6, bytes([site.length - 1])),
    "longer in the record": lambda image, site: (site.record + 6, bytes([site.length + 1])),
    "other kind in the record": lambda image, site: (site.record + 7, bytes([site.kind ^ 1])),
    "no kind in the record": lambda image, site: (site.record + 7, b"\xff"),
}


@pytest.fixture(scope="session")
def idle_site(image: Image) -> Site:
    """A site that is never executed and has filler behind the call."""
    return max(image.sites_in("pv_never_executed"), key=lambda site: site.length)


def test_the_idle_site_has_filler(idle_site: Site) -> None:
    """Otherwise the changes of filler below would change something else."""
    assert idle_site.length > 6


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_wrong_site_is_refused(image: Image, idle_site: Site, single: str, tmp_path: Path, change) -> None:
    """The patcher names the site, leaves all sites alone, and the kernel works on.

    What the guest reads at the damaged site itself depends on the damage.
    """
    damaged = manifest.by_slot(machine.arch(single))[idle_site.op]
    guest = image.copy_with(tmp_path / "guest.elf", *change(image, idle_site))
    seen = machine.run(single, guest)
    assert [(refusal.site, refusal.address) for refusal in seen.console.refusals] == [
        (idle_site.index, idle_site.address)]
    assert {op.form for op in seen.console.ops if op.op != damaged} == {"indirect"}
    assert seen.good, (seen.obstacles, seen.console.failures)
