"""`pvgen backend status`: who has written what, read from sources that people write."""

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tool import ENVIRONMENT, FINE, INPUT, PVGEN, ROOT, Result, run, snapshot

PVI = """language 1;
interface pv version 1.0 {{
typedef void tick_t(void);
group g {{
    /// The op at hand.
    op void a(unsigned long x) {{ revision {revision}; }}
    op unsigned long b(void) {{ native x86_64 "mov $1, %eax"; }}
    op void c(void) {{ default nop; }}
    op void d(void) {{ }}
}}
registration clock {{ u64 read(void); const char *label; }}
}}
backend metal for pv {{ bare; detect always; g.a call metal_a; g.d nop; }}
backend guest for pv {{
    detect always;
    init guest_init;
    g.a call guest_a;
    g.b inherit;
    g.d = nothing;
    provide clock one {{ read guest_read; label guest_label; }}
}}
""".replace("g.d = nothing;", 'g.d inline x86_64 "nop" "call {{guest_slow}}";')


def describe(place: Path, revision: int = 1) -> None:
    """in.pvi in a directory that has no source yet."""
    (place / "in.pvi").write_text(PVI.format(revision=revision))
    (place / "backends/guest").mkdir(parents=True, exist_ok=True)


def status(place: Path, *options: str, **how: object) -> Result:
    """The command in that directory."""
    return run("backend", "status", *options, *(() if "in.pvi" in options else ("in.pvi",)), cwd=place, **how)


def rows(place: Path, *options: str, backend: str = "guest") -> dict[str, dict]:
    """What it says of one backend, by op or role."""
    result = status(place, "--format=json", *options)
    assert (result.status, result.err) == (FINE, ""), result.err
    (found,) = [b for b in json.loads(result.out)["backends"] if b["name"] == backend]
    return {row.get("op") or row["other"]: row for row in found["ops"] + found["others"]}


BODY = "{ (void)x; }\n"

