"""docs/backend-guide.md, executed word for word in a copy of the repository."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tool import ROOT

GUIDE = ROOT / "docs/backend-guide.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*(?:\n> .*)*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A file to write, or a command and what it prints."""

    path: str | None
    text: str
    output: str = ""


def steps() -> Iterator[Step]:
    """All of the guide, in its order."""
    for kind, path, text in BLOCK.findall(GUIDE.read_text()):
        if path:
            yield Step(path, text)
        elif kind == "console":
            for command, output in COMMAND.findall(text):
                yield Step(None, command.replace("\n> ", "\n"), output)


def pattern(output: str) -> str:
    """What is printed; ... stands for anything in a line, or for lines."""
    lines = output.splitlines()
    return "".join(r"(?:.*\n)*" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + "\n" for line in lines)


@pytest.fixture(name="copy")
def copy_of_the_repository(tmp_path: Path) -> Path:
    """All files under version control, with what was built already."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    for name in ("pvgen", "plain", "guest", "parser.c", "parser.h", "lexer.c"):
        path = ROOT / "build" / name
        if path.is_dir():
            shutil.copytree(path, tmp_path / "build" / name, copy_function=shutil.copy2)
        elif path.exists():
            (tmp_path / "build").mkdir(exist_ok=True)
            shutil.copy2(path, tmp_path / "build" / name)
    return tmp_path


def test_guide(copy: Path) -> None:
    """Each command prints what the guide shows, and the backend boots."""
    done = 0
    for step in steps():
        if step.path:
            (copy / step.path).write_text(step.text)
            continue
        ran = subprocess.run(["sh", "-c", step.text], cwd=copy, capture_output=True, text=True, check=False, timeout=300)
        said = ran.stdout + ran.stderr
        assert re.fullmatch(pattern(step.output), said), f"{step.text}\n{said}"
        done += 1
    assert done > 10
