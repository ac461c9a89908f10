"""Waivers: which changes they accept, which are no good, and what a file of them may say."""

import json
from pathlib import Path

import pytest
from cases import AUDIENCES, MORE, RULES, Result, diff, read
from test_diff_command import ABI, BEFORE, INSERTED, shell
from tool import ENVIRONMENT, FINE, INPUT, codes, run

# 2027-03-01, noon.
TODAY = {"SOURCE_DATE_EPOCH": "1803902400"}
ADDED = "PV-OPS-ADD-MID i.g.n"
BROKEN = BEFORE.replace("int a", "u64 *a @in")


def waive(place: Path, old: str, new: str, waivers: str | bytes, *options: str) -> Result:
    """A diff with a file of waivers, on a day that does not pass."""
    (place / "old.pvi").write_text(old)
    (place / "new.pvi").write_text(new)
    (place / "w.txt").write_bytes(waivers if isinstance(waivers, bytes) else waivers.encode())
    words = ("diff", "--waivers=w.txt", *options, "old.pvi", "new.pvi")
    return run(*words, cwd=place, env=TODAY)


def report(place: Path, old: str, new: str, waivers: str | bytes, *options: str) -> list[dict]:
    """Its changes."""
    result = waive(place, old, new, waivers, "--format=json", *options)
    assert result.err == ""
    said = json.loads(result.out)
    assert said["status"] == result.status == any(c["gated"] for c in said["changes"])
    return said["changes"]


def lines(place: Path, old: str, new: str, *options: str) -> list[str]:
    """The lines that would accept all that fails, without reasons."""
    changes = report(place, old, new, "", *options)
    assert all(bool(c["gated"]) == bool(c["waiver"]) for c in changes)
    return [c["waiver"] for c in changes if c["waiver"]]


def faults(changes: list[dict]) -> list[tuple[str, int]]:
    """Names and lines of the faults of waivers."""
    return [
        (c["rule"].removeprefix("PV-WAIVER-"), c["new"]["line"])
        for c in changes
        if c["rule"].startswith("PV-WAIVER-")
    ]


def fingerprint(place: Path, old: str, new: str, rule: str) -> str:
    """That of the only change of this rule."""
    (found,) = [c["fingerprint"] for c in report(place, old, new, "") if c["rule"] == rule]
    return found


# ---- what is accepted ----


@pytest.mark.parametrize("path", (*RULES, *MORE), ids=lambda p: p.stem)
def test_lines_of_the_report(path: Path, tmp_path: Path) -> None:
    """With a reason they accept all that fails, and none is too many."""
    case = read(path)
    wanted = lines(tmp_path, case.old.text, case.new.text)
    waivers = "".join(f"{line} it is known\n" for line in wanted)
    changes = report(tmp_path, case.old.text, case.new.text, waivers)
    assert not faults(changes) and not any(c["gated"] for c in changes)
    waived = {w["place"]["line"]: w for c in changes for w in c["waived"]}
    assert sorted(waived) == list(range(1, len(wanted) + 1))
    assert all(w["reason"] == "it is known" and not w["until"] for w in waived.values())
    prints = [c["fingerprint"] for c in changes]
    assert len(set(prints)) == len(prints) and all(len(p) == 12 for p in prints)


def test_none_of_them_without_a_reason(tmp_path: Path) -> None:
    """What is only pasted fails; so does what has no colon."""
    wanted = lines(tmp_path, BEFORE, INSERTED)
    for end in ("", " ", "\t \r"):
        changes = report(tmp_path, BEFORE, INSERTED, "".join(f"{s}{end}\n" for s in wanted))
        assert faults(changes) == [("REASON", 1), ("REASON", 2)]
        assert not any(c["waived"] for c in changes)
    assert faults(report(tmp_path, BEFORE, INSERTED, wanted[0].rstrip(":"))) == [("REASON", 1)]


def test_a_waived_change_is_shown(tmp_path: Path) -> None:
    """With its reason, its last day and its place, and it does not count."""
    wanted = lines(tmp_path, BEFORE, INSERTED)
    text = f"# ours\n\n{wanted[0][:-1]} until 2027-04-30: no modules: none\n{wanted[1]} dito\n"
    result = waive(tmp_path, BEFORE, INSERTED, text)
    out = result.out.decode()
    assert result.status == FINE
    place = "    new.pvi:5: i.g.n: slot 1\n"
    said = "      waived for module until 2027-04-30 (w.txt:3): no modules: none\n"
    assert place + said in out
    assert "\n2 changes, 2 waived: source note, backend warn, module ok, peer na\n" in out


