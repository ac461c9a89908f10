"""Edits that diagnostics suggest: each is right, and --fix makes them without harm."""

import json
import os
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_errors import ERRORS, WARNINGS
from test_explain import EXAMPLES
from tool import BRIEF, ENVIRONMENT, HERE, INPUT, NOT_BRIEF, PVGEN, Result, run, snapshot

JSON = "--diagnostics-format=json"


@dataclass(frozen=True)
class Fix:
    """One edit; begin and end are offsets of bytes."""

    path: str
    begin: int
    end: int
    text: str


def offset(data: bytes, line: int, char: int) -> int:
    """Offset of a place in a file."""
    return sum(map(len, data.splitlines(keepends=True)[: line - 1])) + char


def fix_of(raw: dict, place: Path) -> Fix:
    """An edit as it is in the document."""
    data = (place / raw["path"]).read_bytes()
    begin = offset(data, raw["start_line"], raw["start_char"])
    return Fix(raw["path"], begin, offset(data, raw["end_line"], raw["end_char"]), raw["replacement"])


def found(path: str, place: Path) -> list[dict]:
    """All that is reported for a file."""
    options = ["-Weverything", *NOT_BRIEF] if path.startswith("warnings/") else []
    return json.loads(run("check", JSON, *options, path, cwd=place, tool=PVGEN).out)["diagnostics"]


def number(d: dict, place: Path) -> int:
    """How often the same is reported in the same line."""
    again = found(d["of"], place)
    return sum((e["category"], e["path"], e["start_line"]) == key(d) for e in again)


def key(d: dict) -> tuple[str, str, int]:
    """What makes a report the same."""
    return d["category"], d["path"], d["start_line"]


def copy_of_examples(place: Path) -> list[str]:
    """The examples where they may be changed, also those of `pvgen explain`; their paths."""
    for name in ("errors", "warnings", "good"):
        shutil.copytree(HERE / name, place / name)
    (place / "explain").mkdir()
    for name, (_, wrong, _) in EXAMPLES.items():
        (place / "explain" / f"{name}.pvi").write_text(wrong)
    explained = [f"explain/{name}.pvi" for name in EXAMPLES]
    return [str(p.relative_to(HERE)) for p in (*ERRORS, *WARNINGS)] + explained


def test_every_fix_is_right(tmp_path: Path) -> None:
    """Whatever an example's message suggests makes that message go away."""
    names = set()
    for path in copy_of_examples(tmp_path):
        for d in found(path, tmp_path):
            d["of"] = path
            for raw in d["fixes"]:
                names.add(d["category"])
                check_fix(d, fix_of(raw, tmp_path), tmp_path)
    assert SUGGESTED - names == set()


# Where an edit is to be expected; there may be more.
SUGGESTED = set(
    "missing-language no-abi no-direction syntax unknown-abi unknown-attribute unknown-argument"
    " unknown-batch unknown-call unknown-config unknown-const unknown-converter unknown-entry"
    " unknown-feature unknown-group unknown-interface unknown-member unknown-op unknown-param"
    " unknown-registration unknown-sub unknown-type unused-import wrong-tag".split()
)


def check_fix(d: dict, fix: Fix, place: Path) -> None:
    """With the edit the file has one fault less of this kind on this line."""
    file = place / fix.path
    old = file.read_bytes()
    before = number(d, place)
    file.write_bytes(old[: fix.begin] + fix.text.encode() + old[fix.end :])
    after = number(d, place)
    file.write_bytes(old)
    assert after < before, (d, fix)


# ---- which edits there are ----

AMBIGUOUS = """interface i version 1.0 {
    group g { op void left(void) { default nop; } op void lift(void) { default nop; } }
}
backend b for i { detect always; g.lxft nop; }
"""


def test_no_fix_where_two_are_as_good(tmp_path: Path) -> None:
    """One of them is named, but none is made."""
    (tmp_path / "in.pvi").write_text(AMBIGUOUS)
    (d,) = found("in.pvi", tmp_path)
    assert d["message"].endswith("; did you mean 'left'?") and d["fixes"] == []
    (tmp_path / "in.pvi").write_text(AMBIGUOUS.replace("lift", "lift_it"))
    (d,) = found("in.pvi", tmp_path)
    assert [fix["replacement"] for fix in d["fixes"]] == ["left"]


