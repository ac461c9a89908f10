"""VMI's page: answers, then plots and tables of what they stand on.  It loads nothing."""

from collections import Counter
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import charts
from charts import Bar
from report_page import POLICY, cells, figure, head, items, row, table

Report = dict[str, Any]

HERE = Path(__file__).parent
STYLE = (HERE / "style.css").read_text() + (HERE / "vmi.css").read_text()

ENVIRONMENTS = {
    "bare-i386": "bare hardware, no ROM",
    "bare-i386-smp4": "bare hardware, no ROM, 4 CPUs",
    "vmi-i386": "bare hardware, its ROM",
    "vmi-i386-smp4": "bare hardware, its ROM, 4 CPUs",
    "vmi-xen-i386": "Xen PVH, its ROM",
}
# What each binding means, for readers.
STYLES = {
    "fill": "the call itself: same registers, nothing lost; a direct call of the ROM at the site",
    "patch only": "the call itself, jumped to: it never comes back",
    "wrap": "a thunk that pvgen writes moves arguments or keeps what the op must keep",
    "probe": "a C function, in force where the ROM has the call",
}
TABLES = {
    "guest": "Before our guest",
    "consumer": "Before a kernel that takes ROMs as Linux 2.6.21 to 2.6.36 did",
}
SIDES = {"described": "guest", "hand-written": "hyper", "generated": "made"}
MOST_SHOWN = 12     # calls in a plot


# ---- pieces ----


def word(text: str, kind: str = "") -> str:
    """A word on a coloured ground; the word says it too."""
    return f'<span class="word {kind or text.replace(" ", "-")}">{escape(text)}</span>'


def cell(content: str, kind: str = "") -> str:
    """Of a row, escaped already."""
    return f'<td class="{kind}">{content}</td>'


def label(environment: str) -> str:
    """What a person calls it."""
    return ENVIRONMENTS.get(environment, environment)


def verdict_word(good: bool) -> str:
    """In word and colour."""
    return word("as expected", "good") if good else word("different", "wrong")


# ---- sections ----


def answers(report: Report) -> str:
    """First of all."""
    said = report["verdict"]
    lines = "".join(f"<p>{escape(text)}</p>" for text in said["answers"])
    if not said["faults"]:
        first = "Both halves do together what they must."
        return f'<div class="answers"><p><b>{first}</b></p>{lines}</div>'
    faults = items(map(escape, said["faults"]))
    return f'<div class="answers bad"><p><b>Something is wrong.</b></p>{lines}{faults}</div>'


HASHES = ("rom_sha256", "sha256")


def short(sha256: str | None) -> str:
    """Its beginning, which tells it from others."""
    return (sha256 or "–")[:16]


def boot_line(each: Report) -> str:
    """One boot of the guest."""
    clean = not (each["failed"] or each["obstacles"] or each["refused"])
    passed = f'{each["passed"]} of {each["passed"] + each["failed"]}'
    return row(
        label(each["environment"]),
        cell(word("passed", "good") if clean else word("failed", "wrong"))
        + cells("td", [passed, str(each["cpus"])])
        + cells("td", [each["backend"] or "none", each["hypervisor"] or ""], "")
        + cells("td", [each["rom"] or "–", *(short(each[key]) for key in HASHES)], "code"),
    )


def boots(report: Report) -> str:
    """One file, everywhere."""
    guest = report["guest"]
    heads = ["machine", "", "tests", "CPUs", "backend", "what it finds"]
    heads += ["ROM", "its SHA-256", "guest's SHA-256"]
    return (
        "<h2>One guest, with and without a ROM</h2><p>The same file in each row: "
        f'{escape(guest["name"])}, SHA-256 <span class="code">{guest["sha256"]}</span>.</p>'
        + table(head(heads, ""), map(boot_line, report["boots"]))
    )


def count_bars(report: Report, environment: str) -> str:
    """The calls that are made most; a scale of powers of ten would hide how few the rest are."""
    made = {call["name"]: call["made"][environment] for call in report["calls"]}
    ranked = sorted((name for name in made if made[name]), key=lambda name: -made[name])
    found = [Bar(name, [("guest", made[name])], f"{made[name]:,}") for name in ranked[:MOST_SHOWN]]
    rest = sum(made[name] for name in ranked[MOST_SHOWN:])
    more = f"{len(ranked) - len(found)} more, {rest:,} times together"
    words = f"the {len(found)} most frequent; {more}"
    return figure(label(environment), words, charts.bars(f"calls: {environment}", found))


