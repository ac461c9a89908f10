"""Damages built objects and imports them: mutate_images.py [COUNT [SEED]].

The sanitized pvgen must say what is wrong, or what it has recovered, and neither crash nor hang.
Objects with BTF and with DWARF are damaged most in what is read of them, and bzImages in each
format.  What fails is kept below build/mutants.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "compiler"))

import small_linux  # noqa: E402
from elftools.elf.elffile import ELFFile  # noqa: E402
from tool import BUILD, SANITIZED, SANITIZER  # noqa: E402

STATUSES = {0, 1, 2, 4}
SECONDS = 20
KEPT = BUILD / "mutants"

# What counts most, where it is there.
READ = (".BTF", ".debug_info", ".debug_abbrev", ".symtab", ".strtab", ".shstrtab")
WORDS = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@dataclass(frozen=True)
class Seed:
    """An image, and the parts of it that are damaged."""

    name: str
    data: bytes
    parts: tuple[tuple[int, int], ...]
    structure: str


def parts_of(path: Path) -> tuple[tuple[int, int], ...]:
    """Places and sizes of headers and sections."""
    with path.open("rb") as file:
        elf = ELFFile(file)
        sections = [s for s in elf.iter_sections() if s.name in READ]
        headers = (elf["e_shoff"], elf["e_shnum"] * elf["e_shentsize"])
        found = [(s["sh_offset"], s["sh_size"]) for s in sections if s["sh_size"]]
    return ((0, 64), headers, *found)


def compiled(folder: Path, option: str) -> Seed:
    """The table of the other tests."""
    path = folder / f"table{option}.o"
    subprocess.run(["gcc", "-w", option, "-c", "-o", path, HERE / "table.c"], check=True)
    return Seed(path.name, path.read_bytes(), parts_of(path), "table_ops")


def seeds(folder: Path) -> list[Seed]:
    """All images; those that are small come more often."""
    kernel = Path(small_linux.build(folder, "OLD")) / "vmlinux"
    data = kernel.read_bytes()
    whole = Seed("vmlinux", data, parts_of(kernel), "paravirt_patch_template")
    packed = []
    for form in ("gzip", "xz", "lz4", "zstd"):
        image = small_linux.bzimage(data, form)
        places = ((0, 0x260), (0x260, len(image) - 0x260))
        packed.append(Seed(form, image, places, whole.structure))
    tables = [compiled(folder, "-gbtf")] * 4 + [compiled(folder, "-g")] * 2
    return tables + [whole] * 3 + packed


def mutant(seed: Seed, dice: random.Random) -> bytes:
    """A few bytes, words or lengths are others."""
    data = bytearray(seed.data)
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        start, size = dice.choice(seed.parts)
        at = min(start + dice.randrange(size), len(data) - 8)
        match dice.randrange(5):
            case 0:
                data[at] ^= 1 << dice.randrange(8)
            case 1:
                data[at] = dice.randrange(256)
            case 2:
                at -= (at - start) % 4
                data[at : at + 4] = dice.choice(WORDS).to_bytes(4, "little")
            case 3:
                n = dice.randrange(1, 64)
                source = start + dice.randrange(size)
                data[at : at + n] = data[source : source + n]
            case 4 if dice.randrange(8) == 0:
                del data[at:]
        if len(data) < 64:
            break
    return bytes(data)


def commands(seed: Seed, bad: Path, good: Path, dice: random.Random) -> list[str | Path]:
    """What is asked of the image."""
    options = ["--struct", seed.structure]
    if dice.randrange(4):
        return ["import", *options, bad]
    pair = [bad, good]
    dice.shuffle(pair)
    return ["diff", *options, *pair]


def run_one(number: int, of: list[Seed], folder: Path, start: str) -> tuple[str, int]:
    """One mutant: which seed, and the status; -1: it took too long."""
    dice = random.Random(f"{start} {number}")
    seed = dice.choice(of)
    bad, good = folder / f"bad{number}", folder / seed.name
    bad.write_bytes(mutant(seed, dice))
    command = [SANITIZED, *commands(seed, bad, good, dice)]
    environment = {**os.environ, **SANITIZER}
    try:
        result = subprocess.run(
            command, capture_output=True, timeout=SECONDS, env=environment, check=False
        )
        status = result.returncode
    except subprocess.TimeoutExpired:
        status = -1
    if status not in STATUSES:
        KEPT.mkdir(parents=True, exist_ok=True)
        (KEPT / f"{seed.name}-{start}-{number}").write_bytes(bad.read_bytes())
    bad.unlink()
    return seed.name, status


def results(count: int, start: str) -> Iterator[tuple[str, int]]:
    """So many of them, two at a time."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:
        folder = Path(name)
        (folder / "linux").mkdir()
        of = seeds(folder / "linux")
        for seed in of:
            (folder / seed.name).write_bytes(seed.data)
        yield from pool.map(lambda n: run_one(n, of, folder, start), range(count))


def main(count: int = 10_000, start: str = "1") -> int:
    """Prints how often each seed ended how."""
    began = time.monotonic()
    told = Counter(results(count, start))
    for name in sorted({name for name, _ in told}):
        counts = ", ".join(f"{n} with {s}" for (of, s), n in sorted(told.items()) if of == name)
        print(f"{name}: {counts}")
    bad = sum(n for (_, status), n in told.items() if status not in STATUSES)
    print(f"{count} mutants, {bad} of them crash or hang; {time.monotonic() - began:.0f} s")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(*(int(a) for a in sys.argv[1:2]), *sys.argv[2:3]))
