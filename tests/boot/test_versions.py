"""Older and newer kernels with older and newer blobs: what becomes of each pair is what pvgen diff says.

The newer interface is idl/pv with one change.  A kernel and the blobs of each
version are built once; a module, as diff calls it, is what was built for the
other version: of an old kernel with a new blob, the kernel.
"""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import machine
import pytest
from variant import Change, build, describe

FIRST = machine.ROOT / "build"
TARGETS = ("guest-blob.elf", "native.blob", "xen_pv.blob")

STEAL = """\
    op u64 steal_clock(unsigned int cpu) {
        context late;
        default zero;
    }
"""
HALT = """\
    /// Sleep until an interrupt comes; for ever if they are disabled.
    op void halt(void) {
        native x86_64 "hlt";
        native i386   "hlt";
    }
"""
ENABLE = "    /// Interrupts arrive from here on; what is pending arrives now.\n"

# Where a new op is bound: behind this line of each backend.
BOUND = {"native.pvi": ("time.sched_clock    call native_sched_clock;", "native_tsc_read"),
         "xen_pv.pvi": ("time.sched_clock       call xen_pv_sched_clock;", "xen_clock_read"),
         "xen_pvh.pvi": ("time.sched_clock    call xen_pv_sched_clock;", "xen_clock_read")}


def version(number: str) -> Change:
    """The interface says this version."""
    return "pv.pvi", "interface pv version 1.0 {", f"interface pv version {number} {{"


def new_op(default: str) -> list[Change]:
    """A minor version more, with an op in a spare slot."""
    op = f"    op u64 uptime(void) {{\n        since 1.1;\n{default}    }}\n    spare 1;\n"
    bound = [(name, line, f"{line}\n    time.uptime call {function};") for name, (line, function) in BOUND.items()]
    return [version("1.1"), ("pv.pvi", f"{STEAL}    spare 2;\n", f"{STEAL}{op}"), *bound]


CHANGES = {
    "an op with a default": new_op("        default zero;\n"),
    "an op without a default": new_op(""),
    "an op moved": [version("2.0"), ("pv.pvi", HALT, ""), ("pv.pvi", ENABLE, HALT + ENABLE)],
}


@dataclass(frozen=True)
class Side:
    """One version of the interface: its description, and what was built of it."""
    idl: Path
    build: Path


@pytest.fixture(scope="session")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Side]:
    """The newer version with a change, built once per worker."""

    @cache
    def make(change: str) -> Side:
        folder = tmp_path_factory.mktemp("newer")
        idl = describe(folder, CHANGES[change])
        return Side(idl, build(folder, *TARGETS))

    return make


def module_rules(old: Path, new: Path) -> dict[str, tuple[str, str]]:
    """What pvgen diff says of modules: by rule the verdict, and what it is about."""
    done = subprocess.run([FIRST / "pvgen", "diff", "--gate=none", "--format=json", old, new],
                          capture_output=True, text=True, check=True)
    return {change["rule"]: (change["audiences"]["module"], change["element"])
            for change in json.loads(done.stdout)["changes"]}


def expected(kernel: Side, blob: Side) -> str:
    """Which refusal the changes from the kernel's version to the blob's mean; "" for none.

    A removed op is a trap to a module.  A kernel knows better before it starts:
    the op does what its default says, or there is none and the blob is refused.
    """
    rules = module_rules(kernel.idl, blob.idl)
    if rules.get("PV-VER-BUMP", ("", ""))[0] == "refuse":
        return "is for another major version of the interface"
    if "PV-OPS-DEL-KEEP" in rules:
        assert rules["PV-OPS-DEL-KEEP"] == ("break", "pv.time.uptime")
        return "" if "default zero;\n    }\n    spare 1" in (kernel.idl / "pv.pvi").read_text() else "lacks an op"
    assert {verdict for verdict, _ in rules.values()} <= {"ok", "na"}
    return ""


PAIRS = ("old kernel, old blob", "old kernel, new blob", "new kernel, old blob", "new kernel, new blob")


@pytest.mark.parametrize("environment,blob", [("bare", "native"), ("xen-pv", "xen_pv")])
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("change", CHANGES)
def test_pair(newer: Callable[[str], Side], change: str, pair: str, environment: str, blob: str) -> None:
    """It passes everything, or is refused with the reason, and bare hardware then goes on without."""
    old = Side(machine.ROOT / "idl/pv", FIRST)
    kernel, supplied = (newer(change) if "new" in word else old for word in pair.split(", "))
    seen = machine.run(environment, kernel.build / "guest-blob.elf", blob=supplied.build / f"{blob}.blob")
    reason = expected(kernel, supplied)
    print(f"{change}; {pair}; {environment}: {reason or 'runs'}")
    about = "time.uptime" if reason == "lacks an op" else "none"
    assert not seen.timed_out
    if reason and environment == "xen-pv":
        assert seen.console.blobless == [(about, reason)]
        return
    assert seen.good, (seen.obstacles, seen.console.failures)
    refusals = [(refusal.name, refusal.reason) for refusal in seen.console.blobs]
    assert refusals == ([(about, reason)] if reason else [])


@pytest.mark.parametrize("environment,blob", [("bare", "native"), ("xen-pv", "xen_pv")])
def test_a_default_stands_in(newer: Callable[[str], Side], environment: str, blob: str) -> None:
    """A new kernel's op is a constant with an old blob, and a call with a new one."""
    side = newer("an op with a default")
    forms = [machine.run(environment, side.build / "guest-blob.elf", blob=build / f"{blob}.blob").form("time.uptime")
             for build in (FIRST, side.build)]
    assert forms == ["inline", "call"]
    seen = machine.run(environment, side.build / "guest-blob.elf", "patch=no", blob=FIRST / f"{blob}.blob")
    assert seen.good and "time.uptime.keeps_registers" in {test.name for test in seen.console.tests}


def test_a_longer_template_is_called(tmp_path: Path) -> None:
    """What does not fit into the sites of a kernel that was built before is no reason to refuse it."""
    load = 'native x86_64 "mov %rdi, %cr3";'
    longer = load.replace('";', '"' + ' "nop"' * 5 + ";")
    idl = describe(tmp_path, [("pv.pvi", load, longer)])
    assert module_rules(machine.ROOT / "idl/pv", idl) == {"PV-PAT-BYTES": ("ok", "pv.mmu.write_cr3")}
    seen = machine.run("bare", FIRST / "guest-blob.elf", blob=build(tmp_path, "native.blob") / "native.blob")
    assert seen.good and not seen.console.blobs, (seen.obstacles, seen.console.failures)
    assert seen.form("mmu.write_cr3") == "call"