def test_some_audiences(tmp_path: Path) -> None:
    """For the others it fails as before; several waivers may share a change."""
    (line,) = [s for s in lines(tmp_path, BEFORE, BROKEN) if "PTRLEVEL" in s]
    start, _, whom = line.rstrip(":").rpartition(" for ")
    assert whom == "source,backend,module"
    for some in ("source", "module,source", "source,backend,module", ",".join(AUDIENCES)):
        changes = report(tmp_path, BEFORE, BROKEN, f"{start} for {some}: x")
        (c,) = [c for c in changes if "PTRLEVEL" in c["rule"]]
        left = [a for a in whom.split(",") if a not in some.split(",")]
        assert c["gated"] == left and not faults(changes)
        assert c["waiver"] == (f"{start} for {','.join(left)}:" if left else None)
    text = f"{start} for source: x\n{start} for backend: y\n{start} for source,module: z\n"
    (c, *_) = report(tmp_path, BEFORE, BROKEN, text)
    whom_and_why = [(w["audiences"], w["reason"]) for w in c["waived"]]
    assert whom_and_why == [(["source"], "x"), (["backend"], "y"), (["module"], "z")]
    assert not report(tmp_path, BEFORE, BROKEN, f"{start}: x")[0]["gated"]


def test_a_waiver_for_nobody_who_is_broken(tmp_path: Path) -> None:
    """It is not needed."""
    line = lines(tmp_path, BEFORE, INSERTED)[0].replace("for module", "for peer,source")
    changes = report(tmp_path, BEFORE, INSERTED, f"{line} x\n")
    (fault,) = [c for c in changes if c["rule"] == "PV-WAIVER-UNUSED"]
    assert fault["detail"] == "breaks nothing for source,peer"
    assert fault["audiences"] == {"source": "warn", "backend": "na", "module": "na", "peer": "warn"}


def test_fault_is_gated_for_all(tmp_path: Path) -> None:
    """Whoever is asked for, unless nobody is."""
    text = f"{ADDED} fingerprint 000000000000 for module: x\n"
    for gate, status in (("source", INPUT), ("module", INPUT), ("none", FINE)):
        assert waive(tmp_path, BEFORE, BEFORE, text, f"--gate={gate}").status == status


# ---- fingerprints ----

STABLE = {
    "place": (BEFORE, INSERTED.replace("language 1;", "language 1;\n// more\n\n")),
    "what is around": (BEFORE, INSERTED.replace("void x", "void q")),
    "old name": (BEFORE.replace("void y", "void q"), INSERTED.replace("void y", "void q")),
}


@pytest.mark.parametrize("case", STABLE)
def test_stable(case: str, tmp_path: Path) -> None:
    """The change is the same, so its waiver stays good."""
    was = fingerprint(tmp_path, BEFORE, INSERTED, "PV-OPS-ADD-MID")
    assert fingerprint(tmp_path, *STABLE[case], "PV-OPS-ADD-MID") == was


def test_of_the_new_value(tmp_path: Path) -> None:
    """From another old one it is the same; another new one is another change."""
    typed = {t: BEFORE.replace("int a", f"{t} a") for t in ("u8", "u16", "u32", "u64")}
    rule = "PV-PAR-WIDEN-U"
    to_64 = {fingerprint(tmp_path, typed[t], typed["u64"], rule) for t in ("u8", "u16", "u32")}
    assert len(to_64) == 1
    assert fingerprint(tmp_path, typed["u8"], typed["u32"], rule) not in to_64


@pytest.mark.parametrize("n", [3, 300])
def test_alike(n: int, tmp_path: Path) -> None:
    """What cannot be told apart by its words has a fingerprint of its own all the same."""
    detect = 'detect cpuid "HyperHyper13";'
    kernel = "interface i version 1.0 { }\nbackend b for i { %s }\n"
    old, new = kernel % (detect + detect * n), kernel % detect
    changes = report(tmp_path, old, new, "")
    assert len({c["fingerprint"] for c in changes}) == len(changes) == n
    assert len({c["waiver"].partition(" fingerprint ")[0] for c in changes}) == 1
    one = report(tmp_path, old, new, f"{changes[1]['waiver']} x")
    assert [bool(c["waived"]) for c in one[:3]] == [False, True, False]


