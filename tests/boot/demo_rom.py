"""Boot one 32-bit kernel image without a ROM, with one for bare hardware, and on Xen with Xen's.

    python3 tests/boot/demo_rom.py

Exit status 1 if one did not boot, failed a test, did not use its ROM, or was given another image.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import machine
import rom_trace
from demo import hypervisor, summary
from machine import Boot

ENVIRONMENTS = ("bare-i386", "vmi-i386", "vmi-xen-i386")


def shown(boot: Boot) -> str:
    """What a person wants to know about one environment, and what its ROM said."""
    rom = rom_trace.rom_of(boot.environment)
    answers = Counter(boot.console.rom_calls.values()).most_common()
    said = ", ".join(f"{count} {answer}" for answer, count in answers)
    words = f"{rom.name}: {said or 'no answer'}" if rom else "none"
    return f"{summary(boot)}\n  ROM         {words}"


def complaints(boots: list[Boot]) -> Iterator[str]:
    """What is wrong; nothing if all is well."""
    for boot in boots:
        yield from (f"{boot.environment} did not boot: {obstacle}" for obstacle in boot.obstacles)
        yield from (f"{boot.environment} failed the test {test.name}" for test in boot.console.failures)
        for refusal in boot.console.rom_refusals:
            yield f"{boot.environment} refused its ROM: {refusal.part}, {refusal.reason}"
        if rom_trace.rom_of(boot.environment) and hypervisor(boot)[0] != "vmi_guest":
            yield f"{boot.environment} does not use its ROM"
    if len({boot.image_sha256 for boot in boots}) != 1:
        yield "the environments were given different images"


def show(boots: list[Boot]) -> int:
    """All of it, and the exit status."""
    print(*map(shown, boots), sep="\n\n")
    wrong = list(complaints(boots))
    for complaint in wrong:
        print(f"demo: {complaint}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    with ThreadPoolExecutor() as pool:
        sys.exit(show(list(pool.map(machine.run, ENVIRONMENTS))))
