"""Defects in a real kernel: ten ops of each kind are drawn, damaged in a copy, and must be found.

plant.py VMLINUX [SEED]: a line a kind; exit status 1 if anything planted was missed, or anything
else was found that nobody planted.
"""

import json
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile

from elftools.elf.elffile import ELFFile

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/compiler"))

from small_linux import Types  # noqa: E402

IDL = sorted(str(p) for p in (ROOT / "idl/linux").glob("*.pvi"))
THUNK = "__raw_callee_save_"
DRAWN = 10
RETURN = b"\xc3"
RECORD = 16

Finding = tuple[str, str]  # name, op


@dataclass
class Kernel:
    """A kernel that can be written to, and what verify sees in it as it is."""

    path: Path
    elf: ELFFile
    symbols: dict[str, int]
    slots: list[dict]
    sites: list[dict]

    def offset(self, address: int) -> int:
        """Where in the file an address is."""
        for s in self.elf.iter_sections():
            distance = address - s["sh_addr"]
            is_there = s["sh_addr"] and s["sh_type"] != "SHT_NOBITS"
            if is_there and 0 <= distance < s["sh_size"]:
                return s["sh_offset"] + distance
        raise ValueError(hex(address))

    def write(self, address: int, data: bytes) -> None:
        """Replace bytes in the file."""
        with self.path.open("r+b") as file:
            file.seek(self.offset(address))
            file.write(data)

    def put(self, table: str, slot: int, address: int) -> None:
        """Another word in a table of slots."""
        self.write(self.symbols[table] + 8 * slot, address.to_bytes(8, "little"))

    def put_types(self, change: Callable[[Types], None]) -> None:
        """Change what the kernel says of its types."""
        start = self.elf.get_section_by_name(".BTF")["sh_offset"]
        data = bytearray(self.path.read_bytes())
        change(Types(data, start))
        self.path.write_bytes(data)


def verify(path: Path) -> tuple[set[Finding], dict]:
    """Findings, and the report."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.json"
        options = ["--max-errors=0", f"--report=json:{report}"]
        command = [ROOT / "build/pvgen", "verify", *options, path, *IDL]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode not in (0, 1, 4):
            raise RuntimeError(result.stderr)
        found = re.findall(r"error: .*?op '([\w.]+)'.* \[([a-z-]+)\]$", result.stderr, re.MULTILINE)
        (interface,) = json.loads(report.read_text())["interfaces"]
    return {(name, op) for op, name in found}, interface


def read(path: Path) -> tuple[Kernel, set[Finding]]:
    """The kernel, and what is wrong with it anyway."""
    elf = ELFFile(path.open("rb"))
    symbols = {s.name: s["st_value"] for s in elf.get_section_by_name(".symtab").iter_symbols()}
    found, report = verify(path)
    return Kernel(path, elf, symbols, report["slots"], report["sites"]), found


# ---- ops that a defect can be planted in ----


def native(slot: dict) -> str:
    """What the slot holds when the kernel starts."""
    return next(t["function"] for t in slot["targets"] if t["backend"] == "native")


def behind(name: str) -> str:
    """The function that a thunk is for."""
    return name.removeprefix(THUNK)


def is_shared(kernel: Kernel, slot: dict) -> bool:
    """Does the native function stand in another slot too, or for another backend?"""
    name = native(slot)
    return sum(t["function"] == name for s in kernel.slots for t in s["targets"]) > 1


def declarations() -> dict[str, str]:
    """What the description says of each op, by its name."""
    text = (ROOT / "idl/linux/pv_ops.pvi").read_text()
    matches = re.finditer(r"(?ms)^ *op [^;{]*?(\w+)\(.*?\n    +}$", text)
    return {m[1]: m[0] for m in matches}


def is_void(slot: dict) -> bool:
    """Has the op no result?"""
    return declarations()[slot["op"].split(".")[-1]].lstrip().startswith("op void")


def is_noinstr(slot: dict) -> bool:
    """Must it not be instrumented?"""
    return re.search("context[^;]*noinstr", declarations()[slot["op"].split(".")[-1]]) is not None


def copied_table(slot: dict) -> str:
    """The table from which the op's only target of a backend comes; "" if there is none."""
    for target in slot["targets"]:
        own = [t for t in slot["targets"] if t["backend"] == target["backend"]]
        if " copying " in target["source"] and len(own) == 1 and target["function"] != "nothing":
            return target["source"].split(" copying ")[1]
    return ""


