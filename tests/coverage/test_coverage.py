"""`pvgen coverage`: what of Xen can be had through others, and that each line of it counts."""

import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tool import ENVIRONMENT, FINE, INPUT, PVGEN, ROOT, Result, run

VERDICTS = ("full", "partly", "inside", "none")

ABI, VMI = "idl/abi/xen.pvi", "idl/abi/vmi_on_xen.pvi"
PV, PVH, NATIVE = "idl/pv/xen_pv.pvi", "idl/pv/xen_pvh.pvi", "idl/pv/native.pvi"

# ---- VMI 3.0, beside a reader's table ----

# What that table calls so may be these.
MEANS = {"full": {"full"}, "partly": {"partly"}, "no": {"inside", "none"}}

# Rows, as "hypercall item", of which the description says something else, and why.
DIFFERENT: dict[str, str] = {}

# Elements that no row speaks of.
ROWLESS = {"set_callbacks.syscall", "vm_assist.disable"}


def table() -> list[dict[str, str]]:
    """The rows."""
    lines = (ROOT / "tests/coverage/vmi-on-xen.tsv").read_text().splitlines()
    head, *rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [dict(zip(head, row, strict=True)) for row in rows]


def answer(*words: str, cwd: Path = ROOT, tool: Path = PVGEN) -> dict:
    """The JSON, which agrees with itself."""
    result = run("coverage", *words, "--format=json", cwd=cwd, tool=tool)
    assert (result.status, result.err) == (FINE, ""), result.err
    report = json.loads(result.out)
    counts = Counter((e["plane"] or "", e["verdict"]) for e in report["elements"])
    assert len({e["name"] for e in report["elements"]}) == len(report["elements"])
    for plane in report["planes"]:
        assert plane["elements"] == sum(plane[v] for v in VERDICTS) > 0
        assert all(plane[v] == counts[plane["name"], v] for v in VERDICTS)
    total = report["total"]
    assert total["elements"] == len(report["elements"])
    assert all(total[v] == sum(p[v] for p in report["planes"]) for v in VERDICTS)
    assert total["elements"] == sum(p["elements"] for p in report["planes"])
    return report


def by_name(report: dict) -> dict[str, dict]:
    """Its elements."""
    return {e["name"]: e for e in report["elements"]}


def differences(report: dict, rows: list[dict[str, str]]) -> dict[str, str]:
    """Rows of which the report says something else."""
    elements = by_name(report)
    found = {}
    for row in rows:
        said = [elements[name] for name in row["elements"].split()]
        assert said, row
        good = all(e["verdict"] in MEANS[row["verdict"]] and e["plane"] == row["plane"] for e in said)
        if not good:
            found[f"{row['hypercall']} {row['item']}"] = str([(e["name"], e["verdict"]) for e in said])
    return found


def test_vmi_row_by_row() -> None:
    """The description of VMI on Xen is what a reader found, or says why not."""
    rows = table()
    found = differences(answer("vmi", "xen", ABI, VMI), rows)
    print(f"{len(rows)} rows, {len(rows) - len(found)} agree, {len(found)} differ with reason")
    assert found.keys() == DIFFERENT.keys(), found
    assert len(rows) == 218


def test_a_difference_would_be_seen(tmp_path: Path) -> None:
    """A verdict that is another, and a plane."""
    shutil.copytree(ROOT / "idl", tmp_path / "idl")
    edit(tmp_path / VMI, r"full( +stack_switch) ", r'none\1 "no"; //')
    edit(tmp_path / ABI, r"(call 8 .*)core", r"\1control")
    found = differences(answer("vmi", "xen", ABI, VMI, cwd=tmp_path), table())
    assert set(found) == {"stack_switch ", "set_debugreg "}


def test_each_element_has_a_row() -> None:
    """But those that are named here."""
    named = {name for row in table() for name in row["elements"].split()}
    assert by_name(answer("vmi", "xen", ABI, VMI)).keys() - named == ROWLESS


# ---- each line counts ----


@pytest.fixture(name="tree")
def copy_descriptions(tmp_path: Path) -> Path:
    """A copy of idl/ that a test may change."""
    shutil.copytree(ROOT / "idl", tmp_path / "idl")
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    """Replace a pattern that occurs once."""
    text, n = re.subn(old, new, path.read_text(), flags=re.MULTILINE)
    assert n == 1, (n, old)
    path.write_text(text)


