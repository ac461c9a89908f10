"""Walk-throughs: documents whose commands are run and whose outputs are compared, word for word.

`walk.py DOCUMENT...` writes the outputs anew; read what changed before you believe it.

What stands in a fenced block is done in order, in an empty directory:

    ```c NAME          the file NAME is written (any language)
    ```diff            the files that it names are changed, as patch(1) would
    ```console         "$ command" lines are run, with "> " lines that go on; what stands
                       below each is its whole output, and last, if it is not 0, "[status]"
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 60
ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PVGEN_BUILD", ROOT / "build")).resolve()


@dataclass(frozen=True)
class Block:
    """A fenced block: its first line's words, the text, and the line where it starts."""

    language: str
    name: str
    text: str
    line: int


@dataclass(frozen=True)
class Command:
    """A command of a console block, and all that the document says it prints."""

    words: str
    output: str


def blocks(document: str) -> Iterator[Block]:
    """The fenced blocks of a document, in order."""
    for m in FENCE.finditer(document):
        yield Block(m.group(1), m.group(2), m.group(3), document.count("\n", 0, m.start()) + 1)


def commands(text: str) -> Iterator[Command]:
    """The commands of a console block."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        more = 1
        while more < len(lines) and lines[more].startswith("> "):
            more += 1
        words = lines[0] + "".join(line.removeprefix("> ") for line in lines[1:more])
        yield Command(words.rstrip("\n"), "".join(lines[more:]))


def prepare(directory: Path) -> tuple[Path, Path]:
    """An empty directory to work in, and one that holds pvgen alone, as if it were installed."""
    work, tools = directory / "work", directory / "bin"
    work.mkdir()
    tools.mkdir()
    shutil.copy(BUILD / "pvgen", tools / "pvgen")
    return work, tools


def run(command: Command, directory: Path, tools: Path) -> str:
    """What the command really prints, with its status if that is not 0."""
    done = subprocess.run(
        ["sh", "-c", command.words],
        cwd=directory,
        env={"PATH": f"{tools}:/usr/bin:/bin", "LC_ALL": "C", "HOME": str(directory)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    status = f"[{done.returncode}]\n" if done.returncode else ""
    return done.stdout.decode() + status


def patch(block: Block, directory: Path) -> None:
    """Change files as the block says."""
    done = subprocess.run(
        ["patch", "-p0", "--no-backup-if-mismatch"],
        cwd=directory,
        input=block.text.encode(),
        capture_output=True,
        check=False,
    )
    assert not done.returncode, f"line {block.line}: {done.stdout.decode()}"


def write(block: Block, directory: Path) -> None:
    """Write the file that the block names."""
    path = directory / block.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text)


def walk(document: Path, directory: Path, tools: Path) -> int:
    """Do all that the document says; returns how many commands it ran."""
    count = 0
    for block in blocks(document.read_text()):
        if block.language == "diff":
            patch(block, directory)
        elif block.language == "console":
            for command in commands(block.text):
                got = run(command, directory, tools)
                assert got == command.output, f"line {block.line}: $ {command.words}\n{got}"
                count += 1
        elif block.name:
            write(block, directory)
    return count


def renewed(document: str, directory: Path, tools: Path) -> str:
    """The document with the outputs that its commands print now."""
    texts = []
    for block in blocks(document):
        text = block.text
        if block.language == "diff":
            patch(block, directory)
        elif block.language == "console":
            said = [(c, run(c, directory, tools)) for c in commands(text)]
            text = "".join(f"$ {c.words.replace(chr(10), chr(10) + '> ')}\n{o}" for c, o in said)
        elif block.name:
            write(block, directory)
        texts.append(text)
    new = iter(texts)
    return FENCE.sub(lambda m: f"```{m.group(1)} {m.group(2)}".rstrip() + f"\n{next(new)}```", document)


def main() -> None:
    """Renew the documents that the command line names."""
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(name)
            path.write_text(renewed(path.read_text(), *prepare(Path(directory))))


if __name__ == "__main__":
    main()
