"""The forms of the report of pvgen diff: each is parsed, and says what the JSON says."""

import json
import re
import resource
from dataclasses import dataclass
from functools import cache
from html import unescape
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest
from cases import AUDIENCES, MORE, ORACLE, RULES, VERDICTS, Result, all_rules, diff, read
from test_diff_command import ABI, BEFORE, INSERTED
from test_diff_waivers import lines, waive
from tool import ENVIRONMENT, INPUT, PVGEN, ROOT, run

FORMS = ("text", "json", "sarif", "junit", "md", "github", "html")
ALL = (*RULES, *MORE, *ORACLE)
TABLE = all_rules()

each = pytest.mark.parametrize("path", ALL, ids=lambda p: p.stem)


@cache
def schema(path: str) -> jsonschema.Draft7Validator:
    """A schema of the repository, which is one itself."""
    text = json.loads((ROOT / path).read_text())
    jsonschema.Draft7Validator.check_schema(text)
    return jsonschema.Draft7Validator(text)


@dataclass(frozen=True)
class Reports:
    """Of one diff, by their forms."""

    place: Path
    status: int

    def text(self, form: str) -> str:
        """As it was written."""
        return (self.place / f"out.{form}").read_text()

    @property
    def said(self) -> dict:
        """The JSON."""
        return json.loads(self.text("json"))

    @property
    def changes(self) -> list[dict]:
        """What all forms show."""
        return self.said["changes"]


def reports(place: Path, old: str, new: str, waivers: str | bytes = "", *options: str) -> Reports:
    """All forms in one run."""
    wanted = [f"--format={form}:out.{form}" for form in FORMS]
    result = waive(place, old, new, waivers, *wanted, *options)
    assert (result.out, result.err) == (b"", "")
    return Reports(place, result.status)


# ---- what forms show, as text: it has no control characters ----


def visible(text: str) -> str:
    """As pvgen shows it."""
    return "".join(f"<{ord(c):02x}>" if ord(c) < 32 or ord(c) == 127 else c for c in text)


def place(c: dict) -> tuple[str, int]:
    """Where it is shown."""
    at = c["new"] or c["old"]
    return visible(at["file"]), at["line"]


def head(c: dict) -> str:
    """Rule, and what it is for whom."""
    whom = ", ".join(f"{a} {v}" for a, v in c["audiences"].items() if v != "na")
    return f"{c['rule']}: {c['what']} ({whom})"


def verdict(said: dict) -> str:
    """The line of them all."""
    n, waived = len(said["changes"]), sum(is_waived(c) for c in said["changes"])
    count = f"{n} change{'s' * (n != 1)}" if n else "no change"
    count += " in what both sides tell" * bool(said["unknown"])
    more = f", {waived} waived" if waived else ""
    return f"{count}{more}: " + ", ".join(f"{a} {v}" for a, v in said["verdict"].items())


UNKNOWN = re.compile("not compared, because (OLD alone|NEW alone|neither side) tells?")


def notes(r: Reports) -> list[str]:
    """The lines behind the verdict: of each table whose slots moved, of what is not compared."""
    lines = r.text("text").splitlines()
    begin = lines.index(verdict(r.said)) + 1
    end = lines.index("", begin) if "" in lines[begin:] else len(lines)
    said = lines[begin:end]
    moved = [line for line in said if line.startswith("slots of ")]
    for table, line in zip(r.said["tables"], moved, strict=True):
        assert line.startswith(f"slots of {visible(table['element'])}")
        assert "{old} -> {new}".format(**table["slots"]) in line
    unknown = said[len(moved):]
    assert all(map(UNKNOWN.match, unknown)) and bool(unknown) == bool(r.said["unknown"])
    return said


def broken(c: dict) -> set[str]:
    """Audiences that it breaks."""
    return {a for a, v in c["audiences"].items() if v in ("break", "silent")}


def waivers_of(c: dict) -> dict[str, dict]:
    """The waiver of each audience that has one."""
    return {a: w for w in c["waived"] for a in w["audiences"]}


