"""The command line of pvgen diff: statuses, gates, forms, and what the document says of rules."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from cases import AUDIENCES, FAULT, RULES, VERDICTS, all_rules, diff, read
from tool import BUILD, ENVIRONMENT, FINE, INPUT, ROOT, run

BEFORE = """language 1;
interface i version 1.0 {
    group g {
        op void x(void) { default nop; }
        op void y(int a) { default nop; }
    }
}
"""
OP = "        op void {}(void) {{ default nop; }}\n"
INSERTED = BEFORE.replace("        op void y", OP.format("n") + "        op void y")
ABI = (
    'abi h {{ entry x86_64 "vmcall" {{ number rax; args rdi; result rax; }}'
    " call {} long f(u64 a); }}\n"
)


# ---- what is said ----


def test_the_first_lines_of_a_report(tmp_path: Path) -> None:
    """An op in the middle: what it is, what an old module does, what to do instead."""
    first, second, third, fourth = diff(tmp_path, BEFORE, INSERTED).out.decode().splitlines()[:4]
    assert first.startswith("PV-OPS-ADD-MID: op inserted before other slots")
    assert "old module calls the wrong op" in second
    assert "behind the last slot" in third and "spare" in third and "version" in third
    assert fourth == "    new.pvi:5: i.g.n: slot 1"


def test_an_import_is_compared(tmp_path: Path) -> None:
    """A place is in the file where it is."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "old.pvi").write_text('language 1;\nimport "a.pvi";\n')
    (tmp_path / "sub/new.pvi").write_text('language 1;\nimport "a.pvi";\n')
    (tmp_path / "a.pvi").write_text(BEFORE)
    (tmp_path / "sub/a.pvi").write_text(INSERTED)
    result = run("diff", "old.pvi", "sub/new.pvi", cwd=tmp_path)
    assert (result.status, b"sub/a.pvi:5: i.g.n" in result.out) == (INPUT, True)


def test_directories(tmp_path: Path) -> None:
    """All descriptions below them."""
    for name, text in (("old", BEFORE), ("new", INSERTED)):
        (tmp_path / name / "more").mkdir(parents=True)
        (tmp_path / name / "more/i.pvi").write_text(text)
    assert b"new/more/i.pvi:5: i.g.n" in run("diff", "old", "new", cwd=tmp_path).out


def test_standard_input(tmp_path: Path) -> None:
    """One of the two may be."""
    (tmp_path / "old.pvi").write_text(BEFORE)
    result = run("diff", "old.pvi", "-", cwd=tmp_path, stdin=INSERTED.encode())
    assert b"<stdin>:5: i.g.n" in result.out


def test_texts_are_shown_as_such(tmp_path: Path) -> None:
    """What a description holds cannot move the cursor."""
    old = BEFORE.replace("default nop; }", 'default nop; deprecated 2.0 "a"; }', 1)
    new = old.replace('"a"', '"\x1b[2J"')
    result = diff(tmp_path, old, new)
    assert result.status == FINE and b"\x1b" not in result.out


def test_configuration(tmp_path: Path) -> None:
    """What -D excludes is not compared."""
    config = "config bool A;\n"
    new = INSERTED.replace("n(void)", "n(void) if A")
    assert diff(tmp_path, config + BEFORE, config + new).status == INPUT
    without = diff(tmp_path, config + BEFORE, config + new, "-D", "A=n")
    assert (without.status, without.out[:10]) == (FINE, b"no change:")


def test_a_symbol_of_one_side(tmp_path: Path) -> None:
    """-D may set what only OLD or only NEW declares, but not what neither does."""
    new = "config bool A;\n" + INSERTED.replace("n(void)", "n(void) if A")
    for old, other in ((BEFORE, new), (new, BEFORE)):
        without = diff(tmp_path, old, other, "-D", "A=n")
        assert (without.status, without.err) == (FINE, "")
        assert b"PV-CFG-SYMBOL" in without.out
        unknown = diff(tmp_path, old, other, "-D", "B")
        assert (unknown.status, unknown.out) == (ENVIRONMENT, b"")
        assert "unknown configuration symbol in '-D B'" in unknown.err


