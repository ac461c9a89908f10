"""Do ops keep to what their contracts let them change, patched or not, and would a canary notice?

The guest calls each op with known values in all registers (canaries.c).
"""

import subprocess

import machine
import manifest
import pytest

# Ops that no canary can call, of those that there are: some do not come back, one raises an exception.
UNCALLED = {"cpu.iret", "cpu.sysret", "cpu.sysexit", "cpu.read_pmc"}

# The op that the mutant breaks: narrow everywhere, and used where nothing lives in this register.
LEAKY = "cpu.read_cr0"
LEAKED = {"x86_64": "r11", "i386": "ecx"}


def watched(seen: machine.Boot) -> set[str]:
    """Ops that were called by a canary."""
    return {test.name.removesuffix(".keeps_registers") for test in seen.console.tests
            if test.name.endswith(".keeps_registers")}


@pytest.mark.parametrize("cmdline", ["", "patch=no"], ids=["patched", "unpatched"])
def test_every_op_has_a_canary(environment: str, cmdline: str) -> None:
    """Each op is called, or the guest says why not; all that are called keep to their contract."""
    seen = machine.run(environment, cmdline=cmdline)
    assert seen.good, (seen.obstacles, seen.console.failures)
    names = set(manifest.names(machine.arch(environment)))
    assert names - watched(seen) == UNCALLED & names
    assert seen.console.uncounted.keys() >= UNCALLED & names
    assert ({op.form for op in seen.console.ops} == {"indirect"}) == bool(cmdline)


@pytest.mark.parametrize("cmdline", ["", " patch=no"], ids=["patched", "unpatched"])
def test_one_register_more_is_noticed(environment: str, cmdline: str) -> None:
    """A function that does its work and changes a register more fails the canary of its op alone."""
    seen = machine.run(environment, cmdline=f"mutate={LEAKY}:leak{cmdline}", timeout=20)
    leaks = [test for test in seen.console.failures if "keeps_registers" in test.name]
    assert {test.name.rsplit(".", 1)[0] for test in leaks} == {LEAKY}
    assert {test.failure for test in leaks} == {f"changed {LEAKED[machine.arch(environment)]}"}


def narrow_functions() -> set[str]:
    """Functions behind ops that keep registers which a C call may change."""
    return {target["symbol"] for op in manifest.ops() if op["clobbers"] != ["normal"] and not op["tail"]
            for target in op["targets"] if target["form"] == "call"}


@pytest.mark.parametrize("name", ["guest.elf", "guest-clang.elf"])
def test_narrow_functions_save_what_they_use(name: str) -> None:
    """Never all eight volatile registers, as a thunk would: so they call no ordinary C function."""
    saved = {}
    for function in narrow_functions():
        text = subprocess.run(["objdump", "-d", f"--disassemble={function}", machine.GUEST.with_name(name)],
                              capture_output=True, text=True, check=True).stdout
        assert f"<{function}>:" in text
        saved[function] = text.count("push ")
    assert saved != {} and max(saved.values()) < 8, saved
