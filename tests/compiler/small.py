"""A small kernel that is built in a second: what test_verify.py damages."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from tool import FINE, run

DESCRIPTION = """language 1;
interface pv version 1.0 {
    group g {
        op unsigned long get(void) { asm_callable; clobbers flags; native x86_64 "mov %cr3, %rax"; }
        op void set(unsigned long a) { asm_callable; native x86_64 "mov %rdi, %cr3" "nop"; }
        op void slow(void) { asm_callable; clobbers flags; budget 28; native x86_64 "sti"; }
        op void poke(void) { asm_callable; context late; clobbers flags; native x86_64 "cli"; }
        op void work(unsigned long a) { asm_callable; revision 2; }
        op void leave(void) { tail; clobbers none; native x86_64 "iretq"; }
    }
}
backend native for pv { bare; detect always; g.work call native_work; }
backend guest for pv {
    detect start_info;
    priority 1;
    g.get call guest_get;
    g.set nop;
    g.slow inline x86_64 "cmpb $0, %gs:flag" "je 1f" "call {guest_slow}" "1:";
    g.poke trap;
    g.work call guest_work;
    g.leave call guest_leave;
}
"""

PARTS = """
#include "pv.h"
#include "native.h"
#include "guest.h"

__asm__(".globl flag\\n.set flag, 64");

PV_IMPLEMENTS(@stated@);
void guest_work(unsigned long a) { (void)a; }
void native_work(unsigned long a) { (void)a; }
PV_NARROW unsigned long guest_get(void) { return 1; }
PV_NARROW void guest_slow(void) { }
void guest_leave(void) { for (;;) ; }

__attribute__((noinline)) unsigned long other(void) { return pv_get() + 1; }
__attribute__((noinline)) int helper(int n) { __asm__ volatile("" : "+r"(n)); return n; }

__attribute__((noinline, aligned(64))) void poker(void) { pv_poke(); }

#ifdef LATE_PATCHER_USES_OP
void pv_patch_later(void) { other(); }
#endif
#ifdef LATE_PATCHER_USES_LATE_OP
void pv_patch_later(void) { poker(); }
#endif

int pv_patch_sites(int n);
int pv_patch_sites(int n)
{
#ifdef PATCHER_USES_OP
	other();
#endif
#ifdef INDIRECT
	int (*volatile pointer)(int) = helper;
	return pointer(n);
#endif
	return helper(n) + 1;
}
"""

CALLER = """
#include "pv_asm.h"
	.text
	.globl caller
	.type caller, @function
caller:	endbr64
	.balign 64
	.skip @skip@, 0x90
/* A site of pv_poke, where the generated macro might not put it. */
1:	call *pv_ops+24(%rip)
	.pushsection pv_sites, "a", @progbits
	.long 1b - .
	.short 3
	.byte 6, 0
	.popsection
	pv_get
	pv_get
	pv_set
	pv_slow
	pv_work
	ret
	.size caller, . - caller
	.globl leaver
	.type leaver, @function
leaver:	pv_leave
	.size leaver, . - leaver
	.section .note.GNU-stack,"",@progbits
