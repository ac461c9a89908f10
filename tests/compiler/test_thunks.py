"""What stands between an op and a call whose code a ROM has, executed.

For a seed there are some dozens of ops and calls of any shape.  A program for i386 stands in for the
kernel and for the ROM: each caller gives all registers, the flags and the stack values of their own;
each call notes what it finds, and changes all that it may.
"""

import random
import re
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tool import ROOT, clean, run

REGISTERS = "eax ebx ecx edx esi edi ebp".split()
PASSED = "eax edx ecx".split()
SIZES = {"u8": 1, "u16": 2, "u32": 4, "s8": 1, "s16": 2, "s32": 4, "u64": 8, "s64": 8}
UNSIGNED = ["u8", "u16", "u32", "u64"]
ROOM = 3  # words of an op's arguments that may be on the stack
CASES, SEEN, AFTER = 40, 7 + 1 + 12, 7 + 1
FLAGS = 0x8D5  # overflow, sign, zero, adjust, parity, carry
MACHINE = "-m32 -march=i686 -mregparm=3 -freg-struct-return -ffreestanding -fno-pic -mgeneral-regs-only".split()
WORD = 0xFFFFFFFF

ABI = """language 1;
abi h {
    arch i386;
    struct header packed { u16 signature; u8 length; u8 pad[0x85]; u8 find[8]; };
    bits answer : u64 { address 31:0; kind 39:32; reserved 63:40; };
    const NONE = 0;
    const CALL = 1;
    entry i386 "call {target}" { args eax edx ecx; stack; result eax; clobbers eax edx ecx flags; }
    rom header {
        scan 0xC0000 0xE0000 2048;
        length length 512;
        find find;
        answer answer address kind;
        relocation none NONE;
        relocation call CALL;
    }
    call at 0x88 answer find(u32 number) @reg(edx:eax);
"""


def is_cut(have: str, want: str) -> bool:
    """Has the one bits that the narrower other has not?"""
    return SIZES[want] < 4 and (SIZES[have] > SIZES[want] or have[0] != want[0])


def words(size: int) -> int:
    """Words that a value is."""
    return (size + 3) // 4