def call_cells(report: Report, call: Report) -> str:
    """What each ROM says, and how often each boot has called."""
    found = ""
    for each in report["traced"]:
        where = each["environment"]
        made, said = call["made"][where], call["answers"][where]
        silent = where in call["must"] and not made
        count = f"{made:,}" if made else '<span class="quiet">0</span>'
        count = word("0: must be made", "wrong") if silent else count
        found += cell(word(said)) + cell(count, "n")
    return found


def judged(verdict: str | None) -> str:
    """What the judge says."""
    if not verdict:
        return '<span class="quiet">ends the machine</span>'
    return word(verdict, verdict if verdict in ("good", "none") else "wrong")


def call_line(report: Report, call: Report) -> str:
    """One call."""
    verdicts = (each.get(call["name"]) for each in report["judged"].values())
    return row(
        call["name"],
        cells("td", [str(call["number"])])
        + call_cells(report, call)
        + "".join(cell(judged(verdict)) for verdict in verdicts)
        + cells("td", call["ways"].values(), ""),
        code=True,
    )


def call_heads(report: Report) -> str:
    """Two lines: boots, and what is said of each."""
    spans = "".join(
        f'<th colspan="2">{escape(label(each["environment"]))}</th>' for each in report["traced"]
    )
    each = '<th>answer</th><th class="n">made</th>' * len(report["traced"])
    roms = list(report["judged"])
    both = "".join(f'<th colspan="{len(roms)}">{words}</th>' for words in ("judged", "done by"))
    return (
        f'<tr class="spans"><th></th><th></th>{spans}{both}</tr>'
        f'<tr><th>call</th><th class="n">number</th>{each}{cells("th", roms * 2, "")}</tr>'
    )


def calls(report: Report) -> str:
    """Plots, then all of them."""
    plots = "".join(count_bars(report, each["environment"]) for each in report["traced"])
    lines = [call_line(report, call) for call in report["calls"]]
    return (
        "<h2>Calls</h2><p>Each call's code in a ROM that counts first writes its number to an I/O "
        "port; the port's bytes were counted. The guest is the same, and makes all its tests.</p>"
        f'<div class="plots">{plots}</div>'
        "<p>What get_reloc answers: "
        f'{word("call")} a direct call of code in the ROM; {word("jump")} a jump; {word("nop")} '
        f'there is nothing to do; {word("none")} the guest keeps its own instruction. The '
        "judge is a kernel that shares no code with pvgen (tests/rom), on the ROM's own machine; "
        "a ROM does a call by a few instructions (inline), by an assembly (asm) or a C function "
        "(call).</p>"
        + table(call_heads(report), lines, "calls")
    )


def absent(report: Report) -> str:
    """What a ROM has not, by name and with its reason."""
    lines = []
    for call in report["calls"]:
        for reason in dict.fromkeys(call["reasons"].values()):
            roms = ", ".join(rom for rom, each in call["reasons"].items() if each == reason)
            said = cells("td", [roms], "code") + cells("td", [reason], "wide")
            lines.append(row(call["name"], said, True))
    return (
        "<h2>Calls that a ROM does not have</h2><p>The description says why, and must: a ROM has a "
        "line for each call.</p>" + table(head(["call", "ROM", "why not"], ""), lines)
    )


def op_line(op: Report) -> str:
    """One op."""
    forms = "".join(cell(word(form) if form else "–") for form in op["forms"].values())
    return row(
        op["name"],
        cell(word(op["style"])) + cells("td", [op["call"], op["function"]], "code") + forms,
        code=True,
    )


def ops(report: Report) -> str:
    """How each is bound, and what became of its sites."""
    count = Counter(op["style"] for op in report["ops"])
    meant = items(
        f"{word(name)} {count[name]} ops: {escape(text)}." for name, text in STYLES.items()
    )
    machines = [label(each["environment"]) for each in report["boots"]]
    heads = head(["op", "binding", "call", "function between", *machines], "")
    bare = ", ".join(report["bare_ops"])
    return (
        "<h2>Ops</h2><p>How pvgen binds each op that a call can do, as the guest's own table has "
        f"it, and what its sites were found to be after patching.</p>{meant}"
        f'{table(heads, map(op_line, report["ops"]))}'
        f'<p class="quiet">As on bare hardware with each ROM: {escape(bare)}.</p>'
    )