# Sources that define guest_a, which begins in the line given.
DEFINED: dict[str, tuple[int, str]] = {
    "plainly": (1, f"void guest_a(unsigned long x) {BODY}"),
    "over lines": (2, f"void\nguest_a\n(unsigned\nlong\nx)\n{BODY}"),
    "behind a comment with braces": (2, f"/* {{ void guest_a( */ // {{\nvoid guest_a(unsigned long x) {BODY}"),
    "behind strings with braces": (2, f'const char *s = "{{ \\" {{", c = \'{{\';\nvoid guest_a(unsigned long x) {BODY}'),
    "behind a string over lines": (2, f'const char *s = "{{ \\\n";void guest_a(unsigned long x) {BODY}'),
    "behind a function with odd strings": (2, f'void f(void) {{ s = "}}"; c = \'}}\'; }}\nvoid guest_a(unsigned long x) {BODY}'),
    "with a splice in its name": (1, f"void guest\\\n_a(unsigned long x) {BODY}"),
    "with attributes in front": (1, f'__attribute__((noinline, section("{{"))) void guest_a(unsigned long x) {BODY}'),
    "with attributes inside": (1, f"void __attribute__((cold)) guest_a(unsigned long x __attribute__((unused))) {BODY}"),
    "with attributes behind": (1, f"[[gnu::cold]] void guest_a(unsigned long x) __must_hold(&lock) {BODY}"),
    "with an unknown attribute macro": (1, f'PERCPU(".{{text") static_unlikely void guest_a(unsigned long x) {BODY}'),
    "as one did before prototypes": (1, f"void guest_a(x)\n\tunsigned long x;\n{BODY}"),
    "behind an old definition": (2, f"int f(a, b) int a; char *b; {{ return a; }}\nvoid guest_a(unsigned long x) {BODY}"),
    "behind a prototype with a macro": (2, f"int f(a) __init;\nvoid guest_a(unsigned long x) {BODY}"),
    "behind a macro with braces": (2, f"#define BEGIN {{\nvoid guest_a(unsigned long x) BEGIN (void)x; }}\n"),
    "with braces out of macros": (3, "#define BEGIN {\n#define END }\nvoid guest_a(unsigned long x) BEGIN (void)x; END\n"),
    "between macros that balance": (
        5,
        "#define FOR_ALL(i) for (;;) {\n#define DONE }\n"
        "void f(void) { FOR_ALL(i) g(); DONE }\nint y;\nvoid guest_a(unsigned long x) " + BODY,
    ),
    "by a macro": (2, f"#define IMPLEMENT(op) void guest_##op(unsigned long x)\nIMPLEMENT(a) {BODY}"),
    "by a macro with its body": (2, "#define IMPLEMENT(op, ...) void guest_##op(__VA_ARGS__) { (void)x; }\nIMPLEMENT(a, unsigned long x)\n"),
    "by nested macros": (3, f"#define CAT(a, b) a##b\n#define NAME(op) CAT(guest_, op)\nvoid NAME(a)(unsigned long x) {BODY}"),
    "by an unknown macro": (1, "DEFINE_OP(guest_a, unsigned long, x)\n{\n}\n"),
    "by an unknown macro alone": (1, "DEFINE_OP(guest_a);\n"),
    "in an #if": (2, f"#if CONFIG_A > 1\nvoid guest_a(unsigned long x) {BODY}#endif\n"),
    "behind #else": (3, f"#if 0\n#else\nvoid guest_a(unsigned long x) {BODY}#endif\n"),
    "behind #elif": (3, f"#if 0\n#elif A\nvoid guest_a(unsigned long x) {BODY}#endif\n"),
    "with two heads and one body": (4, f"#ifdef A\nvoid guest_a(unsigned long x)\n#else\nvoid guest_a(unsigned long y)\n#endif\n{BODY}"),
    "with two heads that open the body": (2, "#ifdef A\nvoid guest_a(unsigned long x) {\n#else\nvoid guest_a(long x) {\n#endif\n}\n"),
    "behind a brace that two parts close": (
        8,
        "void f(void) {\n#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t} }\nvoid guest_a(unsigned long x) " + BODY,
    ),
    "behind an excluded open brace": (4, f"#if 0\nvoid f(void) {{ it's\n#endif\nvoid guest_a(unsigned long x) {BODY}"),
    "behind C++": (4, f'#ifdef __cplusplus\nextern "C" {{\n#endif\nvoid guest_a(unsigned long x) {BODY}'),
    "in extern C": (2, f'extern "C" {{\nvoid guest_a(unsigned long x) {BODY}}}\n'),
    "behind structures": (2, f"struct s {{ int a; }} s = {{ .a = 1 }}; enum {{ A, B = 2 }};\nvoid guest_a(unsigned long x) {BODY}"),
    "returning a structure": (2, "struct t;\nstruct t { int a; } *guest_a(unsigned long x) { return 0; }\n"),
    "with functions as parameters": (1, f"void guest_a(void (*f)(int (*g)(void), int), unsigned long x[3]) {BODY}"),
    "returning a function": (1, "void (*guest_a(unsigned long x))(int) { return 0; }\n"),
    "in parentheses": (1, f"void (guest_a)(unsigned long x) {BODY}"),
    "with the result's type as typedef": (1, "foo_t guest_a(unsigned long x) { }\n"),
    "with a result of unknown words": (1, "EXPORT API foo_t *guest_a(unsigned long x) { }\n"),
    "as an alias": (2, 'static void f(unsigned long x) { }\nvoid guest_a(unsigned long x) __attribute__((alias("f")));\n'),
    "in assembly": (2, 'asm(".globl guest_a\\n"\n    "guest_a:\\n\\tret");\n'),
    "with digraphs": (1, "void guest_a(unsigned long x) <% %>\n"),
    "behind a closing brace too many": (3, "void f(void)\n{ } }\nvoid guest_a(unsigned long x)\n{\n}\n"),
    "behind braces that no reader can match": (5, "void f(void)\n{\n\tOPENS_A_BLOCK {\n}\nvoid guest_a(unsigned long x)\n{\n}\n"),
    "behind a static assertion": (2, f"_Static_assert(sizeof(int) == 4, \"{{\");\nvoid guest_a(unsigned long x) {BODY}"),
    "without a semicolon behind a macro": (2, f"MODULE(x)\nvoid guest_a(unsigned long x) {BODY}"),
}

