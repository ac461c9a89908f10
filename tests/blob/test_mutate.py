"""Damaged blobs, taken in a process by the kernel's own code."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MUTATE = ROOT / "build/blob-test/mutate"
DAMAGES = 10000

# Every way to refuse that the kernel has.
REASONS = set(re.findall(r'refuse\(b, "([^"]+)"', (ROOT / "runtime/blob.c").read_text()))


def run(blob: str, *arguments: object) -> str:
    """What the program prints about a blob."""
    done = subprocess.run([MUTATE, ROOT / f"build/{blob}.blob", *map(str, arguments)], capture_output=True,
                          text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("blob", ["native", "xen_pv", "xen_pvh"])
def test_a_good_blob(blob: str) -> None:
    """As it was sealed it is taken."""
    assert run(blob) == f"taken {blob}\n"


def test_damage() -> None:
    """Each is refused and nothing was written, or all that a kernel would use lies inside; all reasons occur."""
    text = run("xen_pv", 0, DAMAGES)
    rows = [[int(number) for number in row] for row in
            re.findall(r"^damage +(\d+) refused +(\d+) taken, sums corrected +(\d+) refused +(\d+) taken", text, re.M)]
    assert sum(map(sum, rows)) == DAMAGES
    assert all(refused for refused, *_ in rows)
    assert set(re.findall(r"^reason +\d+  (.+)$", text, re.M)) == REASONS


@pytest.mark.parametrize("blob", ["native", "xen_pvh"])
def test_other_blobs(blob: str) -> None:
    """They have tables of other sizes."""
    run(blob, DAMAGES, DAMAGES // 10)
