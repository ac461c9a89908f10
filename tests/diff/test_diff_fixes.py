"""What a report says to insert: after it nothing can get what was removed."""

import json
from pathlib import Path

import pytest
from cases import FOLLOWS, RULES, VERDICTS, diff, read
from tool import FINE, check, run

OLD = """language 1;
config bool A;
bits flags : u32 { present 0; level 2:1; reserved 31:3; };
interface i version 1.0 {
    // a { that opens nothing, and "another { "
    group g /* { */ {
        op void first(void) { default nop; }
        op void x(void) { default nop; deprecated 2.0 "} // no end"; }
        op void o(void) { default nop; }
        op void p(int a) { default nop; }
        op void y(int a) { default nop; }
        op void z(void) { default nop; }
    }
    group h { op void only(void) { default nop; } op void last(void) { default nop; } }
}
abi v {
    entry x86_64 "vmcall" { number rax; args rdi rsi; result rax; clobbers memory; errors none; }
    call 1 long f(u64 a);
    call 2 long k(u64 a);
}
"""

# What is taken away, and the findings that then have something to insert.
REMOVED = {
    "first": ({"PV-OPS-DEL-MID"}, ["op void first(void) { default nop; }"]),
    "middle": ({"PV-OPS-DEL-MID"}, ["op void o(void) { default nop; }"]),
    "two": (
        {"PV-OPS-DEL-MID"},
        ["op void o(void) { default nop; }", "op void p(int a) { default nop; }"],
    ),
    "end of a group": ({"PV-OPS-DEL-MID"}, ["op void z(void) { default nop; }"]),
    "before another": ({"PV-OPS-DEL-MID"}, ["op void only(void) { default nop; }"]),
    "last": ({"PV-OPS-DEL-TAIL"}, ["op void last(void) { default nop; }"]),
    "call": ({"PV-NUM-OPEN"}, ["call 2 long k(u64 a);"]),
    "calls": ({"PV-NUM-OPEN"}, ["call 1 long f(u64 a);", "call 2 long k(u64 a);"]),
    "field": ({"PV-NUM-OPEN"}, ["level 2:1;"]),
}


def changes(directory: Path, old: str, new: str) -> list[dict]:
    """The changes of the report; that bits are open is said there."""
    words = ("--format=json", "--gate=none", "-Wno-bits-gap")
    result = diff(directory, old, new, *words)
    assert (result.status, result.err) == (FINE, ""), result.err
    return json.loads(result.out)["changes"]


def fixed(text: str, reported: list[dict]) -> str:
    """The text with all that is to be inserted, from its end to its beginning."""
    lines = text.splitlines(True)
    fixes = [c["fix"] for c in reported if c["fix"]]
    for fix in sorted(fixes, key=lambda f: (f["line"], f["column"]), reverse=True):
        line, at = lines[fix["line"] - 1], fix["column"] - 1
        lines[fix["line"] - 1] = line[:at] + fix["insert"] + line[at:]
    return "".join(lines)


def worst(reported: list[dict]) -> int:
    """Of modules, but what follows from others."""
    verdicts = [c["audiences"]["module"] for c in reported if c["rule"] != FOLLOWS]
    return max(map(VERDICTS.index, verdicts))


@pytest.mark.parametrize("case", REMOVED)
def test_fix(case: str, tmp_path: Path) -> None:
    """The findings go, and nothing that is as bad comes; the text is a description."""
    rules, removed = REMOVED[case]
    new = OLD
    for line in removed:
        assert line in new
        new = new.replace(line, "")
    before = changes(tmp_path, OLD, new)
    assert {c["rule"] for c in before if c["fix"]} == rules
    assert sum(bool(c["fix"]) for c in before) == len(removed)
    text = fixed(new, before)
    assert check(text, tmp_path).status == FINE
    after = changes(tmp_path, OLD, text)
    assert not rules & {c["rule"] for c in after}
    assert not [c for c in after if c["fix"]]
    if any(rule.startswith("PV-OPS") for rule in rules):
        assert worst(after) < worst(before)
        assert {c["rule"] for c in after if c["rule"].startswith("PV-OPS")} == {"PV-OPS-DEL-KEEP"}


