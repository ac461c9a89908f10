"""The page: a verdict, then plots and tables of what it stands on.  It loads nothing."""

import statistics
from collections.abc import Iterable
from html import escape
from typing import Any

import charts
import verdict
from charts import Bar, Point
from forms import LABELS

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

STYLE = """
:root{color-scheme:light dark;--page:#fff;--text:#1c2024;--quiet:#5b656e;--line:#e3e6ea;--head:#f4f5f7;
--guest:#2f6fb7;--hyper:#e08a2c;--good:#1a7f37;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--page:#15181c;--text:#e4e7ea;--quiet:#a2abb3;--line:#2c3238;
--head:#1f2328;--guest:#6ea8ec;--hyper:#e2a458;--good:#6fdc8c;--bad:#ff8a80}}
body{margin:0;background:var(--page);color:var(--text);
font:14px/1.4 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{padding:1rem 1.4rem 3rem;max-width:78rem;margin:auto}
h1{font-size:1.4rem;margin:0 0 .7rem}h2{font-size:1.1rem;margin:2rem 0 .4rem}
p,ul{max-width:60rem;margin:.4rem 0}
.answers{border-left:4px solid var(--good);padding:.1rem 1rem;margin:.8rem 0;font-size:1.02rem}
.answers.bad{border-color:var(--bad)}.answers b{display:block}
.bad b,.missing{color:var(--bad);font-weight:600}
.quiet,figcaption span{color:var(--quiet)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.16rem .7rem .16rem 0;border-bottom:1px solid var(--line);vertical-align:top}
thead th{border-bottom:2px solid var(--line);font-weight:600}.spans th{border:0;padding-bottom:0}.centre{text-align:center}
.n:nth-child(3n+2){padding-left:1.4rem}
th[scope=row]{font-weight:400;white-space:nowrap}
.n{text-align:right;white-space:nowrap}
td.wide{max-width:46rem;overflow-wrap:anywhere}
code,.code{font:12.5px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(30rem,1fr));gap:1rem 2rem;margin:.6rem 0}
figure{margin:0}figcaption b{margin-right:.5rem}
svg{display:block;width:100%;max-width:36rem;height:auto;margin-top:.3rem}
svg text{font-size:11.5px;fill:var(--text)}svg .side{text-anchor:end}svg .centre{text-anchor:middle}
svg text.quiet{fill:var(--quiet);font-size:10px}
.guest,.ticks,.near{fill:var(--guest)}.hyper{fill:var(--hyper)}.far{fill:var(--bad)}
.near,.far{fill-opacity:.75}
.grid{stroke:var(--line);fill:none}.diagonal{stroke:var(--quiet);fill:none;stroke-dasharray:4 4}
.whisker{stroke:var(--text);fill:none;stroke-width:1.2}
.legend b{font-weight:400;margin-right:1.2rem}.legend i{display:inline-block;width:.9rem;height:.7rem;
margin-right:.4rem}.legend i.guest{background:var(--guest)}.legend i.hyper{background:var(--hyper)}
@media print{:root{color-scheme:light;--page:#fff;--text:#000;--quiet:#444;--line:#bbb;--guest:#2f6fb7;
--hyper:#e08a2c;--good:#1a7f37;--bad:#b3261e}
main{padding:0;max-width:none}body{font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.plots{grid-template-columns:1fr 1fr}figure,tr{break-inside:avoid}h2{break-after:avoid}
.scroll{overflow:visible}table{font-size:8.5pt}}
"""


# ---- pieces ----


def figures_text(runs: list[dict[str, int]] | None) -> str:
    """Guest + hypervisor, with the range if the boots do not agree."""
    if not runs:
        return "–"
    words = "{:,.0f} + {:,.0f}".format(*(statistics.median(run[place] for run in runs)
                                         for place in ("guest", "hypervisor")))
    totals = sorted(run["guest"] + run["hypervisor"] for run in runs)
    return words if totals[0] == totals[-1] else f"{words} ({totals[0]:,} to {totals[-1]:,} in all)"


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


