"""Whatever fails while pvgen writes: each file is the old or the new one, and no other is touched."""

import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from place import CHANGED, LEAST, OUTPUTS, restore, write
from tool import ENVIRONMENT, FINE, PVGEN, Result, clean, run, snapshot


def build(place: Path, *arguments: str, **how: object) -> Result:
    """A build of the changed description into out/."""
    (place / "in.pvi").write_text(CHANGED)
    return run("build", "--outdir", "out", *(arguments or ("in.pvi",)), cwd=place, **how)


def outputs(directory: Path) -> dict[str, bytes]:
    """All files but those that a killed run left aside."""
    return {name: text for name, text in snapshot(directory).items() if not name.endswith(".tmp")}


def leftovers(directory: Path) -> list[Path]:
    """Files that were being written."""
    return sorted(directory.glob("*.tmp"))


# ---- each system call fails once ----

# Calls that pvgen makes when it reads and writes, and errors that they have on disks, on networks,
# beyond quotas.
FAULTS = [
    ("openat", "ENOSPC"),
    ("openat", "EACCES"),
    ("write", "ENOSPC"),
    ("write", "EIO"),
    ("close", "EDQUOT"),
    ("rename", "EIO"),
    ("fchmod", "EPERM"),
    ("mkdir", "ENOSPC"),
    ("newfstatat", "EIO"),
    ("readlink", "EIO"),
    ("read", "EIO"),
    ("getcwd", "ENOENT"),
]

WRITING = {"openat", "write", "close", "rename"}


def strace(place: Path, *options: str) -> tuple[Result, list[str]]:
    """A build under strace, and the trace."""
    result = build(place, tool=PVGEN, prefix=("strace", "-f", "-o", "trace", *options))
    lines = (place / "trace").read_text().splitlines()
    (place / "trace").unlink()
    return result, lines


@dataclass(frozen=True)
class Instance:
    """One call of pvgen's own, not the loader's: as strace counts it, and whether it must succeed."""

    n: int
    matters: bool


def name_of(line: str) -> str:
    """The call in a line of a trace."""
    return line.split("(")[0].split()[-1]


def matters(line: str, before: str) -> bool:
    """Other errors may be ignored: a file was looked at, or is given the mode of the old one."""
    if name_of(line) == "close":
        return name_of(before) == "write"
    return name_of(line) in {"write", "rename", "mkdir"} or "O_EXCL" in line


def instances(call: str, lines: list[str]) -> list[Instance]:
    """All of the calls of this name."""
    start = next(i for i, line in enumerate(lines) if 'newfstatat(AT_FDCWD, "in.pvi"' in line)
    found = [i for i, line in enumerate(lines) if name_of(line) == call]
    mine = [Instance(n, matters(lines[i], lines[i - 1])) for n, i in enumerate(found, 1) if i >= start]
    assert mine
    return mine