# A line, and the same line after --fix.
EDITS: dict[str, tuple[str, str]] = {
    "transposed": ("typedef u8 byte; struct s { btye a; };", "typedef u8 byte; struct s { byte a; };"),
    "one letter": ("struct y { u8 a; }; struct s { struct x a; };",) * 2,
    "two that are as near": ("struct s { u46 a; };",) * 2,
    "semicolon at a line's end": ("const A = 1\nconst B = 2;", "const A = 1;\nconst B = 2;"),
    "semicolon before a comment": (
        "const A = 1 // one\nconst B = 2;",
        "const A = 1; // one\nconst B = 2;",
    ),
    "semicolon before a brace": ("struct s { u8 a };", "struct s { u8 a; };"),
    "semicolon behind a brace": ("struct s { u8 a; }\nconst A = 1;", "struct s { u8 a; };\nconst A = 1;"),
    "no semicolon in a line": ("const A = 1 2;",) * 2,
    "semicolon at the end": ("const A = 1", "const A = 1;"),
    "keyword": ("interfce i version 1.0 { }", "interface i version 1.0 { }"),
    "word of a list": (
        "interface i version 1.0 { group g { op void f(void) { default nip; } } }",
        "interface i version 1.0 { group g { op void f(void) { default nop; } } }",
    ),
    "direction": ("typedef void f(const u8 *p);", "typedef void f(const u8 *p @in);"),
    "one of three directions": ("typedef void f(u8 *p);",) * 2,
    "tag": ("struct a { u8 x; }; struct b { a x; };", "struct a { u8 x; }; struct b { struct a x; };"),
    "other tag": (
        "union a { u8 x; }; struct b { struct\ta x; };",
        "union a { u8 x; }; struct b { union\ta x; };",
    ),
    "no tag": ("typedef u8 a; struct b { struct a x; };", "typedef u8 a; struct b { a x; };"),
    "constants are no types": ("const page = 1; struct b { pages x; };",) * 2,
    "a symbol several times": (
        "config bool SMP; interface i version 1.0 { group g if SPM && SPM { } }",
        "config bool SMP; interface i version 1.0 { group g if SMP && SMP { } }",
    ),
    "another group": (
        AMBIGUOUS.replace("g.lxft", "h.left"),
        AMBIGUOUS.replace("g.lxft", "g.left"),
    ),
    "abi": (
        'interface i version 1.0 { group g { op void f(void) { } op void h(void) { } } }\n'
        'abi x { entry x86_64 "vmmcall" { number rax; args rdi; result rax; } call 1 long c(void); }\n'
        "backend b for i { detect always; g.f = x.c(); g.h = x.c(); }",
        'interface i version 1.0 { group g { op void f(void) { } op void h(void) { } } }\n'
        'abi x { entry x86_64 "vmmcall" { number rax; args rdi; result rax; } call 1 long c(void); }\n'
        "backend b for i on x { detect always; g.f = x.c(); g.h = x.c(); }",
    ),
}


@pytest.mark.parametrize("case", EDITS)
def test_fix(case: str, tmp_path: Path) -> None:
    """What --fix makes of a text."""
    before, after = EDITS[case]
    (tmp_path / "in.pvi").write_text(before)
    result = run("check", "--fix", "in.pvi", cwd=tmp_path)
    assert result.status == INPUT
    assert (tmp_path / "in.pvi").read_text() == after, result.err
    assert (tmp_path / "in.pvi~").exists() == (before != after)


def test_language_and_imports(tmp_path: Path) -> None:
    """Lines that warnings ask for, or ask to take away, go with their ends."""
    (tmp_path / "x.pvi").write_text("// SPDX-License-Identifier: MIT\n\n/// One.\nconst X = 1;\n")
    (tmp_path / "in.pvi").write_text('import "x.pvi"; \nconst A = 1; import "x.pvi"; // why\n')
    # Both edits of the first line meet.
    for _ in range(2):
        run("check", *NOT_BRIEF, "--fix", "in.pvi", cwd=tmp_path)
    assert (tmp_path / "in.pvi").read_text() == "language 1;\nconst A = 1;  // why\n"
    fixed = "// SPDX-License-Identifier: MIT\n\nlanguage 1;\n/// One.\nconst X = 1;\n"
    assert (tmp_path / "x.pvi").read_text() == fixed


# ---- forms ----

MISSPELT = b"typedef u8 byte_t;\nstruct s { byt_t a; };\n"


def test_text_of_a_fix() -> None:
    """Below the caret stands what could be there."""
    result = run("check", "-", stdin=MISSPELT)
    assert result.err == (
        "<stdin>:2:12: error: unknown type 'byt_t'; did you mean 'byte_t'? [unknown-type]\n"
        "    2 | struct s { byt_t a; };\n"
        "      |            ^~~~~\n"
        "      |            byte_t\n"
    )


@pytest.mark.parametrize("form", ("text", "short"))
def test_parseable_fix(form: str) -> None:
    """In the form that tools know from C compilers."""
    name = '--stdin-name=a "b\\c\u00e9.pvi'
    options = (f"--diagnostics-format={form}", "--parseable-fixits", name)
    result = run("check", *options, "-", stdin=MISSPELT)
    assert result.err.endswith('\nfix-it:"a \\"b\\\\c\\303\\251.pvi":{2:12-2:17}:"byte_t"\n')


def test_parseable_newline() -> None:
    """A line's end is an escape, so that an edit is a line."""
    result = run("check", *NOT_BRIEF, "--parseable-fixits", "-", stdin=b"const A = 1;\n")
    assert result.err.endswith('fix-it:"<stdin>":{1:1-1:1}:"language 1;\\n"\n')


# ---- --fix and files ----


def fix(place: Path, *arguments: str, **how: object) -> Result:
    """`check --fix` of in.pvi, which is misspelt."""
    (place / "in.pvi").write_bytes(MISSPELT)
    return run("check", "--fix", *arguments, "in.pvi", cwd=place, **how)


