"""A backend's author and the keeper of its interface, as far as files show them.

Both know exactly what they have done, so what `pvgen backend sync` must say and write can be
computed beside it: which functions are missing, which prototypes and revisions do not fit.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

# Types of a description, in C, and which of them are the same to a compiler.
TYPES = {
    "u8": ("uint8_t", "u8"),
    "u16": ("uint16_t", "u16"),
    "u32": ("uint32_t", "u32"),
    "u64": ("uint64_t", "u64"),
    "unsigned long": ("unsigned long", "u64"),
    "word_t": ("word_t", "u64"),
    "int": ("int", "int"),
    "long": ("long", "long"),
    "bool": ("bool", "bool"),
    "entry_t": ("entry_t", "entry"),
    "const entry_t *": ("const entry_t *", "entry*"),
    "entry_t *": ("entry_t *", "entry*w"),
    "u64 *": ("uint64_t *", "u64*"),
}
RESULTS = ("void", "u32", "u64", "unsigned long", "int", "bool", "entry_t")

HEAD = """language 1;
typedef u64 word_t;
struct entry { word_t value; };
typedef struct entry entry_t;
interface pv version 1.0 {
"""


def same(a: str, b: str) -> bool:
    """Are two types of a description one in C?"""
    return a == b or (a in TYPES and b in TYPES and TYPES[a][1] == TYPES[b][1])


def declare(kind: str, name: str) -> str:
    """A declaration in C."""
    c = TYPES[kind][0] if kind in TYPES else kind
    return f"{c}{name}" if c.endswith("*") else f"{c} {name}".rstrip()


@dataclass
class Op:
    """An op, and the function that the backend binds it to; None: nop or zero."""

    name: str
    group: str
    result: str
    params: list[tuple[str, str]]
    revision: int = 1
    narrow: bool = False
    function: str | None = None

    @property
    def described(self) -> str:
        """As in the interface."""
        direction = {"const entry_t *": " @in", "entry_t *": " @inout", "u64 *": " @out"}
        params = ", ".join(
            f"{t}{'' if t.endswith('*') else ' '}{n}{direction.get(t, '')}" for t, n in self.params
        )
        clobbers = "clobbers flags; " if self.narrow else ""
        return f"op {self.result} {self.name}({params or 'void'}) {{ {clobbers}revision {self.revision}; }}"

    @property
    def bound(self) -> str:
        """As in the backend."""
        otherwise = "nop" if self.result == "void" else "zero"
        return f"{self.group}.{self.name} {'call ' + self.function if self.function else otherwise};"

    def signature(self) -> tuple[str, tuple[str, ...], bool]:
        """What its function must have."""
        return self.result, tuple(t for t, _ in self.params), self.narrow


class Keeper:
    """Changes the interface, and binds its ops."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.count = 0
        self.ops: list[Op] = []
        for _ in range(dice.randint(2, 6)):
            self.add()

    def text(self) -> str:
        """in.pvi"""
        groups = sorted({op.group for op in self.ops})
        inside = "".join(
            f"group {g} {{\n" + "".join(f"    {op.described}\n" for op in self.ops if op.group == g) + "}\n"
            for g in groups
        )
        bound = "".join(f"    {op.bound}\n" for op in self.ops)
        return f"{HEAD}{inside}}}\nbackend guest for pv {{\n    detect always;\n{bound}}}\n"

    def wanted(self) -> dict[str, Op]:
        """Functions that somebody has to write."""
        return {op.function: op for op in self.ops if op.function}

    def fresh(self) -> str:
        """A name that was never used."""
        self.count += 1
        return f"op{self.count}"

    def params(self) -> list[tuple[str, str]]:
        """Up to four parameters."""
        return [(self.dice.choice(list(TYPES)), f"p{i}") for i in range(self.dice.randint(0, 4))]

    def add(self) -> None:
        """A new op, bound to a new function."""
        name = self.fresh()
        self.ops.append(
            Op(name, self.dice.choice("gh"), self.dice.choice(RESULTS), self.params(), function=f"guest_{name}",
               narrow=self.dice.random() < 0.2)
        )

    def any(self) -> Op:
        """One of the ops."""
        return self.dice.choice(self.ops)

    def change_param(self) -> None:
        """Another type for one parameter."""
        op = self.any()
        if op.params:
            i = self.dice.randrange(len(op.params))
            op.params[i] = (self.dice.choice(list(TYPES)), op.params[i][1])

