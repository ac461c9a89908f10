"""What the figures say: how far the two kernels are from each other, and what has no reason.

Pure: figures and reasons in, a verdict out.
"""

import json
import statistics
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

Figures = dict[str, Any]

LIMIT = 5.0  # percent that need no reason
KINDS = ("workload", "op", "step")


@dataclass(frozen=True)
class Machine:
    """How sentences name it, and the columns that are compared."""

    name: str
    label: str
    direct: str
    binary: str


MACHINES = (
    Machine("xen", "Xen PV", "xen", "xen_blob"),
    Machine("bare", "bare hardware", "bare", "bare_blob"),
)


@dataclass(frozen=True)
class Finding:
    """Something that has to have a reason."""

    machine: str
    kind: str  # one of KINDS, or sites
    name: str
    what: str
    reason: str | None


@dataclass(frozen=True)
class Pair:
    """Instructions of one thing without and with the binary interface; None where not counted."""

    kind: str
    name: str
    direct: float | None
    binary: float | None

    @property
    def percent(self) -> float | None:
        """What the binary interface costs more; None if that is no number."""
        if self.direct is None or self.binary is None:
            return None
        if self.direct == self.binary:
            return 0.0
        return 100 * (self.binary - self.direct) / self.direct if self.direct else None

    @property
    def is_far(self) -> bool:
        """More than the limit, or only one of the two is known."""
        if self.direct is None and self.binary is None:
            return False
        return self.percent is None or abs(self.percent) > LIMIT

    def text(self) -> str:
        """How far, in words."""
        if self.direct is None or self.binary is None:
            return "counted on one side only"
        more = f"{self.percent:+.1f} %" if self.percent is not None else "from nothing"
        return f"{self.direct:,.0f} direct, {self.binary:,.0f} by the binary interface: {more}"


@dataclass
class Distance:
    """All pairs of a kind on a machine."""

    compared: int
    equal: int
    near: int
    within_percent: float
    far: list[str] = field(default_factory=list)


# ---- pairs ----


def median(runs: list[dict[str, int]] | None, place: str) -> float | None:
    """Of the boots' counts of one place."""
    return statistics.median(run[place] for run in runs) if runs else None


def total(runs: list[dict[str, int]] | None) -> float | None:
    """In guest and hypervisor; padding is no instruction of an op's."""
    return statistics.median(run["guest"] + run["hypervisor"] for run in runs) if runs else None


def machine(name: str) -> Machine:
    """The one of this name."""
    return next(each for each in MACHINES if each.name == name)


def pairs(figures: Figures, kind: str, on: Machine) -> list[Pair]:
    """Of all workloads, all ops or all steps of a boot."""
    return [
        Pair(kind, row["name"], total(row["counts"][on.direct]), total(row["counts"][on.binary]))
        for row in figures[f"{kind}s"]
    ]


def distance(found: list[Pair]) -> Distance:
    """How far those are that can be compared and have no need of a reason."""
    compared = [pair for pair in found if pair.direct is not None and pair.binary is not None]
    near = [abs(pair.percent or 0) for pair in compared if not pair.is_far]
    return Distance(
        len(compared),
        sum(pair.direct == pair.binary for pair in compared),
        len(near),
        ceil(max(near, default=0) * 10) / 10,
        [pair.name for pair in found if pair.is_far],
    )


# ---- what has to have a reason ----


def far_findings(figures: Figures) -> Iterator[tuple[str, str, str, str]]:
    """What costs more or less than the limit allows."""
    for on in MACHINES:
        for kind in KINDS:
            for pair in pairs(figures, kind, on):
                if pair.is_far:
                    yield on.name, kind, pair.name, pair.text()


def site_findings(figures: Figures) -> Iterator[tuple[str, str, str, str]]:
    """Ops with other sites, and other numbers of sites."""
    for on in MACHINES:
        direct, binary = (figures["sites"][side] for side in (on.direct, on.binary))
        if direct != binary:
            yield on.name, "sites", "all", f"{direct} and {binary}"
        for row in figures["ops"]:
            direct, binary = (site(row, side) for side in (on.direct, on.binary))
            if direct != binary:
                yield on.name, "sites", row[
                    "name"
                ], f"{direct} direct, {binary} by the binary interface"


def site(row: dict[str, Any], column: str) -> str:
    """What an op's sites are."""
    return f"{row['forms'][column]} of {row['bytes'][column]} bytes"


def key(finding: dict[str, str]) -> tuple[str, str, str]:
    """What a reason is about."""
    return finding["machine"], finding["kind"], finding["name"]


def findings(figures: Figures, reasons: list[dict[str, str]]) -> list[Finding]:
    """All that is not as it should be, with the reasons that are known."""
    known = {key(reason): reason["reason"] for reason in reasons}
    return [
        Finding(*found, known.get(found[:3]))
        for found in (*far_findings(figures), *site_findings(figures))
    ]


