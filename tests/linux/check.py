"""Is the kernel with generated paravirt text the hand-written one?  `make linux-check` runs all of it.

    python3 tests/linux/check.py [PART...] [--tree generated|identity]

text      generated text beside the kernel's, token by token
change    a parameter changes: who no longer fits is named
main      both trees in full: every section of vmlinux, then boots of the second one
objects   affected objects in the other configurations
identity  objects of a tree whose text was cut out and put back: equal; and damages, each seen
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import boot
import change
import kernel
import overlay
import sections
import similarity
from kernel import HAND, MAIN, OTHERS, PLACE, ROOT, Build, Configuration, Failure


@dataclass(frozen=True)
class Damage:
    """A change that the comparison must see, in a section of some object."""
    what: str
    file: str
    old: str
    new: str
    section: str


DAMAGES = (
    Damage("a template one instruction longer", "paravirt.h", '"cli;"', '"cli; nop;"', ".altinstr_replacement"),
    Damage("clobbered registers less", "paravirt_types.h",
           'VEXTRA_CLOBBERS\t , "rax", "r8", "r9", "r10", "r11"', 'VEXTRA_CLOBBERS\t , "rax"', ".text"),
    Damage("two slots in another order", "paravirt_types.h", "irq_disable;\n\tstruct paravirt_callee_save irq_enable;",
           "irq_enable;\n\tstruct paravirt_callee_save irq_disable;", ".parainstructions"),
    Damage("another native function in a slot", "native_table.h", ".cpu.wbinvd\t\t= native_wbinvd",
           ".cpu.wbinvd\t\t= paravirt_nop", ".data"),
    Damage("another Xen function in a slot", "xen_pv_cpu.h", ".load_tr_desc = paravirt_nop",
           ".load_tr_desc = native_load_tr_desc", ".init.rodata"),
    Damage("another function in a later phase", "xen_pv_post_allocator.h", "= xen_set_pud", "= xen_set_pud_hyper",
           ".init.text"),
)

# Where the damages show: kept few, since each is compiled six times.
DAMAGED = ("arch/x86/kernel/paravirt.o", "arch/x86/kernel/process.o", "arch/x86/xen/enlighten_pv.o",
           "arch/x86/xen/mmu_pv.o", "mm/memory.o")


# In vmlinux they are data, with build ids in them.
VDSOS = ("arch/x86/entry/vdso/vdso64.so.dbg", "arch/x86/entry/vdso/vdso32.so.dbg")


def say(text: str) -> None:
    """Tell how far it is; builds take minutes."""
    print(f"== {time.strftime('%H:%M:%S')} {text}", flush=True)


def hand(configuration: Configuration) -> Build:
    """The hand-written kernel."""
    return Build(HAND, configuration)


def second(name: str, configuration: Configuration) -> Build:
    """The same configuration of another tree, which starts from the first one's objects."""
    build = Build(PLACE / name, configuration)
    build.begin_from(hand(configuration), overlay.oldest_change(build.tree))
    return build


def check_used(build: Build) -> None:
    """Equality proves nothing if the compiler did not read the generated files."""
    for piece in overlay.PIECES:
        source = Path(piece.target)
        notes = build.folder / source.with_name(f".{source.stem}.o.cmd")
        if notes.exists() and f"{overlay.INCLUDED}/{piece.name} " not in notes.read_text():
            raise Failure(f"{notes}: the compiler did not read {piece.name}")


def is_of(targets: list[str]) -> Callable[[str], bool]:
    """Does an object belong to what was made?"""
    return lambda name: any(name == each or (each.endswith("/") and name.startswith(each)) for each in targets)


def build_both(name: str, configuration: Configuration, targets: list[str] | None) -> tuple[Build, Build, list[str]]:
    """Both trees' builds, up to date: of some targets, or else of what objects.txt has."""
    first = hand(configuration)
    first.configure()
    targets = targets or kernel.object_targets(first)
    say(f"{configuration.name}: {first.tree.name}")
    first.build(*targets)
    other = second(name, configuration)
    say(f"{configuration.name}: {name}")
    other.build(*targets)
    check_used(other)
    return first, other, targets


def report_linked(first: Build, other: Build, file: str) -> list[sections.Difference]:
    """One linked file of both builds; what differs without a reason."""
    print(file)
    return sections.report(sections.linked(first.folder / file, other.folder / file), Path(file).name)


def check_main(name: str) -> bool:
    """The kernel as a whole."""
    overlay.create(name)
    first, other, _ = build_both(name, MAIN, ["vmlinux"])
    unnamed = [each for file in ("vmlinux", *VDSOS) for each in report_linked(first, other, file)]
    if unnamed:
        say("main: the objects, to find the cause")
        sections.report(sections.objects(first.folder, other.folder), MAIN.name)
    say("main: boots")
    logs = ROOT / "build/linux-boot"
    failed = boot.report(boot.boot_all(other.vmlinux, logs), logs)
    return not unnamed and not failed


def check_objects_of(name: str, configuration: Configuration) -> bool:
    """One configuration's affected objects."""
    first, other, targets = build_both(name, configuration, None)
    rows = sections.objects(first.folder, other.folder, is_of(targets))
    return not sections.report(rows, configuration.name)


def check_objects(name: str) -> bool:
    """All other configurations, also behind one that differs."""
    overlay.create(name)
    return all([check_objects_of(name, configuration) for configuration in OTHERS])


def is_seen(damage: Damage) -> bool:
    """Build a damaged tree's objects and look for the difference."""
    overlay.create("identity", (damage.file, damage.old, damage.new))
    other = second("identity", MAIN)
    other.build(*DAMAGED)
    rows = sections.objects(hand(MAIN).folder, other.folder, is_of(list(DAMAGED)))
    seen = sorted(section for section, row in rows.items() if row.differences)
    print(f"{damage.what}: differs in {' '.join(seen) or 'nothing'}", flush=True)
    return damage.section in seen


def check_identity(_name: str) -> bool:
    """The comparison itself: no difference where there is none, and each damage is one."""
    overlay.create("identity")
    first, other, targets = build_both("identity", MAIN, None)
    equal = not sections.report(sections.objects(first.folder, other.folder, is_of(targets)), "identity")
    say("identity: damages")
    unseen = [damage.what for damage in DAMAGES if not is_seen(damage)]
    for what in unseen:
        print(f"check: {what} was not seen", file=sys.stderr)
    overlay.create("identity")
    return equal and not unseen


def check_text(_name: str) -> bool:
    """Generated text is none of the kernel's."""
    with tempfile.TemporaryDirectory() as folder:
        change.generate(ROOT / "idl", Path(folder))
        return similarity.report(HAND, Path(folder))


def check_change(_name: str) -> bool:
    """A parameter changes: who no longer fits is named before anything is compiled."""
    return change.report(HAND)


PARTS: dict[str, Callable[[str], bool]] = {
    "text": check_text, "change": check_change, "main": check_main, "objects": check_objects, "identity": check_identity}


def main() -> int:
    """Run the parts that are asked for, all of them to their end."""
    parser = argparse.ArgumentParser(description="the generated kernel against the hand-written one")
    parser.add_argument("part", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--tree", choices=overlay.WRITERS, default="generated", help="the second tree")
    options = parser.parse_args()
    if unknown := set(options.part) - set(PARTS):
        parser.error(f"no part {', '.join(unknown)}")
    try:
        good = [PARTS[part](options.tree) for part in options.part or PARTS]
    except (Failure, subprocess.CalledProcessError) as error:
        print(f"check: {error}", file=sys.stderr)
        return 1
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
