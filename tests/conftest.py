"""Make a run of pytest end in one line: `N passed, N failed, N skipped`.

The line is stricter than pytest's own summary: an error is a failure, and so
is a test that was skipped for any reason but a missing /dev/kvm.
"""

from collections import Counter

import pytest

EXCUSE = "/dev/kvm"


class Tally:
    """Outcome of each test, or of each file that could not be collected."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}

    def note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """Take in one phase of a test; a failure is never overwritten."""
        if report.failed:
            self.outcomes[report.nodeid] = "failed"
        elif report.skipped:
            excused = EXCUSE in str(report.longrepr)
            self.outcomes.setdefault(report.nodeid, "skipped" if excused else "failed")
        elif getattr(report, "when", "") == "call":
            self.outcomes.setdefault(report.nodeid, "passed")

    def line(self) -> str:
        """The last line of a run."""
        count = Counter(self.outcomes.values())
        return f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped"

    def bad(self) -> bool:
        """Something failed, or nothing ran at all."""
        outcomes = self.outcomes.values()
        return "failed" in outcomes or "passed" not in outcomes


class LastLine:
    """Plugin that counts, sets the exit status and prints the line."""

    def __init__(self) -> None:
        self.tally = Tally()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test."""
        self.tally.note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count a file that does not import, or that skips itself."""
        self.tally.note(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A run that pytest likes may still be bad."""
        if session.exitstatus == pytest.ExitCode.OK and self.tally.bad():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """The last thing that is printed."""
        config.get_terminal_writer().line(self.tally.line())


def pytest_configure(config: pytest.Config) -> None:
    """Only the process that the user started counts, not the workers of xdist."""
    config.addinivalue_line("markers", "slow: not for `make check-fast`")
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        config.pluginmanager.register(LastLine())
