"""`pvgen verify` of a Linux kernel: defects planted in ops that were drawn are found, each."""

import json
import random
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import small
import small_linux
from small import Image, load
from small_linux import ALONE, LATE, OPS, TABLED, Op, Types
from tool import ENVIRONMENT, FINE, INPUT, ROOT, Result, run

NO_EVIDENCE = 4
RECORD = 16
DRAWN = 10
RETURN = 0xC3


@pytest.fixture(name="built", scope="module", params=["old", "new"])
def build_once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kernel, with records as in Linux 6.1 or as in 6.8."""
    defines = ["OLD"] if request.param == "old" else []
    return small_linux.build(tmp_path_factory.mktemp(request.param), *defines)


@pytest.fixture(name="old", scope="module")
def build_old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kernel with the records of Linux 6.1."""
    return small_linux.build(tmp_path_factory.mktemp("records"), "OLD")


def copy_of(built: Path, tmp_path: Path) -> Path:
    """What a test may damage."""
    return Path(shutil.copytree(built, tmp_path / "copy"))


def verify(tree: Path, *options: str) -> Result:
    """Verify the kernel against its description."""
    return run("verify", "--max-errors=0", *options, "vmlinux", "pv.pvi", cwd=tree)


def found(result: Result, name: str) -> set[tuple[str, str]]:
    """Op and backend of all findings of a name."""
    texts = [d.text for d in result.diagnostics() if d.name == name]
    matches = [re.search(r"op '([a-z0-9.]+)'(?: in backend '(\w+)')?", text) for text in texts]
    return {(m[1], m[2] or "") for m in matches if m}


def drawn(name: str, ops: list[Op]) -> list[Op]:
    """Ten of them, the same in each run."""
    return random.Random(name).sample(ops, DRAWN)


# ---- nothing is found where nothing is wrong ----


def test_clean(built: Path) -> None:
    """Each op has its site and its functions, by name."""
    result = verify(built, "--report=text")
    assert (result.status, result.err.count("\n")) == (FINE, 1), result.err
    for text in "48 sites", "48 slots, 48 of them described", "91 targets of 3 backends":
        assert text in result.err
    lines = result.out.decode().splitlines()
    assert len(lines) == len(OPS)
    for op, line in zip(OPS, lines, strict=True):
        told = [f"native: {op.target('native')}"]
        told += [f"guest: {op.target('guest')}"] * (op in TABLED)
        told += [f"host: {op.target('host')}"] * (op in ALONE)
        assert line == "; ".join([f"{op.path}: 1 site of 6 bytes", *told])


def test_reports(built: Path) -> None:
    """The same in other forms; a file leaves standard output to the counts."""
    result = verify(built, "--report=sites:sites", "--report=json:report.json")
    assert result.status == FINE and b"48 sites" in result.out
    sites = (built / "sites").read_text().splitlines()
    assert len(sites) == len(OPS)
    form = re.compile(r"0x\w+ \(call_(\w+)\+0x\w+\): \w+\.\1, 6 bytes, call")
    assert all(form.fullmatch(site) for site in sites)
    (interface,) = json.loads((built / "report.json").read_text())["interfaces"]
    assert [s["op"] for s in interface["slots"]] == [op.path for op in OPS]
    assert {s["op"]: s["place"] for s in interface["sites"]}.keys() == {op.path for op in OPS}
    assert run("verify", "--report=poem", "vmlinux", "pv.pvi", cwd=built).status == ENVIRONMENT


def test_no_op_is_known() -> None:
    """pvgen has Linux's ops from the kernel and from descriptions, not from its own text."""
    text = (ROOT / "idl/linux/pv_ops.pvi").read_text()
    ops = [name for name in re.findall(r"^ *op .*?(\w+)\(", text, re.MULTILINE) if "_" in name]
    stems = ("verify", "kernel", "kallsyms", "payload", "object", "x86")
    files = [path for stem in stems for path in (ROOT / "compiler").glob(f"{stem}*")]
    assert len(ops) > 60 and len(files) > 15
    for path in files:
        assert not set(ops).intersection(re.findall(r"\w+", path.read_text())), path


# ---- ten of each kind ----


def plant_null(image: Image, op: Op, backend: str) -> None:
    """The table has nothing for the op."""
    image.write(image.symbol(f"{backend}_ops") + 8 * op.slot, 0, 8)


