"""What each op costs in instructions: the guest under QEMU with the plugin of tests/cost.

The guest calls each op a few times (measure=yes); the shortest call counts,
since no interrupt disturbed it.  Counts are exact and the same in every run.
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import machine
import manifest

PLUGIN = machine.ROOT / "build/cost.so"

# Instructions whose results differ from run to run would be no part of repeatable counts.
REPEATABLE = ("-cpu", "max,-rdrand,-rdseed")


# What workloads.c does, by the numbers in its marks.
WORKLOADS = dict(enumerate(("interrupt toggle", "page-table entry", "16 entries in a batch", "context switch",
                            "clock", "page fault", "timer"), start=4000))
# What main.c does once in a boot.
STEPS = dict(enumerate(("find the backend", "install it", "patch all sites"), start=4090))


@dataclass(frozen=True)
class Cost:
    """Instructions that one call of an op executed, by where they stand."""
    site: int
    padding: int
    elsewhere: int      # in the guest
    hypervisor: int

    @property
    def guest(self) -> int:
        """All of the guest's, without padding."""
        return self.site + self.elsewhere


@dataclass(frozen=True)
class Measured:
    """All that one boot tells about costs; an op is in one of the two."""
    boot: machine.Boot
    costs: dict[str, Cost]
    unknown: dict[str, str]     # why there is no number
    workloads: dict[str, Cost] = field(default_factory=dict)
    steps: dict[str, Cost] = field(default_factory=dict)


def read_costs(text: str, names: dict[int, str]) -> dict[str, Cost]:
    """The plugin's report on what has these numbers."""
    rows = [[int(word) for word in line.split()] for line in text.splitlines()]
    return {names[op]: Cost(*counts) for op, *counts, _as_short, _calls in rows if op in names}


def unknown_costs(boot: machine.Boot, costs: dict[str, Cost]) -> dict[str, str]:
    """Ops without a number, with the reason."""
    silent = "; ".join(boot.obstacles) or "the guest did not call it"
    names = manifest.names(machine.arch(boot.environment))
    return {op: boot.console.uncounted.get(op, silent) for op in names if op not in costs}


def unmeasured(boot: machine.Boot) -> Measured:
    """In place of a count, where there can be none."""
    return Measured(boot, {}, unknown_costs(boot, {}))


def measure(environment: str, guest: Path | None = None, blob: Path | None = None) -> Measured:
    """Boot once and count."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "costs"
        options = ("-plugin", f"{PLUGIN},out={report}", *REPEATABLE)
        boot = machine.run(environment, guest, cmdline="measure=yes", options=options, blob=blob)
        text = report.read_text() if report.exists() else ""
        counted = read_costs(text, manifest.by_slot(machine.arch(environment)))
    costs = {op: cost for op, cost in counted.items() if op not in boot.console.uncounted}
    return Measured(boot, costs, unknown_costs(boot, costs), read_costs(text, WORKLOADS),
                    read_costs(text, STEPS))


def bare_instructions(arch: str = "x86_64") -> dict[str, int | None]:
    """Instructions of each op's native form; None where that is a function."""
    return {op["name"]: next((target["instructions"] for target in op["targets"]
                              if target["backend"] == "native"), None)
            for op in manifest.ops(arch)}
