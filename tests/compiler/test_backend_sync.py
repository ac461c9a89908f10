"""`pvgen backend sync`: adds what nobody has written, reports what does not fit, changes nothing."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from tool import ENVIRONMENT, FINE, INPUT, ROOT, Diagnostic, Result, clean, codes, run, snapshot

PVI = """language 1;
typedef u64 word_t;
struct entry { word_t value; };
typedef struct entry entry_t;
interface pv version 1.0 {
typedef void tick_t(void);
group g {
    /// The op at hand.
    op void a(unsigned long x @va, const entry_t *e @in) { }
    op word_t b(void) { clobbers flags; }
    op void c(void) { default nop; }
}
group h {
    op void d(u32 n) { }
    op void back(void) { tail; native x86_64 "iretq"; }
}
registration clock { u64 read(void); void start(tick_t *tick); }
}
backend guest for pv {
    detect always;
    init guest_init;
    g.a call guest_a;
    g.b call guest_b;
    h.d call guest_d;
    h.back asm guest_back;
    provide clock one { read guest_read; start guest_start; }
}
"""

# All that the description asks for, as a person may have written it.
G = """#include "guest.h"

PV_IMPLEMENTS(a, 1);
void guest_a(unsigned long address, const entry_t *entry)
{
	(void)address;
	(void)entry;
}

PV_IMPLEMENTS(b, 1);
PV_NARROW word_t guest_b(void)
{
	return 1;
}
"""
H = """#include "guest.h"
PV_IMPLEMENTS(d, 1);
void guest_d(uint32_t n) { (void)n; }
"""
BACK = """#include "pv_ops.h"
\tPV_IMPLEMENTS back, 1
\t.globl guest_back
guest_back:
\tiretq
\t.section .note.GNU-stack, "", @progbits
"""
START = """#include "guest.h"
void guest_init(const struct pv_boot *boot) { (void)boot; }
uint64_t guest_read(void) { return 0; }
void guest_start(pv_tick_t *tick) { tick(); }
"""
FILES = {"g.c": G, "h.c": H, "h.S": BACK, "start.c": START}

WARNINGS = {"unstated-revision", "orphaned-implementation", "unmatched-brackets"}


@pytest.fixture(name="place")
def complete_place(tmp_path: Path) -> Path:
    """A directory with in.pvi and a backend of which everything is written."""
    (tmp_path / "in.pvi").write_text(PVI)
    (tmp_path / "backends/guest").mkdir(parents=True)
    for name, text in FILES.items():
        (tmp_path / "backends/guest" / name).write_text(text)
    return tmp_path


def sync(place: Path, *options: str, **how: object) -> Result:
    """The command in that directory."""
    return run("backend", "sync", *options, "in.pvi", cwd=place, **how)


def change(place: Path, name: str, old: str, new: str) -> None:
    """Somebody edits a file."""
    path = place / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def source(place: Path, name: str) -> Path:
    """A file of the backend."""
    return place / "backends/guest" / name


def compiles(place: Path, compiler: str = "gcc") -> bool:
    """All sources of the backend, with what pvgen generates for it."""
    assert clean(run("build", "--outdir", "gen", "in.pvi", cwd=place))
    flags = "-Igen -Wall -Wextra -Werror -mgeneral-regs-only -c -o /dev/null".split()
    paths = [p for p in (place / "backends").rglob("*") if p.suffix in {".c", ".S"}]
    return all(subprocess.run([compiler, *flags, p], cwd=place, check=False).returncode == 0 for p in paths)


def fixes(place: Path) -> list[dict]:
    """The edits that are offered."""
    document = json.loads(sync(place, "--diagnostics-format=json").out)
    return [fix for d in document["diagnostics"] for fix in d["fixes"]]


def offset(text: bytes, line: int, char: int) -> int:
    """Where a place is in a text."""
    return sum(len(part) for part in text.splitlines(keepends=True)[: line - 1]) + char


def apply(place: Path) -> None:
    """Make all edits that are offered, the last one first."""
    for fix in sorted(fixes(place), key=lambda f: (f["path"], f["start_line"], f["start_char"]), reverse=True):
        text = (place / fix["path"]).read_bytes()
        begin = offset(text, fix["start_line"], fix["start_char"])
        end = offset(text, fix["end_line"], fix["end_char"])
        (place / fix["path"]).write_bytes(text[:begin] + fix["replacement"].encode() + text[end:])


def test_complete(place: Path) -> None:
    """What is in order is not talked about, and not touched."""
    before = snapshot(place)
    assert clean(sync(place))
    assert clean(sync(place, "--check"))
    assert snapshot(place) == before
    assert compiles(place)


# ---- what is missing ----


def added(place: Path, before: dict[str, bytes]) -> dict[str, bytes]:
    """What was put behind all that was there."""
    after = snapshot(place)
    assert before.keys() <= after.keys()
    assert all(after[name].startswith(text) for name, text in before.items())
    new = {name: text[len(before.get(name, b"")) :] for name, text in after.items()}
    return {name: text for name, text in new.items() if text}


STUB = b"""
/**
 * h.d:%s
 *
 * Changes what a C call may change.
 *
 */
