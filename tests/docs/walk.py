"""Walk-throughs: documents whose commands are run and whose outputs are compared, word for word.

`walk.py DOCUMENT...` writes the outputs anew; read what changed before you believe it.

What stands in a fenced block is done in order, in the document's place:

    ```c NAME          the file NAME is written (any language)
    ```diff            the files that it names are changed, as patch(1) would
    ```console         "$ command" lines are run, with "> " lines that go on; what stands
                       below each is its whole output, and last, if it is not 0, "[status]"

In an output, ... stands for anything in a line, or as a line for any lines.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*(?:\n> .*)*\n)((?:(?!\$ ).*\n)*)", re.MULTILINE)
SECONDS = 300
ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PVGEN_BUILD", ROOT / "build")).resolve()

# Those that are about the repository are walked through in a copy of it, others where nothing is.
IN_A_COPY = {"backend-guide", "binary-abi", "coverage", "vmi"}
LEFT = {".git", "build"}
BUILT = "pvgen plain guest parser.c parser.h lexer.c explain.inc".split()
# What one of them boots is built before.
BOOTED = {"vmi": "guest32.elf vmi_native.rom vmi_xen.rom xen".split()}


def copy(source: Path, target: Path) -> None:
    """A file or a folder, with its times: make believes them."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copy2)
    elif source.exists():
        target.parent.mkdir(exist_ok=True)
        shutil.copy2(source, target)


@dataclass(frozen=True)
class Walk:
    """A place for a document, and a folder that holds pvgen alone, as if it were installed."""

    place: Path
    tools: Path

    def write(self, name: str, text: str) -> str:
        """A file of the document."""
        path = self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return text

    def run(self, *words: str, stdin: str = "") -> str:
        """What a command really prints, with its status if that is not 0."""
        done = subprocess.run(
            words,
            cwd=self.place,
            env={"PATH": f"{self.tools}:/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.place)},
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        return done.stdout.decode() + (f"[{done.returncode}]\n" if done.returncode else "")

    def patch(self, text: str) -> str:
        """Change files as the document says."""
        said = self.run("patch", "-p0", "-s", "--no-backup-if-mismatch", stdin=text)
        return said or text

    def command(self, m: re.Match[str]) -> str:
        """A command and its output: as it is said, if that is true."""
        printed = self.run("sh", "-c", m[1].replace("\n> ", "\n"))
        return m[0] if re.fullmatch(pattern(m[2]), printed) else f"$ {m[1]}{printed}"

    def block(self, m: re.Match[str]) -> str:
        """A block, when it is done."""
        language, name, text = m.groups()
        if language == "diff":
            text = self.patch(text)
        elif language == "console":
            text = "".join(map(self.command, COMMAND.finditer(text)))
        elif name:
            text = self.write(name, text)
        return f"```{language} {name}".rstrip() + f"\n{text}```"


def pattern(output: str) -> str:
    """The outputs that are meant."""
    lines = re.escape(output).replace(r"\.\.\.", ".*")
    return re.sub(r"^\.\*\\\n", r"(?:.*\n)*", lines, flags=re.MULTILINE)


def renewed(document: Path, directory: Path) -> str:
    """The document with what its commands print now, walked through below an empty directory."""
    walk = Walk(directory / "place", directory / "bin")
    copy(BUILD / "pvgen", walk.tools / "pvgen")
    if document.stem in IN_A_COPY:
        top = str(ROOT)
        shutil.copytree(top, walk.place, ignore=lambda path, _: LEFT if path == top else set())
        for name in BOOTED.get(document.stem, BUILT):
            copy(BUILD / name, walk.place / "build" / name)
    walk.place.mkdir(exist_ok=True)
    return FENCE.sub(walk.block, document.read_text())


def main() -> None:
    """Renew the documents that the command line names."""
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as directory:
            Path(name).write_text(renewed(Path(name), Path(directory)))


if __name__ == "__main__":
    main()
