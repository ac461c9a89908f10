"""The page of a diff: what is drawn of slots, and what a browser makes of its filter."""

import re
import subprocess
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
from cases import AUDIENCES, diff
from test_diff_command import BEFORE, INSERTED
from test_diff_waivers import lines, waive

SECONDS = 60


def interface(*ops: str, version: str = "1.0") -> str:
    """One with these ops; a number is that many spare slots."""
    text = [f"spare {op};" if op.isdigit() else f"op void {op} {{ default nop; }}" for op in ops]
    named = (op if "(" in op or "spare" in op else op.replace(" {", "(void) {", 1) for op in text)
    return f"interface i version {version} {{ group g {{ {' '.join(named)} }} }}\n"


def page(place: Path, old: str, new: str, waivers: str = "") -> str:
    """Its text."""
    waive(place, old, new, waivers, "--format=html:page.html")
    return (place / "page.html").read_text()


# ---- slots ----


@dataclass
class Run:
    """Slots that are drawn together: their texts at both sides, and lines between."""

    kind: str
    sides: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))
    lines: list[tuple[float, ...]] = field(default_factory=list)
    shift: str = ""


class Drawing(HTMLParser):
    """All runs of a page; the right side begins where lines end."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Run] = []
        self.text: dict[str, str | None] | None = None
        self.rows: list[tuple[Run, int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A run, a line or a text of it."""
        given = dict(attrs)
        if tag == "g":
            self.runs.append(Run(given["class"] or ""))
        if tag == "path":
            numbers = re.findall(r"[\d.]+", given["d"] or "")
            self.runs[-1].lines.append(tuple(map(float, numbers)))
        if tag == "text":
            self.text = given
            self.rows.append((self.runs[-1], int(given["x"] or 0), ""))

    def handle_endtag(self, tag: str) -> None:
        """Behind a text."""
        if tag == "text":
            self.text = None

    def handle_data(self, data: str) -> None:
        """A part of one."""
        if self.text:
            run, x, before = self.rows[-1]
            self.rows[-1] = (run, x, before + data)


def drawn(place: Path, old: str, new: str) -> list[Run]:
    """What is drawn of the only table; nothing if no slot is another."""
    drawing = Drawing()
    drawing.feed(page(place, old, new))
    left = min((x for _, x, _ in drawing.rows), default=0)
    for run, x, text in drawing.rows:
        if re.fullmatch(r"[+-]\d+", text):
            run.shift = text
        else:
            run.sides[x != left].append(text)
    return drawing.runs


def test_a_shift_is_seen(tmp_path: Path) -> None:
    """All behind an op that was inserted go down by a row."""
    runs = drawn(tmp_path, interface("a", "b", "c"), interface("a", "n", "b", "c"))
    same, moved, new = runs
    assert (same.kind, same.sides) == ("same", (["0 g.a"], ["0 g.a"]))
    assert (moved.kind, moved.shift) == ("moved", "+1")
    assert moved.sides == (["1 g.b", "2 g.c"], ["2 g.b", "3 g.c"])
    assert (new.kind, new.sides, new.lines) == ("new", ([], ["1 g.n"]), [])
    assert [y1 - y0 for _, y0, _, y1 in same.lines] == [0]
    downs = {y1 - y0 for _, y0, _, y1 in moved.lines}
    assert len(moved.lines) == 2 and len(downs) == 1 and min(downs) > 0


KINDS = {
    "removed": (("a", "b", "c"), ("a", "c"), {"same": 1, "gone": 1, "moved": 1}),
    "exchanged": (("a", "b"), ("b", "a"), {"moved": 2}),
    "renamed": (("a", "b"), ("a", "n"), {"same": 1, "renamed": 1}),
    "moved too": (
        ("a", "b", "c"), ("n", "a", "d", "c"), {"new": 1, "moved": 2, "moved renamed": 1}
    ),
    "renamed, and one more": (("b", "c"), ("a", "n", "c"), {"renamed": 1, "new": 1, "moved": 1}),
    "spare taken": (("a", "2", "b"), ("a", "n", "1", "b"), {"same": 2, "gone": 1, "new": 1}),
    "at the end": (("a",), ("a", "b", "c"), {"same": 1, "new": 1}),
}