def test_in_the_text(tmp_path: Path) -> None:
    """Where, and what, below the change."""
    out = diff(tmp_path, OLD, OLD.replace("    call 2 long k(u64 a);\n", "")).out.decode()
    line = OLD[: OLD.index("abi v {")].count("\n") + 1
    assert f'      insert at new.pvi:{line}:8: reserved number 2 "was k";\n' in out


def test_reserved_and_used_again(tmp_path: Path) -> None:
    """What was fixed, and comes back as something else, is not let in."""
    new = OLD.replace("call 2 long k(u64 a);", "")
    kept = fixed(new, changes(tmp_path, OLD, new))
    again = new.replace("call 1 ", "call 2 long other(u64 a);\n    call 1 ")
    (change,) = [c for c in changes(tmp_path, kept, again) if c["rule"] == "PV-NUM-RESERVED"]
    assert change["audiences"]["peer"] == change["audiences"]["module"] == "break"
    assert diff(tmp_path, kept, again, "--gate=peer").status == 1
    retired = OLD.replace("o(void) { default nop; }", "o(void) { default nop; retired 1.0; }")
    reused = OLD.replace("op void o(void)", "op void n(void)")
    assert diff(tmp_path, OLD, retired, "--gate=none").status == FINE
    assert {c["rule"] for c in changes(tmp_path, retired, reused)} >= {"PV-OPS-SLOT-REUSE"}
    assert diff(tmp_path, retired, reused, "--gate=module").status == 1


# What is removed, and gets nothing: what the text has elsewhere says enough, or would be wrong.
NONE = {
    "reserved": ("call 2 long k(u64 a);", 'reserved number 2 "k";'),
    "given away": ("call 2 long k(u64 a);", "call 2 long n(u64 a) { optional; }"),
    "bits given away": ("level 2:1;", "other 2:1;"),
    "with its group": (OLD[OLD.index("    group h") : OLD.index("}\nabi")], ""),
    "replaced by two": (
        "op void o(void) { default nop; }",
        "op u64 n(void) { default zero; } op u64 m(void) { default zero; }",
    ),
}


@pytest.mark.parametrize("case", NONE)
def test_no_fix(case: str, tmp_path: Path) -> None:
    """Nothing is to be inserted."""
    before, after = NONE[case]
    assert before in OLD
    reported = changes(tmp_path, OLD, OLD.replace(before, after))
    assert reported and not [c for c in reported if c["fix"]]


def test_only_into_files(tmp_path: Path) -> None:
    """Not into snapshots, nor standard input."""
    new = OLD.replace("call 2 long k(u64 a);", "")
    (tmp_path / "old.pvi").write_text(OLD)
    (tmp_path / "new.pvi").write_text(new)
    assert run("build", "--emit=snapshot:new.abi.json", "new.pvi", cwd=tmp_path).status == FINE
    for name, stdin in (("new.abi.json", b""), ("-", new.encode())):
        words = ("diff", "--format=json", "--gate=none", "old.pvi", name)
        reported = json.loads(run(*words, cwd=tmp_path, stdin=stdin).out)["changes"]
        assert reported and not [c for c in reported if c["fix"]]


@pytest.mark.parametrize("path", RULES, ids=lambda p: p.stem)
def test_of_each_rule(path: Path, tmp_path: Path) -> None:
    """Whatever is to be inserted makes a description, of which nothing more is asked."""
    case = read(path)
    reported = changes(tmp_path, case.old.text, case.new.text)
    if any(c["fix"] for c in reported):
        text = fixed(case.new.text, reported)
        assert check(text, tmp_path).status == FINE
        assert not [c for c in changes(tmp_path, case.old.text, text) if c["fix"]]
