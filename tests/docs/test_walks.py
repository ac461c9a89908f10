"""The walk-throughs in docs/ are true, word for word."""

from pathlib import Path

import pytest
from walk import ROOT, blocks, prepare, walk

WALKS = ["changing-ops"]


@pytest.mark.parametrize("name", WALKS)
def test_walk(name: str, tmp_path: Path) -> None:
    """Each command prints what the document says, and none is passed over."""
    document = ROOT / "docs" / f"{name}.md"
    consoles = [b.text for b in blocks(document.read_text()) if b.language == "console"]
    said = sum(text.startswith("$ ") + text.count("\n$ ") for text in consoles)
    assert walk(document, *prepare(tmp_path)) == said > 0
