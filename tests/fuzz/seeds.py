"""Write descriptions without imports: seeds for fuzzers, whose inputs are one text.

    seeds.py DIRECTORY FILE.pvi...
"""

import re
import sys
from pathlib import Path

IMPORT = re.compile(r'^import "(.+?)";', re.MULTILINE)


def inlined(path: Path, seen: set[Path]) -> str:
    """The text with each import replaced by what it imports, the first time."""
    seen.add(path.resolve())

    def imported(match: re.Match[str]) -> str:
        target = path.parent / match.group(1)
        is_new = target.is_file() and target.resolve() not in seen
        return inlined(target, seen) if is_new else ""

    return IMPORT.sub(imported, path.read_text())


def main(directory: str, *names: str) -> None:
    """One seed for each file; what was a seed of another tree goes away."""
    place = Path(directory)
    place.mkdir(parents=True, exist_ok=True)
    for old in place.iterdir():
        old.unlink()
    for name in names:
        (place / name.replace("/", "-")).write_text(inlined(Path(name), set()))


if __name__ == "__main__":
    main(*sys.argv[1:])