def plant_signature(image: Image, op: Op, backend: str) -> None:
    """The function has the signature of an op that has another."""
    types = Types(image.data, image.elf.get_section_by_name(".BTF")["sh_offset"])
    other = next(o for o in OPS if (o.result, o.params) != (op.result, op.params))
    types.change(op.function(backend), types.signature(other.function("native")))
    image.path.write_bytes(image.data)


def plant_idle(image: Image, op: Op, backend: str) -> None:
    """The function returns at once."""
    image.write(image.symbol(op.function(backend)), RETURN, 1)


def plant_instrumented(image: Image, op: Op, backend: str) -> None:
    """The slot holds a function of the op that is elsewhere."""
    loud = next(o for o in OPS if not o.is_quiet)
    image.write(image.symbol(f"{backend}_ops") + 8 * op.slot, image.symbol(loud.target(backend)), 8)


def plant_other(image: Image, op: Op, backend: str) -> None:
    """The slot holds the function of the next op."""
    other = OPS[(op.slot + 1) % len(OPS)].target("native")
    image.write(image.symbol(f"{backend}_ops") + 8 * op.slot, image.symbol(other), 8)


TABLED_ONCE = [op for op in TABLED if op not in LATE]
Plant = Callable[[Image, Op, str], None]

# What is done to which ops of which backend; what is found.
PLANTS: dict[str, tuple[Plant, list[Op], str, str]] = {
    "null": (plant_null, TABLED_ONCE, "guest", "null-slot"),
    "signature": (plant_signature, TABLED, "guest", "slot-signature"),
    "signature of a lone one": (plant_signature, ALONE, "host", "slot-signature"),
    "native signature": (plant_signature, OPS, "native", "slot-signature"),
    "idle": (plant_idle, [o for o in TABLED if o.result == "void"], "guest", "kept-call"),
    "native idle": (plant_idle, [o for o in OPS if o.result == "void"], "native", "kept-call"),
    "instrumented": (plant_instrumented, [o for o in TABLED if o.is_quiet], "guest", "slot-instrumented"),
    "other": (plant_other, TABLED, "guest", "slot-target"),
}  # fmt: skip


@pytest.mark.parametrize("case", PLANTS)
def test_planted(case: str, built: Path, tmp_path: Path) -> None:
    """All ten are found, and no others."""
    plant, ops, backend, name = PLANTS[case]
    tree = copy_of(built, tmp_path)
    image = load(tree / "vmlinux")
    chosen = drawn(case, ops)
    for op in chosen:
        plant(image, op, backend)
    result = verify(tree)
    assert result.status == INPUT
    assert found(result, name) == {(op.path, backend) for op in chosen}, result.err


def test_all_kinds_at_once(built: Path, tmp_path: Path) -> None:
    """Several defects in one kernel do not hide each other."""
    tree = copy_of(built, tmp_path)
    image = load(tree / "vmlinux")
    expected: dict[str, set[tuple[str, str]]] = {}
    dice = random.Random("all")
    free = set(OPS)
    for plant, ops, backend, name in PLANTS.values():
        op = dice.choice(sorted(free.intersection(ops), key=lambda o: o.slot))
        free.remove(op)
        plant(image, op, backend)
        expected.setdefault(name, set()).add((op.path, backend))
    result = verify(tree)
    for name, places in expected.items():
        assert found(result, name) >= places, name


def test_what_is_filled_later_is_not_null(built: Path, tmp_path: Path) -> None:
    """A function puts something there after the table."""
    tree = copy_of(built, tmp_path)
    image = load(tree / "vmlinux")
    for op in LATE:
        plant_null(image, op, "guest")
    assert verify(tree).status == FINE


def immediate(image: Image, op: Op) -> int:
    """Where the code of host_start() has the function that it puts into a slot."""
    start, size = image.section(".init.text")
    code = image.data[image.offset(start) : image.offset(start) + size]
    value = image.symbol(op.target("host")) & 0xFFFFFFFF
    (at,) = [m.start() for m in re.finditer(re.escape(struct.pack("<I", value)), code)]
    return start + at


def test_null_put_by_code(built: Path, tmp_path: Path) -> None:
    """A function stores 0."""
    tree = copy_of(built, tmp_path)
    image = load(tree / "vmlinux")
    chosen = drawn("code", ALONE)
    for op in chosen:
        image.write(immediate(image, op), 0, 4)
    assert found(verify(tree), "null-slot") == {(op.path, "host") for op in chosen}


# ---- sites and their records ----


