"""How pvgen's time and memory grow with the description: `make bench`.

Prints, for synthetic descriptions, the median user CPU time and the peak memory of
`check`, of `diff` with one op more, and of `build` with all outputs, and the exponent
of their growth from one size to the next: 1 is linear.  Measures; judges nothing.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Run, exponent, growth, median, write_lines

ROOT = Path(__file__).resolve().parents[2]
SIZES = (60, 1_000, 10_000, 100_000)
OPS_OF_A_GROUP = 20
HEAD = f"{'ops':>8} {'seconds':>9} {'growth':>6} {'MiB':>8} {'growth':>6} {'ops/s':>8}"

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


def description(count: int) -> Iterator[str]:
    """The lines of a description with this many ops."""
    starts = range(0, count, OPS_OF_AN_INTERFACE)
    parts = [range(start, min(start + OPS_OF_AN_INTERFACE, count)) for start in starts]
    yield from (TYPES, ABI)
    for i, part in enumerate(parts):
        yield from interface(i, part)


def more(count: int) -> Iterator[str]:
    """The same with an op more, in the middle."""
    for line in description(count):
        if f"Operation number {count // 2}:" in line:
            yield "    op void inserted(void) { default nop; }"
        yield line


def words_of(command: str, directory: Path, size: int) -> list[str]:
    """What follows the program's name."""
    path = str(directory / f"{size}.pvi")
    if command == "diff":
        return [command, "--gate=none", path, str(directory / f"{size}-more.pvi")]
    return [command, path]


def measure(pvgen: str, command: str, sizes: list[int], runs: int, directory: Path) -> None:
    """Print the row of each size."""
    before: dict[str, tuple[int, float]] = {}
    print(f"{command}:\n{HEAD}")
    for size in sizes:
        outdir = directory / "out" if command == "build" else None
        c = median(Run([pvgen, *words_of(command, directory, size)], outdir), runs)
        time = f"{c.seconds:9.4f}  {growth(exponent(before.get('time'), size, c.seconds))}"
        memory = f"{c.memory_text():>8}  {growth(exponent(before.get('memory'), size, c.memory))}"
        print(f"{size:8} {time} {memory} {size / c.seconds:8.0f}", flush=True)
        before = {"time": (size, c.seconds), "memory": (size, c.memory)}


def main() -> None:
    """Read the options, write the descriptions, measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pvgen", default=str(ROOT / "build/pvgen"), help="the program to measure")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median counts")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of ops")
    parser.add_argument("--largest-build", type=int, default=100_000, help="check only beyond")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for size in options.sizes:
            write_lines(directory / f"{size}.pvi", description(size))
            write_lines(directory / f"{size}-more.pvi", more(size))
        measure(options.pvgen, "check", options.sizes, options.runs, directory)
        measure(options.pvgen, "diff", options.sizes, options.runs, directory)
        builds = [size for size in options.sizes if size <= options.largest_build]
        measure(options.pvgen, "build", builds, options.runs, directory)


if __name__ == "__main__":
    main()