PV_IMPLEMENTS(d, 1);
void guest_d(uint32_t n)
{
	(void)n;
	PV_UNWRITTEN("h.d");
}
"""

# What is taken away, and the file that gets it back.
MISSING: dict[str, tuple[str, str, str, str]] = {
    "an op": ("g.c", G[G.index("PV_IMPLEMENTS(b") :], "g.c", "guest_b"),
    "the only op of its file": ("h.c", H, "h.c", "guest_d"),
    "a registration's function": ("start.c", START.splitlines()[2], "start.c", "guest_read"),
    "the start": ("start.c", START.splitlines()[1], "init.c", "guest_init"),
    "assembly": ("h.S", BACK[BACK.index("guest_back:") :], "h.S", "guest_back"),
}


@pytest.mark.parametrize("case", MISSING)
def test_missing(case: str, place: Path) -> None:
    """Added once, behind everything else, where its like are, and it compiles."""
    name, text, where, function = MISSING[case]
    change(place, f"backends/guest/{name}", text, "")
    if not source(place, name).read_text():
        source(place, name).unlink()
    before = snapshot(place)
    checked = sync(place, "--check")
    assert (checked.status, checked.names()) == (INPUT, ["missing-implementation"])
    assert snapshot(place) == before
    result = sync(place)
    assert (result.status, result.err) == (FINE, "")
    assert re.fullmatch(rf"backends/guest/{where}: {function} \(.*\)\n", result.out.decode())
    (new,) = added(place, before).items()
    assert new[0] == f"backends/guest/{where}" and function.encode() in new[1]
    assert compiles(place)
    after = snapshot(place)
    assert clean(sync(place)) or case == "assembly"
    assert {k: v for k, v in snapshot(place).items() if k.startswith("backends")} == {
        k: v for k, v in after.items() if k.startswith("backends")
    }


def test_missing_is_located(place: Path) -> None:
    """Under --check, at the line that asks for the function."""
    source(place, "h.c").unlink()
    (d,) = sync(place, "--check").diagnostics()
    line = 1 + PVI[: PVI.index("h.d call")].count("\n")
    assert (d.path, d.line, d.text) == ("in.pvi", line, "'h.d' of backend 'guest' is bound to 'guest_d', which nobody defines")


def test_stub_is_that_of_a_new_backend(place: Path) -> None:
    """A new file begins like those of `pvgen backend new`."""
    source(place, "h.c").unlink()
    assert sync(place).status == FINE
    text = source(place, "h.c").read_bytes()
    assert text.startswith(b"/**\n * Backend guest: h\n") and b'#include "guest.h"\n' in text
    assert b"PV_UNWRITTEN(\"h.d\");\n}\n" in text


def test_follows_functions_to_another_file(place: Path) -> None:
    """Where an author has put the ops of a group, the next one goes too."""
    (place / "backends/guest/deep").mkdir()
    source(place, "g.c").rename(source(place, "deep/mine.c"))
    change(place, "in.pvi", "g.b call guest_b;", "g.b call guest_b; g.c call guest_c;")
    before = snapshot(place)
    assert sync(place).status == FINE
    assert list(added(place, before)) == ["backends/guest/deep/mine.c"]
    assert compiles(place)


def test_does_not_mix_backends(place: Path) -> None:
    """Another backend's file of that name does not know this one's prototypes."""
    change(place, "in.pvi", "backend guest", "backend other for pv { detect always; init other_init; g.a call other_a; g.b call other_b; h.d nop; h.back inherit; }\nbackend metal for pv { bare; detect always; g.a call metal_a; g.b constant 0; h.d nop; }\nbackend guest")
    (place / "backends/other").mkdir()
    (place / "backends/other/x.c").write_text('#include "other.h"\nvoid other_init(const struct pv_boot *boot) { (void)boot; }\n')
    (place / "backends/metal").mkdir()
    (place / "backends/metal/g.c").write_text("void unrelated(void);\n")
    before = snapshot(place)
    assert sync(place).status == FINE
    assert set(added(place, before)) == {"backends/other/g.c", "backends/metal/metal_g.c"}
    assert compiles(place)


def test_two_backends_in_one_folder(place: Path) -> None:
    """One function for both is written once."""
    change(place, "in.pvi", "backend guest", "backend twin for pv { detect always; g.a call guest_a; g.b call guest_b; h.d call twin_d; h.back asm guest_back; }\nbackend guest")
    before = snapshot(place)
    result = sync(place)
    assert result.status == FINE
    assert result.out.decode() == "backends/guest/twin_h.c: twin_d (h.d)\n"
    assert list(added(place, before)) == ["backends/guest/twin_h.c"]
    assert compiles(place)


def test_no_folder(place: Path) -> None:
    """Without a folder nothing is written; the folder is named."""
    (place / "backends/guest").rename(place / "elsewhere")
    before = snapshot(place)
    result = sync(place)
    assert result.status == INPUT and set(result.names()) == {"missing-implementation"}
    assert len(result.diagnostics()) == 1 and "make folder 'backends/guest', or say --dir" in result.err
    assert snapshot(place) == before
    (place / "backends/guest").mkdir()
    assert sync(place).status == FINE
    assert compiles(place)


def test_no_folder_hides_nothing(place: Path) -> None:
    """What is wrong in a folder is among the errors that are shown, whatever another backend has not."""
    lines = " ".join(f"op void n{i}(void) {{ default nop; }}" for i in range(30))
    calls = " ".join(f"n.n{i} call twin_{i};" for i in range(30))
    change(place, "in.pvi", "group h {", f"group n {{ {lines} }} group h {{")
    own = "g.a nop; g.b zero; h.d nop; h.back asm before_back;"
    change(place, "in.pvi", "backend guest", f"backend before for pv {{ detect always; {own} {calls} }}\nbackend guest")
    change(place, "backends/guest/g.c", "address, const entry_t *entry)", "address)")
    result = sync(place)
    assert result.names() == ["missing-implementation", "changed-signature"]
    assert "nor 30 more; make folder 'backends/before', or say --dir" in result.err


ENDS: dict[str, tuple[bytes, bytes]] = {
    "no newline": (b"int x;", b"int x;\n\n/**\n"),
    "carriage returns": (b"int x;\r\n", b"int x;\r\n\r\n/**\r\n"),
    "empty": (b"", b"\n/**\n"),
    "comment": (b"/* x */ // y", b"/* x */ // y\n\n/**\n"),
}


@pytest.mark.parametrize("case", ENDS)
def test_ends_of_files(case: str, place: Path) -> None:
    """Whatever a file ends with, the next function begins on a line of its own."""
    old, new = ENDS[case]
    change(place, "backends/guest/g.c", G[G.index("PV_IMPLEMENTS(b") :], "")
    path = source(place, "g.c")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n" if b"\r" in old else b"\n") + old)
    before = path.read_bytes()
    assert sync(place).status == FINE
    assert path.read_bytes().startswith(before[: len(before) - len(old)] + new) or case == "empty"
    assert path.read_bytes().startswith(before)
    assert compiles(place)
    assert clean(sync(place))


def test_modes_and_links_stay(place: Path) -> None:
    """A person's file is the same file behind its link, with its mode."""
    path, link = place / "mine.c", source(place, "g.c")
    link.rename(path)
    link.symlink_to("../../mine.c")
    change(place, "mine.c", G[G.index("PV_IMPLEMENTS(b") :], "")
    path.chmod(0o640)
    assert sync(place).status == FINE
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o640
    assert "guest_b" in path.read_text()


