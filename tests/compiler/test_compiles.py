"""What is accepted compiles: descriptions of which each is near to a mistake, built and given to C compilers."""

import subprocess
from pathlib import Path

import pytest
from tool import FINE, HERE, INPUT, run

FLAGS = "-ffreestanding -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-pic -O2 -Wall -Wextra -Werror".split()

# Not these: binary interfaces of other architectures, and of elements whose places overlap.
OTHERS = {"conventions", "shapes_said"}
GOOD = sorted(p for p in (HERE / "good").glob("*.pvi") if p.stem not in OTHERS)

# No code is written for these, and pvgen says so.
NOT_BUILT = {"not-generated", "config-unset", "no-entry", "unknown-built"}


def sources(directory: Path) -> list[str]:
    """The generated sources, and for each header in C one that has nothing else."""
    for header in directory.glob("*.h"):
        if not header.name.endswith("_asm.h"):
            header.with_suffix(".only.c").write_text(f'#include "{header.name}"\nint nothing;\n')
    return sorted(p.name for suffix in ("c", "S") for p in directory.glob(f"*.{suffix}"))


@pytest.mark.parametrize("compiler", ("gcc", pytest.param("clang", marks=pytest.mark.slow)))
@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_good(path: Path, compiler: str, tmp_path: Path) -> None:
    """Each file compiles without a word."""
    result = run("build", "--outdir", tmp_path, path)
    if result.status == INPUT:
        assert set(result.names()) <= NOT_BUILT | {"note"}, result.err
        return
    assert result.status == FINE, result.err
    names = sources(tmp_path)
    if not names:
        return  # nothing but types
    command = [compiler, *FLAGS, "-I.", "-c", *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_most_are_built(tmp_path: Path) -> None:
    """Else the test above would test nothing."""
    built = [p for p in GOOD if run("build", "--outdir", tmp_path, p).status == FINE]
    assert len(built) > len(GOOD) // 2, built
