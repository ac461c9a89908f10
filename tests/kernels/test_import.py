"""`pvgen import`: what it recovers of small objects, and what it says of those without types."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import small_linux
from btf import DATASEC, STRUCT, VAR, Btf
from tool import ENVIRONMENT, FINE, INPUT, Result, run

NO_EVIDENCE = 4
HERE = Path(__file__).resolve().parent
TABLE = (HERE / "table.c").read_text()

# What differs between readers of one object.
SOURCE = re.compile(r"^// (image|types|not read): .*\n", re.M)


def compiled(folder: Path, text: str = TABLE, name: str = "btf.o", option: str = "-gbtf") -> Path:
    """An object of this C, with types."""
    (folder / "table.c").write_text(text)
    command = ["gcc", "-w", "-O0", option, "-c", "-o", name, "table.c"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / name


def recovered(folder: Path, name: str, *options: str) -> str:
    """The description that is printed, which is one."""
    result = run("import", *options, name, cwd=folder)
    assert result.status == FINE, result.err
    (folder / "recovered.pvi").write_bytes(result.out)
    for command in (("check",), ("fmt", "--check")):
        checked = run(*command, "recovered.pvi", cwd=folder)
        assert (checked.status, checked.err, checked.out) == (FINE, "", b""), result.out.decode()
    return result.out.decode()


def table_of(folder: Path, name: str) -> str:
    """The same of the table, without what is about its reader."""
    return SOURCE.sub("", recovered(folder, name, "--struct", "table_ops"))


def refused(folder: Path, name: str, *options: str) -> str:
    """Why there is no description."""
    result = run("import", *options, name, cwd=folder)
    assert (result.status, result.out) == (NO_EVIDENCE, b""), result.err
    assert result.err.startswith(f"pvgen: '{name}' ") and result.err.count("\n") == 1
    return result.err.rstrip("\n").removeprefix(f"pvgen: '{name}' ")


# ---- what is recovered ----


def test_table(tmp_path: Path) -> None:
    """All that a table can have: types, data, groups, votes."""
    compiled(tmp_path)
    text = recovered(tmp_path, "btf.o", "--struct", "table_ops")
    expected = (HERE / "table.pvi").read_text()
    assert re.sub(r"\.BTF, \d+ types", ".BTF", text) == expected


def test_offsets(tmp_path: Path) -> None:
    """Each is where the C compiler has it."""
    compiled(tmp_path)
    text = recovered(tmp_path, "btf.o", "--struct", "table_ops")
    places = re.findall(r"(\w+)(?:\([^\n]*|;) // 0x(\w+)", text)
    inner = {"clock": "time.", "last": "time.", "kick": "lock.", "unlock": "lock."}
    hidden = re.compile("at_|flags|wait|label|other|missing")
    names = [f"{inner.get(n, '')}{n}" for n, _ in places if not hidden.match(n)]
    lines = "".join(f'printf("{n} %zu\\n", offsetof(struct table_ops, {n}));' for n in names)
    (tmp_path / "main.c").write_text(
        '#include <stddef.h>\n#include <stdio.h>\n#include "table.c"\n'
        f"int main(void) {{ {lines} }}\n"
    )
    subprocess.run(["gcc", "-w", "-o", "main", "main.c"], cwd=tmp_path, check=True)
    out = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout
    told = {f"{inner.get(n, '')}{n}": int(offset, 16) for n, offset in places}
    measured = {n: int(offset) for n, offset in map(str.split, out.splitlines())}
    assert len(measured) >= 17 and {n: told[n] for n in measured} == measured


def test_dwarf(tmp_path: Path) -> None:
    """The same by DWARF, which also tells which functions are no assembly."""
    compiled(tmp_path)
    compiled(tmp_path, name="dwarf.o", option="-g")
    btf, dwarf = table_of(tmp_path, "btf.o"), table_of(tmp_path, "dwarf.o")
    hidden = "        // label: xen_label is void (void), as labels of assembly are too\n"
    assert hidden in btf
    known = btf.replace(hidden, "").replace(
        "op void label(void) { clobbers flags; unknown signature; } // 0x0a8",
        "op void label(void) { clobbers flags; } // 0x0a8, as xen_label",
    )
    assert dwarf == known


@pytest.mark.parametrize("form", ["gzip", "xz", "lz4", "zstd"])
def test_packed(form: str, tmp_path: Path) -> None:
    """A kernel in what boot loaders load, by what it is, not by its name."""
    tree = Path(small_linux.build(tmp_path, "OLD"))
    image = (tree / "vmlinux").read_bytes()
    (tree / "kernel.pvi").write_bytes(small_linux.bzimage(image, form))
    text = recovered(tree, "kernel.pvi")
    assert SOURCE.sub("", text) == SOURCE.sub("", recovered(tree, "vmlinux"))
    assert text.count("\n    op ") == len(small_linux.OPS)
    for op in small_linux.OPS:
        assert re.search(rf"\bop .*\b{op.name}\(.*// 0x{op.slot * 8:03x}\b", text)


def test_default_structure(tmp_path: Path) -> None:
    """Linux's structure, or that which pvgen writes for an interface pv."""
    ops = "struct {} {{ struct {{ void (*off)(void); }} irq; }} ops;\n"
    compiled(tmp_path, ops.format("pv_ops"), "own.o")
    assert "interface pv version 0.0 {" in recovered(tmp_path, "own.o")
    compiled(tmp_path, ops.format("paravirt_patch_template"), "linux.o")
    assert "interface pv version 0.0 {" in recovered(tmp_path, "linux.o")
    compiled(tmp_path, ops.format("board"), "other.o")
    said = refused(tmp_path, "other.o")
    assert "neither struct paravirt_patch_template nor struct pv_ops" in said and "--struct" in said
    assert "interface board version 0.0 {" in recovered(tmp_path, "other.o", "--struct=board")


