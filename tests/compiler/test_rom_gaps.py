"""Calls at fixed places that the code of guests and ROMs cannot keep to: a build says so."""

from pathlib import Path

import pytest
from tool import INPUT, PVGEN, run, snapshot

ABI = """language 1;
abi h {{
    arch i386;
    struct header packed {{ u16 signature; u8 length; u8 pad[0x7d]; u8 init[8]; u8 find[8]; }};
    bits answer : u64 {{ address 31:0; kind 39:32; reserved 63:40; }};
    const NONE = 0;
    const CALL = 1;
    entry i386 "call {{target}}" {{ args eax edx ecx; stack; result eax; clobbers eax edx ecx flags; }}
    rom header {{
        scan 0xC0000 0xE0000 2048;
        length length 512;
        find find;
        enter init;
        answer answer address kind;
        relocation none NONE;
        relocation call CALL;
    }}
    call at 0x80 {init}
    call at 0x88 {find}
    call 0 void quiet(void);
}}
"""
INTERFACE = """interface pv version 1.0 { group g { op void f(void) { native i386 "nop"; } } }
backend metal for pv { bare; detect always; }
"""
GUEST = INTERFACE + "backend guest for pv on h { detect rom; priority 1; inherit g; g.f = h.quiet(); }\n"
ROM = "rom firm for h { init asm firm_init; quiet asm firm_quiet; }\n"
INIT, FIND = "int init(void);", "answer find(u32 number) @reg(edx:eax);"

GUESTS = {
    "answer find(u32 number @reg(ebx)) @reg(edx:eax);": "asking a ROM otherwise",
    "u32 find(u32 number);": "asking a ROM otherwise",
    "answer find(u64 number) @reg(edx:eax);": "asking a ROM otherwise",
    "answer find(u32 number) @reg(edx:eax) { clobbers eax ebx edx ecx flags; }": "asking a ROM otherwise",
}
ENTRIES = {"void init(void);": "entering by another call", "int init(u32 how);": "entering by another call"}
ROMS = {
    "answer find(u32 number @reg(ebx)) @reg(edx:eax);": "a ROM that finds calls without changing flags",
    "answer find(u32 number) @reg(edx:eax) { clobbers eax edx ecx; }": "a ROM that finds calls without changing flags",
    "answer find(u32 number) @reg(edx:eax) { clobbers eax edx flags; }": "a ROM that finds calls without changing flags",
}
CASES = [
    *((GUEST, INIT, find, what) for find, what in GUESTS.items()),
    *((GUEST, init, FIND, what) for init, what in ENTRIES.items()),
    *((ROM, INIT, find, what) for find, what in ROMS.items()),
]


@pytest.mark.parametrize("module, init, find, what", CASES, ids=lambda text: text[:40])
def test_fixed_calls(module: str, init: str, find: str, what: str, tmp_path: Path) -> None:
    """None of it is written; of that by which calls are found and made otherwise it is."""
    (tmp_path / "in.pvi").write_text(ABI.format(init=init, find=find) + module)
    result = run("build", "--arch=i386", "--outdir", "out", "in.pvi", cwd=tmp_path)
    assert result.status == INPUT and what in result.err, result.err
    assert result.err.count("[not-generated]") == 1 and not (tmp_path / "out").exists()
    (tmp_path / "in.pvi").write_text(ABI.format(init=INIT, find=FIND) + module)
    assert not run("build", "--arch=i386", "--outdir", "out", "in.pvi", cwd=tmp_path).status
    assert snapshot(tmp_path / "out")


def test_names_of_functions(tmp_path: Path) -> None:
    """Functions may be called as pvgen called its own places once: these have other names."""
    (tmp_path / "in.pvi").write_text(ABI.format(init=INIT, find=FIND) + ROM.replace("firm_quiet", "firm_table"))
    assert not run("build", "--arch=i386", "--outdir", "out", "in.pvi", cwd=tmp_path).status
    text = (tmp_path / "out/firm.S").read_text()
    assert "firm_table\n" in text and "\nfirm_table:" not in text and "\npvgen_firm_table:" in text


def test_many_calls(tmp_path: Path) -> None:
    """As many as there can be: a search for each of them, among all lines, takes very long."""
    count = 65000
    calls = "".join(f"    call {i} void c{i}(void) {{ optional; }}\n" for i in range(1, count))
    lines = "".join(f'    c{i} none "-";\n' for i in reversed(range(1, count - 1)))
    abi = ABI.format(init=INIT, find=FIND).replace("quiet(void);\n", "quiet(void);\n" + calls)
    (tmp_path / "in.pvi").write_text(abi + ROM.replace("}", f"\n{lines}    c{count - 1} asm firm_last;\n}}"))
    assert not run("build", "--arch=i386", "--outdir", "out", "in.pvi", cwd=tmp_path, tool=PVGEN, seconds=6).status
    rows = (tmp_path / "out/firm.S").read_text().partition("firm_table:\n")[2].splitlines()
    assert "/* quiet: call */" in rows[0] and "/* c1: none */" in rows[1] and f"/* c{count - 1}: call */" in rows[count - 1]