"""

FLAGS = (
    "-c -ffreestanding -mgeneral-regs-only -fno-pic -fno-pie"
    " -fno-stack-protector -fcf-protection=branch -fno-asynchronous-unwind-tables -O1"
).split()
LINK = "ld -nostdlib -static -e caller --no-warn-rwx-segments".split()

# What an architecture is built with.
COMPILER = {
    "x86_64": "-mcmodel=kernel -mno-red-zone".split(),
    "i386": "-m32 -march=i686 -mregparm=3 -freg-struct-return".split(),
}
LINKER = {
    "x86_64": "-m elf_x86_64 -Ttext=0xffffffff80200000".split(),
    "i386": "-m elf_i386 -Ttext=0xc0200000".split(),
}
# What is other text for i386, line by line.
WORDS = {
    "x86_64": "i386", "%rdi": "%eax", "%rax": "%eax", "%gs:": "%fs:", "iretq": "iret",
    "endbr64": "endbr32", "pv_ops+24(%rip)": "pv_ops+12",
}  # fmt: skip


def spell(arch: str, text: str) -> str:
    """A text for an architecture."""
    for old, new in WORDS.items() if arch == "i386" else ():
        text = text.replace(old, new)
    return text


def build(directory: Path, *defines: str, stated: str = "work, 2", skip: int = 1, arch: str = "x86_64") -> Path:
    """Objects and a linked image: what C is built with, what is stated, where the late site is."""
    (directory / "pv.pvi").write_text(spell(arch, DESCRIPTION))
    assert run("build", f"--arch={arch}", "pv.pvi", cwd=directory).status == FINE
    (directory / "parts.c").write_text(PARTS.replace("@stated@", stated))
    (directory / "caller.S").write_text(spell(arch, CALLER.replace("@skip@", str(skip))))
    for source in "parts.c caller.S pv.c native.c native.S guest.c guest.S".split():
        options = [*FLAGS, *COMPILER[arch], *(f"-D{name}" for name in defines), "-o", f"{source}.o"]
        subprocess.run(["gcc", *options, source], cwd=directory, check=True)
    subprocess.run([*LINK, *LINKER[arch], "-o", "image", *objects(directory)], cwd=directory, check=True)
    return directory


def objects(directory: Path) -> list[str]:
    """The object files of a build."""
    return sorted(p.name for p in directory.glob("*.o"))


@dataclass
class Image:
    """A linked image that can be written to by address."""

    path: Path
    data: bytearray
    elf: ELFFile

    @property
    def word(self) -> int:
        """Bytes of an address."""
        return self.elf.elfclass // 8

    def section(self, name: str) -> tuple[int, int]:
        """Address and size."""
        found = self.elf.get_section_by_name(name)
        return found["sh_addr"], found["sh_size"]

    def symbol(self, name: str) -> int:
        """Address of a symbol."""
        (found,) = self.elf.get_section_by_name(".symtab").get_symbol_by_name(name)
        return found["st_value"]

    def offset(self, address: int) -> int:
        """Where in the file an address is."""
        for s in self.elf.iter_sections():
            if s["sh_addr"] and s["sh_addr"] <= address < s["sh_addr"] + s["sh_size"]:
                return s["sh_offset"] + address - s["sh_addr"]
        raise ValueError(hex(address))

    def read(self, address: int, size: int) -> int:
        """A number."""
        at = self.offset(address)
        return int.from_bytes(self.data[at : at + size], "little")

    def write(self, address: int, value: int, size: int) -> None:
        """Replace a number, in memory and in the file."""
        at = self.offset(address)
        self.data[at : at + size] = (value % (1 << 8 * size)).to_bytes(size, "little")
        self.path.write_bytes(self.data)

    def record(self, op: int, nth: int = 0) -> int:
        """Address of a site's record, by the number of its op."""
        start, size = self.section("pv_sites")
        found = [a for a in range(start, start + size, 8) if self.read(a + 4, 2) == op]
        return found[nth]

    def site(self, op: int, nth: int = 0) -> int:
        """Address of a site."""
        record = self.record(op, nth)
        distance = self.read(record, 4)
        return record + distance - (distance >> 31 << 32)

    def slot(self, backend: str, op: int) -> int:
        """Address of a slot in a backend's own table."""
        start, size = self.section("pv_backends")
        ops = {8: 40, 4: 24}[self.word]
        for entry in range(start, start + size, self.word):
            struct = self.read(entry, self.word)
            at = self.offset(self.read(struct, self.word))
            if self.data[at:].startswith(backend.encode() + b"\0"):
                return self.read(struct + ops, self.word) + self.word * op
        raise ValueError(backend)


def load(path: Path) -> Image:
    """Open an image."""
    data = bytearray(path.read_bytes())
    return Image(path, data, ELFFile(path.open("rb")))