def records(image: Image, op: Op) -> list[int]:
    """Addresses of the records that name an op, in the kernel with old records."""
    start, size = image.section(".parainstructions")
    return [a for a in range(start, start + size, RECORD) if image.read(a + 8, 1) == op.slot]


def record(image: Image, op: Op) -> int:
    """Address of the only one."""
    (at,) = records(image, op)
    return at


def test_wrong_slot_of_sites(old: Path, tmp_path: Path) -> None:
    """The record names another op than the code calls."""
    tree = copy_of(old, tmp_path)
    image = load(tree / "vmlinux")
    chosen = drawn("site", OPS)
    places = [record(image, op) for op in chosen]
    for at, other in zip(places, chosen[1:] + chosen[:1], strict=True):
        image.write(at + 8, other.slot, 1)
    assert {op for op, _ in found(verify(tree), "site-slot")} == {op.path for op in chosen}


def test_unrecorded_calls(old: Path, tmp_path: Path) -> None:
    """Records of other sites stand in the place of some."""
    tree = copy_of(old, tmp_path)
    image = load(tree / "vmlinux")
    chosen = drawn("unrecorded", OPS)
    kept = next(op for op in OPS if op not in chosen)
    copy = [image.read(record(image, kept) + i, 8) for i in (0, 8)]
    for at in [record(image, op) for op in chosen]:
        image.write(at, copy[0], 8)
        image.write(at + 8, copy[1], 8)
    result = verify(tree)
    assert {op for op, _ in found(result, "site-unrecorded")} == {op.path for op in chosen}
    assert {op for op, _ in found(result, "site-overlap")} == {kept.path}
    text = (tree / "pv.pvi").read_text()
    for op in chosen:
        text = re.sub(rf"(?m)( {op.name}\(.*) }}$", r"\1 site never_patched; }", text)
    (tree / "pv.pvi").write_text(text)
    assert not found(verify(tree), "site-unrecorded")


@pytest.mark.parametrize("first", range(10, 15))
def test_bytes_of_records(first: int, old: Path, tmp_path: Path) -> None:
    """Two bytes of all records, the same for an op; then one record has others."""
    tree = copy_of(old, tmp_path)
    image = load(tree / "vmlinux")
    for op in OPS:
        image.write(record(image, op) + first, 0x01FF if op.is_hidden else 0x0101, 2)
    # A second record of an op, so that it has two that may differ.
    extra = record(image, OPS[-1])
    image.write(extra + 8, OPS[-2].slot, 1)
    image.write(extra + first, image.read(records(image, OPS[-2])[0] + first, 2), 2)
    image.write(record(image, OPS[0]) + first, 0, 2)
    result = verify(tree)
    (text,) = [d.text for d in result.diagnostics() if d.name == "record-bytes"]
    assert f"bytes {first} to {first + 1} of" in text
    assert "00 00 in 1 record, 01 01 in 32 records, ff 01 in 15 records" in text
    image.write(extra + first, 0x7777, 2)
    assert not [d for d in verify(tree).diagnostics() if d.name == "record-bytes"]


def test_patcher(built: Path, tmp_path: Path) -> None:
    """What patches sites calls what calls an op."""
    defines = ["PATCHER_USES_OP"] + ["OLD"] * (b"first_site" in (built / "kernel.c").read_bytes())
    result = verify(small_linux.build(tmp_path, *defines))
    assert result.status == FINE
    (reached,) = [d for d in result.diagnostics() if d.name == "patcher-reaches"]
    assert re.search(r"'first.op7' at .*call_op7.*: call_op7 < apply_\w+$", reached.text)


# ---- kernel and description of different versions ----


def change(tree: Path, old: str, new: str) -> Result:
    """Verify with another description."""
    text = (tree / "pv.pvi").read_text()
    assert re.search(old, text, re.MULTILINE)
    (tree / "pv.pvi").write_text(re.sub(old, new, text, flags=re.MULTILINE))
    return verify(tree)


def test_undescribed_slots(built: Path, tmp_path: Path) -> None:
    """Ops that are gone from the description."""
    tree = copy_of(built, tmp_path)
    chosen = drawn("gone", OPS)
    names = "|".join(op.name for op in chosen)
    result = change(tree, rf"^.*\b({names})[ (].*\n", "")
    assert result.status == FINE
    told = [d.text for d in result.diagnostics() if d.name == "slot-undescribed"]
    assert {re.search(r"'([a-z0-9.]+)'", text)[1] for text in told} == {op.path for op in chosen}


