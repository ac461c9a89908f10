"""Random descriptions, and single edits of them, as people make them.

A description is a list of lines that each say one thing; an edit replaces a line, takes one away,
adds one or exchanges two.  What is no description afterwards is not used.
"""

import random
import re
from collections.abc import Callable

TYPES = ("u8", "u16", "u32", "u64", "int", "long", "unsigned long", "bool", "word", "pte_t")
SPACES = ("", " @va", " @pa", " @gpa", " @mfn")
REGISTERS = ("rdi", "rsi", "rdx", "r10", "r8")
ATTRIBUTES = (
    "clobbers flags;",
    "clobbers flags rcx;",
    "context noinstr;",
    "context hot;",
    "context early;",
    "budget 20;",
    "budget 24;",
    "revision 2;",
    "asm_callable;",
    "site never_patched;",
    "since 1.0;",
    'deprecated 1.1 "use another";',
    'deprecated 2.0 "soon";',
    "retired 1.1;",
    "retired 3.0;",
    'native x86_64 "nop";',
    'native x86_64 "cli";',
    "together f0;",
    "defer all;",
)

# What the manifest has as a list, though its order says nothing.
NAMED = ("constants", "typedefs", "bits", "structs", "registrations", "batches", "derived")
# Those of one op, or of one thing, in one phase are tried in their order; others are not related.
TRIED = ("variants", "actions", "provisions", "data", "shared")
SETS = (
    *("detect", "clobbers", "context", "configuration", "features"),
    *("msrs", "calls", "subs", "reserved", "fields"),
    *("planes", "options", "bindings", "lines", "uses", "roms", "header"),
)

SPARE = re.compile(r"_spare\d+\b")  # pvgen numbers those of each group


def pick(r: random.Random, *choices: str) -> str:
    """One of them."""
    return r.choice(choices)


def param(r: random.Random, name: str) -> str:
    """A parameter."""
    if not r.randrange(4):
        const = pick(r, "", "const ")
        way = "in" if const else pick(r, "in", "inout")
        return f"{const}{pick(r, 'struct s', 'u64', 'void')} *{name} @{way}"
    return f"{r.choice(TYPES)} {name}{r.choice(SPACES)}"


def params(r: random.Random) -> str:
    """A list of parameters."""
    return ", ".join(param(r, name) for name in "abc"[: r.randrange(4)]) or "void"


def op(r: random.Random, name: str) -> str:
    """An op; half of them return something."""
    result, default = r.choice((("void", "nop"), ("u64", "zero"), ("u32", "1"), ("long", "trap")))
    said = " ".join(sorted({r.choice(ATTRIBUTES) for _ in range(r.randrange(3))}))
    guard = pick(r, "", "", "", " if A", " if B", " if A && B")
    ending = f"default {default};" if r.randrange(4) else f"default {pick(r, 'trap', default)};"
    return f"op {result} {name}({params(r)}){guard} {{ {ending} {said} }}"


def call(r: random.Random, number: int, name: str) -> str:
    """A numbered call."""
    names = "abc"[: r.randrange(1, 4)]
    listed = ", ".join(f"{pick(r, 'u32', 'u64', 'int')} {n}" for n in names)
    trait = pick(r, "", "optional;", "needs one;", "clobbers r11 memory;", "since 1.2;")
    trait += pick(r, " plane one;", " plane one;", " plane two;")
    trait += pick(r, "", "", ' option a "a";', ' option a "b" { plane two; }')
    return f"call {number} {pick(r, 'long', 'u64', 'int')} {name}({listed}) {{ {trait} }}"


def plane(r: random.Random, name: str) -> str:
    """What calls are for."""
    memory = f" {{ memory shm.m{r.randrange(2)}; }}" if name == "one" else ";"
    return f'plane {name} "{pick(r, "this", "that")}"{memory}'


def cover(r: random.Random, name: str) -> str:
    """How a call can be had."""
    how = pick(r, "by", "like"), pick(r, "c0", "c2", "c0 c2"), pick(r, "", ' "but"')
    return pick(r, f"full {name} {' '.join(how[:2])}{how[2]};", f"inside {name};", f'none {name} "no";')


