"""The book of the language: each example is one, and nothing lacks an example."""

import re
from pathlib import Path

import pytest
from tool import ROOT, clean, run

TEXT = (ROOT / "docs/language.md").read_text()
BLOCK = re.compile(r"^```pvi *(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(TEXT.count("\n", 0, m.start()) + 1, m[1], m[2]) for m in BLOCK.finditer(TEXT)]
EXAMPLES = [block for block in BLOCKS if block[1] != "frame"]
(FRAME,) = (text for _, place, text in BLOCKS if place == "frame")

# What the example of an import takes in.
TYPES = next(BLOCK.finditer(TEXT, TEXT.index("## Types")))[2]

SECTIONS = (
    "Lexical|Files and imports|Types|Conditions|Interface|Ops|Registrations and hooks|Abi|Backend|ROMs|Coverage|Unknown|Versions|Linux".split("|")
)


def whole(place: str, text: str) -> str:
    """A part of a file in its frame."""
    if place in ("", "i386"):
        return text
    marks = [line for line in FRAME.split("\n") if line.strip() == f"// {place}"]
    assert len(marks) == 1, f"the frame has no place '{place}'"
    return FRAME.replace(marks[0], text)


@pytest.mark.parametrize("line, place, text", EXAMPLES, ids=[f"line {line}" for line, _, _ in EXAMPLES])
def test_example(line: int, place: str, text: str, tmp_path: Path) -> None:
    """Nothing is wrong with it, and its model is to be had."""
    (tmp_path / "example.pvi").write_text(whole(place, text))
    (tmp_path / "types.pvi").write_text(TYPES)
    options = ["--arch=i386"] if place == "i386" else []
    result = run("check", *options, "example.pvi", cwd=tmp_path)
    assert clean(result), f"docs/language.md:{line}\n{result.err}"
    assert run("build", *options, "--emit=manifest", "example.pvi", cwd=tmp_path).status == 0


def test_frame(tmp_path: Path) -> None:
    """What stands around parts of files is fine without them."""
    (tmp_path / "frame.pvi").write_text(FRAME)
    assert clean(run("check", "frame.pvi", cwd=tmp_path))


def test_sections() -> None:
    """A section for each construct, in this order, each with an example."""
    assert re.findall(r"^## (.*)$", TEXT, re.MULTILINE) == SECTIONS
    for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        assert BLOCK.search(part), part.split("\n")[0]


# ---- nothing lacks an example ----

# Words that the compiler's tables know: of statements, and of conditions.
TABLES = re.compile(r"static const struct (?:attribute_row|atom) (\w+)\[\] = \{(.*?)^\};", re.MULTILINE | re.DOTALL)
SOURCES = sorted((ROOT / "compiler").glob("*.c"))
ROWS = {
    f"{table} {word}"
    for path in SOURCES
    for table, body in TABLES.findall(path.read_text())
    for word in re.findall(r'\{\.?(?:word = )?"(\w+)"', body)
}
KEYWORDS = re.findall(r'^"([a-z]+)"\s+WORD', (ROOT / "compiler/lexer.l").read_text(), re.MULTILINE)

USED = set(re.findall(r"[A-Za-z_]\w*", re.sub(r"//.*", "", "\n".join(text for _, _, text in EXAMPLES))))


@pytest.mark.parametrize("word", KEYWORDS)
def test_keywords_have_examples(word: str) -> None:
    """Each keyword of the grammar occurs."""
    assert word in USED


@pytest.mark.parametrize("row", sorted(ROWS))
def test_statements_have_examples(row: str) -> None:
    """Each statement that a table knows occurs."""
    assert row.split()[1] in USED, f"no example in docs/language.md has '{row.split()[1]}'"


def test_what_may_be_unknown() -> None:
    """Each word is in the table, with what it is about, and occurs."""
    rows = re.findall(r'^ASPECT\(\w+, "(\w+)", "(.*?)"', (ROOT / "compiler/unknown.def").read_text(), re.MULTILINE)
    told = re.findall(r"^\| `(\w+)` \| (.*?) \| (?:an op|an interface|both) \|$", TEXT, re.MULTILINE)
    assert told == rows and len(rows) == 17 and {word for word, _ in rows} <= USED


def test_tables_are_found() -> None:
    """The tables of the compiler were read."""
    assert {"op_rows clobbers", "backend_rows detect", "abi_rows entry", "when_atoms cpus"} <= ROWS
