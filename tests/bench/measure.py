"""What runs of a program cost: shared by the benchmarks."""

import math
import os
import resource
import shutil
import statistics
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# The kernel tells user from system time by its clock's ticks of some milliseconds, and gives a run
# between two ticks wholly to the user: short runs are seen at their worst, and need many.
SECONDS_OF_A_MEASUREMENT = 0.1
MOST_RUNS = 50


@dataclass(frozen=True)
class Cost:
    """Of one run: user CPU seconds, and mebibytes at the peak."""

    seconds: float
    memory: float

    def memory_text(self) -> str:
        """A child begins as a copy of this process, so that less than it has is not seen."""
        least = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return f"{self.memory:.1f}" if self.memory > least else f"<{least:.0f}"


@dataclass(frozen=True)
class Run:
    """A program, what it reads, and the directory that it fills, empty before each run."""

    words: list[str]
    outdir: Path | None = None
    stdin: Path = Path(os.devnull)

    def prepare(self) -> None:
        """Nothing is left of the run before: some programs refuse to overwrite it."""
        if self.outdir:
            shutil.rmtree(self.outdir, ignore_errors=True)
            self.outdir.mkdir()


class RunError(Exception):
    """The program failed; the text says how."""


def complaint(output: bytes, status: int) -> str:
    """How a program failed, in a line."""
    lines = output.decode(errors="replace").strip().splitlines()
    return f"status {status}: {lines[-1].strip()}" if lines else f"status {status}"


def cost(run: Run) -> Cost:
    """Run a program that must succeed; what its own children take counts too."""
    run.prepare()
    with open(run.stdin, "rb") as stdin, subprocess.Popen(
        run.words,
        cwd=run.outdir,
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr
        output = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RunError(f"{run.words[0]}: {complaint(output, process.returncode)}")
    return Cost(usage.ru_utime, usage.ru_maxrss / 1024)


def mean(run: Run, times: int) -> Cost:
    """Mean of runs that are too short for the system's clock."""
    costs = [cost(run) for _ in range(times)]
    return Cost(statistics.mean(c.seconds for c in costs), costs[0].memory)


def median(run: Run, runs: int) -> Cost:
    """Median of several measurements, each part by itself; each as many runs as it needs."""
    times = SECONDS_OF_A_MEASUREMENT / max(cost(run).seconds, 1e-4)
    costs = [mean(run, max(1, min(MOST_RUNS, round(times)))) for _ in range(runs)]
    seconds = statistics.median(c.seconds for c in costs)
    return Cost(seconds, statistics.median(c.memory for c in costs))


def exponent(before: tuple[int, float] | None, size: int, value: float) -> float | None:
    """Growth from the size before: value ~ size ** exponent."""
    if not before or before[1] <= 0 or value <= 0:
        return None
    return math.log(value / before[1]) / math.log(size / before[0])


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a description, without ever holding all of it: see memory_text."""
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in lines)


def growth(value: float | None) -> str:
    """An exponent in a table."""
    return "    -" if value is None else f"{value:5.2f}"