# Sources in which it is not.
UNDEFINED: dict[str, str] = {
    "nothing": "",
    "a prototype": "void guest_a(unsigned long x);\n",
    "an extern prototype": "extern void guest_a(unsigned long x) __attribute__((cold));\n",
    "a comment": f"/* void guest_a(unsigned long x) {BODY} */\n// void guest_a(unsigned long x) {BODY}\n",
    "a comment over lines": f"// \\\nvoid guest_a(unsigned long x) {BODY}",
    "a string": f'const char *s = "void guest_a(unsigned long x) {BODY[:-1]}";\n',
    "an excluded part": f"#if 0\nvoid guest_a(unsigned long x) {BODY}#endif\n",
    "an excluded part in a part": f"#if 0\n#if 1\n#else\n#endif\nvoid guest_a(unsigned long x) {BODY}#endif\n",
    "the other part": f"#if 1\n#else\nvoid guest_a(unsigned long x) {BODY}#endif\n",
    "a part for C++": f"#ifdef __cplusplus\nvoid guest_a(unsigned long x) {BODY}#endif\n",
    "a call": "void f(void) { guest_a(1); }\n",
    "a call in a body of macros": "#define BEGIN {\nvoid f(void) BEGIN guest_a(1); }\n",
    "a nested function": "void f(void) { void guest_a(unsigned long x) { } }\n",
    "a macro": f"#define guest_b void guest_a(unsigned long x) {BODY}",
    "a macro over lines": "#define X \\\nvoid guest_a(unsigned long x) { }\n",
    "a member": "struct s { void (*guest_a)(unsigned long x); };\n",
    "a pointer": "extern void (*guest_a)(unsigned long x);\n",
    "a longer name": f"void guest_ab(unsigned long x) {BODY}",
    "a value": "void (*p)(unsigned long) = guest_a;\n",
    "a typedef": "typedef void guest_a(unsigned long x);\n",
    "static": f"static void guest_a(unsigned long x) {BODY}",
    "static inline": f"static inline void guest_a(unsigned long x) {BODY}",
    "a static assertion": "_Static_assert(sizeof(guest_a), \"\");\n",
}


@pytest.mark.parametrize("case", DEFINED)
def test_defined(case: str, tmp_path: Path) -> None:
    """Found at its line, however it is written."""
    describe(tmp_path)
    line, text = DEFINED[case]
    (tmp_path / "backends/guest/a.c").write_text(text)
    row = rows(tmp_path)["g.a"]
    assert (row["state"], row["path"], row["line"]) == ("done", "backends/guest/a.c", line)


@pytest.mark.parametrize("case", UNDEFINED)
def test_undefined(case: str, tmp_path: Path) -> None:
    """What only looks like it is not taken for it; what stands behind is found all the same."""
    describe(tmp_path)
    (tmp_path / "backends/guest/a.c").write_text(UNDEFINED[case] + "void guest_init(const struct pv_boot *boot)\n{\n}\n")
    found = rows(tmp_path)
    assert found["g.a"]["state"] == "missing", found["g.a"]
    assert found["init"]["state"] == "done"


ASSEMBLY: dict[str, tuple[str, str]] = {
    "label": ("done", "\t.text\n\t.globl guest_a\nguest_a:\n\tret\n"),
    "label behind another": ("done", "1: guest_a: ret\n"),
    "label behind a semicolon": ("done", ".globl guest_a; guest_a: ret\n"),
    "macro of the preprocessor": ("done", "#define ENTRY(x) .globl x; x:\nENTRY(guest_a)\n"),
    "unknown macro": ("done", "SYM_FUNC_START(guest_a)\n"),
    "macro of the assembler": ("done", ".macro FUNC name\n\\name:\n.endm\n\tFUNC guest_a\n"),
    "call": ("missing", "\tcall guest_a\n\tjmp guest_a\n"),
    "comment": ("missing", "# guest_a:\n/* guest_a: */\n// guest_a:\n"),
    "excluded": ("missing", "#if 0\nguest_a:\n#endif\n"),
    "not written": ("skeleton", "guest_a:\n\tPV_UNWRITTEN \"g.a\"\n"),
    "apostrophe in a comment": ("done", "\tnop # don't\nguest_a:\n\tret\n"),
}


@pytest.mark.parametrize("case", ASSEMBLY)
def test_assembly(case: str, tmp_path: Path) -> None:
    """Labels of assembly define functions too."""
    describe(tmp_path)
    state, text = ASSEMBLY[case]
    (tmp_path / "backends/guest/a.S").write_text(text)
    assert rows(tmp_path)["g.a"]["state"] == state


