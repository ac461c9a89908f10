"""All that VMI's page is about, executed: boots of one guest, calls that ROMs counted, sizes, ROMs
that are not as they should be.

What comes out is data that JSON can hold; vmi_verdict.py judges it, vmi_page.py shows it.
"""

import hashlib
import json
import re
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import figures
import judgement
import machine
import manifest
import mutant
import rom_faults
import rom_trace
from elftools.elf.elffile import ELFFile
from machine import Boot

BUILD, ROOT = figures.BUILD, machine.ROOT
GUEST = machine.GUESTS["i386"]
ENVIRONMENTS = tuple(machine.environments("i386"))
WITH_ROM = tuple(name for name in ENVIRONMENTS if rom_trace.rom_of(name))
ROMS = tuple(dict.fromkeys(rom_trace.rom_of(name).stem for name in WITH_ROM))
INTERFACE = [ROOT / "idl/pv" / name for name in ("native.pvi", "pv.pvi")]

Row = dict[str, Any]


def sha256(path: Path) -> str:
    """Of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ---- what is described ----


def description(rom: str) -> dict[str, Any]:
    """The manifest of a ROM and of its abi."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "manifest.json")
        command = [BUILD / "pvgen", "build", "--arch=i386", f"--emit=manifest:{path}"]
        subprocess.run([*command, *INTERFACE, f"idl/rom/{rom}.pvi"], cwd=ROOT, check=True)
        return json.loads(path.read_text())


def named(rows: list[Row], name: str) -> Row:
    """The one of this name."""
    return next(row for row in rows if row["name"] == name)


def permitted(call: Row) -> list[str]:
    """What a ROM may answer."""
    own = call.get("relocations") or ["jump" if call.get("kind") == "jump" else "call"]
    return [*(["none"] if call.get("optional") else []), *own]


# ---- boots ----


def boot_row(environment: str, seen: Boot) -> Row:
    """What became of one."""
    rom, console = rom_trace.rom_of(environment), seen.console
    backend, hypervisor = console.backends[0] if console.backends else (None, None)
    passed, failed = console.counted
    xen = re.search(r"^\(XEN\) Xen version ([^)]*\))", seen.log, re.MULTILINE)
    return {
        "environment": environment,
        "rom": rom and rom.name,
        "rom_sha256": rom and sha256(rom),
        "sha256": seen.image_sha256,
        "cpus": machine.CPUS[environment],
        "backend": backend,
        "hypervisor": hypervisor,
        "passed": passed,
        "failed": failed,
        "failures": [test.name for test in console.failures],
        "obstacles": seen.obstacles,
        "refused": [f"{each.part}: {each.reason}" for each in console.rom_refusals],
        "unused": [f"{call}: {reason}" for call, reason in console.rom_unused.items()],
        "xen": xen.group(1) if xen else None,
    }


def traced(environment: str) -> tuple[Boot, dict[str, int]]:
    """The boot by the ROM that counts."""
    with tempfile.TemporaryDirectory() as folder:
        return rom_trace.run(environment, Path(folder))


# ---- calls and ops ----


def answer(call: Row, seen: Boot) -> str:
    """What the ROM has said; the guest takes a jump where nothing else is permitted."""
    said = seen.console.rom_calls.get(call["name"], "unknown")
    return "jump" if said == "call" and "call" not in permitted(call) else said


def call_row(call: Row, roms: dict[str, Row], runs: dict[str, tuple[Boot, dict[str, int]]]) -> Row:
    """A call of the abi: how each ROM does it, what each boot has made of it."""
    name = call["name"]
    lines = {rom: named_line(told, name) for rom, told in roms.items()}
    return {
        "name": name,
        "number": call["number"],
        "permitted": permitted(call),
        "ways": {rom: line["way"] for rom, line in lines.items()},
        "reasons": {
            rom: line["code"].strip('"') for rom, line in lines.items() if line["way"] == "none"
        },
        "answers": {where: answer(call, seen) for where, (seen, _) in runs.items()},
        "made": {where: made[name] for where, (_, made) in runs.items()},
        "must": [
            where
            for where, (seen, _) in runs.items()
            if name in rom_trace.must_be_made(seen.console)
        ],
    }


def named_line(rom: Row, call: str) -> Row:
    """What the ROM's description says of a call."""
    return next(line for line in rom["lines"] if line["call"] == call)


def bindings() -> Iterator[tuple[int, int, bool, str]]:
    """Of the guest itself: op, call, whether it is nothing but the call, the function between."""
    layout = struct.Struct("<HH?xxxI")
    with GUEST.open("rb") as stream:
        elf = ELFFile(stream)
        symbols = list(elf.get_section_by_name(".symtab").iter_symbols())
        functions = {each["st_value"]: each.name for each in symbols if each.name}
        (table,) = (each for each in symbols if each.name == "pvgen_bindings")
        section = elf.get_section(table["st_shndx"])
        start = table["st_value"] - section["sh_addr"]
        data = section.data()[start : start + table["st_size"]]
    for op, call, whole, function in layout.iter_unpack(data):
        yield op, call, whole, functions[function] if function else ""


def style(whole: bool, function: str, call: Row) -> str:
    """How pvgen has bound an op to its call."""
    if not whole:
        return "probe"
    if function:
        return "wrap"
    return "patch only" if permitted(call)[-1] == "jump" else "fill"


