"""The parts of tests/linux that need no kernel: finding C by name, comparing objects, judging logs."""

import os
import subprocess
from pathlib import Path

import boot
import check
import ctext
import kernel
import overlay
import pytest
import sections

TEXT = """\
#include <x.h>  /* pv_ops = { */
static u64 steal(int cpu)
{
	return cpu ? '{' : 0;
}

/* a table = { */
static const typeof(pv_ops) table __initconst = {
	.cpu = {
#ifdef CONFIG_X
		.wbinvd = native_wbinvd,
#endif
	},
};
struct resource other = { .name = "};", };
EXPORT_SYMBOL(other);
static void __init later(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		f(i);
	}
	pv_ops.mmu.a = A;
	/* b = c */
	pv_ops.mmu.b =
		WRAPPED(B);
	g();
	pv_ops.mmu.c = C;
}
"""


# ---- C ----


def test_definitions() -> None:
    """Functions and variables, not what only looks like one."""
    assert list(ctext.definitions(TEXT)) == ["steal", "table", "other", "later"]
    table = ctext.definition(TEXT, "table")
    assert TEXT[table.start:table.end].splitlines()[::6] == [
        "static const typeof(pv_ops) table __initconst = {", "};"]


def test_assignments() -> None:
    """The first run of them."""
    start, end = ctext.assignments(TEXT, "later", "pv_ops")
    assert TEXT[start:end] == "pv_ops.mmu.a = A;\n\t/* b = c */\n\tpv_ops.mmu.b =\n\t\tWRAPPED(B);"


def test_lines_stay() -> None:
    """What follows a replaced definition is on the line where it was."""
    table = ctext.definition(TEXT, "table")
    text = ctext.replaced(TEXT, [(table.start, table.end)], "#include <t.h>")
    assert text.splitlines()[7:9] == ["#include <t.h>", ""]
    assert text.splitlines()[14:] == TEXT.splitlines()[14:] and "wbinvd" not in text


def test_several_definitions() -> None:
    """The line is in place of the last; the others leave nothing."""
    spans = [(item.start, item.end) for name in ("other", "steal") for item in [ctext.definition(TEXT, name)]]
    text = ctext.replaced(TEXT, spans, "#include <t.h>")
    assert list(ctext.definitions(text)) == ["table", "later"] and text.count("\n") == TEXT.count("\n")
    assert text.splitlines()[14] == "#include <t.h>"


WRONG = {
    "absent": (lambda: ctext.definition(TEXT, "nothing"), "0 definitions of nothing"),
    "twice": (lambda: ctext.definition(TEXT + TEXT, "table"), "2 definitions of table"),
    "no assignment": (lambda: ctext.assignments(TEXT, "steal", "pv_ops"), "steal assigns to no member of pv_ops"),
    "more on the line": (lambda: ctext.replaced("int a = 1; int b = 2;\n", [(0, 10)], "x"), "more on its line"),
}


@pytest.mark.parametrize("act,text", WRONG.values(), ids=list(WRONG))
def test_not_found(act, text: str) -> None:
    """The error names what is missing."""
    with pytest.raises(ctext.NotFound, match=text):
        act()


# ---- the overlay ----


