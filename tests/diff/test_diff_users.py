"""Who uses what changed: call sites that small kernels and modules were built with."""

import gzip
import json
import lzma
import os
import random
import re
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import small_linux
from kernels import ABSOLUTE_CALL, ABSOLUTE_JUMP, CALL, COMPARE, COMPARE_WORD, JUMP, LOAD
from kernels import N_SLOTS, RECORDS, TABLE, Use, assemble, assembly, image, module, record
from tool import ENVIRONMENT, FINE, INPUT, PVGEN, ROOT, Result, run

OPS = [f"o{i}" for i in range(N_SLOTS)]


def description(ops: list[str], name: str = "pv") -> str:
    """Ops in this order, in one group."""
    lines = [f"op void {op}(void) {{ default nop; }}" for op in ops]
    head = f"language 1;\ninterface {name} version 1.0 {{ group g {{"
    return "\n".join([head, *lines, "}}", ""])


def diff(directory: Path, new: list[str], *options: str | Path, old: str = "") -> Result:
    """Compare the ops with others, in a directory where the image and the modules are."""
    (directory / "old.pvi").write_text(old or description(OPS))
    (directory / "new.pvi").write_text(description(new))
    return run("diff", "--gate=none", *options, "old.pvi", "new.pvi", cwd=directory)


def report(directory: Path, new: list[str], *options: str | Path, old: str = "") -> dict:
    """The same as JSON."""
    result = diff(directory, new, "--format=json", *options, old=old)
    assert (result.status, result.err) == (FINE, ""), result.err
    return json.loads(result.out)


def counts(directory: Path, *options: str | Path, old: str = "") -> dict[int, tuple]:
    """Of each slot that is used: sites and direct uses in the image, then of each module."""
    told = report(directory, OPS, *options, old=old)["users"]["ops"]
    counted = {}
    for op in told:
        modules = {m["module"]: (m["sites"], m["direct"]) for m in op["modules"] or ()}
        of_image = op["image"] and (op["image"]["sites"], op["image"]["direct"])
        if modules or (of_image and any(of_image)):
            counted[op["slot"]] = (of_image, modules)
    return counted


# ---- forms of records ----


@pytest.mark.parametrize("form", RECORDS)
def test_sites_of_an_image(form: str, tmp_path: Path) -> None:
    """Each site once, whatever tells of it, however often."""
    how = [CALL, ABSOLUTE_CALL]
    uses = [Use(i, how[i % 2], 1 + i % 3) for i in (0, 1, 1, 2, 2, 2, 5)]
    image(tmp_path / "kernel", uses, form)
    expected = {0: 1, 1: 2, 2: 3, 5: 1}
    assert counts(tmp_path, "--image=kernel") == {i: ((n, 0), {}) for i, n in expected.items()}


@pytest.mark.parametrize("form", RECORDS)
def test_sites_of_a_module(form: str, tmp_path: Path) -> None:
    """They are found by what the linker has not done yet."""
    how = [CALL, ABSOLUTE_CALL]
    uses = [Use(i, how[i % 2], 1 + i % 3) for i in (0, 3, 3, 4, 4, 4, 5)]
    module(tmp_path / "modules/kernel/a-b.ko", uses, form)
    expected = {0: 1, 3: 2, 4: 3, 5: 1}
    told = {i: (None, {"a-b": (n, 0)}) for i, n in expected.items()}
    assert counts(tmp_path, "--modules=modules") == told


def test_both_kinds_of_records(tmp_path: Path) -> None:
    """A site that both tell of is one."""
    text = assembly([Use(1), Use(2)], "sites") + Use(3).text("14")
    assemble(tmp_path / "a.ko", text + Use(1).text("sites") + records_of(1, "14"))
    told = {1: (None, {"a": (2, 0)}), 2: (None, {"a": (1, 0)}), 3: (None, {"a": (1, 0)})}
    assert counts(tmp_path, "--modules=.") == told


def records_of(slot: int, form: str) -> str:
    """The records of a site without its instruction."""
    return Use(slot).text(form).partition("\n")[2]