LINE = re.compile(r"^ *(full|partly|inside|none)\b[^;]*;\n", re.MULTILINE)


def lines_of(path: str, block: str) -> list[tuple[int, int]]:
    """Where the lines of the block are in the file."""
    text = (ROOT / path).read_text()
    return [m.span() for m in LINE.finditer(text, text.index(block))]


def counted(report: dict) -> dict:
    """What a line may change."""
    return {e["name"]: (e["verdict"], e.get("by"), e.get("like"), e["text"]) for e in report["elements"]}


SOURCES = {
    VMI: ("binding vmi", ("vmi", "xen", ABI, VMI)),
    PV: ("    uses {", ("pv", "xen", ABI, PV, NATIVE)),
    PVH: ("    uses {", ("pv", "xen", ABI, PVH, NATIVE)),
}


@pytest.mark.parametrize("path", SOURCES)
def test_each_line_counts(path: str, tree: Path) -> None:
    """Without it the answer is another one: of a line with a count, the count."""
    block, words = SOURCES[path]
    text = (ROOT / path).read_text()
    before = answer(*words)
    lines = lines_of(path, block)
    assert len(lines) > 10
    changed = 0
    for begin, end in lines:
        (tree / path).write_text(text[:begin] + text[end:])
        after = answer(*words, cwd=tree)
        assert counted(after) != counted(before), text[begin:end]
        changed += after["total"] != before["total"]
    print(f"{path}: {len(lines)} lines, {changed} change the count")
    # What is left are reasons for none, and lines beside a hypercall or shared memory.
    assert changed > len(lines) // 2


# What in the description of an op says how Xen is used, and what has its place: the element, and
# its verdict before and after.
WAYS: dict[str, tuple[str, str, str, str]] = {
    "hypercall": (r"cpu\.set_debugreg .*;", "cpu.set_debugreg call f;", "set_debugreg", "none"),
    "sub-command": (r"= xen\.set_segment_base.*;", "call f;", "set_segment_base.gs_user_sel", "none"),
    "another op's": (r"mmu\.flush_tlb_local .*;", "mmu.flush_tlb_local call f;", "mmuext_op.tlb_flush_local", "full"),
    "line and load": (r"full +vcpu_info.arch.cr2 .*;", "", "vcpu_info.arch.cr2", "full"),
    "line and store": (r"full +vcpu_info.evtchn_upcall_mask .*;", "", "vcpu_info.evtchn_upcall_mask", "full"),
    "template": (r"irq\.irq_enable +inline[^;]*;", "irq.irq_enable call f;", "vcpu_info.evtchn_upcall_pending", "none"),
}


@pytest.mark.parametrize("case", WAYS)
def test_each_way_counts(case: str, tree: Path) -> None:
    """What follows from how ops are done."""
    old, new, element, after = WAYS[case]
    words = ("pv", "xen", ABI, PV, NATIVE)
    assert by_name(answer(*words))[element]["verdict"] != "none"
    edit(tree / PV, old, new)
    assert by_name(answer(*words, cwd=tree))[element]["verdict"] == after


SMALL = """language 1;
config bool WITH;
interface pv version 1.0 {
    phases patching later;
    group g { op void a(void) { } op u8 b(void) { } op void c(void) { default nop; context late; } }
}
abi h {
    entry x86_64 "vmcall" { number rax; args rdi; result rax; errors negative; }
    shared struct info { u8 masked; struct { u8 now; } in; u8 other; };
    plane core "all" { memory info.masked info.in info.other; }
    plane rest "more";
    call 1 long stop(void) { plane core; }
    call 2 long ask(int cmd) { plane rest; subs in cmd; sub 0 who(void); sub 1 what(void); }
    call 3 long place(void) { plane rest; }
}
abi f { call 1 long halt(void); }
backend metal for pv { bare; detect always; g.a nop; g.b zero; }
backend guest for pv on h {
    detect start_info;
    priority 1;
    shared info percpu guest_info THROUGH
    g.a A;
    g.b B;
    OTHER
}
MORE
"""
PLAIN = {"THROUGH": ";", "A": "call guest_a", "B": "call guest_b", "OTHER": "", "MORE": ""}