def test_same_for_ever(tmp_path: Path) -> None:
    """A file that people keep stays good with the next pvgen."""
    assert fingerprint(tmp_path, BEFORE, INSERTED, "PV-OPS-ADD-MID") == "9c069ea6103c"


# ---- what is no good ----

FAULTS = {
    "unused": (f"{ADDED} fingerprint 000000000000: x", "UNUSED", "now fingerprint"),
    "other rule": ("PV-OPS-ADD-TAIL i.g.n fingerprint {f}: x", "UNUSED", "is not reported"),
    "other element": ("PV-OPS-ADD-MID i.g.y fingerprint {f}: x", "UNUSED", "is not reported"),
    "expired": (f"{ADDED} fingerprint {{f}} until 2027-02-28: x", "EXPIRED", "it is 2027-03-01"),
    "all rules": ("* i.g.n fingerprint {f}: x", "BROAD", "* stands for"),
    "all elements": ("PV-OPS-ADD-MID i.g.* fingerprint {f}: x", "BROAD", "* stands for"),
    "all changes": (f"{ADDED}: x", "BROAD", "without a fingerprint"),
    "no reason": (f"{ADDED} fingerprint {{f}}:", "REASON", ""),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults(case: str, tmp_path: Path) -> None:
    """Each is a finding at its line, accepts nothing, and fails."""
    line, name, said = FAULTS[case]
    print_ = fingerprint(tmp_path, BEFORE, INSERTED, "PV-OPS-ADD-MID")
    changes = report(tmp_path, BEFORE, INSERTED, "\n" + line.format(f=print_) + "\n")
    assert faults(changes) == [(name, 2)]
    (fault,) = [c for c in changes if c["rule"] == f"PV-WAIVER-{name}"]
    assert said in fault["detail"] and fault["gated"] == list(AUDIENCES)
    assert fault["new"] == {"file": "w.txt", "line": 2} and fault["waiver"] is None
    assert [c["gated"] for c in changes if c["rule"] == "PV-OPS-ADD-MID"] == [["module"]]
    out = waive(tmp_path, BEFORE, INSERTED, "\n" + line.format(f=print_)).out.decode()
    assert "  w.txt:2: " in out.partition("The status is 1")[2]


def test_twice(tmp_path: Path) -> None:
    """The second accepts nothing, and says where the first is; also from another file."""
    line = f"{lines(tmp_path, BEFORE, INSERTED)[0]} x\n"
    changes = report(tmp_path, BEFORE, INSERTED, line + line)
    (fault,) = [c for c in changes if c["rule"] == "PV-WAIVER-UNUSED"]
    assert (fault["new"]["line"], fault["detail"]) == (2, "accepted already by w.txt:1")
    (tmp_path / "more.txt").write_text(line)
    changes = report(tmp_path, BEFORE, INSERTED, line, "--waivers=more.txt")
    assert [c["new"]["file"] for c in changes if "WAIVER" in c["rule"]] == ["more.txt"]


def test_last_day(tmp_path: Path) -> None:
    """It is good for all of it."""
    line = lines(tmp_path, BEFORE, INSERTED)[0].rstrip(":")
    for day, expected in (("2027-03-01", []), ("2027-02-28", [("EXPIRED", 1)])):
        assert faults(report(tmp_path, BEFORE, INSERTED, f"{line} until {day}: x")) == expected


def test_the_clock(tmp_path: Path) -> None:
    """Without SOURCE_DATE_EPOCH it is that of the machine."""
    line = lines(tmp_path, BEFORE, INSERTED)[0].rstrip(":")
    for day, expired in (("2026-01-01", True), ("9999-12-31", False)):
        (tmp_path / "w.txt").write_text(f"{line} until {day}: x\n")
        for env in ({}, {"SOURCE_DATE_EPOCH": ""}):
            words = ("diff", "--waivers=w.txt", "old.pvi", "new.pvi")
            out = run(*words, cwd=tmp_path, env=env).out
            assert (b"PV-WAIVER-EXPIRED" in out) == expired


@pytest.mark.parametrize("epoch", ["x", "-1", "1 ", "99999999999999999999", "999999999999999"])
def test_no_clock(epoch: str, tmp_path: Path) -> None:
    """A day that cannot be known is no day."""
    for name, text in (("old.pvi", BEFORE), ("new.pvi", INSERTED), ("w.txt", f"{ADDED}: x")):
        (tmp_path / name).write_text(text)
    words = ("diff", "--waivers=w.txt", "old.pvi", "new.pvi")
    result = run(*words, cwd=tmp_path, env={"SOURCE_DATE_EPOCH": epoch})
    assert (result.status, result.out) == (ENVIRONMENT, b"")
    assert "SOURCE_DATE_EPOCH" in result.err and f"'{epoch}'" in result.err


# ---- the file ----

FORM = "fingerprint 0123456789ab"
WRONG = {
    "rule": ("PV-OPS-ADD-MIDD i.g.n: x", 1, "waiver-rule", "did you mean 'PV-OPS-ADD-MID'?"),
    "no rule": (": x", 1, "waiver-syntax", "the name of a rule"),
    "no element": ("PV-ANN: x", 7, "waiver-syntax", "the name of an element"),
    "short": ("PV-ANN i fingerprint 0123456789a: x", 22, "waiver-syntax", "a fingerprint of 12"),
    "capital": ("PV-ANN i fingerprint 0123456789aB: x", 22, "waiver-syntax", "a fingerprint of"),
    "none": ("PV-ANN i fingerprint: x", 21, "waiver-syntax", "a fingerprint of 12"),
    "audience": (f"PV-ANN i {FORM} for modul: x", 39, "waiver-syntax", "'source', 'backend'"),
    "comma": (f"PV-ANN i {FORM} for module,: x", 39, "waiver-syntax", "'source', 'backend'"),
    "day": (f"PV-ANN i {FORM} until 2027-02-29: x", 41, "waiver-syntax", "a day like"),
    "day 0": (f"PV-ANN i {FORM} until 2027-02-00: x", 41, "waiver-syntax", "a day like"),
    "month": (f"PV-ANN i {FORM} until 2027-13-01: x", 41, "waiver-syntax", "a day like"),
    "form of day": (f"PV-ANN i {FORM} until 1.2.2027: x", 41, "waiver-syntax", "a day like"),
    "twice": (f"PV-ANN i {FORM} {FORM}: x", 35, "waiver-syntax", "':', or a key"),
    "word": ("PV-ANN i because: x", 10, "waiver-syntax", "'fingerprint', 'for', 'until' or ':'"),
    "quote": ('PV-ANN "a b: x', 11, "waiver-syntax", "'fingerprint', 'for'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_line(case: str, tmp_path: Path) -> None:
    """Its place and what is expected there; nothing is reported of the change."""
    line, column, name, said = WRONG[case]
    result = waive(tmp_path, BEFORE, INSERTED, f"# first\n{line}\nPV-ANN i: x\n")
    (d,) = result.diagnostics()
    assert (result.status, result.out) == (ENVIRONMENT, b"")
    assert (d.path, d.line, d.column, d.name) == ("w.txt", 2, column, name)
    assert d.text.startswith(said) or said in d.text


def test_all_of_them_are_shown(tmp_path: Path) -> None:
    """Each line that is wrong; each name of the table occurs."""
    text = "".join(f"{line}\n" for line, *_ in WRONG.values())
    result = waive(tmp_path, BEFORE, INSERTED, text)
    assert [d.line for d in result.diagnostics()] == list(range(1, len(WRONG) + 1))
    assert set(result.names()) == codes("waiver.def").keys()


@pytest.mark.parametrize("day", ["2028-02-29", "2027-04-30", "2027-12-31", "2400-02-29"])
def test_days(day: str, tmp_path: Path) -> None:
    """That there are."""
    line = lines(tmp_path, BEFORE, INSERTED)[0].rstrip(":")
    assert not faults(report(tmp_path, BEFORE, INSERTED, f"{line} until {day}: x"))


@pytest.mark.parametrize("day", ["2100-02-29", "2027-04-31", "2027-00-01"])
def test_no_days(day: str, tmp_path: Path) -> None:
    """Nor those of other years."""
    result = waive(tmp_path, BEFORE, INSERTED, f"{ADDED} until {day}: x")
    assert result.names() == ["waiver-syntax"]


def test_bytes(tmp_path: Path) -> None:
    """Lines of other systems, no end of the last, and what is no text."""
    first, second = lines(tmp_path, BEFORE, INSERTED)
    text = f"\r\n  \t\r\n \t# c\r\n  {first}\tx\r\n{second} \x1b[2J".encode() + b"\xff\x00 y"
    result = waive(tmp_path, BEFORE, INSERTED, text)
    assert result.status == FINE and b"\x1b" not in result.out
    assert "(w.txt:5): <1b>[2J" in result.out.decode()
    waived = report(tmp_path, BEFORE, INSERTED, text)[0]["waived"]
    assert waived[0]["reason"] == "x"


def test_names_with_blanks(tmp_path: Path) -> None:
    """They stand in quotes; so does what a signature holds."""
    kernel = "interface i version 1.0 { }\nbackend b for i on h {\n%s\n}\n"
    words = [
        ABI.format(1) + kernel % f'detect cpuid "{signature}";'
        for signature in ("HyperHyper12", "a:'# <b>\x1b\\\"xy")
    ]
    found = report(tmp_path, *words, "", "--gate=peer")
    wanted = [c["waiver"] for c in found if c["waiver"]]
    assert any("\"b.detect cpuid a:'# <b><1b>'xy\"" in line for line in wanted), wanted
    after = report(tmp_path, *words, "".join(f"{line} x\n" for line in wanted), "--gate=peer")
    assert not faults(after) and not any(c["gated"] for c in after)


def test_beside_a_revision(tmp_path: Path) -> None:
    """They are read as they are, and what is in a revision is named as it is in the tree."""
    git = "git -c user.name=me -c user.email=me"
    wanted = "".join(f"{line} x\n" for line in lines(tmp_path, BEFORE, INSERTED))
    (tmp_path / "w.txt").write_text(wanted[:10])
    shell(f"git init -q . && git add . && {git} commit -qm a", tmp_path)
    (tmp_path / "w.txt").write_text(wanted)
    operands = ("git:HEAD:old.pvi", "git:HEAD:new.pvi")
    forms = ("--format=github:a.txt", "--format=sarif:a.sarif")
    result = run("diff", "--waivers=w.txt", *forms, *operands, cwd=tmp_path)
    assert (result.status, result.out, result.err) == (FINE, b"", "")
    for name in ("a.txt", "a.sarif"):
        assert "new.pvi" in (tmp_path / name).read_text()
        assert "git:" not in (tmp_path / name).read_text().replace("%3A", ":")


CANNOT = {
    "missing": ("none.txt", "cannot read 'none.txt'"),
    "folder": (".", "cannot read '.'"),
    "description": ("new.pvi", "there is no rule 'language'"),
}


@pytest.mark.parametrize("case", CANNOT)
def test_cannot_be_read(case: str, tmp_path: Path) -> None:
    """Never as if there were none."""
    name, said = CANNOT[case]
    result = diff(tmp_path, BEFORE, INSERTED, f"--waivers={name}")
    assert (result.status, result.out) == (ENVIRONMENT, b"") and said in result.err


def test_is_not_overwritten(tmp_path: Path) -> None:
    """By a report."""
    result = waive(tmp_path, BEFORE, INSERTED, "# mine\n", "--format=json:w.txt")
    assert result.status == ENVIRONMENT and "overwrite" in result.err
    assert (tmp_path / "w.txt").read_text() == "# mine\n"


def test_many(tmp_path: Path) -> None:
    """Thousands of waivers take no time to speak of."""
    ops = "".join(f"op void f{n}(void) {{ default nop; }}\n" for n in range(5000))
    old = f"interface i version 1.0 {{ group g {{ {ops} }} }}\n"
    new = old.replace("(void)", "(int a)")
    wanted = lines(tmp_path, old, new)
    assert len(wanted) > 5000
    text = "".join(f"{line} x\n" for line in wanted)
    assert waive(tmp_path, old, new, text, "--format=text:out.txt").status == FINE