def table(heads: str, rows: Iterable[str]) -> str:
    """Whole; where it is too wide it can be moved."""
    return f'<div class="scroll"><table><thead>{heads}</thead><tbody>{"".join(rows)}</tbody></table></div>'


def row(name: str, content: str, code: bool = False) -> str:
    """One line of a table."""
    return f'<tr><th scope="row"{" class=code" * code}>{escape(name)}</th>{content}</tr>'


def items(lines: Iterable[str]) -> str:
    """A list of what is escaped already."""
    return "<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"


def figure(name: str, words: str, drawing: str) -> str:
    """A plot with its title."""
    return f"<figure><figcaption><b>{escape(name)}</b> <span>{escape(words)}</span></figcaption>{drawing}</figure>"


# ---- sections ----


def answers(report: Report) -> str:
    """The two questions, first of all."""
    said = report["verdict"]
    kind = "answers bad" if said["faults"] else "answers"
    return (f'<div class="{kind}"><p><b>Can one binary interface carry a whole guest?</b> '
            f'{escape(said["carries_whole_guest"])}</p><p><b>What does it cost?</b> '
            f'{escape(" ".join(said["costs"]))}</p><p>{escape(" ".join(said["boots"]))}</p>'
            f'<p>{escape(" ".join(said["sites"]))}</p></div>')


def finding(found: dict[str, Any]) -> str:
    """One line, with its reason or without."""
    reason = escape(found["reason"]) if found["reason"] else '<span class="missing">reason missing</span>'
    label = next(label for machine, label, *_columns in verdict.MACHINES if machine == found["machine"])
    return (f'{escape(label)}, {escape(found["kind"])} <b>{escape(found["name"])}</b>: '
            f'{escape(found["what"])}. {reason}')


def exceptions(report: Report) -> str:
    """What is beyond the limit, with reasons; what has none is missing."""
    said = report["verdict"]
    none = f'<p>None: nothing differs by more than {said["limit_percent"]:g} %, and all sites are the same.</p>'
    found = items(map(finding, said["findings"])) if said["findings"] else none
    unused = [f'{reason["machine"]}, {reason["kind"]} {reason["name"]}' for reason in said["unused_reasons"]]
    return (f'<h2>Exceptions</h2><p>What differs by more than {said["limit_percent"]:g} %, of workloads, ops, sites and '
            f'the steps of a boot.</p>{found}'
            + (f'<p>Reasons that nothing needs any more: {escape("; ".join(unused))}.</p>' if unused else ""))


def workload_bars(report: Report, work: dict[str, Any]) -> str:
    """The four ways beside each other."""
    found = []
    for column in report["columns"]:
        runs = work["counts"][column["name"]]
        places = [("guest", verdict.median(runs, "guest") or 0), ("hyper", verdict.median(runs, "hypervisor") or 0)]
        found.append(Bar(column["label"], places, figures_text(runs)))
    return figure(work["name"], WORKLOADS.get(work["name"], ""), charts.bars(f"instructions: {work['name']}", found))


def count_heads(first: str, *others: str) -> str:
    """Two lines: machines, and what is counted on each."""
    spans = "".join(f'<th colspan="3" class="centre">{escape(label)}</th>' for _machine, label, *_columns in verdict.MACHINES)
    each = ("direct", "binary interface", "ratio") * len(verdict.MACHINES)
    return (f'<tr class="spans"><th></th>{spans}{"<th></th>" * len(others)}</tr>'
            f'<tr><th>{escape(first)}</th>{cells("th", each)}{cells("th", others, "")}</tr>')


def count_cells(counts: dict[str, Any]) -> list[str]:
    """The same of a row."""
    return [word for _machine, _label, direct, binary in verdict.MACHINES
            for word in (figures_text(counts[direct]), figures_text(counts[binary]),
                         ratio_text(counts[direct], counts[binary]))]


def workloads(report: Report) -> str:
    """Plots, then the numbers."""
    drawn = "".join(workload_bars(report, work) for work in report["workloads"])
    rows = [row(work["name"], cells("td", count_cells(work["counts"]))) for work in report["workloads"]]
    return ('<h2>Workloads</h2><p>Instructions, guest + hypervisor. Each plot has a scale of its own.</p>'
            '<p class="legend"><b><i class="guest"></i>guest</b><b><i class="hyper"></i>hypervisor</b></p>'
            f'<div class="plots">{drawn}</div>{table(count_heads("workload"), rows)}')