@dataclass
class Case:
    """An op that is done by a call."""

    number: int
    random: random.Random
    op_params: list[str] = field(default_factory=list)
    call_params: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    places: list[list[str]] = field(default_factory=list)  # of the call's words
    registers: dict[str, str] = field(default_factory=dict)  # of the call, by @reg
    clobbers: list[str] = field(default_factory=list)
    op_clobbers: str = ""
    result: str = "void"
    call_result: str = "void"

    def choose(self) -> None:
        """A shape that both sides can have."""
        r = self.random
        self.op_params = self.types(r.randrange(7), r.choice([list(SIZES), ["u32"]]), ROOM)
        self.call_params, self.arguments = [], []
        for name in self.types(r.randrange(6), UNSIGNED, 8):
            known = [i for i, t in enumerate(self.op_params) if t[0] == "u" or SIZES[t] >= SIZES[name]]
            narrow = [i for i in known if words(SIZES[self.op_params[i]]) >= words(SIZES[name]) or self.op_params[i][0] == "u"]
            narrow = [i for i in narrow if not is_cut(self.op_params[i], name)]
            argument = f"p{r.choice(narrow)}" if narrow and r.random() < 0.8 else str(r.randrange(1 << min(31, 8 * SIZES[name])))
            self.call_params.append(name)
            self.arguments.append(argument)
        alike = r.random() < 0.4
        if alike:
            self.call_params, self.arguments = list(self.op_params), [f"p{i}" for i in range(len(self.op_params))]
        if alike and self.op_params[-2:-1] == self.op_params[-1:]:
            self.arguments[-2:] = r.choice([self.arguments[-2:], self.arguments[:-3:-1]])
        self.place()
        self.clobbers = r.sample([*REGISTERS, "flags"], r.randrange(2 if alike else 9))
        self.op_clobbers = r.choice(["", "clobbers flags;", "clobbers none;", "clobbers ecx esi;"])
        self.call_result = r.choice(["void", *UNSIGNED, "s8", "s16", "s32", "s64"])
        if self.call_result != "void":
            self.result = r.choice(["void", *SIZES])

    def types(self, n: int, among: list[str], room: int) -> list[str]:
        """Of parameters, as long as there is room on the stack."""
        chosen: list[str] = []
        for _ in range(n):
            name = self.random.choice(among)
            if sum(p.startswith("stack") for p in sum(passing([*chosen, name]), [])) <= room:
                chosen.append(name)
        return chosen

    def place(self) -> None:
        """By the convention, or some words in registers that are said."""
        if self.random.random() < 0.6 or any(SIZES[t] > 4 for t in self.call_params):
            self.places = passing(self.call_params)
            return
        chosen = self.random.sample(REGISTERS, len(self.call_params))
        self.places = [[reg] for reg in chosen]
        self.registers = {f"a{i}": reg for i, reg in enumerate(chosen)}

    @property
    def convention(self) -> str:
        """Where the result is."""
        return " @reg(edx:eax)" if SIZES.get(self.call_result, 0) > 4 else ""

    def describe(self) -> tuple[str, str, str]:
        """The call, the op, the line of the backend."""
        params = ", ".join(
            f"{t} a{i}" + (f" @reg({self.registers[f'a{i}']})" if self.registers else "")
            for i, t in enumerate(self.call_params)
        )
        call = f"call {self.number} {self.call_result} c{self.number}({params or 'void'}){self.convention}"
        ops = ", ".join(f"{t} p{i}" for i, t in enumerate(self.op_params)) or "void"
        native = "nop" if self.result == "void" else "nop # writes none"
        return (
            f"{call} {{ clobbers {' '.join(self.clobbers) or 'none'}; }}",
            f'op {self.result} o{self.number}({ops}) {{ {self.op_clobbers} native i386 "{native}"; }}',
            f"g.o{self.number} = h.c{self.number}({', '.join(self.arguments)});",
        )

    def may_change(self) -> set[str]:
        """What the op's callers expect to be changed."""
        normal = {*PASSED, "flags"}
        said = {"": normal, "clobbers flags;": {"flags"}, "clobbers none;": set(), "clobbers ecx esi;": {"ecx", "esi"}}
        arguments = {place for at in passing(self.op_params) for place in at if not place.startswith("stack")}
        return said[self.op_clobbers] | arguments | set(result_registers(self.result))

    def call_changes(self) -> list[str]:
        """What the call changes."""
        return [*{*self.clobbers, *result_registers(self.call_result)}]


def result_registers(name: str) -> list[str]:
    """Where a result of the type is."""
    return ["eax", "edx"][: words(SIZES.get(name, 0))]


def passing(types: list[str]) -> list[list[str]]:
    """Where each word of arguments of these types travels."""
    places, registers, stack = [], list(PASSED), 0
    for name in types:
        n = words(SIZES[name])
        if not stack and len(registers) >= n:
            places.append([registers.pop(0) for _ in range(n)])
        else:
            places.append([f"stack{stack + i}" for i in range(n)])
            stack += n
    return places


def extended(value: int, name: str) -> list[int]:
    """The words that a value is in registers."""
    bits = SIZES[name] * 8
    value &= (1 << bits) - 1
    if name[0] == "s" and value >> (bits - 1):
        value -= 1 << bits
    return [value >> 32 * i & WORD for i in range(words(SIZES[name]))]


@dataclass
class Values:
    """What a caller of a case gives, and its call."""

    params: list[int]
    before: dict[str, int]
    flags: int
    changed: dict[str, int]
    result: int


def values_of(case: Case) -> Values:
    """Any."""
    r = case.random
    return Values(
        [r.randrange(1 << 64) for _ in case.op_params],
        {reg: r.randrange(1 << 32) for reg in REGISTERS},
        r.randrange(1 << 32) & FLAGS,
        {reg: r.randrange(1 << 32) for reg in REGISTERS},
        r.randrange(1 << 64),
    )