# ---- prototypes ----

# What is written of guest_a; what is said; what it becomes, or None where there is no edit.
A = "void guest_a(unsigned long address, const entry_t *entry)"
CHANGED: dict[str, tuple[str, str, str | None]] = {
    "type of a parameter": (
        "void guest_a(unsigned int address, const entry_t *entry)",
        "parameter 1 is 'unsigned int address', not 'unsigned long x'", A,
    ),
    "const": (
        "void guest_a(unsigned long address, entry_t *entry)",
        "parameter 2 is 'entry_t *entry', not 'const entry_t *e'", A,
    ),
    "pointer": (
        "void guest_a(unsigned long address, const entry_t **entry)",
        "parameter 2 is 'const entry_t **entry', not", A,
    ),
    "number of parameters": (
        "void guest_a(unsigned long address)", "it has 1 parameter, not 2",
        "void guest_a(unsigned long address, const entry_t *e)",
    ),
    "one too many": (
        "void guest_a(unsigned long address, int more, const entry_t *entry)", "it has 3 parameters, not 2", A,
    ),
    "a new one in front": (
        "void guest_a(const entry_t *entry /* mine */)", "it has 1 parameter, not 2",
        "void guest_a(unsigned long x, const entry_t *entry /* mine */)",
    ),
    "a new one whose name is taken": (
        "void guest_a(const entry_t *x)", "it has 1 parameter, not 2",
        "void guest_a(unsigned long x_, const entry_t *x)",
    ),
    "exchanged": (
        "void guest_a(const entry_t *entry, unsigned long address)", "parameter 1 is 'const entry_t *entry'",
        A,
    ),
    "none": ("void guest_a(void)", "it has 0 parameters, not 2", "void guest_a(unsigned long x, const entry_t *e)"),
    "result": (
        "unsigned int guest_a(unsigned long address, const entry_t *entry)",
        "it returns 'unsigned int', not 'void'", A,
    ),
    "result and parameters": (
        "entry_t *__attribute__((cold)) /* why */ guest_a(int address, const entry_t *entry)",
        "it returns 'entry_t *', not 'void', parameter 1 is 'int address'",
        "void __attribute__((cold)) /* why */ guest_a(unsigned long address, const entry_t *entry)",
    ),
    "registers": (
        "PV_NARROW void guest_a(unsigned long address, const entry_t *entry)", "it must not keep all registers", A,
    ),
    "over lines": (
        "__attribute__((noinline)) void\nguest_a(int address, // where\n\tconst entry_t *entry // what\n)",
        "parameter 1 is 'int address'",
        "__attribute__((noinline)) void\nguest_a(unsigned long address, // where\n\tconst entry_t *entry // what\n)",
    ),
    "function pointer": (
        "void guest_a(void (*f)(int), const entry_t *entry)", "parameter 1 is 'void (*f)(int)'",
        "void guest_a(unsigned long f, const entry_t *entry)",
    ),
    "before prototypes": (
        "void guest_a(address, entry)\n\tint address; const entry_t *entry;", "parameter 1 is 'int address'", None,
    ),
    "parameters out of a macro": (
        "#define LIST int address, const entry_t *entry\nvoid guest_a(LIST)", "parameter 1 is 'int address'", None,
    ),
}