def test_states(tmp_path: Path) -> None:
    """Each backend and op in one state; what stands beside the ops too."""
    describe(tmp_path)
    (tmp_path / "backends/guest/a.c").write_text(
        'void guest_a(unsigned long x)\n{\n\t(void)x;\n\tPV_UNWRITTEN("g.a");\n}\n'
        'const char guest_label[] = "x";\nuint64_t guest_read(void) { return 0; }\n'
    )
    assert {name: row["state"] for name, row in rows(tmp_path).items()} == {
        "g.a": "skeleton", "g.b": "inherited", "g.c": "default", "g.d": "described",
        "clock one.read": "done", "clock one.label": "done", "init": "missing", "template of g.d": "missing",
    }
    assert {name: row["state"] for name, row in rows(tmp_path, backend="metal").items()} == {
        "g.a": "missing", "g.b": "described", "g.c": "default", "g.d": "described",
    }
    ways = {name: row["way"] for name, row in rows(tmp_path).items()}
    assert (ways["g.a"], ways["g.d"], ways["g.c"]) == ("call", "inline", "nop")


def test_variants(tmp_path: Path) -> None:
    """What an op does under a condition, or from a phase on, has a state of its own."""
    describe(tmp_path)
    text = (tmp_path / "in.pvi").read_text()
    text = text.replace("version 1.0 {", "version 1.0 {\nphases early patching;", 1)
    text = text.replace("g.b inherit;", "g.b inherit; when cpus > 1 { g.b call guest_b; } phase early { g.c call guest_c; }")
    (tmp_path / "in.pvi").write_text(text)
    (tmp_path / "backends/guest/a.c").write_text("unsigned long guest_b(void)\n{\n}\n")
    found = {name: row["state"] for name, row in rows(tmp_path).items() if name.startswith(("g.b", "g.c"))}
    assert found == {"g.b": "inherited", "g.c": "default", "g.b when cpus > 1": "done", "g.c from early": "missing"}


# ---- revisions ----

STATED: dict[str, tuple[str, int | None]] = {
    "in front": (f"PV_IMPLEMENTS(a, 1);\nvoid guest_a(unsigned long x) {BODY}", 1),
    "of another op in front": (f"PV_IMPLEMENTS(b, 1);\nvoid guest_a(unsigned long x) {BODY}", None),
    "of another interface": (f"OTHER_IMPLEMENTS(a, 1);\nvoid guest_a(unsigned long x) {BODY}", None),
    "behind": (f"void guest_a(unsigned long x) {BODY}PV_IMPLEMENTS(a, 2);\n", 2),
    "inside": ("void guest_a(unsigned long x) { PV_IMPLEMENTS(a, 2); }\n", 2),
    "by two functions": (
        f"PV_IMPLEMENTS(a, 2);\nvoid other_a(unsigned long x) {BODY}PV_IMPLEMENTS(a, 1);\nvoid guest_a(unsigned long x) {BODY}",
        1,
    ),
    "through a macro": (
        f"#define OP(op, revision) PV_IMPLEMENTS(op, revision); void guest_##op(unsigned long x)\nOP(a, 1) {BODY}", 1
    ),
    "in a comment": (f"/* PV_IMPLEMENTS(a, 1); */\nvoid guest_a(unsigned long x) {BODY}", None),
    "over lines": (f"PV_IMPLEMENTS(\n\ta,\n\t1\n);\nvoid guest_a(unsigned long x) {BODY}", 1),
    "without a semicolon": (f"PV_IMPLEMENTS(a, 1)\nvoid guest_a(unsigned long x) {BODY}", 1),
    "twice": (f"PV_IMPLEMENTS(b, 1);\nPV_IMPLEMENTS(a, 2);\nvoid guest_a(unsigned long x) {BODY}", 2),
}


@pytest.mark.parametrize("case", STATED)
def test_revision_in_the_source(case: str, tmp_path: Path) -> None:
    """Stale is what says that it was written for an older revision."""
    describe(tmp_path, revision=2)
    text, revision = STATED[case]
    (tmp_path / "backends/guest/a.c").write_text(text)
    row = rows(tmp_path)["g.a"]
    assert (row["implements"], row["revision"]) == (revision, 2)
    assert row["state"] == ("stale" if revision == 1 else "done")


@pytest.mark.parametrize("text", ("PV_IMPLEMENTS a, 1", "PV_IMPLEMENTS(a, 1)", '.pushsection .pv.implements, "", @progbits\n.asciz "a=1"\n.popsection'))
def test_revision_in_assembly(text: str, tmp_path: Path) -> None:
    """As the macro or by hand."""
    describe(tmp_path, revision=2)
    (tmp_path / "backends/guest/a.S").write_text(f'\t.asciz "a=7"\n{text}\nguest_a:\n\tret\n')
    row = rows(tmp_path)["g.a"]
    assert (row["state"], row["implements"]) == ("stale", 1)


