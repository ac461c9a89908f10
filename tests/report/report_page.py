"""The page: a verdict, then plots and tables of what it stands on.  It loads nothing."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import charts
import verdict
from charts import Bar, Point
from forms import LABELS
from verdict import Machine

Report = dict[str, Any]

# What each workload does, for readers.
WORKLOADS = {
    "interrupt toggle": "save the interrupt flag, disable interrupts, restore the flag",
    "page-table entry": "make and set one entry",
    "16 entries in a batch": "begin a batch, set 16 entries, end it",
    "context switch": "kernel stack, thread-local segments and address space, in one batch",
    "clock": "read the time since boot",
    "page fault": "touch a page that is not there; the handler maps it and returns",
    "timer": "arm the timer, sleep, take its interrupt",
}
# What the bodies of tests/bench/forms.c are the instructions of: an op, and the machine.
BODIES = {
    "identity": ("mmu.pte_val", "bare"),
    "write": ("mmu.set_pte", "bare"),
    "store": ("irq.irq_disable", "xen"),
    "test": ("irq.save_fl", "xen"),
}

STYLE = (Path(__file__).parent / "style.css").read_text()


# ---- pieces ----


def medians_text(runs: list[dict[str, int]] | None) -> str:
    """Guest + hypervisor."""
    if not runs:
        return "–"
    guest, hypervisor = (verdict.median(runs, place) for place in ("guest", "hypervisor"))
    return f"{guest:,.0f} + {hypervisor:,.0f}"


def span(runs: list[dict[str, int]] | None) -> tuple[int, int] | None:
    """The least and the most of all boots, if they do not agree."""
    totals = sorted(run["guest"] + run["hypervisor"] for run in runs or [])
    return (totals[0], totals[-1]) if totals and totals[0] != totals[-1] else None


def figures_text(runs: list[dict[str, int]] | None) -> str:
    """The same, with the range behind it."""
    ends = span(runs)
    between = f" ({ends[0]:,} to {ends[1]:,} in all)" if ends else ""
    return medians_text(runs) + between


def ratio_text(direct: list[dict[str, int]] | None, binary: list[dict[str, int]] | None) -> str:
    """Blob to direct; nothing to nothing is the same."""
    before, after = verdict.total(direct), verdict.total(binary)
    if before is None or after is None:
        return "–"
    if before == after:
        return "1.000"
    return f"{after / before:.3f}" if before else "∞"


def cells(tag: str, texts: Iterable[str], kind: str = "n") -> str:
    """Of a row, not yet escaped."""
    return "".join(f'<{tag} class="{kind}">{escape(text)}</{tag}>' for text in texts)


def head(names: Iterable[str], kind: str = "n") -> str:
    """The line above a table; the first column names what a row is about."""
    first, *others = names
    return f"<tr><th>{escape(first)}</th>{cells('th', others, kind)}</tr>"


def table(heads: str, rows: Iterable[str], kind: str = "") -> str:
    """Whole; where it is too wide it can be moved."""
    body = f'<thead>{heads}</thead><tbody>{"".join(rows)}</tbody>'
    return f'<div class="scroll"><table class="{kind}">{body}</table></div>'


def row(name: str, content: str, code: bool = False) -> str:
    """One line of a table."""
    return f'<tr><th scope="row"{" class=code" * code}>{escape(name)}</th>{content}</tr>'


def items(lines: Iterable[str]) -> str:
    """A list of what is escaped already."""
    return "<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"


def figure(name: str, words: str, drawing: str) -> str:
    """A plot with its title."""
    caption = f"<b>{escape(name)}</b> <span>{escape(words)}</span>"
    return f"<figure><figcaption>{caption}</figcaption>{drawing}</figure>"


# ---- sections ----


def answers(report: Report) -> str:
    """The two questions, first of all."""
    said = report["verdict"]
    kind = "answers bad" if said["faults"] else "answers"
    return (
        f'<div class="{kind}"><p><b>Can one binary interface carry a whole guest?</b> '
        f'{escape(said["carries_whole_guest"])}</p><p><b>What does it cost?</b> '
        f'{escape(" ".join(said["costs"]))}</p><p>{escape(" ".join(said["boots"]))}</p>'
        f'<p>{escape(" ".join(said["sites"]))}</p></div>'
    )


def finding(found: dict[str, Any]) -> str:
    """One line, with its reason or without."""
    missing = '<span class="missing">reason missing</span>'
    reason = escape(found["reason"]) if found["reason"] else missing
    where = f'{verdict.machine(found["machine"]).label}, {found["kind"]}'
    return f'{escape(where)} <b>{escape(found["name"])}</b>: {escape(found["what"])}. {reason}'


def unused_text(reasons: list[dict[str, str]]) -> str:
    """What nothing is explained by."""
    names = (f'{reason["machine"]}, {reason["kind"]} {reason["name"]}' for reason in reasons)
    listed = escape("; ".join(names))
    return f"<p>Reasons that nothing needs any more: {listed}.</p>" if reasons else ""


def exceptions(report: Report) -> str:
    """What is beyond the limit, with reasons; what has none is missing."""
    said = report["verdict"]
    listed = items(map(finding, said["findings"])) if said["findings"] else "<p>There are none.</p>"
    return (
        f'<h2>Exceptions</h2><p>What differs by more than {said["limit_percent"]:g} %, of '
        "workloads, ops and the steps of a boot; and sites that are not the same.</p>"
        f'{listed}{unused_text(said["unused_reasons"])}'
    )


def workload_bars(report: Report, work: dict[str, Any]) -> str:
    """The four ways beside each other."""
    found = []
    for column in report["columns"]:
        runs = work["counts"][column["name"]]
        places = [
            ("guest", verdict.median(runs, "guest") or 0),
            ("hyper", verdict.median(runs, "hypervisor") or 0),
        ]
        found.append(Bar(column["label"], places, medians_text(runs), span(runs)))
    return figure(
        work["name"],
        WORKLOADS.get(work["name"], ""),
        charts.bars(f"instructions: {work['name']}", found),
    )


def count_heads(first: str, *others: str) -> str:
    """Two lines: machines, and what is counted on each."""
    spans = "".join(
        f'<th colspan="3" class="centre">{escape(machine.label)}</th>'
        for machine in verdict.MACHINES
    )
    each = ("direct", "binary interface", "ratio") * len(verdict.MACHINES)
    return (
        f'<tr class="spans"><th></th>{spans}{"<th></th>" * len(others)}</tr>'
        f'<tr><th>{escape(first)}</th>{cells("th", each)}{cells("th", others, "")}</tr>'
    )


def count_cells(counts: dict[str, Any]) -> list[str]:
    """The same of a row."""
    sides = [(counts[machine.direct], counts[machine.binary]) for machine in verdict.MACHINES]
    return [
        word
        for direct, binary in sides
        for word in (figures_text(direct), figures_text(binary), ratio_text(direct, binary))
    ]


def workloads(report: Report) -> str:
    """Plots, then the numbers."""
    drawn = "".join(workload_bars(report, work) for work in report["workloads"])
    rows = [
        row(work["name"], cells("td", count_cells(work["counts"]))) for work in report["workloads"]
    ]
    return (
        "<h2>Workloads</h2><p>Instructions, guest + hypervisor. "
        "Each plot has a scale of its own.</p>"
        '<p class="legend"><b><i class="guest"></i>guest</b>'
        '<b><i class="hyper"></i>hypervisor</b></p>'
        f'<div class="plots">{drawn}</div>{table(count_heads("workload"), rows, "counts")}'
    )


def steps(report: Report) -> str:
    """What a boot does once; blobs are taken then."""
    rows = [row(step["name"], cells("td", count_cells(step["counts"]))) for step in report["steps"]]
    blobs = ", ".join(f"{blob['name']} {blob['bytes']:,}" for blob in report["blobs"])
    return (
        "<h2>Once in a boot</h2><p>The direct kernel detects which of its backends is the "
        f"machine's; the other one takes a blob. Bytes of blobs: {escape(blobs)}. A boot has one "
        "of each step, so an interrupt that the hypervisor takes meanwhile is counted with it.</p>"
        + table(count_heads("step"), rows, "counts")
    )


def op_points(report: Report, machine: Machine) -> list[Point]:
    """What is counted on both sides."""
    found = verdict.pairs(report, "op", machine)
    return [
        Point(pair.name, pair.direct, pair.binary, pair.is_far)
        for pair in found
        if pair.direct is not None and pair.binary is not None
    ]


def op_plot(report: Report, machine: Machine) -> str:
    """Direct against binary."""
    drawing = charts.scatter(
        f"ops on {machine.label}", "direct", "binary interface", op_points(report, machine)
    )
    return figure(machine.label, "instructions of each op, guest and hypervisor", drawing)


def form_text(op: dict[str, Any], machine: Machine) -> str:
    """One, if both are the same."""
    return " / ".join(dict.fromkeys((op["forms"][machine.direct], op["forms"][machine.binary])))


def op_row(op: dict[str, Any]) -> str:
    """Counts, or why there are none; then forms."""
    forms = [form_text(op, machine) for machine in verdict.MACHINES]
    why = f'<td colspan="6" class="quiet">not counted: {escape(op["uncounted"] or "")}</td>'
    content = why if op["uncounted"] else cells("td", count_cells(op["counts"]))
    return row(op["name"], content + cells("td", forms, ""), code=True)


def ops(report: Report) -> str:
    """Plots, then a row for each."""
    heads = count_heads("op", *(f"site on {machine.label}" for machine in verdict.MACHINES))
    plots = "".join(op_plot(report, machine) for machine in verdict.MACHINES)
    return (
        "<h2>Ops</h2><p>A point is an op; on the dashed line both cost the same. No-ops that only "
        "fill up a site are not counted. The last columns say what its sites are.</p>"
        f'<div class="plots">{plots}</div>{table(heads, map(op_row, report["ops"]), "counts")}'
    )


def sites(report: Report) -> str:
    """How many have become what."""
    kinds = sorted({kind for found in report["sites"].values() for kind in found})
    rows = [
        row(
            column["label"],
            cells(
                "td",
                [str(report["sites"][column["name"]].get(kind, 0)) for kind in kinds]
                + [str(sum(report["sites"][column["name"]].values()))],
            ),
        )
        for column in report["columns"]
    ]
    return (
        "<h2>Patched sites</h2><p>Call sites in the kernel by what they have become.</p>"
        + table(head(["", *kinds, "all"]), rows)
    )


def suite(report: Report) -> str:
    """Who passed what."""
    rows = [
        row(
            each["environment"],
            cells(
                "td",
                [
                    each["guest"],
                    each["blob"] or "linked in",
                    each["hypervisor"] or "",
                    each["sha256"][:16],
                ],
                "",
            )
            + cells("td", [str(each["cpus"]), str(each["passed"]), str(each["failed"])]),
        )
        for each in report["suite"]
    ]
    heads = ["machine", "guest", "backend", "hypervisor", "SHA-256", "CPUs", "passed", "failed"]
    return "<h2>The guest's own tests</h2>" + table(head(heads, ""), rows)


def spread_text(spread: dict[str, float]) -> str:
    """The median and the middle 80 %."""
    return f"{spread['median']:.2f} ({spread['low']:.2f} to {spread['high']:.2f})"


def body_text(body: str) -> str:
    """What it is on which machine."""
    op, at = BODIES[body]
    return f"{op} on {verdict.machine(at).label}"


def form_bars(report: Report, body: str) -> str:
    """The forms of one op."""
    found = [
        Bar(
            LABELS[each["form"]],
            [("ticks", each["ticks"]["median"])],
            f"{each['ticks']['median']:.2f}",
            (each["ticks"]["low"], each["ticks"]["high"]),
        )
        for each in report["forms"]
        if each["op"] == body
    ]
    return figure(body, body_text(body), charts.bars(f"ticks: {body}", found))


def site_ticks(report: Report, body: str) -> str:
    """Of the forms that its op's sites have, direct and by the binary interface."""
    name, at = BODIES[body]
    op = next(each for each in report["ops"] if each["name"] == name)
    machine = verdict.machine(at)
    forms = [op["forms"][machine.direct], op["forms"][machine.binary]]
    ticks = {
        each["form"]: spread_text(each["ticks"]) for each in report["forms"] if each["op"] == body
    }
    return row(
        body_text(body),
        cells("td", [word for form in forms for word in (form, ticks.get(form, "–"))]),
    )


