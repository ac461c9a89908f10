"""A small kernel that keeps its ops as Linux does: what test_verify_linux.py damages."""

import gzip
import lzma
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Result and parameters, as in C and in descriptions; no two are alike to callers.
SIGNATURES = [
    ("void", ["long a"]),
    ("void", ["int a"]),
    ("void", ["long a", "int b"]),
    ("long", []),
    ("long", ["long a"]),
    ("int", ["long a"]),
    ("void", ["void *a", "int b"]),
    ("void", ["long a", "long b", "long c"]),
]
GROUPS = ("first", "second", "third")
PER_GROUP = 16
# Of each group: quiet ops, which must not be instrumented, and hidden ones, which are called
# through a thunk that keeps registers and whose slots hide their signature.
QUIET, HIDDEN = (0, 1, 2, 3, 4, 5), (5, 6, 7, 8, 9)


@dataclass(frozen=True)
class Op:
    """An operation: what it is in C, and where."""

    group: str
    name: str
    slot: int
    result: str
    params: tuple[str, ...]
    is_quiet: bool
    is_hidden: bool

    @property
    def path(self) -> str:
        """As pvgen names it."""
        return f"{self.group}.{self.name}"

    @property
    def member(self) -> str:
        """As C reaches its slot."""
        return f"{self.path}.func" if self.is_hidden else self.path

    def function(self, backend: str) -> str:
        """Name of a backend's function."""
        return f"{backend}_{self.name}"

    def target(self, backend: str) -> str:
        """What the slot holds."""
        return "__raw_callee_save_" * self.is_hidden + self.function(backend)

    def prototype(self, name: str) -> str:
        """A declaration."""
        return f"{self.result} {name}({', '.join(self.params) or 'void'})"


def make_ops() -> Iterator[Op]:
    """All ops, by slot."""
    for g, group in enumerate(GROUPS):
        for i in range(PER_GROUP):
            result, params = SIGNATURES[(i * 3 + g) % len(SIGNATURES)]
            slot = g * PER_GROUP + i
            yield Op(group, f"op{slot}", slot, result, tuple(params), i in QUIET, i in HIDDEN)


OPS = list(make_ops())

# The guest takes all of the first two groups by a table and the late half of the second once more;
# the host takes some of the third, each alone.
TABLED = [op for op in OPS if op.group != "third"]
LATE = [op for op in OPS if op.group == "second" and op.slot % 2]
ALONE = [op for op in OPS if op.group == "third" and op.slot % 3]


def description() -> str:
    """What pvgen is told of it."""
    lines = ["language 1;", "interface pv version 1.0 {"]
    for group in GROUPS:
        lines.append(f"group {group} {{")
        for op in (op for op in OPS if op.group == group):
            body = "clobbers flags; " * op.is_hidden + "context noinstr; " * op.is_quiet
            told = op.prototype(op.name).replace("*a", "*a @in")
            lines.append(f"    op {told} {{ {body}}}")
        lines.append("}")
    lines += ["}", "backend native for pv { bare; detect always;"]
    lines += [f"    {op.path} {way(op, 'native')};" for op in OPS]
    lines += ["}", "backend guest for pv { detect start_info; priority 2; init guest_start;"]
    lines += [f"    {op.path} {way(op, 'guest')};" for op in TABLED]
    lines += ["    inherit third;", "}"]
    lines += ["backend host for pv { detect start_info; priority 1;", "    inherit first second;"]
    lines += [f"    {op.path} {way(op, 'host')};" for op in ALONE]
    lines += [f"    {op.path} inherit;" for op in OPS if op.group == "third" and op not in ALONE]
    return "\n".join([*lines, "}", ""])


def way(op: Op, backend: str) -> str:
    """How a description says which function does an op."""
    return f"asm {op.target(backend)}" if op.is_hidden else f"call {op.function(backend)}"


