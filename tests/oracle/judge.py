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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

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
STUB = re.compile(r"^static inline.*?(\w+)\(", re.MULTILINE)
WARNING = re.compile(r"warning: (.*)")
AT_MOST = 8


def sh(*command: str | Path, **more) -> subprocess.CompletedProcess:
    """Run a command, keep what it says."""
    return subprocess.run([str(w) for w in command], capture_output=True, text=True, check=False, **more)


# ---- descriptions ----


@dataclass(frozen=True)
class Pair:
    """Two texts."""

    name: str
    old: str
    new: str


def with_user(old: str, new: str) -> tuple[str, str]:
    """Both, with an interface that uses their types if they have none of their own."""
    declared = re.compile(r"^ ?(?:shared )?(struct|union|bits) (\w+)", re.MULTILINE)
    if all(re.search(r"^ *interface \w+ version", text, re.MULTILINE) for text in (old, new)):
        return old, new
    both = dict(map(reversed, declared.findall(old))).items() & dict(map(reversed, declared.findall(new))).items()
    uses = "".join(
        f"op void use_{name}({f'{name} a' if kind == 'bits' else f'{kind} {name} *a @inout'}) {{ default nop; }}\n"
        for name, kind in sorted(both)
    )
    user = f"interface user version 1.0 {{ group g {{ op void nothing(void) {{ default nop; }}\n{uses}}} }}\n"
    return old + user, new + user


def pairs(paths: list[Path]) -> Iterator[Pair]:
    """Of these files; what is near is a pair of its own."""
    for path in paths:
        case = read(path)
        yield Pair(path.stem, *with_user(case.old.text, case.new.text))
        if "~" in {line[:1] for line in path.read_text().splitlines()}:
            yield Pair(f"{path.stem}~", *with_user(case.old.text, case.near.text))


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

    def __call__(self, make, *key):
        """What `make` made, or makes now."""
        with self.locks.setdefault((make, *key), threading.Lock()):
            if (make, *key) not in self.made:
                self.made[make, *key] = make(*key)
            return self.made[make, *key]


once = Once()

# ---- versions ----


@dataclass(frozen=True)
class Version:
    """A description that pvgen has built, and the objects of both halves."""

    place: Path
    model: Model | None
    errors: tuple[str, ...] = ()


def headers(manifest: dict, place: Path) -> dict[str, str]:
    """What C includes, but for what backends alone see."""
    names = [f"{i['name']}{end}.h" for i in manifest["interfaces"] for end in ("", "_ops", "_canaries")]
    names += [f"{abi['name']}.h" for abi in manifest["abis"]]
    return {name: (place / name).read_text() for name in names if (place / name).exists()}


def compiler() -> str:
    """Another one can be said."""
    return os.environ.get("JUDGE_CC", "gcc")


def compile_half(place: Path, half: str) -> str:
    """Its object; what the compiler says."""
    done = sh(compiler(), *FLAGS, f"-I{HERE}", "-I.", "-c", f"{half}.c", cwd=place)
    if done.returncode:
        raise RuntimeError(f"{place}/{half}.c:\n{done.stderr}")
    return done.stderr


def version(work: Path, text: str, defines: tuple[str, ...]) -> Version:
    """Build what this text describes; the place is named by what is in it."""
    name = hashlib.sha256("\n".join((text, *defines, compiler())).encode()).hexdigest()[:16]
    place = work / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "pair.pvi").write_text(text)
    done = sh(BUILD / "pvgen", "build", "-Wno-missing-language", *defines, "pair.pvi", cwd=place)
    if done.returncode:
        return Version(place, None, tuple(sorted(set(re.findall(r"error: .*\[([\w-]+)\]", done.stderr)))))
    manifests = list(place.glob("*.json"))
    manifest = json.loads(manifests[0].read_text())
    own = headers(manifest, place)
    model = Model(manifest, {name for text in own.values() for name in STUB.findall(text)})
    (place / "callers.c").write_text(callers(model, own))
    (place / "backends.c").write_text(backends(model, own))
    for half in ("callers", "backends"):
        (place / f"{half}.said").write_text(compile_half(place, half))
    canaries = [p.name for p in place.glob("*_canaries.S")]
    tables = [f"{i['name']}.c" for i in manifest["interfaces"] if i["ops"]]
    for source in (*canaries, *tables):
        if source in canaries:
            sh(compiler(), "-c", source, "-o", f"{source}.o", cwd=place)
    return Version(place, model)


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
    missing = once(link, one.place, other.place, runtime)
    if missing:
        return [Finding("link", "crash", f"it does not link: {missing}")]
    done = sh(one.place / f"with-{other.place.name}", env={**os.environ, **env}, timeout=60)
    if done.returncode:
        return [Finding("run", "crash", f"the program ended with {done.returncode}")]
    return Mix(one.model, other.model).findings(done.stdout)