@pytest.fixture
def trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel of five files."""
    hand = tmp_path / "hand"
    for target in {*overlay.HEADERS.values(), *(p.target for p in (*overlay.PIECES, *overlay.PHASES))}:
        (hand / target).parent.mkdir(parents=True, exist_ok=True)
        (hand / target).write_text(f"/* {target} */\n" + "".join(
            [f"struct s {name} = {{ 1 }};\n" for piece in overlay.PIECES if piece.target == target
             for name in piece.definitions]
            + [f"void {phase.function}(void)\n{{\n\tpv_ops.a = b;\n}}\n"
               for phase in overlay.PHASES if phase.target == target]))
    monkeypatch.setattr(overlay, "HAND", hand)
    monkeypatch.setattr(overlay, "PLACE", tmp_path)
    return tmp_path


def test_identity(trees: Path) -> None:
    """Files are linked but for those that change, and those of the first tree stay as they are."""
    (trees / "hand/Kbuild").write_text("x")
    (trees / "hand/build.main").mkdir()
    before = (trees / "hand/arch/x86/xen/irq.c").read_text()
    tree = overlay.create("identity")
    assert (tree / "Kbuild").samefile(trees / "hand/Kbuild") and not (tree / "build.main").exists()
    assert "#include <asm/pvgen/xen_pv_irq.h>" in (tree / "arch/x86/xen/irq.c").read_text()
    assert (trees / "hand/arch/x86/xen/irq.c").read_text() == before
    assert (tree / "arch/x86/include/asm/pvgen/xen_pv_irq.h").read_text() == "struct s xen_irq_ops = { 1 };\n"


def test_nothing_is_touched_twice(trees: Path) -> None:
    """Else everything would be built again."""
    tree = overlay.create("identity")
    times = {path: path.stat().st_mtime_ns for path in tree.rglob("*.[ch]")}
    overlay.create("identity")
    assert times == {path: path.stat().st_mtime_ns for path in tree.rglob("*.[ch]")}


def test_a_file_less(trees: Path) -> None:
    """A phase that is no longer generated is the hand-written one again."""
    overlay.create("identity")
    folder = trees / "given"
    folder.mkdir()
    overlay.cut(folder)
    (folder / "xen_pv_locks.h").unlink()
    overlay.overlay(trees / "identity", overlay.changes(folder))
    assert "pv_ops.a = b;" in (trees / "identity/arch/x86/xen/spinlock.c").read_text()
    assert not (trees / "identity/arch/x86/include/asm/pvgen/xen_pv_locks.h").exists()


def test_overlay_errors(trees: Path) -> None:
    """What is missing is named, and where."""
    folder = trees / "given"
    folder.mkdir()
    with pytest.raises(kernel.Failure, match="has no paravirt_types.h, paravirt.h, .*it has nothing"):
        overlay.changes(folder)
    overlay.cut(folder)
    (folder / "native_table.h").write_text("struct s pv_ops = { 1 };\n")
    with pytest.raises(kernel.Failure, match="native_table.h does not define pv_info"):
        overlay.changes(folder)
    (trees / "hand/arch/x86/xen/irq.c").write_text("int x;\n")
    overlay_irq = [piece for piece in overlay.PIECES if piece.name == "xen_pv_irq.h"]
    with pytest.raises(kernel.Failure, match="irq.c: 0 definitions of xen_irq_ops"):
        overlay.edited(overlay_irq[0].target, overlay_irq, folder)


def test_objects_are_older_than_changes(trees: Path) -> None:
    """Whenever the first tree was built; else make would take them for good."""
    tree = overlay.create("identity")
    first = kernel.Build(trees / "hand", kernel.MAIN)
    first.folder.mkdir()
    for number, name in enumerate(("old.o", "new.o")):
        (first.folder / name).write_text("")
        os.utime(first.folder / name, (2e9 + number, 2e9 + number))
    other = kernel.Build(tree, kernel.MAIN)
    other.begin_from(first, overlay.oldest_change(tree))
    times = [(other.folder / name).stat().st_mtime for name in ("old.o", "new.o")]
    changed = (tree / "arch/x86/xen/irq.c").stat().st_mtime
    assert times[0] < times[1] < changed
    assert changed - times[0] < 1


# ---- configurations ----


@pytest.mark.parametrize("configuration", [kernel.MAIN, *kernel.OTHERS], ids=lambda c: c.name)
def test_configurations(configuration: kernel.Configuration) -> None:
    """Each has its own name and asks for paravirt."""
    assert kernel.wanted(configuration)["CONFIG_PARAVIRT"] == "y"
    assert [each.name for each in (kernel.MAIN, *kernel.OTHERS)].count(configuration.name) == 1


def test_a_setting_that_did_not_come_true(tmp_path: Path) -> None:
    """Is an error that names it."""
    build = kernel.Build(tmp_path, kernel.MAIN)
    build.folder.mkdir()
    (build.folder / ".config").write_text("CONFIG_SMP=y\n# CONFIG_XEN is not set\n")
    with pytest.raises(kernel.Failure, match="CONFIG_XEN is n and not y"):
        build.check_settings({"CONFIG_SMP": "y", "CONFIG_XEN": "y", "CONFIG_KVM": "n"})


def test_a_build_that_fails(tmp_path: Path) -> None:
    """Its first error is shown, wherever it is in the log."""
    (tmp_path / "log").write_text("  CC x\nx.c:1:2: error: no\n" + "  CC y\n" * 99)
    assert kernel.complaints(tmp_path / "log") == "x.c:1:2: error: no"
    (tmp_path / "log").write_text("  CC x\n" * 99 + "killed\n")
    assert kernel.complaints(tmp_path / "log").splitlines()[-1] == "killed"


# ---- the comparison ----

SOURCE = """
extern int far(int);
int table[4] = { 1, 2, 3, 4 };
int near(int);
int (*pointer)(int) = far;
int near(int x) { return far(x) + 1; }
int second(int x) { return near(x) * table[x]; }
__asm__(".section .parainstructions,\\"a\\"; .quad near; .byte 3, 6; .balign 8; .quad second; .byte 4, 6;"
        ".balign 8; .section __bug_table,\\"aw\\"; .long near - .; .long 0; .word 17, 0; .text");