    def add_param(self) -> None:
        """One parameter more, anywhere."""
        op = self.any()
        if len(op.params) < 5:
            op.params.insert(self.dice.randint(0, len(op.params)), (self.dice.choice(list(TYPES)), self.fresh()))

    def drop_param(self) -> None:
        """One parameter less."""
        op = self.any()
        if op.params:
            op.params.pop(self.dice.randrange(len(op.params)))

    def rename_param(self) -> None:
        """Which is nobody else's business."""
        op = self.any()
        if op.params:
            i = self.dice.randrange(len(op.params))
            op.params[i] = (op.params[i][0], self.fresh())

    def change_result(self) -> None:
        """Another type for the result."""
        self.any().result = self.dice.choice(RESULTS)

    def change_clobbers(self) -> None:
        """The op keeps more registers, or fewer."""
        op = self.any()
        op.narrow = not op.narrow

    def bump(self) -> None:
        """The op means something else."""
        self.any().revision += 1

    def rename(self) -> None:
        """Another name for the op; its function may keep the old one."""
        op = self.any()
        op.name = self.fresh()
        if op.function and self.dice.random() < 0.5:
            op.function = f"guest_{op.name}"

    def remove(self) -> None:
        """The op is no more."""
        if len(self.ops) > 1:
            self.ops.remove(self.any())

    def move(self) -> None:
        """The op goes to another group."""
        self.any().group = self.dice.choice("ghk")

    def unbind(self) -> None:
        """The backend needs no function for it."""
        self.any().function = None

    def bind(self) -> None:
        """The backend needs a function for it after all."""
        op = self.any()
        op.function = op.function or f"guest_{op.name}"

    def step(self) -> None:
        """One change."""
        self.dice.choice(
            [self.add, self.add, self.change_param, self.add_param, self.drop_param, self.rename_param,
             self.change_result, self.change_clobbers, self.bump, self.rename, self.remove, self.move,
             self.unbind, self.bind]
        )()


STUB = re.compile(
    r"\n/\*\*\n(?P<doc>(?: \*.*\n)*) \*/\n(?P<said>(?:PV_IMPLEMENTS\(\w+, \d+\);\n)*)(?P<head>.*)\n\{\n(?P<body>(?:\t.*\n)*)\}\n"
)
SAID = re.compile(r"PV_IMPLEMENTS\((\w+), (\d+)\);")
PROTOTYPE = re.compile(r"(PV_NARROW )?(.*?)(\w+)\((.*)\)")

# Text that a careless reader of C takes for something else.
NOISE = (
    "/* void guest_op1(int x) {{ */\n",
    "// }} guest_op2( \\\n{{\n",
    'static const char *const text{n} = "}} {{ guest_op1(void) \\" /*";\n',
    "static int helper{n}(int a, int b)\n{{\n\treturn a ? b : '}}';\n}}\n",
    "#define MACRO{n}(x) do {{ (void)(x); }} while (0)\n",
    "#if 0\nvoid guest_op1(void) {{ is not }} here\n#endif\n",
    "struct local{n} {{ int a; union {{ int b; }} c; }};\n",
    "enum {{ FIRST{n}, SECOND{n} = 2 }};\n",
    "static int (*table{n}[])(int, int) __attribute__((unused)) = {{ 0 }};\n",
    "typedef int local{n}_t(int (*)(void), char *[]);\n",
    "_Static_assert(sizeof(int) == 4, \"{{\");\n",
    "#ifdef NEVER\nvoid never{n}(void) {{\n#else\nvoid always{n}(void);\nvoid always{n}(void) {{\n#endif\n}}\n",
    "\n\n",
)

BODIES = (
    "{uses}{result}",
    "{uses}\tif (1) {{\n\t\t; /* }} */\n\t}}\n{result}",
    '{uses}\tconst char *s = "}}{{\\"";\n\n\t(void)s;\n{result}',
    "#ifdef NEVER\n\tif (0) {{\n#else\n\t{{\n#endif\n\t}}\n{uses}{result}",
    "{uses}\tswitch (0) {{ case '{{': ; }}\n{result}",
    "#define LOCAL(x) {{ (void)(x); }}\n\tLOCAL(1)\n#undef LOCAL\n{uses}{result}",
)


@dataclass
class Function:
    """A function that the author has taken over from a stub, with the types it was written for."""

