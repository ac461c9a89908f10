"""All that the report is about, measured: counts, the guest's own tests, sites, time, versions.

What comes out is data that JSON can hold; verdict.py judges it, report_page.py shows it.
"""

import hashlib
import json
import platform
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cost
import forms
import machine
import manifest
from cost import Cost, Measured
from elftools.elf.elffile import ELFFile
from image import Image

BUILD = machine.ROOT / "build"
TOGETHER = 2  # machines that run at the same time


@dataclass(frozen=True)
class Column:
    """One way to run the guest whose instructions are counted."""

    name: str
    label: str
    environment: str
    guest: str
    blob: str | None

    def measure(self) -> Measured:
        """Boot it once and count."""
        return cost.measure(self.environment, BUILD / self.guest, blob_path(self.blob))


DIRECT, BINARY = "guest.elf", "guest-blob.elf"
COLUMNS = (
    Column("xen", "Xen PV, direct", "xen-pv", DIRECT, None),
    Column("xen_blob", "Xen PV, binary interface", "xen-pv", BINARY, machine.BLOBS["xen-pv"]),
    Column("bare", "bare, direct", "bare", DIRECT, None),
    Column("bare_blob", "bare, binary interface", "bare", BINARY, machine.BLOBS["bare"]),
)


def blob_path(name: str | None) -> Path | None:
    """Of a backend's blob."""
    return BUILD / f"{name}.blob" if name else None


def in_turn(work: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
    """As many at a time as machines may run."""
    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(work, things))


# ---- instructions ----


def counts(runs: list[Cost | None]) -> list[dict[str, int]] | None:
    """Of one thing, boot by boot; None if a boot has no number."""
    if None in runs:
        return None
    return [
        {"guest": run.guest, "padding": run.padding, "hypervisor": run.hypervisor}
        for run in runs
        if run
    ]


def rows(
    names: Iterable[str],
    measured: dict[str, list[Measured]],
    get: Callable[[Measured], dict[str, Cost]],
) -> list[dict[str, Any]]:
    """A row for each name, with what each column's boots counted."""
    return [
        {
            "name": name,
            "counts": {
                column: counts([get(boot).get(name) for boot in boots])
                for column, boots in measured.items()
            },
        }
        for name in names
    ]


def op_rows(measured: dict[str, list[Measured]]) -> list[dict[str, Any]]:
    """The same of ops, with what is at their sites, and why there is no number."""
    found = rows(manifest.names(), measured, lambda boot: boot.costs)
    for row in found:
        first = {column: boots[0] for column, boots in measured.items()}
        row["forms"] = {column: boot.boot.form(row["name"]) for column, boot in first.items()}
        row["bytes"] = {
            column: next((op.site_bytes for op in boot.boot.console.ops if op.op == row["name"]), 0)
            for column, boot in first.items()
        }
        row["uncounted"] = next(
            (boot.unknown[row["name"]] for boot in first.values() if row["name"] in boot.unknown),
            None,
        )
    return found


def sites(measured: dict[str, list[Measured]]) -> dict[str, dict[str, int]]:
    """How many of a guest's sites have become what."""
    slots = manifest.by_slot()
    return {
        column.name: dict(
            Counter(
                measured[column.name][0].boot.form(slots[site.op])
                for site in Image(BUILD / column.guest).sites
            )
        )
        for column in COLUMNS
    }


# ---- the guest's own tests ----


def suite_row(environment: str, guest: str) -> dict[str, Any]:
    """What became of one boot with all tests."""
    blob = machine.BLOBS[environment] if guest == BINARY else None
    boot = machine.run(environment, BUILD / guest, blob=blob_path(blob))
    backend, hypervisor = boot.console.backends[0] if boot.console.backends else (None, None)
    passed, failed = boot.console.counted
    version = re.search(r"^\(XEN\) Xen version ([^)]*\))", boot.log, re.MULTILINE)
    return {
        "environment": environment,
        "guest": guest,
        "blob": blob,
        "sha256": boot.image_sha256,
        "cpus": machine.CPUS[environment],
        "backend": backend,
        "hypervisor": hypervisor,
        "passed": passed,
        "failed": failed,
        "obstacles": boot.obstacles,
        "failures": [test.name for test in boot.console.failures],
        "refusals": len(boot.console.refusals) + len(boot.console.blobs),
        "xen": version.group(1) if version else None,
    }


