"""The walk-throughs in docs/ are true, word for word."""

from difflib import unified_diff
from pathlib import Path

import pytest
from walk import ROOT, renewed


@pytest.mark.parametrize(
    "name", ["backend-guide", "binary-abi", "changing-ops", "coverage", "diff", "import", "vmi"]
)
def test_walk(name: str, tmp_path: Path) -> None:
    """Each command prints what the document says."""
    document = ROOT / "docs" / f"{name}.md"
    said = document.read_text().splitlines()
    assert "```console" in said
    printed = renewed(document, tmp_path).splitlines()
    changes = "\n".join(unified_diff(said, printed, "said", "printed", lineterm=""))
    assert not changes, changes