def given(case: Case, values: Values) -> tuple[dict[str, int], list[int]]:
    """Registers and stack at the site."""
    registers, stack = dict(values.before), []
    for name, value, places in zip(case.op_params, values.params, passing(case.op_params)):
        for place, word in zip(places, extended(value, name)):
            if place.startswith("stack"):
                stack.append(word)
            else:
                registers[place] = word
    return registers, stack


def caller(case: Case, values: Values, target: str) -> list[str]:
    """Loads all, calls, notes all."""
    registers, stack = given(case, values)
    lines = [f"push $0x{word:x}" for word in reversed(stack)]
    lines += [f"push $0x{values.flags | 2:x}", "popf"]
    lines += [f"mov $0x{registers[reg]:x}, %{reg}" for reg in REGISTERS]
    lines += [target]
    lines += [f"mov %{reg}, after+{(case.number * AFTER + i) * 4}" for i, reg in enumerate(REGISTERS)]
    lines += ["pushf", f"popl after+{(case.number * AFTER + 7) * 4}"]
    return [*lines, f"lea {4 * len(stack)}(%esp), %esp"]


def code(case: Case, values: Values) -> list[str]:
    """Notes what it finds, changes what it may."""
    at = case.number * SEEN * 4
    lines = [f"c{case.number}:", "pushf", f"popl seen+{at + 7 * 4}"]
    lines += [f"mov %{reg}, seen+{at + i * 4}" for i, reg in enumerate(REGISTERS)]
    for i in range(12):
        lines += [f"push {4 + 4 * i}(%esp)", f"popl seen+{at + (8 + i) * 4}"]
    lines += [f"mov seen+{at}, %eax"]
    changes = case.call_changes()
    lines += [f"mov $0x{values.changed[reg]:x}, %{reg}" for reg in changes if reg != "flags"]
    registers = result_registers(case.call_result)
    garbage = values.result
    for i, reg in enumerate(registers):
        lines += [f"mov $0x{garbage >> 32 * i & WORD:x}, %{reg}"]
    left = values.flags ^ FLAGS if "flags" in changes else None
    lines += [f"push $0x{left | 2:x}", "popf"] if left is not None else [f"push seen+{at + 7 * 4}", "popf"]
    return [*lines, "ret"]


def program(cases: list[Case], values: list[Values], bindings: dict[str, str]) -> str:
    """All callers one after the other; what was noted goes to standard output."""
    lines = [".globl _start, h_targets", ".text", "_start:"]
    for case, v in zip(cases, values):
        thunk = bindings[f"o{case.number}"]
        lines += caller(case, v, f"call {thunk}" if thunk != "0" else f"call *h_targets+{4 * case.number}")
    sizes = {"seen": len(cases) * SEEN * 4, "after": len(cases) * AFTER * 4}
    for name, size in sizes.items():
        lines += [f"mov $4, %eax; mov $1, %ebx; mov ${name}, %ecx; mov ${size}, %edx; int $0x80"]
    lines += ["mov $1, %eax; xor %ebx, %ebx; int $0x80"]
    for case, v in zip(cases, values):
        lines += code(case, v)
    lines += [".data", "h_targets:", *(f".long c{case.number}" for case in cases)]
    lines += [".bss", *(f"{name}: .skip {size}" for name, size in sizes.items())]
    return "\n".join([*lines, '.section .note.GNU-stack,"",@progbits', ""])


def argument_words(case: Case, values: Values, i: int) -> list[int]:
    """What the call must find of an argument."""
    wanted, text = case.call_params[i], case.arguments[i]
    if text.startswith("p"):
        n = int(text[1:])
        found = extended(values.params[n], case.op_params[n])
    else:
        found = [int(text)]
    return (found + [0, 0])[: words(SIZES[wanted])]


def check_seen(case: Case, values: Values, seen: tuple[int, ...]) -> None:
    """Each argument is where the call expects it."""
    for i, places in enumerate(case.places):
        for place, word in zip(places, argument_words(case, values, i)):
            stack = place.removeprefix("stack")
            found = seen[8 + int(stack)] if stack != place else seen[REGISTERS.index(place)]
            mask = (1 << 8 * min(4, SIZES[case.call_params[i]])) - 1
            assert found & mask == word & mask, (case.describe(), place, hex(found), hex(word))


