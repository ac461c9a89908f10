"""The comparison with other compilers compares the same, and says what it lacks."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import peers
import pytest

HERE = Path(peers.__file__).parent
PVGEN = HERE.parents[1] / "build/pvgen"
LANGUAGES = {p.language.suffix: p.language for p in peers.own_rows(PVGEN) + peers.PEERS}

# What an op looks like.
FORMS = {
    ".pvi": r"^ *op \w+ op\d+\(",
    ".xml": r'<request name="op\d+"',
    ".defs": r"^(simple)?routine op\d+\(",
    ".fbs": r"^ *op\d+\(op\d+_params\):",
    ".proto": r"^ *rpc op\d+\(",
    ".capnp": r"^ *op\d+ @\d+ \(",
    ".dts": r"^\t\top\d+ {",
    ".x": r"\bop\d+\([^)]*\) = \d+;",
}


def text(suffix: str, count: int) -> str:
    """An input of so many ops."""
    return "\n".join(LANGUAGES[suffix].write(peers.interface(count)))


def test_each_language_is_known_here() -> None:
    """A new one needs a form, or its inputs are counted by nobody."""
    assert FORMS.keys() == LANGUAGES.keys()


@pytest.mark.parametrize("count", [1, 60, 1000])
@pytest.mark.parametrize("suffix", FORMS)
def test_an_input_has_so_many_ops(suffix: str, count: int) -> None:
    """No language gets away with fewer."""
    assert len(re.findall(FORMS[suffix], text(suffix, count), re.M)) == count


def test_pvgen_takes_its_input(tmp_path: Path) -> None:
    """A row of errors would be fast."""
    (tmp_path / "a.pvi").write_text(text(".pvi", 60))
    done = subprocess.run([PVGEN, "check", "a.pvi"], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_is_missing_is_said() -> None:
    """Without any of the others: pvgen's own rows, then who is missing and how to get them."""
    done = subprocess.run(
        [sys.executable, HERE / "peers.py", "--runs", "1", "--sizes", "3", "6"],
        env={**os.environ, "PATH": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(re.findall(r"^pvgen .* [36] +\d", done.stdout, re.M)) == 4
    assert "make setup-bench" in done.stdout.splitlines()[-1]
    for peer in peers.PEERS:
        if "/" not in peer.program:
            assert f"missing: {peer.program}, of the package {peer.package}\n" in done.stdout


def test_a_failure_is_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The reason is what the program says last; the next size is tried all the same."""
    script = tmp_path / "fake"
    script.write_text("#!/bin/sh\ngrep -q op1 $1 || exit 0\necho no room >&2\nexit 3\n")
    script.chmod(0o755)
    peer = replace(peers.PEERS[0], command=f"{script} {{input}}")
    peers.rows(peers.Bench(tmp_path, 1), peer, [2, 1], {})
    failed, fine = capsys.readouterr().out.splitlines()
    assert failed.endswith(f"fails: {script}: status 3: no room")
    assert "fails" not in fine


def test_what_does_not_scale_says_why() -> None:
    """In the row, with a reason; what scales needs no remark."""
    rpcgen = next(p for p in peers.PEERS if p.unscaled)
    assert peers.remark(rpcgen, 1.9) == f"does not scale: {rpcgen.unscaled}"
    assert peers.remark(rpcgen, 1.1) == peers.remark(rpcgen, None) == ""


def test_the_packages_are_those_of_the_peers() -> None:
    """What `make setup-bench` installs is what is said to be missing, and kernels.py's peer."""
    packages = {p.package for p in peers.PEERS} | {"abigail-tools"}
    assert set((HERE / "packages.txt").read_text().split()) == packages
