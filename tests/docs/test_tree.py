"""Documents name what is in the tree: each file of the compiler, and nothing that is gone."""

import re

import pytest
from tool import ROOT

DOCUMENTS = ["README.md", "docs/architecture.md", "docs/build.md", "tests/README.md"]

# A file or a folder in backquotes; NAME stands for a name.
PATH = re.compile(r"`((?!.*NAME)(?:[\w./-]+\.(?:[chlyS1]|def|txt|pvi|py|md|sh)|[a-z][\w/]*/))`")
LINK = re.compile(r"\]\(([^)]+)\)")
MAKE = re.compile(r"(?:`|^    )make ([a-z -]*[a-z])\b(?!/)", re.MULTILINE)
PHONY = re.compile(r"^\.PHONY: (.*)", re.MULTILINE)

every = pytest.mark.parametrize("document", DOCUMENTS)


def text(document: str) -> str:
    """All of it."""
    return (ROOT / document).read_text()


def test_tour() -> None:
    """Each source of the compiler has its place in the tour."""
    named = set(re.findall(r"`(\w+\.[cly])`", text("docs/architecture.md")))
    assert named == {path.name for path in (ROOT / "compiler").glob("*.[cly]")}


def test_folders_of_tests() -> None:
    """Each folder of tests is in their table."""
    there = {p.name for p in (ROOT / "tests").iterdir() if p.is_dir() and p.name[0] != "_"}
    assert set(re.findall(r"^\| `(\w+)/`", text("tests/README.md"), re.MULTILINE)) == there


@every
def test_paths(document: str) -> None:
    """Each file and folder that is named is there: from the top, beside it, or in the compiler."""
    places = [ROOT, (ROOT / document).parent, ROOT / "compiler", ROOT / "docs"]
    places += [ROOT / "tests/compiler"]
    names = PATH.findall(text(document)) + LINK.findall(text(document))
    assert [name for name in names if not any((place / name).exists() for place in places)] == []


@every
def test_targets(document: str) -> None:
    """Each target of make that is named is one."""
    files = [ROOT / "Makefile", *ROOT.glob("tests/*/rules.mk")]
    phony = [words for file in files for words in PHONY.findall(file.read_text())]
    said = {word for words in MAKE.findall(text(document)) for word in words.split()}
    assert said <= {word for words in phony for word in words.split()}


@every
def test_width(document: str) -> None:
    """Only rows of tables are longer than a line."""
    assert [s for s in text(document).splitlines() if len(s) > 100 and s[0] != "|"] == []


def test_reasons_to_refuse_a_rom() -> None:
    """Each that the runtime knows is in the table, and no other."""
    code = text("runtime/rom.c")
    there = set(re.findall(r'"([a-z][a-z0-9]* [A-Za-z0-9 ]+)"', code)) | {"none"}
    table = text("docs/vmi.md").split("### What is refused, and why")[1].split("\n\n")[2]
    assert {row.split(" | ")[1] for row in table.splitlines()[2:]} == there