HEAD = """
typedef unsigned char u8;
typedef unsigned int u32;
struct paravirt_callee_save { void *func; };
struct paravirt_patch_site { u8 *instr; u8 type; u8 len; };
struct alt_instr {
    int instr_offset, repl_offset;
    u32 ft_flags;
    u8 instrlen, replacementlen;
} __attribute__((packed));
struct paravirt_patch_site *first_site;
struct alt_instr *first_alternative;

#define NOINSTR __attribute__((noinline, section(".noinstr.text")))
#define INIT __attribute__((noinline, section(".init.text")))
#define NOINLINE __attribute__((noinline))
#define STRING(x) #x

#ifdef OLD
#define SITE(member, slot) __asm__ volatile( \\
    "771: call *%[op]\\n" \\
    ".pushsection .parainstructions, \\"a\\"\\n" \\
    ".balign 8\\n.quad 771b\\n.byte " STRING(slot) ", 6\\n.short 0\\n.balign 8\\n" \\
    ".popsection" \\
    : : [op] "m" (pv_ops.member) : "memory", "rax", "rcx", "rdx", "rsi", "rdi")
#else
#define SITE(member, slot) __asm__ volatile( \\
    "771: call *%[op]\\n" \\
    ".pushsection .altinstr_replacement, \\"ax\\"\\n" \\
    "772: call BUG_func\\n.popsection\\n" \\
    ".pushsection .altinstructions, \\"a\\"\\n" \\
    ".long 771b - ., 772b - ., 0x20000\\n.byte 6, 5\\n" \\
    ".popsection" \\
    : : [op] "m" (pv_ops.member) : "memory", "rax", "rcx", "rdx", "rsi", "rdi")
#endif

#define THUNK(f, section) \\
    extern char __raw_callee_save_##f[]; \\
    __asm__(".pushsection " section ", \\"ax\\"\\n.globl __raw_callee_save_" #f "\\n" \\
            ".type __raw_callee_save_" #f ", @function\\n" \\
            "__raw_callee_save_" #f ": push %rcx\\ncall " #f "\\npop %rcx\\nret\\n" \\
            ".size __raw_callee_save_" #f ", . - __raw_callee_save_" #f "\\n.popsection")

void BUG_func(void);
NOINSTR void BUG_func(void) { __builtin_trap(); }
NOINSTR void _paravirt_nop(void) { }
volatile long work;
"""

PATCHER = """
NOINLINE static void helper(void) { work++; }
#ifdef PATCHER_USES_OP
void call_op7(void);
#define PATCH call_op7()
#else
#define PATCH helper()
#endif
void apply_paravirt(void);
void apply_paravirt(void) { PATCH; }
void apply_alternatives(void);
void apply_alternatives(void) { PATCH; }
void start(void);
INIT void start(void)
{
    guest_start();
    guest_later();
    host_start();
    apply_paravirt();
    apply_alternatives();
}
"""

LAYOUT = """
SECTIONS {
    . = 0xffffffff81000000;
    .text : {
        *(.text)
        __noinstr_text_start = .; *(.noinstr.text) __noinstr_text_end = .;
        __entry_text_start = .; *(.entry.text) __entry_text_end = .;
    }
    .init.text : { *(.init.text) }
    .altinstr_replacement : { *(.altinstr_replacement) }
    .rodata : { *(.rodata*) }
    .data : { *(.data*) }
    .init.rodata : { *(.init.rodata) }
    .parainstructions : { *(.parainstructions) }
    .altinstructions : { *(.altinstructions) }
    .bss : { *(.bss*) }
    .names : { *(.names) }
    .BTF : { *(.BTF) }
    /DISCARD/ : { *(.comment) *(.note*) }
}
"""


def functions(op: Op, backend: str) -> list[str]:
    """A function that does something, and its thunk."""
    name = op.function(backend)
    place = "NOINSTR" if op.is_quiet else "NOINLINE"
    body = "work++;" if op.result == "void" else "return work;"
    lines = [f"{op.prototype(name)};", f"{place} {op.prototype(name)} {{ {body} }}"]
    if op.is_hidden:
        section = ".noinstr.text" if op.is_quiet else ".text"
        lines.append(f'THUNK({name}, "{section}");')
    return lines


def table(name: str, ops: list[Op], backend: str) -> str:
    """The values of the slots."""
    lines = [f"{name} = {{"]
    lines += [f"    .{op.member} = {op.target(backend)}," for op in ops]
    return "\n".join([*lines, "};"])