@pytest.mark.parametrize("n_slots", [1, 2])
def test_slots_are_words(n_slots: int, tmp_path: Path) -> None:
    """A use behind the last slot that is described is none of the table's."""
    image(tmp_path / "kernel", [Use(0), Use(n_slots, records=0)], "14")
    ops = description(OPS[:n_slots])
    assert counts(tmp_path, "--image=kernel", old=ops) == {0: ((1, 0), {})}


# ---- uses that nobody tells of ----


def test_direct_uses_of_an_image(tmp_path: Path) -> None:
    """Calls and jumps without a record; what else is done to a slot is built anew with it."""
    how = (CALL, ABSOLUTE_CALL, JUMP, ABSOLUTE_JUMP, LOAD, COMPARE)
    uses = [Use(i, way, 0) for i, way in enumerate(how)]
    image(tmp_path / "kernel", [*uses, Use(0)])
    expected = {0: (1, 1), 1: (0, 1), 2: (0, 1), 3: (0, 1)}
    assert counts(tmp_path, "--image=kernel") == {i: (n, {}) for i, n in expected.items()}


@pytest.mark.parametrize("form", ["sites", "14"])
def test_direct_uses_of_a_module(form: str, tmp_path: Path) -> None:
    """All that refers to the table, whatever stands behind the reference."""
    how = (CALL, ABSOLUTE_CALL, JUMP, LOAD, COMPARE, COMPARE_WORD)
    text = assembly([Use(i, way, 0) for i, way in enumerate(how)] + [Use(0)], form)
    text += ".data\n.quad pv_ops + 16\n" + '.section .debug_x, ""\n.quad pv_ops + 16\n'
    assemble(tmp_path / "a.ko", text)
    expected = {0: (1, 1), 1: (0, 1), 2: (0, 2), 3: (0, 1), 4: (0, 1), 5: (0, 1)}
    assert counts(tmp_path, "--modules=.") == {i: (None, {"a": n}) for i, n in expected.items()}


def test_uses_of_i386(tmp_path: Path) -> None:
    """Slots are shorter, addresses absolute, and what is added to them is where they will stand."""
    (tmp_path / "modules").mkdir()
    sites = (f"771: call *pv_ops+{4 * slot}\n{record('14', slot, 6)}" for slot in (0, 2, 2, 5))
    text = f".globl function\nfunction: {''.join(sites)} jmp *pv_ops+12\n"
    for name, more in (("modules/a.ko", "mov pv_ops+4, %eax\n"), ("kernel.o", TABLE)):
        assemble(tmp_path / name, text + more, "--32")
    command = "ld -m elf_i386 -e function --no-warn-rwx-segments -o kernel kernel.o".split()
    subprocess.run(command, cwd=tmp_path, check=True)
    sites_of, jump = {0: (1, 0), 2: (2, 0), 5: (1, 0)}, {3: (0, 1)}
    expected = {slot: (n, {"a": n}) for slot, n in (sites_of | jump).items()} | {1: ((0, 0), {"a": (0, 1)})}
    assert counts(tmp_path, "--arch=i386", "--image=kernel", "--modules=modules") == expected


# ---- files ----

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".ko": bytes,
    ".ko.gz": gzip.compress,
    ".ko.xz": lzma.compress,
    ".ko.zst": lambda data: subprocess.run(
        ["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True
    ).stdout,
}


def test_packed_modules(tmp_path: Path) -> None:
    """Each form in which modules are installed; what is not called a module is none."""
    plain = module(tmp_path / "plain", [Use(2)]).read_bytes()
    for suffix, pack in PACKERS.items():
        folder = tmp_path / "m" / f"in{suffix}"
        folder.mkdir(parents=True)
        (folder / f"of{suffix.replace('.', '_')}{suffix}").write_bytes(pack(plain))
    for name in ("x.o", "ko", ".ko", "modules.dep", "x.ko.bak", ".hidden.ko"):
        (tmp_path / "m" / name).write_bytes(plain)
    users = {f"of{suffix.replace('.', '_')}": (1, 0) for suffix in PACKERS}
    assert counts(tmp_path, "--modules=m") == {2: (None, users)}


