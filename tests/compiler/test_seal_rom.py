"""`pvgen seal` of a ROM: what the file holds, and each thing that an image may have so that there is none."""

import random
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from small import load
from test_golden import I386, MACHINE
from tool import BUILD, ENVIRONMENT, FINE, ROOT, Result, run

ROM = I386 / "firm.pvi"
FLAGS = [*MACHINE[I386], *"""-std=gnu11 -ffreestanding -mgeneral-regs-only -fpie -fvisibility=hidden -fno-stack-protector
         -fcf-protection=none -fno-asynchronous-unwind-tables -Os -Wall -Wextra -Werror""".split()]
TRACE = "-Wa,-defsym,PV_ROM_TRACE=0xeb"

PARTS = """
#include "fine.h"
#ifndef NO_TABLE
static const uint64_t table[] = {1, 2, 3};
#endif
int go(void) { return 0; }
uint64_t pair(uint32_t a, uint64_t b)
{
#ifndef NO_TABLE
	b += table[a % 3];
#endif
	return a + b;
}
__asm__(".globl read, wide, late_one, elsewhere\\n"
	"read:\\n wide:\\n late_one:\\n ret\\n"
	"elsewhere:\\n jmp elsewhere\\n"
	".code16\\n .globl start\\nstart:\\n mov $start, %ax\\n lret\\n .code32\\n");
#ifdef MORE
MORE
#endif
"""

# By number: what a caller is told, and the code.
CALLS = {0: (0, None), 1: (1, "pvgen_fine_call_on"), 2: (1, "read"), 3: (2, "pvgen_fine_call_leave"), 4: (3, None),
         5: (1, "pvgen_fine_call_stop"), 6: (1, "wide"), 7: (1, "pvgen_fine_call_keep"), 8: (1, "late_one"), 9: (1, "pair")}
UNIT, LARGEST = 512, 65536


def link(directory: Path, *options: str) -> None:
    """An image of the objects, to be sealed."""
    words = ["ld", "-m", "elf_i386", "-nostdlib", "-static", "-z", "noexecstack", "--no-warn-rwx-segments", *options]
    subprocess.run([*words, "-T", ROOT / "runtime/rom.lds", "-o", "image", "fine.S.o", "parts.c.o"], cwd=directory,
                   check=True)


def make(directory: Path, compiler: str = "gcc", more: str = "", *options: str, unit: int = UNIT) -> Path:
    """An image of the description, linked to be sealed; its length is in such units."""
    (directory / "firm.pvi").write_text(ROM.read_text().replace(f"length length {UNIT};", f"length length {unit};"))
    assert run("build", "--arch=i386", "firm.pvi", cwd=directory).status == FINE
    (directory / "parts.c").write_text(PARTS)
    for source in ("fine.S", "parts.c"):
        words = [compiler, *FLAGS, *([f"-DMORE={more}"] if more else []), *options]
        subprocess.run([*words, "-c", "-o", f"{source}.o", source], cwd=directory, check=True)
    link(directory, "-q")
    return directory


def seal(tree: Path, *words: str, tool: Path | None = None) -> Result:
    """Seal the image."""
    options = {"tool": tool} if tool else {}
    return run("seal", "--arch=i386", *(words or ("-o", "rom", "image", "firm.pvi")), cwd=tree, **options)


@pytest.fixture(name="built", scope="module", params=["gcc", "clang"])
def build_once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that is as it must be."""
    tree = make(tmp_path_factory.mktemp("rom"), request.param)
    assert seal(tree).status == FINE
    return tree


def test_header(built: Path) -> None:
    """What guests, the BIOS and PCI firmware look for."""
    rom = (built / "rom").read_bytes()
    signature, length, jump, distance, top, text = struct.unpack_from("<HBBH2xIH", rom)
    assert (signature, length * UNIT, jump, top) == (0xAA55, len(rom), 0xE9, 0xFFFFFFF0)
    assert 6 + distance == load(built / "image").symbol("start")
    assert rom[text:].startswith(b"MIT\0")
    assert sum(rom) % 256 == 0 and len(rom) % UNIT == 0


def test_pci_structure(built: Path) -> None:
    """Its own length is that of the header."""
    rom = (built / "rom").read_bytes()
    place = struct.unpack_from("<H", rom, 0x18)[0]
    fields = struct.unpack_from("<4sHHHHB3BHHBB", rom, place)
    assert fields == (b"PCIR", 0xFFFF, 0, 0, 24, 0, 0, 0, 0, len(rom) // UNIT, 0, 0, 0x80)


def test_plug_and_play_header(built: Path) -> None:
    """With a sum of its own, and names."""
    rom = (built / "rom").read_bytes()
    place = struct.unpack_from("<H", rom, 0x1A)[0]
    magic, revision, units, _, _, total, _, maker, product = struct.unpack_from("<4sBBHBBIHH", rom, place)
    assert (magic, revision, units, place % 16) == (b"$PnP", 1, 2, 0)
    assert total and sum(rom[place:place + 16 * units]) % 256 == 0
    assert (rom[maker:maker + 2], rom[product:product + 2]) == (b"A\0", b"B\0")
    assert rom[place + 18:place + 32] == bytes(14)


def test_it_is_the_same_again(built: Path) -> None:
    """Byte for byte."""
    assert seal(built, "-oagain", "image", "firm.pvi").status == FINE
    assert (built / "again").read_bytes() == (built / "rom").read_bytes()


def test_table(built: Path) -> None:
    """Of each number the place of its code and how to come to it; numbers that do not exist have none."""
    rom = (built / "rom").read_bytes()
    image = load(built / "image")
    place = image.symbol("pvgen_fine_table")
    rows = [struct.unpack_from("<II", rom, place + 8 * i) for i in range(len(CALLS) + 1)]
    assert rows[-1] == (0, 0)
    assert rows[:-1] == [(image.symbol(code) if code else 0, kind) for kind, code in CALLS.values()]


ASK = """
	.bss
	.lcomm answers, 4096
	.text
	.balign 512
	.skip 34
