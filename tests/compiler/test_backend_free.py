"""A backend that is added costs its callers nothing but room at the sites, within the budget.

The reference interface is compiled with fewer and with more backends, and what
the compiler makes of the same callers is compared.
"""

import json
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Section

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ("-std=gnu11", "-ffreestanding", "-m64", "-mcmodel=kernel", "-mno-red-zone", "-mgeneral-regs-only",
         "-fno-pic", "-fno-pie", "-fno-asynchronous-unwind-tables", "-fcf-protection=branch", "-O2",
         "-ffunction-sections", f"-I{ROOT / 'runtime'}", f"-I{ROOT / 'tests/boot'}",
         f"-I{ROOT / 'tests/boot/x86_64'}")
CALL_LENGTH = 6         # call *slot(%rip), the rest of a site is filler
NOP = 0x90
LENGTHS = re.compile(r'\s*\.pushsection \\?"\.discard\.pv\\?",.*?\.popsection\n', re.DOTALL)
ORIGIN = re.compile(r'^# \d+ ".*$\n', re.MULTILINE)
PARAMETER = re.compile(r"\(\*(\w+)\)|(\w+)$")
# Real callers, with branches and loops around the sites.
CALLERS = [ROOT / "tests/boot" / name for name in ("mm.c", "traps.c", "test_irq.c", "threads.c")]
SHF_ALLOC = 2
LIVE_ACROSS = """\
#include "pv.h"
unsigned long sum(unsigned long a, unsigned long b) { pv_irq_disable(); return a + b; }
"""


@dataclass(frozen=True)
class Built:
    """An interface as its callers see it."""

    directory: Path
    ops: tuple[dict, ...]

    def compile(self, source: Path, compiler: str = "gcc", form: str = "-c") -> Path:
        """The object, or with -S the assembly, of a caller."""
        target = self.directory / f"{source.name}.{compiler}{form}"
        subprocess.run([compiler, *FLAGS, f"-I{self.directory}", form, source, "-o", target], check=True)
        return target


def build(directory: Path, *files: Path) -> Built:
    """What pvgen makes of these descriptions."""
    subprocess.run([ROOT / "build/pvgen", "build", "--outdir", directory, *files], check=True)
    interfaces = json.loads((directory / "pv.json").read_text())["interfaces"]
    return Built(directory, tuple(op for op in interfaces[0]["ops"] if not op["spare"]))


@pytest.fixture(scope="module")
def with_backends(tmp_path_factory: pytest.TempPathFactory):
    """Function: the interface with these backends beside that of bare hardware."""

    @cache
    def make(*names: str) -> Built:
        files = [ROOT / f"idl/pv/{name}.pvi" for name in ("native", *names)]
        return build(tmp_path_factory.mktemp("-".join(("only", *names))), *files)

    return make


def arguments(prototype: str) -> str:
    """Names of the parameters of a prototype."""
    inside = prototype[prototype.index("(") + 1:prototype.rindex(")")]
    if inside == "void":
        return ""
    found = (PARAMETER.search(each) for each in inside.split(","))
    return ", ".join(match[1] or match[2] for match in found if match)


def wrapper(op: dict) -> str:
    """A function, alone in its section, that does one op."""
    name, prototype = op["name"].split(".")[1], op["prototype"].replace("PV_NARROW ", "")
    word = "" if prototype.startswith("void ") else "return "
    return f"{prototype.replace(name + '(', 'do_' + name + '(', 1)}\n{{\n\t{word}pv_{name}({arguments(prototype)});\n}}\n"


def one_a_function(built: Built, path: Path) -> Path:
    """A caller with one function for each op that C can call."""
    bodies = [wrapper(op) for op in built.ops if not op["tail"]]
    path.write_text('#include "pv.h"\n' + "\n".join(bodies))
    return path


def contents(path: Path) -> dict[str, tuple[bytes, tuple]]:
    """All that a linker may put into an image, by section: bytes, and relocations by symbol."""
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        kept = [section for section in elf.iter_sections() if section["sh_flags"] & SHF_ALLOC]
        return {section.name: (section.data(), relocations(elf, section)) for section in kept}


