"""The kernel's trees: where they are, how they are configured and built.

A tree is a folder of PLACE.  Each configuration is built in a folder of its tree, so that the
commands name no place that differs from tree to tree, and a tree's objects can be another's start.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PLACE = Path(os.environ.get("PVGEN_LINUX") or ROOT / "build/linux").resolve()
HAND = PLACE / "hand"       # the package's own text

# Two builds of one text are the same only if they name the same builder and time.
FIXED = {
    "KBUILD_BUILD_TIMESTAMP": "Thu Jan  1 00:00:00 UTC 2026",
    "KBUILD_BUILD_USER": "pvgen",
    "KBUILD_BUILD_HOST": "pvgen",
    "KBUILD_BUILD_VERSION": "1",
    "LC_ALL": "C",
}

# Nor if the types are gathered by threads, as kbuild would have it: each run numbers them anew.
ONE_THREAD = "PAHOLE_FLAGS=--btf_gen_floats --lang_exclude=rust"

SETTING = re.compile(r"(?:# )?(CONFIG_\w+)(?:=(.*)| is not set)")
LOG = "pvgen.log"
FAULT = re.compile(r"\berror:|undefined reference|\*\*\* |: Error ")
LINES_SHOWN = 20    # of a build that failed
STEP = 1_000_000    # ns between two files' times, when only their order counts


class Failure(Exception):
    """Something that the user has to know, as one text."""


@dataclass(frozen=True)
class Configuration:
    """What is asked of kbuild: settings of later files hold, words go to make."""
    name: str
    files: tuple[str, ...]
    words: tuple[str, ...] = ()


MAIN = Configuration("main", ("main.config",))

# Beside it, for objects alone: what changes call sites in other ways.
OTHERS = (
    Configuration("no-xxl", ("main.config", "plain.config", "no-xxl.config")),
    Configuration("no-smp", ("main.config", "plain.config", "no-smp.config")),
    Configuration("4-level", ("main.config", "plain.config", "4-level.config")),
    Configuration("no-xen", ("main.config", "plain.config", "no-xen.config")),
    Configuration("debug", ("main.config", "plain.config", "debug.config")),
    Configuration("i386", ("i386.config",), ("ARCH=i386",)),
    Configuration("clang", ("main.config", "plain.config", "clang.config"), ("LLVM=1",)),
)


def settings(text: str) -> dict[str, str]:
    """Symbols and values; "n" is what is not set."""
    found = (SETTING.fullmatch(line) for line in text.splitlines())
    return {match[1]: match[2] or "n" for match in found if match}


def wanted(configuration: Configuration) -> dict[str, str]:
    """What the files of a configuration ask for."""
    asked: dict[str, str] = {}
    for name in configuration.files:
        asked |= settings((HERE / name).read_text())
    return asked


def setting_text(symbol: str, value: str) -> str:
    """As kbuild writes it."""
    return f"# {symbol} is not set\n" if value == "n" else f"{symbol}={value}\n"


@dataclass(frozen=True)
class Build:
    """One configuration of one tree."""
    tree: Path
    configuration: Configuration

    @property
    def folder(self) -> Path:
        """Where its objects are."""
        return self.tree / f"build.{self.configuration.name}"

    @property
    def vmlinux(self) -> Path:
        """The linked kernel."""
        return self.folder / "vmlinux"

    def make(self, *words: str) -> None:
        """Run kbuild; what it says is in a file, its end in the error."""
        log = self.folder / LOG
        command = ["make", f"-j{os.cpu_count()}", f"O={self.folder.name}", ONE_THREAD,
                   *self.configuration.words, *words]
        with log.open("w") as out:
            code = subprocess.run(command, cwd=self.tree, stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.STDOUT, env=environment(), check=False).returncode
        if code:
            raise Failure(f"{complaints(log)}\nmake in {self.folder} ended with {code}; all it said is in {log}")

    def configure(self) -> None:
        """Settings that no file names are off; one that is named must have come true."""
        self.folder.mkdir(exist_ok=True)
        asked = wanted(self.configuration)
        text = "".join(setting_text(*each) for each in asked.items())
        stamp = self.folder / "pvgen.config"
        if not stamp.exists() or stamp.read_text() != text or not (self.folder / ".config").exists():
            stamp.unlink(missing_ok=True)
            given = self.folder / "pvgen.given"
            given.write_text(text)
            self.make(f"KCONFIG_ALLCONFIG={given}", "allnoconfig")
            given.rename(stamp)
        self.check_settings(asked)

    def check_settings(self, asked: dict[str, str]) -> None:
        """Dependencies may have turned a setting off, silently."""
        got = settings((self.folder / ".config").read_text())
        wrong = [f"{symbol} is {got.get(symbol, 'n')} and not {value}" for symbol, value in asked.items()
                 if got.get(symbol, "n") != value]
        if wrong:
            raise Failure(f"{self.folder}/.config: {'; '.join(wrong)}: add to {', '.join(self.configuration.files)}"
                          " what these settings depend on")

    def begin_from(self, other: "Build", before: int) -> None:
        """Take another tree's objects of the configuration, as if made before a time.

        What reads a file of that time or later will be built anew.
        """
        if not self.folder.exists() and other.folder.exists():
            part = self.folder.with_name(self.folder.name + ".part")
            shutil.rmtree(part, ignore_errors=True)
            subprocess.run(["cp", "-a", "--reflink=auto", other.folder, part], check=True)
            make_older(part, before)
            part.rename(self.folder)

    def build(self, *targets: str) -> None:
        """Configure, then make what is asked for."""
        self.configure()
        self.make(*targets)


def complaints(log: Path) -> str:
    """What a build that failed complained of; other compilers go on for a while after the first."""
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join([line for line in lines if FAULT.search(line)][:LINES_SHOWN] or lines[-LINES_SHOWN:])


def make_older(folder: Path, before: int) -> None:
    """Set the times of all files below a folder before one (in ns), and leave their order."""
    times = {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}
    order = {old: at for at, old in enumerate(sorted(set(times.values()), reverse=True), start=1)}
    for path, old in times.items():
        new = before - order[old] * STEP
        os.utime(path, ns=(new, new), follow_symlinks=False)


def environment() -> dict[str, str]:
    """For kbuild: no options of a make that called us, nothing that differs from run to run."""
    kept = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return kept | FIXED


def object_targets(build: Build) -> list[str]:
    """What of objects.txt this configuration has."""
    has = settings((build.folder / ".config").read_text())
    rows = [line.split("#")[0].split() for line in (HERE / "objects.txt").read_text().splitlines()]
    return [row[0] for row in rows if row and all(has.get(f"CONFIG_{symbol}", "n") != "n" for symbol in row[1:])]