def test_revision_in_the_object(tmp_path: Path) -> None:
    """What was built counts, not what the source says today."""
    describe(tmp_path, revision=2)
    assert run("build", "--outdir", "gen", "in.pvi", cwd=tmp_path).status == FINE
    source = tmp_path / "backends/guest/a.c"
    source.write_text(f'#include "pv_ops.h"\nPV_IMPLEMENTS(a, 1);\nvoid guest_a(unsigned long x) {BODY}')
    subprocess.run(["gcc", "-Igen", "-c", "-o", "a.o", source], cwd=tmp_path, check=True)
    source.write_text(f"PV_IMPLEMENTS(a, 2);\nvoid guest_a(unsigned long x) {BODY}")
    assert rows(tmp_path)["g.a"]["state"] == "done"
    row = rows(tmp_path, "a.o")["g.a"]
    assert (row["state"], row["implements"]) == ("stale", 1)


# ---- folders ----


def test_folder_of_another_name(tmp_path: Path) -> None:
    """Without a folder of its name, a backend's is the one that has most of its functions."""
    describe(tmp_path)
    (tmp_path / "backends/guest").rmdir()
    for name, functions in {"a": "guest_a", "b": "guest_init guest_read", "c": ""}.items():
        (tmp_path / "backends" / name).mkdir()
        text = "".join(f"void {f}(void) {{ }}\n" for f in functions.split())
        (tmp_path / "backends" / name / "x.c").write_text(text)
    found = json.loads(status(tmp_path, "--format=json").out)["backends"]
    assert {b["name"]: b["folder"] for b in found} == {"metal": None, "guest": "backends/b"}
    assert rows(tmp_path)["g.a"]["path"] == "backends/a/x.c"


def test_of_several_the_one_that_is_seen(tmp_path: Path) -> None:
    """What is static stands back, even at home."""
    describe(tmp_path)
    (tmp_path / "backends/other").mkdir()
    for where in ("guest/b.c", "other/b.c"):
        (tmp_path / "backends/guest/a.c").write_text(f"static void guest_a(unsigned long x) {BODY}")
        (tmp_path / "backends" / where).write_text(f"void guest_a(unsigned long x) {BODY}")
        row = rows(tmp_path)["g.a"]
        assert (row["state"], row["path"]) == ("done", f"backends/{where}")
        (tmp_path / "backends" / where).unlink()


def test_macros_of_headers(tmp_path: Path) -> None:
    """A macro of a header in one of the folders is known in all sources."""
    describe(tmp_path)
    (tmp_path / "backends/guest/in/ner").mkdir(parents=True)
    (tmp_path / "backends/guest/in/ner/ops.h").write_text("#define OP(op) void guest_##op(unsigned long x)\n")
    (tmp_path / "backends/guest/a.c").write_text("OP(a)\n{\n}\n")
    assert rows(tmp_path)["g.a"]["state"] == "done"


def test_another_directory(tmp_path: Path) -> None:
    """--dir says where the folders are."""
    describe(tmp_path)
    (tmp_path / "backends").rename(tmp_path / "other")
    (tmp_path / "other/guest/a.c").write_text(f"void guest_a(unsigned long x) {BODY}")
    for name in ("other", "other/", "./other", str(tmp_path / "other")):
        row = rows(tmp_path, f"--dir={name}")["g.a"]
        assert row["state"] == "done" and row["path"].endswith("other/guest/a.c".replace("other/", "/", 1)), row


def test_links_that_lead_upwards(tmp_path: Path) -> None:
    """They end."""
    describe(tmp_path)
    (tmp_path / "backends/guest/up").symlink_to("..")
    (tmp_path / "backends/guest/none").symlink_to("nowhere")
    (tmp_path / "backends/guest/a.c").write_text(f"void guest_a(unsigned long x) {BODY}")
    assert rows(tmp_path)["g.a"]["state"] == "done"


# ---- faults ----


def test_faults_of_the_environment(tmp_path: Path) -> None:
    """Status 2 and the reason."""
    describe(tmp_path)
    for arguments, part in (
        (["--dir=nowhere"], "cannot read 'nowhere': No such file"),
        (["nowhere.o"], "nowhere.o"),
        (["in.pvi", "--format=xml"], "unknown form of the status 'xml'"),
        (["--format=json:in.pvi"], "in.pvi"),
    ):
        result = status(tmp_path, *arguments)
        assert (result.status, result.out) == (ENVIRONMENT, b""), (arguments, result)
        assert part in result.err
    result = run("backend", "status", "x.o", cwd=tmp_path)
    assert result.status == ENVIRONMENT and "no description after" in result.err


