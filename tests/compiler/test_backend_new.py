"""`pvgen backend new`: the description and the C that the author of a backend starts from."""

import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tool import ENVIRONMENT, FINE, HERE, INPUT, PVGEN, ROOT, Result, clean, run, snapshot

PV = sorted((ROOT / "idl/pv").glob("*.pvi"))
WHOLE = [HERE / "golden/whole.pvi"]

FLAGS = (
    "-std=gnu11 -ffreestanding -m64 -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-pic -fno-pie"
    " -fno-stack-protector -fcf-protection=branch -O2 -g -Wall -Wextra -Werror"
).split()


@dataclass(frozen=True)
class New:
    """A new backend, in a directory of its own, with what pvgen generates for it."""

    place: Path
    inputs: list[Path]
    name: str

    @property
    def description(self) -> Path:
        """Its description."""
        return self.place / f"{self.name}.pvi"

    @property
    def files(self) -> list[Path]:
        """Its C."""
        return sorted((self.place / "backends" / self.name).iterdir())

    @property
    def text(self) -> str:
        """All its C."""
        return "".join(p.read_text() for p in self.files)

    def build(self) -> None:
        """What the compiler of its C needs."""
        result = run("build", "--outdir", self.place / "gen", *self.inputs, self.description)
        assert clean(result), result.err

    def compile(self, compiler: str) -> list[Path]:
        """Objects of its C, built as a guest is, without a word of the compiler."""
        objects = []
        for path in self.files:
            objects.append(self.place / f"{path.name}.{compiler}.o")
            command = [compiler, *FLAGS, f"-I{self.place}/gen", "-c", path, "-o", objects[-1]]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert not done.returncode and not done.stderr, done.stderr
        return objects


def new(place: Path, name: str, inputs: list[Path], *options: str, **how: object) -> Result:
    """`pvgen backend new` into a directory."""
    place.mkdir(exist_ok=True)
    where = ("--dir", f"{place}/backends", "--idl", f"{place}/{name}.pvi")
    return run("backend", "new", name, *where, *options, *inputs, **how)


def made(place: Path, name: str, inputs: list[Path], *options: str) -> New:
    """A new backend; what it says is what it wrote."""
    result = new(place, name, inputs, *options)
    assert (result.status, result.err) == (FINE, "")
    assert {str(place / p) for p in snapshot(place)} == set(result.out.decode().split())
    return New(place, inputs, name)


CASES: dict[str, tuple[list[Path], list[str]]] = {
    "with all privileges": (PV, []),
    "deprivileged": (PV, ["--deprivileged"]),
    "on an abi": (PV, ["--deprivileged", "--on", "xen", "--for", "pv"]),
    "every construct": (WHOLE, []),
    "every construct, deprivileged": (WHOLE, ["--deprivileged", "--on=hyper"]),
}


@pytest.fixture(name="case", params=CASES)
def each_case(request: pytest.FixtureRequest, tmp_path: Path) -> New:
    """New backends of every sort."""
    inputs, options = CASES[request.param]
    return made(tmp_path, "fresh", inputs, *options)


def test_it_is_accepted(case: New) -> None:
    """No diagnostic, in the description's own directory as elsewhere."""
    assert clean(run("check", *case.inputs, case.description))


@pytest.mark.parametrize("compiler", ("gcc", "clang"))
def test_it_compiles(case: New, compiler: str) -> None:
    """As the guest does."""
    case.build()
    case.compile(compiler)


def prototypes(case: New) -> set[str]:
    """Functions and objects that the generated header asks for, and those in assembly."""
    header = (case.place / "gen/fresh.h").read_text()
    assembly = re.findall(r"^    \w+\.\w+ +asm (\w+);", case.description.read_text(), re.MULTILINE)
    return {*re.findall(r"(\w+)(?:\(.*\)|\[\]);$", header, re.MULTILINE), *assembly}


def defined(objects: list[Path]) -> set[str]:
    """Global symbols of the objects."""
    listed = subprocess.run(["nm", "-g", "--defined-only", *objects], capture_output=True, text=True, check=True)
    return set(re.findall(r" [TRDB] (\w+)$", listed.stdout, re.MULTILINE))


def test_it_defines_all_that_is_asked_for(case: New) -> None:
    """Each prototype of the generated header has a definition, and there are no others."""
    case.build()
    assert defined(case.compile("gcc")) == prototypes(case) != set()


