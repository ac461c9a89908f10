"""The report of recorded figures: what it says of them, and of figures that are worse."""

import json
import re
import subprocess
import sys
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cost
import machine
import pytest
import report_page
import verdict

HERE = Path(__file__).resolve().parent
RECORDED = json.loads((HERE / "recorded.json").read_text())
REASONS = verdict.read_reasons(HERE / "reasons.json")
WITHOUT_END = {"meta"}


@pytest.fixture
def figures() -> dict[str, Any]:
    """A copy to change."""
    return deepcopy(RECORDED)


def worse(figures: dict[str, Any], kind: str, name: str, column: str, factor: float) -> None:
    """Let something take that many times its instructions, in every boot."""
    runs = next(row for row in figures[kind] if row["name"] == name)["counts"][column]
    for run in runs:
        run["guest"], run["hypervisor"] = (
            round(run[place] * factor) for place in ("guest", "hypervisor")
        )


def shown(figures: dict[str, Any], reasons: list[dict[str, str]]) -> str:
    """The page of it."""
    return report_page.page({**figures, "verdict": verdict.judge(figures, reasons)})


def run(folder: Path, figures: dict[str, Any], *options: str) -> subprocess.CompletedProcess[str]:
    """The command on figures that are there."""
    (folder / "report.json").write_text(json.dumps(figures))
    command = [sys.executable, HERE / "report.py", "--again", "--outdir", folder, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class Nesting(HTMLParser):
    """Every element ends where it may."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Without an end, or open from here on; nothing is loaded."""
        if tag not in WITHOUT_END:
            self.open.append(tag)
        self.wrong += [
            f"{tag} {name}" for name, _value in attrs if name in ("src", "href", "srcset")
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Only of drawings."""
        if "svg" not in self.open:
            self.wrong.append(f"{tag}/")

    def handle_endtag(self, tag: str) -> None:
        """Of the one that was opened last."""
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        """What readers see."""
        self.words.append(data)


def test_the_page_is_well_formed(figures: dict[str, Any]) -> None:
    """It loads nothing, and its drawings are XML."""
    figures["ops"][0]["uncounted"] = '<&"'
    text = shown(figures, REASONS)
    seen = Nesting()
    seen.feed(text)
    assert (seen.wrong, seen.open) == ([], [])
    assert "url(" not in text and "<&" not in text
    drawings = re.findall(r"<svg.*?</svg>", text, re.S)
    assert len(drawings) == len(cost.WORKLOADS) + len(verdict.MACHINES) + len(report_page.BODIES)
    for drawing in drawings:
        ElementTree.fromstring(drawing)


def test_all_that_is_measured_is_on_the_page(figures: dict[str, Any]) -> None:
    """By its name."""
    seen = Nesting()
    seen.feed(shown(figures, REASONS))
    names = [row["name"] for kind in ("workloads", "ops", "steps") for row in figures[kind]]
    names += [*figures["hardware"].values(), *figures["software"].values()]
    names += [row["environment"] for row in figures["suite"]]
    assert set(names) <= set(seen.words)


def test_workloads_are_explained() -> None:
    """Each that the guest has, and no other; the tables know what each line of the guest's is."""
    assert list(report_page.WORKLOADS) == list(cost.WORKLOADS.values())
    assert {row["name"] for row in RECORDED["workloads"]} == set(cost.WORKLOADS.values())
    assert {row["environment"] for row in RECORDED["suite"]} == set(machine.BLOBS)


def test_recorded_figures_need_no_more_reasons(tmp_path: Path, figures: dict[str, Any]) -> None:
    """The command succeeds, and says both answers in the page's first lines."""
    done = run(tmp_path, figures)
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "report.html").read_text()
    beginning = page[page.index("<main>") : page.index("<h2>")]
    assert (
        "Yes. One file" in beginning
        and "within 0 % of the direct backend on every workload" in beginning
    )
    said = json.loads((tmp_path / "report.json").read_text())["verdict"]
    assert said["faults"] == said["unused_reasons"] == []


def test_a_ratio(figures: dict[str, Any]) -> None:
    """Within the limit nothing needs a reason; the sentence says how far it is, rounded up."""
    worse(figures, "workloads", "context switch", "xen_blob", 1.04)
    said = verdict.judge(figures, REASONS)
    assert said["faults"] == []
    assert said["distances"]["xen"]["workload"] == {
        "compared": 7,
        "equal": 6,
        "near": 7,
        "within_percent": 4.1,
        "far": [],
    }
    assert (
        "on Xen PV is within 4.1 % of the direct backend on every workload (6 of 7 "
        in said["costs"][0]
    )
    assert ">1.040<" in shown(figures, REASONS)


@pytest.mark.parametrize("kind,name", [("workload", "page fault"), ("op", "mmu.alloc_pt")])
@pytest.mark.parametrize("factor,percent", [(1.10, "+10.0 %"), (0.90, "-10.0 %")])
def test_a_missing_reason(
    tmp_path: Path, figures: dict[str, Any], kind: str, name: str, factor: float, percent: str
) -> None:
    """Fails, by name, on the page too; the sentence has it as an exception."""
    worse(figures, f"{kind}s", name, "xen_blob", factor)
    done = run(tmp_path, figures)
    assert done.returncode == 1
    assert re.fullmatch(
        rf"report: xen: {kind} {name} has no reason: .* {re.escape(percent)}\n", done.stderr
    )
    page = (tmp_path / "report.html").read_text()
    assert page.count("reason missing") == 1 and f"exceptions: {name}" in page


def test_a_reason(tmp_path: Path, figures: dict[str, Any]) -> None:
    """Is shown, and is enough; for another machine it is not."""
    worse(figures, "workloads", "timer", "xen_blob", 2)
    reason = {"machine": "xen", "kind": "workload", "name": "timer", "reason": "it waits <longer>"}
    reasons = tmp_path / "reasons.json"
    reasons.write_text(json.dumps([*REASONS, reason]))
    assert run(tmp_path, figures, "--reasons", str(reasons)).returncode == 0
    assert "it waits &lt;longer&gt;" in (tmp_path / "report.html").read_text()
    reasons.write_text(json.dumps([*REASONS, {**reason, "machine": "bare"}]))
    assert run(tmp_path, figures, "--reasons", str(reasons)).returncode == 1
    assert "bare, workload timer" in (tmp_path / "report.html").read_text()


def test_what_is_counted_on_one_side_only(figures: dict[str, Any]) -> None:
    """Is no equality."""
    figures["ops"][0]["counts"]["xen_blob"] = None
    faults = verdict.judge(figures, REASONS)["faults"]
    assert faults == [
        f"xen: op {figures['ops'][0]['name']} has no reason: counted on one side only"
    ]


def test_from_nothing(figures: dict[str, Any]) -> None:
    """What cost nothing and now costs something has no percentage, and needs a reason."""
    row = next(row for row in figures["ops"] if row["name"] == "cpu.load_tr")
    assert verdict.total(row["counts"]["xen"]) == 0
    for boot in row["counts"]["xen_blob"]:
        boot["guest"] = 1
    assert verdict.judge(figures, REASONS)["faults"] == [
        "xen: op cpu.load_tr has no reason: 0 direct, 1 by the binary interface: from nothing"
    ]
    assert "∞" in shown(figures, REASONS)


def test_other_sites(figures: dict[str, Any]) -> None:
    """Of another form, and another number of them."""
    figures["ops"][0]["forms"]["bare_blob"] = "indirect"
    figures["sites"]["bare_blob"]["call"] += 1
    faults = verdict.judge(figures, REASONS)["faults"]
    assert [fault.split(" has")[0] for fault in faults] == [
        "bare: sites all",
        f"bare: sites {figures['ops'][0]['name']}",
    ]


@pytest.mark.parametrize(
    "key,value,expected",
    [
        ("failures", ["mmu.x"], "test mmu.x failed"),
        ("obstacles", ["it did not end in time"], "it did not end"),
        ("refusals", 1, "1 refusals of sites or blobs"),
        ("sha256", "0" * 64, "the guest has 2 hashes"),
    ],
)
def test_a_guest_that_is_not_carried(
    figures: dict[str, Any], key: str, value: Any, expected: str
) -> None:
    """No reason excuses it."""
    next(row for row in figures["suite"] if row["blob"])[key] = value
    said = verdict.judge(figures, REASONS)
    assert len(said["faults"]) == 1 and expected in said["faults"][0]
    assert said["carries_whole_guest"].startswith("Not on all machines: ")
    assert "answers bad" in shown(figures, REASONS)


def test_boots_that_do_not_agree(figures: dict[str, Any]) -> None:
    """Show their range; the median counts."""
    runs = figures["workloads"][0]["counts"]["xen"]
    for more, boot in enumerate(runs):
        boot["guest"] = 100 + more
    assert len(runs) == 3 and verdict.total(runs) == 101
    assert "101 + 0 (100 to 102 in all)" in shown(figures, REASONS)


def test_nothing_was_counted(figures: dict[str, Any]) -> None:
    """As when a machine did not start: a page all the same, which says so."""
    figures["obstacles"]["xen_blob"] = ["0 backend lines"]
    for row in (row for kind in ("workloads", "ops", "steps") for row in figures[kind]):
        row["counts"] = dict.fromkeys(row["counts"])
    said = verdict.judge(figures, REASONS)
    assert said["faults"][0] == "xen_blob: 0 backend lines"
    assert "xen: workload timer was not counted" in said["faults"]
    assert not any("cpu.iret" in fault for fault in said["faults"])
    assert said["costs"][0] == "Nothing can be compared on Xen PV."
    assert "xen_blob: 0 backend lines" in shown(figures, REASONS)