def test_errors_of_the_input(tmp_path: Path) -> None:
    """A description with a fault has no status."""
    describe(tmp_path)
    (tmp_path / "in.pvi").write_text("const A = ;\n")
    result = status(tmp_path)
    assert (result.status, result.names()) == (INPUT, ["syntax"])


# ---- forms ----


def test_text_names_what_is_to_be_done(tmp_path: Path) -> None:
    """One line an op, and what is missing in words."""
    describe(tmp_path, revision=2)
    (tmp_path / "backends/guest/a.c").write_text(f"PV_IMPLEMENTS(a, 1);\nvoid guest_a(unsigned long x) {BODY}")
    text = status(tmp_path).out.decode()
    assert re.search(r"^guest \(backends/guest\): 1 stale, 4 missing, 1 described, 1 inherited, 1 default$", text, re.M)
    assert re.search(r"^  g\.a +stale +backends/guest/a\.c:2  for revision 1, the op has 2$", text, re.M)
    assert re.search(r"^  init +missing +in\.pvi:\d+  nobody defines guest_init$", text, re.M)
    assert re.search(r"^  g\.d +inline +in\.pvi:\d+$", text, re.M)
    assert re.search(r"^metal \(no folder\):", text, re.M)


def test_several_forms_at_once(tmp_path: Path) -> None:
    """Each into its file, or all to standard output."""
    describe(tmp_path)
    assert status(tmp_path, "--format=json:s.json", "--format=html:s.html", "--format=text:s.txt").status == FINE
    assert json.loads((tmp_path / "s.json").read_text())["version"] == 1
    assert (tmp_path / "s.txt").read_bytes() == status(tmp_path).out
    assert (tmp_path / "s.html").read_bytes() == status(tmp_path, "--format=html").out


ROW = {"state": str, "way": str, "function": str, "revision": int, "implements": int, "remark": str, "path": str, "line": int}


def test_json(tmp_path: Path) -> None:
    """Its fields, as they are documented, for the reference interface."""
    result = run("backend", "status", "--format=json", *sorted((ROOT / "idl/pv").glob("*.pvi")), cwd=ROOT)
    assert result.status == FINE, result.err
    for backend in json.loads(result.out)["backends"]:
        assert backend.keys() == {"name", "interface", "folder", "counts", "ops", "others"}
        assert sum(backend["counts"].values()) == len(backend["ops"]) + len(backend["others"])
        assert backend["counts"]["missing"] == backend["counts"]["skeleton"] == backend["counts"]["stale"] == 0
        for row in backend["ops"] + backend["others"]:
            fields = ROW | {"op" if "op" in row else "other": str}
            assert row.keys() == fields.keys()
            assert all(row[k] is None or isinstance(row[k], kind) for k, kind in fields.items())
            line = (ROOT / row["path"]).read_text().splitlines()[row["line"] - 1]
            assert row["state"] != "done" or row["function"] in line or "ACCESSORS" in line


class Page(HTMLParser):
    """The cells of the page by op, and whatever it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[str]] = {}
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.row: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember classes of cells, and what leads out of the page."""
        given = dict(attrs)
        self.fetched += [v for k, v in given.items() if k in {"src", "href"} and v]
        if tag not in {"meta", "input"}:
            self.open.append(tag)
        if tag == "tr":
            self.row, self.text = [], ""
        if tag == "td" and given.get("class"):
            self.row.append(given["class"] or "")

    def handle_data(self, data: str) -> None:
        """The name in the first column."""
        if self.open and self.open[-1] == "th":
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        """Elements are closed in the order that they were opened in."""
        assert self.open.pop() == tag
        if tag == "tr" and self.row:
            self.rows[self.text] = self.row


def test_page(tmp_path: Path) -> None:
    """Each op has a cell a backend, of the same state as in JSON; nothing comes over a network."""
    describe(tmp_path)
    (tmp_path / "backends/guest/a.c").write_text(f"void guest_a(unsigned long x) {BODY}")
    text = status(tmp_path, "--format=html").out.decode()
    page = Page()
    page.feed(text)
    assert page.open == [] and page.fetched == [] and "://" not in text
    states = [rows(tmp_path, backend=name) for name in ("guest", "metal")]
    for op in ("g.a", "g.b", "g.c", "g.d"):
        assert page.rows[op] == [s[op]["state"] for s in states]
    assert page.rows["guestinit"] == ["missing"]
    assert "prefers-color-scheme:dark" in text
    for state in "done skeleton stale missing described inherited default".split():
        assert re.search(rf'<button[^>]* class="{state}"[^>]*>{state}</button>', text), state