@pytest.mark.parametrize("case", CHANGED)
def test_changed(case: str, place: Path) -> None:
    """Named at the function, with what is different and an edit that mends it."""
    written, difference, mended = CHANGED[case]
    change(place, "backends/guest/g.c", A, written)
    before = snapshot(place)
    result = sync(place)
    (d, note) = result.diagnostics()
    text = source(place, "g.c").read_text()
    name = text.rindex("guest_a")
    assert (d.path, d.name, note.text) == ("backends/guest/g.c", "changed-signature", "the op is described here")
    assert d.line == 1 + text[:name].count("\n")
    assert difference in d.text
    assert result.status == INPUT and snapshot(place) == before
    assert not compiles(place, "clang")
    assert len(fixes(place)) == (mended is not None)
    if mended:
        apply(place)
        assert mended in source(place, "g.c").read_text()
        assert clean(sync(place))


SAME = {
    "words in another order": "void guest_a(long int unsigned address, entry_t const *entry)",
    "names of the same types": "void guest_a(uint64_t address, const struct entry *entry)",
    "no names": "void guest_a(unsigned long, const entry_t *)",
    "qualifiers of values": "void guest_a(const unsigned long address, const entry_t *const restrict entry)",
    "arrays": "void guest_a(unsigned long address, const entry_t entry[static 1])",
    "parentheses": "void (guest_a)(unsigned long (address), const entry_t (*entry))",
    "attributes": "__attribute__((cold)) void guest_a(unsigned long address __attribute__((unused)), const entry_t *entry)",
    "macros that are not known": "API void guest_a(unsigned long address UNUSED, const entry_t __user *entry)",
    "types that are not known": "void guest_a(address_t address, const entry_t *entry)",
    "types of the folder": "typedef const struct entry *pointer_t;\ntypedef size_t address_t;\nvoid guest_a(address_t address, pointer_t entry)",
    "macros of the folder": "#define PARAMS unsigned long address, const entry_t *entry\nvoid guest_a(PARAMS)",
    "before prototypes": "void guest_a(address, entry)\n\tunsigned long address; const entry_t *entry;",
    "a head under conditions": "#ifndef A\nvoid guest_a(unsigned long address, const entry_t *entry)\n#else\nvoid guest_a(int address, const entry_t *entry)\n#endif",
}