def form_rows(report: Report) -> list[str]:
    """All that was timed."""
    return [
        row(
            f"{each['op']}, {LABELS[each['form']]}",
            cells("td", [spread_text(each["ticks"]), spread_text(each["ratio"])]),
        )
        for each in report["forms"]
    ]


def cycles(report: Report) -> str:
    """What can run in user mode on this machine."""
    bodies = dict.fromkeys(each["op"] for each in report["forms"])
    plots = "".join(form_bars(report, body) for body in bodies)
    heads = head(["op", "direct", "ticks", "binary interface", "ticks"])
    return (
        "<h2>Time</h2><p>Ticks of the time-stamp counter for one execution among many, in user "
        "mode on this machine's processor; medians, with the middle 80\u00a0% of the runs. Of ops "
        "whose instructions need no privilege, in the forms that their sites have in the "
        f"kernel:</p>{table(heads, [site_ticks(report, body) for body in bodies])}"
        "<p>All forms: a kernel that did not patch its sites would pay the indirect call, and "
        "where processors need it the retpoline. Ratios are to the inline form of the same run.</p>"
        f'<div class="plots">{plots}</div>'
        + table(head(["form", "ticks", "ratio to inline"]), form_rows(report))
    )


def agreement(report: Report) -> str:
    """How many figures were the same in all boots."""
    found = [
        runs
        for kind in ("workloads", "steps", "ops")
        for each in report[kind]
        for runs in each["counts"].values()
        if runs
    ]
    same = sum(all(run == runs[0] for run in runs) for runs in found)
    return f"{same} of {len(found)} figures are the same in all boots"


