"""Snapshots: lossless, of the same text whatever the comments, and never half read."""

import json
import random
from pathlib import Path

import pytest
from cases import MORE, RULES, read
from edits import description
from tool import ENVIRONMENT, FINE, INPUT, ROOT, Result, clean, run

EQUAL = b"no change: source ok, backend ok, module ok, peer ok\n"
EXAMPLES = sorted(
    p
    for folder in ("compiler/golden", "compiler/good", "compiler/linux", "compiler/errors")
    for p in (ROOT / "tests" / folder).glob("*.pvi")
)
TEXT = """language 1;
import "t.pvi";
config bool A;
interface i version 1.0 {
    group g {
        op void a(word w) { default nop; }
        op void b(void) if A { default nop; }
    }
}
"""
TYPES = "language 1;\ntypedef u64 word;\n"


def write(place: Path, text: str = TEXT) -> None:
    """A description and what it imports."""
    (place / "i.pvi").write_text(text)
    (place / "t.pvi").write_text(TYPES)


def take(place: Path, *options: str, name: str = "i.pvi") -> str:
    """The snapshot of a description."""
    result = run("build", "--emit=snapshot:-", *options, name, cwd=place)
    assert (result.status, result.err) == (FINE, ""), result.err
    return result.out.decode()


def against(place: Path, snapshot: str, new: str = "i.pvi", *options: str) -> Result:
    """The diff of a snapshot and a description."""
    (place / "s.abi.json").write_text(snapshot)
    return run("diff", *options, "s.abi.json", new, cwd=place)


# ---- nothing is lost ----


def test_of_an_example(tmp_path: Path) -> None:
    """No difference in either direction, of each description that the tests have."""
    snapshots = 0
    for path in EXAMPLES:
        target = tmp_path / "s.abi.json"
        words = ("build", f"--emit=snapshot:{target}", path.name)
        if run(*words, cwd=path.parent).status != FINE:
            continue
        for pair in ((path.name, target), (target, path.name)):
            result = run("diff", *pair, cwd=path.parent)
            assert (result.status, result.out, result.err) == (FINE, EQUAL, ""), path
        snapshots += 1
        target.unlink()
    print(f"{snapshots} snapshots")
    assert snapshots > 20


@pytest.mark.parametrize("path", RULES + MORE, ids=lambda p: p.stem)
def test_of_a_rule(path: Path, tmp_path: Path) -> None:
    """Snapshots of both differ as the descriptions do."""
    case = read(path)
    (tmp_path / "old.pvi").write_text(case.old.text)
    (tmp_path / "new.pvi").write_text(case.new.text)
    for name in ("old", "new"):
        words = ("build", f"--emit=snapshot:{name}.abi.json", f"{name}.pvi")
        assert run(*words, cwd=tmp_path).status == FINE
    plain, taken = (told(tmp_path, form) for form in ("pvi", "abi.json"))
    assert [c for c, *_ in plain] == [c for c, *_ in taken]
    for (_, *lines), (_, *in_snapshot) in zip(plain, taken):
        assert all(inner in line for line, inner in zip(lines, in_snapshot))


def told(place: Path, form: str) -> list[tuple[dict, str, str]]:
    """The changes without places, and the lines that these name."""
    out = run("diff", "--format=json", f"old.{form}", f"new.{form}", cwd=place).out
    changes = json.loads(out)["changes"]
    lines = [[text_at(place, c[side]) for side in ("old", "new")] for c in changes]
    return [({**c, "old": 0, "new": 0}, *two) for c, two in zip(changes, lines)]


def text_at(place: Path, at: dict | None) -> str:
    """The words of the line, up to a body."""
    if not at:
        return ""
    line = (place / at["file"]).read_text().splitlines()[at["line"] - 1].strip()
    if at["file"].endswith(".json"):
        line = json.loads(line.rstrip(",")).rstrip("{")
    return " ".join(line.split())


@pytest.mark.parametrize("seed", range(20))
def test_of_a_random_description(seed: int, tmp_path: Path) -> None:
    """The same."""
    r = random.Random(seed)
    (tmp_path / "i.pvi").write_text("\n".join(description(r)))
    result = run("build", "--emit=snapshot:s.abi.json", "i.pvi", cwd=tmp_path)
    if result.status == FINE:
        assert run("diff", "s.abi.json", "i.pvi", cwd=tmp_path).out == EQUAL