def small(place: Path, **said: str) -> dict[str, str]:
    """Verdicts of a small description."""
    report = answer("pv", "h", "in.pvi", cwd=written(place, **said))
    return {e["name"]: e["verdict"] for e in report["elements"] if e["verdict"] != "none"}


def written(place: Path, **said: str) -> Path:
    """Where the small description is."""
    text = SMALL
    for word, value in {**PLAIN, **said}.items():
        text = re.sub(rf"\b{word}\b", lambda _, value=value: value, text)
    (place / "in.pvi").write_text(text)
    return place


USED: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "nothing": ({}, {}),
    "hypercall": ({"A": "= h.stop()"}, {"stop": "full"}),
    "sub-command": ({"A": "= h.ask.what()"}, {"ask.what": "full"}),
    "store": ({"A": "= store h.info.masked 1"}, {"info.masked": "full"}),
    "load inside of what is counted": ({"B": "= load h.info.in.now"}, {"info.in": "full"}),
    "template": ({"A": 'inline x86_64 "incb %gs:{info.other}"'}, {"info.other": "inside"}),
    "through": ({"THROUGH": "{ through h.ask.who; }"}, {"ask.who": "inside"}),
    "probe": ({"OTHER": "phase later { when cpus > 1 && !probe(h.place) { g.c call c; } }"}, {"place": "inside"}),
    "variant": ({"OTHER": "phase later { g.c = h.stop(); }"}, {"stop": "full"}),
    "excluded by the configuration": ({"OTHER": "when WITH { phase later { g.c = h.stop(); } }"}, {"stop": "full"}),
    "inherited": ({"A": "inherit"}, {}),
    "a line": ({"OTHER": "uses { full stop by g.a; }"}, {"stop": "full"}),
    "a line that says less": ({"A": "= h.stop()", "OTHER": 'uses { partly stop by g.a "half"; }'}, {"stop": "partly"}),
    "a line that says no": ({"A": "= h.stop()", "OTHER": 'uses { none stop "not so"; }'}, {}),
    "a call whole": (
        {"A": "= h.ask.what()", "OTHER": "uses { full ask.who by g.b; inside ask; }"},
        {"ask.who": "full", "ask.what": "inside"},
    ),
    "two backends": (
        {
            "OTHER": 'uses { partly stop by g.a "half"; inside place; }',
            "MORE": 'backend two for pv on h { detect cpuid "Two"; g.a call a; g.b call b;'
            " uses { full stop by g.b; inside ask.who; } }",
        },
        {"stop": "full", "place": "inside", "ask.who": "inside"},
    ),
    "a backend on nothing": ({"MORE": "backend two for pv { detect start_info; g.a call a; g.b zero; }"}, {}),
}


@pytest.mark.parametrize("case", USED)
def test_what_is_used(case: str, tmp_path: Path) -> None:
    """What each kind of statement says."""
    said, expected = USED[case]
    assert small(tmp_path, **said) == expected


def test_configuration(tmp_path: Path) -> None:
    """What -D excludes counts no more."""
    written(tmp_path, OTHER="when WITH { phase later { g.c = h.stop(); } }")
    for setting, verdict in (("WITH", "full"), ("WITH=n", "none")):
        report = answer("-D", setting, "pv", "h", "in.pvi", cwd=tmp_path)
        assert by_name(report)["stop"]["verdict"] == verdict


def test_imports_and_architecture(tmp_path: Path) -> None:
    """-I finds what is imported; a binary interface of another architecture counts as well."""
    (tmp_path / "top.pvi").write_text('language 1;\nimport "vmi_on_xen.pvi";\n')
    report = answer("-I", str(ROOT / "idl/abi"), "vmi", "xen", "top.pvi", cwd=tmp_path)
    assert report["total"] == answer("vmi", "xen", ABI, VMI)["total"]
    assert report["total"] == answer("--arch=i386", "vmi", "xen", ABI, VMI)["total"]


