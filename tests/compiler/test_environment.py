"""Bad input and a bad environment do no harm: right status, located message, old files intact."""

import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from place import BROKEN, CHANGED, LEAST, OUTPUTS, restore
from tool import ENVIRONMENT, FINE, HERE, INPUT, PVGEN, SANITIZED, Result, clean, run, snapshot

def build(place: Path, *arguments: str, **how: object) -> Result:
    """A build into out/ of the place."""
    return run("build", "--outdir", "out", *(arguments or ("in.pvi",)), cwd=place, **how)


def says_only(result: Result, pattern: str) -> bool:
    """One line of a message that belongs to no line of a description."""
    return bool(re.fullmatch(pattern + "\n", result.err)) and not result.out


# ---- inputs that cannot be read ----


def test_missing_file(place: Path) -> None:
    """Named with the system's reason."""
    result = run("check", "nowhere.pvi", cwd=place)
    assert result.status == ENVIRONMENT
    assert says_only(result, "pvgen: cannot read 'nowhere.pvi': No such file or directory")


def test_all_missing_files_are_named(place: Path) -> None:
    """The first one does not hide the second, nor an error in a good one."""
    (place / "bad.pvi").write_text("const = 1;\n")
    result = run("check", "one.pvi", "bad.pvi", "two.pvi", cwd=place)
    assert result.status == ENVIRONMENT
    assert "'one.pvi'" in result.err and "'two.pvi'" in result.err
    assert result.names() == ["syntax"]


def test_directory_as_input(place: Path) -> None:
    """A directory is no description."""
    result = run("check", "out", cwd=place)
    assert result.status == ENVIRONMENT
    assert says_only(result, "pvgen: cannot read 'out': Is a directory")


def test_unreadable_file() -> None:
    """What the user may not read, as a user who is not root."""
    is_root = os.geteuid() == 0
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if is_root else ()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        (place / "in.pvi").touch(0)
        shutil.copy(PVGEN, place / "pvgen")
        result = run("check", "in.pvi", cwd=place, tool=place / "pvgen", prefix=nobody)
    assert result.status == ENVIRONMENT
    assert says_only(result, "pvgen: cannot read 'in.pvi': Permission denied")


def test_missing_import_beats_errors_of_input(place: Path) -> None:
    """Status 2 when something could not be read, whatever else is wrong; all is reported."""
    (place / "in.pvi").write_text('import "nowhere.pvi";\nconst = 1;\n')
    result = run("check", "in.pvi", cwd=place)
    assert result.status == ENVIRONMENT
    assert result.names() == ["import-missing", "syntax"]


IMPORTS: dict[str, dict[str, str]] = {
    "itself": {"a.pvi": 'import "a.pvi";'},
    "through another": {"a.pvi": 'import "b.pvi";', "b.pvi": 'import "a.pvi";'},
    "through a link": {"a.pvi": 'import "link.pvi";', "link.pvi": "-> a.pvi"},
    "through a directory's link": {"a.pvi": 'import "d/a.pvi";', "d": "-> ."},
    "by another name": {"a.pvi": 'import "././a.pvi";'},
}


@pytest.mark.parametrize("case", IMPORTS)
def test_cycle(case: str, tmp_path: Path) -> None:
    """A file is known by what it is, not by its name."""
    for name, text in IMPORTS[case].items():
        if text.startswith("-> "):
            (tmp_path / name).symlink_to(text[3:])
        else:
            (tmp_path / name).write_text(text)
    result = run("check", "a.pvi", cwd=tmp_path)
    assert (result.status, result.names()) == (INPUT, ["import-cycle"]), result.err


NO_FILES: dict[str, str] = {
    "directory": "Is a directory",
    "/dev/full": "not a regular file",
    "/dev/zero": "not a regular file",
    "/dev/null": "not a regular file",
    "pipe": "not a regular file",
    "socket": "not a regular file",
    "link": "Too many levels of symbolic links",
    "endless": "longer than 256 MiB",
    "none/x": "No such file or directory",
    "in.pvi/x": "Not a directory",
}