def test_page_shows_text_as_text(tmp_path: Path) -> None:
    """Whatever stands in a description is no markup."""
    describe(tmp_path)
    text = (tmp_path / "in.pvi").read_text()
    (tmp_path / "in.pvi").write_text(text.replace("The op at hand.", '<b title="&x">\x1b'))
    html = status(tmp_path, "--format=html").out.decode()
    assert "&lt;b title=&quot;&amp;x&quot;&gt;" in html and "\x1b" not in html


# ---- size ----


def test_thousand_ops(tmp_path: Path) -> None:
    """A large interface takes no time to speak of."""
    ops = "".join(f"op void f{i}(void) {{ }}\n" for i in range(1000))
    calls = "".join(f"g.f{i} call b_f{i};\n" for i in range(1000))
    (tmp_path / "in.pvi").write_text(f"interface i version 1.0 {{ group g {{\n{ops}}} }}\nbackend b for i {{ detect always;\n{calls}}}\n")
    (tmp_path / "backends/b").mkdir(parents=True)
    (tmp_path / "backends/b/b.c").write_text("".join(f"void b_f{i}(void)\n{{\n}}\n" for i in range(1000)))
    result = status(tmp_path, "--format=json", tool=PVGEN, seconds=10)
    assert json.loads(result.out)["backends"][0]["counts"]["done"] == 1000


ODD: dict[str, bytes] = {
    "open brackets": b"(" * 100_000,
    "open braces": b"void f(void) {" * 20_000,
    "closing braces": b"}" * 100_000,
    "open comment": b"/* ",
    "open string": b'"',
    "open character": b"'",
    "backslash at the end": b"\\",
    "nul": b"void f(void)\0{ }\0",
    "no text": bytes(range(256)) * 100,
    "macros of macros": b"".join(b"#define A%d A%d A%d\n" % (i, i + 1, i + 1) for i in range(60)) + b"A0\n",
    "macro of itself": b"#define A A A(A\nA(A(A\n",
    "macro without an end": b"#define A(x) x\nA((((",
    "directives without an end": b"#if\n#if 0\n#elif\n#else\n#else\n" * 1000,
    "ends of nothing": b"#endif\n#else\n#elif 1\n" * 1000,
    "pastes": b"#define A ## ## x ##\n#define B(x) # # x ## \nA B() B(1)\n",
    "types without an end": b"typedef a b; typedef b a; a f(b x, struct, enum {, ((((*" * 100,
    "nested declarators": b"void " + b"(*" * 5000 + b"f" + b")(void)" * 5000 + b";",
    "deep parameters": b"void f(" + b"void (*x)(" * 3000,
    "implements": b"PV_IMPLEMENTS\nPV_IMPLEMENTS(\nPV_IMPLEMENTS(a,\nPV_IMPLEMENTS()PV_IMPLEMENTS(1)",
}


@pytest.mark.parametrize("case", ODD)
@pytest.mark.parametrize("name", ("a.c", "a.S"))
def test_odd_sources(case: str, name: str, tmp_path: Path) -> None:
    """Whatever people write is no fault of pvgen."""
    describe(tmp_path)
    (tmp_path / "backends/guest" / name).write_bytes(ODD[case])
    before = snapshot(tmp_path)
    assert status(tmp_path, seconds=20).status == FINE
    assert snapshot(tmp_path) == before


# ---- what is said that is used of an abi ----

USES = """language 1;
interface pv version 1.0 { group g { op void a(void) { } op void b(void) { } } }
abi h {{
    shared struct info { u8 masked; u8 pending; };
    plane core "all" {{ memory info.masked info.pending PAGE; }}
    const PAGE = 0x1000;
    multicall batch op args;
    struct batch {{ u64 op; u64 args[4]; }};
    entry x86_64 "vmcall" {{ number rax; args rdi rsi; result rax; errors negative; }}
    call 1 long stop(void) {{ plane core; }}
    call 2 long ask(int cmd) {{ plane core; subs in cmd; sub 0 who(void); sub 1 what(void); }}
    call 3 long set(int on) {{ plane core; option on "on"; option off "off"; }}
}}
backend metal for pv {{ bare; detect always; g.a nop; g.b nop; }}
backend guest for pv on h {{ detect start_info; priority 1; g.a call guest_a; g.b call guest_b; {uses} }}
""".replace("{ group g { op void a(void) { } op void b(void) { } } }", "{{ group g {{ op void a(void) {{ }} op void b(void) {{ }} }} }}")
USES = USES.replace("info { u8 masked; u8 pending; }", "info {{ u8 masked; u8 pending; }}")