@pytest.fixture(name="versions")
def old_and_new(place: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Outputs before and after the change; the old ones stand in out/."""
    old = snapshot(place / "out")
    (place / "in.pvi").write_text(CHANGED)
    assert clean(run("build", "--outdir", "new", "in.pvi", cwd=place))
    new = snapshot(place / "new")
    shutil.rmtree(place / "new")
    return old, new


@pytest.mark.parametrize(("call", "error"), FAULTS)
def test_each_call_fails_once(call: str, error: str, place: Path, versions: tuple) -> None:
    """Status 2, one message, nothing left aside; only rename can leave some files old, others new."""
    old, new = versions
    _, lines = strace(place)
    every = instances(call, lines)
    for n in every[:: 1 if call in WRITING else len(every) // 12 + 1]:
        restore(place / "out", old)
        result, _ = strace(place, "-e", f"inject={call}:error={error}:when={n.n}")
        now = snapshot(place / "out")
        if result.status == FINE:
            assert not n.matters and (result.err, now) == ("", new), (n, result)
            continue
        assert result.status == ENVIRONMENT and result.err.count("\n") == 1, (n, result)
        assert result.err.startswith("pvgen: cannot "), (n, result)
        assert now.keys() == old.keys(), n
        assert all(now[name] in (old[name], new[name]) for name in now), n
        assert call == "rename" or now == old, n


@pytest.mark.parametrize("call", sorted(WRITING))
def test_killed_at_each_call(call: str, place: Path, versions: tuple) -> None:
    """Files are old or new; what lies aside neither harms the next run nor is harmed by it."""
    old, new = versions
    _, lines = strace(place)
    for n in instances(call, lines):
        write(place / "out", old)
        killed, _ = strace(place, "-e", f"inject={call}:signal=KILL:when={n.n}")
        assert killed.status == -signal.SIGKILL, (n, killed)
        now = outputs(place / "out")
        assert now.keys() == old.keys(), n
        assert all(now[name] in (old[name], new[name]) for name in now), n
    write(place / "out", old)
    left = {p: p.read_bytes() for p in leftovers(place / "out")}
    assert left
    assert clean(build(place))
    assert outputs(place / "out") == new
    assert {p: p.read_bytes() for p in leftovers(place / "out")} == left


def test_a_file_aside_belongs_to_somebody(place: Path) -> None:
    """A run in another container may have the same number and be writing at the moment."""
    prefix = ("sh", "-c", 'echo theirs >"out/i.json.$$-0.tmp"; exec "$@"', "sh")
    assert clean(build(place, prefix=prefix))
    (theirs,) = leftovers(place / "out")
    assert theirs.read_text() == "theirs\n"
    assert set(outputs(place / "out")) == OUTPUTS


# ---- what a file is stays ----


def test_links_stay(place: Path, versions: tuple) -> None:
    """The file that a link leads to is replaced, through several links, and created if need be."""
    _, new = versions
    (place / "other").mkdir()
    (place / "out/i.json").rename(place / "other/real.json")
    (place / "out/i.json").symlink_to("../link")
    (place / "link").symlink_to(place / "other/real.json")
    (place / "out/i.h").unlink()
    (place / "out/i.h").symlink_to("../other/none.h")
    assert clean(build(place))
    assert snapshot(place / "out") == new
    assert (place / "out/i.json").readlink() == Path("../link")
    assert (place / "other/real.json").read_bytes() == new["i.json"]
    assert (place / "other/none.h").read_bytes() == new["i.h"]
    assert sorted(p.name for p in (place / "other").iterdir()) == ["none.h", "real.json"]


def test_modes_stay(place: Path, versions: tuple) -> None:
    """A replaced file keeps its mode, a new one has what the umask leaves."""
    _, new = versions
    (place / "out/i.json").chmod(0o600)
    (place / "out/i.h").chmod(0o444)
    (place / "out/i.c").unlink()
    assert clean(build(place, prefix=("sh", "-c", 'umask 027; exec "$@"', "sh")))
    assert snapshot(place / "out") == new
    modes = [(place / "out" / name).stat().st_mode & 0o777 for name in ("i.json", "i.h", "i.c")]
    assert modes == [0o600, 0o444, 0o640]


def test_hard_links_part(place: Path) -> None:
    """Another name of the old file keeps the old text, as with every tool that renames."""
    os.link(place / "out/i.json", place / "kept")
    before = (place / "kept").read_bytes()
    assert clean(build(place))
    assert (place / "kept").read_bytes() == before != (place / "out/i.json").read_bytes()


def test_unwritable_directory(place: Path) -> None:
    """As a user who may not write there."""
    if os.geteuid() == 0:
        prefix = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--clear-groups")
    else:
        prefix = ()
    before = snapshot(place / "out")
    for directory in (place, *place.parents[:3]):
        directory.chmod(0o755)
    shutil.copy(PVGEN, place / "pvgen")
    (place / "out").chmod(0o555)
    result = build(place, tool=place / "pvgen", prefix=prefix)
    (place / "out").chmod(0o755)
    assert result.status == ENVIRONMENT
    assert result.err == "pvgen: cannot write 'out/i_ops.h': Permission denied\n"
    assert snapshot(place / "out") == before


# ---- places that no output may have ----

TWINS: dict[str, tuple[str, str]] = {
    "dot": ("a", "./a"),
    "slashes": ("out/a", "out//a"),
    "up and down": ("a", "out/../a"),
    "above": ("a", "{here}/a"),
    "linked directory": ("out/a", "linked/a"),
    "links": ("link", "a"),
    "both links": ("link", "link2"),
    "no directory yet": ("new/a", "./new/x/../a"),
    "nothing there yet": ("new/a", "{here}/linked/../new/./a"),
    "an output's own": ("out/../x", "x"),
}


@pytest.mark.parametrize("case", TWINS)
def test_two_outputs_in_one_file(case: str, place: Path) -> None:
    """However it is named: an error before anything is written."""
    (place / "linked").symlink_to("out")
    (place / "link").symlink_to("./a")
    (place / "link2").symlink_to("link")
    one, two = (name.format(here=place) for name in TWINS[case])
    before = snapshot(place)
    (place / "in.pvi").write_text(LEAST)
    result = run("build", f"--emit=ops:{one}", f"--emit=calls:{two}", "in.pvi", cwd=place)
    assert result.status == ENVIRONMENT
    assert result.err == f"pvgen: two outputs would go to '{two}'\n"
    assert snapshot(place) == before


def test_outputs_beside_each_other(place: Path) -> None:
    """Near misses: the same name in two directories, a link beside what it does not lead to."""
    (place / "link").symlink_to("out/a")
    result = run("build", "--emit=ops:a", "--emit=calls:out/b", "--emit=asm:link", "in.pvi", cwd=place)
    assert clean(result), result.err
    assert (place / "out/a").is_file() and (place / "link").is_symlink()


def test_several_outputs_on_standard_output(place: Path) -> None:
    """One after the other, in the order of the options."""
    result = run("build", "--emit=manifest:-", "--emit=ops:-", "in.pvi", cwd=place)
    files = snapshot(place / "out")
    assert (result.status, result.out) == (FINE, files["i.json"] + files["i_ops.h"])


INPUTS: dict[str, tuple[str, ...]] = {
    "itself": ("--emit=ops:in.pvi", "in.pvi"),
    "by another name": ("--emit=ops:out/../in.pvi", "in.pvi"),
    "through a link": ("--emit=ops:link", "in.pvi"),
    "from a link": ("--emit=ops:in.pvi", "link"),
    "import": ("--emit=ops:imported.pvi", "in.pvi"),
    "standard input": ("--emit=ops:in.pvi", "-"),
    "diagnostics": ("--diagnostics-file=in.pvi", "in.pvi"),
}


@pytest.mark.parametrize("case", INPUTS)
def test_output_that_is_an_input(case: str, place: Path) -> None:
    """A description is never overwritten."""
    (place / "in.pvi").write_text(f'import "imported.pvi";\n{LEAST}')
    (place / "imported.pvi").write_text("const A = 1;\n")
    (place / "link").symlink_to("in.pvi")
    before = snapshot(place)
    prefix = ("sh", "-c", '"$@" <in.pvi', "sh")
    result = run("build", "--outdir", "out", *INPUTS[case], cwd=place, prefix=prefix)
    assert result.status == ENVIRONMENT
    assert "pvgen: an output would overwrite what it is made of, '" in result.err
    assert {n: t for n, t in snapshot(place).items() if n[0] != "o"} == {
        n: t for n, t in before.items() if n[0] != "o"
    }


def test_diagnostics_over_an_output(place: Path) -> None:
    """The report would be the last to be written there."""
    result = build(place, "--diagnostics-file=out/./i.h", "in.pvi")
    assert result.status == ENVIRONMENT
    assert "two outputs would go to 'out/./i.h'" in result.err


@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "directory"])
def test_output_that_is_no_file(kind: str, place: Path) -> None:
    """Neither waited for nor replaced."""
    (place / "directory").mkdir()
    os.mkfifo(place / "pipe")
    (place / "device").symlink_to("/dev/null")
    (place / "socket").symlink_to("/dev/full")
    before = snapshot(place)
    result = run("build", "--emit=ops:new", f"--emit=calls:{kind}", "in.pvi", cwd=place, seconds=10)
    assert result.status == ENVIRONMENT
    assert result.err == f"pvgen: no output can replace what is no file, '{kind}'\n"
    assert snapshot(place) == before