def suite_faults(figures: Figures) -> list[str]:
    """Why a boot of the guest does not count; no reason excuses it."""
    faults = []
    for row in figures["suite"]:
        where = f"{row['guest']} on {row['environment']}"
        faults += [f"{where}: {text}" for text in row["obstacles"]]
        faults += [f"{where}: test {name} failed" for name in row["failures"]]
        if row["refusals"]:
            faults.append(f"{where}: {row['refusals']} refusals of sites or blobs")
    faults += [
        f"{column}: {text}" for column, texts in figures["obstacles"].items() for text in texts
    ]
    hashes = {row["sha256"] for row in carried(figures)}
    return faults + ([f"the guest has {len(hashes)} hashes"] if len(hashes) != 1 else [])


def uncounted_faults(figures: Figures) -> list[str]:
    """What has a number on neither side; of ops the guest may say why."""
    return [
        f"{on.name}: {kind} {row['name']} was not counted"
        for on in MACHINES
        for kind in KINDS
        for row in figures[f"{kind}s"]
        if not row["counts"][on.direct] and not row["counts"][on.binary]
        if not row.get("uncounted")
    ]


# ---- the two answers ----


def carried(figures: Figures) -> list[dict[str, Any]]:
    """Boots of the guest without backends."""
    return [row for row in figures["suite"] if row["blob"]]


def whole_guest(figures: Figures, faults: list[str]) -> str:
    """Can one binary interface carry a whole guest?"""
    rows = carried(figures)
    if faults:
        return f"Not on all machines: {'; '.join(faults)}."
    ran = ", ".join(
        f"{row['environment']} {row['passed']} of {row['passed'] + row['failed']}" for row in rows
    )
    blobs = len({row["blob"] for row in rows})
    return (
        f"Yes. One file (SHA-256 {rows[0]['sha256'][:16]}…) without a backend linked in ran on "
        f"{len(rows)} machines with {blobs} blobs and passed all tests: {ran}."
    )


def reach_text(what: str, found: Distance) -> str:
    """How far all of a kind are, and which of them are beyond the limit."""
    scope = f"{found.near} of {found.compared} {what}s" if found.far else f"every {what}"
    far = f"; exceptions: {', '.join(found.far)}" if found.far else ""
    return f"on {scope} ({found.equal} of {found.compared} are equal to the instruction{far})"


def cost_text(label: str, kinds: dict[str, Distance]) -> str:
    """What one machine's workloads and ops cost more or less."""
    work, ops = kinds["workload"], kinds["op"]
    if not work.compared or not ops.compared:
        return f"Nothing can be compared on {label}."
    return (
        f"The binary interface on {label} is within {work.within_percent:g} % of the direct "
        f"backend {reach_text('workload', work)}, and within {ops.within_percent:g} % "
        f"{reach_text('counted op', ops)}."
    )


def boot_text(figures: Figures, on: Machine) -> str:
    """All steps together, which a boot does once."""
    found = pairs(figures, "step", on)
    names = ", ".join(pair.name for pair in found)
    before, after = sum(pair.direct or 0 for pair in found), sum(pair.binary or 0 for pair in found)
    return (
        f"Once in a boot on {on.label}, to {names} takes {before:,.0f} instructions direct and "
        f"{after:,.0f} by the binary interface."
    )


def sites_text(figures: Figures, on: Machine) -> str:
    """Are they the same?"""
    before, after = (sum(figures["sites"][side].values()) for side in (on.direct, on.binary))
    same = sum(site(row, on.direct) == site(row, on.binary) for row in figures["ops"])
    return (
        f"On {on.label} {before} sites are patched direct and {after} by the binary interface; "
        f"form and length are the same for {same} of {len(figures['ops'])} ops."
    )


def judge(figures: Figures, reasons: list[dict[str, str]]) -> dict[str, Any]:
    """All of it, as JSON can hold it."""
    faults, found = suite_faults(figures), findings(figures, reasons)
    distances = {
        on.name: {kind: distance(pairs(figures, kind, on)) for kind in KINDS} for on in MACHINES
    }
    used = {key(asdict(finding)) for finding in found}
    missing = [finding for finding in found if finding.reason is None]
    return {
        "limit_percent": LIMIT,
        "carries_whole_guest": whole_guest(figures, faults),
        "costs": [cost_text(on.label, distances[on.name]) for on in MACHINES],
        "boots": [boot_text(figures, on) for on in MACHINES],
        "sites": [sites_text(figures, on) for on in MACHINES],
        "distances": {
            name: {kind: asdict(each) for kind, each in kinds.items()}
            for name, kinds in distances.items()
        },
        "findings": [asdict(finding) for finding in found],
        "unused_reasons": [reason for reason in reasons if key(reason) not in used],
        "faults": faults
        + uncounted_faults(figures)
        + [
            f"{each.machine}: {each.kind} {each.name} has no reason: {each.what}"
            for each in missing
        ],
    }


def read_reasons(path: Path) -> list[dict[str, str]]:
    """What people have found out."""
    return json.loads(path.read_text())
