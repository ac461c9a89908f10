"""The Linux profile, without a kernel: what stays open, whose text it is, what cannot be written."""

import re
from pathlib import Path

import pytest
from tool import ENVIRONMENT, FINE, HERE, INPUT, ROOT, clean, run

SMALL = HERE / "linux/small.pvi"
DESCRIPTIONS = [ROOT / "idl/linux" / name for name in ("native.pvi", "xen_pv.pvi")]
STRINGS = r'"(?:[^"\\\n]|\\.)*"'
RAW = re.compile(rf"^raw \w+((?:\s*{STRINGS})+)", re.MULTILINE)

# Of what is generated, as much may be C that the description only carries.
MOST_RAW = 0.05


def build(directory: Path, *words: object) -> dict[str, str]:
    """The files of a build."""
    result = run("build", "--profile=linux", "--outdir", directory, *words)
    assert clean(result), result.err
    return {p.name: p.read_text() for p in directory.iterdir()}


@pytest.fixture(scope="module")
def linux(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Linux 6.1's own interface."""
    return build(tmp_path_factory.mktemp("linux"), "-D", "PARAVIRT", *DESCRIPTIONS)


def test_all_of_it(linux: dict[str, str]) -> None:
    """The files that a kernel takes, each with its licence first."""
    tables = {f"xen_pv_{group}.h" for group in ("cpu", "irq", "mmu")}
    assert linux.keys() == {"paravirt_types.h", "paravirt.h", "native_table.h"} | tables
    for name, text in linux.items():
        assert text.startswith("/* SPDX-License-Identifier: GPL-2.0 */\n/* Generated"), name


def test_conditions_are_closed(linux: dict[str, str]) -> None:
    """Each #if has its #endif, and none asks what -D has decided."""
    for name, text in linux.items():
        assert len(re.findall(r"^#if", text, re.MULTILINE)) == len(re.findall(r"^#endif", text, re.MULTILINE)), name
        assert "defined(CONFIG_PARAVIRT)" not in text


def test_little_is_raw(linux: dict[str, str]) -> None:
    """What the description carries as C is a small part of what is generated."""
    text = (ROOT / "idl/linux/pv_ops.pvi").read_text()
    lines = [line[1:-1] for raw in RAW.findall(text) for line in re.findall(STRINGS, raw)]
    unescaped = [re.sub(r"\\(.)", r"\1", line) for line in lines]
    assert len(lines) > 20
    for line in unescaped:
        assert line.lstrip("t") in "\n".join(linux.values())
    assert sum(map(len, unescaped)) < MOST_RAW * sum(map(len, linux.values()))


def test_guards_stay(tmp_path: Path) -> None:
    """What -D decides is gone or plain; what it leaves open is the preprocessor's."""
    left = build(tmp_path / "open", SMALL)["paravirt.h"]
    there = build(tmp_path / "set", "-D", "PARAVIRT_XXL", SMALL)["paravirt.h"]
    gone = build(tmp_path / "unset", "-D", "PARAVIRT_XXL=n", SMALL)["paravirt.h"]
    assert "#if defined(CONFIG_PARAVIRT_XXL)" in left
    assert "CONFIG_PARAVIRT_XXL" not in there and "paravirt_store_tr(void)" in there
    assert "CONFIG_PARAVIRT_XXL" not in gone and "paravirt_store_tr(void)" not in gone


@pytest.mark.parametrize(
    "guard, settings, condition",
    [
        ("(A && B) == C", [], "(defined(CONFIG_A) && defined(CONFIG_B)) == (defined(CONFIG_C))"),
        ("(A && B) == C", ["-DA"], "(defined(CONFIG_B)) == (defined(CONFIG_C))"),
        ("A != C", ["-DA"], "1 != (defined(CONFIG_C))"),
        ("N >= 5 && (A || !B)", ["-DN=5"], "(defined(CONFIG_A) || !(defined(CONFIG_B)))"),
    ],
)
def test_conditions(guard: str, settings: list[str], condition: str, tmp_path: Path) -> None:
    """They mean to the preprocessor what they mean here, and say nothing that -D has decided."""
    configs = "".join(f"config {'int' if name == 'N' else 'bool'} {name};\n" for name in re.findall("[A-Z]", guard))
    configs = "".join(sorted(set(configs.splitlines(keepends=True))))
    op = f"op void f(void) if {guard} {{ default nop; }}"
    text = f"language 1;\n{configs}interface pv version 1.0 {{ group g {{ {op} }} }}\n"
    (tmp_path / "pv.pvi").write_text(text + "backend metal for pv { bare; detect always; }\n")
    assert f"#if {condition}\n" in build(tmp_path / "out", *settings, tmp_path / "pv.pvi")["paravirt.h"]


def test_a_slot_needs_a_function(tmp_path: Path) -> None:
    """A template alone is no function that a table could hold."""
    text = SMALL.read_text().replace("cpu.save_fl  asm native_save_fl;", "")
    (tmp_path / "bad.pvi").write_text(text)
    result = run("build", "--profile=linux", "--outdir", tmp_path / "out", "bad.pvi", cwd=tmp_path)
    assert result.status == INPUT
    assert "slots without a function of the kernel's [not-generated]" in result.err
    assert not (tmp_path / "out").exists()


def test_kinds_belong_to_profiles(tmp_path: Path) -> None:
    """Kinds of the other profile are unknown, and so is another profile."""
    for words in (["--emit=linux-types"], ["--profile=linux", "--emit=ops"], ["--profile=vax"], ["--spdx="]):
        assert run("build", "--outdir", tmp_path / "out", *words, SMALL).status == ENVIRONMENT


def test_a_licence(tmp_path: Path) -> None:
    """Each file says it, in either profile, but for the manifest."""
    plain = HERE / "golden/whole.pvi"
    assert run("build", "--spdx=MIT", "--outdir", tmp_path, plain).status == FINE
    for path in tmp_path.iterdir():
        has_licence = path.read_text().startswith("/* SPDX-License-Identifier: MIT */\n")
        assert has_licence == (path.suffix != ".json"), path.name


KERNEL = """static unsigned long xen_no_task(void) { return 0; }
static void xen_unlock(u8 *lock) { *lock = 0; }
"""


@pytest.mark.parametrize("profile, names", [("linux", []), ("kernel", ["static-implementation", "missing-implementation"])])
def test_a_kernel_that_does_not_know_pvgen(profile: str, names: list[str], tmp_path: Path) -> None:
    """Its functions may be static and anywhere, and state no revision."""
    (tmp_path / "xen_pv").mkdir()
    (tmp_path / "xen_pv/xen.c").write_text(KERNEL)
    result = run("backend", "sync", f"--profile={profile}", "--check", "--dir", tmp_path, SMALL)
    assert result.status == (INPUT if names else FINE), result.err
    for name in names:
        assert f"[{name}]" in result.err


def test_a_kernel_whose_function_does_not_fit(tmp_path: Path) -> None:
    """It is named where it is."""
    (tmp_path / "xen_pv").mkdir()
    (tmp_path / "xen_pv/xen.c").write_text(KERNEL.replace("u8 *lock", "u16 *lock"))
    result = run("backend", "sync", "--profile=linux", "--check", "--dir", tmp_path, SMALL)
    assert result.status == INPUT
    assert "xen.c:2:13: error: 'xen_unlock' does not have the prototype of 'lock.unlock'" in result.err
