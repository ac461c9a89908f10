"""A ROM for whose sake the BIOS could not do something refuses, and the kernel comes up without."""

import re
from pathlib import Path

import pytest
from judgement import BUILD, assemble, judge
from mutant import LENGTH, UNIT, summed, with_bytes

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


def test_a_processor_without_a_counter() -> None:
    """Nor is it asked for one, which some would not survive."""
    seen = judge(ROM, options=("-cpu", "486"))
    assert seen.said("ROM init failed 1")
    assert seen.outcome == "boots" and not seen.timed_out


# Between the BIOS and the ROM: the ROM is called with known registers, and 1 is written to the port
# if they are the same afterwards, but for AX, where the devices are that it serves: none.
ENTRY = 3
CALLER = """
	.code16
begin:	pushfl
	pushal
{known}	std
	pushal
	push	%cs
	call	begin + ({old})
	pushal
	mov	%sp, %bp
	pushf
	pop	%dx
	cld
	xor	%al, %al
	test	$0x400, %dx		/* DF */
	jz	1f
	.irp offset, 0, 4, 8, 16, 20, 24
	mov	\\offset(%bp), %ecx
	cmp	\\offset + 32(%bp), %ecx
	jne	1f
	.endr
	mov	12(%bp), %ecx		/* ESP */
	add	$32, %ecx
	cmp	44(%bp), %ecx
	jne	1f
	cmpw	$0, 28(%bp)		/* AX */
	jne	1f
	inc	%al
1:	out	%al, $0xeb
	add	$64, %sp
	popal
	popfl
	lretw
"""
KNOWN = "".join(f"\tmov\t$0x1010101 * {number}, %{register}\n"
                for number, register in enumerate(("eax", "ebx", "ecx", "edx", "esi", "edi", "ebp"), 1))


def test_the_bios_finds_its_registers_again(tmp_path: Path) -> None:
    """The Plug and Play specification lets no other change than AX."""
    rom = ROM.read_bytes()
    size = len(rom)
    old = ENTRY + 3 + int.from_bytes(rom[ENTRY + 1:ENTRY + 3], "little", signed=True)
    added = assemble(CALLER.replace("{known}", KNOWN).replace("{old}", str(old - size)), tmp_path)
    added += bytes(-len(added) % UNIT)
    jump = b"\xe9" + (size - ENTRY - 3).to_bytes(2, "little")
    path = tmp_path / "called.rom"
    path.write_bytes(summed(with_bytes(rom + added, {ENTRY: jump, LENGTH: bytes([(size + len(added)) // UNIT])})))
    seen = judge(path)
    assert seen.trace == b"\1"
    assert seen.said("ROM entered rpl=0") and seen.outcome == "boots"