def test_any_bytes(tmp_path: Path) -> None:
    """Of a string: controls, what is no UTF-8, and what JSON has escapes for."""
    for data in (b"\x01\x7f\xff\xfe\xc3", "é\u2028\U0001f600".encode(), rb"\\ \" \n / \\u0041"):
        text = TEXT.replace("default nop", 'default nop; deprecated 1.1 "@"', 1).encode()
        (tmp_path / "i.pvi").write_bytes(text.replace(b"@", data))
        (tmp_path / "t.pvi").write_text(TYPES)
        snapshot = take(tmp_path)
        json.loads(snapshot)
        assert against(tmp_path, snapshot).out == EQUAL
        (tmp_path / "j.pvi").write_bytes(text.replace(b"@", data + b"x"))
        assert b"PV-ANN" in against(tmp_path, snapshot, "j.pvi").out


# ---- for review ----


def test_comments_and_layout(tmp_path: Path) -> None:
    """A snapshot does not tell of them."""
    write(tmp_path)
    plain = take(tmp_path)
    others = (
        TEXT.replace("config", "\n\n// a\n\n/* b\n c */ config"),
        TEXT.replace("    group", "    /// Documentation.\n    group").replace("g {", "g { // c"),
        TEXT.replace("\n", "\r\n"),
        "\ufeff" + TEXT.replace("bool A", "bool     A").replace("        op", "\top"),
    )
    for other in others:
        (tmp_path / "i.pvi").write_bytes(other.encode())
        assert take(tmp_path) == plain


def test_a_line_is_a_line(tmp_path: Path) -> None:
    """A place is that of the line in the snapshot; a change of the interface changes its lines."""
    write(tmp_path)
    plain = take(tmp_path)
    write(tmp_path, TEXT.replace("word w", "word v"))
    changed = take(tmp_path)
    pairs = zip(plain.split("\n"), changed.split("\n"))
    there = [n for n, (a, b) in enumerate(pairs, 1) if a != b]
    (tmp_path / "n.abi.json").write_text(changed)
    (line,) = there
    result = against(tmp_path, plain, "n.abi.json")
    assert f"n.abi.json:{line}: i.g.a.w -> v".encode() in result.out
    gone = against(tmp_path, plain, "t.pvi")
    line = plain[: plain.index("interface")].count("\n") + 1
    assert f"s.abi.json:{line}: i".encode() in gone.out


def test_order_of_inputs(tmp_path: Path) -> None:
    """It says nothing."""
    write(tmp_path)
    both = [
        run("build", "--emit=snapshot:-", *names, cwd=tmp_path).out
        for names in (("i.pvi", "t.pvi"), ("t.pvi", "i.pvi"))
    ]
    assert both[0] == both[1]


def test_errors_in_a_text(tmp_path: Path) -> None:
    """They are shown where they are."""
    write(tmp_path)
    snapshot = take(tmp_path).replace("word w", "wrd w")
    line = snapshot[: snapshot.index("wrd")].count("\n") + 1
    result = against(tmp_path, snapshot)
    assert (result.status, result.names()) == (ENVIRONMENT, ["unknown-type"])
    assert (result.diagnostics()[0].path, result.diagnostics()[0].line) == ("s.abi.json", line)
    assert "op void a(wrd w)" in result.diagnostics()[0].excerpt[0]


# ---- what it was made with ----


def test_settings(tmp_path: Path) -> None:
    """They hold for the snapshot; the command line's come later."""
    write(tmp_path)
    off = take(tmp_path, "-DA=n")
    assert json.loads(off)["settings"] == ["A=n"]
    assert against(tmp_path, off, "i.pvi", "-DA=n").out == EQUAL
    assert against(tmp_path, off, "i.pvi", "-DA=y").out == EQUAL
    two = against(tmp_path, off)
    assert two.status == FINE and b"PV-OPS-ADD-TAIL" in two.out
    (tmp_path / "on.abi.json").write_text(take(tmp_path, "-DA=y"))
    assert b"PV-OPS-ADD-TAIL: " in against(tmp_path, off, "on.abi.json").out


def test_architecture(tmp_path: Path) -> None:
    """Another one than the run's cannot be compared."""
    write(tmp_path, "language 1;\nabi a { const N = 1; }\n")
    snapshot = take(tmp_path, "--arch=i386")
    assert against(tmp_path, snapshot, "i.pvi", "--arch=i386").out == EQUAL
    result = against(tmp_path, snapshot)
    assert (result.status, result.out) == (ENVIRONMENT, b"")
    assert "s.abi.json:2: a snapshot for architecture 'i386'; say --arch=i386" in result.err