def is_waived(c: dict) -> bool:
    """Is there one for all whom it breaks?"""
    return bool(c["waived"]) and broken(c) <= waivers_of(c).keys()


def waived_text(w: dict) -> str:
    """What people are told of it."""
    until = f" until {w['until']}" if w["until"] else ""
    at = f"{w['place']['file']}:{w['place']['line']}"
    return visible(f"waived for {','.join(w['audiences'])}{until} ({at}): {w['reason']}")


# ---- a check for each form ----


def check_json(r: Reports) -> None:
    """It is what the published schema says; the status is what it says."""
    schema("docs/diff-report.schema.json").validate(r.said)
    assert r.said["status"] == r.status == any(c["gated"] for c in r.changes)
    for c in r.changes:
        assert set(c["gated"]).isdisjoint(waivers_of(c))
        assert not c["gated"] or set(c["gated"]) <= broken(c) or "WAIVER" in c["rule"]


def check_text(r: Reports) -> None:
    """Heads in front of their changes; last, why the status is 1."""
    expected, before = [], None
    for c in r.changes:
        if head(c) != before:
            before = head(c)
            expected += ["", before, f"  {c['effect']}", f"  To do: {c['remedy']}"]
        file, line = place(c)
        detail = f": {visible(c['detail'])}" if c["detail"] else ""
        expected.append(f"    {file}:{line}: {visible(c['element'])}{detail}{old(c)}")
        expected += [fix_text(c["fix"])] if c["fix"] else []
        expected += [f"      {waived_text(w)}" for w in c["waived"]]
    expected += ["", verdict(r.said), *notes(r), *text_failures(r.changes)]
    assert r.text("text").splitlines() == expected[1:]


def fix_text(fix: dict) -> str:
    """What to insert."""
    return "      insert at {file}:{line}:{column}: ".format(**fix) + fix["insert"].lstrip(" \n")


def old(c: dict) -> str:
    """A place that is not in NEW says so."""
    return "" if c["new"] else " (old)"


def text_failures(changes: list[dict]) -> list[str]:
    """The end of a report that fails."""
    said = []
    for c in changes:
        if c["gated"]:
            file, line = place(c)
            whom = ",".join(c["gated"])
            said.append(f"  {file}:{line}: {visible(c['element'])}: {c['what']}, for {whom}")
            said += [f"    To accept: {c['waiver']}"] if c["waiver"] else []
    end = "What is to be accepted goes, with a reason behind the colon, into a file for --waivers."
    return ["", "The status is 1 because of:", *said, end] if said else []


SARIF_LEVELS = dict(zip(VERDICTS, "none none note warning warning error error".split()))


def sarif_place(location: dict) -> tuple[str, int]:
    """File and line."""
    physical = location["physicalLocation"]
    uri = physical["artifactLocation"]["uri"]
    return unquote(uri.removeprefix("file://")), physical["region"]["startLine"]


def check_sarif(r: Reports) -> None:
    """A result for each change, in their order, of a rule that is there."""
    log = json.loads(r.text("sarif"))
    schema("tests/diff/sarif.schema.json").validate(log)
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    results = log["runs"][0]["results"]
    told = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert [n["message"]["text"].replace("{{", "{").replace("}}", "}") for n in told] == notes(r)
    assert {rule["id"] for rule in rules} == {c["rule"] for c in r.changes}
    for rule in rules:
        row = TABLE[rule["id"]]
        assert rule["shortDescription"]["text"] == row.text
        assert rule["help"]["text"] == f"{row.effect}\nTo do: {row.remedy}"
    for c, result in zip(r.changes, results, strict=True):
        at = c["new"] or c["old"]
        assert result["ruleId"] == rules[result["ruleIndex"]]["id"] == c["rule"]
        assert result["level"] == ("error" if c["gated"] else SARIF_LEVELS[c["severity"]])
        assert sarif_place(result["locations"][0]) == (at["file"], at["line"])
        name = result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
        assert name == c["element"]
        before = [(c["old"]["file"], c["old"]["line"])] if c["old"] and c["new"] else []
        assert [sarif_place(x) for x in result["relatedLocations"]] == before
        message = result["message"]["text"].replace("{{", "{").replace("}}", "}")
        assert message.startswith(f"{c['element']}: {c['what']}")
        assert all(part in message for part in (c["detail"], c["effect"], c["remedy"]))
        print_ = {"pvgen/v1": c["fingerprint"]} if c["fingerprint"] else {}
        assert result["partialFingerprints"] == print_
        reasons = [w["reason"] for w in c["waived"]] if is_waived(c) else []
        assert [s["justification"] for s in result["suppressions"]] == reasons
        assert result["properties"] == {"audiences": c["audiences"], "gated": c["gated"]}


