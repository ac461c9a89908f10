"""A thousand histories of a backend: nothing of its author's is ever lost, and the rest is said.

In each the author and the keeper of the interface take turns, and `pvgen backend sync` runs after
each turn.  What it must add and report is known from what they did.
"""

import json
import random
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from author import Author, File, Function, Keeper, Op, same
from tool import FINE, INPUT, PVGEN, Result, run

SEQUENCES, BATCHES, TURNS = 1000, 20, 5

COMPILE = "gcc -std=gnu11 -ffreestanding -mgeneral-regs-only -fsyntax-only -Wall -Wextra -Werror -Wno-unused -Wno-comment -Wno-missing-declarations -Igen -I.".split()


def signature_fits(f: Function, op: Op) -> bool:
    """Would a compiler take the function for the op's?"""
    result, params, narrow = f.signature()
    return (
        same(result, op.result)
        and len(params) == len(op.params)
        and all(same(a, b) for a, (b, _) in zip(params, op.params))
        and not (narrow and not op.narrow)
    )


@dataclass
class Expected:
    """What a sync has to do and to say."""

    added: set[str]
    reported: set[tuple[str, str]]


def expected(keeper: Keeper, author: Author) -> Expected:
    """From what both have done."""
    wanted, defined = keeper.wanted(), author.defined()
    reported = set()
    names = {op.name: op for op in keeper.ops}
    for name, f in defined.items():
        op = wanted.get(name)
        if op and not signature_fits(f, op):
            reported.add(("changed-signature", name))
        if op and f.is_static:
            reported.add(("static-implementation", name))
        said = dict(f.said)
        if op and op.name not in said:
            reported.add(("unstated-revision", name))
        elif op and said[op.name] != op.revision:
            reported.add(("stale-implementation", name))
        for other in said:
            if other not in names or names[other].function != name:
                reported.add(("orphaned-implementation", name))
    return Expected(wanted.keys() - defined.keys(), reported)


class History:
    """One sequence, in a directory of its own."""

    def __init__(self, seed: int, place: Path) -> None:
        self.dice = random.Random(seed)
        self.place = place
        self.keeper, self.author = Keeper(self.dice), Author(self.dice)
        self.folder = place / "backends/guest"
        self.folder.mkdir(parents=True)
        self.written: set[str] = set()

    def write(self) -> None:
        """Both save their files."""
        (self.place / "in.pvi").write_text(self.keeper.text())
        for name in self.written - self.author.files.keys():
            (self.folder / name).unlink()
        for name, file in self.author.files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(file.text())
        self.written = set(self.author.files)

    def run(self, *options: str) -> Result:
        """The sync."""
        return run("backend", "sync", "--diagnostics-format=json", *options, "in.pvi", cwd=self.place, tool=PVGEN)

    def read(self) -> dict[str, bytes]:
        """All sources of the backend."""
        return {str(p.relative_to(self.folder)): p.read_bytes() for p in sorted(self.folder.rglob("*.c"))}

    def take_over(self) -> set[str]:
        """Nothing was changed but by adding behind the end; the author takes over what was added."""
        new = set()
        found = self.read()
        assert self.author.files.keys() <= found.keys()
        for name, text in found.items():
            file = self.author.files.setdefault(name, File())
            before = file.text()
            assert text.startswith(before), f"{name} was changed"
            if len(text) > len(before):
                added = file.take(text[len(before) :])
                assert added
                new |= {f.name for f in added}
            assert file.text() == text
        self.written = set(found)
        return new

    def turn(self) -> None:
        """Some edits of either side, then a sync."""
        for _ in range(self.dice.randint(1, 4)):
            if self.dice.random() < 0.4:
                self.keeper.step()
            else:
                self.author.step(self.keeper.wanted())
        self.write()
        self.sync()

    def sync(self) -> list[dict]:
        """The sync does and says what it must; a second one does nothing, and says the same."""
        before = self.read()
        want = expected(self.keeper, self.author)
        result = self.run()
        document = json.loads(result.out)["diagnostics"]
        assert self.take_over() == want.added, result.err
        said = {(d["category"], re.match(r"'(\w+)'", d["message"])[1]) for d in document}
        assert said == want.reported
        errors = {name for name, _ in said} - {"unstated-revision", "orphaned-implementation"}
        assert result.status == (INPUT if errors else FINE)
        assert before.keys() <= self.read().keys()
        return document

    # ---- the end: it compiles, or it was said why not ----

    def complaints(self) -> set[str]:
        """Functions that the compiler has something against."""
        unit = "".join(f'#include "backends/guest/{name}"\n' for name in sorted(self.author.files))
        (self.place / "unit.c").write_text(unit)
        emit = ("--emit=ops", "--emit=backend", "--outdir=gen")
        assert run("build", *emit, "in.pvi", cwd=self.place, tool=PVGEN).status == FINE
        done = subprocess.run([*COMPILE, "unit.c"], cwd=self.place, capture_output=True, text=True, check=False)
        blamed = set()
        function = ""
        for line in done.stderr.splitlines():
            if match := re.search(r"In function [‘'](\w+)[’']", line):
                function = match[1]
            elif " error: " in line:
                named = set(re.findall(r"guest_\w+", line))
                blamed |= named or {function}
        return blamed

    def finish(self) -> None:
        """What does not compile was named; the edits that were offered mend every prototype."""
        self.write()
        document = self.sync()
        named = {re.match(r"'(\w+)'", d["message"])[1] for d in document}
        assert self.complaints() <= named
        fixes = [fix for d in document for fix in d["fixes"]]
        for fix in sorted(fixes, key=lambda f: (f["path"], f["start_line"], f["start_char"]), reverse=True):
            self.apply(fix)
        after = json.loads(self.run("--check").out)["diagnostics"]
        left = {(d["category"], re.match(r"'(\w+)'", d["message"])[1]) for d in after}
        assert not [n for c, n in left if c in {"changed-signature", "static-implementation"}], after
        assert self.complaints() <= named

    def apply(self, fix: dict) -> None:
        """Make one edit."""
        path = self.place / fix["path"]
        lines = path.read_bytes().splitlines(keepends=True)
        starts = [sum(map(len, lines[:n])) for n in range(len(lines) + 1)]
        text = b"".join(lines)
        begin = starts[fix["start_line"] - 1] + fix["start_char"]
        end = starts[fix["end_line"] - 1] + fix["end_char"]
        path.write_bytes(text[:begin] + fix["replacement"].encode() + text[end:])


@pytest.mark.parametrize("batch", range(BATCHES))
def test_histories(batch: int, tmp_path: Path) -> None:
    """Each batch has seeds of its own, the same in every run."""
    for seed in range(batch, SEQUENCES, BATCHES):
        history = History(seed, tmp_path / str(seed))
        try:
            history.write()
            history.sync()
            for _ in range(TURNS):
                history.turn()
            history.finish()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
