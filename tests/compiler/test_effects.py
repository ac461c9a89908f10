"""The table of what instructions change, row by row, against a disassembler's."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import capstone
import pytest
from tool import PVGEN, ROOT, run

SOURCE = (ROOT / "compiler/effects.c").read_text()


def array(name: str) -> str:
    """What stands between the braces of a table."""
    return SOURCE.split(f" {name}[] = {{")[1].split("\n};")[0]


def rows(name: str) -> list[str]:
    """All mnemonics of a table of instructions."""
    names = re.findall(r'ROW\("([^"%]+)",\s*"\w*",\s*"[\w ]*"', array(name))
    return [word for words in names for word in words.split()]


CONDITIONS = re.findall(r'"(\w+)"', array("x86_conditions"))


@dataclass(frozen=True)
class Arch:
    """What the two know of an architecture."""

    name: str
    option: str
    mode: int

    def names(self) -> list[str]:
        """All mnemonics and prefixes that our table has."""
        return rows("x86_rows") + rows(f"{self.name}_rows") + rows("x86_prefixes")

    def registers(self) -> dict[str, str]:
        """Our name of each register, by all of its names."""
        aliases = re.findall(r'"([\w ]+)"', array(f"{self.name}_registers"))
        return {alias: names.split()[0] for names in aliases for alias in names.split()}

    def spell(self, text: str) -> str:
        """Instructions are written here for 64-bit code; what is another register elsewhere."""
        return text if self.name == "x86_64" else re.sub(r"%r([a-ds][xip])", r"%e\1", text)


ARCHES = [Arch("x86_64", "--64", capstone.CS_MODE_64), Arch("i386", "--32", capstone.CS_MODE_32)]

PREFIXES = "lock rep repe repz repne repnz".split()

# Operands that an instruction of each name can have.
OPERANDS = {
    "%rcx, %rdx": "mov add sub or and xor adc sbb bt btr bts btc bsf bsr popcnt lzcnt tzcnt cmp test"
    " xchg xadd cmpxchg lar lsl imul cmov*",
    "%rdx": "not inc dec neg bswap mul div idiv imul push pop rdrand rdseed rdfsbase rdgsbase"
    " wrfsbase wrgsbase str sldt smsw rdpid",
    "%cl, %rdx": "shl sal shr sar rol ror rcl rcr",
    "%cl, %rbx, %rdx": "shld shrd",
    "$3, %rcx, %rdx": "imul",
    "$0x123456789ab, %rdx": "movabs",
    "(%rcx)": "lgdt lidt sgdt sidt invlpg clflush clflushopt clwb cmpxchg8b cmpxchg16b",
    "%cx": "lldt ltr lmsw verr verw",
    "(%rcx), %rdx": "lea invpcid",
    "%dl": "set*",
    "%dx, %al": "in",
    "%al, %dx": "out",
    "1f": "j* jrcxz jecxz jcxz jmp call",
    "%cl, %dx": "movzbw movsbw",
    "%cl, %edx": "movzbl movsbl",
    "%cl, %rdx ": "movzbq movsbq",
    "%cx, %edx": "movzwl movswl",
    "%cx, %rdx": "movzwq movswq",
    "%ecx, %rdx": "movslq",
}
LOCKED = "lock xadd %rcx, (%rdx)"
REPEATED = {p: f"{p} stosl" for p in PREFIXES if p != "lock"}
MORE = [
    "mov %cr3, %rax",
    "mov %rdi, %cr0",
    "mov %dr7, %rax",
    "movb $1, %gs:0x10",
    "mov %ax, %ds",
    "xor %ah, %ah",
    "push (%rax)",
    "pop (%rax)",
    "xchg %rax, (%rbx)",
    "smsw (%rax)",
]

# What only our table says, what only the disassembler says, and why ours holds (SDM vol. 2).
Difference = tuple[set[str], set[str], str]
REASONS: dict[str, Difference] = {
    r"(push|pushf|call|ret)\b.*": (set(), {"sp"}, "the stack's depth is tracked instead"),
    r"(pop|popf)\b.*": (set(), {"sp"}, "the stack's depth is tracked instead"),
    r"cwd|cdq|cqo|cwtd|cltd|cqto": (set(), {"ax"}, "RAX is only read"),
    r"cli|sti|verr.*|verw.*": ({"flags"}, set(), "IF or ZF is written"),
    r"(lar|lsl) .*": ({"flags"}, set(), "ZF is written"),
    r"(lock )?xadd .*": ({"flags"}, set(), "flags as after an addition"),
    r"cmpxchg .*": ({"flags", "ax"}, set(), "ZF; RAX if not equal"),
    r"mov %(cr\d|dr\d), .*": ({"flags"}, set(), "the status flags are undefined"),
    r"mov .*, %cr0": ({"flags"}, {"cr0"}, "flags undefined; CR0 is the machine's"),
    r"mov .*, %cr2": ({"flags"}, {"cr2"}, "flags undefined; CR2 is the machine's"),
    r"mov .*, %cr3": ({"flags"}, {"cr3"}, "flags undefined; CR3 is the machine's"),
    r"mov .*, %cr4": ({"flags"}, {"cr4"}, "flags undefined; CR4 is the machine's"),
    r"mov .*, %ds": (set(), {"ds"}, "segments are the machine's"),
    r"rdpid .*": (set(), {"flags"}, "taken for RDSEED"),
    r"stosq": (set(), {"cx"}, "RCX only with REP"),
}

# Newer than the disassembler.
UNKNOWN = {"serialize"}


def instances(name: str) -> list[str]:
    """Instructions of a name; with a * one for each condition."""
    if name in PREFIXES:
        return [REPEATED.get(name, LOCKED)]
    found = [operands.strip() for operands, names in OPERANDS.items() if name in names.split()]
    words = [name.replace("*", c) for c in (CONDITIONS if "*" in name else [""])]
    return [f"{word} {operands}".strip() for word in words for operands in found or [""]]


def described(arch: Arch) -> list[str]:
    """Every instruction that stands in a template of idl/."""
    lines: list[str] = []
    folder = ROOT / "generated" / ("" if arch.name == "x86_64" else arch.name)
    for path in sorted(folder.glob("*.S")):
        for body in re.findall(r"_code:\n(.*?)_end:", path.read_text(), re.DOTALL):
            lines += [line.strip() for line in body.split("\n") if line.startswith("\t")]
    return sorted({line for line in lines if not re.match(r"\.|\d+:|ud2", line)})


@cache
def every(arch: Arch) -> list[str]:
    """All that is compared."""
    table = {arch.spell(i) for name in arch.names() for i in instances(name)}
    return sorted({*table, *(arch.spell(i) for i in MORE), *described(arch)})


@cache
def encoded(arch: Arch) -> dict[str, bytes]:
    """The bytes of all instructions: each one between two marks."""
    mark = ".byte 0x0f, 0x0b, 0x37, 0x13, 0x37, 0x13"
    text = "\n".join(f"{mark}\n{insn}\n1:" for insn in every(arch)) + f"\n{mark}\n"
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "all.o"
        subprocess.run(["as", arch.option, "-o", path, "-"], input=text.encode(), check=True)
        command = ["objcopy", "-O", "binary", "-j", ".text", path, "/dev/stdout"]
        code = subprocess.run(command, capture_output=True, check=True).stdout
    parts = code.split(bytes.fromhex("0f0b37133713"))
    return dict(zip(every(arch), parts[1:-1], strict=True))


def disassembler(arch: Arch, insn: str) -> set[str]:
    """What the disassembler says that is written, by our names."""
    engine = capstone.Cs(capstone.CS_ARCH_X86, arch.mode)
    engine.detail = True
    (decoded,) = engine.disasm(encoded(arch)[insn], 0)
    assert decoded.size == len(encoded(arch)[insn])
    _, written = decoded.regs_access()
    names = {arch.spell(f"%{decoded.reg_name(r)}")[1:] for r in written}
    return {arch.registers().get(n, "flags" if n in ("rflags", "eflags") else n) for n in names}


DESCRIPTION = """interface i version 1.0 {{ group g {{
    op void f(void) {{ clobbers none; native {} "{}" "1:"; {} }} }} }}