def test_missing_slots(built: Path, tmp_path: Path) -> None:
    """Ops that the kernel does not have."""
    tree = copy_of(built, tmp_path)
    fresh = r"\1\n    op void fresh(void) { }\n    op void other(void) if LATER { }"
    change(tree, r"^(group first \{)", fresh)
    change(tree, "^language 1;", "language 1;\nconfig bool LATER;")
    result = change(tree, "^(backend .*)$", r"\1\n    first.fresh nop;\n    first.other nop;")
    assert found(result, "slot-missing") == {("first.fresh", "")}, result.err


def test_other_signatures(built: Path, tmp_path: Path) -> None:
    """Ops whose parameters are others in the description."""
    tree = copy_of(built, tmp_path)
    chosen = drawn("declared", [op for op in OPS if not op.is_hidden and "long a" in op.params])
    names = "|".join(op.name for op in chosen)
    result = change(tree, rf"\b({names})\(long a", r"\1(int a")
    assert {op for op, _ in found(result, "op-signature")} == {op.path for op in chosen}
    assert {op for op, _ in found(result, "slot-signature")} == {op.path for op in chosen}


# ---- landing pads ----


def test_landing_pads(built: Path, tmp_path: Path) -> None:
    """Where the kernel enforces them all functions lack them; else none is looked for."""
    tree = copy_of(built, tmp_path)
    (tree / "seal").write_bytes(bytes(4))
    add = ["objcopy", "--add-section", ".ibt_endbr_seal=seal", "vmlinux"]
    subprocess.run(add, cwd=tree, check=True)
    pads = found(verify(tree), "landing-pad")
    assert pads == {(op.path, "native") for op in OPS} | {(op.path, "guest") for op in TABLED} | {
        (op.path, "host") for op in ALONE
    }


# ---- no evidence, no verdict ----

MISSING = {
    "types": (["--remove-section=.BTF"], "slots, sites and signatures: there is no section .BTF"),
    "names": (["--strip-all"], "what functions put into slots: the kernel has no symbols"),
    "patcher": (
        ["--strip-symbol=apply_paravirt", "--strip-symbol=apply_alternatives"],
        "the patcher: no function of it has a name",
    ),
    "sections": (
        ["--strip-symbol=__noinstr_text_start"],
        "instrumented functions: there is no symbol",
    ),
}


@pytest.mark.parametrize("case", MISSING)
def test_missing(case: str, old: Path, tmp_path: Path) -> None:
    """It is said what is hidden; never a clean bill."""
    options, text = MISSING[case]
    tree = copy_of(old, tmp_path)
    subprocess.run(["objcopy", *options, "vmlinux"], cwd=tree, check=True)
    result = verify(tree)
    assert result.status == NO_EVIDENCE, result.err
    assert f"no verdict on {text}" in result.err


def test_stripped_new_kernel(tmp_path: Path) -> None:
    """Without symbols nothing says where the slots are, if records do not name them."""
    tree = small_linux.build(tmp_path)
    subprocess.run(["objcopy", "--strip-all", "vmlinux"], cwd=tree, check=True)
    result = verify(tree)
    assert result.status == NO_EVIDENCE
    assert "no verdict on sites: nothing says where pv_ops is" in result.err


def test_another_interface(built: Path, tmp_path: Path) -> None:
    """A description that has nothing of the kernel's ops."""
    tree = copy_of(built, tmp_path)
    other = "language 1; interface x version 1.0 { group g { op void f(void) { } } }"
    (tree / "pv.pvi").write_text(other)
    result = verify(tree)
    assert result.status == NO_EVIDENCE
    assert "no interface is described whose ops it has" in result.err


# ---- kernels as distributions have them ----


@pytest.mark.parametrize("order", ["6.1", "6.4"])
def test_names_for_traces(order: str, built: Path, tmp_path: Path) -> None:
    """What a stripped kernel keeps for itself is as good as symbols."""
    tree = copy_of(built, tmp_path)
    small_linux.name_itself(tree, order)
    result = verify(tree, "--report=text")
    assert result.status == FINE, result.err
    assert result.out == verify(built, "--report=text").out