def test_it_states_revisions(case: New) -> None:
    """Each op that is bound to a function says which revision it was written for."""
    case.build()
    objects = case.compile("gcc")
    dumped = b"".join(p.read_bytes() for p in objects)
    stated = set(re.findall(rb"\0([a-z]\w*=\d+)(?=\0)", dumped))
    bound = re.findall(r"^    \w+\.(\w+) +(?:call|asm)", case.description.read_text(), re.MULTILINE)
    revisions = dict(re.findall(r"IMPLEMENTS[ (](\w+), (\d+)", case.text))
    assert sorted(revisions) == sorted(bound)
    assert stated == {f"{op}={revision}".encode() for op, revision in revisions.items()}
    assert {op for op in revisions if revisions[op] != "1"} == ({"mask"} & set(bound))


def test_every_op_is_listed(case: New) -> None:
    """Each op of the interface that a backend may do has a line, perhaps as a comment."""
    text = "".join(p.read_text() for p in case.inputs)
    found = re.findall(r"^ +(?:group \w+ \{ )?op [^(]*?(\w+)\(([^{]*)\{([^}]*)", text, re.MULTILINE)
    ops = {name for name, head, body in found if "retired" not in body and "if arch(i386)" not in head}
    listed = re.findall(r"^    (?:// )?\w+(?:\.\w+)*\.(\w+) +\w+", case.description.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(ops)


def test_lines_are_short(case: New) -> None:
    """Lines of the description fit a screen, however long a template is."""
    assert max(map(len, case.description.read_text().splitlines())) <= 100


def test_no_trailing_blanks(case: New) -> None:
    """It has the form of text that people commit."""
    for path in (case.description, *case.files):
        assert not re.search(r"[ \t]+$|\n\n\n|\n\Z\n", path.read_text(), re.MULTILINE), path
        assert path.read_text().endswith("\n")


def test_first_ways(tmp_path: Path) -> None:
    """What may be inherited is; what has a default keeps it; the rest is a call, or traps."""
    assert new(tmp_path, "a", PV).status == new(tmp_path, "b", PV, "--deprivileged").status == FINE
    text = (tmp_path / "a.pvi").read_text()
    assert re.search(r"^    cpu\.write_msr +inherit;", text, re.MULTILINE)
    assert re.search(r"^    // mmu\.alloc_pt +call a_alloc_pt; +// default: nop", text, re.MULTILINE)
    text = (tmp_path / "b.pvi").read_text()
    assert re.search(r"^    cpu\.write_msr +call b_write_msr; +// not inherited: wrmsr", text, re.MULTILINE)
    assert re.search(r"^    mmu\.set_pte +inherit;", text, re.MULTILINE)
    assert re.search(r"^    cpu\.swapgs +asm b_swapgs; +// not inherited: swapgs", text, re.MULTILINE)
    assert re.search(r"^    cpu\.iret +asm b_iret; +// not inherited: iretq", text, re.MULTILINE)


DOCUMENTED = """/**
 * mmu.write_cr3: Use the address space of the level 4 table at this guest-physical
 * address.  TLB entries of the old one are dropped.
 *
 * cr3: guest-physical address.
 * Changes what a C call may change.
 *
 * On native: mov %rdi, %cr3  (idl/pv/pv.pvi:{native})
 * On xen_pv: call xen_pv_write_cr3  (idl/pv/xen_pv.pvi:{xen})
 * On xen_pvh: as bare hardware  (idl/pv/xen_pvh.pvi:{pvh})
 */
PV_IMPLEMENTS(write_cr3, 1);
void fresh_write_cr3(unsigned long cr3)
{{
	(void)cr3;
	PV_UNWRITTEN("mmu.write_cr3");
}}
"""


def line_of(path: str, part: str) -> int:
    """Number of the first line that has this part."""
    lines = (ROOT / path).read_text().splitlines()
    return next(n for n, line in enumerate(lines, 1) if part in line)


def test_what_is_known_stands_above(tmp_path: Path) -> None:
    """Kinds of address, what may change, and how every sibling does it, with file and line."""
    inputs = [p.relative_to(ROOT) for p in PV]
    where = ("--dir", tmp_path / "backends", "--idl", tmp_path / "fresh.pvi")
    result = run("backend", "new", "fresh", *where, "--deprivileged", *inputs, cwd=ROOT)
    assert result.status == FINE, result.err
    text = (tmp_path / "backends/fresh/mmu.c").read_text()
    assert DOCUMENTED.format(
        native=line_of("idl/pv/pv.pvi", '"mov %rdi, %cr3"'),
        xen=line_of("idl/pv/xen_pv.pvi", "xen_pv_write_cr3"),
        pvh=line_of("idl/pv/xen_pvh.pvi", "inherit cpu"),
    ) in text
    assert "* error: address of what is written.\n" in (tmp_path / "backends/fresh/cpu.c").read_text()
    assert "result and the flags, and keeps all else" in (tmp_path / "backends/fresh/irq.c").read_text()


CATCHER = r"""
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
#include "fresh.h"

void fresh_iret(void);

static void on_trap(int number, siginfo_t *info, void *context)
{
	const ucontext_t *u = context;
	uint16_t behind;

	memcpy(&behind, (const char *)u->uc_mcontext.gregs[REG_RIP] + 2, sizeof(behind));
	printf("%d %s\n", behind == PV_NR_OPS, (const char *)u->uc_mcontext.gregs[REG_RAX]);
	fflush(stdout);
	_exit(number == SIGILL && info ? 0 : 1);
}

int main(void)
{
	sigaction(SIGILL, &(struct sigaction){.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO}, NULL);
	CALL();
	return 1;
}
"""


@pytest.mark.parametrize("call", ("cpu.read_cr0", "cpu.iret"))
@pytest.mark.parametrize("compiler", ("gcc", "clang"))
def test_a_trap_names_itself(compiler: str, call: str, tmp_path: Path) -> None:
    """Who calls what is not written learns its name from the trap, in C and in assembly."""
    case = made(tmp_path, "fresh", PV, "--deprivileged")
    case.build()
    (tmp_path / "main.c").write_text(CATCHER)
    sources = ("main.c", "backends/fresh/cpu.c", "backends/fresh/cpu.S")
    macro = f"-DCALL={call.replace('cpu.', 'fresh_')}"
    subprocess.run([compiler, "-mgeneral-regs-only", "-Igen", macro, "-o", "main", *sources], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True)
    assert done.stdout == f"1 {call}\n"


INTERFACES = [
    (path, name)
    for path in sorted((HERE / "good").glob("*.pvi"))
    for name in re.findall(r"^interface (\w+) version", path.read_text(), re.MULTILINE)
]


@pytest.mark.parametrize("deprivileged", ((), ("--deprivileged",)))
@pytest.mark.parametrize("path, name", INTERFACES, ids=lambda v: getattr(v, "stem", v))
def test_of_every_interface(path: Path, name: str, deprivileged: tuple[str, ...], tmp_path: Path) -> None:
    """Whatever an interface has, its new backend is accepted."""
    result = new(tmp_path, "fresh", [path], "--for", name, *deprivileged)
    assert (result.status, result.err) == (FINE, ""), result.err
    assert clean(run("check", path, tmp_path / "fresh.pvi"))


# ---- nobody's file is touched ----


def test_an_existing_file_stops_it(tmp_path: Path) -> None:
    """Whichever of its files exists already is named, and nothing is written."""
    result = new(tmp_path / "all", "fresh", PV, "--deprivileged")
    files = result.out.decode().split()
    assert result.status == FINE and len(files) > 5
    for existing in ([files[0]], [files[-1]], files[1:3]):
        place = tmp_path / Path(existing[0]).name
        paths = [place / Path(f).relative_to(tmp_path / "all") for f in existing]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("mine\n")
        before = snapshot(place)
        result = new(place, "fresh", PV, "--deprivileged")
        assert (result.status, result.out) == (ENVIRONMENT, b"")
        assert re.findall(r"'(.*?)'", result.err) == [str(p) for p in paths]
        assert snapshot(place) == before


def test_a_dangling_link_is_a_file(tmp_path: Path) -> None:
    """What a link points to may come back."""
    (tmp_path / "fresh.pvi").symlink_to("elsewhere")
    result = new(tmp_path, "fresh", PV)
    assert result.status == ENVIRONMENT and "fresh.pvi'" in result.err
    assert (tmp_path / "fresh.pvi").is_symlink() and not (tmp_path / "backends").exists()


def test_errors_in_the_input_stop_it(tmp_path: Path) -> None:
    """A new backend does not hide the faults of old ones."""
    (tmp_path / "bad.pvi").write_text("const A = ;\n")
    result = new(tmp_path / "out", "fresh", [*PV, tmp_path / "bad.pvi"])
    assert (result.status, result.names()) == (INPUT, ["syntax"])
    assert snapshot(tmp_path / "out") == {}


def test_full_disk(tmp_path: Path) -> None:
    """Nothing is left of a new backend that found no room."""
    result = new(tmp_path, "fresh", PV, limit=(resource.RLIMIT_FSIZE, 2000))
    assert result.status == ENVIRONMENT and "cannot write" in result.err
    assert snapshot(tmp_path) == {}


REFUSED: dict[str, tuple[list[str], str]] = {
    "no name": ([], "no input file after 'backend new'"),
    "no description": (["fresh"], "no description after 'fresh'"),
    "a number": (["2fast", *map(str, PV)], "'2fast' is no name for a backend"),
    "a blank": (["a b", *map(str, PV)], "'a b' is no name for a backend"),
    "standard input": (["fresh", "-"], "cannot import standard input"),
    "empty": (["", *map(str, PV)], "'' is no name for a backend"),
    "a backend that exists": (["native", *map(str, PV)], "'native' is defined already, in "),
    "an interface's name": (["pv", *map(str, PV)], "'pv' is defined already, in "),
    "unknown interface": (["fresh", "--for=pvx", *map(str, PV)], "unknown interface 'pvx'; did you mean 'pv'?"),
    "a backend as interface": (["fresh", "--for=native", *map(str, PV)], "unknown interface 'native'"),
    "unknown abi": (["fresh", "--on=zen", *map(str, PV)], "unknown abi 'zen'; did you mean 'xen'?"),
    "two interfaces": (["fresh", *map(str, PV + WHOLE)], "say --for=INTERFACE"),
    "long signature": (["fresh", "--cpuid=ThirteenBytes", *map(str, PV)], "has 1 to 12 bytes"),
    "no directory": (["fresh", "--idl=nowhere/fresh.pvi", *map(str, PV)], "cannot write 'nowhere/fresh.pvi': No such"),
    "no signature": (["fresh", "--cpuid=", *map(str, PV)], "has 1 to 12 bytes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, tmp_path: Path) -> None:
    """With status 2 and the reason, before anything is written."""
    arguments, reason = REFUSED[case]
    result = run("backend", "new", "--idl=fresh.pvi", *arguments, cwd=tmp_path)
    assert (result.status, result.out) == (ENVIRONMENT, b""), result.err
    assert reason in result.err
    assert snapshot(tmp_path) == {}


# ---- options ----


def test_default_places(tmp_path: Path) -> None:
    """The description goes beside the interface's, the C below backends/."""
    (tmp_path / "idl").mkdir()
    (tmp_path / "idl/least.pvi").write_bytes((HERE / "golden/least.pvi").read_bytes())
    result = run("backend", "new", "fresh", "idl/least.pvi", cwd=tmp_path)
    assert (result.status, result.err) == (FINE, "")
    assert result.out.decode().split() == ["idl/fresh.pvi", "backends/fresh/init.c"]
    assert 'import "least.pvi";' in (tmp_path / "idl/fresh.pvi").read_text()
    assert clean(run("check", "idl/least.pvi", "idl/fresh.pvi", cwd=tmp_path))


PLACES = {
    "beside": ("fresh.pvi", "sub/dir/least.pvi"),
    "above": ("sub/fresh.pvi", "dir/least.pvi"),
    "below": ("sub/dir/deep/fresh.pvi", "../least.pvi"),
    "across": ("other/fresh.pvi", "../sub/dir/least.pvi"),
    "almost the same name": ("sub/directory/fresh.pvi", "../dir/least.pvi"),
}


@pytest.mark.parametrize("case", PLACES)
def test_imports_from_anywhere(case: str, tmp_path: Path) -> None:
    """The interface's file is named as seen from the new one."""
    path, imported = PLACES[case]
    for directory in ("sub/dir/deep", "sub/directory", "other"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "sub/dir/least.pvi").write_bytes((HERE / "golden/least.pvi").read_bytes())
    for name, interface in (("", "sub/dir/least.pvi"), (str(tmp_path) + "/", f"{tmp_path}/sub/dir/least.pvi")):
        result = run("backend", "new", "fresh", f"--idl={name}{path}", interface, cwd=tmp_path)
        assert result.status == FINE, result.err
        assert f'import "{imported}";' in (tmp_path / path).read_text()
        assert clean(run("check", path, cwd=tmp_path))
        (tmp_path / path).unlink()
        (tmp_path / "backends/fresh/init.c").unlink()


def test_signature(tmp_path: Path) -> None:
    """The machine's own, as bytes of any kind."""
    made(tmp_path, "fresh", PV, '--cpuid=Q"\\?/*x')
    assert r'detect cpuid "Q\"\\?/*x";' in (tmp_path / "fresh.pvi").read_text()


def test_plain_tool_writes_the_same(tmp_path: Path) -> None:
    """With and without sanitizers."""
    one, two = tmp_path / "one", tmp_path / "two"
    assert new(one, "fresh", PV).status == new(two, "fresh", PV, tool=PVGEN).status == FINE
    assert snapshot(one / "backends") == snapshot(two / "backends") != {}
