"""Every convention, result and number of arguments, called before and after patching.

build/canary/run-* is a kernel in user mode with the real patcher; product.py
wrote its interface.  Ops may change what their contract says and nothing else,
and a backend that changes one register more is noticed, whichever it is.
"""

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import product
import pytest

BUILD = Path(__file__).resolve().parents[2] / "build/canary"
LINE = re.compile(r"(\S+) all\.(\S+) changed=(\S*) result=(\S+) stub=(\S+)")
COMPILERS = ("gcc", "clang")
PHASES = ("unpatched", "patched")


@dataclass(frozen=True)
class Call:
    """What one op did in one phase."""
    phase: str
    op: str
    changed: str
    result: str
    stub: str


@cache
def calls(compiler: str, backend: str) -> list[Call]:
    """All calls of one run."""
    run = subprocess.run([BUILD / f"run-{compiler}", backend], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, ""), run.stdout[-500:]
    return [Call(*LINE.fullmatch(line).groups()) for line in run.stdout.splitlines()]


@pytest.mark.parametrize("backend", ["templates", "calls", "simple", "leaky"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_every_combination_is_called(compiler: str, backend: str) -> None:
    """Convention by result by number of arguments, in both phases."""
    expected = [(phase, op.name) for phase in PHASES for op in product.OPS]
    assert [(call.phase, call.op) for call in calls(compiler, backend)] == expected
    assert len(product.OPS) == 4 * 6 * 7


@pytest.mark.parametrize("backend", ["templates", "calls"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_contracts_are_kept(compiler: str, backend: str) -> None:
    """By templates and by C functions that use all registers; results arrive, C callers lose nothing."""
    bad = [call for call in calls(compiler, backend)
           if (call.changed, call.result, call.stub) != ("", "good", "good")]
    assert bad == []


@pytest.mark.parametrize("compiler", COMPILERS)
def test_own_templates_keep_contracts(compiler: str) -> None:
    """Identity, zero and nop change nothing but the result, flags neither."""
    bad = [call for call in calls(compiler, "simple") if (call.changed, call.result) != ("", "good")]
    assert bad == []


@pytest.mark.parametrize("compiler", COMPILERS)
def test_one_register_more_is_noticed(compiler: str) -> None:
    """For each op another register, flags among them; exactly that one is named."""
    leaks = product.leaks()
    wrong = [call for call in calls(compiler, "leaky") if call.changed != leaks[call.op]]
    assert wrong == []
    assert set(leaks.values()) >= {"flags", *product.REGISTERS} - {"rdi", "rsi"}