@pytest.mark.parametrize("name", NO_FILES)
def test_import_of_no_file(name: str, tmp_path: Path) -> None:
    """What is no file, or has no end, is reported at the import and read not at all."""
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("link")
    with (tmp_path / "endless").open("wb") as endless:
        endless.truncate(1 << 40)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        (tmp_path / "in.pvi").write_text(f'import "{name}";\n')
        result = run("check", "in.pvi", cwd=tmp_path, tool=PVGEN, seconds=10)
    (error,) = result.diagnostics()
    assert (result.status, error.name, error.line) == (ENVIRONMENT, "import-missing", 1)
    assert NO_FILES[name] in error.text


def test_pipe_as_input(tmp_path: Path) -> None:
    """A named pipe, and what a shell makes of <(...)."""
    os.mkfifo(tmp_path / "pipe")
    script = '(cat "$0" >pipe &) ; "$@" check pipe && cat "$0" | "$@" check /dev/stdin'
    assert clean(run(cwd=tmp_path, prefix=("sh", "-c", script, HERE / "golden/least.pvi")))


def test_input_without_end(tmp_path: Path) -> None:
    """A device is refused, a pipe is read up to a limit."""
    result = run("check", "/dev/zero", cwd=tmp_path)
    assert says_only(result, "pvgen: cannot read '/dev/zero': neither a regular file nor a pipe")
    prefix = ("sh", "-c", 'yes "// line" | "$@"', "sh")
    result = run("check", "-", cwd=tmp_path, tool=PVGEN, prefix=prefix)
    assert result.status == ENVIRONMENT
    assert says_only(result, "pvgen: cannot read '-': longer than 256 MiB")


WHERE = {
    "beside": "main.pvi",
    "dot": "./main.pvi",
    "from above": "../sub/main.pvi",
    "absolute": "{}/sub/main.pvi",
    "many slashes": ".//main.pvi",
}


@pytest.mark.parametrize("case", WHERE)
def test_imports_are_beside_the_importing_file(case: str, tmp_path: Path) -> None:
    """Wherever pvgen runs, `../x.pvi` is above the file that says so."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "x.pvi").write_text("const X = 1;")
    (tmp_path / "sub/main.pvi").write_text('import "../x.pvi";\nstruct s { u8 a[X]; };\n')
    result = run("check", WHERE[case].format(tmp_path), cwd=tmp_path / "sub")
    assert clean(result), result.err


def test_import_above_a_linked_directory(tmp_path: Path) -> None:
    """Above a link is where the link leads, as the system sees it."""
    (tmp_path / "real/sub").mkdir(parents=True)
    (tmp_path / "real/x.pvi").write_text("const X = 1;")
    (tmp_path / "real/sub/main.pvi").write_text('import "../x.pvi";\nstruct s { u8 a[X]; };\n')
    (tmp_path / "link").symlink_to("real/sub")
    assert clean(run("check", "link/main.pvi", cwd=tmp_path))


def test_include_directories(tmp_path: Path) -> None:
    """-I in the order given, after the importing file's own directory."""
    for name, value in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.pvi").write_text(f"const X{value} = 1;")
    (tmp_path / "main.pvi").write_text('import "x.pvi";\nstruct s { u8 a[X1]; };\n')
    assert run("check", "main.pvi", cwd=tmp_path).names() == ["import-missing"]
    assert clean(run("check", "-I", "one", "-Itwo", "main.pvi", cwd=tmp_path))
    result = run("check", "-I", "two", "-I", "one", "main.pvi", cwd=tmp_path)
    assert result.names() == ["unknown-const"]
    (tmp_path / "x.pvi").write_text("const X1 = 1;")
    assert clean(run("check", "-I", "two", "main.pvi", cwd=tmp_path))