def junit_case(case: ElementTree.Element) -> tuple:
    """What a case says."""
    failure, skipped = case.find("failure"), case.find("skipped")
    return (
        case.get("classname"),
        case.get("name"),
        case.get("file"),
        case.get("line"),
        failure is not None and (failure.get("type"), failure.get("message"), failure.text),
        skipped is not None and skipped.get("message"),
    )


def junit_expected(c: dict, audience: str) -> tuple:
    """What that of a change should say."""
    file, line = place(c)
    accept = ""
    if audience in c["gated"] and c["waiver"]:
        accept = f"\nTo accept: {c['waiver'].rpartition(' for ')[0]} for {audience}:"
    text = f"{c['effect']}\nTo do: {c['remedy']}{accept}"
    waiver = waivers_of(c).get(audience)
    return (
        f"{audience}.{c['rule']}",
        visible(c["element"] + (f": {c['detail']}" if c["detail"] else "")),
        file,
        str(line),
        audience in c["gated"] and (c["audiences"][audience], c["what"], text),
        waiver is not None and waived_text(waiver),
    )


def check_junit(r: Reports) -> None:
    """A suite for each audience; sums are right, and no suite is empty."""
    root = ElementTree.fromstring(r.text("junit"))
    assert [suite.get("name") for suite in root] == list(AUDIENCES)
    for suite in root:
        audience = suite.get("name") or ""
        cases = [c for c in r.changes if c["audiences"][audience] != "na"]
        if cases:
            assert [*map(junit_case, suite.iter("testcase"))] == [junit_expected(c, audience) for c in cases]
        else:
            assert [(c.get("name"), len(c)) for c in suite.iter("testcase")] == [("no change", 0)]
        assert (suite.findtext("system-out") or "").splitlines() == notes(r)
    for group in (root, *root):
        found = [len([*group.iter(tag)]) for tag in ("testcase", "failure", "skipped")]
        assert [int(group.get(k, "")) for k in ("tests", "failures", "skipped")] == found


CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def codes_of(line: str) -> list[str]:
    """The code spans of a line of Markdown."""
    found = [m[2] for m in CODE.finditer(line)]
    return [s[1:-1] if s[0] == s[-1] == " " and s.strip() else s for s in found]


def plain(line: str) -> str:
    """Without the bold verdicts of a head."""
    is_head = line.startswith("### ")
    return re.sub(r"\*\*(\w+ (?:break|silent))\*\*", r"\1", line) if is_head else line


def check_md(r: Reports) -> None:
    """Heads, and a list of code, in which nothing is markup."""
    expected: list[object] = []
    before = None
    for c in r.changes:
        if head(c) != before:
            before = head(c)
            expected += [f"### {before}", f"{c['effect']}  ", f"**To do:** {c['remedy']}"]
        detail = [visible(c["detail"])] if c["detail"] else []
        expected.append([f"{place(c)[0]}:{place(c)[1]}", visible(c["element"]), *detail])
        expected += [[waived_text(w)] for w in c["waived"]]
    expected += ["---"] * bool(r.changes) + [verdict(r.said), *([note] for note in notes(r))]
    expected += ["### The status is 1 because of"] * r.status
    for c in r.changes:
        if c["gated"]:
            accept = [c["waiver"]] if c["waiver"] else []
            expected.append([f"{place(c)[0]}:{place(c)[1]}", visible(c["element"]), *accept])
    lines = [line for line in r.text("md").splitlines() if line]
    assert [codes_of(s) if s.lstrip().startswith("- ") else plain(s) for s in lines] == expected