def methods(report: Report) -> list[str]:
    """How, and how often."""
    scale = report["scale"]
    return [
        "Instructions are counted by a plugin of QEMU's emulator between two marks in the guest. "
        "What stands at the hypervisor's addresses is the hypervisor's, all else the guest's. The "
        "machine's time is counted in instructions, so a busy host changes nothing. Bare hardware "
        "is QEMU's, without a hypervisor.",
        f"Each way is booted {scale['boots']} times; a boot does everything several times, of "
        "which the shortest counts: no interrupt came in between. Tables show medians of the "
        f"boots; {agreement(report)}.",
        f"Time: {scale['processes']} processes one after the other, each with {scale['runs']} runs "
        "of all forms in turn; caches and predictors are warm. An emulated machine says nothing "
        "about time, so what needs one has none here.",
        "Direct: the backend is linked into the kernel. Binary interface: the kernel takes a blob "
        "that the machine supplies (docs/binary-abi.md).",
    ]


def method(report: Report) -> str:
    """The same, with what it was measured with."""
    rows = [
        row(name, cells("td", [value], "wide"))
        for part in ("hardware", "software")
        for name, value in report[part].items()
    ]
    tools = table(head(["measured with", ""], ""), rows)
    return f"<h2>Method</h2>{items(map(escape, methods(report)))}{tools}"


SECTIONS = (answers, exceptions, workloads, steps, ops, sites, suite, cycles, method)
POLICY = "default-src 'none';style-src 'unsafe-inline'"


def page(report: Report) -> str:
    """All of it."""
    body = "\n".join(section(report) for section in SECTIONS)
    made = (
        f'Measured {escape(report["made"])}; the same figures are in report.json. VMI has a page '
        "of its own: vmi.html."
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>The binary interface, measured</title>\n<style>{STYLE}</style></head>\n"
        f"<body><main><h1>The binary interface, measured</h1>\n{body}\n"
        f'<p class="quiet">{made}</p></main></body></html>\n'
    )
