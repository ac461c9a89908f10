"""The description that the tests of pvgen's surroundings build, and what becomes of it."""

import shutil
from pathlib import Path

from tool import HERE

LEAST = (HERE / "golden/least.pvi").read_text()
OUTPUTS = set("a.h b.S b.c b.h b_blob.S i.c i.h i.json i_asm.h i_binary.S i_binary.c i_binary.h"
              " i_canaries.S i_canaries.h i_ops.h".split())

OP = "op void f(void) { default nop; }"

# One change that shows in most outputs, and one that is an error.
CHANGED = LEAST.replace(OP, f"{OP} op void h(void) {{ default trap; }}")
BROKEN = LEAST.replace("default nop", "default nothing")


def write(directory: Path, files: dict[str, bytes]) -> None:
    """Write these files, beside what else is there."""
    for name, text in files.items():
        (directory / name).write_bytes(text)


def restore(directory: Path, files: dict[str, bytes]) -> None:
    """Make these the directory's files, and no others."""
    shutil.rmtree(directory)
    directory.mkdir()
    write(directory, files)
