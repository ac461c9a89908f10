"""pvgen fmt: the form of descriptions.  Nothing but white space changes, and a second run changes nothing."""

import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from place import BROKEN, LEAST
from tool import ENVIRONMENT, FINE, HERE, INPUT, PVGEN, ROOT, SANITIZED, Result, clean, run, snapshot

TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|\w+|&&|\|\||[=!<>]=|[^\s\ufeff]', re.DOTALL | re.ASCII
)


def items(text: str) -> list[str]:
    """Tokens and comments, these without the blanks around their line ends."""
    words = TOKEN.findall(text)
    return ["\n".join(line.strip(" \t\r\f") for line in word.split("\n")) for word in words]


def fmt(text: str | bytes, tool: Path = SANITIZED) -> str:
    """The formatted text."""
    data = text if isinstance(text, bytes) else text.encode()
    result = run("fmt", "-", stdin=data, tool=tool)
    assert (result.status, result.err) == (FINE, ""), result.err
    return result.out.decode()


def reformat(place: Path, texts: dict[str, str], tool: Path = SANITIZED) -> dict[str, str]:
    """Write files, format them, check tokens and that the result stays; what became of them."""
    for name, text in texts.items():
        (place / name).write_bytes(text.encode())
    result = run("fmt", "-w", place, tool=tool)
    assert clean(result), result.err
    after = {name: (place / name).read_bytes().decode() for name in texts}
    for name, text in texts.items():
        assert items(after[name]) == items(text), (name, text, after[name])
    result = run("fmt", "--check", place, tool=tool)
    assert clean(result), (result.out, after[Path(result.out.decode().split("\n")[0]).name])
    return after


# ---- the tree ----


def parses(path: Path) -> bool:
    """Has the file no error of syntax?"""
    return run("fmt", path, tool=PVGEN).status == FINE


TREE = sorted(p for d in ("idl", "tests") for p in (ROOT / d).rglob("*.pvi"))
GOOD = [p for p in TREE if parses(p)]


def test_idl_is_formatted() -> None:
    """If this fails: `make format`."""
    result = run("fmt", "--check", "idl", cwd=ROOT)
    assert clean(result), result.out.decode()


def test_most_of_the_tree_is_good() -> None:
    """The test below has something to do."""
    assert {p for p in TREE if "idl" in p.parts} <= set(GOOD)
    assert len(GOOD) > 30


def test_tree(tmp_path: Path) -> None:
    """Every description that parses."""
    reformat(tmp_path, {f"{i}-{p.name}": p.read_bytes().decode() for i, p in enumerate(GOOD)})


def meaning(place: Path, path: str) -> dict[str, bytes]:
    """What a build makes of it, without the lines that it came from."""
    assert clean(run("build", "--outdir", place / "out", path, cwd=place))
    outputs = snapshot(place / "out")
    shutil.rmtree(place / "out")
    return {name: re.sub(rb'(?m)^# \d+ "', b'# "', text) for name, text in outputs.items()}


@pytest.mark.parametrize("path", sorted((HERE / "golden").glob("*.pvi")), ids=lambda p: p.stem)
def test_meaning_stays(path: Path, tmp_path: Path) -> None:
    """Documentation, too, belongs to what it belonged to."""
    shutil.copytree(path.parent, tmp_path / "golden")
    before = meaning(tmp_path / "golden", path.name)
    squeezed = re.sub(r"[ \t]*\n[ \t]*(?!\s*//)", "\n", path.read_text())
    (tmp_path / "golden" / path.name).write_text(squeezed)
    assert clean(run("fmt", "-w", tmp_path / "golden" / path.name))
    assert (tmp_path / "golden" / path.name).read_text() != squeezed
    assert meaning(tmp_path / "golden", path.name) == before


@pytest.mark.parametrize("options", ["", "--deprivileged --on=xen"])
def test_new_backend_is_formatted(options: str, tmp_path: Path) -> None:
    """What pvgen writes for people has the form that it gives their texts."""
    shutil.copytree(ROOT / "idl", tmp_path / "idl")
    inputs = sorted(str(p) for p in (tmp_path / "idl/pv").glob("*.pvi"))
    assert run("backend", "new", "acme", *options.split(), *inputs, cwd=tmp_path).status == FINE
    assert clean(run("fmt", "--check", "idl/pv/acme.pvi", cwd=tmp_path))


# ---- any white space, comments anywhere ----

