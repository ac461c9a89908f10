"""`pvgen verify`: each damage has its name, each finding its place; the undamaged is clean."""

import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import small
from small import DESCRIPTION, Image, load, objects
from tool import BUILD, ENVIRONMENT, FINE, HERE, INPUT, ROOT, Result, codes, run

NO_EVIDENCE = 4

GET, SET, SLOW, POKE, WORK, LEAVE = range(6)
# Behind the address of the code.
PATCH_FORM, PATCH_LENGTH, PATCH_FIRST, PATCH_RELOCATION = range(4)

ARCHES = ("x86_64", "i386")


@pytest.fixture(name="all_built", scope="module")
def build_all(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The small kernel, for each architecture."""
    return {arch: small.build(tmp_path_factory.mktemp("small"), arch=arch) for arch in ARCHES}


@pytest.fixture(name="built", scope="module")
def build_once(all_built: dict[str, Path]) -> Path:
    """The small kernel."""
    return all_built["x86_64"]


@pytest.fixture(name="tree")
def copy_tree(built: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(built, tmp_path / "copy"))


def verify(tree: Path, *inputs: str, tool: Path | None = None, arch: str = "x86_64") -> Result:
    """Verify the image, or other objects, against the description."""
    how = {"tool": tool} if tool else {}
    return run("verify", f"--arch={arch}", *(inputs or ("image",)), "pv.pvi", cwd=tree, **how)


def line_of(text: str) -> int:
    """The line of the description that begins so."""
    lines = DESCRIPTION.split("\n")
    (found,) = (i for i, line in enumerate(lines, 1) if line.strip().startswith(text))
    return found


# ---- nothing is found where nothing is wrong ----


@pytest.mark.parametrize("arch", ARCHES)
def test_clean(arch: str, all_built: dict[str, Path]) -> None:
    """Image, objects, and both together; the count says that nothing was left out."""
    built = all_built[arch]
    parts = objects(built)
    for inputs, stated in (("image",), 0), (parts, 1), (("image", *parts), 1):
        result = verify(built, *inputs, arch=arch)
        assert (result.status, result.err) == (FINE, ""), inputs
        counts = list(map(int, re.findall(rb" (\d+) ", result.out)))
        assert counts == [9, 12, 18, 2, 2, stated]


def test_without_an_object(built: Path) -> None:
    """A usage error."""
    assert verify(built, "pv.pvi").status == ENVIRONMENT


# ---- damage ----


def patch(image: Image, op: int, field: int, backend: str = "guest") -> int:
    """Address of a field of a patch table's row."""
    return image.symbol(f"pv_{backend}_patches") + op * (image.word + 8) + image.word + field


def patch_code(image: Image, op: int) -> int:
    """What such a row has as the address of its code."""
    return image.read(patch(image, op, -image.word), image.word)


def change_record(op: int, field: int, size: int, value: int) -> Callable[[Image], None]:
    """Another value in a site's record."""
    return lambda image: image.write(image.record(op) + field, value, size)


def change_patch(op: int, field: int, value: int) -> Callable[[Image], None]:
    """Another value in a row of the guest's patch table."""
    return lambda image: image.write(patch(image, op, field), value, 1)


def move_site(image: Image) -> None:
    """A record that points into the data."""
    record = image.record(SET)
    image.write(record, image.symbol("pv_ops") - record, 4)


def overlap(image: Image) -> None:
    """Two records of one site."""
    first, second = image.record(GET, 0), image.record(GET, 1)
    image.write(second, image.read(first, 4) + first - second, 4)


def wrong_slot(image: Image) -> None:
    """A call through the slot of the next op."""
    field = image.site(SET) + 2
    image.write(field, image.read(field, 4) + image.word, 4)


def wrong_code(image: Image) -> None:
    """A template one byte further on."""
    image.write(patch(image, SLOW, -image.word), patch_code(image, SLOW) + 1, image.word)


def wrong_target(image: Image) -> None:
    """The template's call goes elsewhere."""
    code, field = patch_code(image, SLOW), image.read(patch(image, SLOW, PATCH_RELOCATION), 1)
    image.write(code + field, image.read(code + field, 4) + 1, 4)


def bad_instruction(image: Image) -> None:
    """Bytes in a template that are no instruction."""
    image.write(patch_code(image, SLOW), 0x62, 1)


def null_slot(image: Image) -> None:
    """A slot without a function."""
    image.write(image.slot("guest", WORK), 0, image.word)


def null_first_slot(image: Image) -> None:
    """The same in the table that callers start with."""
    image.write(image.symbol("pv_ops") + image.word * WORK, 0, image.word)


def other_slot(image: Image) -> None:
    """A slot with the function of another op."""
    image.write(image.slot("guest", WORK), image.symbol("guest_get"), image.word)


def no_landing_pad(image: Image) -> None:
    """A function without endbr64, or endbr32."""
    image.write(image.symbol("guest_work"), 0x90909090, 4)


# How an image is damaged; what is found, about what, at which line.
DAMAGES: dict[str, tuple[Callable[[Image], None], str, str, str]] = {
    "unknown op": (change_record(SET, 4, 2, 99), "site-op", "op '99'", "interface"),
    "length": (change_record(SET, 6, 1, 7), "site-length", "'g.set' .*caller.*7 bytes", "op void set"),
    "length of one": (change_record(SET, 6, 1, 1), "site-length", "'g.set' .* 1 byte, but", "op void set"),
    "kind": (change_record(LEAVE, 7, 1, 0), "site-kind", "'g.leave' .*leaver", "op void leave"),
    "place": (move_site, "site-place", "'g.set'", "op void set"),
    "slot": (wrong_slot, "site-slot", "'g.set' .*caller.* slot is", "op void set"),
    "opcode": (
        lambda i: i.write(i.site(SET), 0xFE, 1),
        "site-slot",
        "'g.set' .*fe 15 are no indirect call",
        "op void set",
    ),
    "filler": (lambda i: i.write(i.site(SLOW) + 9, 0xCC, 1), "site-filler", "'g.slow' .*byte 9 is cc", "op void slow"),
    "overlap": (overlap, "site-overlap", "'g.get' .*caller", "op unsigned long get"),
    "room": (lambda i: i.write(i.symbol("pv_site_length") + SLOW, 17, 1), "site-room", "'g.slow' have 17 bytes", "op void slow"),
    "form": (change_patch(SLOW, PATCH_FORM, 2), "patch-form", "'g.slow' in backend 'guest'.*nop, but described as inline", "g.slow"),
    "form of a call": (change_patch(GET, PATCH_FORM, 1), "patch-form", "'g.get' in backend 'guest'", "g.get"),
    "code": (wrong_code, "patch-code", "'g.slow' in backend 'guest'", "g.slow"),
    "too long": (change_patch(SLOW, PATCH_LENGTH, 29), "patch-length", "'g.slow' in backend 'guest'.*29 bytes, but the op's budget is 28", "g.slow"),
    "longer than sites": (change_patch(SLOW, PATCH_LENGTH, 20), "patch-length", "'g.slow' in backend 'guest'.*20 bytes, but the op's sites have", "g.slow"),
    "cut instruction": (change_patch(SLOW, PATCH_LENGTH, 14), "patch-first", "'g.slow' in backend 'guest'", "g.slow"),
    "first": (change_patch(SLOW, PATCH_FIRST, 7), "patch-first", "'g.slow' in backend 'guest'.*not 7", "g.slow"),
    "bad instruction": (bad_instruction, "patch-first", "'g.slow' in backend 'guest'", "g.slow"),
    "no relocation": (change_patch(SLOW, PATCH_RELOCATION, 255), "patch-relocation", "'g.slow' in backend 'guest'.*guest_slow", "g.slow"),
    "other relocation": (change_patch(SLOW, PATCH_RELOCATION, 10), "patch-relocation", "'g.slow' in backend 'guest'", "g.slow"),
    "relocation of nothing": (
        lambda i: i.write(patch(i, SET, PATCH_RELOCATION, "native"), 0, 1),
        "patch-relocation",
        "'g.set' in backend 'native'.*no reference",
        "op void set",
    ),
    "other target": (wrong_target, "patch-relocation", "'g.slow' in backend 'guest'.*described is guest_slow", "g.slow"),
    "null": (null_slot, "null-slot", "'g.work' in backend 'guest'", "g.work call guest_work"),
    "null at first": (null_first_slot, "null-slot", "'g.work' in backend '.before any", "backend native"),
    "other function": (other_slot, "slot-target", "'g.work' in backend 'guest'.*guest_get.*guest_work", "g.work call guest_work"),
    "no landing pad": (no_landing_pad, "landing-pad", "'g.work' in backend 'guest'.*guest_work", "g.work call guest_work"),
}  # fmt: skip


def check_finding(result: Result, name: str, text: str, place: str) -> None:
    """The finding is there, says what it must, at the right line."""
    assert result.status == INPUT, result.err
    found = [d for d in result.diagnostics() if d.name == name]
    assert found, result.err
    assert any(
        (d.path, d.line) == ("pv.pvi", line_of(place)) and re.search(text, d.text) for d in found
    ), result.err


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("case", DAMAGES)
def test_damage(case: str, arch: str, all_built: dict[str, Path], tmp_path: Path) -> None:
    """A damaged copy of the image."""
    damage, name, text, place = DAMAGES[case]
    tree = Path(shutil.copytree(all_built[arch], tmp_path / "copy"))
    damage(load(tree / "image"))
    check_finding(verify(tree, arch=arch), name, text, place)


def test_another_architecture(all_built: dict[str, Path]) -> None:
    """Its files are refused, whichever of the two they are for."""
    for arch, other in zip(ARCHES, reversed(ARCHES), strict=True):
        result = verify(all_built[other], str(all_built[arch] / "image"), arch=other)
        assert result.status == ENVIRONMENT and "another architecture" in result.err


# How the kernel is built; what is found.
BUILDS: dict[str, tuple[tuple[str, ...], dict[str, object], str, str, str]] = {
    "late site across a line": ((), {"skip": 59}, "site-line", "'g.poke' .*caller.*of 64", "op void poke"),
    "patcher": (("PATCHER_USES_OP",), {}, "patcher-site", "'g.get' .*other.* other < pv_patch_sites", "op unsigned long get"),
    "late patcher": (("LATE_PATCHER_USES_LATE_OP",), {}, "patcher-site", "'g.poke' .*poker.* poker < pv_patch_later", "op void poke"),
    "old revision": ((), {"stated": "work, 1"}, "stale-revision", "'g.work'.*guest_work of backend 'guest'.*revision 1.*revision 2", "op void work"),
    "revision of nothing": ((), {"stated": "wrok, 1"}, "revision-op", "wrok=1.*parts.c.o", "interface"),
}  # fmt: skip


@pytest.mark.parametrize("case", BUILDS)
def test_builds(case: str, tmp_path: Path) -> None:
    """What goes wrong when it is compiled, in the image as in its objects."""
    defines, options, name, text, place = BUILDS[case]
    small.build(tmp_path, *defines, **options)
    parts = objects(tmp_path)
    check_finding(verify(tmp_path, *parts), name, text, place)
    check_finding(verify(tmp_path, "image", *parts), name, text, place)


def test_a_late_site_in_one_line(tmp_path: Path) -> None:
    """The last place where it fits."""
    assert verify(small.build(tmp_path, skip=58)).status == FINE


def test_a_late_patcher_may_use_what_is_patched(tmp_path: Path) -> None:
    """When it runs, all but late sites are as they stay."""
    assert verify(small.build(tmp_path, "LATE_PATCHER_USES_OP")).status == FINE


def test_indirect_calls_are_counted(tmp_path: Path) -> None:
    """What cannot be followed is said."""
    result = verify(small.build(tmp_path, "INDIRECT"))
    assert result.status == FINE
    assert b"1 indirect call not followed" in result.out


def test_summary_to_a_full_disk(tree: Path) -> None:
    """Who reads the summary learns that there is none."""
    full = ("sh", "-c", 'exec "$@" >/dev/full', "sh")
    result = run("verify", "image", "pv.pvi", cwd=tree, prefix=full)
    assert result.status == ENVIRONMENT and "cannot write '<stdout>'" in result.err


# What is written into the description; what is found; about what.
CHANGES: dict[str, tuple[str, str, str, str, str]] = {
    "undeclared write": ('"mov %rdi, %cr3" "nop"', '"mov %rdi, %rbx"', "undeclared-write", "'g.set' in backend 'native' changes rbx", "op void set"),
    "other form": ("g.set nop;", "g.set call guest_set;", "patch-form", "'g.set' in backend 'guest'.*nop, but described as call", "g.set"),
    "other target": ("{guest_slow}", "{guest_work}", "patch-relocation", "'g.slow' in backend 'guest'.*described is guest_work", "g.slow"),
    "smaller budget": ("budget 28;", "budget 6;", "patch-length", "'g.slow' in backend 'guest'.*budget is 6", "g.slow"),
    "tail": ("op void work(unsigned long a) {", "op void work(void) { tail;", "site-kind", "'g.work'", "op void work"),
    "newer revision": ("revision 2;", "revision 3;", "stale-revision", "guest_work of backend 'guest'", "op void work"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_changed_description(case: str, tree: Path) -> None:
    """The object is not what is described any more."""
    old, new, name, text, place = CHANGES[case]
    (tree / "pv.pvi").write_text(DESCRIPTION.replace(old, new))
    check_finding(verify(tree, "image", *objects(tree)), name, text, place)


# Those that kernels have are shown there.
IN_KERNELS = set(re.findall('"([a-z-]+)"', (HERE / "test_verify_linux.py").read_text()))


@pytest.mark.parametrize("name", codes("finding.def"))
def test_every_finding_has_an_example(name: str) -> None:
    """A finding that no test shows may not exist."""
    names = {row[1] for row in DAMAGES.values()} | {row[2] for row in BUILDS.values()}
    assert name in names | IN_KERNELS


# ---- no evidence, no verdict ----


def remove(tree: Path, *options: str) -> None:
    """Remove something from the image."""
    subprocess.run(["objcopy", *options, "image"], cwd=tree, check=True)


MISSING = {
    "symbols": (("--strip-all",), "pv_ops"),
    "sites": (("--remove-section=pv_sites",), "there is no section pv_sites"),
    "backends": (("--remove-section=pv_backends",), "there is no backend"),
    "lengths": (("--strip-symbol=pv_site_length",), "there is no table pv_site_length"),
    "slots": (("--strip-symbol=pv_ops",), "there is no symbol pv_ops"),
    "patcher": (("--strip-symbol=pv_patch_sites",), "no function pv_patch_sites"),
    "called": (("--strip-symbol=helper", "--strip-symbol=other"), "which is not in the object"),
}


@pytest.mark.parametrize("case", MISSING)
def test_missing(case: str, tree: Path) -> None:
    """Never a clean bill."""
    options, text = MISSING[case]
    remove(tree, *options)
    result = verify(tree)
    assert result.status == NO_EVIDENCE, result.err
    assert "no verdict" in result.err
    assert text in result.err


def test_one_object_of_many(built: Path) -> None:
    """The sites of one file are not all there is to see."""
    assert verify(built, "caller.S.o").status == NO_EVIDENCE


def test_no_description(built: Path) -> None:
    """Nothing to compare with."""
    assert run("verify", "image", cwd=built).status == NO_EVIDENCE


# ---- files that are none ----


def test_unreadable(tree: Path) -> None:
    """A message that names the file; status 2."""
    (tree / "text").write_text("no ELF file, but as long as the header of one: " + 40 * ".")
    (tree / "empty").write_bytes(b"")
    (tree / "other").write_bytes(b"\x7fELF\x01" + 80 * b"\0")
    for name in ("text", "empty", "other", "nowhere", "."):
        result = verify(tree, name)
        assert result.status == ENVIRONMENT, result.err
        assert f"'{name}'" in result.err
    assert verify(tree, "image", "image").status == ENVIRONMENT
    (tree / "pv.pvi").write_text("interface")
    assert verify(tree).status == ENVIRONMENT


def survives(tree: Path, name: str) -> None:
    """The sanitized build neither crashes nor hangs."""
    result = verify(tree, name)
    assert result.status in (FINE, INPUT, ENVIRONMENT, NO_EVIDENCE), result.err
    assert result.status == FINE or result.err


def test_truncated(tree: Path) -> None:
    """Section headers stand at the end, so a file that lacks a byte has none."""
    for name in ("image", "caller.S.o"):
        whole = (tree / name).read_bytes()
        for size in [*range(0, 130, 13), *range(130, len(whole), len(whole) // 30)]:
            (tree / "cut").write_bytes(whole[:size])
            result = verify(tree, "cut")
            assert result.status == ENVIRONMENT, (name, size, result.err)


def corrupt(data: bytes, dice: random.Random) -> bytes:
    """A few bytes changed, most of them where a reader of ELF looks first."""
    copy = bytearray(data)
    headers = int.from_bytes(data[40:48], "little")
    for _ in range(dice.randint(1, 6)):
        low, high = dice.choice(((0, 64), (headers, len(data)), (headers, len(data)), (0, len(data))))
        at = dice.randrange(low, high)
        copy[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, copy[at] ^ 1 << dice.randrange(8)))
    return bytes(copy)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), [("image", 500), ("parts.c.o", 300), ("guest.S.o", 200)])
def test_corrupt(name: str, count: int, tree: Path) -> None:
    """10^3 files in all, the same in each run."""
    dice = random.Random(name)
    whole = (tree / name).read_bytes()
    for _ in range(count):
        (tree / "bad").write_bytes(corrupt(whole, dice))
        survives(tree, "bad")


# ---- the decoder against objdump ----

def decoder(directory: Path) -> Path:
    """A program that decodes a file of code."""
    program = directory / "decode"
    sources = [HERE / "decode.c", ROOT / "compiler/x86.c"]
    command = ["gcc", "-std=gnu17", "-fsanitize=address,undefined", "-I", ROOT / "compiler"]
    subprocess.run([*command, "-o", program, *sources], check=True)
    return program


# What 32-bit code has and 64-bit code has not, or has as something else.
ONLY_32 = """
pusha; popa; push %ds; pop %es; push %cs; push %ss; pop %ss; inc %eax; dec %edi; arpl %ax, (%ebx)
les (%eax), %ecx; lds 4(%esp), %esi; into; daa; das; aaa; aas; aam; aad
mov 0x12345678, %eax; mov %al, 0x12345678; add 0x12345678, %ebx; lcall $8, $0x1234; ljmp $8, $0x1234
jecxz 1f; 1: push $0x12345678; pushw $0x1234; mov $0x12345678, %ebp; mov %cr0, %eax; iret; sysexit
mov %eax, %fs:0x10; enter $8, $0; int $0x80; ret $4; call *0x1234; jmp *8(%eax)
"""


def small_sources(directory: Path) -> list[Path]:
    """C of the guest's for i386, and what no compiler writes."""
    (directory / "only.s").write_text(ONLY_32)
    subprocess.run(["as", "--32", "--noexecstack", "-o", directory / "only.o", directory / "only.s"], check=True)
    folders = ("tests/boot", "runtime", "backends/native")
    flags = "-std=gnu11 -ffreestanding -m32 -march=i686 -mregparm=3 -freg-struct-return -mgeneral-regs-only -fno-pic".split()
    paths = ("generated/i386", "runtime", "tests/boot", "tests/boot/i386")
    files = (path for folder in folders for path in sorted((ROOT / folder).glob("*.c")))
    sources = [path for path in files if "pv_blob.h" not in path.read_text()]
    command = ["gcc", *flags, *(f"-I{ROOT / path}" for path in paths), "-c", *sources]
    for level in ("-O2", "-O0"):
        (directory / level).mkdir()
        subprocess.run([*command, level], cwd=directory / level, check=True)
    return [directory / "only.o", *directory.glob("-O*/*.o")]


@pytest.mark.parametrize("arch", ("x86_64", "i386"))
def test_decoder(arch: str, tmp_path: Path) -> None:
    """Every instruction of a program that is at hand: length, and where branches go."""
    code, program = tmp_path / "code", tmp_path / "program"
    # pvgen without its libraries, which have instructions that no kernel has.
    objects = small_sources(tmp_path) if arch == "i386" else list((BUILD / "plain").glob("*.o"))
    link = ["ld", "-m", f"elf_{arch}", "-e", "0", "--unresolved-symbols=ignore-all", "-z", "muldefs", "-o", program]
    subprocess.run([*link, *objects], check=True)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text", program, code], check=True)
    listing = subprocess.run(
        ["objdump", "-d", "-w", "--no-show-raw-insn", "-j", ".text", program],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    lines = re.findall(r"^ *([0-9a-f]+):\t(\S+)(?: +([0-9a-f]+) <)?", listing, re.MULTILINE)
    start = int(lines[0][0], 16)
    expected = [
        (int(at, 16) - start, int(to, 16) - start if to and re.match("call|j", insn) else None)
        for at, insn, to in lines
    ]
    printed = subprocess.run([decoder(tmp_path), arch, code], capture_output=True, text=True, check=True)
    got = [line.split() for line in printed.stdout.splitlines()]
    assert len(got) > 10_000
    branches = [(int(at), int(to) if kind in "23" else None) for at, kind, to in got]
    assert branches == expected