def check_after(case: Case, values: Values, after: tuple[int, ...]) -> None:
    """The result is whole, and nothing else has changed that the op keeps."""
    before, _ = given(case, values)
    may = case.may_change()
    for reg, found in zip(REGISTERS, after):
        assert reg in may or found == before[reg], (case.describe(), reg)
    if "flags" not in may:
        assert after[7] & FLAGS == values.flags, case.describe()
    expected = []
    if case.result != "void":
        known = extended(values.result, case.call_result)
        sign = WORD if case.call_result[0] == "s" and known[-1] >> 31 else 0
        expected = [*known, sign][: words(SIZES[case.result])]
    for reg, word in zip(("eax", "edx"), expected):
        mask = (1 << 8 * min(4, SIZES[case.result])) - 1
        assert after[REGISTERS.index(reg)] & mask == word & mask, (case.describe(), reg)


def build(cases: list[Case], place: Path) -> dict[str, str]:
    """What pvgen writes of them; by op the thunk, or 0."""
    calls, ops, lines = zip(*(case.describe() for case in cases))
    interface = "interface pv version 1.0 { group g {\n" + "\n".join(ops) + "\n} }\n"
    metal = "backend metal for pv { bare; detect always; }\n"
    guest = "backend guest for pv on h { detect rom; priority 1;\n" + "\n".join(lines) + "\n}\n"
    (place / "in.pvi").write_text(ABI + "\n".join(calls) + "\n}\n" + interface + metal + guest)
    assert clean(run("build", "--arch=i386", "--outdir", "out", "in.pvi", cwd=place))
    text = (place / "out/guest.c").read_text()
    rows = re.findall(r"^\t\{PV_OP_(\w+), H_HYPERCALL_\w+, true, (?:\(uintptr_t\))?(\w+)\}", text, re.MULTILINE)
    assert len(rows) == len(cases)
    return dict(rows)


@pytest.mark.parametrize("seed", range(12))
def test_thunks(seed: int, tmp_path: Path) -> None:
    """Each call finds what its op was given; each op's caller what the op promises."""
    cases = [Case(i, random.Random(f"{seed} {i}")) for i in range(CASES)]
    for case in cases:
        case.choose()
    values = [values_of(case) for case in cases]
    bindings = build(cases, tmp_path)
    (tmp_path / "program.S").write_text(program(cases, values, bindings))
    words_of_compiler = ["gcc", *MACHINE, "-nostdlib", "-static", "program.S", "out/guest.S", "-o", "program"]
    subprocess.run(words_of_compiler, cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "program"], capture_output=True, check=True).stdout
    noted = struct.unpack(f"<{CASES * (SEEN + AFTER)}I", said)
    for i, (case, v) in enumerate(zip(cases, values)):
        check_seen(case, v, noted[i * SEEN : (i + 1) * SEEN])
        start = CASES * SEEN + i * AFTER
        check_after(case, v, noted[start : start + AFTER])
    assert any(thunk == "0" for thunk in bindings.values()) and any(thunk != "0" for thunk in bindings.values())


# ---- the functions of the abi's header ----


def is_for_c(case: Case) -> bool:
    """A compiler has registers for it: for each word that is pushed one that the call keeps."""
    places = [place for at in passing(case.call_params) for place in at]
    kept = {"ebx", "esi", "edi"} - {*case.clobbers}
    return len([p for p in places if p.startswith("stack")]) <= len(kept) and not case.registers and "ebp" not in case.clobbers


def user(case: Case, values: list[int]) -> str:
    """A function that makes the call."""
    arguments = ", ".join(f"0x{v:x}ull" for v in values)
    result = "" if case.call_result == "void" else "return (uint64_t)"
    call, rest = f"h_c{case.number}({arguments});", "" if result else " return 0;"
    return f"uint64_t use{case.number}(void);\nuint64_t use{case.number}(void) {{ {result}{call}{rest} }}"