def test_into_a_file(tmp_path: Path) -> None:
    """-o; never over the image."""
    compiled(tmp_path)
    printed = recovered(tmp_path, "btf.o", "--struct", "table_ops")
    result = run("import", "--struct", "table_ops", "btf.o", "-o", "out.pvi", cwd=tmp_path)
    assert (result.status, result.out, result.err) == (FINE, b"", "")
    assert (tmp_path / "out.pvi").read_text() == printed
    result = run("import", "--struct", "table_ops", "btf.o", "-o", "btf.o", cwd=tmp_path)
    assert result.status == ENVIRONMENT and "overwrite what it is made of" in result.err
    assert (tmp_path / "btf.o").read_bytes()[:4] == b"\x7fELF"


def test_same_names(tmp_path: Path) -> None:
    """Ops of different groups may have one name in C, not in a description."""
    text = "struct t { struct { void (*run)(void); } a, b; struct { void (*a)(void); } c; } t;\n"
    compiled(tmp_path, text, "t.o")
    told = recovered(tmp_path, "t.o", "--struct", "t")
    assert re.findall(r"op void (\w+)", told) == ["run", "b_run", "c_a"]


def test_votes_for_one_name(tmp_path: Path) -> None:
    """Of two ops with one name no function can be meant."""
    text = VOTE.replace("struct v {", "struct v { struct { struct paravirt_callee_save op; } g;")
    compiled(tmp_path, text + "int native_op(long a) { }", "v.o")
    told = recovered(tmp_path, "v.o", "--struct", "v")
    assert told.count("unknown signature;") == told.count("another op has this name, too") == 2


def test_words_of_generated_c(tmp_path: Path) -> None:
    """What generated C has for itself is not taken."""
    text = "struct t { void (*call)(int pv_args, int x); void (*on)(int group); } t;\n"
    text += "void native_call(int pv_args, int x) {}\nvoid native_on(int group) {}\n"
    compiled(tmp_path, text, "t.o")
    told = recovered(tmp_path, "t.o", "--struct", "t")
    assert "op void call(int arg1, int x)" in told and "op void on(int group)" in told


def test_types_that_contain_themselves(tmp_path: Path) -> None:
    """They end."""
    text = """struct t { struct node *(*next)(struct node *node); } t;
struct node { struct node *next; void (*visit)(struct node *); };
typedef struct list list_t;
struct list { list_t *next; };
struct u { list_t *(*first)(list_t **); } u;
"""
    compiled(tmp_path, text, "t.o")
    assert "op struct node *next(struct node *arg1)" in recovered(tmp_path, "t.o", "--struct", "t")
    assert "op list_t *first(list_t **arg1)" in recovered(tmp_path, "t.o", "--struct", "u")