def source() -> str:
    """The kernel."""
    lines = [HEAD]
    for group in GROUPS:
        lines.append(f"struct pv_{group}_ops {{")
        for op in (op for op in OPS if op.group == group):
            hidden = f"struct paravirt_callee_save {op.name};"
            lines.append(hidden if op.is_hidden else f"{op.prototype(f'(*{op.name})')};")
        lines.append("};")
    lines += ["struct paravirt_patch_template {"]
    lines += [f"struct pv_{group}_ops {group};" for group in GROUPS] + ["};"]
    for backend, ops in ("native", OPS), ("guest", TABLED), ("host", ALONE):
        for op in ops:
            lines += functions(op, backend)
    kind = "struct paravirt_patch_template"
    lines.append(table(f"{kind} pv_ops", OPS, "native"))
    init = '__attribute__((section(".init.rodata")))'
    lines.append(table(f"static const {kind} guest_ops {init}", TABLED, "guest"))
    for op in OPS:
        lines.append(f"NOINLINE void call_{op.name}(void);")
        lines.append(f"void call_{op.name}(void) {{ SITE({op.member}, {op.slot}); }}")
    copies = " ".join(f"pv_ops.{group} = guest_ops.{group};" for group in GROUPS[:2])
    lines.append(f"INIT static void guest_start(void) {{ {copies} }}")
    lines.append("INIT static void guest_later(void) {")
    lines += [f"    pv_ops.{op.member} = {op.target('guest')};" for op in LATE] + ["}"]
    lines.append("INIT static void host_start(void) {")
    lines += [f"    pv_ops.{op.member} = {op.target('host')};" for op in ALONE] + ["}"]
    return "\n".join([*lines, PATCHER])


FLAGS = (
    "-c -gbtf -ffreestanding -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-pic -fno-pie"
    " -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -O2 -w"
).split()
LINK = (
    "ld -nostdlib -static -T kernel.lds -e start --no-warn-rwx-segments -o vmlinux kernel.o"
).split()


def build(directory: Path, *defines: str) -> Path:
    """A linked kernel and its description; OLD has the records of Linux 6.1."""
    (directory / "pv.pvi").write_text(description())
    (directory / "kernel.c").write_text(source())
    (directory / "kernel.lds").write_text(LAYOUT)
    options = [*FLAGS, *(f"-D{name}" for name in defines), "-o", "kernel.o"]
    subprocess.run(["gcc", *options, "kernel.c"], cwd=directory, check=True)
    subprocess.run(LINK, cwd=directory, check=True)
    return directory


# ---- its description of its types ----

# Bytes of a type's record behind the first twelve, by its kind: those for it, those for each part.
KINDS: dict[int, tuple[int, int]] = {
    1: (4, 0), 2: (0, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8), 7: (0, 0), 8: (0, 0),
    9: (0, 0), 10: (0, 0), 11: (0, 0), 12: (0, 0), 13: (0, 8), 14: (4, 0), 15: (0, 12),
    16: (0, 0), 17: (4, 0), 18: (0, 0), 19: (0, 12),
}  # fmt: skip
FUNCTION = 12


@dataclass
class Types:
    """BTF in an image: where functions are, by name."""

    data: bytearray
    start: int
    functions: dict[str, int] = field(default_factory=dict)
    places: list[int] = field(default_factory=lambda: [0])  # by number of the type

    def __post_init__(self) -> None:
        """Walk over all types."""
        at, end = (self.start + self.number(4) + self.number(offset) for offset in (8, 8))
        end += self.number(12)
        strings = self.start + self.number(4) + self.number(16)
        while at < end:
            info = self.number(at - self.start + 4)
            kind, parts = info >> 24 & 31, info & 0xFFFF
            self.places.append(at)
            name = strings + self.number(at - self.start)
            if kind == FUNCTION:
                self.functions[self.data[name : self.data.index(0, name)].decode()] = at
            fixed, per_part = KINDS[kind]
            at += 12 + fixed + per_part * parts

    def number(self, offset: int) -> int:
        """A word, by where it is in the section."""
        at = self.start + offset
        return int.from_bytes(self.data[at : at + 4], "little")

    def signature(self, name: str) -> int:
        """Which signature a function has."""
        return self.number(self.functions[name] - self.start + 8)

    def parameters(self, name: str) -> int:
        """How many parameters it has."""
        return self.number(self.places[self.signature(name)] - self.start + 4) & 0xFFFF

    def change(self, name: str, signature: int) -> None:
        """Give a function another."""
        at = self.functions[name] + 8
        self.data[at : at + 4] = signature.to_bytes(4, "little")