@pytest.mark.parametrize("case", KINDS)
def test_kinds(case: str, tmp_path: Path) -> None:
    """Each run is what became of its slots; none is lost."""
    old, new, expected = KINDS[case]
    runs = drawn(tmp_path, interface(*old), interface(*new))
    kinds = [run.kind for run in runs]
    assert {k: kinds.count(k) for k in kinds} == expected
    for side, ops in enumerate((old, new)):
        slots = sum(int(op) if op.isdigit() else 1 for op in ops)
        shown = [text.split()[0] for run in runs for text in run.sides[side]]
        assert sorted(map(int, shown)) == list(range(slots))
    for run in runs:
        both = all(run.sides)
        assert len(run.lines) == (len(run.sides[0]) if both else 0)


def test_long_runs_are_folded(tmp_path: Path) -> None:
    """A picture grows with what changed, not with the table."""
    ops = [f"f{n}" for n in range(1000)]
    runs = drawn(tmp_path, interface(*ops), interface(*ops[:500], "n", *ops[500:]))
    assert [run.kind for run in runs] == ["same", "moved", "new"]
    left = ["500 g.f500", "501 g.f501", "502 g.f502", "... 494 more"]
    assert runs[1].sides[0] == [*left, "997 g.f997", "998 g.f998", "999 g.f999"]
    assert len(runs[1].sides[1]) == len(runs[1].lines) == 7
    eight = [f"f{n}" for n in range(9)]
    (same, _) = drawn(tmp_path, interface(*eight[:7]), interface(*eight[:8]))
    assert len(same.sides[0]) == 7 and "more" not in str(same)


def test_no_slot_is_another(tmp_path: Path) -> None:
    """That is said, and nothing drawn."""
    text = page(tmp_path, interface("a"), interface("a(int x)"))
    assert "Each op is in the slot where it was." in text and "<svg" not in text
    constants = page(tmp_path, "const A = 1;\n", "const A = 2;\n")
    assert "Slots" not in constants and "PV-ENU-SHIFT" in constants


def test_ops_that_changed(tmp_path: Path) -> None:
    """Each is a row, with the worst for each audience, and its picture leads there."""
    new = INSERTED.replace("int a", "u64 b")
    text = page(tmp_path, BEFORE, new)
    rows = re.findall(r'<tr id="op(\d+)".*?><th.*?>(i\.\S+?)</a></th>(.*?)</tr>', text)
    cells = [(name, re.findall(r">(\w+(?:, waived)?)</td>", row)) for _, name, row in rows]
    assert cells == [
        ("i.g.n", ["ok", "warn", "silent", "na"]), ("i.g.y", ["ok", "break", "silent", "na"])
    ]
    assert all(f'<a href="#op{number}"><text' in text for number, *_ in rows)
    waivers = "".join(f"{line} x\n" for line in lines(tmp_path, BEFORE, new))
    assert text.count("waived</td>") == 0
    assert page(tmp_path, BEFORE, new, waivers).count("ok, waived</td>") == 3


# ---- in a browser ----


def browse(place: Path, text: str, script: str = "") -> tuple[str, str]:
    """The document after its own scripts, and one more, have run; what the browser complained."""
    (place / "shown.html").write_text(text.replace("</body>", f"<script>{script}</script></body>"))
    words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    words += [f"--user-data-dir={place}/profile", "--host-resolver-rules=MAP * ~NOTFOUND"]
    words += ["--enable-logging=stderr", f"file://{place}/shown.html"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=True)
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, "\n".join(said)


def shown(dom: str) -> list[str]:
    """Rules of the sections that are not hidden."""
    heads = re.findall(r"<section([^>]*)>.*?<code>(PV-.*?)</code>", dom, re.S)
    return [rule for attributes, rule in heads if "hidden" not in attributes]


def press(*values: str) -> str:
    """Presses these buttons."""
    return "".join(f"document.querySelector('nav [value={v}]').click();" for v in values)


def words(text: str) -> str:
    """Types into the field."""
    return f"words.value='{text}';words.oninput();"


