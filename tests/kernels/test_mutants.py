"""Damaged images are refused, or read: never a crash, never a hang."""

from collections import Counter

import mutate_images
import pytest


@pytest.mark.slow
def test_mutants() -> None:
    """Some of each kind; most are refused."""
    told = Counter(status for _, status in mutate_images.results(200, "check"))
    assert set(told) <= mutate_images.STATUSES and told[4] > 60 and told[0] > 30
