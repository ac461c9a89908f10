"""What pvgen writes, byte for byte, and that C compilers accept it.

golden/NAME.pvi has beside it a file NAME.OUTPUT for each OUTPUT of its build.
PVGEN_UPDATE=1 rewrites them; read the difference before it is committed.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
from tool import ENVIRONMENT, FINE, HERE, ROOT, clean, run, snapshot

GOLDEN = HERE / "golden"
I386 = GOLDEN / "i386"
LINUX = HERE / "linux"
INPUTS = sorted(GOLDEN.glob("*.pvi")) + sorted(I386.glob("*.pvi"))
LINUX_INPUTS = sorted(LINUX.glob("*.pvi"))
UPDATE = bool(os.environ.get("PVGEN_UPDATE"))

# A snapshot is written only if it is asked for: tests/diff.
EMITTERS = (ROOT / "compiler/emit.c").read_text().split("linux_emitters")[0]
ROWS = re.findall(r'^\t\{"([\w-]+)", "@', EMITTERS, re.MULTILINE)
KINDS = [kind for kind in ROWS if kind != "snapshot"]

DOCUMENTED = set("""ops calls asm tables canary canaries manifest abi backend table templates
                 binary-abi binary-tables binary-code blob rom rom-header""".split())

# Only of architectures that have blobs.
OF_BLOBS = {"binary-abi", "binary-tables", "binary-code", "blob"}

# Only of descriptions that have a ROM.
OF_ROMS = {"rom", "rom-header"}

COMPILERS = ("gcc", "clang")
FLAGS = "-ffreestanding -mgeneral-regs-only -fno-pic -fcf-protection=branch -O2 -Wall -Wextra -Werror".split()

# By the folder of a description: what pvgen is told, and compilers are.
OPTIONS = {GOLDEN: (), I386: ("--arch=i386",), LINUX: ("--profile=linux",)}
MACHINE = {
    GOLDEN: "-mcmodel=kernel -mno-red-zone".split(),
    I386: "-m32 -march=i686 -mregparm=3 -freg-struct-return".split(),
}

inputs = pytest.mark.parametrize("path", INPUTS, ids=lambda p: p.stem)


def is_rom(path: Path) -> bool:
    """Does it describe a ROM?"""
    return re.search("^rom ", path.read_text(), re.MULTILINE) is not None


def kinds(path: Path) -> list[str]:
    """What can be asked for."""
    lacking = (OF_BLOBS if path.parent == I386 else set()) | (set() if is_rom(path) else OF_ROMS)
    return [kind for kind in KINDS if kind not in lacking]


inputs_by_kind = pytest.mark.parametrize(
    ("path", "kind"), [pytest.param(p, kind, id=f"{kind}-{p.stem}") for p in INPUTS for kind in kinds(p)])


def build(path: Path, outdir: Path, *options: str) -> dict[str, bytes]:
    """All files of a build, run where the banners' paths are short."""
    words = (*OPTIONS[path.parent], *options)
    result = run("build", "--outdir", outdir, *words, path.name, cwd=path.parent)
    assert clean(result), result.err
    return snapshot(outdir)


def goldens(path: Path) -> dict[str, bytes]:
    """The outputs that stand beside a description."""
    prefix = f"{path.stem}."
    files = (p for p in path.parent.iterdir() if p.name.startswith(prefix) and p != path)
    return {p.name.removeprefix(prefix): p.read_bytes() for p in files}


def update(path: Path, outputs: dict[str, bytes]) -> None:
    """Make the outputs the goldens."""
    for name in goldens(path).keys() - outputs.keys():
        (path.parent / f"{path.stem}.{name}").unlink()
    for name, text in outputs.items():
        (path.parent / f"{path.stem}.{name}").write_bytes(text)


@pytest.mark.parametrize("path", INPUTS + LINUX_INPUTS, ids=lambda p: f"{p.parent.name} {p.stem}")
def test_golden(path: Path, tmp_path: Path) -> None:
    """No output differs, is missing or is new."""
    outputs = build(path, tmp_path)
    if UPDATE:
        update(path, outputs)
    expected = goldens(path)
    assert outputs.keys() == expected.keys()
    for name, text in outputs.items():
        assert text.decode() == expected[name].decode(), name


def test_kinds() -> None:
    """The kinds that are asked for one by one below are all there are."""
    assert set(KINDS) == DOCUMENTED


@inputs_by_kind
def test_one_kind(path: Path, kind: str, tmp_path: Path) -> None:
    """--emit=KIND writes some of the goldens and nothing else; all kinds together write all."""
    outputs = build(path, tmp_path, f"--emit={kind}")
    expected = goldens(path)
    assert outputs
    assert outputs == {name: expected[name] for name in outputs}


