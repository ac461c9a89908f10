"""A ROM for whose sake the BIOS could not do something refuses, and the kernel comes up without."""

import re
from pathlib import Path

import pytest
from judgement import BUILD, judge
from mutant import summed

ROM = BUILD / "vmi_native.rom"

# Of the 16-bit code: what is there, and what is in its place on a machine that lacks something.
LACKS = {
    "call of the ROM": (rb"\A(\x55\xaa.)\xe9", b"\\1\xcb"),             # jmp; lret
    "memory manager": (rb"\$PMM", b"$PMX"),
    "permanent memory": (rb"\x6a\x09(\x66\x6a\xff)", b"\x6a\x01\\1"),   # push of flags
    "timer": (rb"\xe4\x61(\xa8\x20\x75)", b"\xe4\xee\\1"),              # in, of a port that nobody answers
}


@pytest.mark.parametrize("lack", LACKS)
def test_lack(lack: str, tmp_path: Path) -> None:
    """It refuses, and bare hardware serves."""
    rom, found = re.subn(*LACKS[lack], ROM.read_bytes(), flags=re.DOTALL)
    assert found
    path = tmp_path / "lack.rom"
    path.write_bytes(summed(rom))
    seen = judge(path)
    assert seen.said("ROM init failed 1")
    assert seen.outcome == "boots" and not seen.timed_out