def test_two_abis(tmp_path: Path) -> None:
    """Through an abi, without planes too; an empty binding has nothing."""
    written(tmp_path, MORE='binding f on h { partly stop by halt "all"; none ask "no"; }\nbinding h on f { }')
    report = answer("f", "h", "in.pvi", cwd=tmp_path)
    assert (report["kind"], report["from_version"], report["backends"]) == ("abi", None, [])
    stop = by_name(report)["stop"]
    assert (stop["verdict"], stop["by"], stop["text"], stop["line"]) == ("partly", ["halt"], "all", 26)
    assert by_name(report)["ask.who"]["text"] == "no"
    empty = answer("h", "f", "in.pvi", cwd=tmp_path)
    counts = {"elements": 1, "full": 0, "partly": 0, "inside": 0, "none": 1}
    assert empty["planes"] == [{"name": "", "text": None, **counts}]


def test_who_says_nothing(tmp_path: Path) -> None:
    """What a backend without `uses` does is not known, and not counted as if it were nothing."""
    for said, silent in (({}, ["guest"]), ({"OTHER": "uses { }"}, [])):
        written(tmp_path, **said)
        assert answer("pv", "h", "in.pvi", cwd=tmp_path)["silent"] == silent
        for form in ("text", "html"):
            out = run("coverage", "pv", "h", "in.pvi", f"--format={form}", cwd=tmp_path).out
            assert (b"guest has no " in out) == bool(silent)


# ---- what the command line may say ----