SOURCE = "void guest_a(void) { h_stop(); }\nvoid guest_b(void) { %s }\n"

# What is said, what the sources do, and what is found: name and words of each.
SAID: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
    "nothing at all": ("", "h_ask_who();", []),
    "all": ("uses { full stop by g.a; }", "", []),
    "a call that is not made": (
        "uses { full stop by g.a; inside ask.who; }",
        "",
        [("unused-call", "'ask.who', but nothing in 'backends/guest' does")],
    ),
    "a call that is not said": ("uses { }", "", [("unsaid-call", "'stop' is used here")]),
    "a sub-command that is not said": (
        "uses { full stop by g.a; inside ask.who; }",
        "h_ask_who(); h_ask_what();",
        [("unsaid-call", "'ask.what' is used here")],
    ),
    "a call that says which by a number": ("uses { full stop by g.a; inside ask.who; }", "h_ask(0);", []),
    "a call by its number": ("uses { full stop by g.a; inside ask.what; }", "int x = H_ask_what;", []),
    "a call in a batch": ("uses { full stop by g.a; inside set; }", "h_multicall_set(&e, 1);", []),
    "options of a call": ("uses { full stop by g.a; full set.on by g.b; }", "h_set(1);", []),
    "what an op does without it": ("uses { full stop by g.a; full ask.who like g.b; }", "", []),
    "what nobody has": ("uses { full stop by g.a; none ask \"nobody asks\"; }", "", []),
    "memory": ("uses { full stop by g.a; inside info.masked PAGE; }", "x.masked = *(char *)H_PAGE;", []),
    "memory that is not there": (
        "uses { full stop by g.a; inside info.pending; }",
        "x.masked = 1;",
        [("unused-call", "'info.pending', but nothing")],
    ),
    "a comment": (
        "uses { full stop by g.a; inside ask.who; }",
        "/* h_ask_who(); */",
        [("unused-call", "'ask.who'")],
    ),
}
USAGES = {name for _, _, found in SAID.values() for name, _ in found}


@pytest.mark.parametrize("case", SAID)
def test_what_is_said_of_calls(case: str, tmp_path: Path) -> None:
    """What a backend says that it uses is what its sources use; the status is shown all the same."""
    said, does, found = SAID[case]
    describe(tmp_path)
    (tmp_path / "in.pvi").write_text(USES.format(uses=said))
    (tmp_path / "backends/guest/a.c").write_text(SOURCE % does)
    result = status(tmp_path)
    got = [(d.name, d.text) for d in result.diagnostics()]
    assert len(got) == len(found), result.err
    assert all(n == name and text in t for (n, t), (name, text) in zip(got, found)), result.err
    assert result.status == (INPUT if found else FINE)
    assert b"guest (backends/guest): 2 done" in result.out


def test_backends_share_what_is_said(tmp_path: Path) -> None:
    """Functions of one folder may be another backend's too."""
    describe(tmp_path)
    one = USES.format(uses="uses { inside ask.who; }")
    other = "backend other for pv on h { detect cpuid \"H\"; g.a call guest_a; g.b call guest_c; uses { full stop by g.a; } }\n"
    (tmp_path / "in.pvi").write_text(one + other)
    (tmp_path / "backends/guest/a.c").write_text(SOURCE % "h_ask_who();")
    (tmp_path / "backends/guest/c.c").write_text("void guest_c(void) { }\n")
    assert status(tmp_path).status == FINE
    (tmp_path / "in.pvi").write_text(one + other.replace("full stop by g.a;", ""))
    assert status(tmp_path).names() == ["unsaid-call"]


def test_own_backends_say_what_they_use() -> None:
    """The project's own."""
    result = run("backend", "status", *sorted(map(str, (ROOT / "idl/pv").glob("*.pvi"))), cwd=ROOT, tool=PVGEN)
    assert (result.status, result.err) == (FINE, "")