# ---- votes ----

VOTE = """struct paravirt_callee_save { void *func; };
struct v { struct paravirt_callee_save op; } v;
typedef unsigned long word;
"""


@pytest.mark.parametrize(
    ("functions", "told"),
    [
        (
            "int native_op(long a) { }",
            "op int op(long a) { clobbers flags; } // 0x000, as native_op",
        ),
        (
            "word xen_op(void) { } unsigned long native_op(void) { }",
            "op unsigned long op(void) { clobbers flags; } // 0x000, as native_op",
        ),
        (
            "int native_op(long a) { } void xen_op(void) { }",
            "op int op(long a) { clobbers flags; } // 0x000, as native_op",
        ),
        (
            "int __raw_callee_save_kvm_op(int cpu) { }",
            "op int op(int cpu) { clobbers flags; } // 0x000, as __raw_callee_save_kvm_op",
        ),
    ],
)
def test_agreement(functions: str, told: str, tmp_path: Path) -> None:
    """Functions by the op's name tell its type, if all that say anything say the same."""
    compiled(tmp_path, VOTE + functions, "v.o")
    assert told in recovered(tmp_path, "v.o", "--struct", "v")


@pytest.mark.parametrize(
    ("functions", "told"),
    [
        ("", "no function has its name"),
        ("int op(long a) { } int is_native_op(long a) { }", "no function has its name"),
        ("void xen_op(void) { }", "xen_op is void (void), as labels of assembly are too"),
        (
            "_Bool hv_op(int cpu) { } _Bool __native_op(long cpu) { }",
            "functions differ: __native_op is _Bool (long int), hv_op is _Bool (int)",
        ),
    ],
)
def test_no_guess(functions: str, told: str, tmp_path: Path) -> None:
    """Where they differ, or say nothing, the signature is unknown, and it is said why."""
    compiled(tmp_path, VOTE + functions, "v.o")
    text = recovered(tmp_path, "v.o", "--struct", "v")
    assert f"// op: {told}\n" in text.replace("bool (", "_Bool (")
    assert "op void op(void) { clobbers flags; unknown signature; }" in text


def test_names_that_are_none(tmp_path: Path) -> None:
    """What cannot stand in a description does not, and what needs it is unknown."""
    btf = Btf(compiled(tmp_path))
    for name in (b"number", b"walk", b"time", b"level", b"page"):
        assert btf.names.count(b"\0" + name + b"\0") == 1
        btf.names = btf.names.replace(b"\0" + name + b"\0", b"\0" + name[:-1] + b"\x01\0")
    btf.write()
    text = table_of(tmp_path, "btf.o")
    assert "op void make(void) { unknown signature; } // 0x050" in text
    assert "op void at_48(void) { unknown signature; } // 0x048" in text
    assert "group at_88 {" in text and "\x01" not in text


# ---- BTF that is newer ----


def test_unknown_kinds_inside(tmp_path: Path) -> None:
    """They are skipped by their lengths, wherever they stand, and named once."""
    btf = Btf(compiled(tmp_path))
    before = table_of(tmp_path, "btf.o")
    for at, kind in btf.places():
        if kind in (VAR, DATASEC):
            btf.set_kind(at, {VAR: 25, DATASEC: 30}[kind])
    btf.write()
    result = run("import", "--struct", "table_ops", "btf.o", cwd=tmp_path)
    said = "2 types of a kind that this pvgen does not know (25, 30) skipped by its length"
    assert result.err == f"pvgen: 'btf.o': {said}\n"
    assert f"// not read:  {said}\n" in result.out.decode()
    assert SOURCE.sub("", result.out.decode()) == before


@pytest.mark.parametrize(
    ("once", "each"), [(0, 0), (4, 0), (8, 0), (12, 0), (0, 4), (0, 8), (0, 12)]
)
def test_lengths_of_unknown_kinds(once: int, each: int, tmp_path: Path) -> None:
    """All that kinds have had."""
    btf = Btf(compiled(tmp_path))
    before = table_of(tmp_path, "btf.o")
    for parts in (3, 1, 4):
        btf.add(27, parts, once + each * parts)
    btf.write()
    assert table_of(tmp_path, "btf.o") == before