def test_import_chain_is_bounded(tmp_path: Path) -> None:
    """A thousand files, each importing the next: a message, not an exhausted stack."""
    for i in range(1000):
        (tmp_path / f"{i}.pvi").write_text(f'import "{i + 1}.pvi";\n')
    (tmp_path / "1000.pvi").write_text("const A = 1;\n")
    result = run("check", "0.pvi", cwd=tmp_path)
    assert result.status in (FINE, INPUT)
    assert len(result.names()) <= 1


def test_thousands_of_imports(tmp_path: Path) -> None:
    """Many files side by side are fine."""
    for i in range(2000):
        (tmp_path / f"{i}.pvi").write_text(f"const C{i} = {i};\n")
    (tmp_path / "all.pvi").write_text("".join(f'import "{i}.pvi";\n' for i in range(2000)))
    assert clean(run("check", "all.pvi", cwd=tmp_path))


# ---- standard input and output ----


def test_standard_input(tmp_path: Path) -> None:
    """- is standard input, for check and for build."""
    assert clean(run("check", "-", stdin=LEAST.encode()))
    assert clean(run("build", "--outdir", tmp_path, "-", stdin=LEAST.encode()))
    assert set(snapshot(tmp_path)) == OUTPUTS


def test_errors_in_standard_input() -> None:
    """It has a name in messages."""
    (error,) = run("check", "-", stdin=BROKEN.encode()).diagnostics()
    assert (error.path, error.name) == ("<stdin>", "unknown-word")


def test_standard_input_imports_from_here(tmp_path: Path) -> None:
    """Imports of standard input are beside the current directory."""
    (tmp_path / "x.pvi").write_text("const X = 1;")
    assert clean(run("check", "-", stdin=b'import "x.pvi";', cwd=tmp_path))


def test_standard_output(place: Path) -> None:
    """--emit=KIND:- writes the same bytes as the file has, and no file."""
    before = snapshot(place)
    result = build(place, "--emit=manifest:-", "in.pvi")
    assert (result.status, result.err) == (FINE, "")
    assert result.out == before["out/i.json"]
    assert snapshot(place) == before


def test_several_kinds_to_one_place(place: Path) -> None:
    """Two outputs in one file would destroy each other; one after the other on - is fine."""
    result = build(place, "--emit=manifest:out/x", "--emit=ops:out/x", "in.pvi")
    assert result.status == ENVIRONMENT and "out/x" in result.err
    assert not (place / "out/x").exists()


# ---- outputs that cannot be written ----


def full_stdout(place: Path) -> Result:
    """Standard output is a full disk."""
    command = ("sh", "-c", 'exec "$@" >/dev/full', "sh")
    return run("build", "--emit=manifest:-", "changed.pvi", cwd=place, prefix=command)


