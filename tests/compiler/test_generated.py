"""What is committed in generated/ is what pvgen writes today, wherever it runs."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tool import IDL, PVGEN, ROOT, SANITIZED, clean, run, snapshot

BY_HAND = {"README.md"}

# The ops that the reference interface promises at least.
OPS = {
    "cpu": "read_cr0 write_cr0 read_cr4 write_cr4 read_msr write_msr cpuid load_gdt load_idt"
    " load_tr write_gdt_entry write_idt_entry load_sp0 load_tls io_delay",
    "irq": "save_fl restore_fl irq_disable irq_enable safe_halt halt",
    "mmu": "read_cr2 read_cr3 write_cr3 flush_tlb_local flush_tlb_one pte_val make_pte set_pte"
    " set_pmd alloc_pt release_pt lazy_enter lazy_leave",
}

FORMS = {"call", "inline", "nop", "trap"}

# Fields of the manifest and the JSON type of each.
OP_FIELDS = {
    "name": str,
    "slot": int,
    "number": int,
    "table": str,
    "site": str,
    "asm_callable": bool,
    "asm_name": str,
    "tail": bool,
    "frame": str,
    "spare": bool,
    "guard": str,
    "callers": str,
    "prototype": str,
    "result": dict,
    "parameters": list,
    "revision": int,
    "budget": int,
    "native_template": bool,
    "clobbers": list,
    "context": list,
    "since": str,
    "deprecated": str,
    "advice": str,
    "retired": str,
    "unknown": list,
    "default": str,
    "pairs": list,
    "together": list,
    "defer": list,
    "wrapper": dict,
    "templates": list,
    "targets": list,
}
# Fields that may be null.
OPTIONAL = set("table asm_name frame guard callers since deprecated advice retired default wrapper instructions".split())
TARGET_FIELDS = {"backend": str, "form": str, "symbol": str, "inherited": bool, "instructions": int}


# Binary interfaces; beside them stands what one of them can express of another.
ABIS = sorted(p.stem for p in (ROOT / "idl/abi").glob("*.pvi") if "_on_" not in p.stem)

# What there are snapshots of.
SNAPSHOTS = {
    "pv": "idl/pv/*.pvi",
    "linux": "idl/linux/*.pvi",
    **{name: f"idl/abi/{name}.pvi" for name in ABIS},
}


def build(outdir: Path, cwd: Path = ROOT, **how: object) -> dict[str, bytes]:
    """All outputs of the reference interface, and all snapshots."""
    result = run("build", "--outdir", outdir, *IDL, cwd=cwd, **how)
    assert clean(result), result.err
    for name, files in SNAPSHOTS.items():
        request = f"--emit=snapshot:{outdir}/{name}.abi.json"
        inputs = [p.relative_to(cwd) for p in cwd.glob(files)]
        assert clean(run("build", request, *inputs, cwd=cwd, **how))
    return snapshot(outdir)


def committed() -> dict[str, bytes]:
    """generated/ without what people write there, and without other architectures."""
    files = snapshot(ROOT / "generated")
    return {name: text for name, text in files.items() if name not in BY_HAND and "/" not in name}


@pytest.mark.parametrize("tool", (PVGEN, SANITIZED), ids=("plain", "sanitized"))
def test_current(tool: Path, tmp_path: Path) -> None:
    """No file differs, none is missing and none is left over: `make regen`."""
    now, then = build(tmp_path, tool=tool), committed()
    assert now.keys() == then.keys()
    assert [name for name in now if now[name] != then[name]] == []


@pytest.mark.parametrize("tool", (PVGEN, SANITIZED), ids=("plain", "sanitized"))
def test_current_for_i386(tool: Path, tmp_path: Path) -> None:
    """The same of that architecture, which has fewer backends, and ROMs."""
    backends = [path for path in IDL if path.endswith(("/pv.pvi", "/native.pvi", "/vmi_guest.pvi"))]
    roms = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "idl/rom").glob("*.pvi"))
    for inputs in (backends, roms):
        result = run("build", "--arch=i386", "--outdir", tmp_path, *inputs, cwd=ROOT, tool=tool)
        assert clean(result), result.err
    now, then = snapshot(tmp_path), snapshot(ROOT / "generated/i386")
    assert now.keys() == then.keys()
    assert [name for name in now if now[name] != then[name]] == []


def test_all_descriptions_for_i386() -> None:
    """What is for another architecture alone says so, and is left out."""
    result = run("check", "--arch=i386", *IDL, cwd=ROOT)
    assert clean(result), result.err


def test_twice_is_the_same(tmp_path: Path) -> None:
    """The second run neither changes a byte nor writes a file."""
    first = build(tmp_path)
    times = {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    inodes = {p: p.stat().st_ino for p in tmp_path.iterdir()}
    assert build(tmp_path) == first
    assert times == {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    assert inodes == {p: p.stat().st_ino for p in tmp_path.iterdir()}


SURROUNDINGS: dict[str, dict[str, object]] = {
    "locale": {"env": {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"}},
    "C locale": {"env": {"LC_ALL": "C", "TZ": "Pacific/Chatham"}},
    "fixed addresses": {"prefix": ("setarch", "-R"), "tool": PVGEN},
    "random addresses": {"tool": PVGEN},
    "large environment": {"env": {"FILLER": "x" * 100_000}},
    "stdin closed": {"prefix": ("sh", "-c", 'exec "$@" <&-', "sh")},
}


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_same_everywhere(surroundings: str, tmp_path: Path) -> None:
    """Outputs depend on the descriptions only."""
    assert build(tmp_path, **SURROUNDINGS[surroundings]) == committed()


def test_same_from_a_copy(tmp_path: Path) -> None:
    """Neither the directory's name nor the order and age of its files matter."""
    copy = tmp_path / "a copy with blanks"
    shutil.copytree(ROOT / "idl", copy / "idl")
    for path in copy.rglob("*.pvi"):
        os.utime(path, (0, 0))
    assert build(tmp_path / "out", cwd=copy) == committed()