def test_unknown_length(tmp_path: Path) -> None:
    """One that no known length fits is not guessed over."""
    btf = Btf(compiled(tmp_path))
    btf.add(27, 3, 5)
    btf.write()
    assert "section .BTF is damaged" in refused(tmp_path, "btf.o")


# ---- what tells nothing ----


def damaged(data: bytes) -> dict[str, tuple[bytes, str]]:
    """Sections .BTF, and what is said of them."""
    return {
        "short": (data[:20], "does not begin as BTF does"),
        "magic": (b"\0\0" + data[2:], "does not begin as BTF does"),
        "types": (data[:12] + b"\xff\xff\xff\x7f" + data[16:], "ends before its types"),
        "place": (data[:16] + b"\xff\xff\xff\x7f" + data[20:], "ends before its types"),
        "names": (data[:-1] + b"x", "names that do not end"),
        "kind": (data[:31] + b"\0" + data[32:], "is damaged, or a module's"),
    }


@pytest.mark.parametrize("damage", sorted(damaged(bytes(40))))
def test_damaged_btf(damage: str, tmp_path: Path) -> None:
    """What is wrong with it, and where there is more."""
    btf = Btf(compiled(tmp_path))
    data, text = damaged(btf.section())[damage]
    btf.write(data)
    said = refused(tmp_path, "btf.o")
    assert said.startswith("tells nothing of its types: section .BTF") and text in said
    assert "no section .debug_info" in said and "vmlinux of its debug package" in said


def test_nothing_told(tmp_path: Path) -> None:
    """Neither BTF nor DWARF; no such structure; nothing that is called; no image."""
    compiled(tmp_path, option="-g0")
    said = refused(tmp_path, "btf.o")
    assert "there is no section .BTF, and there is no section .debug_info" in said
    compiled(tmp_path)
    assert refused(tmp_path, "btf.o", "--struct=none") == "has no struct none in its BTF"
    assert "without any pointer to a function" in refused(tmp_path, "btf.o", "--struct=two")
    (tmp_path / "text").write_text("text\n")
    assert refused(tmp_path, "text") == "is no ELF file"
    whole = (tmp_path / "btf.o").read_bytes()
    for size in (0, 3, 60, 200, len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:size])
        assert refused(tmp_path, "cut")


def test_two_structures(tmp_path: Path) -> None:
    """Of two with one name that differ nobody knows which is meant."""
    text = "struct v {{ void (*a)(void); }} v;\nstruct w {{ void (*a)(void); {} }} w;\n"
    for more in ("int b;", ""):
        btf = Btf(compiled(tmp_path, text.format(more), "v.o"))
        names = [at for at, kind in btf.places() if kind == STRUCT]
        first, second = (btf.types[at : at + 4] for at in names)
        assert first != second
        btf.types[names[1] : names[1] + 4] = first
        btf.write()
        if more:
            said = refused(tmp_path, "v.o", "--struct=v")
            assert said == "has several structures v, which are not the same"
        else:
            assert "op void a(void)" in recovered(tmp_path, "v.o", "--struct=v")


def test_no_such_file(tmp_path: Path) -> None:
    """That is not the image's fault."""
    result = run("import", "none", cwd=tmp_path)
    assert result.status == ENVIRONMENT
    assert result.err == "pvgen: cannot read 'none': No such file or directory\n"
    assert run("import", cwd=tmp_path).status == ENVIRONMENT
    assert "one image belongs to 'import'" in run("import", "a", "b", cwd=tmp_path).err


# ---- compared ----

PAIR = "struct paravirt_callee_save {{ void *func; }};\nstruct v {{ struct {{ {} }} g; }} v;\n{}"


