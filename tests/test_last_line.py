"""The last line of a run and its exit status, for runs that go well and runs that do not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")

GOOD = "def test_good(): pass\n"
BAD = "def test_bad(): assert False\n"
EXCUSED = "import pytest\n@pytest.mark.skip('no /dev/kvm')\ndef test_kvm(): pass\n"
LAZY = "import pytest\ndef test_lazy(): pytest.skip('no time')\n"
LAZY_FILE = "import pytest\npytest.skip('no time', allow_module_level=True)\n"
NO_IMPORT = "import no_such_module\n"
BAD_SETUP = "import pytest\n@pytest.fixture\ndef broken(): assert False\ndef test_setup(broken): pass\n"
BAD_TEARDOWN = "import pytest\n@pytest.fixture\ndef leaky():\n yield\n assert False\ndef test_leak(leaky): pass\n"

# Files of the run, expected last line, whether the run is good.
RUNS = {
    "good": ([GOOD], "1 passed, 0 failed, 0 skipped", True),
    "one bad": ([GOOD, BAD], "1 passed, 1 failed, 0 skipped", False),
    "excused skip": ([GOOD, EXCUSED], "1 passed, 0 failed, 1 skipped", True),
    "skip for no good reason": ([GOOD, LAZY], "1 passed, 1 failed, 0 skipped", False),
    "file that skips itself": ([GOOD, LAZY_FILE], "1 passed, 1 failed, 0 skipped", False),
    "error in setup": ([GOOD, BAD_SETUP], "1 passed, 1 failed, 0 skipped", False),
    "error in teardown": ([GOOD, BAD_TEARDOWN], "1 passed, 1 failed, 0 skipped", False),
    "file that does not import": ([NO_IMPORT], "0 passed, 1 failed, 0 skipped", False),
    "nothing but skips": ([EXCUSED], "0 passed, 0 failed, 1 skipped", False),
    "nothing at all": ([""], "0 passed, 0 failed, 0 skipped", False),
}


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])
@pytest.mark.parametrize("files,line,good", RUNS.values(), ids=list(RUNS))
def test_last_line(tmp_path: Path, files: list[str], line: str, good: bool, workers: list[str]) -> None:
    """The line counts right and the exit status agrees with it."""
    shutil.copy(CONFTEST, tmp_path)
    for number, text in enumerate(files):
        (tmp_path / f"test_{number}.py").write_text(text)
    run = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *workers, str(tmp_path)],
                         cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.stdout.splitlines()[-1] == line
    assert (run.returncode == 0) == good
