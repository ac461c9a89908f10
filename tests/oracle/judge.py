"""The judge: builds both versions of each pair apart, mixes them, and runs the mixes.

    judge.py OUT.json      all pairs
    judge.py - PAIR...     these, in words

A pair of tests/diff is OLD and NEW, or OLD and what is near.  Callers of one are linked with what
the other calls, in both directions; the same callers and backends are compiled as sources against
the headers of the other.
"""

import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests/diff"), str(ROOT / "tests/compiler")]

# pylint: disable=wrong-import-position
from cases import MORE, RULES, read  # noqa: E402
from meaning import VERDICTS, Finding, Mix  # noqa: E402
from model import Model  # noqa: E402
from program import backends, callers  # noqa: E402

BUILD = ROOT / "build"
PAIRS = sorted((ROOT / "tests/diff/oracle").glob("*.txt"))
PLANTED = sorted((HERE / "planted").glob("*.txt"))

FLAGS = (
    "-std=gnu11 -O1 -mno-red-zone -mgeneral-regs-only -fno-pic -fno-pie -fcf-protection=branch "
    "-Wall -Wextra -Wconversion -Wno-unused-function -Wno-unused-variable "
    "-Werror=incompatible-pointer-types -Werror=int-conversion "
    "-Werror=implicit-function-declaration"
).split()
STUB = re.compile(r"^static inline .*?(\w+)\([^()]*\)$", re.MULTILINE)
WARNING = re.compile(r"warning: (.*)")
AT_MOST = 8

# Of the sources in a place those that are compiled.
USED = ("callers", "backends")

# What the runtime can be made to overlook, to see that it matters.
BLIND = ("JUDGE_BLIND_TO_TOP_BITS", "JUDGE_BLIND_TO_REGISTERS")


def sh(*command: str | Path, **more) -> subprocess.CompletedProcess:
    """Run a command, keep what it says."""
    env = {**os.environ, "LC_ALL": "C", **(more.pop("env", None) or {})}
    words = [str(w) for w in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, env=env, **more)


# ---- descriptions ----


@dataclass(frozen=True)
class Pair:
    """Two texts."""

    name: str
    old: str
    new: str


def with_call(old: str, new: str) -> tuple[str, str]:
    """Both, with a call where there is an entry for calls alone."""
    if all('entry x86_64 "' in text for text in (old, new)):
        if not all(re.search(r"\bcall ", text) for text in (old, new)):
            most = min(len(s.split()) for s in re.findall(r"\bargs ([^;]*);", old + new))
            places = ", ".join(f"u64 {name}" for name in "ab"[:most])
            call = rf"\1\n    call 0x7e57 long called({places});"
            return tuple(re.sub(r"^(abi \w+ \{.*)", call, text, flags=re.M) for text in (old, new))
    return old, new


def with_user(old: str, new: str) -> tuple[str, str]:
    """Both, with an interface that uses their types if they have none of their own."""
    declared = re.compile(r"^ ?(?:shared )?(struct|union|bits) (\w+)", re.MULTILINE)
    if all(re.search(r"^ *interface \w+ version", text, re.MULTILINE) for text in (old, new)):
        return old, new
    both = sorted(set(declared.findall(old)) & set(declared.findall(new)))
    ops = ["op void nothing(void) { default nop; }"]
    for kind, name in both:
        parameter = f"{name} a" if kind == "bits" else f"{kind} {name} *a @inout"
        ops.append(f"op void use_{name}({parameter}) {{ default nop; }}")
    user = "interface user version 1.0 {\ngroup g {\n" + "\n".join(ops) + "\n}\n}\n"
    return old + user, new + user


def completed(old: str, new: str) -> tuple[str, str]:
    """Both, with what it takes to run them."""
    return with_user(*with_call(old, new))


def pairs(paths: list[Path]) -> Iterator[Pair]:
    """Of these files; what is near is a pair of its own."""
    for path in paths:
        case = read(path)
        yield Pair(path.stem, *completed(case.old.text, case.new.text))
        if "~" in {line[:1] for line in path.read_text().splitlines()}:
            yield Pair(f"{path.stem}~", *completed(case.old.text, case.near.text))


