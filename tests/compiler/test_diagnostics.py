"""Diagnostics: codes that stay, and the forms in which they are shown."""

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
from tool import (
    ENVIRONMENT,
    FINE,
    INPUT,
    NOT_BRIEF,
    PVGEN,
    ROOT,
    Result,
    clean,
    codes,
    run,
)

TABLES = ("diag.def", "finding.def", "sync.def", "usage.def", "waiver.def")


@pytest.mark.parametrize("table", TABLES)
def test_codes_ascend(table: str) -> None:
    """New rows are appended, so that no code changes its meaning."""
    numbers = list(codes(table).values())
    assert numbers == sorted(set(numbers))
    assert len(numbers) == (ROOT / "compiler" / table).read_text().count("\nDIAG(")


def test_names_and_codes_are_unique() -> None:
    """Either is enough to say which one is meant."""
    rows = [row for table in TABLES for row in codes(table).items()]
    assert len(rows) == len({name for name, _ in rows}) == len({code for _, code in rows})


# ---- excerpts ----

# What stands before an error at `!`, how it is shown, and what stands above the caret.
EXCERPTS: dict[str, tuple[bytes, str, str]] = {
    "plain": (b"const A = ", "const A = !;", " " * 10),
    "tab": (b"const\tA =\t", "const\tA =\t!;", "     \t   \t"),
    "wide": ("/* \u4e2d\u6587 */ const A = ".encode(), "/* \u4e2d\u6587 */ const A = !;", " " * 21),
    "combining": ("/* e\u0301 */ const A = ".encode(), "/* e\u0301 */ const A = !;", " " * 18),
    "emoji": ("/* \U0001f600 */ const A = ".encode(), "/* \U0001f600 */ const A = !;", " " * 19),
    "no utf-8": (b"/* \xff\xc3( */ const A = ", "/* <ff><c3>( */ const A = !;", " " * 26),
    "cut utf-8": (b"/* \xe4\xb8 */ const A = ", "/* <e4><b8> */ const A = !;", " " * 25),
    "overlong": (b"/* \xc0\x80 */ const A = ", "/* <c0><80> */ const A = !;", " " * 25),
    "surrogate": (b"/* \xed\xa0\x80 */ const A = ", "/* <ed><a0><80> */ const A = !;", " " * 29),
    "escape": (b"/* \x1b[2J\x07 */ const A = ", "/* <1b>[2J<07> */ const A = !;", " " * 28),
    "csi": ("/* \u009b */ const A = ".encode(), "/* <U+009B> */ const A = !;", " " * 25),
    "right to left": ("/* \u202e */ const A = ".encode(), "/* <U+202E> */ const A = !;", " " * 25),
    "nul": (b"/* \0 */ const A = ", "/* <00> */ const A = !;", " " * 21),
}


def excerpt(text: bytes, place: Path, *options: str) -> tuple[str, str]:
    """Line and caret below the first message about a text, without their margins."""
    (place / "in.pvi").write_bytes(text)
    result = run("check", *options, "in.pvi", cwd=place)
    assert result.status == INPUT
    line, caret = result.diagnostics()[0].excerpt
    assert line.startswith("    1 | ") and caret.startswith("      | ")
    return line[8:], caret[8:]


@pytest.mark.parametrize("case", EXCERPTS)
def test_excerpt(case: str, tmp_path: Path) -> None:
    """The caret stands below its character on a terminal; nothing unsafe gets there."""
    before, line, margin = EXCERPTS[case]
    assert excerpt(before + b"!;\n", tmp_path) == (line, f"{margin}^")


# A line, and what is marked below it.
SPANS: dict[str, tuple[str, str]] = {
    "word": ("struct s { wrong_t x; };", "           ^~~~~~~"),
    "wide": ("const A = \u4e2d;", "          ^~"),
    "at the end": ("const A", "       ^"),
    "carriage return": ("const A\r", "       ^"),
}


@pytest.mark.parametrize("case", SPANS)
def test_span(case: str, tmp_path: Path) -> None:
    """What is at fault is marked, no more."""
    text, marks = SPANS[case]
    assert excerpt(text.encode(), tmp_path)[1] == marks


LONG = "\u00e9" * 1000


@pytest.mark.parametrize("before", (0, 1, 39, 40, 41, 42, 200))
@pytest.mark.parametrize("after", (0, 30, 80, 81, 200))
def test_long_line(before: int, after: int, tmp_path: Path) -> None:
    """A long line is cut between characters, with the place in it."""
    text = f"/*{LONG[:before]}*/ const A = !; /*{LONG[:after]}*/"
    line, caret = excerpt(text.encode(), tmp_path)
    assert line[caret.index("^")] == "!"
    assert len(line) < 180 and "<" not in line
    assert line.removeprefix("... ").removesuffix(" ...") in text
    assert (line == text) == (len(text.encode()) <= 160)


