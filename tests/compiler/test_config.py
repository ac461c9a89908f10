"""Configuration symbols: what -D says of them, and what guards make of it."""

from pathlib import Path

import pytest
from tool import ENVIRONMENT, clean, run

TEXT = """
config bool SMP;
config int LEVELS;
interface i version 1.0 { group g { op void f(void) if SMP && LEVELS > 3 { default nop; } } }
"""


@pytest.fixture(name="tree")
def description(tmp_path: Path) -> Path:
    """A description with two symbols."""
    (tmp_path / "i.pvi").write_text(TEXT)
    return tmp_path


GOOD = ("SMP", "SMP=y", "SMP=n", "SMP=1", "SMP=0", "SMP=true", "SMP=false", "LEVELS=5", "LEVELS=-0x1")

BAD = {
    "": "unknown configuration symbol in '-D '",
    "SMQ": "unknown configuration symbol in '-D SMQ'; did you mean 'SMP'?",
    "LEVELSS=4": "unknown configuration symbol in '-D LEVELSS=4'; did you mean 'LEVELS'?",
    "SMP=": "no truth value in '-D SMP='; known: true y 1 false n 0",
    "SMP=2": "no truth value in '-D SMP=2'; known: true y 1 false n 0",
    "LEVELS": "no number in '-D LEVELS'",
    "LEVELS=": "no number in '-D LEVELS='",
    "LEVELS=4x": "no number in '-D LEVELS=4x'",
    "LEVELS=99999999999999999999": "no number in '-D LEVELS=99999999999999999999'",
}


@pytest.mark.parametrize("setting", GOOD)
def test_settings(setting: str, tree: Path) -> None:
    """All spellings of a value, attached or not."""
    assert clean(run("check", "-D", setting, "i.pvi", cwd=tree))
    assert clean(run("check", f"-D{setting}", "i.pvi", cwd=tree))


@pytest.mark.parametrize("setting", BAD)
def test_faulty_settings(setting: str, tree: Path) -> None:
    """A fault of the command line, with what would be right."""
    result = run("check", "-D", setting, "i.pvi", cwd=tree)
    assert (result.status, result.out) == (ENVIRONMENT, b"")
    assert result.err == f"pvgen: {BAD[setting]}\n"


@pytest.mark.parametrize("text", ("(" * 3000 + "SMP" + ")" * 3000, "!" * 3000 + "SMP"))
def test_deep_conditions(text: str, tree: Path) -> None:
    """However deep, a condition is read or reported."""
    (tree / "i.pvi").write_text(TEXT.replace("SMP &&", text + " &&"))
    result = run("check", "i.pvi", cwd=tree)
    assert clean(result) or result.names() == ["syntax"], result.err


def test_long_conditions(tree: Path) -> None:
    """A long chain is deep too."""
    (tree / "i.pvi").write_text(TEXT.replace("SMP &&", "SMP || " * 100_000 + "SMP &&"))
    assert run("check", "i.pvi", cwd=tree).names() == ["syntax"]