SAMPLE = """language 1;
/// Doc.
interface i version 1.0 {
    group g if A && (B || !C == 3) && D >= 4 {
        op struct x *f(void) @va { default nop; }
        op u64 f2(const u8 *p @in @at(a.b), u64 x) { native x86_64 "mov %rdi, %rax" "nop"; }
        spare 3;
    }
}
struct s { union { u8 a; u32 b[3]; } u; };
abi x {
    call -1 long f(int cmd, void *arg @inout) { subs in cmd; sub 1 told(void); }
    feature q = cpuid(base + 1).eax[7];
}
backend b for i on x {
    when !x.q || cpu(amd) { g.f = x.f(mfn(a), -5); }
    g.f2   call  y;
    g.f  call y;
    provide clock c { rating 5; read z; }
}
"""

COMMENTS = ["/* c */", " /* c */ ", " // c\n", "\n// c\n", " /// c\n", "\n/// c\n", "\n/* a\n   b */ ",
            " /* a\n\tb */\n", "\n\n\n        /* c */ // d\n\n\n"]  # fmt: skip


def test_comments_at_every_place(tmp_path: Path) -> None:
    """Between all pairs of tokens, in every way: none is lost, none moves to another place."""
    places = [m.end() for m in TOKEN.finditer(SAMPLE) if not m.group().startswith("/")]
    texts = {
        f"{i}-{j}.pvi": SAMPLE[:at] + comment + SAMPLE[at:]
        for i, at in enumerate([0, *places])
        for j, comment in enumerate(COMMENTS)
    }
    assert len(texts) > 1000
    reformat(tmp_path, texts, PVGEN)


WHITE = [" ", "  ", "   ", "        ", "\t", "\n", "\n\n\n", " \n  ", "\t\n\t ", "\r\n", "\f\n", "\n \r\n\n    ",
         "/* c */", " /* c */ ", " // c\n", "\n// x\n", " /// d\n", "\n\n/* z */\n", " /* a\n   b */\n"]  # fmt: skip


def shaken(text: str, dice: random.Random) -> str:
    """The text with other white space, and with comments, between its tokens."""
    rate = dice.choice([0.02, 0.1, 0.5, 1])
    words = list(TOKEN.finditer(text))
    out = words[0].group()
    for before, word in zip(words, words[1:]):
        between = text[before.end() : word.start()]
        if dice.random() < rate:
            between = dice.choice(WHITE)
        if before.group().startswith("//") and not between.startswith(("\n", "\r\n")):
            between = "\n" + between
        out += between + word.group()
    return out + dice.choice(["", "\n", "\n\n", "   "])


@pytest.mark.parametrize("seed", range(4))
def test_random_white_space(seed: int, tmp_path: Path) -> None:
    """A hundred texts each, made of the tree's."""
    dice = random.Random(seed)
    sources = [SAMPLE, *(p.read_text() for p in GOOD)]
    texts = {f"{i}.pvi": shaken(dice.choice(sources), dice) for i in range(100)}
    reformat(tmp_path, texts, SANITIZED if seed == 0 else PVGEN)


# ---- the form ----

FORMS = sorted((HERE / "fmt").glob("*.in"))


@pytest.mark.parametrize("path", FORMS, ids=lambda p: p.stem)
def test_form(path: Path) -> None:
    """Each rule of compiler/fmt.h: fmt/NAME.in becomes fmt/NAME.pvi, which stays as it is."""
    expected = path.with_suffix(".pvi").read_text()
    assert fmt(path.read_text()) == expected
    assert fmt(expected) == expected


# What files beside this one cannot hold, or no editor shows.
BYTES: dict[str, tuple[str, str]] = {
    "tabs": (
        "struct s {\n\tu8\ta;\n\tu16\tb;\t// c\n};\n",
        "struct s {\n    u8      a;\n    u16     b;      // c\n};\n",
    ),
    "characters are columns": (
        'import "\u00e9\u00e9";   // a\nimport "e";    // b\n',
        'import "\u00e9\u00e9";   // a\nimport "e";    // b\n',
    ),
    "carriage returns": (
        "const A=1; // a \r\n\r\n/* b \r\n c */\r\n",
        "const A = 1; // a\r\n\r\n/* b\r\n c */\r\n",
    ),
    "line ends of both kinds": ("const A = 1;\nconst B = 2;\r\n", "const A = 1;\nconst B = 2;\n"),
    "byte order mark": ("\ufeff\n const A = 1;", "\ufeffconst A = 1;\n"),
    "form feeds": ("const A = 1;\n\f\nconst B\f= 2;\f\n", "const A = 1;\n\nconst B = 2;\n"),
    "nul in a comment": ("// a\0b\n/*\0*/\n", "// a\0b\n/*\0*/\n"),
    "empty": ("", ""),
    "blank": ("\n \t\n", ""),
    "comment alone": (" // a", "// a\n"),
    "empty lines around": ("\n\n\nconst A = 1;\n\n\n\n// d\n\n\n", "const A = 1;\n\n// d\n"),
}