@pytest.mark.parametrize("case", SAME)
def test_same(case: str, place: Path) -> None:
    """Another way to write the same prototype is no fault."""
    change(place, "backends/guest/g.c", A, SAME[case])
    assert clean(sync(place)), sync(place).err


def test_narrow_comes_from_the_header(place: Path) -> None:
    """Who leaves PV_NARROW out has it from the prototype."""
    change(place, "backends/guest/g.c", "PV_NARROW word_t", "word_t")
    assert clean(sync(place)) and compiles(place)


def test_functions_as_parameters(place: Path) -> None:
    """A pointer to a function is the same by name and in full."""
    change(place, "backends/guest/start.c", "pv_tick_t *tick", "void (*tick)(void)")
    assert clean(sync(place)) and compiles(place)
    change(place, "backends/guest/start.c", "void (*tick)(void)", "void (*tick)(int)")
    (d, note) = sync(place).diagnostics()
    assert d.name == "changed-signature" and "parameter 1 is 'void (*tick)(int)', not 'pv_tick_t *tick'" in d.text
    assert note.text == "it is asked for here"


def test_all_definitions_and_declarations(place: Path) -> None:
    """Each of several under conditions, and prototypes that the author wrote."""
    change(place, "backends/guest/g.c", A, f"void guest_a(int x, const entry_t *e);\n#if X\n{A}\n{{ }}\n#else\nvoid guest_a(long a, const entry_t *b)")
    change(place, "backends/guest/g.c", "(void)address;", "")
    change(place, "backends/guest/g.c", "	(void)entry;\n}", "}\n#endif")
    result = sync(place)
    assert [d.line for d in result.diagnostics() if d.name == "changed-signature"] == [4, 9]