def steps(report: Report) -> str:
    """What a boot does once; blobs are taken then."""
    rows = [row(step["name"], cells("td", count_cells(step["counts"]))) for step in report["steps"]]
    blobs = ", ".join(f"{blob['name']} {blob['bytes']:,}" for blob in report["blobs"])
    return ("<h2>Once in a boot</h2><p>The direct kernel detects which of its backends is the machine's; the other one "
            f"takes a blob. Bytes of blobs: {escape(blobs)}. A boot has one of each step, so that an interrupt which the "
            "hypervisor takes meanwhile is counted with it.</p>" + table(count_heads("step"), rows))


def op_points(report: Report, direct: str, binary: str) -> list[Point]:
    """What is counted on both sides."""
    found = verdict.pairs(report, "op", direct, binary)
    return [Point(pair.name, pair.direct, pair.binary, pair.is_far) for pair in found
            if pair.direct is not None and pair.binary is not None]


def op_plots(report: Report) -> str:
    """Direct against binary, for each machine."""
    return "".join(figure(label, "instructions of each op, guest and hypervisor",
                          charts.scatter(f"ops on {label}", "direct", "binary interface",
                                         op_points(report, direct, binary)))
                   for _machine, label, direct, binary in verdict.MACHINES)


def form_text(op: dict[str, Any], direct: str, binary: str) -> str:
    """One, if both are the same."""
    return " / ".join(dict.fromkeys((op["forms"][direct], op["forms"][binary])))


def op_row(op: dict[str, Any]) -> str:
    """Counts, or why there are none; then forms."""
    forms = [form_text(op, direct, binary) for _machine, _label, direct, binary in verdict.MACHINES]
    content = (f'<td colspan="6" class="quiet">not counted: {escape(op["uncounted"])}</td>' if op["uncounted"]
               else cells("td", count_cells(op["counts"])))
    return row(op["name"], content + cells("td", forms, ""), code=True)


def ops(report: Report) -> str:
    """Plots, then a row for each."""
    heads = count_heads("op", *(f"site on {label}" for _machine, label, *_columns in verdict.MACHINES))
    return ('<h2>Ops</h2><p>A point is an op; on the dashed line both cost the same. No-ops that only fill '
            'up a site are not counted. The last columns say what its sites are.</p>'
            f'<div class="plots">{op_plots(report)}</div>{table(heads, map(op_row, report["ops"]))}')


def sites(report: Report) -> str:
    """How many have become what."""
    kinds = sorted({kind for found in report["sites"].values() for kind in found})
    rows = [row(column["label"], cells("td", [str(report["sites"][column["name"]].get(kind, 0)) for kind in kinds]
                                       + [str(sum(report["sites"][column["name"]].values()))]))
            for column in report["columns"]]
    return ("<h2>Patched sites</h2><p>Call sites in the kernel by what they have become.</p>"
            + table(head(["", *kinds, "all"]), rows))


def suite(report: Report) -> str:
    """Who passed what."""
    rows = [row(each["environment"], cells("td", [each["guest"], each["blob"] or "linked in", each["hypervisor"] or "",
                                                  each["sha256"][:16]], "")
                + cells("td", [str(each["cpus"]), str(each["passed"]), str(each["failed"])]))
            for each in report["suite"]]
    heads = ["machine", "guest", "backend", "hypervisor", "SHA-256", "CPUs", "passed", "failed"]
    return "<h2>The guest's own tests</h2>" + table(head(heads, ""), rows)


def spread_text(spread: dict[str, float]) -> str:
    """The median and the middle 80 %."""
    return f"{spread['median']:.2f} ({spread['low']:.2f} to {spread['high']:.2f})"


def body_text(body: str) -> str:
    """What it is on which machine."""
    op, at = BODIES[body]
    return f"{op} on {next(label for machine, label, *_columns in verdict.MACHINES if machine == at)}"


