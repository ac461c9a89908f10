"""A diff of random edits is empty exactly where the models are equal; `mutate.py` does many more.

These few are to notice what a change of pvgen breaks.
"""

from pathlib import Path

import mutate
import pytest

RUNS = 4
EDITS = 120
DAMAGED = 60


@pytest.fixture(name="bases", scope="module")
def find_bases() -> list[mutate.Lines]:
    """Descriptions that the tests have."""
    bases = mutate.examples()
    assert len(bases) > 40
    return bases


@pytest.mark.parametrize("seed", range(RUNS))
def test_edits(seed: int, bases: list[mutate.Lines], tmp_path: Path) -> None:
    """All that must hold of each."""
    figures = mutate.trials(seed, EDITS, bases, tmp_path)
    print(f"seed {seed}: {figures.trials} edits, {figures.equal} left the model as it was")
    assert not figures.wrong, figures.wrong[0]
    assert 0 < figures.equal < figures.trials
    assert len(figures.rules) > 5


@pytest.mark.parametrize("seed", range(2))
def test_damaged_snapshots(seed: int) -> None:
    """A report, or why there is none."""
    statuses = mutate.damage(seed, DAMAGED)
    assert sum(statuses.values()) == DAMAGED and statuses[2] > DAMAGED / 2
