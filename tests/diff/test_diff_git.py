"""git:REV:PATH: descriptions as a revision has them, in a repository that the test makes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tool import ENVIRONMENT, FINE, INPUT, run

EQUAL = b"no change: source ok, backend ok, module ok, peer ok\n"
OP = "op void {}(word w) {{ default nop; }}"
INTERFACE = 'language 1;\nimport "types/t.pvi";\ninterface i version 1.0 {{\n{}\n}}\n'
TYPES = "language 1;\ntypedef u{} word;\n"


def git(place: Path, *words: str) -> str:
    """Run Git, as nobody in particular."""
    names = {
        f"GIT_{who}_{what}": "nobody@example.org"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    quiet = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *words],
        cwd=place,
        env={**os.environ, **names, **quiet},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def write(place: Path, ops: str, bits: int) -> None:
    """idl/i.pvi and what it imports."""
    (place / "idl/types").mkdir(parents=True, exist_ok=True)
    text = "\n".join(OP.format(name) for name in ops)
    (place / "idl/i.pvi").write_text(INTERFACE.format(f"group g {{\n{text}\n}}"))
    (place / "idl/types/t.pvi").write_text(TYPES.format(bits))


@pytest.fixture(name="place")
def make_repository(tmp_path: Path) -> Path:
    """Two revisions, the older one with tag old/1; the work tree has a third state."""
    git(tmp_path, "init", "-q", "-b", "trunk", ".")
    write(tmp_path, "ab", 32)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    git(tmp_path, "tag", "old/1")
    write(tmp_path, "ab", 64)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "two")
    write(tmp_path, "anb", 64)
    return tmp_path


def test_two_revisions(place: Path) -> None:
    """Imports are those of the revision; a place says which."""
    out = run("diff", "git:old/1:idl/i.pvi", "git:HEAD:idl/i.pvi", cwd=place).out.decode()
    assert "git:HEAD:idl/types/t.pvi:2: word: " in out
    assert "git:HEAD:idl/i.pvi:5: i.g.a.w: " in out and "PV-PAR-WIDEN-U" in out
    assert "PV-OPS" not in out


def test_a_revision_and_the_work_tree(place: Path) -> None:
    """What is not committed is compared with what is."""
    result = run("diff", "git:HEAD:idl/i.pvi", "idl/i.pvi", cwd=place)
    assert (result.status, b"idl/i.pvi:6: i.g.n" in result.out) == (INPUT, True)
    back = run("diff", "idl/i.pvi", "git:HEAD:idl/i.pvi", cwd=place)
    assert b"PV-OPS-DEL-MID" in back.out
    assert run("diff", "git:HEAD:idl/i.pvi", "git:trunk:idl/i.pvi", cwd=place).out == EQUAL


def test_names_of_revisions(place: Path) -> None:
    """All that Git has for one."""
    full = git(place, "rev-parse", "HEAD")
    for rev in ("HEAD", "trunk", full, full[:9], "HEAD^{commit}", "old/1~0^{tree}", "@"):
        assert run("diff", f"git:{rev}:idl/i.pvi", "git:HEAD:idl/i.pvi", cwd=place).err == "", rev


def test_from_a_folder(place: Path) -> None:
    """PATH is where the same path without `git:REV:` is; an absolute one, too."""
    for path in ("i.pvi", "./i.pvi", "../idl/i.pvi", "types/../i.pvi", f"{place}/idl/i.pvi"):
        result = run("diff", f"git:HEAD:{path}", "git:HEAD:i.pvi", cwd=place / "idl")
        assert (result.status, result.out, result.err) == (FINE, EQUAL, ""), path


def test_directories(place: Path) -> None:
    """All descriptions below them, but hidden ones; files that others import are read once."""
    (place / "idl/.hidden").mkdir()
    (place / "idl/.hidden/x.pvi").write_text("nonsense")
    (place / "idl/README.md").write_text("nonsense")
    write(place, "ab", 64)
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "three")
    for where, path in ((place, "idl"), (place, "."), (place / "idl", "."), (place, "idl/")):
        result = run("diff", f"git:HEAD:{path}", path, cwd=where)
        assert (result.status, result.out, result.err) == (FINE, EQUAL, ""), path
    assert b"PV-PAR-WIDEN-U" in run("diff", "git:old/1:idl", "git:HEAD:idl", cwd=place).out


def test_include_directories(place: Path) -> None:
    """Those in the work tree are read in the revision, others as they are."""
    text = (place / "idl/i.pvi").read_text().replace("types/t.pvi", "t.pvi")
    (place / "idl/i.pvi").write_text(text)
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "three")
    shutil.move(place / "idl/types", place / "away")
    words = ("diff", "git:HEAD:idl/i.pvi", "git:HEAD:idl/i.pvi")
    for directory in ("idl/types", "./idl/types", str(place / "idl/types")):
        assert run(*words, f"-I{directory}", cwd=place).out == EQUAL
    assert run(*words, cwd=place).names() == ["import-missing"]
    outside = place.parent / f"{place.name}-outside"
    shutil.move(place / "away", outside)
    assert run(*words, f"-I{outside}", cwd=place).out == EQUAL
    assert run(*words, f"-I../{outside.name}", cwd=place).out == EQUAL


def test_snapshots(place: Path) -> None:
    """They are read from revisions like everything."""
    made = run("build", "--emit=snapshot:i.abi.json", "idl/i.pvi", cwd=place)
    assert made.status == FINE
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "three")
    (place / "i.abi.json").unlink()
    assert run("diff", "git:HEAD:i.abi.json", "idl/i.pvi", cwd=place).out == EQUAL


ODD = ("a b", "ä", "*", "[a]", ":x", "a\nb", "-n", "'$(x)'", "a\\")


@pytest.mark.parametrize("name", ODD)
def test_odd_names(name: str, place: Path) -> None:
    """No shell and no pattern sees them."""
    name = f"{name}.pvi"
    shutil.copy(place / "idl/i.pvi", place / "idl" / name)
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "odd")
    result = run("diff", f"git:HEAD:idl/{name}", f"idl/{name}", cwd=place)
    assert (result.status, result.out, result.err) == (FINE, EQUAL, "")


FAULTS = {
    "git:none:idl/i.pvi": "no revision 'none'; `git log --all`",
    "git:old/1..HEAD:idl/i.pvi": "no revision 'old/1..HEAD'",
    "git:HEAD:idl/none.pvi": "cannot read 'git:HEAD:idl/none.pvi': no such file in that revision",
    "git:HEAD:/etc/passwd": "it is outside of the work tree",
    "git:HEAD:../x.pvi": "it is outside of the work tree",
    "git:HEAD:link.pvi": "a symbolic link; name the file that it leads to",
    "git:HEAD:idl/i.pvi/x": "no such file in that revision",
    "git:--help:idl/i.pvi": "is not git:REV:PATH; a file of that name is './git:--help:idl/i.pvi'",
    "git:-x:idl/i.pvi": "is not git:REV:PATH",
    "git::idl/i.pvi": "is not git:REV:PATH",
    "git:HEAD:": "is not git:REV:PATH",
    "git:HEAD": "is not git:REV:PATH",
    "git:": "is not git:REV:PATH",
}


@pytest.mark.parametrize("operand", FAULTS)
def test_faults(operand: str, place: Path) -> None:
    """What is wrong, in one line."""
    (place / "link.pvi").symlink_to("idl/i.pvi")
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "three")
    for words in ((operand, "idl"), ("idl", operand)):
        result = run("diff", *words, cwd=place)
        assert (result.status, result.out) == (ENVIRONMENT, b"")
        assert FAULTS[operand] in result.err and result.err.count("\n") == 1, result.err


def test_a_missing_import(place: Path) -> None:
    """It is missing in the revision, though it is in the work tree."""
    git(place, "rm", "-q", "--cached", "idl/types/t.pvi")
    git(place, "commit", "-q", "-m", "three")
    result = run("diff", "git:HEAD:idl/i.pvi", "idl/i.pvi", cwd=place)
    assert (result.status, result.names()) == (ENVIRONMENT, ["import-missing"])
    assert result.diagnostics()[0].path == "git:HEAD:idl/i.pvi"


def test_no_repository(tmp_path: Path) -> None:
    """Git says so, and pvgen what it could not do."""
    outside = {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    result = run("diff", "git:HEAD:a.pvi", "git:HEAD:a.pvi", cwd=tmp_path, env=outside)
    assert result.status == ENVIRONMENT
    assert "cannot read 'git:HEAD:a.pvi': no work tree of Git is here" in result.err


def test_no_git(place: Path) -> None:
    """What is missing has a name."""
    result = run("diff", "git:HEAD:idl", "idl", cwd=place, env={"PATH": "/nowhere"})
    assert (result.status, result.out) == (ENVIRONMENT, b"")
    assert "'git:HEAD:idl': cannot run git: No such file or directory\n" in result.err


def test_a_damaged_repository(place: Path) -> None:
    """A text that is not there is no empty text."""
    blob = git(place, "rev-parse", "HEAD:idl/types/t.pvi")
    path = place / ".git/objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(b"")
    result = run("diff", "git:HEAD:idl/i.pvi", "idl/i.pvi", cwd=place)
    assert result.status == ENVIRONMENT and "git has refused it" in result.err
