"""Damaged ROMs, found and bound in a process by the kernel's own code."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DAMAGE = ROOT / "build/scan/damage"

# Every reason that the kernel has: the only texts of its that are more than a word.
REASONS = {text for text in re.findall(r'"([^"\n]*)"', (ROOT / "runtime/rom.c").read_text()) if " " in text or text == "none"}


def test_damage() -> None:
    """Each is refused, or what is bound lies inside of it; all reasons occur."""
    done = subprocess.run([DAMAGE], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = re.search(r"^refused (\d+) taken (\d+)$", done.stdout, re.M)
    refused, taken = map(int, counts.groups())
    assert refused + taken == 10001 and min(refused, taken) > 1000
    assert set(re.findall(r"^reason \d+ (.+)$", done.stdout, re.M)) == REASONS