FAILURES = {
    "below a regular file": lambda p: run("build", "--outdir", "in.pvi/x", "changed.pvi", cwd=p),
    "in proc": lambda p: run("build", "--outdir", "/proc/x", "changed.pvi", cwd=p),
    "full device": lambda p: build(p, "--emit=manifest:/dev/full", "changed.pvi"),
    "full standard output": full_stdout,
    "file size limit": lambda p: build(p, "changed.pvi", limit=(resource.RLIMIT_FSIZE, 2000)),
    "directory in the way": lambda p: build(p, "--emit=manifest:out", "changed.pvi"),
    "name too long": lambda p: build(p, f"--emit=manifest:{'x' * 300}", "changed.pvi"),
    "empty name": lambda p: build(p, "--emit=manifest:", "changed.pvi"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_unwritable(case: str, place: Path) -> None:
    """Status 2, one message with the system's reason, and everything as it was."""
    (place / "changed.pvi").write_text(CHANGED)
    before = snapshot(place)
    result = FAILURES[case](place)
    assert result.status == ENVIRONMENT, result.err
    assert re.match(r"pvgen: .*'", result.err) and result.err.count("\n") <= 2, result.err
    assert snapshot(place) == before


def test_one_of_many_is_in_the_way(place: Path) -> None:
    """A directory where the last of the outputs belongs: the others stay old too."""
    (place / "in.pvi").write_text(CHANGED)
    (place / "out/i_ops.h").unlink()
    (place / "out/i_ops.h").mkdir()
    before = snapshot(place)
    result = build(place)
    assert (result.status, "i_ops.h" in result.err) == (ENVIRONMENT, True)
    assert snapshot(place) == before


# A disk of our own where the system allows it, else a limit that has the same effect.
OWN_NAMESPACE = ("unshare", "--map-root-user", "--mount")
FILL_DISK = """
mkdir disk && mount -t tmpfs -o size=128k none disk && cp out/* disk/ && cp -r disk before
dd if=/dev/zero of=disk/filler bs=4k count=100 2>/dev/null
truncate -s -16k disk/filler
"""
LIMIT_FILES = "cp -r out disk; cp -r out before; trap '' XFSZ; ulimit -f 1"
COMPARE = """
"$@"; echo "status $?"
rm -f disk/filler; diff -r before disk && echo same
"""


def test_full_disk(place: Path) -> None:
    """The disk gets full in the middle of writing, with the old outputs on it."""
    (place / "changed.pvi").write_text(CHANGED)
    can_mount = not subprocess.run([*OWN_NAMESPACE, "true"], check=False).returncode
    script = (FILL_DISK if can_mount else LIMIT_FILES) + COMPARE
    prefix = (*(OWN_NAMESPACE if can_mount else ()), "sh", "-c", script, "sh")
    result = run("build", "--outdir", "disk", "changed.pvi", cwd=place, prefix=prefix)
    assert re.search("No space left on device|File too large", result.err), result
    assert result.out == b"status 2\nsame\n", result


# ---- what is not changed stays ----


def test_an_error_keeps_everything(place: Path) -> None:
    """No output is touched when the description has an error."""
    (place / "in.pvi").write_text(BROKEN)
    before = snapshot(place)
    assert build(place).status == INPUT
    assert snapshot(place) == before


def times(directory: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of each file: neither changes when nothing is written."""
    return {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in directory.iterdir()}


def test_unchanged_is_not_written(place: Path) -> None:
    """Only files that differ are replaced, so that make rebuilds only what it must."""
    before = times(place / "out")
    assert clean(build(place))
    assert times(place / "out") == before
    (place / "out/i.json").write_text("{}")
    assert clean(build(place))
    after = times(place / "out")
    assert {name for name in after if after[name] != before[name]} == {"i.json"}


def test_outdir_is_created(place: Path) -> None:
    """With all directories on the way."""
    assert clean(run("build", "--outdir", "new/deep//er/", "in.pvi", cwd=place))
    assert snapshot(place / "new/deep/er") == snapshot(place / "out")


def test_killed_at_any_moment(place: Path) -> None:
    """SIGKILL leaves each file old or new, never half."""
    old = snapshot(place / "out")
    (place / "in.pvi").write_text(CHANGED)
    begin = time.monotonic()
    assert clean(run("build", "--outdir", "new", "in.pvi", cwd=place, tool=PVGEN))
    whole = time.monotonic() - begin
    new = snapshot(place / "new")
    dice = random.Random(1)
    seen = set()
    for _ in range(60):
        restore(place / "out", old)
        kill_after(dice.uniform(0, whole), [PVGEN, "build", "--outdir", "out", "in.pvi"], place)
        now = {n: t for n, t in snapshot(place / "out").items() if not n.endswith(".tmp")}
        assert now.keys() == old.keys()
        assert all(text in (old[name], new[name]) for name, text in now.items())
        seen.add(now["i.json"] == new["i.json"])
    assert seen == {False, True}, "never killed before, or never after the change"


def kill_after(seconds: float, command: list[str | Path], cwd: Path) -> None:
    """Run a command and kill it."""
    with subprocess.Popen(command, cwd=cwd) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)


def test_two_at_once(place: Path) -> None:
    """Two runs side by side do not disturb each other."""
    (place / "in.pvi").write_text(CHANGED)
    command = [str(PVGEN), "build", "--outdir", "out", "in.pvi"]
    runs = [subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE) for _ in range(8)]
    assert [(r.communicate()[1], r.returncode) for r in runs] == [(b"", 0)] * 8
    assert set(snapshot(place / "out")) == OUTPUTS


COMPILE = "gcc -Wall -Werror -mgeneral-regs-only -o /dev/null -c".split()


def test_unusual_names(tmp_path: Path) -> None:
    """File names that mean something to C or to the assembler."""
    for name in ('we"ird.pvi', "per%cent.pvi", "star*", "back\\slash.pvi", "a b.pvi", "q*/x.pvi"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(LEAST.replace("default nop", 'native x86_64 "nop"'))
        assert clean(run("build", "--outdir", "out", name, cwd=tmp_path)), name
        for source in ("b.c", "b.S", "i.c"):
            done = subprocess.run(
                [*COMPILE, source], cwd=tmp_path / "out", capture_output=True, check=False
            )
            assert not done.stderr, (name, done.stderr.decode())


# ---- diagnostics of a run ----


def test_several_errors_sorted_by_place(tmp_path: Path) -> None:
    """One run reports all, in the order of the text, though later passes find them."""
    (tmp_path / "in.pvi").write_text(
        "struct a { missing x; };\n"
        "interface i version 1.0 { group g { op void f(u8 *p) { default no; } } }\n"
        "struct b { u8 x[0]; };\n"
    )
    result = run("check", "in.pvi", cwd=tmp_path)
    found = [(d.line, d.column) for d in result.diagnostics()]
    assert len(found) == 4 and found == sorted(found)


def test_at_most_twenty_are_shown(tmp_path: Path) -> None:
    """The rest is counted."""
    (tmp_path / "in.pvi").write_text("struct s {\n" + "missing_t x[0];\n" * 30 + "};\n")
    result = run("check", "in.pvi", cwd=tmp_path)
    assert result.status == INPUT
    assert len(result.names()) == 20
    assert re.search(r"^pvgen: \d+ more not shown$", result.err, re.MULTILINE)
    lines = [d.line for d in result.diagnostics() if d.name != "note"]
    assert lines == sorted(lines)


# ---- size ----


def nested(depth: int) -> str:
    """Structures in structures."""
    return "struct s {" + "struct {" * depth + "u8 x;" + "} n;" * depth + "};"


def members(count: int) -> str:
    """One long structure."""
    return "struct s {\n" + "".join(f"u8 m{i};\n" for i in range(count)) + "};\n"


def operations(count: int) -> str:
    """One long group."""
    ops = "".join(f"op void f{i}(void) {{ default nop; }}\n" for i in range(count))
    interface = f"interface i version 1.0 {{ group g {{\n{ops}}} }}\n"
    return interface + "backend b for i { bare; detect always; }\n"


def wrong_names(count: int) -> str:
    """As many types as there are misspelt uses of them."""
    types = "".join(f"typedef u8 type_{i};\n" for i in range(count))
    return types + "struct s {\n" + "".join(f"tyype_{i} m{i};\n" for i in range(count)) + "};\n"


def parameters(count: int) -> str:
    """A function of many parameters."""
    return f"typedef void f({', '.join(f'u8 a{i}' for i in range(count))});\n"


# Text, status, and names of errors that are shown.
SIZES: dict[str, tuple[str, int, set[str]]] = {
    "nested 100": (nested(100), FINE, set()),
    "nested 10000": (nested(10_000), INPUT, {"syntax"}),
    "200000 members": (members(200_000), FINE, set()),
    "65536 ops": (operations(65_536), FINE, set()),
    "200000 ops": (operations(200_000), INPUT, {"too-many-ops"}),
    "10000 unknown types": (wrong_names(10_000), INPUT, {"unknown-type"}),
    "10000 syntax errors": ("const ;\n" * 10_000, INPUT, {"syntax"}),
    "10000 bad characters": ("#\n" * 10_000, INPUT, {"bad-character"}),
    "10000 duplicates": ("const A = 1;\n" * 10_000, INPUT, {"duplicate"}),
    "100000 stars": (f"typedef u8 {'*' * 100_000}x;\n", FINE, set()),
    "long path": (f"{operations(1)[:-2]} g.f0 = {'x.' * 100_000}y(); }}\n", INPUT, {"no-abi"}),
    "long name": (f"const {'x' * 1_000_000} = 1;\n", INPUT, {"long-name"}),
    "long string": (f'import "{"x" * 10_000}";\n', ENVIRONMENT, {"import-missing"}),
    "long comment": (f"/*{'x' * 5_000_000}*/", FINE, set()),
    "open braces": ("interface i version 1.0 {" * 10_000, INPUT, {"syntax"}),
    "nested blocks": (f"backend b for i {{ {'provide x y {' * 20_000}", INPUT, {"syntax"}),
    "100000 parameters": (parameters(100_000), FINE, set()),
}


# Bytes that the sanitizers make a matter of many seconds.
SLOW = 2_000_000


@pytest.mark.slow
@pytest.mark.parametrize("case", SIZES)
def test_size(case: str, tmp_path: Path) -> None:
    """Large inputs take seconds and neither crash nor flood the terminal."""
    text, status, names = SIZES[case]
    (tmp_path / "in.pvi").write_text(text)
    for tool in (PVGEN,) if len(text) > SLOW else (PVGEN, SANITIZED):
        begin = time.monotonic()
        result = run("check", "in.pvi", cwd=tmp_path, tool=tool)
        assert result.status == status, result.err[:500]
        assert set(result.names()) == names, result.err[:500]
        assert len(result.err) < 100_000
        assert time.monotonic() - begin < 15


def test_out_of_memory(place: Path) -> None:
    """Said, with status 2, and nothing is written."""
    (place / "in.pvi").write_text(members(200_000))
    before = snapshot(place)
    result = build(place, tool=PVGEN, limit=(resource.RLIMIT_AS, 40 << 20))
    assert (result.status, result.err) == (ENVIRONMENT, "pvgen: out of memory\n")
    assert snapshot(place) == before


# ---- the command line ----


def test_help() -> None:
    """Asked for, it is an answer: standard output, status 0."""
    for option in ("--help", "-h"):
        result = run(option)
        assert (result.status, result.err) == (FINE, "")
        assert result.out.startswith(b"usage: pvgen build ")


def test_help_of_a_command() -> None:
    """Only what belongs to it."""
    text = run("fmt", "--help").out.decode()
    assert text.startswith("usage: pvgen fmt [OPTION]... FILE...\n\n")
    assert "\n  --check " in text and "--outdir" not in text and "Kinds" not in text
    assert "Kinds" in run("build", "in.pvi", "--help").out.decode()


def test_version() -> None:
    """One line."""
    for option in ("--version", "-V"):
        result = run(option)
        assert (result.status, result.err) == (FINE, "")
        assert re.fullmatch(rb"pvgen \d+\.\d+\n", result.out)


@pytest.mark.parametrize("words", (["--help"], ["fmt", "--help"], ["--version"], ["explain"], ["explain", "syntax"]))
def test_answers_to_a_full_disk(words: list[str]) -> None:
    """Said, with status 2: what is missing would look like a short answer."""
    result = run(*words, prefix=("sh", "-c", 'exec "$@" >/dev/full', "sh"))
    assert (result.status, result.err) == (ENVIRONMENT, "pvgen: cannot write '<stdout>': No space left on device\n")


def test_help_names_every_kind() -> None:
    """Nobody has to read the source to know what --emit takes."""
    text = run("--help").out.decode()
    kinds = "ops calls asm tables canary canaries manifest abi backend table templates"
    for kind in f"{kinds} binary-abi binary-tables binary-code blob".split():
        assert re.search(rf"\b{kind}\b", text), kind


USAGE: dict[str, tuple[list[str], str]] = {
    "nothing": ([], "usage: pvgen"),
    "no file": (["check"], "no input file"),
    "no file to build": (["build"], "no input file"),
    "unknown command": (["bild", "in.pvi"], "unknown command 'bild'"),
    "backend alone": (["backend"], "unknown command 'backend'"),
    "unknown second word": (["backend", "newer", "in.pvi"], "unknown command 'backend newer'"),
    "unknown option": (["check", "--colour", "in.pvi"], "--colour"),
    "unknown letter": (["check", "-x", "in.pvi"], "'-x'"),
    "part of an option": (["build", "--out=out", "in.pvi"], "unknown option '--out=out'"),
    "more than an option": (["build", "--outdirs", "out", "in.pvi"], "unknown option '--outdirs'"),
    "option of another command": (["check", "--emit=ops", "in.pvi"], "unknown option '--emit=ops'"),
    "unknown kind": (["build", "--emit=opps", "in.pvi"], "unknown kind of output 'opps'"),
    "part of a kind": (["build", "--emit=op", "in.pvi"], "unknown kind of output 'op'"),
    "no kind": (["build", "--emit=", "in.pvi"], "unknown kind of output ''"),
    "emit without": (["build", "in.pvi", "--emit"], "--emit"),
    "outdir without": (["build", "in.pvi", "--outdir"], "--outdir"),
    "include without": (["check", "in.pvi", "-I"], "'-I'"),
    "output without": (["build", "in.pvi", "-o"], "'-o'"),
    "output of all kinds": (["build", "-o", "x", "in.pvi"], "-o 'x'"),
    "output of two kinds": (["build", "--emit=ops", "--emit=calls", "-o", "x", "in.pvi"], "-o 'x'"),
    "output twice": (["build", "--emit=ops:y", "-o", "x", "in.pvi"], "-o 'x'"),
    "unknown arch": (["check", "--arch=vax", "in.pvi"], "unknown architecture 'vax'"),
}


@pytest.mark.parametrize("case", USAGE)
def test_usage(case: str, place: Path) -> None:
    """Status 2, the word named on standard error, nothing written."""
    arguments, part = USAGE[case]
    before = snapshot(place)
    result = run(*arguments, cwd=place)
    assert (result.status, result.out) == (ENVIRONMENT, b"")
    assert part in result.err
    assert "--help" in result.err
    assert snapshot(place) == before


OPTIONS: dict[str, list[str]] = {
    "-I apart": ["-I", "."],
    "-I joined": ["-I."],
    "--outdir apart": ["--outdir", "out"],
    "--outdir joined": ["--outdir=out"],
    "--arch": ["--arch=x86_64"],
    "--emit": ["--emit=ops", "--emit=calls"],
    "--emit apart": ["--emit", "ops"],
    "-o": ["--emit=ops", "-o", "out/i_ops.h"],
    "-o joined": ["-oout/i_ops.h", "--emit=ops"],
    "--": ["--"],
}


@pytest.mark.parametrize("case", OPTIONS)
def test_option(case: str, place: Path) -> None:
    """Each option, as it is documented, before the files and behind them."""
    before = snapshot(place / "out")
    orders = [[*OPTIONS[case], "in.pvi"]] + ([["in.pvi", *OPTIONS[case]]] if case != "--" else [])
    for arguments in orders:
        assert clean(run("build", "--outdir=out", *arguments, cwd=place))
        assert snapshot(place / "out") == before
        assert set(os.listdir(place)) == {"in.pvi", "out"}


def test_dashes_end_options(tmp_path: Path) -> None:
    """Behind -- everything is a file, whatever its name begins with."""
    for name in ("-I", "--emit", "--", "@x"):
        (tmp_path / name).write_text(BROKEN)
        result = run("check", "--", name, cwd=tmp_path)
        assert [d.path for d in result.diagnostics()] == [name], result.err


# ---- words from files ----

RESPONSES: dict[str, str] = {
    "one a line": "check\n-I\nmy dir\nin.pvi\n".replace("my dir", '"my dir"'),
    "blanks": "  check\t-I\f'my dir'\v\r\nin.pvi",
    "backslash": "check -I my\\ dir in.pvi",
    "joined": "check -I'my dir' in.pvi",
    "quote in quotes": """check -I "my dir" '-I"' in.pvi""",
    "quoted quote": r"""check -I 'my dir' "-I\"" '-I\'' in.pvi""",
    "quotes in a word": """ch"ec"k -I my' 'dir in.p""vi""",
    "in another": "@words in.pvi",
    "behind the end of options": "check '-Imy dir' -- in.pvi",
}


@pytest.mark.parametrize("case", RESPONSES)
def test_words_from_a_file(case: str, place: Path) -> None:
    """@FILE stands for its words, also for the command; quotes as in gcc's files."""
    (place / "my dir").mkdir()
    (place / "my dir/x.pvi").write_text("language 1; const X = 1;")
    (place / "in.pvi").write_text('language 1; import "x.pvi";')
    (place / "words").write_text(RESPONSES["one a line"].replace("in.pvi", ""))
    (place / "args").write_text(RESPONSES[case])
    assert clean(run("@args", cwd=place))


def test_words_from_a_pipe(place: Path) -> None:
    """What a shell writes into a pipe, and standard input."""
    script = 'echo check in.pvi | "$@" @/dev/stdin && echo in.pvi | "$@" check @-'
    assert clean(run(cwd=place, prefix=("sh", "-c", script, "sh")))


def test_files_of_words_nest(place: Path) -> None:
    """Ten deep, and no deeper."""
    for i in range(10):
        (place / f"a{i}").write_text(f"@a{i + 1}")
    (place / "a10").write_text("in.pvi")
    assert clean(run("check", "@a1", cwd=place))
    result = run("check", "@a0", cwd=place)
    assert result.status == ENVIRONMENT
    assert says_only(result, "a9:1:1: error: more than 10 files, .*: '@a10'")


BAD_RESPONSES: dict[str, tuple[str, str]] = {
    "missing": ("in.pvi\n  @none", r"args:2:3: error: cannot read \(No such file or directory\) '@none'"),
    "directory": ("@out", r"args:1:1: error: cannot read \(Is a directory\) '@out'"),
    "endless": ("@/dev/zero", r"args:1:1: error: cannot read \(neither .*\) '@/dev/zero'"),
    "itself": ("in.pvi @./args", r"args:1:8: error: this file names itself: '@./args'"),
    "no quote": ('in.pvi "a b\n', r"args:1:8: error: no closing quote after 'a b\n'"),
    "nul": ("in.pvi a\0b", r"args:1:8: error: a NUL byte after 'a'"),
}


@pytest.mark.parametrize("case", BAD_RESPONSES)
def test_bad_words(case: str, place: Path) -> None:
    """A message with the place of the word."""
    text, pattern = BAD_RESPONSES[case]
    (place / "args").write_text(text)
    result = run("check", "@args", cwd=place)
    assert result.status == ENVIRONMENT
    assert says_only(result, pattern), result.err


def test_missing_words(place: Path) -> None:
    """A file that the command line itself names."""
    result = run("check", "@none", cwd=place)
    assert result.status == ENVIRONMENT
    assert says_only(result, r"pvgen: cannot read \(No such file or directory\) '@none'")


def test_check_writes_nothing(place: Path) -> None:
    """check only looks."""
    (place / "in.pvi").write_text(CHANGED)
    before = snapshot(place)
    assert clean(run("check", "in.pvi", cwd=place))
    assert snapshot(place) == before


def test_default_outdir(place: Path) -> None:
    """Without --outdir files go to the current directory."""
    assert clean(run("build", "--emit=ops", "in.pvi", cwd=place))
    assert (place / "i_ops.h").read_bytes() == (place / "out/i_ops.h").read_bytes()


def test_only_libc_is_needed() -> None:
    """pvgen runs on a machine without its build tools."""
    needed = subprocess.run(["readelf", "-d", PVGEN], capture_output=True, text=True, check=True)
    assert re.findall(r"NEEDED.*\[(.*)\]", needed.stdout) == ["libc.so.6"]
