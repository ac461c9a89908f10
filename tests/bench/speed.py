"""How pvgen's time and memory grow with the description: `make bench`.

Prints, for synthetic descriptions, the median user CPU time and the peak memory
of `check` and of `build` with all outputs, and the exponent of their growth
from one size to the next: 1 is linear.  Measures; judges nothing.
"""

import argparse
import math
import os
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIZES = (60, 1_000, 10_000, 100_000)
OPS_OF_A_GROUP = 20
HEAD = f"{'ops':>8} {'seconds':>9} {'growth':>6} {'MiB':>8} {'growth':>6} {'us/op':>7}"

# A site record has 16 bits for the op, so larger numbers are in several interfaces.
OPS_OF_AN_INTERFACE = 50_000

# What an op looks like, and how the guest does it: in turn, as in a real description.
OPS = (
    (
        'op unsigned long f{n}(void) {{ clobbers flags; native x86_64 "mov %cr0, %rax"; }}',
        "call guest_f{n}",
    ),
    (
        'op void f{n}(unsigned long value @gpa) {{ native x86_64 "mov %rdi, %cr3"; }}',
        "= hyper.use(mfn(value))",
    ),
    (
        "op void f{n}(pte_t *p @inout @va, pte_t pte) {{ budget 24; context hot; default nop; }}",
        "call guest_f{n}",
    ),
    (
        'op void f{n}(void) {{ clobbers flags; context noinstr hot; native x86_64 "cli"; }}',
        "= store hyper.info.masked 1",
    ),
    (
        "op pteval_t f{n}(pte_t pte) {{ clobbers flags; default identity; }}",
        "identity",
    ),
    (
        "op u64 f{n}(u32 a, const struct gate *b @in, u8 c)"
        ' {{ native x86_64 "mov %edi, %eax" "shl $32, %rax"; }}',
        'inline x86_64 "movzbl %gs:{{info.masked}}, %eax"',
    ),
)

TYPES = """language 1;
typedef u64 pteval_t;
struct pte { pteval_t pte; };
typedef struct pte pte_t;
struct gate { u16 low; u16 selector; u32 high; };
"""

ABI = """
abi hyper {
    entry x86_64 "syscall" {
        number rax; args rdi rsi rdx; result rax; clobbers args rcx r11 memory;
    }
    shared struct info { u8 pending; u8 masked; u64 stamp; };
    call 1 long use(unsigned long frame @mfn);
}
"""

BACKENDS = """
backend metal{i} for i{i} {{ bare; detect always; priority 0; }}
backend guest{i} for i{i} on hyper {{
    deprivileged; detect cpuid "HyperHyper12"; priority 1; init guest_init;
    shared info percpu guest_info;
    converter mfn from gpa to mfn call guest_mfn;
"""


def groups(numbers: range) -> Iterator[str]:
    """The groups of ops of an interface, each op with its documentation."""
    for n in numbers:
        if n % OPS_OF_A_GROUP == 0:
            yield f"group g{n // OPS_OF_A_GROUP} {{"
        yield f"    /// Operation number {n}: what a person wrote about it."
        yield "    " + OPS[n % len(OPS)][0].format(n=n)
        if n % OPS_OF_A_GROUP == OPS_OF_A_GROUP - 1 or n == numbers[-1]:
            yield "}"


def bindings(numbers: range) -> Iterator[str]:
    """How the guest does each op."""
    for n in numbers:
        yield f"    g{n // OPS_OF_A_GROUP}.f{n} {OPS[n % len(OPS)][1].format(n=n)};"


def interface(i: int, numbers: range) -> Iterator[str]:
    """An interface with these ops, and its two backends."""
    yield f"interface i{i} version 1.0 {{"
    yield from groups(numbers)
    yield "}" + BACKENDS.format(i=i)
    yield from bindings(numbers)
    yield "}\n"


def description(count: int) -> str:
    """A description with this many ops."""
    starts = range(0, count, OPS_OF_AN_INTERFACE)
    parts = [range(start, min(start + OPS_OF_AN_INTERFACE, count)) for start in starts]
    lines = (line for i, part in enumerate(parts) for line in interface(i, part))
    return "\n".join([TYPES, ABI, *lines])


@dataclass(frozen=True)
class Cost:
    """Of one run: user CPU seconds, and mebibytes at the peak."""

    seconds: float
    memory: float


def cost(command: list[str]) -> Cost:
    """Run a command that must succeed."""
    pid = os.spawnv(os.P_NOWAIT, command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: status {os.waitstatus_to_exitcode(status)}")
    return Cost(usage.ru_utime, usage.ru_maxrss / 1024)


def mean(command: list[str], times: int) -> Cost:
    """Mean of runs that are too short for the system's clock."""
    costs = [cost(command) for _ in range(times)]
    return Cost(statistics.mean(c.seconds for c in costs), costs[0].memory)


def median(command: list[str], runs: int, times: int) -> Cost:
    """Median of several measurements, each part by itself."""
    costs = [mean(command, times) for _ in range(runs)]
    seconds = statistics.median(c.seconds for c in costs)
    return Cost(seconds, statistics.median(c.memory for c in costs))


def exponent(before: tuple[int, float] | None, size: int, value: float) -> str:
    """Growth from the size before: value ~ size ** exponent."""
    if not before or before[1] <= 0 or value <= 0:
        return "    -"
    return f"{math.log(value / before[1]) / math.log(size / before[0]):5.2f}"


def measure(pvgen: str, command: str, sizes: list[int], runs: int, directory: Path) -> None:
    """Print the row of each size."""
    before: dict[str, tuple[int, float]] = {}
    print(f"{command}:\n{HEAD}")
    for size in sizes:
        outdir = ["--outdir", str(directory / f"out{size}")] if command == "build" else []
        words = [pvgen, command, *outdir, str(directory / f"{size}.pvi")]
        c = median(words, runs, max(1, 3000 // size))
        time = f"{c.seconds:9.4f}  {exponent(before.get('time'), size, c.seconds)}"
        memory = f"{c.memory:8.1f}  {exponent(before.get('memory'), size, c.memory)}"
        print(f"{size:8} {time} {memory} {c.seconds / size * 1e6:7.2f}", flush=True)
        before = {"time": (size, c.seconds), "memory": (size, c.memory)}


def main() -> None:
    """Read the options, write the descriptions, measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pvgen", default=str(ROOT / "build/pvgen"), help="the program to measure")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median counts")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of ops")
    parser.add_argument("--largest-build", type=int, default=10_000, help="check only beyond")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for size in options.sizes:
            (directory / f"{size}.pvi").write_text(description(size))
        measure(options.pvgen, "check", options.sizes, options.runs, directory)
        builds = [size for size in options.sizes if size <= options.largest_build]
        measure(options.pvgen, "build", builds, options.runs, directory)


if __name__ == "__main__":
    main()