def configurations(pair: Pair) -> list[dict[str, int]]:
    """Values of the symbols that guards ask for: each that makes a difference, up to a limit."""
    text = pair.old + pair.new
    symbols = dict(reversed(s) for s in re.findall(r"config (bool|int) (\w+)", text))
    choices = []
    for name, kind in symbols.items():
        asked = {int(n) for n in re.findall(rf"\b{name} *[<>=!]+ *(\d+)", text)}
        choices.append([1, 0] if kind == "bool" else sorted(asked | {n + 1 for n in asked} | {0}))
    chosen = itertools.islice(itertools.product(*choices), AT_MOST)
    return [dict(zip(symbols, values)) for values in chosen]


class Once:
    """Makes a thing once, whichever threads ask for it."""

    def __init__(self) -> None:
        self.locks: dict[object, threading.Lock] = {}
        self.made: dict[object, object] = {}

    def __call__(self, key: object, make: Callable[[], Any]) -> Any:
        """What was made for this key, or is made now."""
        with self.locks.setdefault(key, threading.Lock()):
            if key not in self.made:
                self.made[key] = make()
            return self.made[key]


once = Once()

# ---- versions ----


@dataclass(frozen=True)
class Version:
    """A description that pvgen has built, and the objects of both halves."""

    place: Path
    model: Model | None
    errors: tuple[str, ...] = ()


def merged(manifests: list[dict]) -> dict:
    """One of all: each has one interface, and what that needs."""
    result = {**manifests[0]}
    for kind in ("interfaces", "abis"):
        named = {item["name"]: item for manifest in manifests for item in manifest[kind]}
        result[kind] = list(named.values())
    return result


def headers(manifest: dict, place: Path) -> dict[str, str]:
    """What C includes, but for what backends alone see."""
    ends = (".h", "_ops.h", "_canaries.h")
    names = [f"{i['name']}{end}" for i in manifest["interfaces"] for end in ends]
    names += [f"{abi['name']}.h" for abi in manifest["abis"]]
    return {name: (place / name).read_text() for name in names if (place / name).exists()}


def compile_half(compiler: str, place: Path, half: str) -> str:
    """Its object; what the compiler says."""
    done = sh(compiler, *FLAGS, f"-I{HERE}", "-I.", "-c", f"{half}.c", cwd=place)
    if done.returncode:
        raise RuntimeError(f"{place}/{half}.c:\n{done.stderr}")
    return done.stderr


def place_of(work: Path, *contents: str) -> Path:
    """A new directory, named by what it is for."""
    place = work / hashlib.sha256("\n".join(contents).encode()).hexdigest()[:16]
    place.mkdir(exist_ok=True)
    return place


def compiled(compiler: str, place: Path) -> Path:
    """Objects of all that is written in a place, which is where they are."""
    for half in ("callers", "backends"):
        (place / f"{half}.said").write_text(compile_half(compiler, place, half))
    for canaries in place.glob("*_canaries.S"):
        sh("gcc", "-c", canaries, "-o", f"{canaries}.o", cwd=place)
    return place


def version(compiler: str, work: Path, text: str, defines: tuple[str, ...]) -> Version:
    """Build what this text describes; what is the same C is compiled once."""
    place = place_of(work, text, *defines)
    if re.search(r"^ *arch i386;", text, re.MULTILINE):
        return Version(place, None, ("other-architecture",))
    (place / "pair.pvi").write_text(text)
    done = sh(BUILD / "pvgen", "build", "-Wno-missing-language", *defines, "pair.pvi", cwd=place)
    if done.returncode:
        errors = re.findall(r"error: .*\[([\w-]+)\]", done.stderr)
        return Version(place, None, tuple(sorted(set(errors))))
    manifest = merged([json.loads(p.read_text()) for p in sorted(place.glob("*.json"))])
    own = headers(manifest, place)
    model = Model(manifest, {name for text in own.values() for name in STUB.findall(text)})
    (place / "callers.c").write_text(callers(model, own))
    (place / "backends.c").write_text(backends(model, own))
    written = sorted(p for p in place.iterdir() if p.suffix in (".c", ".h", ".S"))
    content = tuple((p.name, p.read_text()) for p in written if p.stem in USED or p.suffix != ".c")
    where = once((compiler, work, content), lambda: compiled(compiler, place))
    return Version(where, model)


