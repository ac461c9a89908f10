"""Call sites in Debian's kernels and their modules, counted once more by other means.

The code at each site is disassembled and its relocations are read, by libraries that pvgen does not
use; pvgen believes the records.
"""

import json
import lzma
import struct
import subprocess
from collections import Counter
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from capstone import CS_ARCH_X86, CS_MODE_64, Cs
from capstone.x86 import X86_OP_MEM, X86_REG_INVALID, X86_REG_RIP
from elftools.elf.elffile import ELFFile
from tool import FINE, PVGEN, package, run

pytestmark = pytest.mark.slow

# Suite, package, size of a record of .altinstructions; no later ones of a suite have other sites.
KERNELS = {
    "5.10": ("bullseye", r"linux-image-5\.10\.0-[0-9]+-cloud-amd64", 0),
    "6.1": ("bookworm", r"linux-image-6\.1\.0-[0-9]+-cloud-amd64", 0),
    "6.12": ("bookworm", r"linux-image-6\.12\..*-cloud-amd64-unsigned", 14),
}
each = pytest.mark.parametrize("kernel", KERNELS)

WORD = 8
UNPACKERS = {b"\x02\x21\x4c\x18": "lz4", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zX": "xz"}


@cache
def folder(kernel: str) -> Path:
    """Where the image and its modules are."""
    suite, name, _ = KERNELS[kernel]
    return package(suite, name, "./boot/vmlinuz-*", "./lib/modules/*")


def image_of(kernel: str) -> Path:
    """The kernel as it boots."""
    (path,) = folder(kernel).glob("boot/vmlinuz-*")
    return path


@cache
def told(kernel: str) -> dict:
    """What pvgen says of its users."""
    words = ["--gate=none", "--format=json", "--modules", folder(kernel) / "lib/modules"]
    image = image_of(kernel)
    result = run("diff", *words, image, image, tool=PVGEN, seconds=120)
    assert result.status == FINE, result.err
    return json.loads(result.out)["users"]


def unpacked(path: Path) -> ELFFile:
    """The ELF file in a bzImage."""
    data = path.read_bytes()
    offset, length = struct.unpack_from("<II", data, 0x248)
    start = (data[0x1F1] + 1) * 512 + offset
    packed = data[start : start + length]
    # Behind what is packed stands its size, which the tools take for rubbish.
    command = [UNPACKERS[packed[:4]], "-dcq"]
    done = subprocess.run(command, input=packed, capture_output=True, check=False)
    return ELFFile(BytesIO(done.stdout[: struct.unpack("<I", packed[-4:])[0]]))


class Image:
    """A linked kernel: bytes by address."""

    def __init__(self, elf: ELFFile) -> None:
        sections = [s for s in elf.iter_sections() if s["sh_type"] == "SHT_PROGBITS"]
        self.sections = [(s["sh_addr"], s.data()) for s in sections if s["sh_addr"]]
        self.named = {s.name: (s["sh_addr"], s.data()) for s in sections}

    def bytes_at(self, address: int, size: int) -> bytes:
        """What stands there."""
        for start, data in self.sections:
            if start <= address < start + len(data):
                return data[address - start : address - start + size]
        return b""

    def table(self) -> int:
        """Where pv_ops is, as it is exported."""
        for name in ("__ksymtab", "__ksymtab_gpl"):
            start, data = self.named[name]
            for at in range(0, len(data) - 11, 12):
                value, text = struct.unpack_from("<ii", data, at)
                if self.bytes_at(start + at + 4 + text, 7) == b"pv_ops\0":
                    return start + at + value
        raise AssertionError("pv_ops is not exported")

    def places(self, size: int) -> set[int]:
        """What records name."""
        if not size:
            _, data = self.named[".parainstructions"]
            return {struct.unpack_from("<Q", data, at)[0] for at in range(0, len(data) - 7, 16)}
        start, data = self.named[".altinstructions"]
        return {
            start + at + struct.unpack_from("<i", data, at)[0] for at in range(0, len(data), size)
        }


def called(engine: Cs, code: bytes, address: int) -> int | None:
    """Where the instruction finds what it calls, or jumps to."""
    for insn in engine.disasm(code, address, 1):
        (operand,) = insn.operands if insn.mnemonic in ("call", "jmp") else (None,)
        if operand and operand.type == X86_OP_MEM and operand.mem.index == X86_REG_INVALID:
            if operand.mem.base == X86_REG_RIP:
                return address + insn.size + operand.mem.disp
            if operand.mem.base == X86_REG_INVALID:
                return operand.mem.disp & (1 << 64) - 1
    return None


@each
def test_image(kernel: str) -> None:
    """Each slot has as many sites as there is code that calls through it."""
    image = Image(unpacked(image_of(kernel)))
    engine = Cs(CS_ARCH_X86, CS_MODE_64)
    engine.detail = True
    table = image.table()
    counted: Counter[int] = Counter()
    for place in image.places(KERNELS[kernel][2]):
        slot = called(engine, image.bytes_at(place, 15), place)
        if slot is not None and 0 <= slot - table < 8192:
            counted[(slot - table) // WORD] += 1
    users = told(kernel)
    assert Counter({op["slot"]: op["image"]["sites"] for op in users["ops"]}) == counted
    print(f"{kernel}: {counted.total()} sites of {len(counted)} ops; {counted.most_common(3)}")
    assert users["image"]["sites"] == counted.total() > 3000


def references(path: Path) -> Counter[int]:
    """What refers to each slot in what is loaded of a module."""
    data = path.read_bytes()
    data = lzma.decompress(data) if path.suffix == ".xz" else data
    if b"\0pv_ops\0" not in data:
        return Counter()
    elf = ELFFile(BytesIO(data))
    symbols = elf.get_section_by_name(".symtab")
    wanted = {i for i, s in enumerate(symbols.iter_symbols()) if s.name == "pv_ops"}
    found: Counter[int] = Counter()
    for section in elf.iter_sections():
        if section["sh_type"] != "SHT_RELA":
            continue
        if not elf.get_section(section["sh_info"])["sh_flags"] & 2:
            continue
        for entry in section.iter_relocations():
            if entry["r_info_sym"] in wanted:
                relative = entry["r_info_type"] in (2, 4)
                found[(entry["r_addend"] + 4 * relative) // WORD] += 1
    return found


@each
def test_modules(kernel: str) -> None:
    """Sites and direct uses of a slot are together what the module's relocations name."""
    files = [p for p in folder(kernel).rglob("*.ko*") if p.is_file()]
    expected = {p.name.partition(".")[0]: references(p) for p in files}
    users = told(kernel)
    found: dict[str, Counter[int]] = {name: Counter() for name in expected}
    for op in users["ops"]:
        for m in op["modules"]:
            found[m["module"]][op["slot"]] += m["sites"] + m["direct"]
    assert found == expected
    n = sum(bool(counted) for counted in expected.values())
    sites = sum(counted.total() for counted in expected.values())
    print(f"{kernel}: {n} of {len(files)} modules, {sites} references")
    modules = users["modules"]
    assert (modules["modules"], modules["users"], modules["unread"]) == (len(files), n, [])


def test_known_figures() -> None:
    """Those of one release, if it is the one that is there."""
    if "6.1.0-56-" not in image_of("6.1").name:
        return
    users = told("6.1")
    sites = {op["op"]: op["image"]["sites"] for op in users["ops"]}
    assert users["image"]["sites"] == 3679
    most = {"irq.save_fl": 446, "irq.irq_enable": 443, "irq.irq_disable": 401}
    most |= {"cpu.write_msr": 357, "mmu.pmd_val": 319}
    assert most == {op: sites[f"pv.{op}"] for op in most}
    assert sum(m["sites"] for op in users["ops"] for m in op["modules"]) == 486
    assert (users["modules"]["modules"], users["modules"]["users"]) == (1121, 54)