"""

# A change of the source, and what must be said of it: section, symbol, kind.
CHANGES = {
    "instruction": ("+ 1;", "+ 2;", (".text", "near", "code")),
    "length": ("+ 1;", "* 31 / (far(x + 1000) + x * 7);", (".text", "near", "size")),
    "reference": ("far(x) + 1", "fur(x) + 1", (".text", "near", "code")),
    "data": ("3, 4 }", "3, 5 }", (".data", "table", "data")),
    "pointer": ("pointer)(int) = far", "pointer)(int) = near", (".data.rel", "pointer", "data")),
    "entry": (".byte 4", ".byte 5", (".parainstructions", "second", "entry")),
    "line": (".word 17", ".word 19", ("__bug_table", "near", "line")),
    "flags of a line": (".word 17, 0", ".word 19, 1", ("__bug_table", "near", "entry")),
    "function less": ("int second(int x) { return near(x) * table[x]; }", "extern int second(int);",
                      (".text", "second", "missing")),
    "section more": ("extern int far", "__attribute__((section(\".new\"))) int n = 1; extern int far",
                     (".new", ".new", "missing")),
}


def compile_to(folder: Path, source: str) -> Path:
    """An object file."""
    folder.mkdir()
    (folder / "x.c").write_text("extern int fur(int);" + source)
    subprocess.run(["gcc", "-O2", "-g", "-fno-inline", "-fPIC", "-fno-asynchronous-unwind-tables", "-c", "-o",
                    folder / "x.o", folder / "x.c"], check=True)
    return folder


def found(tmp_path: Path, source: str) -> list[sections.Difference]:
    """Differences from the object of SOURCE."""
    rows = sections.objects(compile_to(tmp_path / "a", SOURCE), compile_to(tmp_path / "b", source))
    return [each for row in rows.values() for each in row.differences]


def test_equal(tmp_path: Path) -> None:
    """Other lines and comments are no difference."""
    assert found(tmp_path, "\n\n/* far */\n" + SOURCE) == []


@pytest.mark.parametrize("old,new,expected", CHANGES.values(), ids=list(CHANGES))
def test_difference(tmp_path: Path, old: str, new: str, expected: tuple[str, str, str]) -> None:
    """Each kind is seen and named."""
    assert SOURCE.count(old) == 1
    seen = found(tmp_path, SOURCE.replace(old, new))
    assert expected in [(each.section, each.symbol, each.kind) for each in seen]


def test_code_is_shown(tmp_path: Path) -> None:
    """Both versions of an instruction, with what they refer to."""
    seen = found(tmp_path, SOURCE.replace("far(x) + 1", "fur(x) + 1"))
    text = next(each.text for each in seen if each.symbol == "near")
    assert "- e8 00 00 00 00" in text and "<far" in text and "<fur" in text


def link(folder: Path, at: str) -> Path:
    """A linked file, the text somewhere."""
    (folder / "far.s").write_text(".globl far, fur\nfar:\nfur: ret\n")
    subprocess.run(["gcc", "-nostdlib", "-static", "-no-pie", f"-Wl,-Ttext={at},-e,near,--build-id=none",
                    "-Wl,--no-warn-rwx-segments", "-o", folder / "linked", folder / "far.s", folder / "x.o"],
                   check=True, stderr=subprocess.DEVNULL)
    return folder / "linked"


def test_linked(tmp_path: Path) -> None:
    """At another place everything differs; that it is only the place is said."""
    folder = compile_to(tmp_path / "a", SOURCE)
    first = link(folder, "0x500000").rename(tmp_path / "first")
    assert not [row for row in sections.linked(first, link(folder, "0x500000")).values() if row.differences]
    rows = sections.linked(first, link(folder, "0x600000"))
    assert {each.kind for each in rows[".text"].differences} == {"place", "references"}
    assert {each.kind for each in rows[".parainstructions"].differences} >= {"entry"}


def test_reasons(tmp_path: Path) -> None:
    """A reason covers what it names and nothing else."""
    (tmp_path / "reasons").write_text("# head\n\nmain .notes * data debuggers' text is part of it\n")
    reasons = sections.read_reasons(tmp_path / "reasons")
    notes = sections.Difference(".notes", "x", "data", "")
    assert sections.reason_for(notes, "main", reasons) == "debuggers' text is part of it"
    assert not sections.reason_for(notes, "clang", reasons)
    assert not sections.reason_for(sections.Difference(".text", "x", "code", ""), "main", reasons)


def test_report_counts_what_has_no_reason(tmp_path: Path, capsys) -> None:
    """And shows it."""
    changed = SOURCE.replace("+ 1;", "+ 2;")
    rows = sections.objects(compile_to(tmp_path / "a", SOURCE), compile_to(tmp_path / "b", changed))
    assert [each.symbol for each in sections.report(rows, "main")] == ["near"]
    text = capsys.readouterr().out
    assert "x.o .text near: code: " in text and "main: 1 differences without a reason" in text


def test_only_what_was_made() -> None:
    """Objects of older builds prove nothing."""
    wanted = check.is_of(["mm/memory.o", "arch/x86/mm/"])
    assert [wanted(name) for name in ("mm/memory.o", "arch/x86/mm/tlb.o", "mm/mmap.o")] == [True, True, False]


# ---- boots ----

GOOD = """\
Linux version 6.1.1-pvgen (x)
Booting paravirtualized kernel on bare hardware
LINUX uname Linux 6.1.1-pvgen #1 SMP
LINUX cpus 4
LINUX hypervisor none
LINUX fork works
LINUX done
[    1.0] reboot: Power down
"""


def test_a_good_log() -> None:
    """All lines are there."""
    assert boot.Boot("bare-smp4", GOOD, timed_out=False).good


@pytest.mark.parametrize("line", GOOD.splitlines())
def test_each_line_is_needed(line: str) -> None:
    """A boot without it failed."""
    assert not boot.Boot("bare-smp4", GOOD.replace(line + "\n", ""), timed_out=False).good


@pytest.mark.parametrize("log,late", [(GOOD + "BUG: x\n", False), (GOOD, True), (GOOD.replace("4", "3"), False)])
def test_bad_logs(log: str, late: bool) -> None:
    """Faults, no end, too few CPUs."""
    assert not boot.Boot("bare-smp4", log, late).good
