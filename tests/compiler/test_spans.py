"""What is marked is exactly what is at fault: whole words, in whatever way the text is laid out.

spans.txt has all that is marked in the examples of errors, warnings and `pvgen explain`, between
guillemets.  PVGEN_UPDATE=1 rewrites it: look at each row of the difference, and ask whether a
reader of the message would have pointed just there.
"""

import json
import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_errors import BUILDS, ERRORS, FOREIGN, WARNINGS, relative
from test_explain import EXAMPLES as EXPLAINED
from test_explain import command_of, write
from tool import HERE, INPUT, NOT_BRIEF, PVGEN, run

TABLE = HERE / "spans.txt"
UPDATE = bool(os.environ.get("PVGEN_UPDATE"))

LEXEME = re.compile(
    r"""(?P<blank> [ \t\r\n\f]+ | \A\xef\xbb\xbf )
      | (?P<comment> //[^\n]* | /\*.*?(?:\*/|\Z) )
      | (?P<string> "(?:\\[^\r\n]|[^"\r\n])*"? )
      | (?P<word> [A-Za-z0-9_]+ | \|\| | && | [=!<>]= | [\x80-\xff]+ | . )""",
    re.DOTALL | re.VERBOSE,
)

# What may be marked in a string: an escape, or what stands for a symbol.
IN_STRING = re.compile(r"\\(?:[\x80-\xff]+|.)|\{[^}\"]*\}?|(?<=[{.])\w+(?=[.}])")


class Text:
    """A description; its bytes are characters, so that offsets are those of the file."""

    def __init__(self, data: bytes) -> None:
        self.text = data.decode("latin-1")
        self.lexemes = list(LEXEME.finditer(self.text))
        self.words = [m for m in self.lexemes if m.lastgroup in ("string", "word")]
        self.begins = {m.start() for m in self.words}
        self.ends = {m.end() for m in self.words}
        last = self.lexemes[-1] if self.lexemes else None
        is_open = last and re.fullmatch(r"/\*(?!.*\*/)..*", last.group(), re.DOTALL)
        self.open_comment = (last.start(), last.start() + 2) if is_open else None
        self.lines = [0, *(m.end() for m in re.finditer("\n", self.text))]

    def span(self, place: dict) -> tuple[int, int]:
        """Offsets of a place in a document of diagnostics."""
        begin = self.lines[place["start_line"] - 1] + place["start_char"]
        return begin, self.lines[place["end_line"] - 1] + place["end_char"]

    def is_in_string(self, begin: int, end: int) -> bool:
        """Is it a part of a string that has a meaning of its own?"""
        strings = (m for m in self.words if m.lastgroup == "string")
        found = IN_STRING.match(self.text, begin)
        is_part = found is not None and found.end() == end
        return is_part and any(m.start() < begin and end <= m.end() for m in strings)

    def is_whole(self, begin: int, end: int) -> bool:
        """Is it one word or several, or the place behind one, where something lacks?"""
        if begin == end:
            return begin in self.ends
        if (begin, end) == self.open_comment:
            return True
        return (begin in self.begins and end in self.ends) or self.is_in_string(begin, end)

    def between(self, begin: int, end: int) -> tuple[int, int]:
        """How many words stand before a span, and how many before its end."""
        before = sum(m.end() <= begin for m in self.words)
        return before, sum(m.start() < end for m in self.words)

    def marked(self, begin: int, end: int) -> str:
        """The lines around a span, and the span in guillemets."""
        first = self.text.rfind("\n", 0, begin) + 1
        last = self.text.find("\n", end)
        end_of_line = len(self.text) if last < 0 else last
        parts = self.text[first:begin], self.text[begin:end], self.text[end:end_of_line]
        before, words, behind = (part.encode("latin-1").decode() for part in parts)
        return " ".join(f"{before}\u00ab{words}\u00bb{behind}".split("// ###")[0].split())

    def spelling(self) -> list[str]:
        """All words, in their order."""
        return [m.group() for m in self.words]


@dataclass(frozen=True)
class Example:
    """A description in which something is to be reported, and how pvgen is to be asked for it."""

    path: str
    command: tuple[str, ...]