def user_program(cases: list[Case], values: list[Values]) -> str:
    """Each function called from the start, with all registers known."""
    lines = [".globl _start, h_targets", ".text", "_start:"]
    for n, case in enumerate(cases):
        lines += [f"mov $0x{values[n].before[reg]:x}, %{reg}" for reg in REGISTERS]
        lines += [f"call use{case.number}"]
        lines += [f"mov %{reg}, after+{(case.number * AFTER + i) * 4}" for i, reg in enumerate(REGISTERS)]
    for name, size in {"seen": CASES * SEEN * 4, "after": CASES * AFTER * 4}.items():
        lines += [f"mov $4, %eax; mov $1, %ebx; mov ${name}, %ecx; mov ${size}, %edx; int $0x80"]
    lines += ["mov $1, %eax; xor %ebx, %ebx; int $0x80"]
    for case, v in zip(cases, values):
        lines += code(case, v)
    known = {case.number for case in cases}
    lines += [".data", "h_targets:", *(f".long {f'c{i}' if i in known else 0}" for i in range(CASES))]
    lines += [".bss", f"seen: .skip {CASES * SEEN * 4}", f"after: .skip {CASES * AFTER * 4}"]
    return "\n".join([*lines, '.section .note.GNU-stack,"",@progbits', ""])


@pytest.mark.parametrize("compiler", ("gcc", "clang"))
@pytest.mark.parametrize("seed", range(3))
def test_functions(seed: int, compiler: str, tmp_path: Path) -> None:
    """A call from C has its arguments, its result, and no register of the caller's but those that calls change."""
    cases = [Case(i, random.Random(f"c {seed} {i}")) for i in range(CASES)]
    for case in cases:
        case.choose()
    build(cases, tmp_path)
    cases = [case for case in cases if is_for_c(case)]
    values = [values_of(case) for case in cases]
    given_ones = [[case.random.randrange(1 << 8 * SIZES[t]) for t in case.call_params] for case in cases]
    users = "\n".join(user(case, v) for case, v in zip(cases, given_ones))
    (tmp_path / "users.c").write_text(f'#include "h.h"\n{users}\n')
    (tmp_path / "program.S").write_text(user_program(cases, values))
    options = [*MACHINE, "-O2", "-fomit-frame-pointer", "-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Werror"]
    command = [compiler, *options, "-Iout", "-nostdlib", "-static", "program.S", "users.c", "-o", "program"]
    subprocess.run(command, cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "program"], capture_output=True, check=True).stdout
    noted = struct.unpack(f"<{CASES * (SEEN + AFTER)}I", said)
    assert len(cases) > 9
    for case, v, arguments in zip(cases, values, given_ones):
        i = case.number
        case.op_params, case.arguments = case.call_params, [f"p{n}" for n in range(len(arguments))]
        v.params = arguments
        check_seen(case, v, noted[i * SEEN : (i + 1) * SEEN])
        after = noted[CASES * SEEN + i * AFTER :][:AFTER]
        for reg in ("ebx", "esi", "edi", "ebp"):
            assert after[REGISTERS.index(reg)] == v.before[reg], (case.describe(), reg)
        for reg, word in zip(("eax", "edx"), extended(v.result, case.call_result) if case.call_result != "void" else []):
            assert after[REGISTERS.index(reg)] == word, (case.describe(), reg)


@pytest.mark.parametrize("compiler", ("gcc", "clang"))
@pytest.mark.parametrize("level", ("-O1", "-O2", "-Os"))
def test_functions_of_vmi(compiler: str, level: str, tmp_path: Path) -> None:
    """Each function of generated/i386/vmi.h finds its registers."""
    text = (ROOT / "generated/i386/vmi.h").read_text()
    functions = re.findall(r"^static inline .*?\b(vmi_\w+)\(", text, re.MULTILINE)
    assert len(functions) == 65
    rows = "\n".join(f"\t(void *){name}," for name in functions)
    (tmp_path / "all.c").write_text(f'#include "vmi.h"\nextern void *const all[];\nvoid *const all[] = {{\n{rows}\n}};\n')
    command = [compiler, *MACHINE, level, "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/generated/i386", "-c", "all.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