def test_links(tmp_path: Path) -> None:
    """A link to a module is one, a link to a directory leads elsewhere."""
    module(tmp_path / "elsewhere/a.ko", [Use(2)])
    (tmp_path / "m").mkdir()
    (tmp_path / "m/circle").symlink_to(".")
    (tmp_path / "m/source").symlink_to("../elsewhere")
    (tmp_path / "m/b.ko").symlink_to("../elsewhere/a.ko")
    assert counts(tmp_path, "--modules=m") == {2: (None, {"b": (1, 0)})}


def faults() -> dict[str, tuple[bytes | str, str]]:
    """What may be wrong with a module, and what is said about it."""
    site, byte = Use(1).text("sites"), ".section .{}\n.byte 1\n"
    return {
        "empty": (b"", "is no ELF file"),
        "text": (b"no module\n" * 99, "is no ELF file"),
        "half": ("half", "ends before its section headers"),
        "packed": (lzma.compress(bytes(999))[:-9], "is packed by xz and cannot be unpacked"),
        "slot": (site.replace(".byte 1", ".byte 77"), "has a site of slot 77, but the table has 6"),
        "length": (site + byte.format("parainstructions"), "has records in .parainstructions"),
        "place": (site.replace("771b", "data") + ".data\ndata: .quad 0\n", "records in .parainst"),
        "form": (Use(1).text("12") * 2 + byte.format("altinstructions"), "in .altinstructions"),
    }


@pytest.mark.parametrize("fault", faults())
def test_unreadable_modules(fault: str, tmp_path: Path) -> None:
    """Each is named once, with the reason; the others are counted; a slot that moved stays so."""
    content, said = faults()[fault]
    good = module(tmp_path / "m/good.ko", [Use(1)])
    bad = tmp_path / "m/bad.ko"
    if content == "half":
        bad.write_bytes(good.read_bytes()[:-100])
    elif isinstance(content, str):
        assemble(bad, content + '.text\nfunction: nop\n')
    else:
        bad.write_bytes(content)
    users = report(tmp_path, OPS, "--modules=m")["users"]
    ((file, why),) = [(m["file"], m["fault"]) for m in users["modules"]["unread"]]
    assert file == "m/bad.ko" and said in why
    assert (users["modules"]["modules"], users["modules"]["users"]) == (2, 1)
    out = diff(tmp_path, OPS, "--modules=m").out.decode()
    assert out.count("bad.ko") == 1 and f"Not known what module 'm/bad.ko' calls: it {why}" in out


def test_other_files(tmp_path: Path) -> None:
    """What is linked, for another machine, or no file at all."""
    linked = image(tmp_path / "kernel", [Use(1)]).read_bytes()
    module(tmp_path / "m/good.ko")
    (tmp_path / "m/linked.ko").write_bytes(linked)
    (tmp_path / "m/other.ko").write_bytes(linked[:18] + b"\xb7" + linked[19:])
    (tmp_path / "m/gone.ko").symlink_to("nowhere")
    os.mkfifo(tmp_path / "m/pipe.ko")
    unread = report(tmp_path, OPS, "--modules=m")["users"]["modules"]["unread"]
    assert {m["file"]: m["fault"].partition(":")[0] for m in unread} == {
        "m/gone.ko": "cannot be read",
        "m/linked.ko": "is no module, but linked",
        "m/other.ko": "is an ELF file for another architecture",
        "m/pipe.ko": "is no regular file",
    }


def test_memory(tmp_path: Path) -> None:
    """It does not grow with the number of modules."""
    text = assembly([Use(1)], "sites") + ".data\n.fill 4000000, 1, 7\n"
    first = assemble(tmp_path / "first", text)
    (tmp_path / "m").mkdir()
    for i in range(100):
        os.link(first, tmp_path / f"m/m{i}.ko")
    (tmp_path / "old.pvi").write_text(description(OPS))
    limit = (resource.RLIMIT_AS, 100 << 20)
    words = ["diff", "--modules=m", "old.pvi", "old.pvi"]
    result = run(*words, cwd=tmp_path, tool=PVGEN, limit=limit)
    assert result.status == FINE and b"Modules that use the ops: 100 of 100\n" in result.out


# ---- what the report says ----


