"""The table of what instructions change, row by row, against a disassembler's."""

import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import capstone
import pytest
from tool import PVGEN, ROOT, run

SOURCE = (ROOT / "compiler/effects.c").read_text()
ROWS = re.findall(r'ROW\("([^"%]+)",\s*"(\w*)",\s*"([\w ]*)"', SOURCE)
CONDITIONS = re.findall(r'"(\w+)"', SOURCE.split("x86_64_conditions[] = {")[1].split("}")[0])
ALIASES = re.findall(r'"([\w ]+)"', SOURCE.split("x86_64_registers[] = {")[1].split("}")[0])
REGISTER = {alias: names.split()[0] for names in ALIASES for alias in names.split()}

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
    "1f": "j* jrcxz jecxz jmp call",
    "%cl, %dx": "movzbw movsbw",
    "%cl, %edx": "movzbl movsbl",
    "%cl, %rdx ": "movzbq movsbq",
    "%cx, %edx": "movzwl movswl",
    "%cx, %rdx": "movzwq movswq",
    "%ecx, %rdx": "movslq",
}
LOCKED = "lock xadd %rcx, (%rdx)"
REPEATED = {p: f"{p} stosq" for p in PREFIXES if p != "lock"}
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
    r"(push|pushf|call|ret)\b.*": (set(), {"rsp"}, "the stack's depth is tracked instead"),
    r"(pop|popf)\b.*": (set(), {"rsp"}, "the stack's depth is tracked instead"),
    r"cwd|cdq|cqo|cwtd|cltd|cqto": (set(), {"rax"}, "RAX is only read"),
    r"cli|sti|verr.*|verw.*": ({"flags"}, set(), "IF or ZF is written"),
    r"(lar|lsl) .*": ({"flags"}, set(), "ZF is written"),
    r"(lock )?xadd .*": ({"flags"}, set(), "flags as after an addition"),
    r"cmpxchg .*": ({"flags", "rax"}, set(), "ZF; RAX if not equal"),
    r"mov %(cr\d|dr\d), .*": ({"flags"}, set(), "the status flags are undefined"),
    r"mov .*, %cr0": ({"flags"}, {"cr0"}, "flags undefined; CR0 is the machine's"),
    r"mov .*, %cr2": ({"flags"}, {"cr2"}, "flags undefined; CR2 is the machine's"),
    r"mov .*, %cr3": ({"flags"}, {"cr3"}, "flags undefined; CR3 is the machine's"),
    r"mov .*, %cr4": ({"flags"}, {"cr4"}, "flags undefined; CR4 is the machine's"),
    r"mov .*, %ds": (set(), {"ds"}, "segments are the machine's"),
    r"rdpid .*": (set(), {"flags"}, "taken for RDSEED"),
    r"stosq": (set(), {"rcx"}, "RCX only with REP"),
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


def described() -> list[str]:
    """Every instruction that stands in a template of idl/."""
    lines: list[str] = []
    for path in sorted((ROOT / "generated").glob("*.S")):
        for body in re.findall(r"_code:\n(.*?)_end:", path.read_text(), re.DOTALL):
            lines += [line.strip() for line in body.split("\n") if line.startswith("\t")]
    return sorted({line for line in lines if not re.match(r"\.|\d+:|ud2", line)})


TABLE = [i for names, _, _ in ROWS for name in names.split() for i in instances(name)]
ALL = sorted({*TABLE, *MORE, *described()})


@cache
def encoded() -> dict[str, bytes]:
    """The bytes of all instructions: each one between two marks."""
    mark = ".byte 0x0f, 0x0b, 0x37, 0x13, 0x37, 0x13"
    text = "\n".join(f"{mark}\n{insn}\n1:" for insn in ALL) + f"\n{mark}\n"
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "all.o"
        subprocess.run(["as", "-o", path, "-"], input=text.encode(), check=True)
        command = ["objcopy", "-O", "binary", "-j", ".text", path, "/dev/stdout"]
        code = subprocess.run(command, capture_output=True, check=True).stdout
    parts = code.split(bytes.fromhex("0f0b37133713"))
    return dict(zip(ALL, parts[1:-1], strict=True))


def disassembler(insn: str) -> set[str]:
    """What the disassembler says that is written, by our names."""
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    engine.detail = True
    (decoded,) = engine.disasm(encoded()[insn], 0)
    assert decoded.size == len(encoded()[insn])
    _, written = decoded.regs_access()
    names = {decoded.reg_name(r) for r in written}
    return {REGISTER.get(n, "flags" if n == "rflags" else n) for n in names}


DESCRIPTION = """interface i version 1.0 {{ group g {{
    op void f(void) {{ clobbers none; native x86_64 "{}" "1:"; {} }} }} }}
backend b for i {{ bare; detect always; }}
"""


def table(insn: str, directory: Path) -> set[str]:
    """What pvgen says: an op that may change nothing, and not even return."""
    (directory / "one.pvi").write_text(DESCRIPTION.format(insn, "tail;"))
    result = run("check", "one.pvi", cwd=directory, tool=PVGEN)
    # What a callee changes is not the call's: pvgen asks for it, which is another test.
    other = {"note", "unbalanced-stack"} | ({"unknown-effect"} if insn.startswith("call") else set())
    found = [d for d in result.diagnostics() if d.name not in other]
    assert {d.name for d in found} <= {"undeclared-write"}, result.err
    return {re.findall(r"changes (\w+),", d.text)[0] for d in found}


def test_there_are_rows() -> None:
    """The source was read as it is written, and each name has an instance."""
    assert len(ROWS) > 40 and len(CONDITIONS) == 30 and len(ALIASES) == 17
    for names, _, _ in ROWS:
        for name in names.split():
            assert instances(name)


def reason(insn: str) -> Difference:
    """Why the two differ."""
    found = [why for pattern, why in REASONS.items() if re.fullmatch(pattern, insn)]
    assert len(found) <= 1
    return found[0] if found else (set(), set(), "")


@pytest.mark.parametrize("insn", [i for i in ALL if i not in UNKNOWN])
def test_instruction(insn: str, tmp_path: Path) -> None:
    """Both say the same but for what has a reason; a reason without need is wrong too."""
    ours, theirs = table(insn, tmp_path), disassembler(insn)
    assert (ours - theirs, theirs - ours) == reason(insn)[:2]