FAULTS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no names": (("in.pvi",), ENVIRONMENT, "FROM, ON and descriptions belong to 'coverage'"),
    "no file": (("pv", "h"), ENVIRONMENT, "FROM, ON and descriptions belong to 'coverage'"),
    "no such abi": (("pv", "g", "in.pvi"), ENVIRONMENT, "no abi 'g' in these descriptions; there are: f, h"),
    "an interface as abi": (("f", "pv", "in.pvi"), ENVIRONMENT, "no abi 'pv' in these descriptions; there are: f, h"),
    "nothing of this name": (
        ("w", "h", "in.pvi"),
        ENVIRONMENT,
        "no interface or abi 'w' in these descriptions; there are: pv, f, h",
    ),
    "no backend on it": (("pv", "f", "in.pvi"), ENVIRONMENT, "interface 'pv' has no backend on abi 'f'"),
    "no binding": (("f", "h", "in.pvi"), ENVIRONMENT, "write 'binding f on h { ... }'"),
    "itself": (("h", "h", "in.pvi"), ENVIRONMENT, "write 'binding h on h { ... }'"),
    "no such form": (("--format=xml", "pv", "h", "in.pvi"), ENVIRONMENT, "unknown form of the coverage 'xml'"),
    "an input as output": (("--format=json:in.pvi", "pv", "h", "in.pvi"), ENVIRONMENT, "in.pvi"),
    "a faulty description": (("pv", "h", "bad.pvi"), INPUT, "unknown-interface"),
    "no such description": (("pv", "h", "none.pvi"), ENVIRONMENT, "cannot read 'none.pvi'"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults(case: str, tmp_path: Path) -> None:
    """A precise message, the status, and no report."""
    words, status, part = FAULTS[case]
    written(tmp_path)
    (tmp_path / "bad.pvi").write_text("backend b for nobody { detect always; }\n")
    result = run("coverage", *words, cwd=tmp_path)
    assert (result.status, result.out) == (status, b""), result.err
    assert part in result.err


def text_of(*words: str, **how: object) -> str:
    """The report for people."""
    result: Result = run("coverage", *words, cwd=ROOT, **how)
    assert (result.status, result.err) == (FINE, "")
    return result.out.decode()


def test_forms(tmp_path: Path) -> None:
    """Several at once, each into its file; what is printed is the text."""
    written(tmp_path, OTHER="uses { full stop by g.a; }")
    forms = ("text", "json", "html")
    result = run("coverage", "pv", "h", "in.pvi", *(f"--format={f}:{f}.out" for f in forms), cwd=tmp_path)
    assert (result.status, result.out, result.err) == (FINE, b"", "")
    for form in forms:
        printed = run("coverage", "pv", "h", f"--format={form}", "in.pvi", cwd=tmp_path).out
        assert printed == (tmp_path / f"{form}.out").read_bytes()
    assert run("coverage", "pv", "h", "in.pvi", cwd=tmp_path).out == (tmp_path / "text.out").read_bytes()


def test_text_says_what_json_says() -> None:
    """Counts, elements, what is lost and where it says so."""
    report = answer("vmi", "xen", ABI, VMI)
    text = text_of("vmi", "xen", ABI, VMI)
    for plane in [*report["planes"], {"name": "all", **report["total"]}]:
        counts = [plane["elements"], *(plane[v] for v in VERDICTS)]
        assert re.search(rf"^  {plane['name']} +" + " +".join(map(str, counts)) + "$", text, re.M)
    for e in report["elements"]:
        (line,) = re.findall(rf"^  {re.escape(e['name'])} +(\S.*:\d+.*)$", text, re.M)
        assert line.startswith(f"{e['path']}:{e['line']}")
        assert (e["text"] or "") in line and all(by in line for by in e["by"] if "by" in e)


# ---- the page ----


class Page(HTMLParser):
    """Cells of the matrix, by element; what is visible in them."""

    VOID = {"meta", "input", "i"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        """Rows and cells begin."""
        assert not any(key in ("src", "href") for key, _ in attrs), "nothing from elsewhere"
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        if tag not in self.VOID - {"i"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Each that ends began."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """What a reader sees."""
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip("\n")


def test_page() -> None:
    """An element a row, a column each FROM, the one that was asked for first; what is lost is visible."""
    words = (ABI, VMI, PV, PVH, NATIVE)
    text = text_of("pv", "xen", "--format=html", *words)
    rows = {row[0]: row[1:] for row in Page(text).rows if row}
    assert rows["xen"] == ["pv 1.0", "vmi"]
    reports = [by_name(answer(name, "xen", *words)) for name in ("pv", "vmi")]
    for name in reports[0]:
        (cells,) = [cells for head, cells in rows.items() if re.match(rf"{re.escape(name)}(?![\w.])", head)]
        for cell, report in zip(cells, reports, strict=True):
            e = report[name]
            assert cell.startswith(e["verdict"])
            assert (e["text"] or "") in cell and all(by in cell for by in e.get("by", e.get("like")))
    assert text.count("<table") == 3
    other = text_of("vmi", "xen", "--format=html", *words)
    assert Page(other).rows and "<th>vmi</th><th>pv 1.0</th>" in other


def test_page_hides_no_markup(tmp_path: Path) -> None:
    """Texts of descriptions are texts."""
    written(tmp_path, OTHER='uses { partly stop by g.a "<b title=\\"&x\\">"; }')
    page = run("coverage", "pv", "h", "in.pvi", "--format=html", cwd=tmp_path).out.decode()
    assert "&lt;b title=&quot;&amp;x&quot;&gt;" in page and "<b title" not in page


# ---- where backends are unknown ----


@pytest.mark.parametrize("words", ["", "unknown backends;"])
def test_bindings_are_as_known_as_backends(words: str, tmp_path: Path) -> None:
    """What an image does not tell of bindings is no change."""
    group = "group g { op void f(void) { default nop; } }"
    text = f"language 1;\ninterface i version 1.0 {{ {words} {group} }}\n"
    abis = "abi h { call 1 long a(void); }\nabi f { call 2 long b(void); }\n"
    abis += "binding f on h { full a by b; }\n"
    (tmp_path / "old.pvi").write_text(text)
    (tmp_path / "new.pvi").write_text(text + abis)
    result = run("diff", "--gate=none", "--format=json", "old.pvi", "new.pvi", cwd=tmp_path)
    rules = {change["rule"] for change in json.loads(result.out)["changes"]}
    assert rules == (set() if words else {"PV-TYP-ADD", "PV-COV-BINDING"})


# ---- Linux ----


def test_linux() -> None:
    """Its ops, hooks and registrations are a FROM as well, and more of Xen is had through them than was lost."""
    report = answer("pv", "xen", *(str(p) for p in sorted((ROOT / "idl/linux").glob("*.pvi"))))
    assert report["backends"] == ["xen_hvm", "xen_pv"]
    assert by_name(report)["mmuext_op.tlb_flush_multi"]["by"] == ["mmu.flush_tlb_multi"]