ANNOTATION = re.compile(r"::(error|warning|notice) ((?:[^\r\n:]|:(?!:))*)::([^\r\n]*)")


def unescaped(text: str) -> str:
    """As the runner does it."""
    for code, c in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, c)
    return text


def check_github(r: Reports) -> None:
    """An annotation for each change that anyone should look at, then the verdict."""
    *found, last = r.text("github").splitlines()
    expected = [c for c in r.changes if c["gated"] or VERDICTS.index(c["severity"]) > 1]
    for c, line in zip(expected, found, strict=True):
        m = ANNOTATION.fullmatch(line)
        assert m
        file, number = place(c)
        properties = dict(p.split("=", 1) for p in m[2].split(","))
        assert {k: unescaped(v) for k, v in properties.items()} == {
            "file": file, "line": str(number), "title": c["rule"]
        }
        level = "error" if c["gated"] else "warning"
        if not c["gated"] and (c["severity"] == "note" or is_waived(c)):
            level = "notice"
        assert m[1] == level
        name = visible(f"{c['element']}: {c['what']}" + f": {c['detail']}" * bool(c["detail"]))
        whom = head(c).removeprefix(f"{c['rule']}: {c['what']}")
        parts = [name + whom, c["effect"], f"To do: {c['remedy']}"]
        parts += [f"To accept: {c['waiver']}"] if c["waiver"] else []
        assert unescaped(m[3]).split("\n") == parts + [waived_text(w) for w in c["waived"]]
    level = "error" if r.status else "notice"
    end = "\n".join([verdict(r.said), *notes(r)])
    assert unescaped(last) == f"::{level} title=pvgen diff::{end}"


class Page(HTMLParser):
    """The sections of a page, its cards, and whether all that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.sections: list[dict] = []
        self.cards: list[str] = []
        self.led_to: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what is open; begin a section, or a row of it."""
        given = dict(attrs)
        self.led_to += [v for k, v in attrs if k in ("href", "src", "action") and v]
        self.ids |= {given["id"] or ""} if "id" in given else set()
        if tag not in {"meta", "input", "br", "rect", "path"}:
            self.open.append((tag, given))
        if tag == "section":
            self.sections.append({"data": given, "head": "", "rows": []})
        if tag == "tr" and self.is_in("section"):
            self.sections[-1]["rows"].append([])
        if tag in ("td", "p") and self.is_in("tr") and self.is_in("section"):
            self.sections[-1]["rows"][-1].append("")

    def is_in(self, tag: str) -> bool:
        """Is one open?"""
        return any(name == tag for name, _ in self.open)

    def handle_endtag(self, tag: str) -> None:
        """What is closed is what was opened last."""
        if tag not in {"meta", "input", "br", "rect", "path"}:
            assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        """Words of heads, of cells, and of cards."""
        if self.is_in("header"):
            self.sections[-1]["head"] += data
        elif self.is_in("tr") and self.is_in("section"):
            self.sections[-1]["rows"][-1][-1] += data
        elif self.open and self.open[-1][0] == "b" and "cards" in str(self.open):
            self.cards.append(data)


def html_row(c: dict) -> list[str]:
    """The cells of a change, and what is below its detail."""
    accept = f" To accept: {c['waiver']}" if c["waiver"] else ""
    fails = f"Fails for {','.join(c['gated'])}.{accept}"
    return [
        f"{place(c)[0]}:{place(c)[1]}{old(c)}",
        visible(c["element"]),
        visible(c["detail"]),
        *map(waived_text, c["waived"]),
        *([fails] if c["gated"] else []),
    ]