@pytest.mark.parametrize("form", small_linux.PACKERS)
def test_packed(form: str, built: Path, tmp_path: Path) -> None:
    """Each format that Linux's build offers and a library reads."""
    tree = copy_of(built, tmp_path)
    image = (tree / "vmlinux").read_bytes()
    whole = small_linux.bzimage(image, form)
    (tree / "vmlinux").write_bytes(whole)
    result = verify(tree, "--report=text")
    assert result.status == FINE, result.err
    assert result.out == verify(built, "--report=text").out
    for end in (600, 0x24C, len(whole) // 2):
        (tree / "vmlinux").write_bytes(whole[:end])
        assert verify(tree).status == ENVIRONMENT


@pytest.mark.parametrize("form", ["gzip", "xz", "zstd"])
def test_packed_whole(form: str, built: Path, tmp_path: Path) -> None:
    """A file is what is packed in it, however large that is; half of it is an error."""
    tree = copy_of(built, tmp_path)
    image = (tree / "vmlinux").read_bytes()
    for more in (b"", bytes(1 << 24)):
        packed = small_linux.PACKERS[form](image + more)
        (tree / "vmlinux").write_bytes(packed)
        assert verify(tree, "--report=text").out == verify(built, "--report=text").out
        for end in (20, len(packed) // 2, len(packed) - 5):
            (tree / "vmlinux").write_bytes(packed[:end])
            result = verify(tree)
            said = f"is packed by {form} and cannot be unpacked"
            assert result.status == ENVIRONMENT and said in result.err


def test_unknown_format(tmp_path: Path) -> None:
    """What cannot be unpacked is named."""
    for magic, text in (b"BZh9", "bzip2"), (b"\x89LZO", "lzo"), (b"????", "not known"):
        packed = small_linux.bzimage(b"", "lz4").replace(b"\x02\x21\x4c\x18", magic + bytes(9))
        (tmp_path / "vmlinux").write_bytes(packed)
        (tmp_path / "pv.pvi").write_text(small_linux.description())
        result = verify(tmp_path)
        assert result.status == ENVIRONMENT and text in result.err


# ---- bad input, and a pvgen that lacks what it needs ----


def corrupt(image: Image, dice: random.Random) -> bytes:
    """A few bytes changed, many of them in what the kernel says of itself."""
    sections = [s for s in image.elf.iter_sections() if s["sh_type"] != "SHT_NOBITS"]
    filled = [s for s in sections if s["sh_size"]]
    spans = [(s["sh_offset"], s["sh_size"], 8 if s.name == ".BTF" else 1) for s in filled]
    copy = bytearray(image.data)
    for _ in range(dice.randint(1, 8)):
        ((start, size, _),) = dice.choices(spans, [weight for _, _, weight in spans])
        at = start + dice.randrange(size)
        copy[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, copy[at] ^ 1 << dice.randrange(8)))
    return bytes(copy)


@pytest.mark.slow
def test_corrupt(built: Path, tmp_path: Path) -> None:
    """The sanitized build neither crashes nor hangs."""
    tree = copy_of(built, tmp_path)
    small_linux.name_itself(tree, "6.4")
    image = load(tree / "vmlinux")
    dice = random.Random("corrupt")
    for _ in range(200):
        image.path.write_bytes(corrupt(image, dice))
        result = verify(tree)
        assert result.status in (FINE, INPUT, ENVIRONMENT, NO_EVIDENCE), result.err


@pytest.mark.slow
def test_without_libraries(old: Path, tmp_path: Path) -> None:
    """It names the package that would have helped; images of its own need none."""
    bare = tmp_path / "build"
    command = ["make", f"BUILD={bare}", "LIBRARIES=", f"{bare}/pvgen"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    libraries = subprocess.run(["ldd", bare / "pvgen"], capture_output=True, text=True, check=True)
    assert not re.search("bpf|elf|capstone|lz4|lzma|libz|zstd", libraries.stdout)
    tree = copy_of(old, tmp_path)
    result = run("verify", "vmlinux", "pv.pvi", cwd=tree, tool=bare / "pvgen")
    assert result.status == NO_EVIDENCE
    assert "install libcapstone-dev and run make again" in result.err
    packages = "gzip zlib1g-dev xz liblzma-dev lz4 liblz4-dev zstd libzstd-dev".split()
    for form, package in zip(packages[::2], packages[1::2], strict=True):
        (tree / "packed").write_bytes(small_linux.bzimage((tree / "vmlinux").read_bytes(), form))
        result = run("verify", "packed", "pv.pvi", cwd=tree, tool=bare / "pvgen")
        assert result.status == ENVIRONMENT
        assert f"install {package} and run make again" in result.err
    (tmp_path / "own").mkdir()
    own = small.build(tmp_path / "own")
    result = run("verify", "image", "pv.pvi", cwd=own, tool=bare / "pvgen")
    assert (result.status, result.err) == (FINE, "")