def form_bars(report: Report, body: str) -> str:
    """The forms of one op."""
    found = [Bar(LABELS[each["form"]], [("ticks", each["ticks"]["median"])], f"{each['ticks']['median']:.2f}",
                 (each["ticks"]["low"], each["ticks"]["high"])) for each in report["forms"] if each["op"] == body]
    return figure(body, body_text(body), charts.bars(f"ticks: {body}", found))


def site_ticks(report: Report, body: str) -> str:
    """Of the forms that its op's sites have, direct and by the binary interface."""
    name, at = BODIES[body]
    op = next(each for each in report["ops"] if each["name"] == name)
    columns = next(columns for machine, _label, *columns in verdict.MACHINES if machine == at)
    ticks = {each["form"]: spread_text(each["ticks"]) for each in report["forms"] if each["op"] == body}
    return row(body_text(body), cells("td", [word for column in columns for word in
                                             (op["forms"][column], ticks.get(op["forms"][column], "–"))]))


def cycles(report: Report) -> str:
    """What can run in user mode on this machine."""
    bodies = dict.fromkeys(each["op"] for each in report["forms"])
    rows = [row(f"{each['op']}, {LABELS[each['form']]}",
                cells("td", [spread_text(each["ticks"]), spread_text(each["ratio"])])) for each in report["forms"]]
    return ("<h2>Time</h2><p>Ticks of the time-stamp counter for one execution among many, in user mode on this "
            "machine's processor; medians, with the middle 80\u00a0% of the runs. Of ops whose instructions "
            "need no privilege, in the forms that their sites have in the kernel:</p>"
            + table(head(["op", "direct", "ticks", "binary interface", "ticks"]), [site_ticks(report, body) for body in bodies])
            + "<p>All forms: a kernel that did not patch its sites would pay the indirect call, and where processors "
            "need it the retpoline. Ratios are to the inline form of the same run.</p>"
            f"<div class=\"plots\">{''.join(form_bars(report, body) for body in bodies)}</div>"
            + table(head(["form", "ticks", "ratio to inline"]), rows))


def agreement(report: Report) -> str:
    """How many figures were the same in all boots."""
    found = [runs for kind in ("workloads", "steps", "ops") for each in report[kind]
             for runs in each["counts"].values() if runs]
    same = sum(all(run == runs[0] for run in runs) for runs in found)
    return f"{same} of {len(found)} figures are the same in all boots"


def method(report: Report) -> str:
    """How, with what, on what, and how often."""
    scale = report["scale"]
    lines = [
        "Instructions are counted by a plugin of QEMU's emulator between two marks in the guest; what stands at "
        "the hypervisor's addresses is the hypervisor's, all else the guest's. The machine's time is counted in "
        "instructions, so a busy host changes nothing. On bare hardware there is no hypervisor; bare hardware is QEMU's.",
        f"Each way is booted {scale['boots']} times; a boot does everything four times, of which the shortest counts "
        f"(no interrupt came in between): {agreement(report)}. Tables show medians.",
        f"Time: {scale['processes']} processes one after the other, each with {scale['runs']} runs of all forms in "
        "turn; caches and predictors are warm. Emulated machines say nothing about time, so what needs one has none here.",
        "Direct: the backend is linked into the kernel. Binary interface: the kernel holds none and takes a "
        "blob that the machine supplies (docs/binary-abi.md).",
    ]
    rows = [row(name, cells("td", [value], "wide")) for part in ("hardware", "software")
            for name, value in report[part].items()]
    return "<h2>Method</h2>" + items(map(escape, lines)) + table(head(["measured with", ""], ""), rows)


SECTIONS = (answers, exceptions, workloads, steps, ops, sites, suite, cycles, method)


def page(report: Report) -> str:
    """All of it."""
    body = "\n".join(section(report) for section in SECTIONS)
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';style-src \'unsafe-inline\'">\n'
            f'<title>The binary interface, measured</title>\n<style>{STYLE}</style></head>\n'
            f'<body><main><h1>The binary interface, measured</h1>\n{body}\n'
            f'<p class="quiet">Measured {escape(report["made"])}; the same figures are in report.json.</p>'
            '</main></body></html>\n')