def check_html(r: Reports) -> None:
    """A section for each head; nothing is fetched, all links lead to what is there."""
    page = Page()
    page.feed(r.text("html"))
    told = re.findall("<li>(.*?)</li>", r.text("html"))
    assert [unescape(note) for note in told] == notes(r)
    assert page.open == [] and "://" not in re.sub(r"<td.*?</td>", "", r.text("html"))
    assert page.cards == list(r.said["verdict"].values())
    assert all(link[0] == "#" and link[1:] in page.ids for link in page.led_to)
    sections = [list(group) for _, group in groupby(r.changes, head)]
    for section, changes in zip(page.sections, sections, strict=True):
        c = changes[0]
        assert section["data"] == {f"data-{a}": v for a, v in c["audiences"].items()}
        whom = "".join(f"{a} {v}" for a, v in c["audiences"].items() if v != "na")
        texts = f"{c['effect']}To do: {c['remedy']}".replace("`", "")
        assert section["head"] == f"{c['rule']} {c['what']}{whom}{texts}"
        assert section["rows"] == [html_row(c) for c in changes]


def check_all(r: Reports) -> None:
    """All of them."""
    for form in FORMS:
        globals()[f"check_{form}"](r)


@each
def test_pairs(path: Path, tmp_path: Path) -> None:
    """All forms of all pairs: as they are, with some waived, and with waivers that are no good."""
    case = read(path)
    texts = case.old.text, case.new.text
    check_all(reports(tmp_path, *texts))
    wanted = lines(tmp_path, *texts)
    waivers = "".join(f"{line.rstrip(':')} until 2028-01-01: x\n" for line in wanted[::2])
    check_all(reports(tmp_path, *texts, waivers))
    names = [line.rpartition(" for ")[0] for line in wanted]
    some = [f"{name} for {AUDIENCES[n % 4]}: y" for n, name in enumerate(names)]
    check_all(reports(tmp_path, *texts, "\n".join((*some, "PV-ANN *: z", "PV-ANN q:"))))


@pytest.mark.parametrize("options", [(), ("--gate=none",), ("--gate=peer",)], ids=str)
def test_nothing(options: tuple[str, ...], tmp_path: Path) -> None:
    """An empty diff is a report too, in each form."""
    r = reports(tmp_path, BEFORE, BEFORE, "", *options)
    assert (r.status, r.changes) == (0, [])
    check_all(r)


def test_gates(tmp_path: Path) -> None:
    """They decide what is a failure in each form."""
    for gate in (*AUDIENCES, "none"):
        check_all(reports(tmp_path, BEFORE, INSERTED, "", f"--gate={gate}"))


# ---- texts of users ----

NASTY = "a`b``c, 100% <b>&amp;\"' ]]> --> ::x=1,y:z%0A {0} {{}} | \\ \x1b[2J\x7f"
NASTY += " \u00e9\u4e2d\U0001f600"
NAMES = ["a b%c.pvi", "a,b:c.pvi", "<a>&\"b'.pvi", "\u00e9\n.pvi", "`a`.pvi"]


def test_escaping(tmp_path: Path) -> None:
    """Quotes, markup, controls and other scripts arrive as they are, or are shown."""
    reason = NASTY.replace("\\", "\\\\").replace('"', '\\"')
    abi = ABI.format(1)[:-2] + 'reserved number 20 "%s"; }\n'
    old, new = BEFORE + abi % "a", INSERTED + abi % reason
    waivers = "".join(f"{line} {NASTY}\n" for line in lines(tmp_path, old, new))
    r = reports(tmp_path, old, new, waivers)
    check_all(r)
    assert any(NASTY in c["detail"] for c in r.changes)
    assert any(NASTY in w["reason"] for c in r.changes for w in c["waived"])
    for form in set(FORMS) - {"json", "sarif"}:
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", r.text(form))


