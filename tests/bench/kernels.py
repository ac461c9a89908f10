"""What it costs to import kernels and to compare them: `make bench`.

Prints the median user CPU time and the peak memory for Debian's kernels as they are shipped, which
are downloaded, and for a pair of debug images beside abidiff: in one run, on the same files.  The
pair is two small objects with the debug information of many structures; kernels that `make
linux-check` has built, where there are any, are another pair.  Measures; judges nothing.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Run, RunError, median, write_lines

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = (
    ("6.1", r"linux-image-6\.1\.0-[0-9]+-cloud-amd64"),
    ("6.12", r"linux-image-6\.12\.[0-9]+\+deb12-cloud-amd64"),
)
STRUCTURES = 4000
OPS = 84
HEAD = f"{'what':<44} {'seconds':>9} {'MiB':>8}"


def row(what: str, words: list[str], runs: int) -> float:
    """Measure, print, and give back the seconds; 0 if it fails, which is printed too."""
    try:
        c = median(Run(words), runs)
    except RunError as error:
        print(f"{what:<44} fails: {error}")
        return 0
    print(f"{what:<44} {c.seconds:9.4f} {c.memory_text():>8}", flush=True)
    return c.seconds


# ---- shipped kernels ----


def shipped(pattern: str) -> Path | None:
    """The image of the newest package of this name; None, and why."""
    command = ["sh", ROOT / "tests/download.sh", "bookworm", pattern, "./boot/vmlinuz-*"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        print(f"missing: {result.stderr.strip()}")
        return None
    return next(Path(result.stdout.strip()).glob("boot/vmlinuz-*"))


def measure_shipped(pvgen: str, runs: int) -> None:
    """Each imported, and the two compared."""
    images = [(series, shipped(pattern)) for series, pattern in SHIPPED]
    found = [(series, str(path)) for series, path in images if path]
    for series, path in found:
        row(f"pvgen import, Debian's {series}", [pvgen, "import", path], runs)
    if len(found) == len(SHIPPED):
        words = [pvgen, "diff", "--gate=none", *(path for _, path in found)]
        row("pvgen diff of the two", words, runs)


# ---- debug images ----


def source(members: int) -> Iterator[str]:
    """A table of ops whose types lead to many structures; one of them has so many members."""
    for n in range(STRUCTURES):
        inner = f"struct s{n * 7 % STRUCTURES} *a; struct s{n * 13 % STRUCTURES} *b; "
        inner += f"long c[{n % 9 + 1}];"
        more = "".join(f" int m{i};" for i in range(members)) if n == 1 else ""
        yield f"struct s{n} {{ {inner}{more} }};"
    yield "struct pv_ops {"
    for n in range(OPS):
        yield f"\tint (*op{n})(struct s{n} *a, long b, const struct s{n + OPS} *c);"
    yield "} pv_ops;"
    for n in range(0, STRUCTURES, 8):
        yield f"int use{n}(struct s{n} *s) {{ return s->a != 0; }}"


def objects(directory: Path) -> list[str]:
    """Two of them, of which one structure behind pointers differs."""
    for name, members in (("old", 1), ("new", 2)):
        write_lines(directory / f"{name}.c", source(members))
        command = ["gcc", "-g", "-c", "-o", f"{name}.o", f"{name}.c"]
        subprocess.run(command, cwd=directory, check=True)
    return [str(directory / "old.o"), str(directory / "new.o")]


def built() -> list[str]:
    """Kernels with debug information that are here anyway."""
    trees = Path(os.environ.get("PVGEN_LINUX", ROOT / "build/linux"))
    paths = [trees / name / "build.main/vmlinux" for name in ("hand", "generated")]
    return [str(p) for p in paths] if all(p.exists() for p in paths) else []


def stripped(paths: list[str], directory: Path) -> list[str]:
    """The same without BTF: what is read then is the debug information."""
    copies = [str(directory / f"{n}.vmlinux") for n, _ in enumerate(paths)]
    for path, copy in zip(paths, copies, strict=True):
        subprocess.run(["objcopy", "-R", ".BTF", "-R", ".BTF_ids", path, copy], check=True)
    return copies


def measure_pair(what: str, pvgen: str, pair: list[str], runs: int) -> None:
    """abidiff has other statuses for differences, which are no failure here."""
    mine = row(f"pvgen diff, {what}", [pvgen, "diff", "--gate=none", *pair], runs)
    if not shutil.which("abidiff"):
        print("missing: abidiff, of the package abigail-tools; make setup-bench")
        return
    script = 'abidiff --no-added-syms "$@"; test $? -lt 16 -a $? -ne 1'
    theirs = row(f"abidiff, {what}", ["sh", "-c", script, "abidiff", *pair], runs)
    if mine and theirs:
        print(f"{'':<44} abidiff takes {theirs / mine:.0f} times as long")


def main() -> None:
    """Read the options, measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pvgen", default=str(ROOT / "build/pvgen"), help="the program to measure")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median counts")
    options = parser.parse_args()
    print(HEAD)
    measure_shipped(options.pvgen, options.runs)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        measure_pair("two objects", options.pvgen, objects(directory), options.runs)
        if pair := built():
            measure_pair("two kernels", options.pvgen, stripped(pair, directory), 1)


if __name__ == "__main__":
    main()
