"""One fault is reported once: what depends on it says nothing."""

from pathlib import Path

import pytest
from tool import PVGEN, check

INTERFACE = "interface i version 1.0 {{ group g {{ {} }} }}\n"
OP = INTERFACE.format("op void f(void) {{ }} op void h(void) {{ }}").replace("{{", "{").replace("}}", "}")
BARE = "backend metal for i { bare; detect always; g.f nop; g.h nop; }\n"
ENTRY = 'entry x86_64 "vmmcall" { number rax; args rdi rsi; result rax; }'
ABI = f"abi x {{ {ENTRY} call 1 long c(void); shared struct info {{ u8 a; }}; }}\n"

# A text with one fault, and what is reported: its name and its line.
CASES: dict[str, tuple[str, str, int]] = {
    "unknown type of a typedef": (
        "typedef missing_t a;\ntypedef a b;\nstruct s { a x; b y; b *z; };\nstruct t { struct s x; };\n"
        "typedef void f(a x, b *y @in);\ninterface i version 1.0 { group g { op a f(b x) { default identity; } } }\n",
        "unknown-type",
        1,
    ),
    "unknown type of a member": (
        "struct s { missing_t x; };\nstruct t { struct s a[4]; };\n"
        "interface i version 1.0 { group g { op void f(struct s x) { default nop; } } }\n",
        "unknown-type",
        1,
    ),
    "unknown type of a parameter": (
        "interface i version 1.0 { group g {\nop void f(missing_t *p) { default nop; }\n} }\n" + BARE[:0],
        "unknown-type",
        2,
    ),
    "unknown type of a result": (
        "interface i version 1.0 { group g {\nop missing_t f(void) { default zero; }\n} }\n",
        "unknown-type",
        2,
    ),
    "wrong tag": ("struct s { u8 a; };\nstruct t { s a; };\nstruct u { struct t b; };\n", "wrong-tag", 2),
    "unknown constant": (
        "struct s { u8 a[MISSING]; };\nstruct t { struct s b[4]; };\nunion u { struct t c; };\n",
        "unknown-const",
        1,
    ),
    "recursive typedef": (
        "typedef b a;\ntypedef a b;\nstruct s { a x; b y; };\ntypedef void f(a x);\n",
        "recursive-type",
        1,
    ),
    "recursive structure": (
        "struct s { struct s a; };\nstruct t { struct s b; };\nstruct u { struct t c; };\n",
        "recursive-struct",
        1,
    ),
    "opaque structure": ("struct s;\nstruct t { struct s a; };\nstruct u { struct t b; };\n", "opaque-value", 2),
    "unknown interface": (
        OP + ABI + "backend b for j on y {\nshared info percpu s; g.f = x.c(); inherit g;\nprovide z q { a b; } }\n",
        "unknown-interface",
        3,
    ),
    "unknown abi": (
        OP + ABI + "backend b for i on y {\ndetect always; shared info percpu s;\n"
        "g.f = x.c(); g.h = load x.info.a; }\n",
        "unknown-abi",
        3,
    ),
    "no abi": (OP + BARE + ABI + "backend b for i { detect always; priority 1;\ng.f = x.c(); g.h nop; }\n", "no-abi", 5),
    "abi of another architecture": (
        OP + "abi x { arch i386; shared struct info { u8 a; }; }\n"
        "backend b for i on x { detect always; shared info percpu s;\ng.f nop; g.h = load x.info.a; }\n",
        "not-here",
        3,
    ),
    "unknown op": (OP + BARE + "backend b for i { detect always; priority 1;\ng.ff nop; g.f nop; g.h nop; }\n", "unknown-op", 4),
    "op that nothing implements": (
        OP + "backend metal for i { bare; detect always; g.f nop; }\n"
        "backend b for i { detect always; priority 1; g.f nop; g.h inherit; }\n",
        "op-missing",
        2,
    ),
    "fault of a native template": (
        "interface i version 1.0 { group g {\nop void f(void) { native x86_64 \"pause;pause\"; }\n} }\n"
        "backend metal for i { bare; detect always; }\nbackend b for i { detect always; priority 1; inherit g; }\n",
        "one-instruction",
        2,
    ),
    "effect of a native template": (
        "interface i version 1.0 { group g {\nop void f(void) { native x86_64 \"vmcall\"; }\n} }\n"
        "backend metal for i { bare; detect always; }\nbackend b for i { detect always; priority 1; inherit g; }\n"
        "backend c for i { detect always; priority 2; g.f inherit; }\n",
        "unknown-effect",
        2,
    ),
    "nothing to inherit from": (OP + "backend b for i { detect always;\ninherit g; }\n", "no-bare", 3),
    "unknown shared structure": (
        OP + ABI + "backend b for i on x { detect always; shared inof percpu s;\ng.f nop; g.h = store x.info.a 1; }\n",
        "unknown-type",
        3,
    ),
    "unknown member": (
        "abi x { struct r { u64 a; u64 b; };\n" + ENTRY + " call 1 long c(struct r *r @inout) {\n"
        "subs in r.z; sub 1 s(u64 b @at(b)); sub 2 t(u64 a @at(a)); } }\n",
        "unknown-member",
        3,
    ),
    "unknown register": (
        "abi x { entry x86_64 \"vmmcall\" {\nnumber xax; args rdi; result rax; } call 1 long c(u64 a);\n"
        "call 2 long d(u64 b); }\n",
        "unknown-register",
        2,
    ),
    "unknown architecture": (
        "abi x { entry vax \"chmk\" { number r0; args r1; result r0; }\n" + ENTRY + " call 1 long c(u64 a); }\n",
        "unknown-arch",
        1,
    ),
    "missing file": ('import "nowhere.pvi";\nconst A = 1;\n', "import-missing", 1),
    # ---- syntax ----
    "misspelt keyword": (
        "backed b for i {\ndetect always; priority 1;\ng.f nop; when cpus > 1 { g.h nop; }\nprovide x y { a 1; b 2; }\n}\n"
        "const A = 1;\n",
        "syntax",
        1,
    ),
    "unfinished head": ("interface i {\ngroup g { op void f(void) { default nop; budget 12; } }\nconst A = 1;\n}\n", "syntax", 2),
    "fault of parameters": (
        "interface i version 1.0 { group g {\nop void f(u8 a b) { default nop; budget 12; context hot; }\n"
        "op void h(void) { default nop; }\n} }\n",
        "syntax",
        2,
    ),
    "fault in a block": (
        "interface i version 1.0 { group g {\nop void f(void) { default, nop; budget 12; }\n"
        "op void h(void) { default nop; }\n} group k { op void j(void) { default nop; } } }\n",
        "syntax",
        2,
    ),
    "fault of a structure's head": ("struct { u8 a; u8 b; struct { u8 c; } d; };\nconst A = 1;\n", "syntax", 1),
    "fault in a structure": (
        "struct s { u8 a; u8, b; struct { u8 c; } d; };\nstruct t { struct s a; };\nconst A = 1;\n",
        "syntax",
        1,
    ),
    "no semicolon at a line's end": ("const A = 1\nstruct s { u8 a; u8 b; };\nconst B = 2;\n", "syntax", 1),
    "no semicolon in a block": (
        "interface i version 1.0 { group g {\nop void f(void) { default nop }\nop void h(void) { default nop; }\n} }\n",
        "syntax",
        2,
    ),
    "no semicolon behind a structure": ("struct s { u8 a; u8 b; }\nstruct t { u8 a; u8 b; };\n", "syntax", 1),
    "no semicolon behind bits": ("bits s : u8 { a 3:0; b 7:4; }\nbits t : u8 { a 7:0; };\n", "syntax", 1),
    "no number": ("abi x { call long c(void) { subs in a;\nsub 1 b(void); sub 2 c(void); } }\nconst A = 1;\n", "syntax", 1),
    "one brace too many": (OP + "}\nconst A = 1;\ninterface j version 1.0 { group g { op void f(void) { default nop; } } }\n", "syntax", 2),
    "one brace too few": (
        "interface i version 1.0 { group g { op void f(void) { default nop; }\n}\n" + "typedef u8 a;\ntypedef u8 b;\n",
        "syntax",
        4,
    ),
    "stray character": ("const A = 1 # 2;\nconst B = 2;\n", "bad-character", 1),
    "stray characters": ("const A = \u00e9\u00e9 1;\nconst B = 2;\n", "bad-character", 1),
    "letters in a number": ("const A = 12kb;\nconst B = 2;\n", "bad-character", 1),
    "open string": ('import "abc\n;const A = 1;\n', "open-string", 1),
    "two directions": ("typedef void f(const u8 *p @in @out);\n", "repeated", 1),
    "open string that lacks its semicolon": ('import "abc;\nconst A = 1;\n', "open-string", 1),
    "open string before a brace": (OP.replace("f(void) { }", 'f(void) { native x86_64 "nop;\n}'), "open-string", 1),
    "open string at the end": ('import "abc', "open-string", 1),
    "comment that takes the rest": ("interface i version 1.0 /* {\n}\n", "open-comment", 1),
    "open comment": ("const A = 1; /* abc\nconst B = ;\n", "open-comment", 1),
    "number that does not fit": ("struct s { u8 a[18446744073709551616]; };\n", "bad-number", 1),
}


@pytest.mark.parametrize("case", CASES)
def test_one_fault_is_one_report(case: str, tmp_path: Path) -> None:
    """The fault's own line, and nothing else."""
    text, name, line = CASES[case]
    result = check(text, tmp_path, PVGEN)
    found = [(d.name, d.line) for d in result.diagnostics() if d.name != "note"]
    assert found == [(name, line)], result.err