def test_a_stub_follows_the_interface(place: Path) -> None:
    """The edit of what is not written yet takes the body with it."""
    source(place, "h.c").unlink()
    assert sync(place).status == FINE
    change(place, "in.pvi", "void d(u32 n)", "void d(u64 when, u32 n)")
    apply(place)
    text = source(place, "h.c").read_text()
    assert "void guest_d(uint64_t when, uint32_t n)\n{\n\t(void)when;\n\t(void)n;\n\tPV_UNWRITTEN(\"h.d\");\n}\n" in text
    assert clean(sync(place)) and compiles(place)


STATIC = {
    "static void guest_a": "void guest_a",
    "static inline void guest_a": "inline void guest_a",
    "static __attribute__((cold)) void guest_a": "__attribute__((cold)) void guest_a",
}


@pytest.mark.parametrize("case", STATIC)
def test_static(case: str, place: Path) -> None:
    """A function that nobody else sees implements nothing; it is not written a second time."""
    change(place, "backends/guest/g.c", "void guest_a", case)
    before = snapshot(place)
    result = sync(place)
    assert (result.status, result.names()) == (INPUT, ["static-implementation"])
    assert snapshot(place) == before
    apply(place)
    assert STATIC[case] in source(place, "g.c").read_text()
    assert clean(sync(place))


# ---- revisions ----


def test_stale(place: Path) -> None:
    """Named where the revision is stated; what changed is in the description's words."""
    change(place, "in.pvi", "@in) { }", "@in) {\n/// Since 2: x may be 0.\nrevision 2; }")
    (d, note) = sync(place).diagnostics()
    assert (d.path, d.line, d.column, d.name) == ("backends/guest/g.c", 3, 18, "stale-implementation")
    assert d.text == "'guest_a' was written for revision 1 of op 'g.a', which has revision 2"
    assert note.text == "Since 2: x may be 0." and note.path == "in.pvi"
    assert not fixes(place) and sync(place).status == INPUT
    change(place, "backends/guest/g.c", "(a, 1)", "(a, 2)")
    assert clean(sync(place))
    change(place, "backends/guest/g.c", "(a, 2)", "(a, 3)")
    assert sync(place).names() == ["stale-implementation"]


def test_unstated(place: Path) -> None:
    """A function should say it; there is an edit only if there can be but one."""
    change(place, "backends/guest/g.c", "PV_IMPLEMENTS(a, 1);\n", "")
    change(place, "backends/guest/h.S", "\tPV_IMPLEMENTS back, 1\n", "")
    result = sync(place)
    assert (result.status, result.names()) == (FINE, ["unstated-revision"] * 2)
    apply(place)
    assert "PV_IMPLEMENTS(a, 1);\nvoid guest_a" in source(place, "g.c").read_text()
    assert "\tPV_IMPLEMENTS back, 1\nguest_back:" in source(place, "h.S").read_text()
    assert clean(sync(place)) and compiles(place)
    change(place, "backends/guest/g.c", "PV_IMPLEMENTS(a, 1);\n", "")
    change(place, "in.pvi", "@in) { }", "@in) { revision 2; }")
    assert sync(place).names() == ["unstated-revision"] and not fixes(place)


# ---- what implements nothing ----


def test_orphans(place: Path) -> None:
    """Functions of ops that are gone, or that are done in another way, stay; they are named."""
    change(place, "in.pvi", "    op word_t b(void) { clobbers flags; }\n", "")
    change(place, "in.pvi", "    g.b call guest_b;\n", "")
    change(place, "in.pvi", "h.d call guest_d;", "h.d nop;")
    before = snapshot(place)
    result = sync(place)
    assert result.status == FINE and snapshot(place) == before
    gone, unused = sorted(result.diagnostics(), key=lambda d: d.path)
    assert (gone.path, gone.line, gone.name) == ("backends/guest/g.c", 10, "orphaned-implementation")
    assert gone.text == "'guest_b' says that it implements op 'b', but interface 'pv' has no such op"
    assert unused.text == "'guest_d' says that it implements op 'd', but no backend is bound to it for that"


