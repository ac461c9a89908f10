"""Each diagnostic appears where it must, says what it must, and nowhere else.

Files in errors/ and warnings/ state on a line what is reported for that line, `good/`
holds the near misses of errors:

    const A = 1 # 2;    // ### [bad-character] part of the message ### [syntax]

Files in errors/build/ are fine, but not all that they describe can be generated.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from tool import (
    ENVIRONMENT,
    FINE,
    HERE,
    INPUT,
    NOT_BRIEF,
    PVGEN,
    Diagnostic,
    Result,
    check,
    clean,
    codes,
    run,
    snapshot,
)

EXPECTED = re.compile(r"### \[([a-z-]+)\] *(.*?)\s*(?=###|$)")
IMPORT = re.compile(r'^import "(.+?)";')

WARNINGS = sorted((HERE / "warnings").glob("*.pvi"))
ERRORS = sorted((HERE / "errors").glob("*.pvi"))
BUILDS = sorted((HERE / "errors/build").glob("*.pvi"))
FOREIGN = sorted(path for arch in ("i386", "arm64") for path in (HERE / "errors" / arch).glob("*.pvi"))
EXAMPLES = ERRORS + BUILDS + FOREIGN + WARNINGS
GOOD = sorted((HERE / "good").glob("*.pvi"))

# What pvgen can describe, beside what it builds code for unless told otherwise.
ARCHES = ("i386", "arm64", "riscv64")

# Everything else that is wrong with an input is status 1.
ENVIRONMENT_NAMES = {"import-missing"}

MAX_EXCERPT = 200


@dataclass(frozen=True)
class Expectation:
    """What a line of a description says about itself."""

    path: str
    line: int
    name: str
    part: str

    def fits(self, d: Diagnostic) -> bool:
        """Is this the message that was expected?"""
        return (d.path, d.line, d.name) == (self.path, self.line, self.name) and self.part in d.text


def relative(path: Path) -> str:
    """The path as pvgen prints it when it runs in this directory."""
    return str(path.resolve().relative_to(HERE))


def imports(path: Path) -> list[Path]:
    """The file and all that it imports, each once."""
    found, todo = [], [path]
    while todo:
        path = todo.pop().resolve()
        if path in found or not path.is_file():
            continue
        found.append(path)
        names = (IMPORT.match(line) for line in path.read_text().splitlines())
        todo += [path.parent / m.group(1) for m in names if m]
    return found


def expectations(path: Path) -> list[Expectation]:
    """All that a description and its imports say about themselves."""
    return [
        Expectation(relative(file), number, *m.groups())
        for file in imports(path)
        for number, line in enumerate(file.read_text().splitlines(), 1)
        for m in EXPECTED.finditer(line)
    ]


def unmatched(
    expected: list[Expectation], got: list[Diagnostic]
) -> tuple[list[Expectation], list[Diagnostic]]:
    """What is missing, and what came unexpectedly."""
    missing, rest = [], list(got)
    for e in expected:
        found = next((d for d in rest if e.fits(d)), None)
        if found:
            rest.remove(found)
        else:
            missing.append(e)
    return missing, rest


def shows_its_place(d: Diagnostic, source: str) -> bool:
    """Below a message stand its line, perhaps shortened, and a caret under its column."""
    line = source.split("\n")[d.line - 1].rstrip("\r")
    shown, caret = d.excerpt
    text = shown.removeprefix(f"{d.line:5} | ")
    at = caret.index("^") - len("      | ")
    same = text.strip(". ") in line and len(text) <= MAX_EXCERPT
    return shown != text and same and (at == len(text) or text[at] == line[d.column - 1])


@pytest.mark.parametrize("path", ERRORS, ids=lambda p: p.stem)
def test_errors(path: Path) -> None:
    """Neither a missing nor an unexpected diagnostic; the status fits."""
    result = run("check", relative(path), cwd=HERE)
    got = result.diagnostics()
    missing, unexpected = unmatched(expectations(path), got)
    assert not missing and not unexpected, result.err
    assert result.out == b""
    names = set(result.names())
    assert names, "no diagnostic at all"
    assert result.status == (ENVIRONMENT if names & ENVIRONMENT_NAMES else INPUT)
    for d in got:
        assert shows_its_place(d, (HERE / d.path).read_text()), (d, result.err)


@pytest.mark.parametrize("path", BUILDS, ids=lambda p: p.stem)
def test_errors_of_a_build(path: Path, tmp_path: Path) -> None:
    """What only a build reports: a model is still to be had, and no file is written."""
    name = relative(path)
    result = run("build", "--outdir", tmp_path, name, cwd=HERE)
    missing, unexpected = unmatched(expectations(path), result.diagnostics())
    assert not missing and not unexpected, result.err
    assert (result.status, result.out, snapshot(tmp_path)) == (INPUT, b"", {})
    assert clean(run("check", name, cwd=HERE))
    assert clean(run("build", "--outdir", tmp_path, "--emit=manifest", name, cwd=HERE))


@pytest.mark.parametrize("path", FOREIGN, ids=lambda p: p.stem)
def test_errors_of_another_arch(path: Path) -> None:
    """What is reported when the description is asked about for another architecture."""
    result = run("check", "--arch", path.parent.name, relative(path), cwd=HERE)
    missing, unexpected = unmatched(expectations(path), result.diagnostics())
    assert not missing and not unexpected, result.err
    assert (result.status, result.out) == (INPUT, b"")


@pytest.mark.parametrize("arch", ARCHES)
def test_binary_interfaces_of_another_arch(arch: str) -> None:
    """Binary interfaces can be described, whether or not code is built."""
    result = run("check", "--arch", arch, "good/conventions.pvi", cwd=HERE)
    assert clean(result), result.err


@pytest.mark.parametrize("path", WARNINGS, ids=lambda p: p.stem)
def test_warnings(path: Path) -> None:
    """All that are asked for, and no more; they fail a run only by -Werror."""
    for option, status, kind in (("-Wno-error", FINE, "warning"), ("-Werror", INPUT, "error")):
        result = run("check", "-Weverything", *NOT_BRIEF, option, relative(path), cwd=HERE)
        missing, unexpected = unmatched(expectations(path), result.diagnostics())
        assert not missing and not unexpected, result.err
        assert result.status == status
        assert result.err.count(f": {kind}: ") == len(result.names())


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_good(path: Path) -> None:
    """Near misses are reported by nothing."""
    result = run("check", relative(path), cwd=HERE)
    assert clean(result), result.err


@pytest.mark.parametrize("name", codes("diag.def"))
def test_every_name_has_an_example(name: str) -> None:
    """A row of diag.def without an example is not tested, or cannot happen."""
    assert name in GENERATED or any(e.name == name for path in EXAMPLES for e in expectations(path))


def chain(length: int) -> str:
    """Structures of which each holds the next."""
    names = [f"struct s{i} {{ struct s{i + 1} x; }};" for i in range(length)]
    return "\n".join([*names, f"struct s{length} {{ u8 x; }};"])


def aliases(length: int) -> str:
    """Typedefs of which each is the next."""
    names = [f"typedef t{i + 1} t{i};" for i in range(length)]
    return "\n".join([*names, f"typedef u8 t{length};"])


def operations(count: int) -> str:
    """One group; a site record has 16 bits for the number of an op."""
    ops = "".join(f"op void f{i}(void) {{ default nop; }}\n" for i in range(count))
    return f"interface i version 1.0 {{ group g {{\n{ops}}} }}\n"


def doubling(count: int) -> str:
    """Structures with two members, each of the one before."""
    pairs = (f"struct s{i + 1} {{ struct s{i} a; struct s{i} b; }};" for i in range(count))
    return "\n".join(["struct s0 { u8 x; };", *pairs])


def arguments(count: int) -> str:
    """A call of many parameters."""
    params = ", ".join(f"u64 p{i}" for i in range(count))
    return f"abi a {{ entry x86_64 \"x\" {{ args rdi; stack; result rax; }} call 1 long c({params}); }}"


# Examples too long for a file: text that is reported, text that just is not.
GENERATED: dict[str, list[tuple[str, str]]] = {
    "too-deep": [(chain(257), chain(256)), (aliases(257), aliases(256))],
    "too-many-members": [(doubling(19), doubling(17))],
    "too-many-params": [(arguments(128), arguments(127))],
    "long-name": [(f"const {'x' * 1001} = 1;", f"const {'x' * 1000} = 1;")],
    "too-many-ops": [(operations(65_537), operations(65_536))],
}


@pytest.mark.parametrize("name", GENERATED)
def test_generated_examples(name: str, tmp_path: Path) -> None:
    """Long descriptions, beside their near misses."""
    for bad, good in GENERATED[name]:
        result = check(bad, tmp_path, PVGEN)
        assert (result.status, result.names()) == (INPUT, [name]), result.err
        assert clean(check(good, tmp_path, PVGEN))


def test_no_name_is_invented() -> None:
    """An example of a name that no longer exists is a mistake."""
    known = {*codes("diag.def"), "note"}
    assert {e.name for path in EXAMPLES for e in expectations(path)} <= known


# ---- what no text file can hold, or no editor shows ----

MISS = 'import "'
OP = 'interface i version 1.0 { group g { op void f(void) { native x86_64 "'

LEXICAL: dict[str, tuple[bytes, list[tuple[int, int, str]]]] = {
    "nul": (b"const A\0 = 1;\n", [(1, 8, "bad-character")]),
    "nul in a string": (OP.encode() + b'no\0p"; } } }\n', [(1, len(OP) + 3, "bad-character")]),
    "nul in a comment": (b"// a\0b\n/* a\0b */ const A = 1;\n", []),
    "nul in documentation": (b"/// a\0b\nconst A = 1;\n", [(1, 6, "bad-character")]),
    "byte order mark": (b"\xef\xbb\xbfconst A = 1;\n", []),
    "byte order mark inside": (b"const A = 1;\n\xef\xbb\xbf\n", [(2, 1, "bad-character")]),
    "carriage returns": (
        b"const A = 1;\r\nconst B = ?;\r\n",
        [(2, 11, "bad-character")],
    ),
    "form feed and tab": (b"\fconst\tA\v= 1;\n", [(1, 9, "bad-character")]),
    "no newline at the end": (b"const A = 1;", []),
    "empty": (b"", []),
    "blank": (b"\n \t\n", []),
    "string open at the end": (b'import "abc', [(1, 8, "open-string")]),
    "string open at a line's end": (b'import "abc\n;const A = 1;\n', [(1, 8, "open-string")]),
    "string open after a backslash": (b'import "abc\\', [(1, 8, "open-string")]),
    "comment open at the end": (b"const A = 1; /* abc", [(1, 14, "open-comment")]),
    "comment with a star at the end": (b"const A = 1; /* abc *", [(1, 14, "open-comment")]),
    "line comment at the end": (b"const A = 1; // abc", []),
    "documentation at the end": (b"const A = 1; /// abc", []),
    "slash at the end": (b"const A = 1; /", [(1, 14, "bad-character")]),
    "utf-8 in comments": ("/// caf\u00e9\nconst A = 1; // \u2014\n".encode(), []),
    "utf-8 outside": ("const A = 1; \u00e9\n".encode(), [(1, 14, "bad-character")]),
    "no utf-8": (b"const A = 1; \xff\n", [(1, 14, "bad-character")]),
    "no utf-8 in a comment": (b"// \xff\xfe\nconst A = 1;\n", []),
    "least number": (b"const A = -9223372036854775808;\n", []),
    "greatest number": (b"const A = 0xffffffffffffffff;\n", []),
}


def places(result: Result) -> list[tuple[int, int, str]]:
    """Line, column and name of all errors."""
    return [(d.line, d.column, d.name) for d in result.diagnostics() if d.name != "note"]


@pytest.mark.parametrize("case", LEXICAL)
def test_lexical(case: str, tmp_path: Path) -> None:
    """Bytes that the lexer may stumble over."""
    text, expected = LEXICAL[case]
    result = check(text, tmp_path)
    assert places(result) == expected, result.err
    assert result.status == (INPUT if expected else 0), result.err


def test_a_missing_import_is_not_hidden_by_open_text(tmp_path: Path) -> None:
    """A text that ends in the middle of a word is read to its end."""
    result = check(MISS + 'nowhere.pvi"', tmp_path)
    assert result.names() == ["syntax"], result.err