@pytest.mark.parametrize("case", BYTES)
def test_bytes(case: str) -> None:
    """White space of all kinds."""
    text, expected = BYTES[case]
    assert fmt(text) == expected
    assert fmt(expected) == expected


@pytest.mark.parametrize("width", [100, 101])
def test_long_bodies_get_lines(width: int) -> None:
    """A body stays on its line up to 100 columns; a comment behind it does not count."""
    name = "a" * (width - len("struct s { u8 ; u8 b; };"))
    text = f"struct s {{ u8 {name}; u8 b; }}; // comment\n"
    broken = f"struct s {{\n    u8 {name};\n    u8 b;\n}}; // comment\n"
    assert fmt(text) == (text if width == 100 else broken)


def test_long_lines_stay() -> None:
    """Only people know where to break them."""
    text = f"typedef void f({', '.join(f'u8 a{i}' for i in range(1000))});\n"
    assert fmt(text) == text


# ---- size ----

LARGE: dict[str, str] = {
    "100000 lines": "".join(
        f"const A{i}{' ' * (i % 7)} = {i};   // {i}\nstruct s{i} {{ u8 a; }};\n" for i in range(50_000)
    ),
    "one line": "".join(f"const A{i}= {i}; /* {i} */ struct s{i} {{ u8 a; }}; " for i in range(20_000)),
    "one statement": "backend b for i { g.f inline x86_64" + ' "nop"' * 200_000 + "; }\n",
    "one body": f"backend b for i {{ {'g.f nop;' * 100_000} }}\n",
    "wide tables": "backend b for i {\n" + ("g.f  inline  x86_64" + '  "nop"' * 200 + ";\n") * 1000 + "}\n",
    "many blanks": f"/* {' ' * 5_000_000} x\n   */ const A = {' ' * 5_000_000} 1;\n",
    "many empty lines": "const A = 1;" + "\n" * 5_000_000 + "const B = 2;",
    "deep": f"struct s {{ {'struct {' * 1000} u8 x; {'} n;' * 1000} }};\n",
}


@pytest.mark.parametrize("case", LARGE)
def test_size(case: str) -> None:
    """Time grows with the text."""
    begin = time.monotonic()
    once = fmt(LARGE[case], PVGEN)
    assert time.monotonic() - begin < 15
    assert items(once) == items(LARGE[case])
    assert fmt(once, PVGEN) == once


# ---- the command ----

UGLY = LEAST.replace("{", "{  ", 1).replace("    ", " ")
PRETTY = fmt(UGLY)


