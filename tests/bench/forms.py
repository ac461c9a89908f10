"""How long an op takes in each form that its site can have: `make bench`.

    python3 tests/bench/forms.py PROGRAM [--runs N] [--json FILE]

In user mode on this machine, in ticks of its time-stamp counter.  Ratios are to
the inline form of the same run, since ticks of different runs do not compare on
a busy machine.  Shows medians, and where the middle 80 % of the runs lie.
"""

import argparse
import json
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

LABELS = {"inline": "inline", "prefixes": "inline, 3 prefixes", "noop": "inline, 1 no-op", "call": "direct call",
          "indirect": "indirect call", "retpoline": "retpoline"}


@dataclass(frozen=True)
class Spread:
    """Many measurements of one thing."""
    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:8.2f}  {self.low:7.2f} ..{self.high:7.2f}"


def spread(values: list[float]) -> Spread:
    """The median and the middle 80 %."""
    tenths = statistics.quantiles(values, n=10)
    return Spread(statistics.median(values), tenths[0], tenths[-1])


def read_runs(text: str) -> dict[str, dict[str, list[float]]]:
    """Ticks by op and form, in the order of the runs."""
    ticks: dict[str, dict[str, list[float]]] = {}
    for line in text.splitlines():
        op, form, _run, value = line.split()
        ticks.setdefault(op, {}).setdefault(form, []).append(float(value))
    return ticks


def ratios(forms: dict[str, list[float]], form: str) -> list[float]:
    """To the inline form, run by run."""
    return [value / inline for value, inline in zip(forms[form], forms["inline"], strict=True)]


def measure(program: Path, runs: int, processes: int = 1) -> dict[str, dict[str, tuple[Spread, Spread]]]:
    """Ticks and ratio of each form of each op, in so many runs of each process."""
    output = "".join(subprocess.run([program, str(runs)], capture_output=True, text=True, check=True).stdout
                     for _ in range(processes))
    return {op: {form: (spread(values), spread(ratios(forms, form))) for form, values in forms.items()}
            for op, forms in read_runs(output).items()}


def table(measured: dict[str, dict[str, tuple[Spread, Spread]]]) -> str:
    """For a person."""
    lines = [f"{'op':10}{'form':20}{'ticks':>8}  {'middle 80 %':>17}  {'ratio':>8}  {'middle 80 %':>17}"]
    lines += [f"{op:10}{LABELS[form]:20}{ticks}  {ratio}"
              for op, forms in measured.items() for form, (ticks, ratio) in forms.items()]
    return "\n".join(lines)


def rows(measured: dict[str, dict[str, tuple[Spread, Spread]]]) -> list[dict]:
    """For programs."""
    return [{"op": op, "form": form, "ticks": vars(ticks), "ratio": vars(ratio)}
            for op, forms in measured.items() for form, (ticks, ratio) in forms.items()]


def main() -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(description="time of the forms of a call site")
    parser.add_argument("program", type=Path)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    measured = measure(options.program, options.runs)
    print(f"{options.runs} runs of all forms in turn; ticks of one execution among many, caches and predictors warm")
    print(table(measured))
    if options.json:
        whole = {"runs": options.runs, "forms": rows(measured)}
        options.json.write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