@pytest.mark.parametrize("name", NAMES)
def test_names_of_files(name: str, tmp_path: Path) -> None:
    """They may hold anything too."""
    (tmp_path / name).write_text(INSERTED)
    (tmp_path / "old.pvi").write_text(BEFORE)
    wanted = [f"--format={form}:out.{form}" for form in FORMS]
    result = run("diff", *wanted, "old.pvi", name, cwd=tmp_path)
    assert (result.out, result.err) == (b"", "")
    r = Reports(tmp_path, result.status)
    assert r.changes[0]["new"]["file"] == name
    check_all(r)


def test_absolute_names(tmp_path: Path) -> None:
    """They are URIs of files."""
    paths = []
    for name, text in (("old.pvi", BEFORE), ("new x.pvi", INSERTED)):
        (tmp_path / name).write_text(text)
        paths.append(tmp_path / name)
    log = json.loads(run("diff", "--format=sarif", *paths).out)
    location = log["runs"][0]["results"][0]["locations"][0]
    assert sarif_place(location)[0] == str(paths[1])
    assert location["physicalLocation"]["artifactLocation"]["uri"].startswith("file:///")


# ---- size ----


def test_large(tmp_path: Path) -> None:
    """Twice as many changes are a report twice as long, made in no time to speak of."""
    sizes = []
    for n in (5000, 10000):
        ops = "".join(f"op void f{i}(int a) {{ default nop; }}\n" for i in range(n))
        old = f"interface i version 1.0 {{ group g {{ {ops} }} }}\n"
        (tmp_path / "old.pvi").write_text(old)
        (tmp_path / "new.pvi").write_text(old.replace("int a", "u64 *a @in"))
        wanted = [f"--format={form}:out.{form}" for form in FORMS]
        words = ("diff", *wanted, "old.pvi", "new.pvi")
        result = run(*words, cwd=tmp_path, tool=PVGEN, limit=(resource.RLIMIT_CPU, 10))
        assert (result.status, result.out, result.err) == (INPUT, b"", "")
        sizes.append([(tmp_path / f"out.{form}").stat().st_size for form in FORMS])
    assert all(a < b < 2.2 * a for a, b in zip(*sizes))
    effect = TABLE["PV-PAR-PTRLEVEL"].effect
    assert [(tmp_path / f"out.{f}").read_text().count(effect) for f in ("text", "md", "html")] == [
        1, 1, 1
    ]


# ---- outputs ----


def test_first_lines_of_markdown(tmp_path: Path) -> None:
    """An op in the middle: what it is, what an old module does, what to do instead."""
    out = diff(tmp_path, BEFORE, INSERTED, "--format=md").out.decode()
    first, second, third = out.splitlines()[:3]
    assert first.startswith("### PV-OPS-ADD-MID: op inserted before other slots")
    assert "**module silent**" in first and "old module calls the wrong op" in second
    assert "behind the last slot" in third and "spare" in third and "version" in third


@pytest.mark.parametrize("form", FORMS)
def test_on_standard_output(form: str, tmp_path: Path) -> None:
    """The same as into a file; a text without a form is standard output's too."""
    result = diff(tmp_path, BEFORE, INSERTED, f"--format={form}", f"--format={form}:out")
    assert result.out == (tmp_path / "out").read_bytes() and result.out.endswith(b"\n")


@pytest.mark.parametrize("form", FORMS)
def test_unwritable(form: str, tmp_path: Path) -> None:
    """2, a reason, and no other report beside it."""

    def refused(target: str) -> Result:
        wanted = ("--format=json:other.json", f"--format={form}:{target}")
        result = diff(tmp_path, BEFORE, INSERTED, *wanted)
        assert result.status == ENVIRONMENT and f"'{target}'" in result.err
        assert not (tmp_path / "other.json").exists()
        return result

    (tmp_path / "folder").mkdir()
    refused("folder")
    refused("new.pvi")
    refused("other.json")
    result = diff(tmp_path, BEFORE, INSERTED, f"--format={form}:old.pvi/x")
    assert result.status == ENVIRONMENT and result.err