def test_data_in_another_order(tmp_path: Path) -> None:
    """Beside data that is gone, and data that is new."""

    def with_data(names: str) -> str:
        data = "".join(f"data u32 {name} {{ default 1; }}\n" for name in names)
        return BEFORE[:-2] + f"group t table other {{\n{data}}}\n}}\n"

    out = diff(tmp_path, with_data("oabc"), with_data("bnac")).out.decode()
    assert re.findall(r"i\.(\w+): data", out.split("PV-STR-SWAP")[1].split("\n\n")[0]) == ["b", "a"]


# ---- statuses ----

# What is changed, whose gate notices it.
GATES = {
    "module": (BEFORE, INSERTED, {"module"}),
    "source": (BEFORE, BEFORE.replace("int a", "u64 *a @in"), {"source", "backend", "module"}),
    "backend": (BEFORE, BEFORE.replace("default nop", "", 1).replace("{ ; }", "{ }"), {"backend"}),
    "peer": (ABI.format(1), ABI.format(2), {"module", "peer"}),
    "nobody": (BEFORE, BEFORE.replace("int a", "int b"), set()),
}


def found(report: bytes) -> bytes:
    """The report without the reasons of its status."""
    return report.partition(b"\nThe status is 1")[0]


@pytest.mark.parametrize("case", GATES)
def test_gates(case: str, tmp_path: Path) -> None:
    """1 if one of those that are asked for is broken; what is found is the same."""
    old, new, broken = GATES[case]
    default = diff(tmp_path, old, new)
    assert default.status == (INPUT if broken else FINE), default.out
    for audience in AUDIENCES:
        result = diff(tmp_path, old, new, f"--gate={audience}")
        assert (result.status, found(result.out)) == (audience in broken, found(default.out))
        assert (b"\nThe status is 1" in result.out) == (audience in broken)
    assert diff(tmp_path, old, new, "--gate=none").status == FINE
    assert diff(tmp_path, old, new, "--gate", ",".join(AUDIENCES)).status == default.status


@pytest.mark.parametrize("side", ["old", "new"])
def test_errors_of_a_description(side: str, tmp_path: Path) -> None:
    """They are shown, nothing is compared, and that is no verdict."""
    texts = {"old": BEFORE, "new": BEFORE, side: BEFORE.replace("int a", "itn a")}
    result = diff(tmp_path, texts["old"], texts["new"])
    assert (result.status, result.out, result.names()) == (ENVIRONMENT, b"", ["unknown-type"])
    assert result.diagnostics()[0].path == f"{side}.pvi"