def lines_of(part: Report) -> Counter[str]:
    """By kind."""
    found: Counter[str] = Counter()
    for each in part["files"]:
        found[each["kind"]] += each["lines"]
    return found


def size_line(part: Report) -> str:
    """One half's half."""
    lines = lines_of(part)
    size = f'{part["bytes"]:,}' if part["bytes"] else "–"
    return row(part["name"], cells("td", [size, *(f"{lines[kind]:,}" for kind in SIDES)]))


def file_line(part: Report, each: Report) -> str:
    """One file of a part."""
    said = cells("td", [part["name"], each["kind"]], "") + cells("td", [f'{each["lines"]:,}'])
    return row(each["path"], said, True)


def sizes(report: Report) -> str:
    """Bytes and lines."""
    bars = []
    for part in report["sizes"]:
        lines = lines_of(part)
        sides = [(kind, float(lines[name])) for name, kind in SIDES.items()]
        bars.append(Bar(part["name"], sides, f"{sum(lines.values()):,}"))
    legend = "".join(f'<b><i class="{kind}"></i>{name}</b>' for name, kind in SIDES.items())
    named = Counter(each["path"] for part in report["sizes"] for each in part["files"])
    shared = [path for path, count in named.items() if count > 1]
    files = [file_line(part, each) for part in report["sizes"] for each in part["files"]]
    listed = table(head(["file", "part", "kind", "lines"], ""), files)
    return (
        "<h2>Sizes</h2><p>Lines of the files that the images were made of, as their debug "
        "information names them, headers with them; all lines, comments too. Files of two ROMs are "
        "counted in "
        f'each: {escape(", ".join(shared))}.</p><p class="legend">{legend}</p>'
        f'<div class="plots">{figure("lines", "of each part", charts.bars("lines", bars))}</div>'
        f'{table(head(["part", "bytes of the ROM", *SIDES]), map(size_line, report["sizes"]))}'
        f"<details><summary>File by file</summary>{listed}</details>"
    )


def mutant_lines(rows: Iterable[Report]) -> list[str]:
    """With what is changed in front, once."""
    found, last = [], ""
    for each in rows:
        part = each["part"] if each["part"] != last else ""
        last = each["part"]
        said = cells("td", [each["name"], each["expected"], each["seen"]], "")
        found.append(row(part, said + cell(verdict_word(each["good"]))))
    return found


def mutants(report: Report) -> str:
    """Both tables."""
    heads = head(["changed", "to", "expected", "seen", ""], "")
    parts = []
    for name, words in TABLES.items():
        rows = [each for each in report["mutants"] if each["table"] == name]
        drawn = table(heads, mutant_lines(rows), "mutants")
        parts.append(f"<h3>{escape(words)}: {len(rows)}</h3>{drawn}")
    return (
        "<h2>ROMs with one thing changed</h2><p>Each was written, given to the machine and booted. "
        "The guest must name what is wrong, use nothing of it, and pass all its tests: refused is "
        "a whole ROM, unused one answer; passed over is what the BIOS or the guest takes for no "
        f"ROM of VMI.</p>{''.join(parts)}"
    )


METHODS = (
    "Machines are QEMU's emulator without KVM; time in them is counted in instructions, so counts "
    "are the same in each run on bare hardware. Below Xen they depend on when its timers fire.",
    "xen-pae.elf is Debian's Xen with one bit of one number changed, which QEMU's emulation of "
    "page tables of 8-byte entries needs (tests/boot/xen_pae.py); no processor needs it.",
    "Kinds of bindings are read from the table in the guest's file, answers from what the guest "
    "says on its console, where it takes a jump only for calls that permit nothing else.",
)


def method(report: Report) -> str:
    """What it was done with."""
    rows = [row(name, cells("td", [value], "wide")) for name, value in report["software"].items()]
    return f'<h2>Method</h2>{items(map(escape, METHODS))}{table(head(["made with", ""], ""), rows)}'


SECTIONS = (answers, boots, calls, absent, ops, sizes, mutants, method)


def page(report: Report) -> str:
    """All of it."""
    body = "\n".join(section(report) for section in SECTIONS)
    made = f'Made {escape(report["made"])}; the same figures are in vmi.json.'
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>VMI 3.0, both halves</title>\n<style>{STYLE}</style></head>\n"
        f"<body><main><h1>VMI 3.0, both halves</h1>\n{body}\n"
        f'<p class="quiet">{made}</p></main></body></html>\n'
    )