def kernel_of(tmp_path: Path) -> tuple[str, str]:
    """An image, two modules that use slots, and two that do not; the options that name them."""
    image(tmp_path / "kernel", [Use(0), Use(1), Use(1), Use(3, records=0)])
    module(tmp_path / "m/first.ko", [Use(1), Use(4)])
    module(tmp_path / "m/second.ko", [Use(1), Use(1), Use(1, records=0)])
    module(tmp_path / "m/third.ko")
    module(tmp_path / "m/fourth.ko")
    return "--image=kernel", "--modules=m"


def test_text(tmp_path: Path) -> None:
    """Who uses an op stands below its change; those who use it most come first."""
    options = kernel_of(tmp_path)
    out = diff(tmp_path, ["o0", "o2", "o3", "o4", "o5"], *options).out.decode()
    lines = out.splitlines()
    at = lines.index("    old.pvi:4: pv.g.o1: slot 1 (old)")
    assert lines[at + 1].startswith("      insert at new.pvi:")
    assert lines[at + 2] == (
        "      used by kernel (2 call sites), second (2 call sites, 1 direct), first (1 call site)"
    )
    assert "Call sites of the ops in kernel: 3, direct calls: 1" in lines
    assert "Modules that use the ops: 2 of 4" in lines
    assert "Modules that call one whose slot moved or is gone: 2 (second, first)" in lines


def test_many_modules(tmp_path: Path) -> None:
    """A line of text names the first of them; JSON names all."""
    for i in range(20):
        module(tmp_path / f"m/m{i:02}.ko", [Use(1)] * (i + 1))
    out = diff(tmp_path, ["o0", "o2"], "--modules=m").out.decode()
    (line,) = re.findall(r"^ +used by (m19.*)$", out, re.M)
    assert line.endswith(", m12 (13 call sites), 12 modules more")
    assert ": 20 (m19, m18, m17, m16, m15, m14, m13, m12, 12 more)\n" in out
    assert "used by nobody who was looked at" in diff(tmp_path, OPS[:-1], "--modules=m").out.decode()
    told = report(tmp_path, ["o0", "o2"], "--modules=m")
    (change,) = [c for c in told["changes"] if c["element"] == "pv.g.o1"]
    names = [m["module"] for m in change["users"]["modules"]]
    assert names == [f"m{i:02}" for i in reversed(range(20))]


# NEW, and which slots of OLD moved.
MOVES = {
    "nothing": (OPS, set()),
    "inserted": ([*OPS[:2], "n", *OPS[2:]], {2, 3, 4, 5}),
    "removed": ([*OPS[:2], *OPS[3:]], {2, 3, 4, 5}),
    "exchanged": (["o1", "o0", *OPS[2:]], {0, 1}),
    "added": ([*OPS, "n"], set()),
    "renamed": (["o0", "other", *OPS[2:]], set()),
    "last": (OPS[:-1], {5}),
}


@pytest.mark.parametrize("case", MOVES)
def test_moves(case: str, tmp_path: Path) -> None:
    """An op has moved if it is no longer found in its slot; the summary counts who calls one."""
    new, moved = MOVES[case]
    for slot in range(N_SLOTS):
        module(tmp_path / f"m/m{slot}.ko", [Use(slot)])
    users = report(tmp_path, new, "--modules=m")["users"]
    assert {op["slot"] for op in users["ops"] if op["moved"]} == moved
    assert users["modules"]["moved"] == len(moved)