backend b for i {{ bare; detect always; }}
"""


def table(arch: Arch, insn: str, directory: Path) -> set[str]:
    """What pvgen says: an op that may change nothing, and not even return."""
    (directory / "one.pvi").write_text(DESCRIPTION.format(arch.name, insn, "tail;"))
    result = run("check", f"--arch={arch.name}", "one.pvi", cwd=directory, tool=PVGEN)
    # What a callee changes is not the call's: pvgen asks for it, which is another test.
    other = {"note", "unbalanced-stack"} | ({"unknown-effect"} if insn.startswith("call") else set())
    found = [d for d in result.diagnostics() if d.name not in other]
    assert {d.name for d in found} <= {"undeclared-write"}, result.err
    return {re.findall(r"changes (\w+),", d.text)[0] for d in found}


def test_there_are_rows() -> None:
    """The source was read as it is written, and each name has an instance."""
    assert len(CONDITIONS) == 30
    for arch, registers in zip(ARCHES, (17, 9), strict=True):
        assert len(arch.names()) > 130 and len(set(arch.registers().values())) == registers
        for name in arch.names():
            assert instances(name)


def reason(arch: Arch, insn: str) -> tuple[set[str], set[str]]:
    """How the two differ."""
    found = [why for pattern, why in REASONS.items() if re.fullmatch(pattern, insn)]
    assert len(found) <= 1
    ours, theirs, _ = found[0] if found else (set(), set(), "")
    return {arch.registers().get(r, r) for r in ours}, {arch.registers().get(r, r) for r in theirs}


@pytest.mark.parametrize(
    "arch,insn", [pytest.param(a, i, id=f"{a.name} {i}") for a in ARCHES for i in every(a) if i not in UNKNOWN]
)
def test_instruction(arch: Arch, insn: str, tmp_path: Path) -> None:
    """Both say the same but for what has a reason; a reason without need is wrong too."""
    ours, theirs = table(arch, insn, tmp_path), disassembler(arch, insn)
    assert (ours - theirs, theirs - ours) == reason(arch, insn)


@pytest.mark.parametrize("insn", sorted(set(rows("x86_64_rows")) - set(rows("i386_rows"))))
def test_only_in_64_bit_code(insn: str, tmp_path: Path) -> None:
    """What i386 has not, the table does not know there, nor what has a suffix that it has not."""
    for word in (insn, "addq"):
        text = DESCRIPTION.format("i386", f"{word} %eax, %edx", "tail;")
        (tmp_path / "one.pvi").write_text(text)
        found = run("check", "--arch=i386", "one.pvi", cwd=tmp_path, tool=PVGEN).names()
        assert "unknown-effect" in found, word