@pytest.fixture(name="files")
def some_files(tmp_path: Path) -> Path:
    """A directory with a file of each kind."""
    for name, text in (("ugly.pvi", UGLY), ("pretty.pvi", PRETTY), ("broken.pvi", "const = 1;\n"), ("not", UGLY)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_print(files: Path) -> None:
    """One text after the other; files stay."""
    before = snapshot(files)
    result = run("fmt", "ugly.pvi", "pretty.pvi", "ugly.pvi", cwd=files)
    assert (result.status, result.out.decode(), result.err) == (FINE, PRETTY * 2, "")
    assert snapshot(files) == before


def test_check(files: Path) -> None:
    """Names what would change."""
    before = snapshot(files)
    result = run("fmt", "--check", "ugly.pvi", "pretty.pvi", cwd=files)
    assert (result.status, result.out, result.err) == (INPUT, b"ugly.pvi\n", "")
    assert clean(run("fmt", "--check", "pretty.pvi", cwd=files))
    result = run("fmt", "--check", "-", stdin=UGLY.encode())
    assert (result.status, result.out) == (INPUT, b"-\n")
    assert snapshot(files) == before


def test_write(files: Path) -> None:
    """What is formatted already is not touched, and a mode stays."""
    (files / "ugly.pvi").chmod(0o640)
    before = (files / "pretty.pvi").stat()
    assert clean(run("fmt", "-w", "ugly.pvi", "pretty.pvi", cwd=files))
    assert (files / "ugly.pvi").read_text() == PRETTY
    assert (files / "ugly.pvi").stat().st_mode & 0o777 == 0o640
    after = (files / "pretty.pvi").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert set(os.listdir(files)) == {"ugly.pvi", "pretty.pvi", "broken.pvi", "not"}


def test_broken_files_stay(files: Path) -> None:
    """Reported; the others are formatted nevertheless."""
    for arguments, out in ((["--check"], b"ugly.pvi\n"), ([], PRETTY.encode()), (["-w"], b"")):
        result = run("fmt", *arguments, "broken.pvi", "ugly.pvi", cwd=files)
        assert (result.status, result.out, result.names()) == (INPUT, out, ["syntax"])
    assert (files / "broken.pvi").read_text() == "const = 1;\n"
    assert (files / "ugly.pvi").read_text() == PRETTY


def test_only_syntax_counts(files: Path) -> None:
    """Imports are not looked for, names need not exist, and files do not know of each other."""
    for name in ("a.pvi", "b.pvi"):
        (files / name).write_text(f'import "nowhere.pvi";\n{BROKEN}')
    result = run("fmt", "a.pvi", "b.pvi", cwd=files)
    assert (result.status, result.err) == (FINE, "")


def test_directories(files: Path) -> None:
    """All descriptions below, in order; neither hidden ones nor through links to directories."""
    for name in ("sub/deep/z.pvi", "sub/a.pvi", ".hidden/a.pvi", "sub/.a.pvi", "sub/a.pvi.txt"):
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_text(UGLY)
    (files / "sub/loop").symlink_to("..")
    (files / "broken.pvi").unlink()
    result = run("fmt", "--check", files / "sub", "ugly.pvi", ".", cwd=files)
    assert result.out.decode().split() == [f"{files}/sub/a.pvi", f"{files}/sub/deep/z.pvi", "ugly.pvi"]


def test_links_are_followed(files: Path) -> None:
    """A file that is a link stays one."""
    (files / "link.pvi").symlink_to("ugly.pvi")
    assert clean(run("fmt", "-w", "link.pvi", cwd=files))
    assert (files / "link.pvi").is_symlink() and (files / "ugly.pvi").read_text() == PRETTY


def test_protected_files_stay(tmp_path: Path) -> None:
    """What its owner may not write is not replaced, even where the directory would allow it."""
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if os.geteuid() == 0 else ()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o777)
        shutil.copy(PVGEN, place / "pvgen")
        (place / "ugly.pvi").write_text(UGLY)
        (place / "ugly.pvi").chmod(0o444)
        result = run("fmt", "-w", "ugly.pvi", cwd=place, tool=place / "pvgen", prefix=nobody)
        assert (result.status, result.err) == (ENVIRONMENT, "pvgen: cannot write 'ugly.pvi': Permission denied\n")
        assert (place / "ugly.pvi").read_text() == UGLY


FAULTS: dict[str, tuple[list[str], str]] = {
    "no file": ([], "no input file after 'fmt'"),
    "both": (["-w", "--check", "ugly.pvi"], "-w does not go with '--check'"),
    "standard input in place": (["-w", "-"], "-w cannot replace standard input '-'"),
    "missing": (["none.pvi"], "cannot read 'none.pvi': No such file or directory"),
    "device": (["-w", "/dev/null"], "cannot read '/dev/null': neither a regular file nor a pipe"),
    "json on the same stream": (["--diagnostics-format=json", "ugly.pvi"], "both go to standard output"),
    "option of others": (["-I", ".", "ugly.pvi"], "unknown option '-I'"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_fault(case: str, files: Path) -> None:
    """Status 2 and one reason."""
    arguments, part = FAULTS[case]
    before = snapshot(files)
    result = run("fmt", *arguments, cwd=files)
    assert (result.status, result.out) == (ENVIRONMENT, b"") and part in result.err, result.err
    assert snapshot(files) == before


def test_json(files: Path) -> None:
    """With --check the document has standard output for itself."""
    result = run("fmt", "--check", "--diagnostics-format=json", "ugly.pvi", cwd=files)
    assert result.status == INPUT and result.out.startswith(b"{") and result.err == "ugly.pvi\n"


def test_full_disk(files: Path) -> None:
    """The old text stays, and standard output that is full is said to be."""
    command = ("sh", "-c", 'exec "$@" >/dev/full', "sh")
    result = run("fmt", "ugly.pvi", cwd=files, prefix=command)
    assert result.status == ENVIRONMENT and "No space left on device" in result.err
    trace = ("strace", "-f", "-o", "/dev/null", "-e", "inject=write:error=ENOSPC:when=1")
    result = run("fmt", "-w", "ugly.pvi", cwd=files, prefix=trace, tool=PVGEN)
    assert result.status == ENVIRONMENT and "No space left on device" in result.err
    assert (files / "ugly.pvi").read_text() == UGLY
    assert not list(files.glob("*.tmp"))