def suite() -> list[dict[str, Any]]:
    """Both guests on all machines."""
    return in_turn(
        lambda pair: suite_row(*pair),
        [
            (environment, guest)
            for guest in (DIRECT, BINARY)
            for environment in machine.BLOBS
        ],
    )


def blob_row(name: str) -> dict[str, Any]:
    """The file."""
    data = (BUILD / f"{name}.blob").read_bytes()
    return {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


# ---- what it was measured with ----


def said(*words: str | Path) -> str:
    """The first line that a program prints, or that there is no such program."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.splitlines()[0].strip()


def compiler(image: Path) -> str:
    """As the image's own debug information has it, with the options."""
    with image.open("rb") as stream:
        for unit in ELFFile(stream).get_dwarf_info().iter_CUs():
            producer = unit.get_top_DIE().attributes["DW_AT_producer"].value.decode()
            if producer.startswith("GNU C"):
                return producer
    return "unknown"


def software(tests: list[dict[str, Any]], guest: Path) -> dict[str, str]:
    """Names with versions."""
    return {
        "pvgen": said(BUILD / "pvgen", "--version"),
        "QEMU": said("qemu-system-x86_64", "--version"),
        "Xen": next((row["xen"] for row in tests if row["xen"]), "unknown"),
        "gcc": said("gcc", "--version"),
        "guest compiled by": compiler(guest),
        "host kernel": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
    }


def hardware() -> dict[str, str]:
    """What lscpu says that matters to time."""
    done = subprocess.run(
        ["lscpu"],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    fields = dict(re.findall(r"^ *([^:]+): +(.+)$", done.stdout, re.MULTILINE))
    names = (
        "Model name",
        "Vendor ID",
        "CPU family",
        "Model",
        "Stepping",
        "CPU(s)",
        "Hypervisor vendor",
    )
    return {name: fields[name] for name in names if name in fields}


def call_forms(runs: int, processes: int) -> list[dict[str, Any]]:
    """Ticks of each form of a site."""
    return forms.rows(forms.measure(BUILD / "bench/forms", runs, processes))


def measure(boots: int, runs: int, processes: int) -> dict[str, Any]:
    """All of it.  Time comes last, when no machine of ours runs any more."""
    seen = in_turn(Column.measure, [column for column in COLUMNS for _ in range(boots)])
    measured = {
        column.name: seen[at * boots : (at + 1) * boots] for at, column in enumerate(COLUMNS)
    }
    tests = suite()
    return {
        "format": 1,
        "made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "scale": {"boots": boots, "runs": runs, "processes": processes},
        "hardware": hardware(),
        "software": software(tests, BUILD / BINARY),
        "columns": [asdict(column) for column in COLUMNS],
        "obstacles": {
            name: sorted({text for boot in found for text in boot.boot.obstacles})
            for name, found in measured.items()
        },
        "blobs": [blob_row(name) for name in dict.fromkeys(machine.BLOBS.values())],
        "suite": tests,
        "workloads": rows(cost.WORKLOADS.values(), measured, lambda boot: boot.workloads),
        "steps": rows(cost.STEPS.values(), measured, lambda boot: boot.steps),
        "ops": op_rows(measured),
        "sites": sites(measured),
        "forms": call_forms(runs, processes),
    }


def write(figures: dict[str, Any], path: Path) -> None:
    """As JSON."""
    path.write_text(json.dumps(figures, indent=1) + "\n")
