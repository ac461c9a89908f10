"""Kernels and blobs of a description that differs from idl/pv in some texts."""

import shutil
import subprocess
from pathlib import Path

import machine

# Text of a file of idl/pv, and what stands there instead.
Change = tuple[str, str, str]

# Parts of pvgen, which need not be compiled again for a build elsewhere.
OF_PVGEN = ("plain", "pvgen", "libraries.h", "parser.c", "parser.h", "lexer.c", "*.inc")


def describe(folder: Path, changes: list[Change]) -> Path:
    """A copy of idl/ with each text, which is there once, replaced; idl/pv in it."""
    shutil.copytree(machine.ROOT / "idl", folder / "idl")
    for name, old, new in changes:
        path = folder / "idl/pv" / name
        text = path.read_text()
        assert text.count(old) == 1, (name, old)
        path.write_text(text.replace(old, new))
    return folder / "idl/pv"


def _bring_pvgen(build: Path) -> None:
    build.mkdir()
    for pattern in OF_PVGEN:
        for path in (machine.ROOT / "build").glob(pattern):
            if path.is_dir():
                shutil.copytree(path, build / path.name)
            else:
                shutil.copy2(path, build)


def build(folder: Path, *targets: str) -> Path:
    """Make these of the description in the folder; where they are."""
    inputs = sorted((folder / "idl/pv").glob("*.pvi"))
    abis = sorted((folder / "idl/abi").glob("*.pvi"))
    subprocess.run([machine.ROOT / "build/pvgen", "build", "--outdir", folder / "generated", *inputs, *abis],
                   check=True)
    _bring_pvgen(folder / "build")
    subprocess.run(["make", "-s", f"GENERATED={folder}/generated", f"BUILD={folder}/build",
                    f"IDL={' '.join(map(str, inputs))}", *(f"{folder}/build/{target}" for target in targets)],
                   cwd=machine.ROOT, check=True, capture_output=True)
    return folder / "build"