def has_signature(kernel: Kernel, i: int) -> bool:
    """Is the native function one of its own, and of C?"""
    data = kernel.path.read_bytes()
    types = Types(bytearray(data), kernel.elf.get_section_by_name(".BTF")["sh_offset"])
    name = behind(native(kernel.slots[i]))
    return name in types.functions and not is_shared(kernel, kernel.slots[i])


# ---- kinds of defects: which ops, and what is done to them ----


def plant_null(kernel: Kernel, chosen: list[int]) -> None:
    """Tables that are copied have nothing for them."""
    for i in chosen:
        kernel.put(copied_table(kernel.slots[i]), i, 0)


def plant_signature(kernel: Kernel, chosen: list[int]) -> None:
    """Their functions get the signature of one with another number of parameters."""

    def change(types: Types) -> None:
        known = [behind(native(s)) for s in kernel.slots if behind(native(s)) in types.functions]
        for i in chosen:
            name = behind(native(kernel.slots[i]))
            count = types.parameters(name)
            other = next(n for n in known if types.parameters(n) not in (0, count))
            types.change(name, types.signature(other))

    kernel.put_types(change)


def plant_idle(kernel: Kernel, chosen: list[int]) -> None:
    """Their functions return at once."""
    for i in chosen:
        kernel.write(kernel.symbols[behind(native(kernel.slots[i]))], RETURN)


def plant_instrumented(kernel: Kernel, chosen: list[int]) -> None:
    """Their slots hold a function that is instrumented."""
    others = [s for s in kernel.slots if not is_noinstr(s) and not is_shared(kernel, s)]
    loud = kernel.symbols[native(others[0])]
    for i in chosen:
        kernel.put("pv_ops", i, loud)


def plant_site(kernel: Kernel, chosen: list[int]) -> None:
    """The first record of each is said to be of the next op."""
    section = kernel.elf.get_section_by_name(".parainstructions")
    data = section.data()
    for i in chosen:
        at = next(at for at in range(0, len(data), RECORD) if data[at + 8] == i)
        kernel.write(section["sh_addr"] + at + 8, bytes([(i + 1) % len(kernel.slots)]))


Can = Callable[[Kernel, int], bool]
KINDS: dict[str, tuple[Can, Callable[[Kernel, list[int]], None]]] = {
    "null-slot": (lambda k, i: bool(copied_table(k.slots[i])), plant_null),
    "slot-signature": (has_signature, plant_signature),
    "kept-call": (lambda k, i: is_void(k.slots[i]) and not is_shared(k, k.slots[i]), plant_idle),
    "slot-instrumented": (lambda k, i: is_noinstr(k.slots[i]), plant_instrumented),
    "site-slot": (lambda k, i: k.slots[i]["sites"] > 0 and i + 1 < len(k.slots), plant_site),
}  # fmt: skip


def plant(kernel: Kernel, before: set[Finding], name: str, dice: random.Random) -> bool:
    """Plant defects of a kind in a copy; was each found, and nothing that was not planted?"""
    can, do = KINDS[name]
    wrong = {op for found, op in before if found == name}
    possible = [i for i, s in enumerate(kernel.slots) if can(kernel, i) and s["op"] not in wrong]
    chosen = sorted(dice.sample(possible, min(DRAWN, len(possible))))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(copyfile(kernel.path, Path(directory) / "vmlinux"))
        do(replace(kernel, path=path), chosen)
        after, _ = verify(path)
    shift = 1 if name == "site-slot" else 0
    planted = {(name, kernel.slots[i + shift]["op"]) for i in chosen}
    others = {f for f in after - before - planted if f[0] == name}
    found = (planted & after) - before
    print(f"{name}: {len(planted)} planted, {len(found)} found, {len(others)} others")
    print("    " + " ".join(op for _, op in sorted(planted)), flush=True)
    return found == planted and not others


def main() -> int:
    """All kinds."""
    dice = random.Random(sys.argv[2] if len(sys.argv) > 2 else "linux")
    kernel, before = read(Path(sys.argv[1]))
    return 0 if all([plant(kernel, before, name, dice) for name in KINDS]) else 1


if __name__ == "__main__":
    sys.exit(main())
