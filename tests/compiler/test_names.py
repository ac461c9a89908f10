"""Names of a description as names in C: pvgen's own words are fit for all, C's for none."""

import re
import subprocess
from pathlib import Path

import pytest
from tool import INPUT, ROOT, clean, run

FLAGS = "-ffreestanding -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-pic -O2 -Wall -Wextra -Werror".split()

LEXER = (ROOT / "compiler/lexer.l").read_text()
WORDS = re.findall(r'^"([a-z]+)"\s+WORD', LEXER, re.MULTILINE)

# Those that are no name even in the grammar, and those that C has too.
NO_NAMES = set("typedef struct union const void".split())
OF_C = {"for", "if"}
KEYWORDS = [word for word in WORDS if word not in NO_NAMES | OF_C]

# Records of generated C that an interface's own structures and registrations would collide with.
TAKEN = {"op", "backend", "rom"}

HEAD = "config bool X;\n"
INTERFACE = "interface i version 1.0 {{ {0} group g {{ op void f(u8 a) {{ default nop; {1} }} }} }}\n"

# A kind of name: text with the name as @, and whether one text can hold all keywords.
KINDS = {
    "interface": "interface @ version 1.0 { group g { op void f(u8 a) { default nop; } } }\n",
    "group": "group @ { op void f_@(void) { default nop; } }",
    "inner group": "group g_@ { group @ { op void f_@(void) { default nop; } } }",
    "op": "group g_@ { op long @(long a) { default zero; asm_callable; } }",
    "parameter": "group g_@ { op long f_@(long @, u8 b) { default zero; wrapper w_@ b @; } }",
    "unpatched parameter": "group g_@ { op long f_@(long @) { default zero; site never_patched; } }",
    "pointer": "group g_@ { op void f_@(const u8 *@ @in @va) { default nop; } }",
    "wrapper": "group g_@ { op void f_@(void) { default nop; wrapper @; } }",
    "registration": "registration @ { void f(void); }",
    "registration member": "registration r_@ { int @; }",
    "registration function": "registration r_@ { void @(u8 @); }",
    "type": "typedef u64 @; struct s_@ { @ a; };",
    "function type": "typedef void @(u8 @); registration r_@ { void f(@ *call); }",
    "structure": "struct @ { u8 a; }; group g_@ { op void f_@(struct @ *p @in) { default nop; } }",
    "member": "struct s_@ { u8 @; union { u8 @; u16 b; } c; };",
    "nested member": "struct s_@ { struct { u8 a; } @; };",
    "constant": "const @ = 1;",
    "batch": "group g_@ { op void f_@(void) { default nop; } } batch @ { begin f_@; end f_@; }",
    "derived feature": "group g_@ { op void f_@(void) { default nop; } } derived @ from f_@ native;",
}
# The same outside of an interface, where nothing has a prefix.
OUTSIDE = {
    "common constant": "const @ = 5;",
    "common structure": "struct @ { u8 a; };",
    "common type": "typedef u64 @;",
    "common function type": "typedef void @(u8 @);",
    "configuration": "config bool @;",
}
# Names that a backend gives.
BOUND = {
    "backend": "backend @ for i { detect always; priority %d; }",
    "function": "backend b_@ for i { detect always; priority %d; g.f call @; }",
    "init": "backend b_@ for i { detect always; priority %d; init @; }",
    "converter": "backend b_@ for i { detect always; priority %d; converter @ from gpa to mfn call f_@; }",
    "provision": "backend b_@ for i { detect always; priority %d; provide r @ { f f_@; } }",
}


# What C knows by a module's name and its own, or not at all: words of C will do.
TABLE = (ROOT / "compiler/names.c").read_text()
NO_WORDS = NO_NAMES | set("bool char int long short signed unsigned".split())
C_WORDS = re.findall(r'"(\w+)"', TABLE[TABLE.index("words[]") : TABLE.index("};")])
C_WORDS = [word for word in C_WORDS if word not in NO_WORDS]
PREFIXED = {kind: KINDS[kind] for kind in "interface,type,structure,constant,batch,derived feature".split(",")}
AROUND = {
    "configuration": OUTSIDE["configuration"],
    "bits": "bits s_@ : u32 { @ 0; reserved 31:1; };",
    "backend": "backend @ for i { detect always; }",
    "converter": "backend b_@ for i { detect always; converter @ from gpa to mfn call f_@; }",
    "abi": "abi @ { ENTRY const C = 1; struct s { u8 a; }; call 1 long f(int a); }",
    "in an abi": "abi a_@ { ENTRY struct @ { u8 a; }; call 1 long @(int a); msr 7 u64 @; }",
    "constant of an abi": "abi a_@ { ENTRY const @ = 1; }",
    "type of an abi": "abi a_@ { ENTRY typedef u64 @; call 1 long f(int cmd) { subs in cmd; sub 1 @(void); } }",
    "bits of an abi": "abi a_@ { ENTRY bits @ : u32 { @ 0; reserved 31:1; }; }",
    "feature": "abi a_@ { ENTRY feature @ = cpuid(1).eax[3]; }",
}
ENTRY = 'entry x86_64 "syscall" { number rax; args rdi; result rax; }'


compilers = pytest.mark.parametrize("compiler", ("gcc", pytest.param("clang", marks=pytest.mark.slow)))


def compile_all(directory: Path, compiler: str) -> None:
    """Each generated file compiles without a word."""
    sources = sorted(str(p) for p in (*directory.glob("*.c"), *directory.glob("*.S")))
    command = [compiler, *FLAGS, "-I.", "-c", *sources]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr


def built(directory: Path, text: str, compiler: str) -> None:
    """The description is fine, and so is what is generated from it."""
    (directory / "names.pvi").write_text(text)
    result = run("build", "--outdir", "out", "names.pvi", cwd=directory)
    assert clean(result), result.err
    compile_all(directory / "out", compiler)


def for_all(text: str, words: list[str]) -> str:
    """The text for each of the words."""
    filled = (text.replace("@in", "\0i").replace("@va", "\0v").replace("@", word) for word in words)
    return "\n".join(each.replace("\0i", "@in").replace("\0v", "@va") for each in filled)


@compilers
@pytest.mark.parametrize("kind", KINDS)
def test_keywords_in_an_interface(kind: str, compiler: str, tmp_path: Path) -> None:
    """Every keyword as a name of this kind."""
    words = [word for word in KEYWORDS if not (kind in ("structure", "registration") and word in TAKEN)]
    text = for_all(KINDS[kind], words)
    if kind != "interface":
        text = INTERFACE.format(text, "")
    built(tmp_path, HEAD + text + "\nbackend metal for i { bare; detect always; }" * (kind != "interface"), compiler)


@compilers
@pytest.mark.parametrize("kind", OUTSIDE)
def test_keywords_outside(kind: str, compiler: str, tmp_path: Path) -> None:
    """Every keyword as a name that gets no prefix."""
    built(tmp_path, for_all(OUTSIDE[kind], KEYWORDS) + "\n" + INTERFACE.format("", ""), compiler)


@compilers
@pytest.mark.parametrize("kind", BOUND)
def test_keywords_of_backends(kind: str, compiler: str, tmp_path: Path) -> None:
    """Every keyword as a name that a backend gives."""
    lines = for_all(BOUND[kind], KEYWORDS).split("\n")
    text = "\n".join(line % number for number, line in enumerate(lines, 1))
    built(tmp_path, INTERFACE.format("registration r { void f(void); }", "") + text, compiler)


@pytest.mark.parametrize("kind", PREFIXED)
def test_words_of_c_in_an_interface(kind: str, tmp_path: Path) -> None:
    """Every word of C as a name of this kind, which C never sees alone."""
    words = [word for word in C_WORDS if not (kind == "structure" and word == "register")]
    text = for_all(PREFIXED[kind], words)
    if kind != "interface":
        text = INTERFACE.format(text, "") + "\nbackend metal for i { bare; detect always; }"
    built(tmp_path, HEAD + text, "gcc")


@pytest.mark.parametrize("kind", AROUND)
def test_words_of_c_elsewhere(kind: str, tmp_path: Path) -> None:
    """The same around an interface."""
    text = for_all(AROUND[kind], C_WORDS).replace("ENTRY", ENTRY)
    built(tmp_path, INTERFACE.format("", "") + text, "gcc")


@pytest.mark.parametrize("word", sorted(TAKEN))
def test_taken_keywords(word: str, tmp_path: Path) -> None:
    """The exceptions are errors, not C that does not compile."""
    for text in (f"struct {word} {{ u8 a; }};", f"registration {word} {{ int a; }}"):
        (tmp_path / "names.pvi").write_text(INTERFACE.format(text, ""))
        result = run("check", "names.pvi", cwd=tmp_path)
        assert (result.status, set(result.names())) == (INPUT, {"taken-name"})


def test_the_words_are_known() -> None:
    """The lexer's words were found, and those of C among them are errors as names."""
    assert len(KEYWORDS) > 20 and {"op", "backend", "phase", "call"} <= set(KEYWORDS)
    assert OF_C <= set(WORDS)


# ---- several interfaces in one file ----

COMMON = """
/// What both use.
struct entry { u64 value; };
typedef struct entry entry_t;
typedef void visit_t(entry_t e);
const LIMIT = 7;
interface one version 1.0 { group g { op entry_t f(entry_t e) { default identity; } } }
interface two version 1.0 { group g { op void f(entry_t *e @in) { default nop; } } }
abi x { const LIMIT = 3; entry x86_64 "syscall" { number rax; args rdi; result rax; } call 1 int f(int a); }
"""

USER = """
#include "one.h"
#include "two.h"
#include "x.h"

static entry_t table[LIMIT];
visit_t visit;

entry_t use(entry_t e);
entry_t use(entry_t e)
{
	two_f(&table[0]);
	visit(e);
	return one_f(e);
}
"""


@pytest.mark.parametrize("compiler", ("gcc", "clang"))
def test_two_interfaces_in_one_file(compiler: str, tmp_path: Path) -> None:
    """What they have in common is defined once."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/user.c").write_text(USER)
    built(tmp_path, COMMON, compiler)


@pytest.mark.parametrize("change", (("u64 value", "u32 value"), ("LIMIT = 7", "LIMIT = 8")))
def test_two_interfaces_that_disagree(change: tuple[str, str], tmp_path: Path) -> None:
    """Headers of different builds that do not fit together do not compile together."""
    for name, text in (("one", COMMON), ("two", COMMON.replace(*change))):
        (tmp_path / "names.pvi").write_text(text)
        assert clean(run("build", "--outdir", name, "names.pvi", cwd=tmp_path))
    (tmp_path / "user.c").write_text('#include "one/one.h"\n#include "two/two.h"\n')
    command = ["gcc", *FLAGS, "-c", "user.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "static assertion failed" in done.stderr
