"""`pvgen seal`: the blob of an image, and each thing that an image may have so that there is none."""

import random
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from small import FLAGS, Image, load
from tool import BUILD, ENVIRONMENT, FINE, INPUT, ROOT, Result, run

DESCRIPTION = """language 1;
interface pv version 1.0 {
    registration console { void write(void); }
    group g {
        op unsigned long get(void) { clobbers flags; default zero; }
        op void set(unsigned long a) { }
        op void work(unsigned long a) { revision 2; default nop; }
        spare 1;
    }
}
backend guest for pv {
    detect start_info;
    priority 7;
    init guest_init;
    g.get inline x86_64 "mov %gs:area, %rax";
    g.set inline x86_64 "mov %rdi, %rax" "call {guest_slow}";
    g.work call guest_work;
    provide console text { write guest_write; }
}
"""
PARTS = """
#include "guest.h"
unsigned long pv_host_pa(const void *va);
__attribute__((section(".data..percpu"))) unsigned long area = 5;
static void (*const table[])(unsigned long) = {guest_work};
void guest_init(const struct pv_boot *boot) { (void)boot; }
void guest_slow(void) { }
void guest_write(void) { }
void guest_work(unsigned long a) { area = pv_host_pa((void *)a); table[0](a); }
#ifdef MORE
MORE
#endif
"""
GET, SET, WORK, SPARE = range(4)
HEADER = struct.Struct("<8s2I4H18I2Q16s16sI4B16s")
NAMES = """magic sum sums format header_size major minor file_size memory_size rodata_end text_end data_end percpu
percpu_size percpu_align entries nr_entries members nr_members exceptions nr_exceptions relocations nr_relocations init
nr_services required offered interface name priority bare deprivileged detect unused signature""".split()
ENTRY = struct.Struct("<2I4B2H")
RELOCATION = struct.Struct("<I2BH")


def make(directory: Path, description: str = DESCRIPTION, more: str = "", pic: bool = False) -> Path:
    """An image of a description, linked to be sealed."""
    (directory / "pv.pvi").write_text(description)
    assert run("build", "pv.pvi", cwd=directory).status == FINE
    (directory / "parts.c").write_text(PARTS)
    for source in "parts.c guest.c guest_blob.S".split():
        options = [*FLAGS, *(["-fpic", "-mcmodel=small"] if pic else []), *([f"-DMORE={more}"] if more else [])]
        subprocess.run(["gcc", *options, "-o", f"{source}.o", source], cwd=directory, check=True)
    subprocess.run(["ld", "-q", "-nostdlib", "--no-warn-rwx-segments", "--unresolved-symbols=ignore-all",
                    "-T", ROOT / "runtime/blob.lds", "-o", "image", "parts.c.o", "guest.c.o", "guest_blob.S.o"],
                   cwd=directory, check=True)
    return directory


