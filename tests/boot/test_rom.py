"""The guest beside ROMs of VMI: with one thing changed, as they are, and with those that count calls."""

from pathlib import Path

import machine
import pytest
import xen_pae

ROM = machine.ROOT / "build/vmi_native.rom"

# Members of the header, and its pad, which makes the sum 0 here: struct vrom_header of idl/abi/vmi.pvi.
PAD, SIGNATURE, MINOR, MAJOR, TOP, LICENCE, PCI, ENTER, FIND = 7, 8, 12, 13, 0x10, 0x16, 0x18, 0x80, 0x88

# A machine with a ROM each.
HAVE_ROMS = ("vmi-i386", "vmi-xen-i386")

Change = tuple[int, bytes]


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


# What is wrong: the change, the part that the guest names, its reason.
FAULTS: dict[str, tuple[Callable[[bytes], Change], str, str]] = {
    "version": (lambda rom: (MAJOR, b"\x02"), "api_version_maj", "another value"),
    "licence": (lambda rom: (word_at(rom, LICENCE), b"B"), "license_offs", "another text"),
    "longer licence": (lambda rom: (word_at(rom, LICENCE) + 6, b"X"), "license_offs", "another text"),
    "no licence": (lambda rom: (LICENCE, b"\0\0"), "license_offs", "another text"),
    "licence outside": (lambda rom: (LICENCE, b"\xff\xff"), "license_offs", "another text"),
    "no PCI header": (lambda rom: (PCI, b"\0\0"), "pci_header_offs", "another value"),
    "claims addresses": (lambda rom: (TOP, b"\0\0\0\xfc"), "top", "addresses that the kernel has"),
    "no calls": (lambda rom: (FIND, answers(0)), "IRET", "none"),
    "calls alone": (lambda rom: (FIND, answers(1)), "IRET", "a call will not do"),
    "outside": (lambda rom: (FIND, answers(2)), "IRET", "outside of the ROM"),
    "nothing": (lambda rom: (FIND, answers(3)), "IRET", "it is not nothing"),
    "unknown": (lambda rom: (FIND, answers(4)), "IRET", "no such answer"),
    # or $-1, %eax; ret
    "will not begin": (lambda rom: (ENTER, b"\x83\xc8\xff\xc3"), "enter", "it did not begin"),
}


def changed(change: Callable[[bytes], Change], path: Path) -> Path:
    """The ROM with one change, and the sum as it was: the BIOS drops others."""
    rom = bytearray(ROM.read_bytes())
    offset, new = change(rom)
    old = rom[offset:offset + len(new)]
    rom[offset:offset + len(new)] = new
    assert old != new
    rom[PAD] = (rom[PAD] + sum(old) - sum(new)) % 256
    path.write_bytes(rom)
    return path


def boot(rom: Path) -> machine.Boot:
    """The guest beside this ROM."""
    return machine.run("bare-i386", options=("-option-rom", str(rom)))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_rom_is_refused(fault: str, tmp_path: Path) -> None:
    """Nothing of it is used, and nothing is lost."""
    change, part, reason = FAULTS[fault]
    seen = boot(changed(change, tmp_path / "wrong.rom"))
    assert seen.good, (seen.obstacles, seen.console.failures)
    assert [(refusal.part, refusal.reason) for refusal in seen.console.rom_refusals] == [(part, reason)]
    assert seen.console.backends[0][0] == "native" and seen.console.rom_calls == {}


def test_another_rom_is_none_of_ours(tmp_path: Path) -> None:
    """Without the signature nobody is told."""
    seen = boot(changed(lambda rom: (SIGNATURE, b"X"), tmp_path / "other.rom"))
    assert seen.good and seen.console.backends[0][0] == "native"
    assert seen.console.rom_refusals == []


def test_more_calls_are_welcome(tmp_path: Path) -> None:
    """A later minor version has what this one has."""
    seen = boot(changed(lambda rom: (MINOR, b"\x07"), tmp_path / "later.rom"))
    assert seen.good and seen.console.backends[0][0] == "vmi_guest"
    assert seen.console.rom_refusals == []


@pytest.mark.parametrize("environment", HAVE_ROMS)
def test_the_rom_is_as_described(environment: str) -> None:
    """Each answer of it is one that its call permits."""
    seen = machine.run(environment)
    assert seen.console.rom_refusals == [] and seen.console.rom_unused == {}
    assert len(seen.console.rom_calls) > len(seen.console.rom_ops) > 40


# --- which calls the guest makes

NUMBERS = {int(number): name for name, number in
           re.findall(r"^#define VMI_HYPERCALL_(\w+) (\d+)$", (machine.GENERATED["i386"] / "vmi.h").read_text(), re.M)}
# Beside ops: what functions of the backend make.
OF_BACKEND = {"SetLinearMapping", "GetGDT", "INB", "OUTB", "Reboot", "APICWrite", "GetCycleFrequency", "GetCycleCounter",
              "SetAlarm", "GetWallclockTime"}


@pytest.mark.parametrize("environment", HAVE_ROMS)
def test_each_call_is_made(environment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ROM that writes the number of each call to a port saw each one that something is bound to, and no other."""
    made = tmp_path / "made"
    monkeypatch.setitem(machine.ENVIRONMENTS, environment,
                        [word.replace(".rom", "-trace.rom") for word in machine.ENVIRONMENTS[environment]])
    options = ("-chardev", f"file,id=made,path={made}", "-device", "isa-debugcon,iobase=0xeb,chardev=made")
    seen = machine.run(environment, options=options)
    assert seen.good, (seen.obstacles, seen.console.failures)
    bound = {bound.call for bound in seen.console.rom_ops.values()} | OF_BACKEND
    callable_ = {call for call, answer in seen.console.rom_calls.items() if answer == "call"}
    assert {NUMBERS[number] for number in made.read_bytes() if number in NUMBERS} == bound & callable_


# --- the ROM for Xen

def test_xens_rom_needs_xen() -> None:
    """Elsewhere it refuses before it has changed anything."""
    seen = boot(machine.ROOT / "build/vmi_xen.rom")
    assert seen.good and seen.console.backends[0][0] == "native"
    assert [(refusal.part, refusal.reason) for refusal in seen.console.rom_refusals] == [("enter", "it did not begin")]


def test_one_bit_of_xen_is_another() -> None:
    """And there is one place alone where it can be changed."""
    xen = (machine.ROOT / "build/xen/xen.elf").read_bytes()
    other = xen_pae.patched(xen)
    assert len(xen) == len(other)
    assert [a ^ b for a, b in zip(xen, other, strict=True) if a != b] == [xen_pae.ACCESSED]
    for wrong in (other, xen + xen):
        with pytest.raises(SystemExit, match="not once"):
            xen_pae.patched(wrong)
