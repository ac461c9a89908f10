"""Write an interface with every combination of convention, result and number of arguments.

    python3 tests/canary/product.py OUTDIR

Writes product.pvi for pvgen, functions.c and leaky.S, which its backends call,
and stubs.c, which calls each op's C stub while many values are live.

Four backends: `templates` has a template for each op, which changes all that the
op may; `calls` a C function that uses every register; `simple` what pvgen writes
by itself: identity, zero, nop; `leaky` changes one register more than the op may
(see leaks()).
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, product
from pathlib import Path

ARGUMENTS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
VOLATILES = ("rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11")
REGISTERS = (*VOLATILES, "rbx", "rbp", "r12", "r13", "r14", "r15")

# What an op declares, and what that lets it change beside arguments and result.
CONVENTIONS = {
    "normal": ("normal", ("flags", *VOLATILES)),
    "none": ("none", ()),
    "flags": ("flags", ("flags",)),
    "set": ("flags r10 rbx", ("flags", "r10", "rbx")),
}
RESULTS = {"void": "void", "bool": "bool", "u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t",
           "u64": "uint64_t"}

# Multiples of the arguments that make up the result, as an address can add them.
SCALES = (1, 2, 4, 8, 1, 2)

PVI = """language 1;
/// Every combination; the registrations are those that the runtime knows of.
interface pv version 1.0 {{
typedef void tick_t(void);
typedef void ipi_t(unsigned int kind);
struct moment {{ u64 seconds; u32 nanoseconds; }};
const IPI_SYNC = 1;
registration clocksource {{ int rating; u64 read(void); }}
registration timer {{ void start(tick_t *tick); void program(u64 delta); void interrupt(void); }}
registration console {{ void write(const char *text @in @va, unsigned long length); }}
registration shutdown {{ void stop(unsigned int reason); }}
group all {{
{ops}}}
}}
backend templates for pv {{ bare; detect always; priority 0; }}
backend calls for pv {{ detect always; priority 1;
{calls}}}
backend simple for pv {{ detect always; priority 3;
{simple}}}
backend leaky for pv {{ detect always; priority 2;
{leaky}}}
"""


@dataclass(frozen=True)
class Op:
    """One combination."""
    convention: str
    result: str
    arity: int

    @property
    def name(self) -> str:
        """Its name in the description."""
        return f"{self.convention}_{self.result}_{self.arity}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """Registers of its arguments."""
        return ARGUMENTS[:self.arity]

    @property
    def may_change(self) -> set[str]:
        """What its contract lets it change."""
        result = () if self.result == "void" else ("rax",)
        return {*CONVENTIONS[self.convention][1], *self.arguments, *result}

    @property
    def parameters(self) -> str:
        """As in C and in the description."""
        return ", ".join(f"unsigned long a{n}" for n in range(self.arity)) or "void"

    @property
    def value(self) -> list[str]:
        """Instructions that put the result into RAX and leave the flags alone."""
        if self.result == "void":
            return []
        sums = [f"lea (%rax,%{register},{scale}), %rax"
                for register, scale in zip(self.arguments, SCALES)]
        return ["mov $1, %eax", *sums]

    @property
    def waste(self) -> list[str]:
        """Instructions that change all else that it may."""
        registers = sorted(self.may_change - {"rax", "flags"})
        return (["test %rsp, %rsp"] if "flags" in self.may_change else []) + [
            change(register) for register in registers]

    @property
    def expected(self) -> str:
        """The result as a C expression."""
        return " + ".join(["1", *(f"{scale} * a{n}" for n, scale in enumerate(SCALES[:self.arity]))])


OPS = [Op(*row) for row in product(CONVENTIONS, RESULTS, range(len(ARGUMENTS) + 1))]


def change(register: str) -> str:
    """An instruction that changes this and nothing else; carry and zero at once."""
    if register == "flags":
        return "test %rsp, %rsp"
    return f"lea 1(%{register}), %{register}"


ENCODED = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)))


def hidden(register: str) -> str:
    """The same as bytes and with a lie: pvgen refuses a template that it can see through."""
    if register == "flags":
        code = [0x48, 0x85, 0xe4]
    else:
        number = ENCODED.index(register)
        low, high = number & 7, number >> 3
        code = [0x48 | 5 * high, 0x8d, 0x40 | low << 3 | low, *([0x24] if low == 4 else []), 1]
    return f".byte {', '.join(map(hex, code))} # writes none"


def leaks() -> dict[str, str]:
    """What the backend `leaky` changes and may not, for each op: all registers in turn."""
    turns = cycle(("flags", *REGISTERS))
    return {op.name: next(name for name in turns if name not in op.may_change) for op in OPS}


def quoted(instructions: list[str]) -> str:
    """As the operands of an attribute."""
    return " ".join(f'"{instruction}"' for instruction in instructions)


def declarations() -> Iterator[str]:
    """The ops, as the description has them."""
    for op in OPS:
        template = quoted([*op.value, *op.waste] or ["nop"])
        yield (f"    op {op.result} {op.name}({op.parameters}) {{ clobbers {CONVENTIONS[op.convention][0]}; "
               f"budget 120; native x86_64 {template}; }}\n")


def calls() -> Iterator[str]:
    """Backend of C functions; an op that keeps the flags can have none."""
    for op in OPS:
        kind = "inherit" if op.convention == "none" else f"call calls_{op.name}"
        yield f"    all.{op.name} {kind};\n"


def simple() -> Iterator[str]:
    """Backend of the templates that are pvgen's own."""
    for op in OPS:
        kind = "nop" if op.result == "void" else "identity" if (op.result, op.arity) == ("u64", 1) else "zero"
        yield f"    all.{op.name} {kind};\n"