@pytest.fixture(name="built", scope="module")
def build_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that is as it must be."""
    return make(tmp_path_factory.mktemp("blob"))


@pytest.fixture(name="tree")
def copy_tree(built: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(built, tmp_path / "copy"))


def seal(tree: Path, *words: str, tool: Path | None = None) -> Result:
    """Seal the image."""
    return run("seal", *(words or ("-o", "blob", "image", "pv.pvi")), cwd=tree, **({"tool": tool} if tool else {}))


def names(result: Result) -> list[str]:
    """Of the errors."""
    return re.findall(r"error: .*\[([\w-]+)\]$", result.err, re.MULTILINE)


def header_of(blob: bytes) -> dict:
    """Its fields, by name."""
    return dict(zip(NAMES, HEADER.unpack_from(blob), strict=True))


def test_header(built: Path) -> None:
    """What the description says, and what only sealing knows."""
    assert seal(built).status == FINE
    blob = (built / "blob").read_bytes()
    header = header_of(blob)
    assert header["magic"] == b"PV-BLOB\n" and header["header_size"] == HEADER.size
    assert (header["major"], header["minor"], header["priority"], header["detect"]) == (1, 0, 7, 1)
    assert header["file_size"] == len(blob) and header["relocations"] == header["data_end"]
    assert len(blob) - header["data_end"] == header["nr_relocations"] * RELOCATION.size
    assert (header["interface"], header["name"]) == (b"pv".ljust(16, b"\0"), b"guest".ljust(16, b"\0"))
    assert (header["required"], header["offered"]) == (1, 1)
    words = struct.unpack(f"<{len(blob) // 4 - 4}I", blob[16:len(blob) // 4 * 4])
    sums = [sum(words) % 2**32, sum((len(words) - i) * word for i, word in enumerate(words)) % 2**32]
    assert [header["sum"], header["sums"]] == sums


def test_entries(built: Path) -> None:
    """By number: forms, templates, revisions; a spare slot is absent."""
    assert seal(built).status == FINE
    blob = (built / "blob").read_bytes()
    header = header_of(blob)
    rows = [ENTRY.unpack_from(blob, header["entries"] + i * ENTRY.size) for i in range(header["nr_entries"])]
    assert [(row[2], row[6]) for row in rows] == [(1, 1), (1, 1), (0, 2), (0xff, 0)]
    assert rows[SPARE][:2] == (0, 0)
    function, code, _, length, first, reloc, *_ = rows[SET]
    assert code == function + 4 and (length, first, reloc) == (8, 3, 4)
    assert blob[code:code + first] == b"\x48\x89\xf8"


def test_relocations(built: Path) -> None:
    """A pointer to itself, per-CPU data, a service of the kernel's; in order of place."""
    assert seal(built).status == FINE
    blob = (built / "blob").read_bytes()
    header = header_of(blob)
    rows = [RELOCATION.unpack_from(blob, header["relocations"] + i * RELOCATION.size)
            for i in range(header["nr_relocations"])]
    assert rows == sorted(rows) and {row[1:3] for row in rows} >= {(0, 0), (1, 1), (2, 2)}
    assert {row[3] for row in rows if row[2] == 2} == {0} and header["nr_services"] == 1
    assert all(row[0] >= HEADER.size for row in rows)


def test_it_is_the_same_again(built: Path) -> None:
    """Byte for byte."""
    assert seal(built).status == FINE
    first = (built / "blob").read_bytes()
    assert seal(built, "-oblob2", "image", "pv.pvi").status == FINE
    assert (built / "blob2").read_bytes() == first


# ---- images that are not as described ----


def in_entry(op: int, field: int, value: int, size: int) -> Callable[[Image], None]:
    """Another value in an entry of the frame, which begins at address 0."""

    def write(image: Image) -> None:
        start = image.elf.get_section_by_name(".blob")["sh_offset"]
        place = start + header_of(image.data[start:])["entries"] + op * ENTRY.size + field
        image.data[place : place + size] = value.to_bytes(size, "little")
        image.path.write_bytes(image.data)

    return write


