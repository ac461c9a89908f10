"""docs/pvgen.1 says what pvgen's own help says, is well formed, and can be installed."""

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tool import BUILD, FINE, ROOT, run, snapshot

PAGE = ROOT / "docs/pvgen.1"

COMMANDS = "build,check,fmt,verify,seal,diff,coverage,import,explain,backend new,backend status,backend sync".split(",")
ALWAYS = {"--help", "-h", "--version", "-V"}
USED = re.compile(r"(?<![^\s(])--?[A-Za-z][\w-]*")


def formatted(*options: str) -> str:
    """What mandoc makes of the page, or says about it."""
    command = ["mandoc", *options, PAGE]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def plain(markup: str) -> str:
    """The words between the tags, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", markup)).split())


def sections() -> dict[str, str]:
    """The HTML of each section and subsection, by its heading."""
    whole = formatted("-T", "html", "-O", "fragment")
    parts = re.split(r"<h[12][^>]*>(.*?)</h[12]>", whole, flags=re.DOTALL)
    return dict(zip(map(plain, parts[1::2]), parts[2::2]))


SECTIONS = sections()


def items(section: str) -> list[str]:
    """What the lists of a section are about."""
    return [plain(item) for item in re.findall(r"<dt.*?</dt>", SECTIONS[section], re.DOTALL)]


def helped(*words: str) -> str:
    """What pvgen says about a command, or about all."""
    result = run(*words, "--help")
    assert (result.status, result.err) == (FINE, "")
    return result.out.decode()


def options(text: str) -> list[str]:
    """The options that a help lists, as they are spelled."""
    return re.findall(r"^  (-.+?)  +\S", text, re.MULTILINE)


def commands_of(heading: str) -> set[str]:
    """Those that a heading among the options names, or all others."""
    named = {command for command in COMMANDS if re.search(rf"\b{command}\b", heading)}
    return set(COMMANDS) - named if heading.startswith("All commands but") else named


def test_well_formed() -> None:
    """The formatter has no warning."""
    assert formatted("-T", "lint", "-W", "warning") == ""


def test_commands() -> None:
    """Each command, with its operands, in the synopsis and in the list, and no other."""
    usage = [line.partition("pvgen ")[2] for line in helped().split("\n\n")[0].splitlines()]
    rows = re.findall(r"<tr>.*?</tr>", SECTIONS["SYNOPSIS"], re.DOTALL)
    assert [plain(row).removeprefix("pvgen ") for row in rows] == usage
    assert items("COMMANDS") + ["[COMMAND] --help", "--version"] == usage
    assert all(any(line.startswith(f"{command} ") for line in usage) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_options(command: str) -> None:
    """The page gives a command the options that it takes, and no other."""
    belonging = [heading for heading in SECTIONS if command in commands_of(heading)]
    said = {item for heading in belonging for item in items(heading) if item[0] == "-"}
    assert said == set(options(helped(*command.split())))


def test_no_other_option() -> None:
    """Not in the text either, nor in an example."""
    known = options(helped())
    joined = tuple(option[:2] for option in known if option[2:3] == " ")
    names = {re.split("[= ]", option)[0] for option in known} | ALWAYS
    used = set(USED.findall(plain("".join(SECTIONS.values()))))
    assert ALWAYS < used
    assert {word for word in used if word not in names and not word.startswith(joined)} == set()


@pytest.mark.parametrize(
    "profile, label, heading, example",
    [
        ("kernel", "Kinds", "FILES", "golden/least.pvi"),
        ("linux", "Kinds of linux", "Files of the profile linux", "linux/small.pvi"),
    ],
)
def test_outputs(profile: str, label: str, heading: str, example: str, tmp_path: Path) -> None:
    """Each kind of output, and how its file is called."""
    names = {"I": "i", "A": "a", "B": "b", "R": "fine", "B_G.h": "xen_pv_cpu.h"}
    shutil.copy(ROOT / "tests/compiler" / example, tmp_path / "in.pvi")
    shutil.copy(ROOT / "tests/compiler/golden/i386/firm.pvi", tmp_path / "rom.pvi")
    kinds = re.search(rf"^{label}: (.*)", helped("build"), re.MULTILINE)
    assert kinds and re.findall(r"<dd>.*?>([\w-]+)</code>", SECTIONS[heading], re.DOTALL) == kinds[1].split()
    for kind, name in zip(kinds[1].split(), items(heading)):
        words = ["--arch=i386", "rom.pvi"] if name.startswith("R.") else [f"--profile={profile}", "in.pvi"]
        result = run("build", *words, f"--emit={kind}", "--outdir", kind, cwd=tmp_path)
        assert result.status == FINE
        assert set(snapshot(tmp_path / kind)) == {names.get(name) or re.sub("^[IABR](?=[._])", lambda m: names[m[0]], name)}


def test_message(tmp_path: Path) -> None:
    """The message that is shown is a real one."""
    shown = re.search(r"<pre>(.*?)</pre>", SECTIONS["DIAGNOSTICS"], re.DOTALL)
    assert shown
    text = html.unescape(shown[1])
    line = re.search(r"\| (.*)", text)
    assert line
    before, behind = "language 1;\ninterface i version 1.0 {\ngroup g {\n", "\n} }\n"
    (tmp_path / "pv.pvi").write_text(before + line[1] + behind)
    assert run("check", "pv.pvi", cwd=tmp_path).err.rstrip() == text.rstrip()


def test_examples(tmp_path: Path) -> None:
    """Each example is fine, one after the other, where the descriptions are."""
    shutil.copytree(ROOT / "idl", tmp_path / "idl")
    shutil.copytree(ROOT / "backends", tmp_path / "idl/pv/backends")
    examples = re.findall(r'<code class="Li">.*?</code>', SECTIONS["EXAMPLES"], re.DOTALL)
    assert len(examples) > 5
    for example in map(plain, examples):
        if not example.startswith("pvgen verify "):  # which needs a kernel
            words = ["env", f"PATH={BUILD}:/usr/bin:/bin", "sh", "-c", example]
            done = subprocess.run(words, cwd=tmp_path / "idl/pv", capture_output=True, check=False)
            assert done.returncode == 0, f"{example}\n{done.stderr.decode()}"


def test_install(tmp_path: Path) -> None:
    """The program, which runs there, the page, and where other builds find it; nothing else."""
    command = ["make", "-s", f"BUILD={BUILD}", f"DESTDIR={tmp_path}/a b", "PREFIX=/usr", "install"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    files = snapshot(tmp_path / "a b")
    page, found = "usr/share/man/man1/pvgen.1", "usr/share/pkgconfig/pvgen.pc"
    assert set(files) == {"usr/bin/pvgen", page, found}
    assert files[page] == PAGE.read_bytes()
    version = run("--version", tool=tmp_path / "a b/usr/bin/pvgen").out
    assert version == run("--version").out
    assert files[found].startswith(b"prefix=/usr\npvgen=${prefix}/bin/pvgen\n")
    assert files[found].endswith(b"\nVersion: " + version.removeprefix(b"pvgen "))
