"""A place to run pvgen in."""

from pathlib import Path

import pytest
from place import LEAST, OUTPUTS
from tool import clean, run, snapshot


@pytest.fixture(name="place")
def filled_place(tmp_path: Path) -> Path:
    """A directory with a description and, in out/, all that was made of it."""
    (tmp_path / "in.pvi").write_text(LEAST)
    assert clean(run("build", "--outdir", "out", "in.pvi", cwd=tmp_path))
    assert set(snapshot(tmp_path / "out")) == OUTPUTS
    return tmp_path
