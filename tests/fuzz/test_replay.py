"""What fuzzers found, and every description in the tree, through their harness once more.

Each input is run under the sanitizers, in bounded time and memory, in the process that ran
those before it, as under a fuzzer.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
import seeds

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = Path(os.environ.get("PVGEN_BUILD", ROOT / "build")).resolve() / "fuzz/replay"

TARGETS = ["lexer", "parser", "frontend"]
CORPUS = sorted(p for p in (HERE / "corpus").rglob("*") if p.is_file())
DESCRIPTIONS = sorted(p for d in ("idl", "tests") for p in (ROOT / d).rglob("*.pvi"))

LIMITS = {"ASAN_OPTIONS": "exitcode=99:hard_rss_limit_mb=1024", "UBSAN_OPTIONS": "exitcode=99"}
KEYWORD = re.compile(r'^"([a-z]+)"(?=\t|\|)', re.MULTILINE)


def replay(target: str, inputs: list[Path]) -> subprocess.CompletedProcess[str]:
    """Run them all; the driver prints each name before it starts."""
    return subprocess.run(
        [BUILD / target, *inputs],
        env={**os.environ, **LIMITS},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


@pytest.mark.parametrize("target", TARGETS)
def test_replay(target: str, tmp_path: Path) -> None:
    """No crash, leak, undefined behaviour or hang."""
    seeds.main(str(tmp_path), *map(str, DESCRIPTIONS))
    inputs = [*CORPUS, *DESCRIPTIONS, *sorted(tmp_path.iterdir())]
    done = replay(target, inputs)
    names = done.stdout.splitlines()
    assert done.returncode == 0, (names[-1:], done.returncode, done.stderr)
    assert names == [str(p) for p in inputs]


@pytest.mark.parametrize("target", TARGETS)
def test_a_missing_input_is_a_failure(target: str) -> None:
    """An input that was not run is not one that passed."""
    done = replay(target, [HERE / "nowhere"])
    assert (done.returncode, "nowhere" in done.stderr) == (2, True)


def test_the_corpus_is_small() -> None:
    """It is part of each checkout."""
    assert 0 < sum(p.stat().st_size for p in CORPUS) < 2 << 20


def test_the_dictionary_has_all_keywords() -> None:
    """`make fuzz` writes it when the lexer has changed."""
    keywords = KEYWORD.findall((ROOT / "compiler/lexer.l").read_text())
    known = (HERE / "pvi.dict").read_text()
    assert len(keywords) > 20
    assert [k for k in keywords if f'"{k}"\n' not in known] == []
