"""C of the two halves of a mix: callers, and those who are called, each of one version.

A value has a name, and its bits are made of that: so whoever gets it can say what it took it for,
and the judge whether that is what was meant.
"""

import re
from collections.abc import Iterator

from model import Callable, Model, Parameter

HEAD = '/* Written by tests/oracle/program.py. */\n#include "judge.h"\n'
ENTER = "".join(
    f'__asm__(".macro {i}\\n\\tcall judge_{i}\\n.endm");\n' for i in ("vmcall", "vmmcall")
)
ENCODED = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)))
NORMAL = {"rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "flags"}
ARGUMENTS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
MACRO = re.compile(r"^#define ([A-Z]\w+) (\(?-?0?x?[0-9a-fA-F]+(?: - 1\))?)$", re.MULTILINE)

# What an old image contains of these is whatever it was built with: they say where code is.
NOT_SAID = re.compile(r"_(HYPERCALL|OFFSET)_|_HAVE_")


def block(lines: Iterator[str] | list[str]) -> str:
    """Statements of a function."""
    return "".join(f"\t{line}\n" for line in lines)


def value(model: Model, p: Parameter) -> str:
    """The number in a parameter: itself, or the one in a structure."""
    shape = model.shape(p.ctype, p.module)
    if not shape.stars and shape.kind == "structure":
        return f"{p.name}.{model.leaves(shape.tag)[0]}"
    return p.name


def members(model: Model, p: Parameter) -> list[tuple[str, str]]:
    """What there is behind a pointer: a name for events, and an expression of its pointer `m`."""
    shape = model.shape(p.ctype, p.module)
    if not shape.is_looked_into:
        return []
    if shape.stars > 1 or shape.kind == "number":
        return [("*" * shape.stars, "*m")]
    tag = shape.tag
    return [(f"{tag}.{leaf}", f"m->{leaf}") for leaf in model.leaves(tag)]


def behind(p: Parameter, statements: list[str]) -> list[str]:
    """Statements about what a parameter points to, without its const."""
    pointed = f"__typeof__(*{p.name})"
    if "const" in p.ctype:
        pointed = re.sub(r"\bconst\b|\*$", "", p.ctype).strip()
    return ["{", f"\t{pointed} *m = (void *){p.name};", "", *(f"\t{s}" for s in statements), "}"]


# ---- callers ----


def prepare(model: Model, nth: int, p: Parameter) -> list[str]:
    """A caller's variable gets its value, and what it points to as well."""
    inner = members(model, p)
    if not inner and model.shape(p.ctype, p.module).stars:
        return [f"{p.name} = judge_room({nth});", f'EVENT("said", "{p.name}", "", {p.name});']
    if not inner:
        target = value(model, p)
        return [
            f'{target} = SENTINEL("{p.name}", "", {target});',
            f'EVENT("said", "{p.name}", "", {target});',
        ]
    if p.direction == "out":
        return [f"{p.name} = judge_room({nth});"]
    fill = [f'{e} = SENTINEL("{p.name}", "{name}", {e});' for name, e in inner]
    said = [f'EVENT("said", "{p.name}", "{name}", {e});' for name, e in inner]
    return [f"{p.name} = judge_room({nth});", *behind(p, fill + said)]


def look(model: Model, nth: int, p: Parameter) -> list[str]:
    """What a caller finds behind its pointers when it comes back."""
    inner = members(model, p)
    if not inner:
        return []
    found = [f'EVENT("found", "{p.name}", "{name}", {e});' for name, e in inner]
    return behind(p, [f'judge_check_room("{p.name}", {nth}, sizeof(*m));', *found])


def from_assembly(model: Model, op: Callable) -> list[str]:
    """As assembly calls it, with junk wherever a contract lets there be junk."""
    prefix = op.module
    words = [f"WITH_JUNK({value(model, p)})" for p in op.parameters]
    row = f"{prefix}_canary_rows[{prefix.upper()}_OP_{op.short}]"
    call = (
        f"judge_call_from_assembly((void (*)(void *))(void (*)(void)){row}.run, {row}.may_change, "
        f"words, {len(words)})"
    )
    got = result(model, op, f"__typeof__({taken(model, op)})", call)
    listed = ", ".join(words) or "0"
    return ["{", f"\tconst unsigned long words[] = {{{listed}}};", "", f"\t{got}", "}"]


def taken(model: Model, op: Callable) -> str:
    """The number in a result."""
    shape = model.shape(op.ctype, f"{op.module}_")
    if not shape.stars and shape.kind == "structure":
        return f"result.{model.leaves(shape.tag)[0]}"
    return "result"


def result(model: Model, op: Callable, cast: str, call: str) -> str:
    """A call, and where its result goes."""
    if op.ctype == "void":
        return f"{call};"
    return f"{taken(model, op)} = ({cast}){call};" if cast else f"result = {call};"


def called(model: Model, op: Callable) -> list[str]:
    """Each way in which an op is called."""
    arguments = ", ".join(p.name for p in op.parameters)
    table = f"{op.module}_ops.{op.name}({arguments})"
    lines = ["if (way == JUDGE_SLOT) {", f"\t{result(model, op, '', table)}", "}"]
    if op.word in model.stubs:
        stub = f"{op.word}({arguments})"
        lines += ["if (way == JUDGE_STUB) {", f"\t{result(model, op, '', stub)}", "}"]
    assembly = ["if (way == JUDGE_ASM)", *(f"\t{line}" for line in from_assembly(model, op))]
    return [*lines, "#ifndef JUDGE_SOURCE", *assembly, "#endif"]


def use(model: Model, c: Callable, calls: list[str]) -> str:
    """A function that makes a call, says before what it means, and after what it found."""
    lines = [f"{p.ctype} {p.name};" for p in c.parameters]
    if c.ctype != "void":
        lines += [f"{c.ctype} result;"]
    for nth, p in enumerate(c.parameters):
        lines += prepare(model, nth, p)
    lines += calls
    for nth, p in enumerate(c.parameters):
        lines += look(model, nth, p)
    if c.ctype != "void":
        lines.append(f'EVENT("found", "result", "", {taken(model, c)});')
    body = block(lines).replace("\t#", "#")
    return f"static void use_{c.word}(enum judge_way way)\n{{\n\t(void)way;\n{body}}}\n\n"


def share(tag: str, model: Model) -> str:
    """A function that fills memory for others to read."""
    p = Parameter("m", f"{model.structures[tag][1]['kind']} {tag} *", "", "in")
    lines = [
        f"{p.ctype}m = judge_room(0);",
        "",
        "(void)way;",
        *(f'{e} = SENTINEL("m", "{name}", {e});' for name, e in members(model, p)),
        *(f'EVENT("said", "m", "{name}", {e});' for name, e in members(model, p)),
        f'judge_share("{tag}", m);',
    ]
    return f"static void share_{tag}(enum judge_way way)\n{{\n{block(lines)}}}\n\n"


def is_used(model: Model, op: Callable) -> bool:
    """What has callers that come back."""
    return not model.is_dead(op) and not op.detail["tail"] and has_slot(op)


def comes_back(call: Callable) -> bool:
    """Whether its callers go on."""
    return call.detail.get("kind") != "noreturn"


def has_slot(op: Callable) -> bool:
    """Whether it is in a table."""
    return op.detail["site"] in ("slot", "never_patched")


def numbers(model: Model, headers: dict[str, str], what: str) -> str:
    """Each number that has a name in the headers."""
    names = {
        name
        for text in headers.values()
        for name, _ in MACRO.findall(text)
        if not NOT_SAID.search(name) and not name.startswith("PVGEN_")
    }
    names |= {c["name"] for c in model.manifest["types"]["constants"]}
    rows = "".join(f'\t{{"{n}", (unsigned long)({n})}},\n' for n in sorted(names))
    return f"const struct judge_number judge_{what}_numbers[] = {{\n{rows}\t{{NULL, 0}},\n}};\n\n"


def includes(headers: dict[str, str]) -> str:
    """All headers that C can have."""
    return "".join(f'#include "{name}"\n' for name in sorted(headers)) + "\n"


def callers(model: Model, headers: dict[str, str]) -> str:
    """The half that calls."""
    ops = [op for op in model.ops if is_used(model, op)]
    text = [ENTER, HEAD, includes(headers)]
    text += [use(model, op, called(model, op)) for op in ops]
    calls = [c for c in model.calls if c.word in model.stubs and comes_back(c)]
    for call in calls:
        made = result(model, call, "", f"{call.word}({', '.join(p.name for p in call.parameters)})")
        text.append(use(model, call, [f"JUDGE_ALIVE({made.rstrip(';')});"]))
    text += [share(tag, model) for tag in model.shared]
    text.append(numbers(model, headers, "said"))
    rows = [(op.full, way, f"use_{op.word}") for op in ops for way in ways(model, op)]
    rows += [(c.full, "CALL", f"use_{c.word}") for c in calls]
    rows += [(tag, "MEMORY", f"share_{tag}") for tag in model.shared]
    listed = "".join(f'\t{{"{name}", JUDGE_{way}, {f}}},\n' for name, way, f in rows)
    end = "\t{NULL, JUDGE_STUB, NULL},\n"
    return "".join(text) + f"const struct judge_use judge_uses[] = {{\n{listed}{end}}};\n"


def ways(model: Model, op: Callable) -> list[str]:
    """In which an op is called."""
    stub = ["STUB"] if op.word in model.stubs else []
    return [*stub, "SLOT", *(["ASM"] if op.detail["site"] == "slot" else [])]


# ---- those who are called ----


def hear(model: Model, c: Callable) -> list[str]:
    """What arrives, and what is put behind pointers in return."""
    lines = [f'judge_heard("{c.full}");']
    for p in c.parameters:
        inner = members(model, p)
        lines.append(f'EVENT("passed", "{p.name}", "", {value(model, p)});')
        read = [f'EVENT("got", "{p.name}", "{name}", {e});' for name, e in inner]
        write = [f'{e} = SENTINEL("written {p.name}", "{name}", {e});' for name, e in inner]
        wrote = [f'EVENT("wrote", "{p.name}", "{name}", {e});' for name, e in inner]
        if p.direction == "out":
            read = []
        if p.direction not in ("out", "inout"):
            write = wrote = []
        if read or write:
            lines += behind(p, read + write + wrote)
    return lines


def answer(model: Model, c: Callable, target: str) -> list[str]:
    """The result goes there, with junk above it."""
    if c.ctype == "void":
        return []
    number = taken(model, c)
    return [
        f'{number} = SENTINEL("result", "", {number});',
        f'EVENT("wrote", "result", "", {number});',
        f"{target} = RESULT_WITH_JUNK({number});",
    ]


def changed(op: Callable) -> set[str]:
    """Registers that an op may change: its contract lets it."""
    said = set(op.detail["clobbers"])
    own = {*ARGUMENTS[: len(op.parameters)], *(["rax"] if op.ctype != "void" else [])}
    return (NORMAL if "normal" in said else said & {*ENCODED, "flags"}) | own


def gate(op: Callable) -> str:
    """Keeps what the contract says, and destroys all the rest."""
    destroyed = changed(op)
    junk = [
        f"movabs $0x{0xDEAD0000BEEF0000 + n:x}, %{r}"
        for n, r in enumerate(ENCODED)
        if r in destroyed
    ]
    flags = ["pushf", "xorq $0x8d5, (%rsp)", "popf"] if "flags" in destroyed else []
    answered = ["mov judge_result(%rip), %rax"] if op.ctype != "void" else []
    saved = ("rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11")
    lines = [
        f".globl gate_{op.word}", f"gate_{op.word}:", "endbr64", "pushf", "push %rbp",
        "mov %rsp, %rbp", *(f"push %{r}" for r in saved), "and $-16, %rsp",
        f"call body_{op.word}", f"lea -{8 * len(saved)}(%rbp), %rsp",
        *(f"pop %{r}" for r in reversed(saved)), "pop %rbp", "popf",
        *junk, *flags, *answered, "ret",
    ]  # fmt: skip
    return "__asm__(\n" + "".join(f'\t"{line}\\n"\n' for line in lines) + ");\n\n"


def implementation(model: Model, op: Callable) -> str:
    """The C of an op, and its gate, which has the op's prototype."""
    inside = ", ".join(f"{p.ctype} {p.name}" for p in op.parameters) or "void"
    lines = [f"{op.ctype} result;"] if op.ctype != "void" else []
    lines += hear(model, op) + answer(model, op, "judge_result")
    narrow = "" if "normal" in op.detail["clobbers"] else f"{op.module.upper()}_NARROW "
    return (
        f"{narrow}{op.ctype} gate_{op.word}({inside});\n"
        f"void body_{op.word}({inside});\nvoid body_{op.word}({inside})\n{{\n{block(lines)}}}\n\n"
        f"#ifndef JUDGE_SOURCE\n{gate(op)}#endif\n\n"
    )


def table(model: Model, interface: dict) -> str:
    """The slots, with what is no op around them."""
    name = interface["name"]
    ops = [op for op in model.ops if op.module == name and has_slot(op)]
    rows = "".join(f"\t\t.{o.name} = gate_{o.word},\n" for o in ops if is_used(model, o))
    dead = "".join(
        f"\t\t.{o.name} = (__typeof__({name}_ops.{o.name}))judge_trap,\n"
        for o in ops
        if not is_used(model, o)
    )
    rows += f"#ifndef JUDGE_SOURCE\n{dead}#endif\n"
    return (
        f"static struct {{\n\tstruct {name}_ops ops;\n\tvoid (*behind[64])(void);\n}} "
        f"{name}_table = {{\n"
        f"\t.ops = {{\n{rows}\t}},\n\t.behind = {{[0 ... 63] = judge_stray}},\n}};\n"
        f'__asm__(".globl {name}_ops\\n.set {name}_ops, {name}_table");\n'
        f"void *judge_keep_{name} = &{name}_table;\n\n"
    )


def register(place: str) -> str:
    """Where the caller's value of a register is."""
    return f"judge_registers[{ENCODED.index(place)}]"


def serve(model: Model, call: Callable) -> str:
    """The other side of a numbered call."""
    lines = [f"{p.ctype} {p.name} = ({p.ctype}){register(p.place)};" for p in call.parameters]
    lines += [f"{call.ctype} result;"] if call.ctype != "void" else []
    lines += hear(model, call)
    junk = sorted(model.may_change(call) & {*ENCODED})
    lines += [f"{register(r)} = JUDGE_JUNK;" for r in junk]
    lines += answer(model, call, register(call.detail["place"]))
    return f"static void serve_{call.word}(void)\n{{\n{block(lines)}}}\n\n"


def served(model: Model) -> Iterator[str]:
    """Conditions under which each call is meant."""
    for call in model.calls:
        entry = model.entry(call)
        instruction = next(i for i in ("vmmcall", "vmcall") if any(i in c for c in entry["code"]))
        number = f"{register(entry['number'])} == {call.detail['number']}"
        yield f"if (judge_instruction == JUDGE_{instruction.upper()} && {number}) {{"
        yield f"\tserve_{call.word}();"
        yield "\treturn;"
        yield "}"


def unserved(model: Model) -> Iterator[str]:
    """A number that nobody has: an error, in the result of the entry that was taken."""
    entry = next((model.entry(c) for c in model.calls), {"number": "rax", "result": "rax"})
    yield f"judge_unknown_call({register(entry.get('number', 'rax'))});"
    yield f"{register(entry.get('result', 'rax'))} = -38ul;"


def reader(tag: str, model: Model) -> str:
    """Reads what others filled."""
    p = Parameter("m", f"{model.structures[tag][1]['kind']} {tag} *", "", "in")
    lines = [f"const {p.ctype}m = memory;", ""]
    lines += [f'EVENT("got", "m", "{name}", {e});' for name, e in members(model, p)]
    return f"static void read_{tag}(const void *memory)\n{{\n{block(lines)}}}\n\n"


def backends(model: Model, headers: dict[str, str]) -> str:
    """The half that is called."""
    text = [HEAD, includes(headers)]
    text += [implementation(model, op) for op in model.ops if is_used(model, op)]
    text += [table(model, i) for i in model.manifest["interfaces"] if i["ops"]]
    text += [serve(model, call) for call in model.calls]
    body = block([*served(model), *unserved(model)])
    text.append(f"void judge_serve(void)\n{{\n{body}}}\n\n")
    text += [reader(tag, model) for tag in model.shared]
    text.append("#ifndef JUDGE_SOURCE\n" + numbers(model, headers, "known") + "#endif\n\n")
    rows = "".join(f'\t{{"{tag}", read_{tag}}},\n' for tag in model.shared)
    text.append(f"const struct judge_reader judge_readers[] = {{\n{rows}\t{{NULL, NULL}},\n}};\n")
    return "".join(text)