def entry(r: random.Random) -> str:
    """How calls are made."""
    args = " ".join(r.sample(REGISTERS, 4))
    how = pick(r, "vmcall", "vmmcall", "syscall")
    errors = pick(r, "negative", "positive", "none")
    clobbers = pick(r, "memory", "memory r11", "args memory")
    return (
        f'entry x86_64 "{how}" {{ number rax; args {args}; result rax;'
        f" clobbers {clobbers}; errors {errors}; }}"
    )


def member(r: random.Random, name: str) -> str:
    """A member of a structure."""
    return f"{pick(r, 'u8', 'u16', 'u32', 'u64', 's32', 'long')} {name}{pick(r, '', '', '[2]')};"


def record(r: random.Random, tag: str, name: str) -> str:
    """The head of a structure."""
    return f"{tag} {name} {pick(r, '', 'packed ', '@align(16) ')}{{"


def register(r: random.Random) -> str:
    """A numbered register."""
    return f"msr {r.randrange(4)} u64 reg {{ {pick(r, 'read;', 'write;')} }}"


# What a line says, and another that says the same kind of thing.
KINDS: tuple[tuple[str, Callable[[random.Random, re.Match[str]], str]], ...] = (
    (r"op .*? (\w+)\(", lambda r, m: op(r, m[1])),
    (r"call (\d+) .*? (\w+)\(", lambda r, m: call(r, int(m[1]), m[2])),
    (r"call (\d+) .*? (\w+)\(", lambda r, m: call(r, r.randrange(9), m[2])),
    (r"entry ", lambda r, m: entry(r)),
    (r"\w+ (m\d+)(\[2\])?;$", lambda r, m: member(r, m[1])),
    (r"const (\w+)", lambda r, m: f"const {m[1]} = {r.randrange(6)};"),
    (r"typedef .* word;", lambda r, m: f"typedef {pick(r, 'u32', 'u64', 'unsigned')} word;"),
    (r"spare", lambda r, m: f"spare {r.randrange(1, 4)};"),
    (r"interface", lambda r, m: f"interface i version {pick(r, '1.1', '1.2', '2.0')} {{"),
    (r"g\.(\w+) ", lambda r, m: f"g.{m[1]} {pick(r, 'call', 'asm')} {pick(r, 'one', 'two')};"),
    (r"priority", lambda r, m: f"priority {r.randrange(1, 4)};"),
    (r"feature", lambda r, m: f"feature one = cpuid(0x40000001).eax[{r.randrange(4)}];"),
    (r"msr (\d+)", lambda r, m: register(r)),
    (r"reserved", lambda r, m: f'reserved number {r.randrange(20, 24)} "{pick(r, "a", "b")}";'),
    (r"((?:shared )?struct) (s|shm) ", lambda r, m: record(r, m[1], m[2])),
    (r"registration", lambda r, m: f"registration clock {{ {pick(r, 'u64', 'u32')} read(void); }}"),
    (r"plane (\w+)", lambda r, m: plane(r, m[1])),
    (r"(?:full|inside|none) ([\w.]+)", lambda r, m: cover(r, m[1])),
    (r"data", lambda r, m: f"data u32 n {{ default {r.randrange(3)}; }}"),
)


def fresh(r: random.Random, line: str) -> str | None:
    """Another line that says the same kind of thing, about the same name."""
    found = [(m, make) for pattern, make in KINDS if (m := re.match(pattern, line))]
    if not found:
        return None
    match, make = r.choice(found)
    return make(r, match)