def test_a_name_cannot_break_a_message(tmp_path: Path) -> None:
    """Names of files and of what is in them."""
    name = "a\n\x1b[31m.pvi"
    (tmp_path / name).write_text("import \"b\\nc\";\n")
    result = run("check", name, cwd=tmp_path)
    assert result.err.startswith("a<0a><1b>[31m.pvi:1:8: error: cannot read 'b<0a>c': ")
    assert result.err.count("\n") == 3


# ---- order and number ----


def test_many_errors(tmp_path: Path) -> None:
    """As many as are asked for, each severity for itself; the others are counted."""
    (tmp_path / "in.pvi").write_text("#\n" * 30)
    counts = {"--max-errors=0": 30, "--max-errors=1": 1, "--max-errors=30": 30, "--color=auto": 20}
    for option, count in counts.items():
        result = run("check", option, "in.pvi", cwd=tmp_path)
        assert len(result.names()) == count
        assert (f"pvgen: {30 - count} more not shown\n" in result.err) == (count < 30)
    document = json.loads(run("check", "--diagnostics-format=json", "in.pvi", cwd=tmp_path).out)
    assert (len(document["diagnostics"]), document["hidden"]) == (30, 0)


def test_files_in_their_order(tmp_path: Path) -> None:
    """Messages are sorted by file, then by place."""
    (tmp_path / "a.pvi").write_text('import "b.pvi";\nstruct s { no1 x; };\n')
    inner = "interface i version 1.0 { struct p { no2 x; }; }\nstruct t { no3 x; };\n"
    (tmp_path / "b.pvi").write_text(inner)
    found = run("check", "a.pvi", cwd=tmp_path).diagnostics()
    assert [re.findall(r"no\d", d.text) for d in found] == [["no1"], ["no2"], ["no3"]]


# ---- forms ----

BAD = b"struct s {\n\tu8 a;\n\tu16 a;\n\tmissing_t b;\n};\n"


def show(*options: str, **how: object) -> Result:
    """`pvgen check` of an input with two errors and a note."""
    result = run("check", *options, "-", stdin=BAD, **how)
    assert result.status == INPUT
    return result


def test_text() -> None:
    """The whole of it once, so that a change of the form is one that is seen."""
    assert show().err == (
        "<stdin>:3:6: error: member 'a' is defined twice [duplicate]\n"
        "    3 | \tu16 a;\n"
        "      | \t    ^\n"
        "<stdin>:2:5: note: the first definition is here\n"
        "    2 | \tu8 a;\n"
        "      | \t   ^\n"
        "<stdin>:4:2: error: unknown type 'missing_t' [unknown-type]\n"
        "    4 | \tmissing_t b;\n"
        "      | \t^~~~~~~~~\n"
    )


def test_short() -> None:
    """One line each."""
    assert show("--diagnostics-format=short").err == (
        "<stdin>:3:6: error: member 'a' is defined twice [duplicate]\n"
        "<stdin>:4:2: error: unknown type 'missing_t' [unknown-type]\n"
    )


def test_json() -> None:
    """One document on standard output, and nothing else anywhere."""
    result = show("--diagnostics-format=json", "--color=always")
    place = {"path": "<stdin>", "start_line": 3, "start_char": 5, "end_line": 3, "end_char": 6}
    above = {"path": "<stdin>", "start_line": 2, "start_char": 4, "end_line": 2, "end_char": 5}
    assert result.err == ""
    document = json.loads(result.out)
    first, second = document.pop("diagnostics")
    assert document == {"version": 1, "hidden": 0}
    assert first.pop("notes") == [{"message": "the first definition is here", **above}]
    assert first == {
        "severity": "error",
        "category": "duplicate",
        "code": codes("diag.def")["duplicate"],
        "message": "member 'a' is defined twice",
        "fixes": [],
        **place,
    }
    assert second["category"] == "unknown-type"


def test_json_of_a_good_input() -> None:
    """A document too."""
    result = run("check", "--diagnostics-format=json", "-", stdin=b"language 1;")
    assert (result.status, result.err) == (FINE, "")
    assert json.loads(result.out) == {"version": 1, "diagnostics": [], "hidden": 0}