FILTERS = {
    "": ("", 4),
    "module": (press("module"), 4),
    "peer": (press("peer"), 0),
    "silent": (press("silent"), 3),
    "break": (press("break"), 1),
    "source or backend, note": (press("source", "backend", "note"), 1),
    "module, break": (press("module", "break"), 0),
    "twice": (press("silent", "silent"), 4),
    "words": (words("i.g.N inserted"), 1),
    "words of a row": (words("new.pvi:5"), 1),
    "no words": (words("nothing of this"), 0),
    "words and silent": (press("silent") + words("name"), 0),
}


@pytest.mark.parametrize("case", FILTERS)
def test_filter(case: str, tmp_path: Path) -> None:
    """Shows what concerns one of the pressed audiences in one of the pressed ways."""
    script, expected = FILTERS[case]
    new = INSERTED.replace("int a", "long b")
    dom, complaints = browse(tmp_path, page(tmp_path, BEFORE, new), script)
    assert complaints == ""
    assert len(shown(dom)) == expected, shown(dom)
    assert f"<output>{expected} of 4 changes</output>" in dom
    assert "<nav aria-label" in dom, "the filter is shown"


def test_filter_agrees(tmp_path: Path) -> None:
    """With the verdicts of each section, for each pair of buttons."""
    new = INSERTED.replace("int a", "long b").replace("void x(void)", "void x(u8 q)")
    text = page(tmp_path, BEFORE, new)
    found = re.findall(r"<section (.*?)>.*?<code>(PV-.*?)</code>", text)
    data = [dict(re.findall(r'data-(\w+)="(\w+)"', attributes)) for attributes, _ in found]
    verdicts = sorted({v for row in data for v in row.values()} - {"na"})
    pairs = [(a, v) for a in AUDIENCES for v in verdicts]
    steps = [
        f"{press(a, v)}said.push([...document.querySelectorAll('section')]"
        f".map(s=>+!s.hidden).join(''));{press(a, v)}"
        for a, v in pairs
    ]
    script = f"const said=[];{''.join(steps)}document.title=said.join(' ');"
    dom, complaints = browse(tmp_path, text, script)
    title = re.search(r"<title>(.*?)</title>", dom)
    expected = ["".join(str(int(row[a] == v)) for row in data) for a, v in pairs]
    assert title and title[1].split() == expected and complaints == ""


def test_without_scripts(tmp_path: Path) -> None:
    """All is there, but the filter, which could do nothing."""
    text = page(tmp_path, BEFORE, INSERTED)
    body = text.partition("<main>")[2].partition("<script>")[0]
    assert re.findall(r"<(\w+)[^>]* hidden", body) == ["nav"]
    assert re.search(r"<details open><summary>i", text)


def test_folded_changes(tmp_path: Path) -> None:
    """Many of one rule are folded, and found by their words."""
    ops = [f"f{n}" for n in range(60)]
    text = page(tmp_path, interface(*ops), interface(*(f"{op}(int a)" for op in ops)))
    assert "<details><summary>60 changes</summary>" in text
    dom, _ = browse(tmp_path, text, words("i.g.f33"))
    section = re.search(r"<section(?! hidden).*?</section>", dom, re.S)
    assert section and '<details open="">' in section[0]
    assert len(re.findall(r"<tr id=\"c\d+\">", section[0])) == 1


def test_both_kinds_of_light(tmp_path: Path) -> None:
    """Each colour is said for both."""
    text = page(tmp_path, BEFORE, INSERTED)
    light, dark = ({}, {})
    for m in re.finditer(r"(dark\)\{)?:root\{(.*?)\}", text):
        (dark if m[1] else light).update(re.findall(r"--(\w+):(#?\w+)", m[2]))
    assert light.keys() == dark.keys() and len(dark) > 10
    assert not [name for name, colour in dark.items() if light[name] == colour]
    used = set(re.findall(r"var\(--(\w+)\)", text))
    assert used == light.keys()


def test_of_one_diff(tmp_path: Path) -> None:
    """Standard output takes it too."""
    out = diff(tmp_path, BEFORE, INSERTED, "--format=html").out.decode()
    assert out == page(tmp_path, BEFORE, INSERTED)