def test_keys(tmp_path: Path) -> None:
    """They are there if someone asked, and say what was looked at."""
    options = kernel_of(tmp_path)
    new = ["o0", "o2", "o3", "o4", "o5"]
    assert "users" not in report(tmp_path, new)
    told = report(tmp_path, new, *options)
    assert told["users"]["image"] == {"file": "kernel", "sites": 3, "direct": 1, "fault": None}
    assert told["users"]["modules"] == {
        "directory": "m", "modules": 4, "users": 2, "moved": 2, "unread": []
    }
    schema = json.loads((ROOT / "docs/diff-report.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(told)
    about = {c["element"]: c.get("users") for c in told["changes"]}
    assert about["pv.g.o1"] == {
        "slot": 1,
        "moved": True,
        "image": {"sites": 2, "direct": 0},
        "modules": [
            {"module": "second", "sites": 2, "direct": 1},
            {"module": "first", "sites": 1, "direct": 0},
        ],
    }
    assert about["pv"] is None
    image_alone = report(tmp_path, new, options[0])
    assert image_alone["users"]["modules"] is None
    assert {c["users"]["modules"] for c in image_alone["changes"] if "users" in c} == {None}


# ---- PV-OPS-DEL-UNUSED ----

UNUSED = "PV-OPS-DEL-UNUSED"


def rules(tmp_path: Path, new: list[str], *options: str, op: str = "o5") -> dict[str, str]:
    """Rules that are reported for the op, with the verdict for modules."""
    changes = report(tmp_path, new, *options)["changes"]
    return {c["rule"]: c["audiences"]["module"] for c in changes if c["element"] == f"pv.g.{op}"}


def test_unused(tmp_path: Path) -> None:
    """An op that nobody calls may go; what is behind it has moved all the same."""
    options = kernel_of(tmp_path)
    assert rules(tmp_path, OPS[:-1], *options) == {UNUSED: "note"}
    mid = [op for op in OPS if op != "o2"]
    told = rules(tmp_path, mid, *options, op="o2")
    assert told == {UNUSED: "note", "PV-OPS-SHIFT": "silent"}
    result = diff(tmp_path, OPS[:-1], *options, "--gate=module")
    assert result.status == FINE and b"PV-VER-MISSING" not in result.out
    assert diff(tmp_path, mid, *options, "--gate=module").status == INPUT


# What is there beside two modules, of which one uses slot 1, and a kernel that does.
NEAR: dict[str, Callable[[Path], object]] = {
    "a site in the image": lambda p: image(p / "kernel", [Use(1), Use(5)]),
    "a direct call in the image": lambda p: image(p / "kernel", [Use(1), Use(5, records=0)]),
    "a site in a module": lambda p: module(p / "m/more.ko", [Use(5)]),
    "a reference in a module": lambda p: module(p / "m/more.ko", [Use(5, LOAD, 0)]),
    "a module that is damaged": lambda p: (p / "m/more.ko").write_bytes(b"?"),
    "an image that tells of no site": lambda p: image(p / "kernel", [Use(1, records=0)]),
    "an image without the table": lambda p: subprocess.run(["strip", p / "kernel"], check=True),
}


@pytest.mark.parametrize("case", NEAR)
def test_not_known_to_be_unused(case: str, tmp_path: Path) -> None:
    """Whoever calls it, or may call it, makes it an op that is removed."""
    image(tmp_path / "kernel", [Use(1)])
    module(tmp_path / "m/user.ko", [Use(1)])
    module(tmp_path / "m/other.ko")
    options = ("--image=kernel", "--modules=m")
    assert rules(tmp_path, OPS[:-1], *options) == {UNUSED: "note"}
    NEAR[case](tmp_path)
    assert rules(tmp_path, OPS[:-1], *options) == {"PV-OPS-DEL-TAIL": "silent"}


def test_half_of_the_evidence(tmp_path: Path) -> None:
    """Neither the image nor the modules alone say that nobody calls it."""
    for option in kernel_of(tmp_path):
        assert rules(tmp_path, OPS[:-1], option) == {"PV-OPS-DEL-TAIL": "silent"}


# ---- which slot is whose ----

GUARDED = description(OPS).replace("language 1;", "language 1;\nconfig bool A;")
GUARDED = GUARDED.replace("o1(void)", "o1(void) if A")


def test_configuration(tmp_path: Path) -> None:
    """Where it decides which ops there are it must be known."""
    module(tmp_path / "m/a.ko", [Use(1)])
    (tmp_path / "old.pvi").write_text(GUARDED)
    (tmp_path / "new.pvi").write_text(GUARDED)
    words = ["diff", "--format=json", "--modules=m", "old.pvi", "new.pvi"]
    result = run(*words, cwd=tmp_path)
    assert result.status == ENVIRONMENT and "set it by -D, or name the kernel's" in result.err
    for value, op in (("y", "o1"), ("n", "o2")):
        told = json.loads(run(*words, "-D", f"A={value}", cwd=tmp_path).out)["users"]["ops"]
        assert [o["op"] for o in told if o["modules"]] == [f"pv.g.{op}"]


@pytest.mark.parametrize("define", ["OLD", "NEW"])
def test_slots_of_the_image(define: str, tmp_path: Path) -> None:
    """A kernel that describes itself knows better than the description in which order ops are."""
    small_linux.build(tmp_path, define)
    ops = {op.path: op.slot for op in small_linux.OPS}
    groups = reversed(small_linux.GROUPS)
    lines = ["language 1;", "interface pv version 1.0 {"]
    for group in groups:
        names = [op.name for op in small_linux.OPS if op.group == group and op.slot != 3]
        names = [f"more_in_{group}", *sorted(names)]
        lines += [f"group {group} {{", *(f"op void {name}(void) {{ }}" for name in names), "}"]
    told = report(tmp_path, OPS, "--image=vmlinux", old="\n".join([*lines, "}", ""]))["users"]
    slots = {o["op"].removeprefix("pv."): o["slot"] for o in told["ops"]}
    assert slots == {path: slot for path, slot in ops.items() if slot != 3}
    assert {o["image"]["sites"] for o in told["ops"]} == {1}
    assert told["image"]["sites"] == len(ops)


def test_other_tables(tmp_path: Path) -> None:
    """Ops of a table of their own, and those of another interface, have no slot in this one."""
    module(tmp_path / "m/a.ko", [Use(0)])
    other = "group t table other { op void x(void) { default nop; } }\n"
    own = description(OPS).replace("group g {", f"{other} group g {{")
    two = own + description(OPS, "other").partition("\n")[2]
    told = report(tmp_path, OPS, "--modules=m", old=two)["users"]["ops"]
    assert [o["op"] for o in told] == [f"pv.g.{op}" for op in OPS]
    assert [o["op"] for o in told if o["modules"]] == ["pv.g.o0"]


# ---- the command line ----

FAULTS = {
    "no image": (["--image=nowhere"], "'nowhere' cannot be read: No such file"),
    "no kernel": (["--image=old.pvi"], "'old.pvi' is no ELF file"),
    "object": (["--image=m/a.ko"], "'m/a.ko' is no linked image"),
    "no directory": (["--modules=nowhere"], "cannot read 'nowhere': No such file"),
    "no module": (["--modules=empty"], "no module below 'empty'"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults(case: str, tmp_path: Path) -> None:
    """2, a line that says why, and no report."""
    words, said = FAULTS[case]
    module(tmp_path / "m/a.ko", [Use(1)])
    (tmp_path / "empty").mkdir()
    result = diff(tmp_path, OPS, *words)
    assert (result.status, result.out) == (ENVIRONMENT, b"") and said in result.err


def test_another_interface(tmp_path: Path) -> None:
    """Nothing can be counted for a table that is not described."""
    module(tmp_path / "m/a.ko", [Use(1)])
    result = diff(tmp_path, OPS, "--modules=m", old=description(OPS, "toy"))
    assert result.status == ENVIRONMENT and "no op of OLD has a slot in pv_ops" in result.err


# ---- damage ----


@pytest.mark.parametrize("seed", range(4))
def test_damaged(seed: int, tmp_path: Path) -> None:
    """Whatever stands in a kernel or a module, pvgen comes to an end."""
    dice = random.Random(seed)
    form = dice.choice(list(RECORDS))
    uses = [Use(i % N_SLOTS) for i in range(20)]
    whole = image(tmp_path / "whole", uses, form).read_bytes()
    part = module(tmp_path / "part", uses, form).read_bytes()
    (tmp_path / "m").mkdir()
    for _ in range(10):
        (tmp_path / "kernel").write_bytes(damaged(whole, dice))
        for i in range(60):
            (tmp_path / f"m/m{i}.ko").write_bytes(damaged(part, dice))
        result = diff(tmp_path, OPS, "--image=kernel", "--modules=m")
        assert result.status in (FINE, ENVIRONMENT), result.err
        result = diff(tmp_path, OPS, "--modules=m")
        assert result.status == FINE, result.err


def damaged(data: bytes, dice: random.Random) -> bytes:
    """A few bytes changed, most of them in headers, symbols and relocations; or the end cut off."""
    copy = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(64) if dice.random() < 0.2 else dice.randrange(len(copy))
        copy[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, copy[at] ^ 1 << dice.randrange(8)))
    return bytes(copy[: dice.randrange(len(copy))] if dice.random() < 0.1 else copy)
