"""Boot one kernel image in every environment and show what was found.

    python3 tests/boot/demo.py [GUEST] [--outdir build]

Writes OUTDIR/demo.json and OUTDIR/boot/ENVIRONMENT.log.  Exit status 1 if an
environment did not boot, failed a test, was not patched, or was given another
image.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import machine
from machine import Boot, Op


def boot_all(guest: Path) -> list[Boot]:
    """Boot in all environments at the same time."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda name: machine.run(name, guest), machine.ENVIRONMENTS))


def hypervisor(boot: Boot) -> tuple[str | None, str | None]:
    """Backend and hypervisor that the guest found."""
    return boot.console.backends[0] if boot.console.backends else (None, None)


def op_json(op: Op) -> dict:
    """One operation; instructions are null where nobody has counted them."""
    return {"op": op.op, "form": op.form, "site_bytes": op.site_bytes,
            "instructions": None, "pad_instructions": None, "bare_instructions": None}


def boot_json(boot: Boot) -> dict:
    """One environment as demo.json has it."""
    backend, text = hypervisor(boot)
    passed, failed = boot.console.counted
    return {"name": boot.environment, "hypervisor": text, "backend": backend,
            "image_sha256": boot.image_sha256, "booted": boot.booted,
            "seconds": round(boot.seconds, 2), "tests_passed": passed, "tests_failed": failed,
            "ops": [op_json(op) for op in boot.console.ops]}


def summary(boot: Boot) -> str:
    """What a person wants to know about one environment."""
    backend, text = hypervisor(boot)
    passed, failed = boot.console.counted
    forms = Counter(op.form for op in boot.console.ops).most_common()
    return "\n".join([
        f"{boot.environment}: {'booted' if boot.booted else 'NOT BOOTED'} in {boot.seconds:.1f} s",
        f"  backend     {backend or 'none found'}",
        f"  hypervisor  {text or 'unknown'}",
        f"  ops         {', '.join(f'{count} {form}' for form, count in forms) or 'none reported'}",
        f"  tests       {passed} passed, {failed} failed",
        f"  image       sha256 {boot.image_sha256}",
    ])


def table(boots: list[Boot]) -> str:
    """Form and bytes of each operation's site in each environment."""
    cells = {boot.environment: {op.op: f"{op.form:8} {op.site_bytes:3}" for op in boot.console.ops}
             for boot in boots}
    ops = dict.fromkeys(op.op for boot in boots for op in boot.console.ops)
    rows = [("op", list(cells))]
    rows += [(op, [column.get(op, "-") for column in cells.values()]) for op in ops]
    return "\n".join(f"{op:24}" + "".join(f"{cell:16}" for cell in row).rstrip() for op, row in rows)


def complaints(boots: list[Boot]) -> Iterator[str]:
    """What is wrong; nothing if all is well."""
    for boot in boots:
        for obstacle in boot.obstacles:
            yield f"{boot.environment} did not boot: {obstacle}"
        for name, instead in boot.console.missing:
            yield f"{boot.environment} lacks the backend {name}; {instead} ran"
        for test in boot.console.failures:
            yield f"{boot.environment} failed the test {test.name}: {test.failure}"
        for refusal in boot.console.refusals:
            yield (f"{boot.environment} was not patched: site {refusal.site} of {refusal.op} "
                   f"at {refusal.address:#x}, {refusal.reason}")
        if boot.booted and not boot.console.tests:
            yield f"{boot.environment} ran no test"
    if len({boot.image_sha256 for boot in boots}) != 1:
        yield "the environments were given different images"


def write_results(boots: list[Boot], outdir: Path) -> None:
    """Leave what was seen where others find it."""
    logs = outdir / "boot"
    logs.mkdir(parents=True, exist_ok=True)
    for boot in boots:
        (logs / f"{boot.environment}.log").write_text(boot.log)
    result = {"environments": [boot_json(boot) for boot in boots]}
    (outdir / "demo.json").write_text(json.dumps(result, indent=1) + "\n")


def arguments(words: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="boot one image everywhere")
    parser.add_argument("guest", nargs="?", type=Path, default=machine.GUEST)
    parser.add_argument("--outdir", type=Path, default=machine.ROOT / "build")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Boot, show, judge."""
    options = arguments(words)
    boots = boot_all(options.guest)
    write_results(boots, options.outdir)
    print(*[summary(boot) for boot in boots], table(boots), sep="\n\n")
    wrong = list(complaints(boots))
    for complaint in wrong:
        print(f"demo: {complaint}; log in {options.outdir / 'boot'}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
