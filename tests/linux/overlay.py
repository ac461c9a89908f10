"""A second tree of the kernel, in which generated text stands in place of the hand-written.

    python3 tests/linux/overlay.py generated    # what pvgen writes from idl/linux
    python3 tests/linux/overlay.py identity     # what the tree itself says, cut out and put back

The tree shares all files with the first by hard links, but those that differ.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ctext
import kernel
from kernel import HAND, PLACE, ROOT, Failure

# And a folder.
GENERATE = ("build/pvgen", "build", "--profile=linux", "-D", "PARAVIRT", "idl/linux/native.pvi",
            "idl/linux/xen_pv.pvi", "--outdir")

# Files that are replaced as a whole.
HEADERS = {
    "paravirt_types.h": "arch/x86/include/asm/paravirt_types.h",
    "paravirt.h": "arch/x86/include/asm/paravirt.h",
}


@dataclass(frozen=True)
class Piece:
    """A generated file that is included where these definitions stand."""
    name: str
    target: str
    definitions: tuple[str, ...]

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the definitions are."""
        for name in self.definitions:
            item = ctext.definition(text, name)
            yield item.start, item.end


@dataclass(frozen=True)
class Phase:
    """A generated file that is included where a function begins to assign to pv_ops.

    A profile that has no such file leaves these assignments to people.
    """
    name: str
    target: str
    function: str

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the assignments are."""
        yield ctext.assignments(text, self.function, "pv_ops")


XEN = "arch/x86/xen/"
PIECES = (
    Piece("native_table.h", "arch/x86/kernel/paravirt.c", ("pv_info", "pv_ops")),
    Piece("xen_pv_cpu.h", XEN + "enlighten_pv.c", ("xen_cpu_ops",)),
    Piece("xen_pv_irq.h", XEN + "irq.c", ("xen_irq_ops",)),
    Piece("xen_pv_mmu.h", XEN + "mmu_pv.c", ("xen_mmu_ops",)),
)
PHASES = (
    Phase("xen_pv_boot_gdt.h", XEN + "enlighten_pv.c", "xen_setup_gdt"),
    Phase("xen_pv_vcpu_info.h", XEN + "enlighten_pv.c", "xen_setup_vcpu_info_placement"),
    Phase("xen_pv_pagetable_init.h", XEN + "mmu_pv.c", "xen_pagetable_init"),
    Phase("xen_pv_post_allocator.h", XEN + "mmu_pv.c", "xen_post_allocator_init"),
    Phase("xen_pv_locks.h", XEN + "spinlock.c", "xen_init_spinlocks"),
)

# Where the kernel's files find the pieces.
INCLUDED = "asm/pvgen"


# ---- what to put in ----


def generate(folder: Path) -> None:
    """Have pvgen write the files."""
    command = [*GENERATE, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"{done.stderr}{' '.join(command)} ended with {done.returncode}")


def cut(folder: Path) -> None:
    """Write the files from the tree's own text, without comments: other lines, same program."""
    for name, target in HEADERS.items():
        (folder / name).write_text(ctext.without_comments((HAND / target).read_text()))
    for piece in (*PIECES, *PHASES):
        text = (HAND / piece.target).read_text()
        parts = [text[start:end] for start, end in piece.spans(text)]
        (folder / piece.name).write_text(ctext.without_comments("\n".join(parts)) + "\n")


def damage(folder: Path, name: str, old: str, new: str) -> None:
    """Change one of the files, once."""
    text = (folder / name).read_text()
    if text.count(old) != 1:
        raise Failure(f"{name} has {old!r} {text.count(old)} times, not once: no damage can be done there")
    (folder / name).write_text(text.replace(old, new))


# ---- how to put it in ----


def given(folder: Path) -> list[Piece | Phase]:
    """The pieces that there are; all tables must be."""
    missing = [name for name in (*HEADERS, *(piece.name for piece in PIECES)) if not (folder / name).exists()]
    if missing:
        raise Failure(f"{folder} has no {', '.join(missing)}; it has "
                      f"{', '.join(sorted(p.name for p in folder.iterdir())) or 'nothing'}")
    return [piece for piece in (*PIECES, *PHASES) if (folder / piece.name).exists()]