# ---- as a boot loader has it ----


def blocks(data: bytes, size: int) -> list[bytes]:
    """Pieces of at most so many bytes."""
    return [data[i : i + size] for i in range(0, len(data), size)]


def lz4(data: bytes) -> bytes:
    """Blocks of literals alone, each behind its size."""
    out = b"\x02\x21\x4c\x18"
    for block in blocks(data, 1 << 20):
        length = len(block) - 15
        literals = b"\xf0" + b"\xff" * (length // 255) + bytes([length % 255]) + block
        out += struct.pack("<I", len(literals)) + literals
    return out


def zstd(data: bytes) -> bytes:
    """A frame of raw blocks, the last of which is marked."""
    out = b"\x28\xb5\x2f\xfd\x80\x58" + struct.pack("<I", len(data))
    pieces = blocks(data, 1 << 16)
    for i, block in enumerate(pieces):
        out += struct.pack("<I", len(block) << 3 | (i == len(pieces) - 1))[:3] + block
    return out


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "lz4": lz4,
    "zstd": zstd,
}


def bzimage(kernel: bytes, form: str) -> bytes:
    """A boot loader's file with the kernel in it."""
    packed = PACKERS[form](kernel)
    if form != "gzip":
        packed += struct.pack("<I", len(kernel))
    head = bytearray(2 * 512)
    head[0x1F1] = 1
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", head, 0x248, 64, len(packed))
    return bytes(head) + bytes(64) + packed + bytes(100)


# ---- names for its traces ----


def names_source(symbols: list[tuple[int, str, str]], order: str) -> str:
    """The tables that Linux's build makes of all symbols; `order` is of Linux 6.1 or of 6.4."""
    base = min(address for address, _, _ in symbols)
    tokens = [chr(i) if chr(i).isprintable() and 32 <= i < 127 else "" for i in range(256)]
    texts = [name_text(kind + name) for _, kind, name in symbols]
    starts, at = [], 0
    for i, (_, kind, name) in enumerate(symbols):
        if i % 256 == 0:
            starts.append(at)
        at += 1 + (len(kind + name) > 127) + len(kind + name)
    offsets = ["\n".join(f".long {address - base}" for address, _, _ in symbols), f".quad {base}"]
    middle = [
        f".quad {len(symbols)}",
        "\n".join(texts),
        "\n".join(f".long {start}" for start in starts),
        ".fill 300, 1, 7",
        "\n".join(token_text(token) for token in tokens),
        "\n".join(f".short {sum(len(t) + 1 for t in tokens[:i])}" for i in range(256)),
    ]
    tables = offsets + middle if order == "6.1" else middle + offsets
    return '.section .names, "a"\n' + "".join(f".balign 8\n{table}\n" for table in tables)


def name_text(name: str) -> str:
    """A name in assembly behind its length: seven bits a byte, the low ones first."""
    n = len(name)
    length = f"{n}" if n < 128 else f"{n & 127 | 128}, {n >> 7}"
    return f".byte {length}\n.ascii \"{name}\""


def token_text(token: str) -> str:
    """A token in assembly."""
    escaped = token.replace("\\", "\\\\").replace('"', '\\"')
    return f'.asciz "{escaped}"'


def name_itself(tree: Path, order: str) -> None:
    """Give the kernel the tables, and take its symbols away."""
    listing = subprocess.check_output(["nm", "-n", "vmlinux"], cwd=tree, text=True)
    rows = [line.split() for line in listing.splitlines()]
    symbols = [(int(address, 16), kind, name) for address, kind, name in rows]
    # Kernels have many; the last name is long enough to need two bytes for its length.
    last = symbols[-1][0]
    symbols += [(last, "d", f"filler_{i}") for i in range(600)] + [(last, "d", "long" * 50)]
    (tree / "names.S").write_text(names_source(symbols, order))
    subprocess.run(["gcc", "-c", "-o", "names.o", "names.S"], cwd=tree, check=True)
    subprocess.run([*LINK, "names.o"], cwd=tree, check=True)
    subprocess.run(["strip", "vmlinux"], cwd=tree, check=True)
