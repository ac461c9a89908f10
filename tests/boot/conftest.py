"""What the tests that boot the guest share."""

from collections.abc import Callable
from functools import cache

import machine
import pytest
from image import Image


@pytest.fixture(scope="session", params=machine.ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    """Each environment in turn."""
    return request.param


@pytest.fixture(scope="session", params=[name for name, cpus in machine.CPUS.items() if cpus == 1])
def single(request: pytest.FixtureRequest) -> str:
    """Each environment with one CPU: for what happens before others start."""
    return request.param


@pytest.fixture(scope="session")
def boot() -> Callable[[str], machine.Boot]:
    """Boot of the unchanged guest in an environment, once per worker."""
    return cache(machine.run)


@pytest.fixture(scope="session")
def image(single: str) -> Image:
    """The guest of an environment as a file."""
    return Image(machine.guest(single))
