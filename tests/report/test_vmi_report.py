"""The page on VMI of recorded figures: what it says of them, and of figures that are worse."""

import json
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import machine
import mutant
import pytest
import rom_faults
import vmi_figures
import vmi_page
import vmi_verdict
from test_report import Nesting

HERE = Path(__file__).resolve().parent
RECORDED = json.loads((HERE / "recorded_vmi.json").read_text())

Figures = dict[str, Any]


@pytest.fixture
def figures() -> Figures:
    """A copy to change."""
    return deepcopy(RECORDED)


def shown(figures: Figures) -> Nesting:
    """The page of it, read."""
    seen = Nesting()
    seen.feed(vmi_page.page({**figures, "verdict": vmi_verdict.judge(figures)}))
    return seen


def run(folder: Path, figures: Figures) -> subprocess.CompletedProcess[str]:
    """The command on figures that are there."""
    (folder / "vmi.json").write_text(json.dumps(figures))
    command = [sys.executable, HERE / "vmi_report.py", "--again", "--outdir", folder]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def named(rows: list[dict[str, Any]], name: str, key: str = "name") -> dict[str, Any]:
    """The row of this name."""
    return next(row for row in rows if row[key] == name)


# ---- as recorded ----


def test_recorded_figures_are_good(tmp_path: Path, figures: Figures) -> None:
    """The command succeeds and says so first of all."""
    done = run(tmp_path, figures)
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "vmi.html").read_text()
    beginning = page[page.index("<main>") : page.index("<h2>")]
    assert "Both halves do together what they must." in beginning
    for answer in json.loads((tmp_path / "vmi.json").read_text())["verdict"]["answers"]:
        assert answer in done.stdout


def test_they_are_of_what_is_there(figures: Figures) -> None:
    """Environments and ROMs with one thing changed are those that would be booted now."""
    assert [row["environment"] for row in figures["boots"]] == list(vmi_figures.ENVIRONMENTS)
    assert [row["environment"] for row in figures["traced"]] == list(vmi_figures.WITH_ROM)
    assert list(vmi_page.ENVIRONMENTS) == machine.environments("i386")
    guests = [row for row in figures["mutants"] if row["table"] == "guest"]
    assert [(row["part"], row["name"], row["expected"]) for row in guests] == [
        (fault.part, fault.name, fault.expected) for fault in rom_faults.FAULTS
    ]
    consumer = [row["name"] for row in figures["mutants"] if row["table"] == "consumer"]
    assert consumer == [each.name for each in mutant.MUTANTS]


def test_the_page_is_well_formed_and_has_all(figures: Figures) -> None:
    """It loads nothing; each thing is there by its name, in words."""
    figures["mutants"][0]["seen"] = '<&"'
    seen = shown(figures)
    assert (seen.wrong, seen.open) == ([], [])
    names = [row["name"] for kind in ("calls", "ops", "mutants", "sizes") for row in figures[kind]]
    names += [row["path"] for part in figures["sizes"] for row in part["files"]]
    names += [reason for call in figures["calls"] for reason in call["reasons"].values()]
    assert set(names) <= set(seen.words)
    for op in figures["ops"]:
        assert op["style"] in vmi_page.STYLES and op["function"] in ("", *seen.words)


def test_bindings_of_the_guest_are_as_recorded(figures: Figures) -> None:
    """The guest's own table, read anew: each op has the same call, in the same way."""
    told = vmi_figures.description("vmi_xen")
    calls = {call["number"]: call for call in vmi_figures.named(told["abis"], "vmi")["calls"]}
    found = [(calls[call]["name"], vmi_figures.style(whole, function, calls[call]), function)
             for _op, call, whole, function in vmi_figures.bindings()]
    assert found == [(op["call"], op["style"], op["function"]) for op in figures["ops"]]
    assert {style for _call, style, _function in found} == set(vmi_page.STYLES)


def test_sizes_are_counted(figures: Figures) -> None:
    """Of what was linked: each part has lines of each kind, and each file is one of the tree."""
    found = vmi_figures.parts()
    assert [part["name"] for part in found] == [part["name"] for part in figures["sizes"]]
    for part in found[:-1]:
        assert set(vmi_page.lines_of(part)) == set(vmi_page.SIDES)
    for part in found[1:-1]:
        assert part["bytes"] == (vmi_figures.BUILD / part["name"]).stat().st_size
        paths = [each["path"] for each in part["files"]]
        assert "backends/vmi_rom/bios.S" in paths and not any("vmi_guest" in path for path in paths)