def relocations(elf: ELFFile, section: Section) -> tuple:
    """What the linker fills in: offset, symbol or section, type, addend."""
    table = elf.get_section_by_name(f".rela{section.name}")
    if not table:
        return ()
    symbols = elf.get_section(table["sh_link"])
    found = []
    for each in table.iter_relocations():
        symbol = symbols.get_symbol(each["r_info_sym"])
        name = symbol.name or elf.get_section(symbol["st_shndx"]).name
        found.append((each["r_offset"], name, each["r_info_type"], each["r_addend"]))
    return tuple(found)


def without_filler(code: bytes, length: int) -> bytes:
    """The section of one call, its site cut to the call itself; filler must be there."""
    start = code.index(b"\xff\x15")
    end = start + length
    assert set(code[start + CALL_LENGTH:end]) <= {NOP}
    return code[:start + CALL_LENGTH] + code[end:]


def site_lengths(path: Path) -> list[int]:
    """Lengths of the sites, in the order of the records."""
    with path.open("rb") as stream:
        records = ELFFile(stream).get_section_by_name("pv_sites").data()
    return list(records[6::8])


def outside_lengths(path: Path) -> str:
    """Assembly without the block that measures the templates, and without lines of origin."""
    text, count = LENGTHS.subn("", ORIGIN.sub("", path.read_text()))
    assert count == 1
    return text


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("caller", CALLERS, ids=lambda path: path.name)
def test_a_backend_that_inherits_changes_nothing(with_backends, caller: Path, compiler: str) -> None:
    """Not even a site: the objects are the same, byte for byte."""
    fewer, more = with_backends("xen_pv"), with_backends("xen_pv", "xen_pvh")
    assert fewer.compile(caller, compiler).read_bytes() == more.compile(caller, compiler).read_bytes()


@pytest.mark.parametrize("caller", CALLERS, ids=lambda path: path.name)
def test_the_compiler_sees_no_difference(with_backends, caller: Path) -> None:
    """Registers, order, branches: all that it writes is the same; only lengths are left to the assembler."""
    fewer, more = (with_backends(*names).compile(caller, form="-S") for names in ((), ("xen_pv", "xen_pvh")))
    assert outside_lengths(fewer) == outside_lengths(more)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_only_filler_is_added(with_backends, tmp_path: Path, compiler: str) -> None:
    """Each op's call is the same bytes with the same relocations, and room within its budget behind it."""
    fewer, more = with_backends(), with_backends("xen_pv", "xen_pvh")
    caller = one_a_function(more, tmp_path / "caller.c")
    before, after = fewer.compile(caller, compiler), more.compile(caller, compiler)
    old, new = contents(before), contents(after)
    ops = [op for op in more.ops if not op["tail"]]
    lengths = list(zip(site_lengths(before), site_lengths(after), strict=True))
    assert old.keys() == new.keys() and len(lengths) == len(ops)
    for op, (short, long) in zip(ops, lengths):
        section = f".text.do_{op['name'].split('.')[1]}"
        assert short <= long <= max(CALL_LENGTH, op["budget"])
        assert without_filler(old[section][0], short) == without_filler(new[section][0], long)
        assert old[section][1][:1] == new[section][1][:1] != ()
    assert any(short < long for short, long in lengths), "the backend needs no room, so nothing was compared"


def test_no_symbol_is_added(with_backends, tmp_path: Path) -> None:
    """A caller does not refer to anything of a backend."""
    built = with_backends("xen_pv", "xen_pvh")
    with built.compile(one_a_function(built, tmp_path / "caller.c")).open("rb") as stream:
        symbols = ELFFile(stream).get_section_by_name(".symtab").iter_symbols()
        undefined = {symbol.name for symbol in symbols if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name}
    assert undefined == {"pv_ops"}


def test_the_comparison_bites(with_backends, tmp_path: Path) -> None:
    """A contract that is wider for the sake of a backend is seen."""
    for file in (ROOT / "idl/pv").glob("*.pvi"):
        (tmp_path / file.name).write_text(file.read_text().replace("../abi/", f"{ROOT}/idl/abi/"))
    interface = tmp_path / "pv.pvi"
    text = interface.read_text()
    narrow = re.search(r"op void irq_disable\(void\) \{\s*clobbers flags;", text)[0]
    interface.write_text(text.replace(narrow, narrow.replace("clobbers flags;", "")))
    wider = build(tmp_path / "out", tmp_path / "native.pvi")
    caller = tmp_path / "caller.c"
    caller.write_text(LIVE_ACROSS)
    before, after = with_backends().compile(caller, form="-S"), wider.compile(caller, form="-S")
    assert outside_lengths(before) != outside_lengths(after)