FAULTS = {
    "one": (["diff", "old.pvi"], "OLD and NEW belong to 'diff'"),
    "three": (["diff", "old.pvi", "old.pvi", "old.pvi"], "OLD and NEW belong to 'diff'"),
    "both": (["diff", "-", "-"], "OLD and NEW cannot both be standard input, '-'"),
    "missing": (["diff", "old.pvi", "none.pvi"], "cannot read 'none.pvi'"),
    "form": (["diff", "--format=htm", "old.pvi", "old.pvi"], "unknown form of the report 'htm'"),
    "gate": (["diff", "--gate=modul", "old.pvi", "old.pvi"], "peer, or none, not 'modul'"),
    "empty gate": (["diff", "--gate=", "old.pvi", "old.pvi"], "peer, or none, not ''"),
    "over OLD": (["diff", "--format=json:old.pvi", "old.pvi", "new.pvi"], "'old.pvi'"),
    "over NEW": (["diff", "--format=json:new.pvi", "old.pvi", "new.pvi"], "'new.pvi'"),
    "nowhere": (["diff", "--format=json:new.pvi/x", "old.pvi", "new.pvi"], "new.pvi"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults(case: str, tmp_path: Path) -> None:
    """2, a line that says why, and no report."""
    words, said = FAULTS[case]
    (tmp_path / "old.pvi").write_text(BEFORE)
    (tmp_path / "new.pvi").write_text(BEFORE)
    result = run(*words, cwd=tmp_path)
    assert (result.status, result.out) == (ENVIRONMENT, b"")
    assert said in result.err
    assert (tmp_path / "old.pvi").read_text() == (tmp_path / "new.pvi").read_text() == BEFORE


# ---- forms ----


def test_several_reports(tmp_path: Path) -> None:
    """Each in its place, of the same changes."""
    result = diff(tmp_path, BEFORE, INSERTED, "--format=text", "--format=json:a.json")
    report = json.loads((tmp_path / "a.json").read_text())
    assert result.out == diff(tmp_path, BEFORE, INSERTED).out
    assert report["verdict"] == {
        "source": "note", "backend": "warn", "module": "silent", "peer": "na"
    }
    assert all(c["rule"].encode() in result.out for c in report["changes"])


def test_keys_of_the_report(tmp_path: Path) -> None:
    """All of them, always; the worst changes come first."""
    keys = "rule element audiences severity old new what detail effect remedy fix".split()
    keys += "fingerprint gated waiver waived".split()
    for path in RULES:
        case = read(path)
        out = diff(tmp_path, case.old.text, case.new.text, "--format=json").out
        report = json.loads(out)
        assert list(report) == ["version", "verdict", "status", "tables", "unknown", "changes"]
        assert report["version"] == 1
        order = [VERDICTS.index(c["severity"]) for c in report["changes"]]
        assert order == sorted(order, reverse=True)
        for c in report["changes"]:
            assert list(c) == keys and list(c["audiences"]) == list(AUDIENCES)
        for a in AUDIENCES:
            worst = max((c["audiences"][a] for c in report["changes"]), key=VERDICTS.index)
            assert report["verdict"][a] == worst


# ---- the document ----


def test_recipes_of_the_document(tmp_path: Path) -> None:
    """Their commands do what they should: against a branch, with waivers, into the files."""
    text = (ROOT / "docs/diff.md").read_text()
    recipes = re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)
    assert len(recipes) == 2
    (tmp_path / "pv.pvi").write_text(BEFORE)
    git = "git -c user.name=me -c user.email=me"
    shell(f"git init -q . && git add . && {git} commit -qm a && git branch origin/main", tmp_path)
    (tmp_path / "pv.pvi").write_text(INSERTED)
    (tmp_path / "abi-waivers.txt").write_text("# none\n")
    for recipe in recipes:
        command = re.search(r"pvgen diff .*? pv\.pvi$", recipe, re.M | re.S)
        files = re.findall(r"=\w+:(\S+)", recipe)
        assert command and files
        done = shell(" ".join(command[0].split()), tmp_path)
        assert done.returncode == INPUT and b"PV-OPS-ADD-MID" in done.stdout
        assert all((tmp_path / name).stat().st_size > 100 for name in files)


def shell(command: str, place: Path) -> subprocess.CompletedProcess[bytes]:
    """A command line, with pvgen in the path and what a server says."""
    environment = {
        "PATH": f"{BUILD}:/usr/bin:/bin",
        "GITHUB_BASE_REF": "main",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "HEAD",
    }
    words = ["sh", "-ec", command]
    return subprocess.run(words, cwd=place, env=environment, capture_output=True, check=False)


def test_rules_of_the_document() -> None:
    """docs/diff.md has all rules, in the table's order, with its words."""
    rows = re.findall(r"^\| `(PV-.*?)` \| (.*) \|$", (ROOT / "docs/diff.md").read_text(), re.M)
    rules = [*all_rules().values()]
    rules.sort(key=lambda r: not r.name.startswith(FAULT))
    said = [(r.name, " | ".join((r.text, *r.verdicts))) for r in rules]
    assert rows == said, "rules of compiler/diff.def and of docs/diff.md"