@inputs
def test_kinds_are_all_outputs(path: Path, tmp_path: Path) -> None:
    """Each output belongs to exactly one kind."""
    names = [name for kind in kinds(path) for name in build(path, tmp_path / kind, f"--emit={kind}")]
    assert sorted(names) == sorted(goldens(path))


@inputs_by_kind
def test_emit_to_a_file(path: Path, kind: str, tmp_path: Path) -> None:
    """--emit=KIND:FILE; several modules of the kind cannot share one file."""
    modules = len(build(path, tmp_path / "all", f"--emit={kind}"))
    words = (*OPTIONS[path.parent], f"--emit={kind}:{tmp_path}/one")
    result = run("build", *words, path.name, cwd=path.parent)
    if modules > 1:
        assert result.status != FINE and result.err
        assert not (tmp_path / "one").exists()
    else:
        assert clean(result)
        assert (tmp_path / "one").read_bytes() in goldens(path).values()


@pytest.mark.parametrize("kind", sorted(OF_BLOBS))
def test_no_blobs(kind: str, tmp_path: Path) -> None:
    """An architecture without blobs has none of their outputs, and to ask for one is a fault."""
    path = next(p for p in INPUTS if p.parent == I386)
    result = run("build", "--outdir", tmp_path, *OPTIONS[I386], f"--emit={kind}", path.name, cwd=path.parent)
    assert result.status == ENVIRONMENT
    assert "say --arch=x86_64, for which alone there are blobs, not 'i386'" in result.err
    assert not snapshot(tmp_path)


# ---- compilers ----


def complaints(directory: Path, compiler: str, machine: list[str]) -> list[str]:
    """Compile each file by itself; what the compiler said."""
    said = []
    for path in sorted(p for p in directory.iterdir() if p.suffix in {".c", ".S"}):
        command = [compiler, *FLAGS, *machine, f"-I{ROOT}/runtime", "-c", path.name, "-o", f"{path.name}.o"]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        if done.returncode or done.stderr:
            said.append(f"{path.name}: {done.stderr}")
    return said


@inputs
@pytest.mark.parametrize("compiler", COMPILERS)
def test_compiles(path: Path, compiler: str, tmp_path: Path) -> None:
    """C and assembly, without a word of the compiler."""
    build(path, tmp_path)
    said = complaints(tmp_path, compiler, MACHINE[path.parent])
    assert not said, "\n".join(said)


# Where compilers for i386 have what golden/i386/words.pvi passes: a function, what it is made of.
CONVENTION = {
    "unsigned f(unsigned a, unsigned b, long long c, unsigned d) { return d; }": ["mov 0xc(%esp),%eax", "ret"],
    "unsigned f(unsigned a, unsigned b, long long c, unsigned d) { return c; }": ["mov 0x4(%esp),%eax", "ret"],
    "struct s { long long v; } f(void *a, struct s b) { return b; }": ["mov %edx,%eax", "mov %ecx,%edx", "ret"],
    "long long f(long long a) { return a; }": ["ret"],
}


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("function", CONVENTION)
def test_convention_of_i386(function: str, compiler: str, tmp_path: Path) -> None:
    """Arguments and results travel as pvgen has them."""
    words = [compiler, *MACHINE[I386], "-O2", "-fno-asynchronous-unwind-tables", "-xc", "-c", "-", "-o", tmp_path / "f.o"]
    subprocess.run(words, input=function, text=True, check=True)
    listing = ["objdump", "-d", "-w", "--no-show-raw-insn", tmp_path / "f.o"]
    shown = subprocess.run(listing, capture_output=True, text=True, check=True).stdout
    body = [" ".join(line.split()) for line in re.findall(r"^ +[0-9a-f]+:\t(.*)$", shown, re.MULTILINE)]
    assert body[: body.index("ret") + 1] == CONVENTION[function]


@inputs
@pytest.mark.parametrize("compiler", COMPILERS)
def test_headers_stand_alone(path: Path, compiler: str, tmp_path: Path) -> None:
    """Each header compiles first and alone, in its language."""
    for name in build(path, tmp_path):
        if name.endswith(".h"):
            suffix = "S" if name.endswith("_asm.h") else "c"
            (tmp_path / f"use-{name}.{suffix}").write_text(f'#include "{name}"\n' * 2)
        else:
            (tmp_path / name).unlink()
    said = complaints(tmp_path, compiler, MACHINE[path.parent])
    assert not said, "\n".join(said)


@inputs
def test_no_trailing_blanks(path: Path, tmp_path: Path) -> None:
    """Outputs are committed, so they have the form of text that people commit."""
    for name, text in build(path, tmp_path).items():
        assert not re.search(rb"[ \t]+$", text, re.MULTILINE), name
        assert text.endswith(b"\n") and not text.endswith(b"\n\n"), name
