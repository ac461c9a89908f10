"""Small kernels and modules in assembly that use the slots of a table as Linux's do."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

N_SLOTS = 6

# How something goes through a slot: the instruction, with @ for the slot's address.
CALL, ABSOLUTE_CALL = "call *@(%rip)", "call *@"
JUMP, ABSOLUTE_JUMP = "jmp *@(%rip)", "jmp *@"
LOAD, COMPARE, COMPARE_WORD = "mov @(%rip), %rax", "cmpb $0, @(%rip)", "cmpl $1000, @(%rip)"
LONG = {CALL: 6, ABSOLUTE_CALL: 7, JUMP: 6, ABSOLUTE_JUMP: 7}

# How a kernel writes down a site of so many bytes at 771: Linux 6.1, 5.10, 6.12, 5.19, 5.10.
RECORDS = {
    "sites": "parainstructions|.balign 8; .quad 771b; .byte {slot}, {size}; .balign 8",
    "old sites": "parainstructions|.balign 8; .quad 771b; .byte {slot}, {size}; .short 0x1ff",
    "14": "altinstructions|.long 771b - ., 772b - ., 0x20000; .byte {size}, 5",
    "12": "altinstructions|.long 771b - ., 772b - .; .short 7; .byte {size}, 5",
    "13": "altinstructions|.long 771b - ., 772b - .; .short 7; .byte {size}, 5, 0",
}
OF_SITES = ("sites", "old sites")


@dataclass(frozen=True)
class Use:
    """What goes through a slot; a site has records, else it is direct."""

    slot: int
    how: str = CALL
    records: int = 1

    def text(self, form: str) -> str:
        """In assembly."""
        instruction = self.how.replace("@", f"pv_ops+{self.slot * 8}")
        return f"771: {instruction}\n" + self.records * record(form, self.slot, LONG.get(self.how))


def record(form: str, slot: int, size: int | None) -> str:
    """What tells the patcher of the instruction at 771."""
    section, _, row = RECORDS[form].partition("|")
    return (
        '.pushsection .altinstr_replacement, "ax"\n772: call function\n.popsection\n'
        f'.pushsection .{section}, "a"\n{row.format(slot=slot, size=size)}\n.popsection\n'
    )


def assembly(uses: Iterable[Use], form: str) -> str:
    """Code with these uses, and something else that may be replaced."""
    other = "14" if form in OF_SITES else form
    texts = [use.text(form) for use in uses]
    return "".join(
        ['.text\n.globl function\nfunction:\n', *texts, "771: nop; nop; nop\n", record(other, 0, 3)]
    )


TABLE = f".data\n.balign 8\n.globl pv_ops\npv_ops: .fill {N_SLOTS}, 8, 1\n"


def assemble(path: Path, text: str, *options: str) -> Path:
    """An object of this text."""
    subprocess.run(["as", *options, "-o", path, "-"], input=text, text=True, check=True)
    return path


def module(path: Path, uses: Iterable[Use] = (), form: str = "sites") -> Path:
    """A module; one without uses does not know the table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return assemble(path, assembly(uses, form))


def image(path: Path, uses: Iterable[Use], form: str = "sites") -> Path:
    """A linked kernel."""
    assemble(path.with_suffix(".o"), assembly(uses, form) + TABLE)
    command = ["ld", "-e", "function", "--no-warn-rwx-segments", "-o", path]
    subprocess.run([*command, path.with_suffix(".o")], check=True)
    return path