def test_only_if_asked_for(tmp_path: Path) -> None:
    """A build without --emit writes none, so that none changes unnoticed."""
    write(tmp_path)
    assert clean(run("build", "-DA", "i.pvi", cwd=tmp_path))
    assert not list(tmp_path.glob("*.abi.json"))
    assert clean(run("build", "--emit=snapshot", "i.pvi", cwd=tmp_path))
    assert [p.name for p in tmp_path.glob("*.abi.json")] == ["i.abi.json"]


def test_other_commands(tmp_path: Path) -> None:
    """They read descriptions."""
    write(tmp_path)
    (tmp_path / "s.abi.json").write_text(take(tmp_path))
    assert run("check", "s.abi.json", cwd=tmp_path).status == INPUT


# ---- what is none ----

# What becomes of a snapshot, and what is said of it.
DAMAGES = {
    "cut": (lambda s: s[: len(s) // 2], "a string does not end"),
    "cut between": (lambda s: s[: s.rindex("]")], "']' expected"),
    "an end is missing": (lambda s: s.rstrip()[:-1], "'}' expected"),
    "two": (lambda s: s + s, "something follows its end"),
    "newer": (lambda s: s.replace('": 1,', '": 2,', 1), "of version 2; this pvgen reads 1"),
    "much newer": (lambda s: s.replace('": 1,', '": 10,', 1), "version 10;"),
    "no version": (lambda s: s.replace("1,", '"1",', 1), "a version expected"),
    "another": (lambda s: '{"version": 1}\n', 'key "pvgen snapshot" expected'),
    "a key": (lambda s: s.replace("arch", "arhc"), 'key "arch" expected'),
    "a comma": (lambda s: s.replace('",\n', '"\n', 9), "',' expected"),
    "an escape": (lambda s: s.replace('"language', '"\\qlanguage', 1), "an unknown escape"),
    "digits": (lambda s: s.replace('"language', '"\\u00g1', 1), "four digits expected"),
    "no character": (lambda s: s.replace('"language', '"\\u0000', 1), "a character that no"),
    "half": (lambda s: s.replace('"language', '"\\ud83d', 1), "a character that no"),
    "two lines": (lambda s: s.replace("language", "lang\nuage", 1), "a string does not end"),
    "a number": (lambda s: s.replace('"language 1;"', "1", 1), "'\"' expected"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damages(damage: str, tmp_path: Path) -> None:
    """Where, and what; no verdict."""
    write(tmp_path)
    harm, said = DAMAGES[damage]
    for side in ((0, 1), (1, 0)):
        (tmp_path / "s.abi.json").write_text(harm(take(tmp_path)))
        names = ("s.abi.json", "i.pvi")
        result = run("diff", *(names[n] for n in side), cwd=tmp_path)
        assert (result.status, result.out) == (ENVIRONMENT, b"")
        assert said in result.err and result.err.startswith("pvgen: s.abi.json:"), result.err
        assert result.err.count("\n") == 1


def test_what_looks_like_none(tmp_path: Path) -> None:
    """A description is never taken for a snapshot, nor the other way round."""
    write(tmp_path)
    blanks = "\n \t" + take(tmp_path)
    assert against(tmp_path, blanks).out == EQUAL
    assert b"1 error" not in against(tmp_path, "// {\n" + TEXT).out
    pretty = json.dumps(json.loads(take(tmp_path)), indent=8)
    assert against(tmp_path, pretty).out == EQUAL


def test_from_standard_input(tmp_path: Path) -> None:
    """As a description."""
    write(tmp_path)
    snapshot = take(tmp_path).encode()
    assert run("diff", "-", "i.pvi", cwd=tmp_path, stdin=snapshot).out == EQUAL


def test_is_protected(tmp_path: Path) -> None:
    """No report goes over it."""
    write(tmp_path)
    (tmp_path / "s.abi.json").write_text(take(tmp_path))
    before = (tmp_path / "s.abi.json").read_text()
    result = run("diff", "--format=json:s.abi.json", "s.abi.json", "i.pvi", cwd=tmp_path)
    assert result.status == ENVIRONMENT
    assert (tmp_path / "s.abi.json").read_text() == before