def compare(folder: Path, old: str, new: str, *options: str) -> tuple[Result, dict]:
    """Two tables, given as members and functions."""
    for name, (members, _, functions) in (("a", old.partition("|")), ("b", new.partition("|"))):
        compiled(folder, PAIR.format(members, functions), name)
    result = run("diff", "--struct=v", "--format=json", *options, "a", "b", cwd=folder)
    return result, json.loads(result.out)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("void (*a)(int);", "void (*a)(int);", []),
        ("void (*a)(int);|void native_a(int x) {}", "void (*a)(int);|void native_a(int y) {}", []),
        ("void (*a)(void); void (*b)(int);", "void (*b)(int);", ["PV-OPS-DEL-MID v.g.a"]),
        (
            "void (*a)(int); void (*b)(void); void (*c)(long);",
            "void (*a)(int); void (*c)(long);",
            ["PV-OPS-DEL-MID v.g.b"],
        ),
        ("void (*a)(void);", "void (*a)(void); int (*b)(void);", ["PV-OPS-ADD-TAIL v.g.b"]),
        ("void (*a)(int);", "void (*a)(long);", ["PV-PAR-WIDEN-S v.g.a.arg1"]),
        ("void (*a)(int);", "void (*a)(int, int);", ["PV-PAR-ADD v.g.a.arg2"]),
        (
            "void (*a)(void);",
            "void (*b)(void);",
            ["PV-OPS-DEL-MID v.g.a", "PV-OPS-SLOT-REUSE v.g.b"],
        ),
        (
            "void (*a)(void);",
            "struct paravirt_callee_save a;|int native_a(int x) {}",
            ["PV-CC-NORMAL-TO-CS v.g.a", "PV-PAR-ADD v.g.a.x", "PV-RET-VOID-VAL v.g.a"],
        ),
        (
            "struct paravirt_callee_save a;|int native_a(int x) {}",
            "struct paravirt_callee_save a;",
            ["PV-BIN-NOEVIDENCE v.g.a"],
        ),
        ("struct paravirt_callee_save a;", "struct paravirt_callee_save a;", []),
        ("long n; void (*a)(void);", "int n; void (*a)(void);", ["PV-STR-RETYPE v.n"]),
    ],
)
def test_changes(old: str, new: str, expected: list[str], tmp_path: Path) -> None:
    """What built objects tell is compared; the rest is no change."""
    result, report = compare(tmp_path, old, new)
    assert sorted(f"{c['rule']} {c['element']}" for c in report["changes"]) == expected
    worst = set(report["verdict"].values()) & {"break", "silent"}
    assert (result.status, result.err) == (INPUT if worst else FINE, "")
    for change in report["changes"]:
        assert change["fix"] is None
        for side, name in (("old", "a"), ("new", "b")):
            place = change[side]
            assert place is None or (place["file"] == name and place["line"] > 1)


def test_what_is_not_compared(tmp_path: Path) -> None:
    """All that images do not tell is said, and who tells it."""
    _, report = compare(tmp_path, "void (*a)(int);", "void (*a)(int);")
    told = {u["property"]: u for u in report["unknown"]}
    assert len(told) == 16 and told["native"]["ops"] == 1 and told["types"]["ops"] == 0
    (tmp_path / "a.pvi").write_text(
        "language 1;\ninterface v version 7.0 {\n    group g {\n"
        '        op void a(int x) { native x86_64 "nop"; }\n    }\n}\n'
    )
    text = run("diff", "--struct=v", "a.pvi", "b", cwd=tmp_path).out.decode()
    first, *rest = text.splitlines()
    assert first == "no change in what both sides tell: source ok, backend ok, module ok, peer ok"
    assert all(line.startswith("not compared, because OLD alone tells this") for line in rest)
    assert "native templates" in text and "versions" in text


def test_images_that_tell_nothing(tmp_path: Path) -> None:
    """Nothing is compared with them, on either side."""
    compiled(tmp_path, name="good")
    compiled(tmp_path, name="mute", option="-g0")
    for old, new in (("good", "mute"), ("mute", "good")):
        result = run("diff", "--struct=table_ops", old, new, cwd=tmp_path)
        assert (result.status, result.out) == (NO_EVIDENCE, b"")
        assert result.err.startswith("pvgen: 'mute' tells nothing of its types")


def test_nothing_is_generated(tmp_path: Path) -> None:
    """Of what is recovered, until what is missing is said."""
    compiled(tmp_path)
    recovered(tmp_path, "btf.o", "--struct", "table_ops")
    result = run("build", "--outdir", "out", "recovered.pvi", cwd=tmp_path)
    assert result.status == INPUT and set(result.names()) == {"unknown-built"}
    assert not (tmp_path / "out").exists()
    assert run("build", "--emit=manifest:-", "recovered.pvi", cwd=tmp_path).status == FINE
