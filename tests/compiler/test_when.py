"""Conditions and phases of backends: what the model says of them, and that no text takes long."""

import json
from pathlib import Path

import pytest
from tool import PVGEN, SECONDS, clean, run

TEXT = """
config bool KEXEC;
config int LEVELS;
interface i version 1.0 {
    phases start patching;
    group g { op void f(void) { context late; default nop; } }
}
abi x { feature clock = cpuid(0x40000001).eax[3]; hint fast = cpuid(0x40000001).edx[0]; }
backend guest for i on x { detect always;
%s
}
"""


def variants(directory: Path, body: str, *options: str) -> list[dict[str, object]]:
    """What the manifest of a build says of the backend with these statements."""
    (directory / "i.pvi").write_text(TEXT % body)
    result = run("build", "--emit=manifest", "--outdir", directory, *options, "i.pvi", cwd=directory)
    assert clean(result), result.err
    (backend,) = json.loads((directory / "i.json").read_text())["backends"]
    return backend["variants"]


CONDITIONS = {
    "when x.clock { g.f call f; }": "x.clock",
    "when !(x.clock||x.fast) { g.f call f; }": "!(x.clock || x.fast)",
    "when x.clock { when cpus > 1 || x.fast { when KEXEC { g.f call f; } } }": (
        "x.clock && (cpus > 1 || x.fast) && KEXEC"
    ),
    'when cmdline( "nopvspin" ) && probe(x_probe) { g.f call f; }': (
        'cmdline("nopvspin") && probe(x_probe)'
    ),
    "when ((x.clock && x.fast)) && (cpus == 0x10) { g.f call f; }": "x.clock && x.fast && cpus == 16",
    "phase patching { g.f call f; }": "",
}


@pytest.mark.parametrize("body", CONDITIONS)
def test_conditions_as_text(body: str, tmp_path: Path) -> None:
    """A condition has one text, with all those around it."""
    (variant,) = variants(tmp_path, body)
    assert variant["when"] == CONDITIONS[body]
    assert variant["phase"] == ("patching" if "phase" in body else "")


def test_order(tmp_path: Path) -> None:
    """Variants are in the order in which they are chosen."""
    body = "when cpus > 2 { g.f call a; } phase start { g.f call c; } when cpus > 1 { g.f call b; }"
    assert [v["symbol"] for v in variants(tmp_path, body)] == ["a", "c", "b"]


LEFT_OUT = "when KEXEC && x.clock { g.f call f; } when !KEXEC || LEVELS > 4 { g.f call g; }"


@pytest.mark.parametrize(
    ("options", "symbols"),
    [
        ((), ["f", "g"]),
        (("-DKEXEC",), ["f", "g"]),
        (("-DKEXEC=n",), ["g"]),
        (("-DKEXEC", "-DLEVELS=4"), ["f"]),
    ],
)
def test_what_the_configuration_excludes(
    options: tuple[str, ...], symbols: list[str], tmp_path: Path
) -> None:
    """It is left out; a condition that the configuration makes true is none that can never hold."""
    assert [v["symbol"] for v in variants(tmp_path, LEFT_OUT, *options)] == symbols


GUARDED = "\nbackend other for i if KEXEC && LEVELS > 4 { detect always; }"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), {"guest", "other"}),
        (("-DKEXEC", "-DLEVELS=5"), {"guest", "other"}),
        (("-DLEVELS=4",), {"guest"}),
        (("-DKEXEC=n",), {"guest"}),
    ],
)
def test_backends_that_the_configuration_excludes(
    options: tuple[str, ...], names: set[str], tmp_path: Path
) -> None:
    """A backend with a guard is left out where it is false, whatever is wrong with it."""
    (tmp_path / "i.pvi").write_text(TEXT % "" + GUARDED)
    assert clean(run("build", "--emit=manifest", *options, "i.pvi", cwd=tmp_path))
    backends = json.loads((tmp_path / "i.json").read_text())["backends"]
    assert {b["name"] for b in backends} == names


def test_an_open_guard(tmp_path: Path) -> None:
    """Code cannot leave open whether a backend is there."""
    (tmp_path / "i.pvi").write_text(TEXT % "" + GUARDED)
    result = run("build", "--emit=table", "--outdir", tmp_path, "i.pvi", cwd=tmp_path)
    assert result.names() == ["config-unset"], result.err


def many_questions(count: int) -> str:
    """A condition of many atoms, which nobody tries out."""
    return "when " + " && ".join(f'cmdline("{n}")' for n in range(count)) + " { g.f call f; }"


def tree(terms: list[str]) -> str:
    """A long condition that is not deep."""
    half = len(terms) // 2
    return f"({tree(terms[:half])} || {tree(terms[half:])})" if half else terms[0]


HARD = {
    "many questions": many_questions(500),
    "many conditions": many_questions(14) * 2_000,
    "many variants": 'when cmdline("a") && cmdline("b") { g.f call f; g.f call g; }' * 5_000,
    "many alternatives": "when " + " || ".join(f"cpus == {n}" for n in range(900)) + " { }",
    "many numbers": "when " + " && ".join(f"cpus != {n * 3}" for n in range(400)) + " { }",
    "far numbers": "when cpus > 0x8000000000000000 && cpus < 0x7fffffffffffffff { }",
    "wide": "when " + tree([f"cpus == {n * 3}" for n in range(20_000)]) + " { }",
    "deep": "when cpus > 1 { " * 900 + "}" * 900,
}


@pytest.mark.parametrize("name", HARD)
def test_proofs_end(name: str, tmp_path: Path) -> None:
    """No condition takes longer than its text is long."""
    (tmp_path / "i.pvi").write_text(TEXT % HARD[name])
    result = run("check", "i.pvi", cwd=tmp_path, tool=PVGEN, seconds=SECONDS // 6)
    assert set(result.names()) <= {"never-chosen"}, result.err
