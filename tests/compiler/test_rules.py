"""Rules that the reference interface relies on: complete, never privileged, within its sites."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tool import INPUT, ROOT, Diagnostic, Result, clean, run

PV, NATIVE, XEN = (f"idl/pv/{name}.pvi" for name in ("pv", "native", "xen_pv"))
ASSEMBLE = "gcc -c -ffreestanding -o /dev/null".split()


@pytest.fixture(name="tree")
def copy_descriptions(tmp_path: Path) -> Path:
    """A copy of idl/ that a test may break."""
    shutil.copytree(ROOT / "idl", tmp_path / "idl")
    # What the backend does with Xen's calls would be another thing with each of its ops.
    edit(tmp_path, XEN, r"^    uses \{\n(.*\n)*?    \}\n", "")
    return tmp_path


def check(tree: Path) -> Result:
    """Check the copy as `make` checks the original."""
    return run("check", NATIVE, PV, "idl/pv/types.pvi", XEN, cwd=tree)


def edit(tree: Path, name: str, old: str, new: str) -> int:
    """Replace a pattern that occurs once; returns the line where the new text starts."""
    path = tree / name
    text = path.read_text()
    (match,) = re.finditer(old, text, re.MULTILINE)
    path.write_text(text[: match.start()] + new + text[match.end() :])
    return text.count("\n", 0, match.start()) + 1


def bind(tree: Path, op: str, how: str) -> int:
    """Let the Xen backend do an op in another way; returns the line."""
    return edit(tree, XEN, rf"^ {{4}}{re.escape(op)} [^;]*;", f"    {op} {how};")


def errors(result: Result) -> list[Diagnostic]:
    """The errors without their notes."""
    return [d for d in result.diagnostics() if d.name != "note"]


# ---- completeness ----

# What can be added to the interface, so that each suggestion is put to the test.
ADDED = {
    "plain": 'op void added(void) { native x86_64 "nop"; }',
    "with a result": 'op unsigned long added(void) { native x86_64 "xor %eax, %eax"; }',
    "privileged": 'op void added(void) { native x86_64 "cli"; }',
    "without a template": "op void added(unsigned int a) { }",
    "with a pointer": "op void added(const u8 *p @in @va) { }",
    "tail": 'op void added(void) { tail; native x86_64 "ret"; }',
}


def add(tree: Path, op: str) -> int:
    """Add an op at the end of a group; returns its line."""
    return edit(tree, PV, r"^\}\n\n/// Page tables", f"    {op}\n}}\n\n/// Page tables")


def line_of(tree: Path, name: str, start: str) -> int:
    """Line of the one line that starts so."""
    lines = (tree / name).read_text().split("\n")
    (number,) = (i for i, line in enumerate(lines, 1) if line.startswith(start))
    return number


@pytest.mark.parametrize("added", ADDED)
def test_an_op_that_a_backend_lacks(added: str, tree: Path) -> None:
    """The error names op, backend, file and line; the note says where the op is."""
    line = add(tree, ADDED[added])
    result = check(tree)
    assert result.status == INPUT
    found = [d for d in result.diagnostics() if "'xen_pv'" in d.text]
    (error,) = found
    assert error.name == "op-missing"
    assert "'irq.added'" in error.text
    assert (error.path, error.line) == (XEN, line_of(tree, XEN, "backend xen_pv"))
    assert (PV, line) in {(d.path, d.line) for d in result.diagnostics() if d.name == "note"}


def suggestions(text: str) -> list[str]:
    """Statements that a message proposes."""
    return re.findall(r"'(irq\.added [^']*;)'", text)


def follow(tree: Path, backend: str, statement: str) -> None:
    """Write what the message proposed into the backend."""
    text = statement.replace("FUNCTION", f"{backend}_added")
    path = f"idl/pv/{backend}.pvi"
    edit(tree, path, r"^    init .*$", f"    init {backend}_init;\n    {text}")


def proposals(tree: Path) -> dict[str, list[str]]:
    """For each backend that lacks the op, what its message proposes."""
    missing = errors(check(tree))
    return {re.findall(r"backend '(\w+)'", e.text)[0]: suggestions(e.text) for e in missing}


@pytest.mark.parametrize("added", ADDED)
def test_what_the_message_says_helps(added: str, tree: Path) -> None:
    """Each of the proposals, written as it stands, removes the error."""
    add(tree, ADDED[added])
    original = {name: (tree / name).read_text() for name in (NATIVE, XEN)}
    proposed = proposals(tree)
    assert all(proposed.values()) and "xen_pv" in proposed
    for backend, statements in proposed.items():
        for statement in statements:
            follow(tree, backend, statement)
            for other in proposed.keys() - {backend}:
                follow(tree, other, "irq.added call FUNCTION;")
            assert clean(check(tree)), statement
            for name, text in original.items():
                (tree / name).write_text(text)


def test_a_default_completes(tree: Path) -> None:
    """The last proposal of the message: a default."""
    add(tree, "op void added(void) { default nop; }")
    assert clean(check(tree))


def test_a_removed_implementation_is_missed(tree: Path) -> None:
    """What was complete does not stay so by chance."""
    edit(tree, XEN, r"^    cpu\.write_cr0 .*\n", "")
    (error,) = errors(check(tree))
    assert (error.name, error.path) == ("op-missing", XEN)
    assert "'cpu.write_cr0'" in error.text


# ---- privilege ----

# Ops of the reference interface with a native template, as reviewed against the SDM.
PRIVILEGED = (
    "cpu.read_cr0 cpu.write_cr0 cpu.read_cr4 cpu.write_cr4 cpu.read_msr cpu.write_msr"
    " cpu.read_pmc cpu.wbinvd cpu.load_gdt cpu.load_idt cpu.load_tr cpu.store_tr cpu.swapgs"
    " cpu.io_delay cpu.iret cpu.sysret"
    " irq.save_fl irq.restore_fl irq.irq_disable irq.irq_enable irq.safe_halt irq.halt"
    " mmu.read_cr2 mmu.write_cr2 mmu.read_cr3 mmu.write_cr3"
    " mmu.flush_tlb_local mmu.flush_tlb_global mmu.flush_tlb_one"
).split()
UNPRIVILEGED = (
    "cpu.write_gdt_entry cpu.write_ldt_entry cpu.load_sp0"
    " mmu.set_pte mmu.set_pmd mmu.set_pud mmu.set_pgd mmu.prot_start mmu.prot_commit"
    " lock.lock_unlock lock.lock_wait"
).split()
WRITTEN_IN_C = (
    "cpu.cpuid cpu.write_idt_entry cpu.load_tls cpu.read_msr_safe cpu.write_msr_safe"
    " cpu.get_debugreg cpu.set_debugreg cpu.set_ldt cpu.load_gs_index mmu.set_fixmap"
    " mmu.flush_tlb_multi time.sched_clock"
).split()


def test_all_templates_are_reviewed() -> None:
    """An op with a new template belongs in one of the lists above."""
    manifest = json.loads((ROOT / "generated/pv.json").read_text())
    ops = manifest["interfaces"][0]["ops"]
    templates = {op["name"] for op in ops if op["native_template"]}
    assert templates == {*PRIVILEGED, *UNPRIVILEGED}


@pytest.mark.parametrize("op", [*PRIVILEGED, *WRITTEN_IN_C])
def test_privileged_is_not_inherited(op: str, tree: Path) -> None:
    """A deprivileged backend is refused, at its statement, with the op named."""
    line = bind(tree, op, "inherit")
    (error,) = errors(check(tree))
    assert (error.name, error.path, error.line) == ("inherit-privileged", XEN, line)
    assert f"'{op}'" in error.text and "'xen_pv'" in error.text


@pytest.mark.parametrize("op", UNPRIVILEGED)
def test_unprivileged_is_inherited(op: str, tree: Path) -> None:
    """What any privilege level may do can be inherited."""
    bind(tree, op, "inherit")
    assert clean(check(tree))


def test_privileged_backend_inherits(tree: Path) -> None:
    """Only `deprivileged` forbids it."""
    edit(tree, XEN, r"^    deprivileged;", "    ")
    for op in (*PRIVILEGED, *WRITTEN_IN_C):
        bind(tree, op, "inherit")
    assert check(tree).names() == ["unused-shared"]


# Each must be refused in a deprivileged kernel, however it is written.
REFUSED = (
    "cli;sti;hlt;CLI; cli;\tcli;lgdt (%rdi);lgdtq (%rdi);lidt (%rdi);lidtq (%rdi);lldt %di"
    ";lldtw %di;str %eax;strw %ax;sgdt (%rdi);sidt (%rdi);sldt %eax;smsw %eax;smswq %rax"
    ";ltr %di;ltrw %di;lmsw %di;clts;invd;wbinvd;wbnoinvd;invlpg (%rdi);invpcid (%rdi), %rsi"
    ";rdmsr;wrmsr;rdpmc;swapgs;sysret;sysretl;sysretq;sysexit;iret;iretl;iretq;iretw"
    ";in %dx, %al;in $0x80, %al;inb %dx, %al;inw %dx, %ax;inl %dx, %eax;insb;insw;insl;rep insb"
    ";out %al, $0x80;outb %al, %dx;outw %ax, %dx;outl %eax, %dx;outsb;outsw;outsl;rep outsb"
    ";pushf;pushfq;pushfw;popf;popfq;popfw;xsetbv;monitor;mwait;stac;clac"
    ";mov %cr0, %rax;mov %rax, %cr3;mov %rdi,%cr4;movq %cr2, %rax;mov %rax, %db7;mov %dr7, %rax"
).split(";")
SEVERAL = (
    "nop; cli",
    "nop;cli",
    "cli; nop",
    "1: cli",
    "1:cli",
    "nop\\ncli",
    "/* x */ cli",
    "nop # x\\ncli",
)

# Near misses: the name, or a part of it, is that of a privileged one.
ACCEPTED = (
    "clc;cld;stc;incl %eax;inc %eax;int3;outer_label:;mov %ecx, %eax;push %rdi;pop %rdi;pushq $1"
    ";lea (%rdi), %rax;sysenter_label:;monitor_label = 1;lock incl (%rdi);movb $1, %gs:cli(%rip)"
    ";hlt_label: nop;pause;rdtsc;cpuid;invlpg_symbol:;str_label:;mov %rax, crab(%rip)"
).split(";")

TINY = """
interface i version 1.0 {{ group g {{ op void f(void) {{ default nop; }} }} }}
backend b for i {{ deprivileged; detect always;
    g.f inline x86_64
        "{}";
}}
"""


def check_inline(directory: Path, insn: str) -> Result:
    """A deprivileged backend that does its op by this instruction."""
    (directory / "tiny.pvi").write_text(TINY.format(insn.replace("\t", "\\t")))
    return run("check", "tiny.pvi", cwd=directory)


@pytest.mark.parametrize("insn", REFUSED)
def test_privileged_instruction(insn: str, tmp_path: Path) -> None:
    """No spelling of a privileged instruction gets into a deprivileged backend."""
    result = check_inline(tmp_path, insn)
    assert [(d.name, d.line) for d in errors(result)] == [("inline-privileged", 5)], result.err


@pytest.mark.parametrize("insn", SEVERAL)
def test_privileged_among_several(insn: str, tmp_path: Path) -> None:
    """Nor does one that hides behind another, or behind a label."""
    result = check_inline(tmp_path, insn)
    assert result.status == INPUT
    assert {d.line for d in errors(result)} == {5}
    assert set(result.names()) <= {"inline-privileged", "one-instruction"}, result.err


@pytest.mark.parametrize("insn", ACCEPTED)
def test_unprivileged_instruction(insn: str, tmp_path: Path) -> None:
    """Resemblance is not enough; what else is wrong with it is for others to say."""
    assert "inline-privileged" not in check_inline(tmp_path, insn).names()


def test_examples_are_instructions(tmp_path: Path) -> None:
    """What is refused or accepted above is what the assembler understands."""
    lines = [insn.replace("\\n", "\n") for insn in (*REFUSED, *SEVERAL, *ACCEPTED)]
    (tmp_path / "all.S").write_text("\n".join(lines) + "\n")
    done = subprocess.run([*ASSEMBLE, "all.S"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


# ---- kinds of addresses ----

KINDS = {
    "gpa for mfn": ("mmu.write_cr3", "= xen.mmuext_op.new_baseptr(cr3)", ["address-kind"]),
    "converted": ("mmu.write_cr3", "= xen.mmuext_op.new_baseptr(mfn(cr3))", []),
    "pfn for mfn": ("mmu.alloc_pt", "= xen.mmuext_op.pin_l1_table(pfn)", ["address-kind"]),
    "pfn for gpa": ("mmu.alloc_pt", "= xen.mmuext_op.pin_l1_table(mfn(pfn))", ["address-kind"]),
    "no kind for mfn": ("mmu.lazy_enter", "= xen.mmuext_op.pin_l1_table(mode)", ["address-kind"]),
    "va for mfn": ("mmu.flush_tlb_one", "= xen.mmuext_op.new_baseptr(addr)", ["address-kind"]),
    "number": ("mmu.lazy_enter", "= xen.mmuext_op.pin_l1_table(0)", []),
}


@pytest.mark.parametrize("case", KINDS)
def test_kinds_of_addresses(case: str, tree: Path) -> None:
    """A hypervisor gets the kind of address that it wants, or the build fails."""
    op, how, names = KINDS[case]
    line = bind(tree, op, how)
    result = check(tree)
    assert result.names() == names, result.err
    assert [(d.path, d.line) for d in errors(result)] == [(XEN, line)] * len(names)


# ---- the assembler decides lengths ----

STORE = "movb $1, %gs:{vcpu_info.evtchn_upcall_mask}"

DISABLE = (XEN, r"^    irq\.irq_disable .*$", "    irq.irq_disable inline x86_64 {};", "xen_pv")
LGDT = (PV, r'^        native x86_64 "lgdt \(%rdi\)";', "        native x86_64 {};", "native")

# What is edited, and the instructions that are put there.
TEMPLATES = {
    "too long inline": (DISABLE, f'"{STORE}" "{STORE}"'),
    "too long native": (LGDT, '"lgdt (%rdi)" "mov $0x123456789, %rax" "mov %rax, %rdi" "nop"'),
    "bad operands inline": (DISABLE, '"testb $1, $2"'),
    "bad operand native": (LGDT, '"lgdt %rdi"'),
    "bad address": (DISABLE, '"movb $1, 5(%al)"'),
}


def assemble(tree: Path, name: str) -> subprocess.CompletedProcess[str]:
    """Build everything, assemble one output."""
    result = run("build", "--outdir", "out", NATIVE, XEN, cwd=tree)
    assert clean(result), result.err
    command = [*ASSEMBLE, f"out/{name}.S"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ("native", "xen_pv"))
def test_templates_assemble(name: str, tree: Path) -> None:
    """The templates as they are have no fault."""
    done = assemble(tree, name)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("case", TEMPLATES)
def test_the_assembler_points_into_the_description(case: str, tree: Path) -> None:
    """Faults of instruction text appear at the line where a person wrote it."""
    (name, old, new, output), instructions = TEMPLATES[case]
    line = edit(tree, name, old, new.format(instructions))
    done = assemble(tree, output)
    assert done.returncode != 0
    places = set(re.findall(r"^(\S+?):(\d+): Error:", done.stderr, re.MULTILINE))
    assert places == {(name, str(line))}, done.stderr


@pytest.mark.parametrize("budget", (24, 25))
def test_the_longest_template_that_fits(budget: int, tree: Path) -> None:
    """A budget of exactly the template's length, 25 bytes, is enough; one byte less is not."""
    edit(tree, PV, r"^ {8}budget \d+;(?=\n {8}native x86_64 \"sti\")", f"        budget {budget};")
    assert (assemble(tree, "xen_pv").returncode == 0) == (budget == 25)
