"""Killed at any call, or failed by any: a person's file is the old one or the new one, never half."""

import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tool import ENVIRONMENT, FINE, PVGEN, Result, run, snapshot

PVI = """interface pv version 1.0 {
group g { op void a(void) { } op void b(void) { } }
group h { op void c(void) { } op void d(void) { } }
group k { op void e(void) { } }
}
backend guest for pv { detect always; g.a call guest_a; g.b call guest_b; h.c call guest_c; h.d call guest_d; k.e call guest_e; }
"""
MINE = '#include "guest.h"\nPV_IMPLEMENTS({0}, 1);\nvoid guest_{0}(void)\n{{\n\t/* work of weeks */\n}}\n'


def prepare(place: Path) -> None:
    """Two files of a person, in which a function is missing each; a third has to be made."""
    (place / "in.pvi").write_text(PVI)
    for path, op in (("g.c", "a"), ("deep/h.c", "c")):
        file = place / "backends/guest" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(MINE.format(op))
    (place / "backends/other").mkdir()
    (place / "backends/other/x.c").write_text("/* somebody else's */\n")


COMMANDS: dict[str, list[str]] = {
    "sync": ["backend", "sync", "in.pvi"],
    "new": ["backend", "new", "fresh", "--deprivileged", "in.pvi"],
}


@dataclass
class Case:
    """A command, and the files before and after it."""

    place: Path
    command: list[str]
    old: dict[str, bytes]
    new: dict[str, bytes]

    def restore(self) -> None:
        """Everything as before."""
        for path in self.place.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, text in self.old.items():
            path = self.place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)

    def run(self, *options: str, **how: object) -> Result:
        """The command, under strace if that is given options."""
        prefix = ("strace", "-f", "-o", "/dev/null", *options) if options else ()
        return run(*self.command, cwd=self.place, tool=PVGEN, prefix=prefix, **how)

    def files(self) -> dict[str, bytes]:
        """All files but those that a killed run left aside."""
        return {name: text for name, text in snapshot(self.place).items() if not name.endswith(".tmp")}


@pytest.fixture(name="case", params=COMMANDS)
def each_command(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """Each command that writes."""
    case = Case(tmp_path / "place", COMMANDS[request.param], {}, {})
    case.place.mkdir()
    prepare(case.place)
    case.old = snapshot(case.place)
    assert case.run().status == FINE
    case.new = snapshot(case.place)
    assert case.new.keys() > case.old.keys()
    assert case.old.keys() <= case.new.keys()
    return case


def check_files(case: Case) -> None:
    """Each file is old or new, and there is no other."""
    now = case.files()
    assert now.keys() <= case.new.keys() and case.old.keys() <= now.keys()
    for name, text in now.items():
        assert text in (case.old.get(name), case.new[name]), name


CALLS = ("openat", "write", "close", "rename", "link", "unlink", "mkdir")


def until_it_survives(act: Callable[[int], bool]) -> Iterator[int]:
    """Each instance of a call, until there are no more."""
    n = 1
    while act(n):
        yield n
        n += 1
        assert n < 1000


@pytest.mark.parametrize("call", CALLS)
def test_killed_at_each_call(call: str, case: Case) -> None:
    """Old or new; the next sync does the rest as if nothing had happened."""

    def kill(n: int) -> bool:
        case.restore()
        killed = case.run("-e", f"inject={call}:signal=KILL:when={n}")
        assert killed.status in (FINE, -signal.SIGKILL)
        return killed.status != FINE

    for _ in until_it_survives(kill):
        check_files(case)
        again = case.run()
        if case.command[1] == "sync":
            assert again.status == FINE and case.files() == case.new
        else:
            assert again.status == (FINE if case.files() == case.new and "already" not in again.err else ENVIRONMENT)
            check_files(case)


FAULTS = (
    ("openat", "ENOSPC"), ("openat", "EACCES"), ("write", "ENOSPC"), ("write", "EIO"), ("write", "EDQUOT"),
    ("close", "EIO"), ("rename", "EIO"), ("link", "EPERM"), ("link", "EEXIST"), ("mkdir", "ENOSPC"), ("read", "EIO"),
)


@pytest.mark.parametrize(("call", "error"), FAULTS)
def test_each_call_fails_once(call: str, error: str, case: Case) -> None:
    """Status 2 and a message; everything is old, but after a rename what was done before it stays."""

    def fail(n: int) -> bool:
        case.restore()
        failed.append(case.run("-e", f"inject={call}:error={error}:when={n}"))
        return n < 3 or failed[-1].status != FINE or case.files() != case.new or n < 25

    failed: list[Result] = []
    for _ in until_it_survives(fail):
        check_files(case)
        if failed[-1].status == FINE:
            assert case.files() == case.new
        elif failed[-1].status == ENVIRONMENT:
            is_written = call in ("rename", "link") or "<stdout>" in failed[-1].err
            assert is_written or case.files() == case.old, failed[-1]
            assert not list(case.place.rglob("*.tmp"))


@pytest.mark.parametrize("size", (0, 1, 100, 200))
def test_full_disk(size: int, case: Case) -> None:
    """No room for one of the files is no room for any."""
    case.restore()
    result = case.run(limit=(resource.RLIMIT_FSIZE, size))
    assert result.status == ENVIRONMENT and "cannot write" in result.err, result
    assert snapshot(case.place) == case.old


def test_two_at_once(case: Case) -> None:
    """Another run has made the same files between this one's look and its writing."""
    if case.command[1] != "new":
        return
    case.restore()
    first = case.run("-e", "inject=link:delay_enter=300000:when=1")
    assert first.status == FINE
    again = case.run()
    assert again.status == ENVIRONMENT and case.files() == case.new


def test_changed_while_it_ran(tmp_path: Path) -> None:
    """What a person saved meanwhile is not written over."""
    prepare(tmp_path)
    path = tmp_path / "backends/guest/g.c"
    script = 'strace -f -o /dev/null -e trace=getdents64 -e inject=getdents64:delay_exit=400000:when=4 "$@" & sleep 0.2; echo "/* saved */" >>backends/guest/g.c; wait $!'
    result = run("backend", "sync", "in.pvi", cwd=tmp_path, tool=PVGEN, prefix=("sh", "-c", script, "sh"))
    text = path.read_text()
    assert "/* saved */" in text and "work of weeks" in text, result
