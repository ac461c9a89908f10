"""A diff of random edits is empty exactly where the models are equal."""

import json
import random
from pathlib import Path

import pytest
from cases import changes
from edits import canonical, description, edited
from test_diff_rules import elements, exchanged
from tool import PVGEN, run

RUNS = 12
EDITS = 40


def model(place: Path, lines: list[str]) -> object:
    """The canonical model, or None where there is none."""
    (place / "a.pvi").write_text("\n".join([*lines, ""]))
    result = run("build", "--emit=manifest:-", "a.pvi", cwd=place, tool=PVGEN)
    # Without code no guard need be decided.
    return canonical(json.loads(result.out)) if result.status == 0 else None


def text(lines: list[str]) -> str:
    """As a file."""
    return "\n".join([*lines, ""])


@pytest.mark.parametrize("seed", range(RUNS))
def test_edits(seed: int, tmp_path: Path) -> None:
    """Empty if and only if the models are equal; the same elements in the other direction."""
    r = random.Random(seed)
    tried = equal = 0
    base: list[str] = []
    while tried < EDITS:
        if not base or not tried % 10:
            base = description(r)
            before = model(tmp_path, base)
            if not before:
                base = []
                continue
        new = edited(r, base)
        after = model(tmp_path, new)
        if not after:
            continue
        tried += 1
        equal += before == after
        there = changes(tmp_path, text(base), text(new))
        assert (not there) == (before == after), "\n".join([*base, "----", *new])
        back = exchanged(changes(tmp_path, text(new), text(base)))
        same = elements(there, "old", "new") == elements(back, "new", "old")
        assert same, "\n".join([*base, "----", *new])
    print(f"{tried} edits, of which {equal} left the model as it was")
    assert 0 < equal < tried