def removed(text: str, piece: Piece | Phase, generated: str) -> list[tuple[int, int]]:
    """What a piece stands in place of: also all else that it defines and the text too."""
    spans = list(piece.spans(text))
    if isinstance(piece, Piece):
        defined = ctext.definitions(generated)
        if absent := [name for name in piece.definitions if name not in defined]:
            raise Failure(f"the generated {piece.name} does not define {', '.join(absent)}")
        others = [name for name in ctext.definitions(text) if name in defined and name not in piece.definitions]
        spans += [(item.start, item.end) for name in others for item in [ctext.definition(text, name)]]
    return spans


def edited(target: str, pieces: list[Piece | Phase], folder: Path) -> str:
    """A hand-written file with pieces put in."""
    text = (HAND / target).read_text()
    for piece in pieces:
        try:
            spans = removed(text, piece, (folder / piece.name).read_text())
            text = ctext.replaced(text, spans, f"#include <{INCLUDED}/{piece.name}>")
        except ctext.NotFound as error:
            raise Failure(f"{HAND / target}: {error}; {piece.name} cannot be put in") from error
    return text


def changes(folder: Path) -> dict[str, str]:
    """All files that differ from the hand-written tree, by path."""
    pieces = given(folder)
    result = {target: (folder / name).read_text() for name, target in HEADERS.items()}
    result |= {f"arch/x86/include/{INCLUDED}/{p.name}": (folder / p.name).read_text() for p in pieces}
    for target in dict.fromkeys(piece.target for piece in pieces):
        result[target] = edited(target, [piece for piece in pieces if piece.target == target], folder)
    return result


def link(tree: Path) -> None:
    """A tree of hard links to the first."""
    part = tree.with_name(tree.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    entries = [entry for entry in HAND.iterdir() if not entry.name.startswith("build.")]
    subprocess.run(["cp", "-al", "-t", part, *entries], check=True)
    part.rename(tree)


def put(path: Path, text: str) -> None:
    """Write a file if it changes, and never into one that is linked to the first tree's."""
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.unlink(missing_ok=True)
        path.write_text(text)


def forget(tree: Path, texts: dict[str, str]) -> None:
    """Undo what an older overlay changed and this one does not."""
    for phase in (*PIECES, *PHASES):
        if phase.target not in texts:
            put(tree / phase.target, (HAND / phase.target).read_text())
        if (name := f"arch/x86/include/{INCLUDED}/{phase.name}") not in texts:
            (tree / name).unlink(missing_ok=True)


def overlay(tree: Path, texts: dict[str, str]) -> None:
    """Bring a tree to what it must be; what is so already stays untouched."""
    if not tree.exists():
        link(tree)
    forget(tree, texts)
    for path, text in texts.items():
        put(tree / path, text)


def oldest_change(tree: Path) -> int:
    """When the first of the files was written that are not the hand-written tree's, in ns."""
    names = [*HEADERS.values(), *(piece.target for piece in (*PIECES, *PHASES)),
             *(f"arch/x86/include/{INCLUDED}/{piece.name}" for piece in (*PIECES, *PHASES))]
    own = [tree / name for name in names if (tree / name).exists()
           and not ((HAND / name).exists() and (tree / name).samefile(HAND / name))]
    return min(path.stat().st_mtime_ns for path in own)


WRITERS = {"generated": generate, "identity": cut}


def create(name: str, *damages: tuple[str, str, str]) -> Path:
    """The tree of a name, up to date."""
    if not HAND.exists():
        raise Failure(f"there is no {HAND}: run 'make linux-fetch'")
    with tempfile.TemporaryDirectory() as folder:
        WRITERS[name](Path(folder))
        for each in damages:
            damage(Path(folder), *each)
        overlay(PLACE / name, changes(Path(folder)))
    return PLACE / name


def main() -> int:
    """Make a tree and say where it is."""
    parser = argparse.ArgumentParser(description="a kernel tree with generated text in it")
    parser.add_argument("name", choices=WRITERS)
    try:
        print(create(parser.parse_args().name))
    except kernel.Failure as failure:
        print(f"overlay: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
