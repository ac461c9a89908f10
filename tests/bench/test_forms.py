"""The benchmark of forms runs, and what it shows is not noise."""

import subprocess
from pathlib import Path

import forms
import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "build/bench/forms"
OPS = {"identity", "write", "store", "test"}


def test_the_order_is_as_it_must_be() -> None:
    """Inline before a call before a retpoline, by a margin that a busy machine does not close."""
    measured = forms.measure(PROGRAM, runs=50)
    assert measured.keys() == OPS
    for op, seen in measured.items():
        assert seen.keys() == forms.LABELS.keys()
        assert seen["inline"][1] == forms.Spread(1, 1, 1)
        assert 1.2 < seen["call"][1].median < seen["retpoline"][1].median, op


@pytest.mark.parametrize("runs", ["0", "-1", "x"])
def test_no_runs_are_an_error(runs: str) -> None:
    """Nothing measured is no success."""
    done = subprocess.run([PROGRAM, runs], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")


def test_ratios_are_within_a_run() -> None:
    """A machine that is slower in the second run changes no ratio."""
    runs = forms.read_runs("a inline 0 1.0\na call 0 3.0\na inline 1 10.0\na call 1 30.0\n")
    assert forms.ratios(runs["a"], "call") == [3.0, 3.0]