def test_fix_keeps_the_old_text(tmp_path: Path) -> None:
    """And says so; a second run finds nothing."""
    result = fix(tmp_path)
    assert result.status == INPUT and result.names() == ["unknown-type"]
    assert result.err.endswith("\npvgen: 1 edit made; the old text is in FILE~\n")
    fixed = {"in.pvi": MISSPELT.replace(b"byt_t", b"byte_t"), "in.pvi~": MISSPELT}
    assert snapshot(tmp_path) == fixed
    result = run("check", "--fix", "in.pvi", cwd=tmp_path)
    assert (result.status, result.err) == (0, "pvgen: 0 edits made\n")
    assert snapshot(tmp_path) == fixed


def test_fix_makes_more_than_is_shown(tmp_path: Path) -> None:
    """All edits, however few messages are wanted."""
    (tmp_path / "in.pvi").write_text("struct s {\n" + "".join(f"u88 m{i};\n" for i in range(99)) + "};\n")
    run("check", "--fix", "--max-errors=1", "in.pvi", cwd=tmp_path)
    assert "u88" not in (tmp_path / "in.pvi").read_text()


def test_fix_where_two_edits_meet(tmp_path: Path) -> None:
    """The first is made, the other in the next run."""
    text = EDITS["abi"][0].replace("abi x", "abi y { } abi x").replace("g.h = x.c", "g.h = y.c")
    (tmp_path / "in.pvi").write_text(text)
    result = run("check", "--fix", "in.pvi", cwd=tmp_path)
    assert "pvgen: 1 not made where others were; run again\n" in result.err
    assert "for i on x {" in (tmp_path / "in.pvi").read_text()


def test_fix_of_an_import(tmp_path: Path) -> None:
    """Wherever the fault is; the mode of a file stays, also for the old text."""
    (tmp_path / "x.pvi").write_bytes(MISSPELT)
    (tmp_path / "x.pvi").chmod(0o640)
    (tmp_path / "link.pvi").symlink_to("x.pvi")
    (tmp_path / "in.pvi").write_text('import "link.pvi";')
    run("check", "--fix", "in.pvi", cwd=tmp_path)
    assert (tmp_path / "x.pvi").read_bytes() == MISSPELT.replace(b"byt_t", b"byte_t")
    assert (tmp_path / "link.pvi").is_symlink()
    assert (tmp_path / "link.pvi~").read_bytes() == MISSPELT
    for name in ("x.pvi", "link.pvi~"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o640


def test_fix_refuses_standard_input(tmp_path: Path) -> None:
    """There is no file to edit."""
    result = run("check", "--fix", "-", stdin=MISSPELT, cwd=tmp_path)
    assert (result.status, result.out, snapshot(tmp_path)) == (ENVIRONMENT, b"", {})
    assert "--fix cannot edit standard input" in result.err


def test_fix_is_for_check_only(tmp_path: Path) -> None:
    """A build does not change what it is made of."""
    (tmp_path / "in.pvi").write_bytes(MISSPELT)
    result = run("build", "--fix", "in.pvi", cwd=tmp_path)
    assert result.status == ENVIRONMENT and "unknown option '--fix'" in result.err


def test_fix_does_not_take_the_place_of_an_input(tmp_path: Path) -> None:
    """The old text's place may be a file that was read."""
    (tmp_path / "in.pvi~").write_text("const A = 1;")
    before = {"in.pvi": MISSPELT, "in.pvi~": b"const A = 1;"}
    result = fix(tmp_path, "in.pvi~")
    assert (result.status, snapshot(tmp_path)) == (ENVIRONMENT, before)


def test_fix_in_a_closed_directory(tmp_path: Path) -> None:
    """What cannot be written whole stays as it is."""
    (tmp_path / "in.pvi~").mkdir()
    result = fix(tmp_path)
    assert (result.status, snapshot(tmp_path)) == (ENVIRONMENT, {"in.pvi": MISSPELT})
    assert "in.pvi~" in result.err


def test_fix_of_a_file_that_changed(tmp_path: Path) -> None:
    """Between reading and editing an editor may have saved: its text wins."""
    text = "struct s {\n" + "".join(f"u88 m{i};\n" for i in range(2000)) + "};\n"
    (tmp_path / "in.pvi").write_text(text)
    command = [PVGEN, "check", *BRIEF, "--fix", JSON, "in.pvi"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=tmp_path, **pipes) as process:
        # The document is longer than a pipe, so pvgen waits with it.
        begin = os.read(process.stdout.fileno(), 1)
        (tmp_path / "in.pvi").write_text("// saved\n")
        document, err = process.communicate()
    assert len(json.loads(begin + document)["diagnostics"]) == 2000
    assert (process.returncode, err) == (2, b"pvgen: 'in.pvi' has changed since it was read\n")
    assert snapshot(tmp_path) == {"in.pvi": b"// saved\n"}


def test_help_says_where_the_old_text_is() -> None:
    """Who edits by a program wants to know."""
    assert re.search(r"--fix .*FILE~", run("--help").out.decode())