def test_helpers_between(place: Path) -> None:
    """A static function between the statement and its function is not meant."""
    change(place, "backends/guest/g.c", A, f"static int helper(void) {{ return 1; }}\n{A}")
    assert clean(sync(place))


# ---- files that cannot be read for sure ----


def test_unmatched_brackets(place: Path) -> None:
    """Said, and nothing is added to that file, nor is anything in it written twice."""
    change(place, "backends/guest/g.c", G[G.index("PV_IMPLEMENTS(b") :], "void f(void)\n{\n(((\n")
    before = snapshot(place)
    result = sync(place)
    assert set(result.names()) == {"unmatched-brackets", "missing-implementation"}
    assert "; nothing can be added to 'backends/guest/g.c'" in result.err
    assert snapshot(place) == before


def test_unknown_macros_are_trusted(place: Path) -> None:
    """What a macro may define is not written a second time."""
    change(place, "backends/guest/h.c", "void guest_d(uint32_t n) { (void)n; }", "DEFINE_OP(guest_d, uint32_t n);")
    before = snapshot(place)
    assert clean(sync(place))
    assert snapshot(place) == before


def test_errors_of_the_input(place: Path) -> None:
    """With a fault in the description nothing is compared, and nothing written."""
    change(place, "in.pvi", "h.d call guest_d;", "")
    source(place, "g.c").unlink()
    before = snapshot(place)
    result = sync(place)
    assert (result.status, result.names()) == (INPUT, ["op-missing"])
    assert snapshot(place) == before
    assert sync(place, "--dir=nowhere").status == INPUT
    (place / "in.pvi").write_text(PVI)
    assert sync(place, "--dir=nowhere").status == ENVIRONMENT


def test_backends_of_other_architectures(place: Path) -> None:
    """What a backend is bound to that is left out belongs to it."""
    change(place, "in.pvi", "    g.b call guest_b;\n", "    g.b zero;\n")
    assert sync(place).names() == ["orphaned-implementation"]
    lines = "detect always; g.b call guest_b;"
    (place / "in.pvi").write_text((place / "in.pvi").read_text() + f"backend other for pv if arch(i386) {{ {lines} }}\n")
    assert clean(sync(place))


@pytest.mark.parametrize("arch", ("x86_64", "i386"))
def test_own_backends(arch: str) -> None:
    """The backends of this repository fit the reference interface."""
    paths = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "idl/pv").glob("*.pvi"))
    assert clean(run("backend", "sync", f"--arch={arch}", "--check", *paths, cwd=ROOT))


# ---- the table ----

EXAMPLES = {
    "missing-implementation": test_missing_is_located,
    "changed-signature": test_functions_as_parameters,
    "static-implementation": test_static,
    "stale-implementation": test_stale,
    "unstated-revision": test_unstated,
    "orphaned-implementation": test_orphans,
    "unmatched-brackets": test_unmatched_brackets,
}


def test_every_name_has_a_test() -> None:
    """A row of sync.def without an example is not tested, or cannot happen."""
    assert EXAMPLES.keys() == codes("sync.def").keys()


def test_diagnostics_have_severities(place: Path) -> None:
    """Warnings alone leave the status 0."""
    change(place, "backends/guest/g.c", "PV_IMPLEMENTS(a, 1);\n", "PV_IMPLEMENTS(z, 1);\n")
    result = sync(place, "--check")
    kinds: list[Diagnostic] = result.diagnostics()
    assert result.status == FINE and {d.name for d in kinds} <= WARNINGS | {"note"}
