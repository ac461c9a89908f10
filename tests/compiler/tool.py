"""How the tests run pvgen and read what it says."""

import os
import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# Another directory of builds can be tested: PVGEN_BUILD=DIR.
BUILD = Path(os.environ.get("PVGEN_BUILD", ROOT / "build")).resolve()
PVGEN = BUILD / "pvgen"
SANITIZED = BUILD / "sanitized" / "pvgen"

# pvgen frees nothing before it exits, by policy; a fault of the sanitizers
# must not look like one of pvgen's own statuses.
SANITIZER = {
    "ASAN_OPTIONS": "detect_leaks=0:exitcode=99",
    "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1",
}

# The descriptions of most tests are too short for these; an option that follows says otherwise.
BRIEF = ("-Wno-missing-language", "-Wno-same-priority", "-Wno-unused-import")
NOT_BRIEF = tuple(option.replace("-Wno-", "-W") for option in BRIEF)

# The descriptions of which `make regen` makes generated/.
IDL = sorted(str(p.relative_to(ROOT)) for folder in ("pv", "abi") for p in (ROOT / "idl" / folder).glob("*.pvi"))

FINE, INPUT, ENVIRONMENT = 0, 1, 2
SECONDS = 60

HEAD = re.compile(r"(.*?):(\d+):(\d+): (error|warning|note): (.*)")
NAME = re.compile(r"(.*) \[([a-z-]+)\]$", re.DOTALL)

ROW = re.compile(r'^DIAG\((PV\d{4}), \w+,\s*"([a-z-]+)"', re.MULTILINE)


def codes(table: str) -> dict[str, str]:
    """Code of each name in a table of diagnostics, in its order."""
    return {name: code for code, name in ROW.findall((ROOT / "compiler" / table).read_text())}


@dataclass(frozen=True)
class Diagnostic:
    """One located message; a note has no name of its own and is called `note`."""

    path: str
    line: int
    column: int
    name: str
    text: str
    excerpt: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What a run of pvgen left behind."""

    status: int
    out: bytes
    err: str

    def diagnostics(self) -> list[Diagnostic]:
        """All located messages, in the order of their appearance."""
        lines = self.err.split("\n")
        heads = [HEAD.fullmatch(line) for line in lines]
        return [diagnostic(m, lines[i + 1 : i + 3]) for i, m in enumerate(heads) if m]

    def names(self) -> list[str]:
        """Names of the errors, without the notes."""
        return [d.name for d in self.diagnostics() if d.name != "note"]


def diagnostic(match: re.Match[str], excerpt: list[str]) -> Diagnostic:
    """A message from its first line and the two that follow it."""
    path, line, column, kind, rest = match.groups()
    named = NAME.fullmatch(rest)
    text, name = named.groups() if named else (rest, kind)
    return Diagnostic(path, int(line), int(column), name, text, tuple(excerpt))


def run(
    *arguments: str | Path,
    cwd: Path | None = None,
    tool: Path = SANITIZED,
    stdin: bytes = b"",
    env: dict[str, str] | None = None,
    prefix: tuple[str, ...] = (),
    limit: tuple[int, int] | None = None,
    seconds: int = SECONDS,
) -> Result:
    """Run pvgen; `limit` is a resource and its value, `prefix` a command that runs it."""
    words = list(map(str, arguments))
    if words and words[0] in ("check", "build"):
        words[1:1] = BRIEF
    done = subprocess.run(
        [*prefix, str(tool), *words],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        env={**os.environ, **SANITIZER, **(env or {})},
        preexec_fn=(lambda: resource.setrlimit(limit[0], (limit[1],) * 2)) if limit else None,
        timeout=seconds,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


def check(text: str | bytes, directory: Path, tool: Path = SANITIZED) -> Result:
    """`pvgen check` of a text, as a file in the directory."""
    data = text.encode() if isinstance(text, str) else text
    (directory / "input.pvi").write_bytes(data)
    return run("check", "input.pvi", cwd=directory, tool=tool)


def clean(result: Result) -> bool:
    """Nothing was said, and all was fine."""
    return (result.status, result.out, result.err) == (FINE, b"", "")


def package(suite: str, pattern: str, *members: str) -> Path:
    """A package of Debian, or the folder with its members: see download.sh."""
    command = ["sh", str(ROOT / "tests/download.sh"), suite, pattern, *members]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def snapshot(directory: Path) -> dict[str, bytes]:
    """All files below a directory and what is in them."""
    files = sorted(p for p in directory.rglob("*") if p.is_file())
    return {str(p.relative_to(directory)): p.read_bytes() for p in files}