    name: str
    doc: str
    said: list[tuple[str, int]]
    result: str
    params: list[tuple[str, str]]
    narrow: bool
    body: str
    is_stub: bool = True
    is_static: bool = False
    style: str = "{narrow}{result}{name}({params})"
    params_style: str = ", "
    wrap: tuple[str, str] = ("", "")

    def signature(self) -> tuple[str, tuple[str, ...], bool]:
        """What it has."""
        return self.result, tuple(t for t, _ in self.params), self.narrow

    def text(self) -> str:
        """As in the file."""
        result = declare(self.result, "")
        head = self.style.format(
            narrow="PV_NARROW " if self.narrow else "",
            result=result if result.endswith("*") else f"{result} ",
            name=self.name,
            params=self.params_style.join(declare(t, n) for t, n in self.params) or "void",
        )
        said = "".join(f"PV_IMPLEMENTS({op}, {revision});\n" for op, revision in self.said)
        head = f"static {head}" if self.is_static else head
        return f"{self.wrap[0]}\n{self.doc}{said}{head}\n{{\n{self.body}}}\n{self.wrap[1]}"


def kind_of(c: str) -> str:
    """A type of C as a description has it."""
    return next((kind for kind, (text, _) in TYPES.items() if text == c), c)


def taken_over(match: re.Match[str]) -> Function:
    """A stub as the author finds it."""
    narrow, result, name, params = PROTOTYPE.fullmatch(match["head"]).groups()
    pairs = [re.fullmatch(r"(.*?)(\w+)", p).groups() for p in params.split(", ")] if params != "void" else []
    return Function(
        name=name,
        doc=f"/**\n{match['doc']} */\n",
        said=[(op, int(revision)) for op, revision in SAID.findall(match["said"])],
        result=kind_of(result.strip()),
        params=[(kind_of(t.strip()), n) for t, n in pairs],
        narrow=bool(narrow),
        body=match["body"],
    )


@dataclass
class File:
    """A source: text and functions in their order."""

    parts: list[str | Function] = field(default_factory=list)
    returns: bool = False

    def text(self) -> bytes:
        """Its bytes."""
        text = "".join(p if isinstance(p, str) else p.text() for p in self.parts)
        return text.replace("\n", "\r\n" if self.returns else "\n").encode()

    def functions(self) -> list[Function]:
        """The functions in it."""
        return [p for p in self.parts if isinstance(p, Function)]