rom:	.incbin "rom"
	.globl _start
_start:	mov $answers, %edi
	xor %esi, %esi
1:	mov numbers(,%esi,4), %eax
	call rom + 0x88
	sub $rom, %eax
	mov %eax, (%edi)
	mov %edx, 4(%edi)
	add $8, %edi
	inc %esi
	cmp $count, %esi
	jne 1b
	mov $4, %eax
	mov $1, %ebx
	mov $answers, %ecx
	mov $8 * count, %edx
	int $0x80
	mov $1, %eax
	xor %ebx, %ebx
	int $0x80
numbers:
"""


def test_answers(built: Path) -> None:
    """The ROM's own code, wherever it is, answers with addresses; a number that does not exist has none."""
    numbers = [*CALLS, len(CALLS), 2**31, 2**32 - 1]
    (built / "ask.S").write_text(ASK + "".join(f"\t.long {n}\n" for n in numbers) + f"count = {len(numbers)}\n")
    words = "gcc -m32 -nostdlib -static -Wl,--no-warn-rwx-segments -Wl,-z,noexecstack -o ask ask.S"
    subprocess.run(words.split(), cwd=built, check=True)
    said = subprocess.run([built / "ask"], capture_output=True, check=True).stdout
    base, image = load(built / "ask").symbol("rom"), load(built / "image")
    expected = [(image.symbol(code) if code else -base % 2**32, kind) for kind, code in CALLS.values()]
    assert list(struct.iter_unpack("<II", said)) == expected + [(-base % 2**32, 0)] * 3


def end_of(tree: Path) -> int:
    """Where what is in the image ends."""
    return max(s["sh_addr"] + s["sh_size"] for s in load(tree / "image").elf.iter_sections() if s["sh_flags"] & 2)


def fill_to(tree: Path, size: int, unit: int = UNIT) -> None:
    """An image of this size, without a table of the linker's behind what fills it."""
    fill = 4
    for _ in range(2):
        more = f'__asm__(".section .rodata.fill,\\"a\\",@progbits; .skip {fill}, 1; .text");'
        make(tree, "gcc", more, "-DNO_TABLE", unit=unit)
        fill += size - end_of(tree)
    assert end_of(tree) == size


@pytest.mark.parametrize("size, sealed", [(3 * UNIT - 1, 3 * UNIT), (3 * UNIT, 4 * UNIT), (LARGEST - 1, LARGEST)])
def test_room_for_the_sum(size: int, sealed: int, tmp_path: Path) -> None:
    """There is always a byte."""
    fill_to(tmp_path, size)
    assert seal(tmp_path).status == FINE
    rom = (tmp_path / "rom").read_bytes()
    assert len(rom) == sealed and sum(rom) % 256 == 0


@pytest.mark.parametrize("unit", [8, 128])
def test_length_that_its_member_cannot_say(unit: int, tmp_path: Path) -> None:
    """A byte counts to 255, whatever is counted: one more is refused."""
    most = 255 * unit
    fill_to(tmp_path, most, unit)
    result = seal(tmp_path)
    words = f"has {most + unit} bytes, 256 units of {unit}, and 'length' of its header goes up to 255"
    assert result.status == ENVIRONMENT and words in result.err
    assert not (tmp_path / "rom").exists()
    fill_to(tmp_path, most - 1, unit)
    assert seal(tmp_path).status == FINE
    rom = (tmp_path / "rom").read_bytes()
    assert (len(rom), rom[2], sum(rom) % 256) == (most, 255, 0)


def test_no_room_for_the_sum(tmp_path: Path) -> None:
    """The largest image that there is has none."""
    fill_to(tmp_path, LARGEST)
    result = seal(tmp_path)
    assert result.status == ENVIRONMENT and "is larger than 64 KiB: 66048 bytes" in result.err


