"""What callers of ops get: functions and macros, in C and assembly, and what they may not call."""

import re
import subprocess
from pathlib import Path

import pytest
from tool import HERE, clean, run

GOLDEN = HERE / "golden"
FLAGS = "-ffreestanding -mcmodel=kernel -mno-red-zone -fno-pic -Wall -Wextra -Werror=implicit".split()


@pytest.fixture(name="whole", scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All files of the description that has everything."""
    outdir = tmp_path_factory.mktemp("whole")
    assert clean(run("build", "--outdir", outdir, "whole.pvi", cwd=GOLDEN))
    return outdir


def compiled(directory: Path, name: str, text: str, compiler: str) -> subprocess.CompletedProcess[str]:
    """Compile a caller."""
    (directory / name).write_text(text)
    command = [compiler, *FLAGS, "-O2", "-c", "-o", f"{name}.o", name]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


# A caller, the status of its compilation, what the compiler says.
CALLERS = {
    "used.c": ("bool used(void) { return machine_busy(1); }", 0, ""),
    "old.c": ("int old(void) { return machine_limit(); }", 0, 'since 1.1: use "busy"'),
    "old_wrapper.c": ("int old(void) { return cpu_limit(); }", 0, 'since 1.1: use "busy"'),
    "retired.c": ("void *old(void *p) { return machine_gone(p, 1); }", 1, "cpu.gone is retired since 1.2"),
    "spare.c": ("void spare(void) { machine_cpu_spare0(); }", 1, "machine_cpu_spare0"),
    "tail.c": ("void tail(void) { machine_back(); }", 1, "machine_back"),
    "have.c": ("#if !MACHINE_HAVE_busy || defined(MACHINE_HAVE_limit)\n#error\n#endif", 0, ""),
    "not.c": ("#ifdef MACHINE_HAVE_gone\n#error\n#endif", 0, ""),
    "used.S": ("machine_busy", 0, ""),
    "tail.S": ("machine_back", 0, ""),
    "old.S": ("machine_limit", 0, 'cpu.limit is deprecated since 1.1: use "busy"'),
    "retired.S": ("machine_gone", 1, "cpu.gone is retired since 1.2"),
    "c_only.S": ("machine_scalars", 1, "no such instruction"),
    "spare.S": ("machine_cpu_spare0", 1, "no such instruction"),
    "have.S": ("#if !MACHINE_HAVE_busy\n#error\n#endif", 0, ""),
}


@pytest.mark.parametrize("name", CALLERS)
@pytest.mark.parametrize("compiler", ("gcc", "clang"))
def test_callers(name: str, compiler: str, whole: Path) -> None:
    """Each caller compiles, is warned or is refused."""
    text, status, said = CALLERS[name]
    header = "machine_asm.h" if name.endswith(".S") else "machine.h"
    if compiler == "clang":
        said = said.replace("no such instruction", "invalid instruction mnemonic")
    done = compiled(whole, name, f'#include "{header}"\n{text}\n', compiler)
    assert (done.returncode != 0) == bool(status), done.stderr
    assert said in done.stderr.replace('\\"', '"')
    assert bool(said) == bool(done.stderr)


def test_a_site_has_a_record_unless_it_is_never_patched(whole: Path) -> None:
    """Eight bytes in the section of records for each call that the patcher may change."""
    text = '#include "machine_asm.h"\n.globl f\nf: machine_busy\nmachine_place\nmachine_busy\n'
    assert compiled(whole, "sites.S", text, "gcc").returncode == 0
    command = ["objdump", "-h", whole / "sites.S.o"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    size = re.search(r"machine_sites +([0-9a-f]+)", shown)
    assert size and int(size[1], 16) == 2 * 8


# ---- what calls do, before anything is patched ----

CALLED = """
interface i version 2.0 {
    const SIX = 6;
    group g {
        op long first(long a, u8 b, u16 c) { wrapper second b c a; clobbers flags;
            native x86_64 "imul $100, %rsi, %rax" "add %rdx, %rax" "sub %rdi, %rax"; }
        op long plain(long a, long b) { site never_patched; wrapper turned b a; clobbers flags;
            default native; native x86_64 "lea (%rdi,%rdi), %rax" "sub %rsi, %rax"; }
        group inner {
            op u8 six(void) { default SIX; }
            op s32 minus(void) { default -7; }
            group deep { op bool yes(void) { default 1; } }
        }
        spare 1;
        op long last(long a) { clobbers flags; default identity; }
    }
}
backend metal for i { bare; detect always; }
"""

MAIN = """
#include "i.h"

int main(void)
{
	if (i_first(1, 2, 3) != 202 || second(2, 3, 1) != 202)
		return 1;
	if (i_plain(5, 1) != 9 || turned(1, 5) != 9)
		return 2;
	if (i_six() != 6 || i_minus() != -7 || !i_yes() || i_last(8) != 8)
		return 3;
	return 0;
}
"""


@pytest.mark.parametrize("compiler", ("gcc", "clang"))
def test_calls(compiler: str, tmp_path: Path) -> None:
    """Through the slots, in a process: order of parameters, constants, inner groups."""
    (tmp_path / "i.pvi").write_text(CALLED)
    (tmp_path / "main.c").write_text(MAIN)
    assert clean(run("build", "i.pvi", cwd=tmp_path))
    sources = ["main.c", "i.c", "metal.c", "metal.S"]
    flags = "-O2 -mno-red-zone -fno-pic -no-pie -Wall -Wextra -Werror".split()
    subprocess.run([compiler, *flags, *sources, "-o", "main"], cwd=tmp_path, check=True)
    assert subprocess.run([tmp_path / "main"], check=False).returncode == 0