def source(one: Version, other: Version, half: str) -> tuple[str, str]:
    """The half's source, compiled against the other's headers."""
    text = (one.place / f"{half}.c").read_text()
    flags = [*FLAGS, "-DJUDGE_SOURCE", f"-I{HERE}", f"-I{other.place}", "-x", "c", "-", "-S", "-o", "/dev/null"]
    done = sh(compiler(), *flags, input=text)
    errors = re.findall(r"error: (.*)", done.stderr)
    if done.returncode:
        return "break", errors[0] if errors else done.stderr.strip()
    own = set(WARNING.findall((one.place / f"{half}.said").read_text()))
    new = [w for w in WARNING.findall(done.stderr) if w not in own]
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
    control: list[str] = field(default_factory=list)
    uses: int = 0
    ours: dict[str, dict[str, str]] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)

    def say(self, what: str, text: str) -> None:
        """Keep it once."""
        if text not in self.said.setdefault(what, []):
            self.said[what].append(text)

    def source(self, half: str, verdict: str, text: str) -> None:
        """One compilation."""
        order = ("ok", "warn", "break")
        setattr(self, half, max(getattr(self, half), verdict, key=order.index))
        if text:
            self.say(half, text)

    def mix(self, direction: str, findings: list[Finding], abis: set[str]) -> None:
        """One run."""
        verdicts = getattr(self, direction)
        for f in findings:
            part = "abi" if re.split(r"[._]", f.element)[0].lower() in abis else "interface"
            verdicts[part] = max(verdicts[part], f.verdict, key=VERDICTS.index)
            if f.verdict != "ok":
                self.say(f"{direction} {part}", f"{f.element}: {f.text}")


class Judge:
    """A place to build in, and the runtime."""

    def __init__(self, work: Path) -> None:
        self.work = work
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True, exist_ok=True)
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
        return once(version, self.work, text, tuple(f"-D{n}={v}" for n, v in config.items() if re.search(rf"config \w+ {n}\b", text)))

    def both(self, judged: Judged, old: Version, new: Version) -> None:
        """Two versions in one configuration."""
        abis = {a["name"].lower() for v in (old, new) for a in v.model.manifest["abis"]}
        for half in ("callers", "backends"):
            judged.source(half, *source(old, new, half))
        forward = mixed(old, new, self.runtime)
        judged.uses += len(forward)
        judged.mix("forward", forward, abis)
        judged.mix("backward", mixed(new, old, self.runtime), abis)
        for own in {old.place: old, new.place: new}.values():
            bad = [f for f in mixed(own, own, self.runtime) if f.verdict != "ok"]
            judged.control += [f"{f.element}: {f.verdict}: {f.text}" for f in bad]


def ours(work: Path, pair: Pair) -> tuple[dict[str, dict[str, str]], list[str]]:
    """What pvgen diff says, in both directions; the rules that it names."""
    result, rules = {}, []
    place = work / hashlib.sha256((pair.old + pair.new).encode()).hexdigest()[:16]
    place.mkdir(exist_ok=True)
    (place / "old.pvi").write_text(pair.old)
    (place / "new.pvi").write_text(pair.new)
    for direction, names in (("forward", ("old.pvi", "new.pvi")), ("backward", ("new.pvi", "old.pvi"))):
        done = sh(BUILD / "pvgen", "diff", "--gate=none", "--format=json", *names, cwd=place)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        result[direction] = report["verdict"]
        rules = rules or [c["rule"] for c in report["changes"]]
    return result, rules


def judge_all(work: Path, chosen: list[Pair]) -> list[Judged]:
    """All pairs, on all processors."""
    judge = Judge(work)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(judge.pair, chosen))


def main() -> None:
    """All into a file, or some in words."""
    chosen = list(pairs([*RULES, *MORE, *PAIRS, *PLANTED]))
    if sys.argv[2:]:
        chosen = [p for p in chosen if p.name.rstrip("~") in sys.argv[2:]]
    judged = [asdict(j) for j in judge_all(BUILD / "oracle", chosen)]
    text = json.dumps(judged, indent=1)
    print(text) if sys.argv[1] == "-" else Path(sys.argv[1]).write_text(text + "\n")


if __name__ == "__main__":
    main()
