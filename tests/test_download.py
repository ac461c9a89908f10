"""Packages of Debian for tests: what is asked for comes, what is not there is said."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


def download(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run download.sh."""
    command = ["sh", ROOT / "tests/download.sh", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_members() -> None:
    """The package stays, its members stand under their own names; a second run gives the same."""
    result = download("bookworm", "hello")
    assert (result.returncode, result.stderr) == (0, "")
    package = Path(result.stdout.strip())
    assert package.is_relative_to(ROOT / "build/packages") and package.suffix == ".deb"
    result = download("bookworm", "hello", "./usr/bin/*")
    assert (result.returncode, result.stderr) == (0, "")
    members = [p.name for p in Path(result.stdout.strip()).rglob("*") if p.is_file()]
    assert members == ["hello"]
    assert download("bookworm", "hello", "./usr/bin/*").stdout == result.stdout


@pytest.mark.parametrize("suite", ["bookworm-backports", "trixie"])
def test_other_suite(suite: str) -> None:
    """A suite that apt is not configured for."""
    result = download(suite, "linux-libc-dev")
    assert (result.returncode, result.stderr) == (0, "")
    assert Path(result.stdout.strip()).is_file()


def test_highest() -> None:
    """Of the packages that match, the one of the highest version; others are not looked at."""
    result = download("bookworm", "xen-hypervisor-4[.][0-9]+-amd64", "./boot/*.gz")
    assert (result.returncode, result.stderr) == (0, "")
    assert [p.name for p in Path(result.stdout.strip()).glob("boot/*")] == ["xen-4.17-amd64.gz"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("bookworm", "hell"), "no package of bookworm matches hell"),
        (("bookworm", "hello", "./nothing"), "is damaged or holds no ./nothing"),
        (("no-such-suite", "hello"), "cannot fetch the lists of no-such-suite"),
    ],
)
def test_missing(arguments: tuple[str, ...], text: str) -> None:
    """What cannot be had is said, and nothing is printed that could be taken for it."""
    result = download(*arguments)
    assert result.returncode == 1 and text in result.stderr and not result.stdout