    def take(self, text: bytes) -> list[Function]:
        """Take over what was put behind everything else; nothing of it may be left unknown."""
        plain = text.decode().replace("\r\n", "\n")
        at, new = 0, []
        for match in STUB.finditer(plain):
            self.parts.append(plain[at : match.start()])
            new.append(taken_over(match))
            self.parts.append(new[-1])
            at = match.end()
        self.parts.append(plain[at:])
        return new


STYLES = (
    "{narrow}{result}{name}({params})",
    "{narrow}{result}\n{name}({params})",
    "__attribute__((cold)) {narrow}{result}{name}({params})",
    "{narrow}{result}__attribute__((noinline, section(\".text.x{{\"))) {name}({params})",
    "{narrow}{result}{name} (\n\t{params}\n)",
    "/* { */ {narrow}{result}/* ) */{name}/* ( */({params}) /* } */".replace("{ */", "{{ */").replace("/* }", "/* }}"),
    "{narrow}{result}\\\n{name}({params})",
)
WRAPS = (
    ("", ""),
    ("#if 1\n", "#endif\n"),
    ("#ifndef NEVER\n", "#endif\n"),
    ("#if defined(NEVER)\n#else\n", "#endif /* { */\n"),
    ("#if 0\n{\n#elif 1\n", "#else\n}\n#endif\n"),
)


class Author:
    """Edits the sources of one backend; knows what is in them."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.files: dict[str, File] = {}
        self.count = 0

    def defined(self) -> dict[str, Function]:
        """All functions."""
        return {f.name: f for file in self.files.values() for f in file.functions()}

    def some(self) -> tuple[File, Function] | None:
        """A function and its file."""
        all_of_them = [(file, f) for file in self.files.values() for f in file.functions()]
        return self.dice.choice(all_of_them) if all_of_them else None

    def number(self) -> int:
        """A number that was never used."""
        self.count += 1
        return self.count

    # ---- one function an edit ----

    def rename_params(self) -> None:
        """The author likes other names."""
        if found := self.some():
            f = found[1]
            new = {n: f"{n}_{self.number()}" if self.dice.random() < 0.7 else n for _, n in f.params}
            f.params = [(t, new[n]) for t, n in f.params]
            for old, name in new.items():
                f.body = re.sub(rf"\b{old}\b", name, f.body)

    def write_body(self) -> None:
        """A stub is written."""
        if found := self.some():
            f = found[1]
            f.is_stub = False
            uses = "".join(f"\t(void){n};\n" for _, n in f.params)
            value = "(entry_t){0}" if f.result == "entry_t" else "0"
            result = "" if f.result == "void" else f"\treturn {value};\n"
            f.body = self.dice.choice(BODIES).format(uses=uses, result=result)

    def restyle(self) -> None:
        """The same prototype, written differently."""
        if found := self.some():
            found[1].style = self.dice.choice(STYLES)
            found[1].params_style = self.dice.choice((", ", ",\n\t", " , ", ", /* ) */ "))

    def wrap(self) -> None:
        """Around a function, a condition."""
        if found := self.some():
            found[1].wrap = self.dice.choice(WRAPS)

    def drop_doc(self) -> None:
        """The comment of a stub goes."""
        if found := self.some():
            found[1].doc = self.dice.choice(("", "/* mine { */\n", "// ({[\n"))

    def add_noise(self) -> None:
        """Helpers, comments, macros."""
        if self.files:
            file = self.files[self.dice.choice(sorted(self.files))]
            place = self.dice.randint(0, len(file.parts))
            file.parts.insert(max(place, 1), "\n" + self.dice.choice(NOISE).format(n=self.number()))

    def reorder(self) -> None:
        """Functions in another order."""
        if self.files:
            file = self.files[self.dice.choice(sorted(self.files))]
            head, rest = file.parts[:1], file.parts[1:]
            self.dice.shuffle(rest)
            rest = [f"{p}\n" if isinstance(p, str) and not p.endswith("\n") else p for p in rest]
            file.parts = head + rest

    def split(self) -> None:
        """Some functions go to another file, new or not."""
        if found := self.some():
            file, f = found
            name = self.dice.choice([f"mine{self.number()}.c", "deep/mine.c", *self.files])
            target = self.files.setdefault(name, File(['#include "guest.h"\n']))
            file.parts = [p for p in file.parts if p is not f]
            target.parts += ["\n", f]

    def delete(self) -> None:
        """A function goes, on purpose; nothing is left of it."""
        if found := self.some():
            file, f = found
            file.parts = [p for p in file.parts if p is not f]

    def delete_file(self) -> None:
        """A whole file goes."""
        if self.files and self.dice.random() < 0.3:
            del self.files[self.dice.choice(sorted(self.files))]

    def exclude(self) -> None:
        """A function is taken out by a condition that never holds."""
        if found := self.some():
            file, f = found
            file.parts[file.parts.index(f)] = f"#if 0\n{f.text()}#endif\n" if not f.wrap[0] else ""

    def make_static(self) -> None:
        """A mistake."""
        if (found := self.some()) and "__attribute__" not in found[1].style:
            found[1].is_static = not found[1].is_static

    def forget_revision(self) -> None:
        """The statement goes."""
        if found := self.some():
            found[1].said = []

    def change_ends(self) -> None:
        """Lines of a file end in another way, or the last one not at all."""
        if self.files:
            file = self.files[self.dice.choice(sorted(self.files))]
            file.returns = not file.returns
            if self.dice.random() < 0.5:
                file.parts.append("/* } the end */")

    def follow(self, wanted: dict[str, Op]) -> None:
        """The author brings a function up to date."""
        if (found := self.some()) and found[1].name in wanted:
            f, op = found[1], wanted[found[1].name]
            f.said = [(op.name, op.revision)]
            f.result, f.params, f.narrow = op.result, list(op.params), op.narrow
            f.is_static = False
            value = "(entry_t){0}" if f.result == "entry_t" else "0"
            f.body = "".join(f"\t(void){n};\n" for _, n in f.params)
            f.body += "" if f.result == "void" else f"\treturn {value};\n"
            f.is_stub = False

    def step(self, wanted: dict[str, Op]) -> None:
        """One edit."""
        edits: list[Callable[[], None]] = [
            self.rename_params, self.write_body, self.write_body, self.restyle, self.wrap, self.drop_doc,
            self.add_noise, self.add_noise, self.reorder, self.split, self.delete, self.delete_file,
            self.exclude, self.make_static, self.forget_revision, self.change_ends, lambda: self.follow(wanted),
        ]
        self.dice.choice(edits)()