def op_rows(calls: list[Row], boots: dict[str, Boot]) -> list[Row]:
    """Each op that a call does, with what its sites have become."""
    names, numbers = manifest.by_slot("i386"), {call["number"]: call for call in calls}
    return [
        {
            "name": names[op],
            "call": numbers[call]["name"],
            "style": style(whole, function, numbers[call]),
            "function": function,
            "forms": {where: seen.form(names[op]) for where, seen in boots.items()},
        }
        for op, call, whole, function in bindings()
    ]


# ---- sizes ----


def units(image: Path) -> list[str]:
    """Files that an image was made of, as its debug information has them."""
    with image.open("rb") as stream:
        found = ELFFile(stream).get_dwarf_info().iter_CUs()
        return [unit.get_top_DIE().attributes["DW_AT_name"].value.decode() for unit in found]


def with_headers(image: Path, objects: str) -> set[str]:
    """The same, with what they include."""
    found = set(units(image))
    for unit in list(found):
        rule = (BUILD / objects / f"{unit}.d").read_text().split(":\n")[0].split(": ")[1]
        found |= set(rule.replace("\\\n", " ").split())
    return found


# By what, where files are of which kind.
KINDS = {"idl/": "described", "generated/": "generated", "backends/": "hand-written"}


def files(paths: Iterable[str]) -> list[Row]:
    """With their lines, all of them."""
    return [
        {"path": path, "kind": kind, "lines": len((ROOT / path).read_text().splitlines())}
        for path in sorted(paths)
        for prefix, kind in KINDS.items()
        if path.startswith(prefix)
    ]


def parts() -> list[Row]:
    """Both halves: what each is made of beside the abi, which they share."""
    found = []
    for rom in ROMS:
        image = BUILD / f"{rom}.rom.elf"
        made = {f"idl/rom/{rom}.pvi"} | with_headers(image, "rom")
        # What stands beside the code is generated too, for its callers.
        made = {path for path in made if f"generated/i386/{rom}." in path or path[:4] != "gene"}
        found.append({"name": f"{rom}.rom", "bytes": image.with_suffix("").stat().st_size,
                      "files": files(made)})
    guest = {"idl/pv/vmi_guest.pvi"} | {
        path for path in with_headers(GUEST, "guest32")
        if path.startswith("backends/vmi/") or "/vmi_guest." in path or path.endswith("/vmi.h")
    }
    return [{"name": "the guest's backend", "bytes": None, "files": files(guest)}, *found,
            {"name": "what both share", "bytes": None, "files": files(["idl/abi/vmi.pvi"])}]


# ---- ROMs that are not as they should be ----


def guest_row(fault: rom_faults.Fault) -> Row:
    """Of our guest's table."""
    with tempfile.TemporaryDirectory() as folder:
        seen = rom_faults.outcome(fault.boot(Path(folder)), fault.op)
    return {"table": "guest", "part": fault.part, "name": fault.name,
            "expected": fault.expected, "seen": seen, "good": seen == fault.expected}


def consumer_row(each: mutant.Mutant) -> Row:
    """Of the kernel that takes ROMs as Linux did."""
    with tempfile.TemporaryDirectory() as folder:
        rom = each.make(rom_faults.ROM.read_bytes(), Path(folder))
        seen = judgement.judge(rom, each.words)
    says = each.says if seen.said(each.says) else ""
    good = fnmatch(seen.outcome, each.outcome) and seen.said(each.says) and not seen.timed_out
    return {"table": "consumer", "part": "as Linux did", "name": each.name,
            "expected": "; ".join(filter(None, [each.outcome, each.says])),
            "seen": "; ".join(filter(None, [seen.outcome, says])),
            "good": good}


# Where the same kernel judges a ROM.
JUDGED = {"vmi_native": judgement.BARE, "vmi_xen": judgement.XEN}


def judged(rom: str) -> dict[str, str]:
    """What it says of each call."""
    seen = judgement.judge(BUILD / f"{rom}.rom", "judge sysenter", environment=JUDGED[rom])
    return {
        name: "good" if verdict.good else "none" if verdict.reloc == "none" else
        ", ".join([*sorted(verdict.broken), verdict.meaning])
        for name, verdict in seen.verdicts.items()
    }


# ---- all of it ----


def measure() -> Row:
    """Boot everything, as many at a time as machines may run."""
    seen = dict(zip(ENVIRONMENTS, figures.in_turn(machine.run, ENVIRONMENTS), strict=True))
    runs = dict(zip(WITH_ROM, figures.in_turn(traced, WITH_ROM), strict=True))
    told = {rom: description(rom) for rom in ROMS}
    abi = next(iter(told.values()))
    calls = [call for call in named(abi["abis"], "vmi")["calls"] if not call.get("fixed")]
    ops = op_rows(calls, seen)
    boots = [boot_row(environment, boot) for environment, boot in seen.items()]
    return {
        "format": 1,
        "made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "software": figures.software(boots, GUEST),
        "guest": {"name": GUEST.name, "sha256": sha256(GUEST)},
        "boots": boots,
        "traced": [boot_row(environment, boot) for environment, (boot, _) in runs.items()],
        "calls": [
            call_row(call, {rom: named(told[rom]["roms"], rom) for rom in ROMS}, runs)
            for call in calls
        ],
        "ops": ops,
        "bare_ops": sorted(set(manifest.names("i386")) - {op["name"] for op in ops}),
        "judged": dict(zip(ROMS, figures.in_turn(judged, ROMS), strict=True)),
        "sizes": parts(),
        "mutants": [
            *figures.in_turn(guest_row, rom_faults.FAULTS),
            *figures.in_turn(consumer_row, mutant.MUTANTS),
        ],
    }