# ---- worse ones ----


def silent(figures: Figures) -> None:
    """A call that an op is bound to is never made."""
    named(figures["calls"], "FlushTLB")["made"]["vmi-xen-i386"] = 0


def from_nowhere(figures: Figures) -> None:
    """A call is made that nothing is bound to."""
    named(figures["calls"], "INL")["made"]["vmi-i386"] = 3


def forbidden(figures: Figures) -> None:
    """An answer that the abi does not permit."""
    named(figures["calls"], "IRET")["answers"]["vmi-i386"] = "nop"


def unbound(figures: Figures) -> None:
    """A site that is still bare hardware's, though the ROM has its call."""
    named(figures["ops"], "mmu.read_cr2")["forms"]["vmi-i386"] = "inline"


def misjudged(figures: Figures) -> None:
    """A call that changes what it may not."""
    figures["judged"]["vmi_xen"]["CLTS"] = "flags, ok"


def unjudged(figures: Figures) -> None:
    """The judge did not come up."""
    figures["judged"]["vmi_xen"] = {}


def failed(figures: Figures) -> None:
    """A test of the guest."""
    named(figures["boots"], "vmi-xen-i386", "environment")["failures"] = ["mmu.x"]


def another(figures: Figures) -> None:
    """Not the same guest."""
    named(figures["boots"], "vmi-i386", "environment")["sha256"] = "0" * 64


def without(figures: Figures) -> None:
    """The ROM was not used."""
    named(figures["boots"], "vmi-i386", "environment")["backend"] = "native"


def nothing_ran(figures: Figures) -> None:
    """As when a machine did not start."""
    figures["boots"][0] |= {"obstacles": ["0 backend lines"], "passed": 0}


def unexpected(figures: Figures) -> None:
    """A changed ROM that is taken."""
    figures["mutants"][2] |= {"seen": "taken", "good": False}


def too_few(figures: Figures) -> None:
    """Hardly any changed ROM was booted."""
    figures["mutants"] = figures["mutants"][-59:]


def too_large(figures: Figures) -> None:
    """More than a ROM may have."""
    named(figures["sizes"], "vmi_xen.rom")["bytes"] = 65537


WORSE: dict[Callable[[Figures], None], list[str]] = {
    silent: ["vmi-xen-i386: FlushTLB must be made, and was made 0 times"],
    from_nowhere: ["vmi-i386: INL was made 3 times, though nothing is bound to it"],
    forbidden: ["vmi-i386: IRET is answered nop, which it does not permit"],
    unbound: ["vmi-i386: mmu.read_cr2 is inline, its call is answered call"],
    misjudged: ["the judge on CLTS of vmi_xen: flags, ok"],
    unjudged: ["the judge has said nothing of vmi_xen"],
    failed: ["vmi-xen-i386: test mmu.x failed"],
    another: ["vmi-i386: another guest"],
    without: ["vmi-i386: ROM vmi_native.rom, but the backend is native"],
    nothing_ran: ["bare-i386: 0 backend lines", "bare-i386: no test passed"],
    unexpected: ["guest, header: version 2.0: taken, not refused, api_version_maj: another value"],
    too_few: ["only 39 ROMs with one thing changed"],
    too_large: ["vmi_xen.rom has 65537 bytes"],
}


@pytest.mark.parametrize("change", WORSE, ids=lambda change: change.__name__)
def test_a_fault(tmp_path: Path, figures: Figures, change: Callable[[Figures], None]) -> None:
    """Fails the command, by name, and is on the page, in words."""
    change(figures)
    done = run(tmp_path, figures)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"report: {fault}" for fault in WORSE[change]]
    seen = shown(figures)
    assert set(WORSE[change]) <= set(seen.words) and "Something is wrong." in seen.words


def test_silence_is_marked_at_its_place(figures: Figures) -> None:
    """In the table of calls; a call that need not be made is only 0."""
    silent(figures)
    assert shown(figures).words.count("0: must be made") == 1