def leaky() -> Iterator[str]:
    """Backend that breaks every contract."""
    for op in OPS:
        template = quoted([*op.value, hidden(leaks()[op.name])])
        kind = f"inline x86_64 {template}" if op.convention == "none" else f"call leaky_{op.name}"
        yield f"    all.{op.name} {kind};\n"


def functions() -> Iterator[str]:
    """C functions that leave no register as it was, as far as they can see."""
    yield '#include "calls.h"\n\n'
    clobbers = ", ".join(f'"{register}"' for register in REGISTERS)
    waste = "; ".join(f"mov $-1, %%{register}" for register in REGISTERS)
    yield f'#define USE_ALL_REGISTERS() __asm__ volatile("{waste}" : : : {clobbers}, "cc")\n\n'
    for op in OPS:
        if op.convention == "none":
            continue
        narrow = "" if op.convention == "normal" else "PV_NARROW "
        result = "" if op.result == "void" else f"return {cast(op, op.expected)};"
        unused = " ".join(f"(void)a{n};" for n in range(op.arity))
        yield (f"PV_IMPLEMENTS({op.name}, 1);\n{narrow}{RESULTS[op.result]} calls_{op.name}({op.parameters})\n"
               f"{{\n\t{unused}\n\tUSE_ALL_REGISTERS();\n\t{result}\n}}\n\n")


def cast(op: Op, value: str) -> str:
    """The value as the op's result; a bool is true if its low byte is not 0."""
    return f"(uint8_t)({value}) != 0" if op.result == "bool" else f"({RESULTS[op.result]})({value})"


def leaky_functions() -> Iterator[str]:
    """Assembly that does an op's work and changes one register more."""
    yield "\t.text\n"
    for op in OPS:
        body = "".join(f"\t{line}\n" for line in [*op.value, change(leaks()[op.name])])
        yield f"\t.globl leaky_{op.name}\nleaky_{op.name}:\n\tendbr64\n{body}\tret\n"
    yield '\t.section .note.GNU-stack, "", @progbits\n'


def stub_body(op: Op) -> str:
    """Call the stub and see that result and live values are right."""
    arguments = ", ".join(f"a{n}" for n in range(op.arity))
    values = "".join(f"\tunsigned long a{n} = opaque({n + 3});\n" for n in range(op.arity))
    call = f"pv_{op.name}({arguments})"
    if op.result == "void":
        return f"{values}\tLIVE_VALUES();\n\t{call};\n\treturn VALUES_LIVE();\n"
    return (f"{values}\tLIVE_VALUES();\n\t{RESULTS[op.result]} result = {call};\n"
            f"\treturn VALUES_LIVE() && result == ({cast(op, op.expected)});\n")


def stubs() -> Iterator[str]:
    """A function for each C stub."""
    yield '#include "pv.h"\n#include "stubs.h"\n\n'
    for op in OPS:
        yield f"static bool stub_{op.name}(void)\n{{\n{stub_body(op)}}}\n\n"
    rows = "".join(f"\t[PV_OP_{op.name}] = stub_{op.name},\n" for op in OPS)
    yield f"bool (*const stubs[PV_NR_OPS])(void) = {{\n{rows}}};\n"


def main() -> None:
    """Write all files."""
    outdir = Path(sys.argv[1])
    outdir.mkdir(parents=True, exist_ok=True)
    texts = {"ops": declarations, "calls": calls, "simple": simple, "leaky": leaky}
    filled = PVI.format(**{name: "".join(lines()) for name, lines in texts.items()})
    (outdir / "product.pvi").write_text(filled)
    for name, lines in {"functions.c": functions, "leaky_functions.S": leaky_functions, "stubs.c": stubs}.items():
        (outdir / name).write_text("".join(lines()))


if __name__ == "__main__":
    main()
