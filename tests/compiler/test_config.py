"""Configuration symbols: what -D says of them, and what guards make of it."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from tool import ENVIRONMENT, INPUT, clean, run, snapshot

TEXT = """
config bool SMP;
config int LEVELS;
interface i version 1.0 { group g { op void f(void) if SMP && LEVELS > 3 { default nop; } } }
"""


@pytest.fixture(name="tree")
def description(tmp_path: Path) -> Path:
    """A description with two symbols."""
    (tmp_path / "i.pvi").write_text(TEXT)
    return tmp_path


GOOD = ("SMP", "SMP=y", "SMP=n", "SMP=1", "SMP=0", "SMP=true", "SMP=false", "LEVELS=5", "LEVELS=-0x1")

BAD = {
    "": "unknown configuration symbol in '-D '",
    "SMQ": "unknown configuration symbol in '-D SMQ'; did you mean 'SMP'?",
    "LEVELSS=4": "unknown configuration symbol in '-D LEVELSS=4'; did you mean 'LEVELS'?",
    "SMP=": "no truth value in '-D SMP='; known: true y 1 false n 0",
    "SMP=2": "no truth value in '-D SMP=2'; known: true y 1 false n 0",
    "LEVELS": "no number in '-D LEVELS'",
    "LEVELS=": "no number in '-D LEVELS='",
    "LEVELS=4x": "no number in '-D LEVELS=4x'",
    "LEVELS=99999999999999999999": "no number in '-D LEVELS=99999999999999999999'",
}


@pytest.mark.parametrize("setting", GOOD)
def test_settings(setting: str, tree: Path) -> None:
    """All spellings of a value, attached or not."""
    assert clean(run("check", "-D", setting, "i.pvi", cwd=tree))
    assert clean(run("check", f"-D{setting}", "i.pvi", cwd=tree))


@pytest.mark.parametrize("setting", BAD)
def test_faulty_settings(setting: str, tree: Path) -> None:
    """A fault of the command line, with what would be right."""
    result = run("check", "-D", setting, "i.pvi", cwd=tree)
    assert (result.status, result.out) == (ENVIRONMENT, b"")
    assert result.err == f"pvgen: {BAD[setting]}\n"


@pytest.mark.parametrize("text", ("(" * 3000 + "SMP" + ")" * 3000, "!" * 3000 + "SMP"))
def test_deep_conditions(text: str, tree: Path) -> None:
    """However deep, a condition is read or reported."""
    (tree / "i.pvi").write_text(TEXT.replace("SMP &&", text + " &&"))
    result = run("check", "i.pvi", cwd=tree)
    assert clean(result) or result.names() == ["syntax"], result.err


def test_long_conditions(tree: Path) -> None:
    """A long chain is deep too."""
    (tree / "i.pvi").write_text(TEXT.replace("SMP &&", "SMP || " * 100_000 + "SMP &&"))
    assert run("check", "i.pvi", cwd=tree).names() == ["syntax"]


# ---- what a false guard leaves out ----

GUARDED = """
config bool SMP;
config bool XXL;
config int LEVELS;
interface i version 1.0 {
    group cpu {
        op void a(void) { default nop; }
        op int b(void) if XXL { default zero; pairs a; }
    }
    group mmu if XXL {
        op int c(void) { native x86_64 "xor %eax, %eax"; }
        group lazy if SMP { op int d(void) { clobbers flags; default zero; } }
        group deep { op int e(void) if LEVELS >= 5 { default zero; } }
        op int f(void) if LEVELS == 3 || LEVELS < 2 { default zero; }
    }
    group lock { op int g(void) if !SMP { default zero; } }
}
backend metal for i {
    bare; detect always;
    cpu.b call b;
    mmu.lazy.d inline x86_64 "mov $1, %eax";
    mmu.deep.e call e;
    mmu.f call f;
    lock.g zero;
}
backend guest for i {
    detect start_info; priority 1;
    inherit cpu mmu lazy;
    lock.g constant 4;
}
"""

# What is set, and the ops that are left.
CONFIGURATIONS = {
    ("SMP=n", "XXL=n", "LEVELS=5"): "cpu.a lock.g",
    ("SMP=y", "XXL=n"): "cpu.a",
    ("SMP=y", "XXL=y", "LEVELS=5"): "cpu.a cpu.b mmu.c mmu.lazy.d mmu.deep.e",
    ("SMP=n", "XXL=y", "LEVELS=3"): "cpu.a cpu.b mmu.c mmu.f lock.g",
    ("SMP=y", "XXL=y", "LEVELS=1"): "cpu.a cpu.b mmu.c mmu.lazy.d mmu.f",
}


def by_hand(left: list[str]) -> str:
    """The description with only these ops, without guards; other lines stay, empty."""
    names = {path.rsplit(".", 1)[1] for path in left}

    def line(text: str) -> str:
        op = re.search(r"op \w+ (\w)\(.*?\}|\.(\w) (?:call|zero|constant|inline)", text)
        if op and (op[1] or op[2]) not in names:
            text = text.replace(op[0], "") if op[1] else ""
        return re.sub(r" if .*?(?= \{)", "", text)

    return "\n".join(map(line, GUARDED.split("\n")))


def build(tree: Path, text: str, *options: str) -> dict[str, bytes]:
    """All that a build writes."""
    (tree / "i.pvi").write_text(text)
    result = run("build", "--outdir", "out", *options, "i.pvi", cwd=tree)
    assert clean(result), result.err
    return snapshot(tree / "out")


@pytest.mark.parametrize("settings", CONFIGURATIONS)
def test_what_a_false_guard_leaves_out(settings: tuple[str, ...], tmp_path: Path) -> None:
    """It is as if it were not there: byte for byte, but for the guards in the manifest."""
    left = CONFIGURATIONS[settings].split()
    got = build(tmp_path, GUARDED, *(f"-D{setting}" for setting in settings))
    wanted = build(tmp_path, by_hand(left))
    ops = [json.loads(files.pop("i.json"))["interfaces"][0]["ops"] for files in (got, wanted)]
    assert [op["name"] for op in ops[0]] == left
    assert [op["slot"] for op in ops[0]] == list(range(len(left)))
    assert got == wanted


def test_checks_hold_for_every_configuration(tmp_path: Path) -> None:
    """What may be there must be implemented; what is not there need not."""
    text = GUARDED.replace("    cpu.b call b;", "").replace("default zero; pairs a;", "")
    (tmp_path / "i.pvi").write_text(text)
    assert run("check", "i.pvi", cwd=tmp_path).names() == ["op-missing"]
    assert run("check", "-DXXL=y", "i.pvi", cwd=tmp_path).names() == ["op-missing"]
    assert clean(run("check", "-DXXL=n", "i.pvi", cwd=tmp_path))


def test_a_slot_without_callers(tmp_path: Path) -> None:
    """The slot stays; the functions and macros that use it go."""
    text = "config bool SMP; interface i version 1.0 { group g { op void f(void) { asm_callable; %s default nop; } } }"
    plain = build(tmp_path, text % "")
    with_callers = build(tmp_path, text % "if SMP;", "-DSMP=y")
    without = build(tmp_path, text % "if SMP;", "-DSMP=n")
    for name in ("i.h", "i_asm.h", "i_ops.h", "i.c", "i_canaries.S"):
        assert with_callers[name] == plain[name]
        assert (without[name] == plain[name]) == (name not in ("i.h", "i_asm.h"))
    assert b"i_f(" not in without["i.h"] and b".macro" not in without["i_asm.h"]


def test_an_open_configuration_has_no_slots(tmp_path: Path) -> None:
    """A build says what to decide, a comparison with an object cannot begin."""
    (tmp_path / "i.pvi").write_text(GUARDED)
    subprocess.run(["gcc", "-c", "-o", tmp_path / "i.o", "-x", "c", "/dev/null"], check=True)
    assert set(run("build", "i.pvi", cwd=tmp_path).names()) == {"config-unset"}
    assert run("build", "i.pvi", cwd=tmp_path).status == INPUT
    verify = run("verify", "i.o", "i.pvi", cwd=tmp_path)
    assert (verify.status, set(verify.names())) == (ENVIRONMENT, {"config-unset"})


LATER = """
config bool LATER;
interface i version 1.0 { phases early patching; group g { op void f(void) { default nop; } } }
backend guest for i {
    detect always;
    when LATER { hook kernel.stop call guest_stop; phase early { run guest_run; teardown kexec call guest_end; } }
}
"""


def test_what_is_left_out_needs_no_code(tmp_path: Path) -> None:
    """Hooks, phases and all else for which no code is written yet can wait under a symbol."""
    (tmp_path / "i.pvi").write_text(LATER)
    (tmp_path / "h.pvi").write_text("interface i { hooks kernel { void stop(void); } }")
    assert clean(run("build", "-DLATER=n", "i.pvi", cwd=tmp_path))
    result = run("build", "-DLATER=y", "i.pvi", "h.pvi", cwd=tmp_path)
    assert (result.status, set(result.names())) == (INPUT, {"not-generated"})