def examples() -> Iterator[Example]:
    """All that the other tests have."""
    yield from (Example(relative(p), ("check",)) for p in ERRORS)
    yield from (Example(relative(p), ("build", "--outdir", "out")) for p in BUILDS)
    yield from (Example(relative(p), ("check", "--arch", p.parent.name)) for p in FOREIGN)
    yield from (Example(relative(p), ("check", "-Weverything", *NOT_BRIEF)) for p in WARNINGS)
    yield from (Example(f"explain/{name}/example.pvi", command_of(name)) for name in EXPLAINED)


EXAMPLES = list(examples())
each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.path)


@pytest.fixture(name="place", scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples where they may be changed."""
    place = tmp_path_factory.mktemp("spans")
    for name in ("errors", "warnings", "good"):
        shutil.copytree(HERE / name, place / name)
    for name, (_, wrong, _) in EXPLAINED.items():
        (place / "explain" / name).mkdir(parents=True)
        write(wrong, place / "explain" / name)
    return place


@dataclass(frozen=True)
class Mark:
    """A place in a text, and what is said of it: by a diagnostic, a note or an edit."""

    kind: str
    said: str
    file: str
    text: Text
    begin: int
    end: int

    def row(self) -> str:
        """As it stands in the table."""
        behind = f" -> {self.said!r}" if self.kind == "fix" else ""
        return f"{self.text.marked(self.begin, self.end)}{behind}"


def marks(example: Example, place: Path) -> list[list[Mark]]:
    """Of each diagnostic: itself, its notes, its edits."""
    found = run(*example.command, "--diagnostics-format=json", example.path, cwd=place, tool=PVGEN)
    texts: dict[str, Text] = {}

    def mark(kind: str, said: str, raw: dict) -> Mark:
        text = texts.setdefault(raw["path"], Text((place / raw["path"]).read_bytes()))
        return Mark(kind, said, raw["path"], text, *text.span(raw))

    return [
        [
            mark(d["category"], d["message"], d),
            *(mark("note", n["message"], n) for n in d["notes"]),
            *(mark("fix", f["replacement"], f) for f in d["fixes"]),
        ]
        for d in json.loads(found.out)["diagnostics"]
    ]


@each_example
def test_whole_words_are_marked(example: Example, place: Path) -> None:
    """Not a part of one, no blank and no comment; a note says something of another place."""
    found = marks(example, place)
    assert found
    for first, *others in found:
        assert first.text.is_whole(first.begin, first.end), first.row()
        for m in others:
            if m.kind == "note":
                assert m.text.is_whole(m.begin, m.end), m.row()
                assert (m.file, m.begin) != (first.file, first.begin), m.row()


def test_the_table(place: Path) -> None:
    """Each mark was looked at once."""
    rows = []
    for example in EXAMPLES:
        rows.append(example.path)
        for m in (m for group in marks(example, place) for m in group):
            rows.append(f"  {m.kind:20} {m.row()}")
    table = "\n".join(rows) + "\n"
    if UPDATE:
        TABLE.write_text(table)
    assert table == TABLE.read_text()


# ---- edits ----


def check_edit(m: Mark) -> None:
    """Words of the text give way to words of the edit, and all others stay."""
    old, new = m.text.text[m.begin : m.end], m.said
    edited = Text((m.text.text[: m.begin] + new + m.text.text[m.end :]).encode("latin-1"))
    if m.text.is_in_string(m.begin, m.end):
        return
    first, last = m.text.between(m.begin, m.end)
    words = m.text.spelling()
    expected = words[:first] + Text(new.encode()).spelling() + words[last:]
    assert edited.spelling() == expected, m.row()
    if old and new:
        assert m.text.is_whole(m.begin, m.end), m.row()


@each_example
def test_edits_are_of_whole_words(example: Example, place: Path) -> None:
    """And say what the message says."""
    for first, *others in marks(example, place):
        meant = re.search(r"did you mean '([\w.]+)'", first.said)
        for m in (m for m in others if m.kind == "fix"):
            check_edit(m)
            assert not meant or meant.group(1) == m.said


# ---- layout ----

WIDE = " /*\u00e9\u4e2d\U0001f600e\u0301*/ ".encode().decode("latin-1")

# What stands for the blanks between two words, which a line's end may be among.
LAYOUTS = {
    "tabs": lambda blank: blank.replace(" ", "\t"),
    "carriage returns": lambda blank: blank.replace("\n", "\r\n"),
    "wide characters": lambda blank: re.sub(r" +$", WIDE, blank),
    "lines": lambda blank: blank.replace(" ", "\n"),
    "comments of several lines": lambda blank: blank.replace(" ", "/*\n*/", 1),
}

# Where a line ends decides what these say.
OF_LINES = {"syntax", "open-string", "open-comment"}


def laid_out(text: Text, layout: str) -> bytes:
    """The same words with other blanks."""
    blank = LAYOUTS[layout]
    parts = (blank(m.group()) if m.lastgroup == "blank" else m.group() for m in text.lexemes)
    return "".join(parts).encode("latin-1")


def places(found: list[list[Mark]]) -> list[tuple]:
    """What is marked, by the numbers of words."""
    return [
        (m.kind, m.file, m.text.between(m.begin, m.end), m.text.is_in_string(m.begin, m.end))
        for group in found
        for m in group
    ]


def depends_on_lines(example: Example) -> bool:
    """Is something to be reported that would be something else on another line?"""
    if example.path.startswith("explain/"):
        return Path(example.path).parts[1] in OF_LINES
    return any(f"### [{name}]" in (HERE / example.path).read_text() for name in OF_LINES)


LAID_OUT = [
    (example, layout)
    for example in EXAMPLES
    for layout, blank in LAYOUTS.items()
    if not ("\n" in blank(" ") and depends_on_lines(example))
]


@pytest.mark.parametrize("example, layout", LAID_OUT, ids=lambda case: getattr(case, "path", case))
def test_layout(example: Example, layout: str, place: Path) -> None:
    """The same words are marked, whatever stands between them."""
    path = place / example.path
    before, found = path.read_bytes(), marks(example, place)
    try:
        path.write_bytes(laid_out(Text(before), layout))
        again = marks(example, place)
        check_carets(example, place, again)
    finally:
        path.write_bytes(before)
    assert places(again) == places(found)
    for m in (m for group in again for m in group if m.kind != "fix"):
        assert m.text.is_whole(m.begin, m.end), m.row()


# ---- carets ----

LONGEST = 160
MARGIN = 8


def width(c: str) -> int:
    """Columns of a terminal."""
    if unicodedata.combining(c):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def below(line: str, caret: str) -> tuple[int, str]:
    """How many characters stand before the caret, and those that are marked."""
    at, begin, end = 0, None, 0
    for i, c in enumerate(line):
        if caret[at : at + 1] in ("^", "~") and width(c):
            begin, end = i if begin is None else begin, i + 1
        at += width(c)
    return len(line) if begin is None else begin, line[begin:end]


def check_carets(example: Example, place: Path, found: list[list[Mark]]) -> None:
    """Marks for people stand below the same words; of several lines below the first."""
    said = run(*example.command, "--max-errors=0", example.path, cwd=place, tool=PVGEN)
    shown = [m for group in found for m in group if m.kind != "fix"]
    assert len(shown) == len(said.diagnostics())
    for m, d in zip(shown, said.diagnostics()):
        first = m.text.text.rfind("\n", 0, m.begin) + 1
        line = m.text.text[first:].split("\n")[0].rstrip("\r")
        before = m.text.text[first : m.begin].encode("latin-1").decode()
        words = m.text.text[m.begin : min(m.end, first + len(line))].encode("latin-1").decode()
        if len(line) > LONGEST:
            continue
        caret, marked = below(d.excerpt[0][MARGIN:], d.excerpt[1][MARGIN:])
        assert caret == len(before), d
        assert marked == words or not words, d
        assert len(d.excerpt[1].strip("| ~\t")) == 1, d


@each_example
def test_carets(example: Example, place: Path) -> None:
    """Also as the example is."""
    check_carets(example, place, marks(example, place))


# ---- single places ----

OP = 'interface i version 1.0 { group g { op void f(void) { native x86_64 "no\\tp"; } } }\n'
BACKENDS = (
    "abi x { shared struct info { u8 pending; }; }\n"
    "backend b for i on x { detect always; shared info percpu b_info; g.f inline x86_64 %s; }\n"
)

# A text, and what is marked in it; before and behind.
SPANS: dict[str, tuple[str, str]] = {
    "end of file": ("abi x {\n    call 1 long f(\n\n", "call 1 long f(\u00ab\u00bb"),
    "end behind a comment": ("abi x { // not here", "abi x {\u00ab\u00bb // not here"),
    "end behind an open comment": ("abi x { /* \u4e2d", "abi x { \u00ab/*\u00bb \u4e2d"),
    "end in a string": ('import "a\u00e9', 'import \u00ab"a\u00e9\u00bb'),
    "string open before a carriage return": ('import "ab\\\r\n;', 'import \u00ab"ab\\\u00bb'),
    "escape of several bytes": ('import "a\\\u4e2db";', 'import "a\u00ab\\\u4e2d\u00bbb";'),
    "bytes that begin no word": ("const A = \u00e9;", "const A = \u00ab\u00e9\u00bb;"),
    "letters in a number": ("const A = 0x1fg;", "const A = \u00ab0x1fg\u00bb;"),
    "type on three lines": (
        "bits b : const\nvoid\n* { a 0; };",
        "bits b : \u00abconst void *\u00bb { a 0; };",
    ),
    "tag on another line": (
        "struct a { u8 x; }; struct s { union\na b; };",
        "\u00aba\u00bb b; };",
    ),
    "placeholder behind escapes": (
        OP + BACKENDS % '"movb $\\"1\\",\\t{info.nothing}"',
        "backend b for i on x { detect always; shared info percpu b_info; "
        'g.f inline x86_64 "movb $\\"1\\",\\t{info.\u00abnothing\u00bb}"; }',
    ),
    "placeholder behind wide characters": (
        OP + BACKENDS % '"movb $1, %gs:{info.pending} # \u4e2d {page.x}"',
        "backend b for i on x { detect always; shared info percpu b_info; "
        'g.f inline x86_64 "movb $1, %gs:{info.pending} # \u4e2d {\u00abpage\u00bb.x}"; }',
    ),
    "argument of an attribute": (
        "struct s @align(\t3 ) { u8 a; };",
        "struct s @align( \u00ab3\u00bb ) { u8 a; };",
    ),
    "condition of several lines": (
        "config int N; interface i version 1.0 { group g if\nN >\n1 && N { } }",
        "1 && \u00abN\u00bb { } }",
    ),
    "bits": ("bits b : u8 { all 9 :\t0; };", "bits b : u8 { all \u00ab9 : 0\u00bb; };"),
}


@pytest.mark.parametrize("case", SPANS)
def test_span(case: str, tmp_path: Path) -> None:
    """One fault, one mark."""
    text, expected = SPANS[case]
    (tmp_path / "in.pvi").write_bytes(text.encode())
    ((found, *_),) = marks(Example("in.pvi", ("check",)), tmp_path)
    assert found.row() == expected


def test_import(tmp_path: Path) -> None:
    """What is wrong in an imported file is marked there; what lacks, where it is named."""
    (tmp_path / "in.pvi").write_text('import "x.pvi";\nimport\t"y.pvi" ;\n')
    (tmp_path / "x.pvi").write_text("struct s { nothing\ta; };\n")
    result = run("check", "in.pvi", cwd=tmp_path, tool=PVGEN)
    assert result.status != INPUT
    found = [m for m, *_ in marks(Example("in.pvi", ("check",)), tmp_path)]
    assert [(m.file, m.row()) for m in found] == [("in.pvi", 'import \u00ab"y.pvi"\u00bb ;')]
    (tmp_path / "y.pvi").write_text("")
    found = [m for m, *_ in marks(Example("in.pvi", ("check",)), tmp_path)]
    assert [(m.file, m.row()) for m in found] == [("x.pvi", "struct s { \u00abnothing\u00bb a; };")]
