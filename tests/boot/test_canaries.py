"""Do ops keep to what their contracts let them change, patched or not, and would a canary notice?

The guest calls each op with known values in all registers (canaries.c).
"""

import machine
import manifest
import pytest

# The op that the mutant breaks: narrow everywhere, and used where nothing lives in R11.
LEAKY = "cpu.read_cr0"


def watched(seen: machine.Boot) -> set[str]:
    """Ops that were called by a canary."""
    return {test.name.removesuffix(".keeps_registers") for test in seen.console.tests
            if test.name.endswith(".keeps_registers")}


@pytest.mark.parametrize("cmdline", ["", "patch=no"], ids=["patched", "unpatched"])
def test_every_op_has_a_canary(environment: str, cmdline: str) -> None:
    """Each op is called, or the guest says why not; all that are called keep to their contract."""
    seen = machine.run(environment, cmdline=cmdline)
    assert seen.good, (seen.obstacles, seen.console.failures)
    assert watched(seen) | {"cpu.iret"} == set(manifest.names())
    assert seen.console.uncounted["cpu.iret"] == "does not come back to its site"
    assert ({op.form for op in seen.console.ops} == {"indirect"}) == bool(cmdline)


@pytest.mark.parametrize("cmdline", ["", " patch=no"], ids=["patched", "unpatched"])
def test_one_register_more_is_noticed(environment: str, cmdline: str) -> None:
    """A function that does its work and changes R11 fails the canary of its op, and of no other."""
    seen = machine.run(environment, cmdline=f"mutate={LEAKY}:leak{cmdline}", timeout=20)
    leaks = [test for test in seen.console.failures if "keeps_registers" in test.name]
    assert {test.name.rsplit(".", 1)[0] for test in leaks} == {LEAKY}
    assert {test.failure for test in leaks} == {"changed r11"}