def description(r: random.Random) -> list[str]:
    """Lines of a description with a bit of everything."""
    return [
        "language 1;",
        "config bool A;",
        "config bool B;",
        *(f"const M_{n} = {n};" for n in "012"),
        "typedef u32 word;",
        "struct pte { u64 pte; };",
        "typedef struct pte pte_t;",
        "struct s {",
        *(member(r, f"m{n}") for n in range(4)),
        "};",
        "interface i version 1.1 {",
        "batch all { begin f0; end f1; }",
        "group g {",
        "op void f0(void) { default nop; }",
        "op void f1(void) { default nop; }",
        *(op(r, f"f{n}") for n in range(2, 6)),
        "spare 2;",
        *(op(r, f"f{n}") for n in range(6, 8)),
        "}",
        "group t table other {",
        "op void t0(void) { default nop; }",
        "data u32 n { default 1; }",
        "}",
        "registration clock { u64 read(void); }",
        "}",
        "abi h {",
        plane(r, "one"),
        plane(r, "two"),
        entry(r),
        "feature one = cpuid(0x40000001).eax[3];",
        "msr 1 u64 reg { read; }",
        'reserved number 20 "a";',
        "shared struct shm {",
        *(member(r, f"m{n}") for n in range(3)),
        "};",
        *(call(r, n, f"c{n}") for n in range(4)),
        "}",
        "backend metal for i { bare; detect always; }",
        "backend guest for i on h {",
        'detect cpuid "HyperHyper12";',
        "priority 1;",
        "g.f0 call one;",
        "uses {",
        "full c3 by f0;",
        "}",
        "}",
        "binding h on h {",
        cover(r, "c1"),
        cover(r, pick(r, "shm.m0", "c3.a", "c3")),
        "}",
    ]


def edited(r: random.Random, lines: list[str]) -> list[str]:
    """The lines with one edit."""
    n = r.randrange(len(lines))
    way = r.randrange(6)
    if way == 0:
        return lines[:n] + lines[n + 1 :]
    if way == 1 and n + 1 < len(lines):
        return lines[:n] + [lines[n + 1], lines[n]] + lines[n + 2 :]
    if way == 2:
        return lines[:n] + [r.choice(("// a comment", "/// documentation", "")), *lines[n:]]
    if way == 3:
        new = r.choice((op(r, "added"), call(r, 7, "added"), member(r, "m9"), "const M_9 = 9;"))
        return lines[:n] + [new, *lines[n:]]
    if way == 4:
        name = pick(r, "f2", "f3", "c1", "m1", "M_1", "a", "b")
        return [re.sub(rf"\b{name}\b", f"{name}x", line) for line in lines]
    line = fresh(r, lines[n])
    return lines[:n] + [line, *lines[n + 1 :]] if line else edited(r, lines)


def canonical(model: object, key: str = "") -> object:
    """A manifest without what says nothing: the order of what has names."""
    if isinstance(model, dict):
        # What is registered is compiled anew, what hooks declare is anywhere in the kernel.
        if "hooks" in model:
            model = {**model, "members": sorted(model["members"], key=str)}
        return {k: canonical(v, k) for k, v in model.items() if not is_count(model, k)}
    if not isinstance(model, list):
        return model
    items = [canonical(item) for item in model]
    if key in NAMED or key in SETS:
        return sorted(items, key=str)
    if key in TRIED and all(isinstance(i, dict) and "when" in i for i in items):
        return sorted(items, key=related)
    # What has no slot has no place either.
    if key == "ops" and all(isinstance(i, dict) and "slot" in i for i in items):
        items.sort(key=lambda i: i["name"] if i["slot"] is None else "")
    # A backend's are in the order of the interface's, which is compared there.
    if key == "ops" and all(isinstance(i, dict) and "way" in i for i in items):
        items.sort(key=lambda i: i.get("op", ""))
    return items


def is_count(item: dict, key: str) -> bool:
    """Does the value say the how-manieth it is in the text, and nothing else?"""
    if key in ("name", "prototype", "op", "symbol") and SPARE.search(str(item[key])):
        return True
    if key == "symbol":
        return bool(re.search(r"_v\d+$", item[key]))
    return key == "number" and "slot" in item


def related(item: dict) -> str:
    """What things are about that are tried one after the other."""
    keys = ("op", "action", "target", "registration", "name", "structure", "phase")
    return str([item.get(key) for key in keys])