# ---- images of which there can be no ROM ----


FAULTS = {
    "data": ("extern int more; int more = 1;", r"has section \.data with 'more', to which nobody can write"),
    "bss": ("extern int more; int more;", r"has section \.bss with 'more', to which nobody can write"),
    "a pointer": ("extern const void *const more[]; const void *const more[] = {pair};",
                  r"has the address of 'pair' at 0x\w+(?: \(\w+\+0x\w+\))?, but a guest may find the ROM anywhere"),
    "an address in code": ('__asm__("more: mov $pair, %eax");',
                           r"has the address of 'pair' at 0x\w+ \(\w+\+0x\w+\), but a guest may find the ROM anywhere"),
    "a table of the linker's": ('__asm__("more: mov pair@GOT(%ebx), %eax; mov elsewhere@GOT(%ebx), %al");',
                                r"has the address of '\w+' at 0x\w+"),
    "too much": ("extern const char more[]; const char more[66000] = {1};",
                 r"is larger than 64 KiB, up to section \.rodata"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_not_a_rom(fault: str, tmp_path: Path) -> None:
    """Said with the name of the section or the symbol, and nothing is written."""
    more, text = FAULTS[fault]
    result = seal(make(tmp_path, "gcc", more))
    assert result.status == ENVIRONMENT and re.search(text, result.err), result.err
    assert not (tmp_path / "rom").exists()


def test_without_relocations(built: Path, tmp_path: Path) -> None:
    """Nothing would show that it can move."""
    tree = Path(shutil.copytree(built, tmp_path / "copy"))
    link(tree)
    (tree / "rom").unlink()
    result = seal(tree)
    assert result.status == ENVIRONMENT and "link it with ld -q by runtime/rom.lds" in result.err
    assert not (tree / "rom").exists()


def test_another_image(built: Path) -> None:
    """Not linked, or without the header."""
    result = seal(built, "-o", "none", "parts.c.o", "firm.pvi")
    assert result.status == ENVIRONMENT and "is not linked; link it with ld -q by runtime/rom.lds" in result.err
    words = ["ld", "-m", "elf_i386", "-q", "-Ttext=0", "-e", "0", "-o", "other", "parts.c.o", "fine.S.o"]
    subprocess.run(words, cwd=built, check=True)
    result = seal(built, "-o", "none", "other", "firm.pvi")
    assert result.status == ENVIRONMENT and "does not begin with the header of a ROM" in result.err
    assert not (built / "none").exists()


def test_another_signature(built: Path, tmp_path: Path) -> None:
    """What guests would not take is no ROM."""
    tree = Path(shutil.copytree(built, tmp_path / "copy"))
    image = load(tree / "image")
    image.data[image.elf.get_section_by_name(".rom")["sh_offset"]] ^= 1
    image.path.write_bytes(image.data)
    result = seal(tree)
    assert result.status == ENVIRONMENT and "does not begin with the header of a ROM" in result.err


def test_traced(tmp_path: Path) -> None:
    """Each entry point writes its number to the port first, and keeps what it was given."""
    make(tmp_path, "gcc", "", TRACE)
    assert seal(tmp_path).status == FINE
    rom = (tmp_path / "rom").read_bytes()
    image = load(tmp_path / "image")
    entries = {n: image.symbol(f"pvgen_fine_call_{name}") for n, name in
               {1: "on", 2: "read", 3: "leave", 5: "stop", 6: "wide", 7: "keep", 8: "late", 9: "pair",
                0x80: "init", 0x88: "find"}.items()}
    for number, place in entries.items():
        assert rom[place:].startswith(bytes([0x50, 0xB0, number, 0xE6, 0xEB, 0x58])), number
    place = image.symbol("pvgen_fine_table")
    assert [struct.unpack_from("<I", rom, place + 8 * n)[0] for n in entries if n < 0x80] == [
        entries[n] for n in entries if n < 0x80]


def test_no_damage_is_a_fault_of_pvgen(built: Path, tmp_path: Path) -> None:
    """Whatever an image holds, there is an answer: sealed, or a reason."""
    tree = Path(shutil.copytree(built, tmp_path / "copy"))
    source = random.Random(7)
    whole = (tree / "image").read_bytes()
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(source.randrange(1, 6)):
            place = source.choice((source.randrange(64), source.randrange(len(data)), len(data) - 1 -
                                   source.randrange(1000), 0x1000 + source.randrange(200)))
            data[place] = source.choice((0, 1, 0xff, source.randrange(256)))
        (tree / "image").write_bytes(data)
        result = seal(tree, tool=BUILD / "sanitized/pvgen")
        assert result.status in (FINE, ENVIRONMENT), result.err
        assert "Sanitizer" not in result.err and "runtime error" not in result.err