# ---- mixes ----


def link(callers_place: Path, called_place: Path, runtime: Path) -> str:
    """A program of two halves; what is missing."""
    program = callers_place / f"with-{called_place.name}"
    objects = [*callers_place.glob("callers.o"), *callers_place.glob("*_canaries.S.o")]
    objects += [called_place / "backends.o", runtime]
    done = sh("gcc", "-no-pie", "-Wl,-z,noexecstack", "-o", program, *objects)
    return " ".join(sorted(set(re.findall(r"undefined reference to `(\w+)'", done.stderr))))


def mixed(one: Version, other: Version, runtime: Path, **env: str) -> list[Finding]:
    """Callers of one with what the other has for them, run."""
    key = (one.place, other.place, runtime)
    missing = once(key, lambda: link(*key))
    if missing:
        return [Finding("link", "crash", f"nobody has {missing}")]
    done = sh(one.place / f"with-{other.place.name}", env=env, timeout=60)
    if done.returncode:
        return [Finding("run", "crash", f"the program ended with {done.returncode}")]
    return Mix(one.model, other.model).findings(done.stdout)


def kind(warning: str) -> str:
    """A warning without the words that a description says."""
    return re.sub(r"deprecated.*", "deprecated", warning)


def source(compiler: str, one: Version, other: Version, half: str) -> tuple[str, str]:
    """The half's source, compiled against the other's headers."""
    text = (one.place / f"{half}.c").read_text()
    flags = [*FLAGS, "-DJUDGE_SOURCE", f"-I{HERE}", f"-I{other.place}"]
    done = sh(compiler, *flags, "-x", "c", "-", "-S", "-o", "/dev/null", input=text)
    errors = re.findall(r"error: (.*)", re.sub(r" \{aka '.*?'\}", "", done.stderr))
    if done.returncode:
        return "break", errors[0] if errors else done.stderr.strip()
    own = {kind(w) for w in WARNING.findall((one.place / f"{half}.said").read_text())}
    new = [w for w in WARNING.findall(done.stderr) if kind(w) not in own]
    return ("warn", new[0]) if new else ("ok", "")


# ---- judgements ----


@dataclass
class Judged:
    """What became of a pair, for the worst of its configurations."""

    pair: str
    not_built: list[str] = field(default_factory=list)
    callers: str = "ok"
    backends: str = "ok"
    forward: dict[str, str] = field(default_factory=lambda: {"interface": "ok", "abi": "ok"})
    backward: dict[str, str] = field(default_factory=lambda: {"interface": "ok", "abi": "ok"})
    said: dict[str, list[str]] = field(default_factory=dict)
    witness: dict[str, tuple[str, str]] = field(default_factory=dict)
    control: list[str] = field(default_factory=list)
    blind: dict[str, str] = field(default_factory=dict)
    uses: dict[str, int] = field(default_factory=dict)
    ours: dict[str, dict[str, str]] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)

    def say(self, what: str, element: str, text: str, call: str) -> None:
        """Keep it once; the first is the witness."""
        self.witness.setdefault(what, (call or element, text))
        line = f"{element}: {text}"
        if line not in self.said.setdefault(what, []):
            self.said[what].append(line)

    def source(self, half: str, verdict: str, text: str) -> None:
        """One compilation."""
        order = ("ok", "warn", "break")
        setattr(self, half, max(getattr(self, half), verdict, key=order.index))
        if text:
            self.say(half, verdict, text, "")

    def mix(self, direction: str, findings: list[Finding], abis: set[str]) -> None:
        """One run."""
        verdicts = getattr(self, direction)
        for f in sorted(findings, key=lambda f: -VERDICTS.index(f.verdict)):
            part = "abi" if re.split(r"[._]", f.element)[0].lower() in abis else "interface"
            verdicts[part] = max(verdicts[part], f.verdict, key=VERDICTS.index)
            if f.verdict != "ok":
                self.say(f"{direction} {part}", f.element, f.text, f.call)


