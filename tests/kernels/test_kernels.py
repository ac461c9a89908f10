"""Debian's kernels, imported and compared as they are shipped.

Which point releases there are changes with time: layouts are those of the series, whatever the
number behind it.  By default three small images are downloaded; KERNELS=all takes all flavours.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import combinations
from pathlib import Path

import layout
import pytest
from layout import Slot
from tool import FINE, INPUT, PVGEN, ROOT, run

pytestmark = pytest.mark.slow

SUITE = "bookworm"
CLOUD = {
    "6.1": r"linux-image-6\.1\.0-[0-9]+-cloud-amd64",
    "6.12": r"linux-image-6\.12\.[0-9]+\+deb12-cloud-amd64",
}
OTHERS = {
    ("6.1", "amd64"): r"linux-image-6\.1\.0-[0-9]+-amd64",
    ("6.1", "rt"): r"linux-image-6\.1\.0-[0-9]+-rt-amd64",
    ("6.12", "amd64"): r"linux-image-6\.12\.[0-9]+\+deb12-amd64",
}
ALL = os.environ.get("KERNELS") == "all"

# The op that a function of assembly hides in each series, and those whose functions differ.
HIDDEN = {
    "6.1": {"irq.irq_disable", "irq.irq_enable", "lock.vcpu_is_preempted"},
    "6.12": {"irq.irq_disable", "irq.irq_enable", "mmu.read_cr2", "lock.vcpu_is_preempted"},
}


# ---- images ----


def version_key(name: str) -> list[int]:
    """Names of packages in the order of their versions."""
    return [int(n) for n in re.findall(r"\d+", name)]


@cache
def oldest(series: str) -> str:
    """The package of the first point release that there still is."""
    names = subprocess.run(["apt-cache", "pkgnames"], capture_output=True, text=True, check=True)
    found = [n for n in names.stdout.split() if re.fullmatch(CLOUD[series], n)]
    return re.escape(min(found, key=version_key))


@cache
def image(pattern: str) -> Path:
    """The kernel of the newest package whose name matches."""
    command = ["sh", ROOT / "tests/download.sh", SUITE, pattern, "./boot/vmlinuz-*"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    (found,) = Path(result.stdout.strip()).glob("boot/vmlinuz-*")
    return found


def images(series: str) -> list[Path]:
    """The images of a series that are looked at: point releases and flavours."""
    patterns = [CLOUD[series]]
    if series == "6.1" or ALL:
        patterns.append(oldest(series))
    if ALL:
        patterns += [p for (s, _), p in OTHERS.items() if s == series]
    return list(dict.fromkeys(image(p) for p in patterns))


SERIES = sorted(CLOUD)


def recovered(path: Path, folder: Path) -> Path:
    """Its description, which is one as people write them."""
    target = folder / f"{path.name}.pvi"
    result = run("import", "-o", str(target), str(path), cwd=folder)
    assert (result.status, result.err) == (FINE, "")
    for command in (("check",), ("fmt", "--check")):
        result = run(*command, target.name, cwd=folder)
        assert (result.status, result.err, result.out) == (FINE, "", b"")
    return target


def model_of(description: Path) -> dict:
    """The model, as pvgen tells it."""
    out = run("build", "--emit=manifest:-", description.name, cwd=description.parent).out
    return json.loads(out)["interfaces"][0]


def diff(folder: Path, old: Path, new: Path) -> tuple[int, dict]:
    """The status, and the report."""
    result = run("diff", "--format=json", str(old), str(new), cwd=folder)
    assert result.err == "", result.err
    return result.status, json.loads(result.out)


def changes(report: dict) -> Counter[tuple[str, str]]:
    """Rules and elements, but for what one side alone tells."""
    found = ((c["rule"], c["element"]) for c in report["changes"])
    return Counter(c for c in found if c[0] != "PV-BIN-NOEVIDENCE")


# ---- layouts ----


@pytest.mark.parametrize("series", SERIES)
def test_layout(series: str, tmp_path: Path) -> None:
    """Each slot is where others have measured it, and has their types."""
    slots = layout.read(series)
    for path in images(series):
        description = recovered(path, tmp_path)
        ops = model_of(description)["ops"]
        assert [(op["slot"] * 8, op["name"]) for op in ops] == [(s.offset, s.path) for s in slots]
        text = description.read_text()
        for op, slot in zip(ops, slots, strict=True):
            assert re.search(rf"\bop .*\b{slot.name}\(.*// 0x{slot.offset:03x}\b", text, re.S)
            check_op(op, slot, series)
        assert f", {slots[-1].offset + 8} bytes, {len(slots)} ops\n" in text


def check_op(op: dict, slot: Slot, series: str) -> None:
    """What is recovered of an op: as the layout has it, where it has it."""
    assert op["clobbers"] == (["flags"] if slot.is_narrow else ["normal"]), slot.path
    assert op["unknown"] == (["signature"] if slot.path in HIDDEN[series] else []), slot.path
    if not slot.is_narrow:
        result, types = slot.result_and_types()
        told = [p["type"] for p in op["parameters"]]
        assert (op["result"]["type"], told) == (result, types), slot.path


# ---- differences ----


@pytest.mark.parametrize("series", SERIES)
def test_silent(series: str, tmp_path: Path) -> None:
    """Point releases and flavours differ in nothing, and it is said what was not looked at."""
    found = images(series)
    for old, new in [*combinations(found, 2), (found[0], found[0])]:
        status, report = diff(tmp_path, old, new)
        assert (status, report["changes"], report["tables"]) == (FINE, [], [])
        assert {u["property"] for u in report["unknown"]} >= {"native", "default", "signature"}
        signatures = {u["element"] for u in report["unknown"] if u["property"] == "signature"}
        assert signatures == {f"pv.{path}" for path in HIDDEN[series]}
        assert not any(u["told"]["old"] or u["told"]["new"] for u in report["unknown"])
        text = run("diff", str(old), str(new), cwd=tmp_path).out.decode()
        assert text.startswith("no change in what both sides tell: ") and "not compared" in text


def test_next_series(tmp_path: Path) -> None:
    """From 6.1 to 6.12 two ops became one."""
    status, report = diff(tmp_path, images("6.1")[0], images("6.12")[0])
    assert status == INPUT and report["verdict"]["module"] == "silent"
    assert changes(report) == Counter(
        {
            ("PV-OPS-DEL-MID", "pv.mmu.activate_mm"): 1,
            ("PV-OPS-DEL-MID", "pv.mmu.dup_mmap"): 1,
            ("PV-OPS-ADD-MID", "pv.mmu.enter_mmap"): 1,
        }
    )
    (table,) = report["tables"]
    assert table["slots"] == {"old": 84, "new": 83} and table["moved"] == {"0": 46, "-8": 36}
    alone = [c["element"] for c in report["changes"] if c["rule"] == "PV-BIN-NOEVIDENCE"]
    assert alone == [f"pv.{path}" for path in sorted(HIDDEN["6.12"] - HIDDEN["6.1"])]


def test_series_before(tmp_path: Path) -> None:
    """5.10 is known by its layout alone, which as a description is compared with an image."""
    old = tmp_path / "5.10.pvi"
    old.write_text(layout.description(layout.read("5.10")))
    status, report = diff(tmp_path, old, images("6.1")[0])
    assert status == INPUT
    gone = {"init.patch", "time.sched_clock", "time.steal_clock", "cpu.iret", "irq.restore_fl"}
    gone.add("mmu.flush_tlb_others")
    new = {"mmu.notify_page_enc_status_changed", "mmu.p4d_val", "mmu.make_p4d", "mmu.set_pgd"}
    expected = {("PV-OPS-DEL-MID", f"pv.{path}"): 1 for path in gone}
    expected |= {("PV-OPS-ADD-MID", f"pv.{path}"): 1 for path in new}
    expected |= {("PV-OPS-SLOT-REUSE", "pv.mmu.flush_tlb_multi"): 1}
    assert changes(report) == Counter(expected)
    (table,) = report["tables"]
    assert table["slots"] == {"old": 85, "new": 84}
    assert table["moved"] == {"-24": 28, "-32": 33, "-40": 9, "-8": 9}


@pytest.mark.parametrize("series", SERIES)
def test_layout_against_image(series: str, tmp_path: Path) -> None:
    """The layout as a description and the image differ in what only the image tells."""
    old = tmp_path / "old.pvi"
    old.write_text(layout.description(layout.read(series)))
    status, report = diff(tmp_path, old, images(series)[0])
    assert (status, changes(report), report["tables"]) == (FINE, Counter(), [])


def test_description_against_image(tmp_path: Path) -> None:
    """Linux 6.1 as it is described here has the ops of the image, slot for slot."""
    status, report = diff(tmp_path, ROOT / "idl/linux/pv_ops.pvi", images("6.1")[0])
    assert status == INPUT and report["tables"] == []
    # The kernel's own numbers are unsigned long, which is u64 in the description.
    rules = {rule for rule, _ in changes(report)}
    assert rules <= {"PV-PAR-DISTINCT-SAMESIZE", "PV-STR-RETYPE", "PV-TYP-CHANGE", "PV-PAR-TYPEDEF"}
    assert all(u["told"] == {"old": True, "new": False} for u in report["unknown"])


# ---- cost ----


# A process begins with the memory of the one that started it, so that one has to be small.
LAUNCHER = """
import os, sys
_, status, usage = os.wait4(os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


def test_cost(tmp_path: Path) -> None:
    """A shipped kernel is imported in less than 1.5 seconds and 300 MiB."""
    for series in SERIES:
        command = [PVGEN, "import", "-o", tmp_path / "out.pvi", images(series)[0]]
        said = subprocess.run([sys.executable, "-c", LAUNCHER, *command], stdout=subprocess.PIPE)
        status, seconds, memory = map(float, said.stdout.split())
        assert status == FINE and seconds < 1.5 and memory < 300 * 1024, said.stdout