def test_no_absolute_paths() -> None:
    """Where the repository lies is nobody's business."""
    for name, text in committed().items():
        assert str(ROOT).encode() not in text, name


# ---- the manifest ----


@pytest.fixture(scope="module", name="manifest")
def read_manifest() -> dict:
    """generated/pv.json"""
    return json.loads((ROOT / "generated/pv.json").read_text())


def has_fields(thing: dict, fields: dict[str, type]) -> bool:
    """Exactly these fields, each of its type."""
    fits = (type(thing.get(k)) is t or (k in OPTIONAL and thing.get(k) is None) for k, t in fields.items())
    return thing.keys() == fields.keys() and all(fits)


def test_manifest_ops(manifest: dict) -> None:
    """Slots count from 0; each op has a target on each backend."""
    (interface,) = manifest["interfaces"]
    assert interface["name"] == "pv" and interface["version"] == "1.0"
    for slot, op in enumerate(interface["ops"]):
        assert has_fields(op, OP_FIELDS), op
        assert op["slot"] == op["number"] == slot
        assert [t["backend"] for t in op["targets"]] == ["native", "xen_pv", "xen_pvh"]
        for target in op["targets"]:
            assert (target["instructions"] is None) == (target["form"] == "call")
            assert has_fields(target, TARGET_FIELDS), target
            assert target["form"] in FORMS and target["symbol"]


@pytest.mark.parametrize("group", OPS)
def test_manifest_has_the_promised_ops(manifest: dict, group: str) -> None:
    """The reference interface does not lose an op."""
    have = {op["name"] for op in manifest["interfaces"][0]["ops"]}
    assert {f"{group}.{op}" for op in OPS[group].split()} <= have


def test_manifest_abi(manifest: dict) -> None:
    """Calls, constants and layouts of the binary interface."""
    abis = {abi["name"]: abi for abi in manifest["abis"]}
    assert sorted(abis) == ABIS
    abi = abis["xen"]
    calls = {c["name"]: c for c in abi["calls"]}
    assert calls["sched_op"]["number"] == 29
    assert {"name": "block", "number": 1, "params": []} in calls["sched_op"]["subs"]
    assert [p["place"] for p in calls["sched_op"]["params"]] == ["rdi", "rsi"]
    structs = {s["name"]: s for s in abi["structs"]}
    members = {m["name"]: m for m in structs["vcpu_info"]["members"]}
    mask = {"name": "evtchn_upcall_mask", "type": "u8", "offset": 1, "size": 1}
    assert members["evtchn_upcall_mask"] == mask
    assert all(type(c["value"]) is int for c in abi["constants"])


# ---- the binary interfaces' headers ----

# An abi is laid out for x86_64 unless it exists on another architecture only.
TARGETS = {"x86_64": ("-m64", "generated"), "i386": ("-m32", "generated/i386")}


@pytest.mark.parametrize("compiler", ("gcc", "clang"))
@pytest.mark.parametrize("name", ABIS)
def test_header_of_a_binary_interface(name: str, compiler: str, manifest: dict) -> None:
    """It compiles alone, on its architecture: all sizes and offsets are as C lays them out."""
    (layout,) = (abi["layout"] for abi in manifest["abis"] if abi["name"] == name)
    machine, folder = TARGETS[layout]
    command = [compiler, machine, "-ffreestanding", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-xc", "-"]
    done = subprocess.run(
        [*command, f"-I{ROOT}/{folder}"], input=f'#include "{name}.h"\n' * 2, capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