def test_json_is_utf_8(tmp_path: Path) -> None:
    """Whatever bytes the names of files have, and quotes and controls in texts."""
    name = b'\xff"\\\x01.pvi'
    (tmp_path / os.fsdecode(name)).write_text('import "a\\"b\\\\c\\td";')
    command = [PVGEN, "check", "--diagnostics-format=json", name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    (d,) = json.loads(done.stdout.decode())["diagnostics"]
    assert d["path"] == '\ufffd"\\\x01.pvi'
    assert d["message"].startswith("cannot read 'a\"b\\c<09>d': ")


@pytest.mark.parametrize("form", ("text", "short", "json"))
def test_diagnostics_file(form: str, tmp_path: Path) -> None:
    """The same bytes in a file, which is complete or not there, and no output."""
    option = f"--diagnostics-format={form}"
    there = show(option)
    result = show(option, "--diagnostics-file=d", cwd=tmp_path)
    assert (result.out, result.err) == (b"", "")
    assert (tmp_path / "d").read_bytes() == there.out + there.err.encode()


def test_unwritable_diagnostics() -> None:
    """A full disk is status 2."""
    result = run("check", "--diagnostics-file=/dev/full", "-", stdin=BAD)
    assert result.status == ENVIRONMENT and "/dev/full" in result.err
    full = ("sh", "-c", 'exec "$@" >/dev/full', "sh")
    result = run("check", "--diagnostics-format=json", "-", stdin=BAD, prefix=full)
    assert result.status == ENVIRONMENT


def test_one_stream_is_not_for_two(tmp_path: Path) -> None:
    """An output and a document of diagnostics on standard output: neither could be read."""
    command = ("build", "--emit=manifest:-", "--diagnostics-format=json", "-")
    result = run(*command, stdin=b"language 1;", cwd=tmp_path)
    assert (result.status, result.out) == (ENVIRONMENT, b"") and "standard output" in result.err
    assert clean(run(*command, "--diagnostics-file=d", stdin=b"language 1;", cwd=tmp_path))


def test_name_of_standard_input(tmp_path: Path) -> None:
    """An editor's text has the name of its file, and that file's imports."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/x.pvi").write_text("const X = 1;")
    name = "--stdin-name=sub/main.pvi"
    assert show(name).diagnostics()[0].path == "sub/main.pvi"
    text = b'import "x.pvi"; struct s { u8 a[X]; };'
    assert clean(run("check", name, "-", stdin=text, cwd=tmp_path))


# ---- colours ----

ESCAPE = "\033["


def is_colored(result: Result) -> bool:
    """Are there escape sequences?"""
    return ESCAPE in result.err


COLORS: dict[str, tuple[list[str], dict[str, str], bool]] = {
    "no terminal": ([], {}, False),
    "always": (["--color=always"], {}, True),
    "never": (["--color=never"], {"CLICOLOR_FORCE": "1"}, False),
    "forced": ([], {"CLICOLOR_FORCE": "1"}, True),
    "not forced": ([], {"CLICOLOR_FORCE": "0"}, False),
    "forced and forbidden": ([], {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
    "asked for and forbidden": (["--color=always"], {"NO_COLOR": "1"}, True),
    "asked for automatic": (["--color=auto"], {"CLICOLOR_FORCE": "1"}, True),
    "empty variables": ([], {"CLICOLOR_FORCE": "", "NO_COLOR": ""}, False),
}
UNSET = {"CLICOLOR_FORCE": "", "NO_COLOR": "", "TERM": "xterm"}


@pytest.mark.parametrize("case", COLORS)
def test_color(case: str) -> None:
    """An option beats the environment; without either, only a terminal gets colours."""
    options, env, colored = COLORS[case]
    for form in ("text", "short"):
        result = show(*options, f"--diagnostics-format={form}", env={**UNSET, **env})
        assert is_colored(result) == colored


def test_colors_are_decoration() -> None:
    """Without the escape sequences it is the same text."""
    colored = show("--color=always")
    assert re.sub(r"\033\[[\d;]*m", "", colored.err) == show().err


def on_terminal(env: dict[str, str]) -> str:
    """What a terminal is sent."""
    ours, theirs = pty.openpty()
    command = [PVGEN, "check", "-"]
    subprocess.run(command, input=BAD, stderr=theirs, env={**UNSET, **env}, check=False)
    os.close(theirs)
    text = os.read(ours, 65536).decode()
    os.close(ours)
    return text


def test_terminal() -> None:
    """Colours where somebody looks, unless the environment forbids them or has none."""
    assert ESCAPE in on_terminal({})
    assert ESCAPE not in on_terminal({"NO_COLOR": "1"})
    assert ESCAPE not in on_terminal({"TERM": "dumb"})


# ---- severities ----

# A warning that is shown unless it is switched off, and one that has to be asked for.
DOUBTFUL = b"interface i version 1.0 { group g { op void f(void) { default nop; } } }\n"
USUAL, UNUSUAL = "missing-language", "undocumented-op"

WARNINGS: dict[str, tuple[list[str], dict[str, str]]] = {
    "as usual": ([], {USUAL: "warning"}),
    "off": ([f"-Wno-{USUAL}"], {}),
    "apart": (["-W", f"no-{USUAL}"], {}),
    "by code": ([f"-Wno-{codes('diag.def')[USUAL]}"], {}),
    "off and on": ([f"-Wno-{USUAL}", f"-W{USUAL}"], {USUAL: "warning"}),
    "on": ([f"-W{UNUSUAL}"], {USUAL: "warning", UNUSUAL: "warning"}),
    "everything": (["-Weverything"], {USUAL: "warning", UNUSUAL: "warning"}),
    "everything but one": (["-Weverything", f"-Wno-{USUAL}"], {UNUSUAL: "warning"}),
    "but one of everything": ([f"-Wno-{USUAL}", "-Weverything"], {UNUSUAL: "warning"}),
    "all are errors": (["-Werror"], {USUAL: "error"}),
    "none is an error": (["-Werror", "-Wno-error"], {USUAL: "warning"}),
    "one is an error": (["-Weverything", f"-Werror={USUAL}"], {USUAL: "error", UNUSUAL: "warning"}),
    "an unusual error": ([f"-Werror={UNUSUAL}"], {USUAL: "warning", UNUSUAL: "error"}),
    "all errors but one": (
        ["-Weverything", f"-Wno-error={USUAL}", "-Werror"],
        {USUAL: "warning", UNUSUAL: "error"},
    ),
    "an error, then off": ([f"-Werror={USUAL}", f"-Wno-{USUAL}"], {}),
}


@pytest.mark.parametrize("case", WARNINGS)
def test_severity(case: str) -> None:
    """What is shown, as what, and whether it fails the run."""
    options, expected = WARNINGS[case]
    short = "--diagnostics-format=short"
    result = run("check", *NOT_BRIEF[:1], short, *options, "-", stdin=DOUBTFUL)
    found = re.findall(r": (error|warning): .*\[(.*)\]\n", result.err)
    assert {name: severity for severity, name in found} == expected
    assert result.status == (INPUT if "error" in expected.values() else FINE)


def test_warnings_do_not_hinder(tmp_path: Path) -> None:
    """A build with warnings is a build; with -Werror nothing is written."""
    options = ("--emit=manifest", "-W", "everything", "-")
    result = run("build", "-Werror", *options, stdin=DOUBTFUL, cwd=tmp_path)
    assert (result.status, list(tmp_path.iterdir())) == (INPUT, [])
    result = run("build", *options, stdin=DOUBTFUL, cwd=tmp_path)
    assert (result.status, result.names()) == (FINE, [UNUSUAL])
    assert (tmp_path / "i.json").exists()


def test_errors_come_before_warnings(tmp_path: Path) -> None:
    """What is unused is of no interest in a description that is wrong."""
    (tmp_path / "b.pvi").write_text("const B = 1;")
    text = b'import "b.pvi"; struct s { missing_t x; };'
    result = run("check", "-Weverything", "-", stdin=text, cwd=tmp_path)
    assert result.names() == ["unknown-type"]


@pytest.mark.parametrize("folder", ["abi", "linux", "pv"])
def test_our_own_descriptions(folder: str) -> None:
    """Nothing is to be said about what is in idl/; its folders are apart."""
    files = sorted((ROOT / "idl" / folder).rglob("*.pvi"))
    assert files and clean(run("check", *NOT_BRIEF, *files))


def test_names_of_warnings() -> None:
    """-Wno-NAME and -Werror=NAME are not taken for names."""
    rows = re.findall(r'"([a-z-]+)",\s*(?:WARNING|SILENT)', (ROOT / "compiler/diag.def").read_text())
    assert rows and not [name for name in rows if re.match("no-|error|everything", name)]


# ---- options ----

USAGE = {
    "-Wunusd-import": "unknown warning 'unusd-import'; did you mean 'unused-import'?",
    "-Wno-unusd-import": "unknown warning 'unusd-import'; did you mean 'unused-import'?",
    "-Werror=": "unknown warning ''",
    "-Wno-syntax": "'syntax' is an error, whatever -W says",
    "-Wno-error=PV1001": "'PV1001' is an error, whatever -W says",
    "--diagnostics-format=xml": "unknown form of diagnostics 'xml'",
    "--color=sometimes": "--color takes auto, always or never, not 'sometimes'",
    "--max-errors=": "--max-errors takes a number, not ''",
    "--max-errors=-1": "--max-errors takes a number, not '-1'",
    "--max-errors=3x": "--max-errors takes a number, not '3x'",
    "--max-errors=99999999999999999999": "--max-errors takes a number",
}


@pytest.mark.parametrize("option", USAGE)
def test_usage(option: str) -> None:
    """A wrong word is named, and nothing is done."""
    result = run("check", option, "-", stdin=BAD)
    assert (result.status, result.out) == (ENVIRONMENT, b"")
    assert result.err.startswith(f"pvgen: {USAGE[option]}")
