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

import cost
import machine
from cost import Measured
from machine import Boot, Op


def boot_all(guest: Path) -> list[Boot]:
    """Boot in all environments at the same time."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda name: machine.run(name, guest), machine.environments("x86_64")))


def measure_all(boots: list[Boot], guest: Path) -> dict[str, Measured]:
    """Count instructions in all environments where the kernel boots."""
    with ThreadPoolExecutor() as pool:
        counted = pool.map(lambda boot: cost.measure(boot.environment, guest) if boot.booted
                           else cost.unmeasured(boot), boots)
        return {boot.environment: measured for boot, measured in zip(boots, counted, strict=True)}


def hypervisor(boot: Boot) -> tuple[str | None, str | None]:
    """Backend and hypervisor that the guest found."""
    return boot.console.backends[0] if boot.console.backends else (None, None)


def op_json(op: Op, measured: Measured, bare: dict[str, int | None]) -> dict:
    """One operation; what could not be counted is null."""
    seen = measured.costs.get(op.op)
    return {"op": op.op, "form": op.form, "site_bytes": op.site_bytes,
            "instructions": seen and seen.guest, "pad_instructions": seen and seen.padding,
            "hypervisor_instructions": seen and seen.hypervisor, "bare_instructions": bare.get(op.op)}


def boot_json(boot: Boot, measured: Measured) -> dict:
    """One environment as demo.json has it."""
    backend, text = hypervisor(boot)
    passed, failed = boot.console.counted
    bare = cost.bare_instructions()
    return {"name": boot.environment, "hypervisor": text, "backend": backend,
            "image_sha256": boot.image_sha256, "booted": boot.booted,
            "seconds": round(boot.seconds, 2), "tests_passed": passed, "tests_failed": failed,
            "ops": [op_json(op, measured, bare) for op in boot.console.ops]}


def summary(boot: Boot) -> str:
    """What a person wants to know about one environment."""
    backend, text = hypervisor(boot)
    passed, failed = boot.console.counted
    cpus = [up for _, up in boot.console.cpus]
    forms = Counter(op.form for op in boot.console.ops).most_common()
    return "\n".join([
        f"{boot.environment}: {'booted' if boot.booted else 'NOT BOOTED'} in {boot.seconds:.1f} s",
        f"  backend     {backend or 'none found'}",
        f"  hypervisor  {text or 'unknown'}",
        f"  CPUs        {cpus[0] if cpus else 'unknown'}",
        f"  ops         {', '.join(f'{count} {form}' for form, count in forms) or 'none reported'}",
        f"  tests       {passed} passed, {failed} failed",
        f"  image       sha256 {boot.image_sha256}",
    ])


def cost_text(measured: Measured, op: str) -> str:
    """Instructions in the guest, +padding, and in the hypervisor."""
    seen = measured.costs.get(op)
    if not seen:
        return f"{'?':>8} {'?':>7}"
    padding = f"+{seen.padding}" if seen.padding else ""
    return f"{seen.guest:6}{padding:2} {seen.hypervisor:7}"


def cells(boot: Boot, measured: Measured) -> dict[str, str]:
    """One environment's column."""
    return {op.op: f"{op.form:8} {op.site_bytes:3} {cost_text(measured, op.op)}" for op in boot.console.ops}


def table(boots: list[Boot], costs: dict[str, Measured]) -> str:
    """Form, bytes and instructions of each operation's site in each environment."""
    columns = {boot.environment: cells(boot, costs[boot.environment]) for boot in boots}
    ops = dict.fromkeys(op.op for boot in boots for op in boot.console.ops)
    head = "form   bytes    insns      hv"
    rows = [("", list(columns)), ("op", [head] * len(columns))]
    rows += [(op, [column.get(op, "-") for column in columns.values()]) for op in ops]
    lines = (f"{op:24}" + "".join(f"{cell:32}" for cell in row).rstrip() for op, row in rows)
    return "\n".join([*lines, "insns: executed in the guest, +no-ops that pad the site; hv: in the hypervisor"])


def unknown(costs: dict[str, Measured]) -> Iterator[str]:
    """What could not be counted, and why."""
    reasons: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for op, environments in _unknown_ops(costs).items():
        for reason in dict.fromkeys(environments.values()):
            where = tuple(each for each in environments if environments[each] == reason)
            reasons.setdefault((reason, where), []).append(op)
    for (reason, where), ops in reasons.items():
        yield f"not counted: {' '.join(ops)} on {', '.join(where)}: {reason}"


def _unknown_ops(costs: dict[str, Measured]) -> dict[str, dict[str, str]]:
    """By op and environment: why its cost is unknown."""
    found: dict[str, dict[str, str]] = {}
    for environment, measured in costs.items():
        for op, reason in measured.unknown.items():
            found.setdefault(op, {})[environment] = reason
    return found


def complaints(boots: list[Boot], costs: dict[str, Measured]) -> Iterator[str]:
    """What is wrong; nothing if all is well."""
    for boot in boots:
        if boot.booted and not costs[boot.environment].boot.good:
            yield f"{boot.environment} boots, but not for the counting of instructions"
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


def write_results(boots: list[Boot], costs: dict[str, Measured], outdir: Path) -> None:
    """Leave what was seen where others find it."""
    logs = outdir / "boot"
    logs.mkdir(parents=True, exist_ok=True)
    for boot in boots:
        (logs / f"{boot.environment}.log").write_text(boot.log)
    result = {"environments": [boot_json(boot, costs[boot.environment]) for boot in boots]}
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
    costs = measure_all(boots, options.guest)
    write_results(boots, costs, options.outdir)
    print(*[summary(boot) for boot in boots], table(boots, costs), sep="\n\n")
    print("", *unknown(costs), sep="\n")
    wrong = list(complaints(boots, costs))
    for complaint in wrong:
        print(f"demo: {complaint}; log in {options.outdir / 'boot'}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