class Judge:
    """A place to build in, and the runtime."""

    def __init__(self, work: Path, compiler: str = "gcc") -> None:
        self.work, self.compiler = work, compiler
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        self.runtime = work / "judge.o"
        done = sh(
            "gcc", "-std=gnu11", "-O1", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fno-pie",
            "-c", HERE / "judge.c", "-o", self.runtime,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def pair(self, pair: Pair) -> Judged:
        """All of a pair."""
        judged = Judged(pair.name)
        for config in configurations(pair):
            old, new = (self.version(text, config) for text in (pair.old, pair.new))
            if old.model and new.model:
                self.both(judged, old, new)
            else:
                judged.not_built = sorted({*judged.not_built, *old.errors, *new.errors})
        judged.ours, judged.rules = ours(self.work, pair)
        return judged

    def version(self, text: str, config: dict[str, int]) -> Version:
        """Of a text, with the symbols that it declares."""
        declared = {n: v for n, v in config.items() if re.search(rf"config \w+ {n}\b", text)}
        defines = tuple(f"-D{name}={value}" for name, value in declared.items())
        key = (self.compiler, self.work, text, defines)
        return once(key, lambda: version(*key))

    def both(self, judged: Judged, old: Version, new: Version) -> None:
        """Two versions in one configuration."""
        abis = {a["name"].lower() for v in (old, new) for a in v.model.manifest["abis"]}
        for half in ("callers", "backends"):
            judged.source(half, *source(self.compiler, old, new, half))
        forward = mixed(old, new, self.runtime)
        for way in (f.way for f in forward if f.way):
            judged.uses[way] = judged.uses.get(way, 0) + 1
        judged.mix("forward", forward, abis)
        judged.mix("backward", mixed(new, old, self.runtime), abis)
        for what in BLIND:
            seen = [f.verdict for f in mixed(old, new, self.runtime, **{what: "1"})]
            worst = max((judged.blind.get(what, "ok"), *seen), key=VERDICTS.index)
            judged.blind[what] = worst
        for own in {old.place: old, new.place: new}.values():
            bad = [f for f in mixed(own, own, self.runtime) if f.verdict != "ok"]
            judged.control += [f"{f.element}: {f.verdict}: {f.text}" for f in bad]


def ours(work: Path, pair: Pair) -> tuple[dict[str, dict[str, str]], list[str]]:
    """What pvgen diff says, in both directions; the rules that it names."""
    result, rules = {}, []
    place = place_of(work, pair.name, pair.old, pair.new)
    (place / "old.pvi").write_text(pair.old)
    (place / "new.pvi").write_text(pair.new)
    names = ["old.pvi", "new.pvi"]
    for direction in ("forward", "backward"):
        done = sh(BUILD / "pvgen", "diff", "--gate=none", "--format=json", *names, cwd=place)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        result[direction] = report["verdict"]
        rules = rules or [c["rule"] for c in report["changes"]]
        names.reverse()
    return result, rules


def judge_all(work: Path, chosen: list[Pair], compiler: str = "gcc") -> list[Judged]:
    """All pairs, on all processors."""
    judge = Judge(work, compiler)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(judge.pair, chosen))


def main() -> None:
    """All into a file, or some in words."""
    chosen = list(pairs([*RULES, *MORE, *PAIRS, *PLANTED]))
    if sys.argv[2:]:
        chosen = [p for p in chosen if p.name.rstrip("~") in sys.argv[2:]]
    judged = [asdict(j) for j in judge_all(BUILD / "oracle/versions", chosen)]
    text = json.dumps(judged, indent=1)
    print(text) if sys.argv[1] == "-" else Path(sys.argv[1]).write_text(text + "\n")


if __name__ == "__main__":
    main()