DAMAGES: dict[str, tuple[Callable[[Image], None], str]] = {
    "form in the table": (lambda i: i.write(i.symbol("pv_guest_patches") + 16 * SET + 8, 2, 1), "patch-form"),
    "slot": (lambda i: i.write(i.slot("guest", WORK), 0, 8), "null-slot"),
    "function of an entry": (in_entry(WORK, 0, 0x1000, 4), "patch-form"),
    "template of an entry": (in_entry(GET, 4, 0x1000, 4), "patch-form"),
    "form of an entry": (in_entry(SET, 8, 0, 1), "patch-form"),
    "length of an entry": (in_entry(GET, 9, 3, 1), "patch-form"),
    "reference of an entry": (in_entry(SET, 11, 0xFF, 1), "patch-form"),
    "revision of an entry": (in_entry(WORK, 12, 1, 2), "patch-form"),
    "entry of a spare slot": (in_entry(SPARE, 8, 0, 1), "patch-form"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage(damage: str, tree: Path) -> None:
    """Refused with the name of the check, and no blob is written."""
    do_it, name = DAMAGES[damage]
    do_it(load(tree / "image"))
    (tree / "blob").unlink(missing_ok=True)
    result = seal(tree)
    assert (result.status, names(result)) == (INPUT, [name]), result.err
    assert not (tree / "blob").exists()


def test_a_template_beyond_its_contract(built: Path, tmp_path: Path) -> None:
    """The kernel has no disassembler, so this is where it ends."""
    wrong = DESCRIPTION.replace('"mov %gs:area, %rax"', '"mov %gs:{area}, %rax" "mov %rax, %rcx"')
    (tmp_path / "pv.pvi").write_text(wrong)
    result = seal(built, "-o", "wrong", "image", str(tmp_path / "pv.pvi"))
    assert (result.status, names(result)) == (INPUT, ["undeclared-write"])
    assert not (built / "wrong").exists()


# ---- images of which there can be no blob ----


def faults(directory: Path) -> dict[str, tuple[list[str], str]]:
    """Words of the command line, and what is said."""
    return {
        "an object": (["parts.c.o"], "is not linked"),
        "no frame": ([str(BUILD / "guest.elf")], "does not hold one described backend"),
        "no ELF": (["pv.h"], "is no ELF file"),
        "not there": (["nowhere"], "cannot be read"),
    }


@pytest.mark.parametrize("fault", ["an object", "no frame", "no ELF", "not there"])
def test_not_an_image(fault: str, built: Path) -> None:
    """Said, with status 2."""
    words, text = faults(built)[fault]
    result = seal(built, "-o", "none", *words, "pv.pvi")
    assert result.status == ENVIRONMENT and text in result.err
    assert not (built / "none").exists()


@pytest.mark.parametrize("words, text", [
    (["image", "pv.pvi"], "-o FILE is missing"),
    (["-o", "none", "pv.pvi"], "one linked image"),
    (["-o", "none", "image", "image", "pv.pvi"], "one linked image"),
    (["--arch=arm64", "-o", "none", "image", "pv.pvi"], "say --arch=x86_64, for which alone there are blobs"),
])
def test_usage(words: list[str], text: str, built: Path) -> None:
    """A usage error."""
    result = seal(built, *words)
    assert result.status == ENVIRONMENT and text in result.err


def test_a_reference_to_nothing(tmp_path: Path) -> None:
    """What is neither in the image nor a service is named."""
    make(tmp_path, more="void nowhere(void); void more(void); void more(void) { nowhere(); }")
    result = seal(tmp_path)
    assert result.status == ENVIRONMENT
    assert re.search(r"refers to nowhere, at 0x\w+ \(more\+0x\w+\), which is neither in it nor a service", result.err)


def test_a_table_of_a_dynamic_linker(tmp_path: Path) -> None:
    """Nobody would fill it."""
    make(tmp_path, more="unsigned long more(void); unsigned long more(void) { return (unsigned long)pv_host_pa; }",
         pic=True)
    result = seal(tmp_path)
    assert result.status == ENVIRONMENT and "has section .got, for which a blob has no place" in result.err


def test_a_relocation_of_another_kind(tmp_path: Path) -> None:
    """A kernel would not know it."""
    make(tmp_path, more='__asm__(".pushsection .data; .short guest_slow; .popsection");')
    result = seal(tmp_path)
    assert result.status == ENVIRONMENT and re.search(r"has a relocation of type 12, at 0x\w+, that a blob cannot",
                                                      result.err)


def test_no_damage_is_a_fault_of_pvgen(tree: Path) -> None:
    """Whatever an image holds, there is an answer: sealed, or a reason."""
    source = random.Random(7)
    whole = (tree / "image").read_bytes()
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(source.randrange(1, 6)):
            place = source.choice((source.randrange(64), source.randrange(len(data)), len(data) - 1 -
                                   source.randrange(2000), 0x1000 + source.randrange(200)))
            data[place] = source.choice((0, 1, 0xff, source.randrange(256)))
        (tree / "image").write_bytes(data)
        result = seal(tree, tool=BUILD / "sanitized/pvgen")
        assert result.status in (FINE, INPUT, ENVIRONMENT), result.err
        assert "Sanitizer" not in result.err and "runtime error" not in result.err
