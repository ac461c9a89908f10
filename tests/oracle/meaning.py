"""What the events of a mix mean, for whoever knows both versions of which it was made."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from model import Callable, Model, Parameter

# From what does no harm to what does the worst.
VERDICTS = ("ok", "lossy", "silent", "crash")


@dataclass(frozen=True)
class Number:
    """A value as one side sees it, with the sign that its type has."""

    bits: int
    is_signed: bool
    size: int

    @property
    def value(self) -> int:
        """As people count."""
        return self.bits - (1 << 64) if self.is_signed and self.bits >> 63 else self.bits

    def __str__(self) -> str:
        return hex(self.bits & ((1 << 8 * self.size) - 1))


@dataclass(frozen=True)
class Finding:
    """What became of one thing: of the interface, or of an abi."""

    element: str
    verdict: str
    text: str = ""
    call: str = ""
    way: str = ""


@dataclass
class Run:
    """Events of one use."""

    name: str = ""
    way: str = ""
    heard: str = ""
    crash: str = ""
    is_stray: bool = False
    unknown: str = ""
    lost: list[str] = field(default_factory=list)
    overruns: list[str] = field(default_factory=list)
    said: dict[str, Number] = field(default_factory=dict)
    passed: dict[str, Number] = field(default_factory=dict)
    got: dict[str, Number] = field(default_factory=dict)
    wrote: dict[str, Number] = field(default_factory=dict)
    found: dict[str, Number] = field(default_factory=dict)
    constant: dict[str, Number] = field(default_factory=dict)
    known: dict[str, Number] = field(default_factory=dict)


VALUES = {"said", "passed", "got", "wrote", "found", "constant", "known"}


def note(run: Run, words: list[str]) -> None:
    """One event into its place."""
    kind, rest = words[0], words[1:]
    if kind in VALUES:
        *name, bits, is_signed, size = rest
        getattr(run, kind)[" ".join(name)] = Number(int(bits), is_signed == "1", int(size))
    elif kind == "use":
        run.name, run.way = rest
    elif kind == "stray":
        run.is_stray = True
    elif kind in ("lost", "overrun"):
        (run.lost if kind == "lost" else run.overruns).append(rest[0])
    elif kind in ("heard", "crash", "unknown"):
        setattr(run, kind, rest[0])


def runs(output: str) -> tuple[Run, list[Run]]:
    """What the sides say of numbers, and each use."""
    numbers, *uses = re.split(r"^(?=use )", output, flags=re.MULTILINE)
    result = []
    for text in (numbers, *uses):
        run = Run()
        for line in text.splitlines():
            note(run, line.split())
        result.append(run)
    return result[0], result[1:]


class Mix:
    """A run of callers of one version with those who are called of another."""

    def __init__(self, callers: Model, called: Model) -> None:
        self.callers, self.called = callers, called
        self.there = {c.full: c for c in (*called.ops, *called.calls)}
        self.here = {c.full: c for c in (*callers.ops, *callers.calls)}

    def findings(self, output: str) -> list[Finding]:
        """Of each use and each number; if all is well with it, that."""
        numbers, uses = runs(output)
        result = list(self.numbers(numbers))
        for run in uses:
            bad = list(self.memory(run) if run.way == "memory" else self.use(run))
            bad = bad or [Finding(run.name, "ok")]
            result += [replace(f, call=self.call(run), way=run.way) for f in bad]
        return result

    def call(self, run: Run) -> str:
        """What callers wrote in C."""
        if run.way == "memory":
            return f"struct {run.name}"
        mine = self.here[run.name]
        values = (str(run.said.get(p.name, f"&{p.name}")) for p in mine.parameters)
        return f"{mine.word}({', '.join(values)})"

    # ---- numbers that have names ----

    def numbers(self, run: Run) -> Iterator[Finding]:
        """What a number that callers were built with is called by the others."""
        names = {n.bits: name for name, n in reversed(run.known.items())}
        for name, number in run.constant.items():
            if run.known.get(name, number).bits != number.bits:
                other = f"is {names[number.bits]}" if number.bits in names else "has no name"
                yield Finding(name, "silent", f"{number}, which {other} there")
            elif name not in run.known:
                yield from self.unnamed(run, name, number)

    def unnamed(self, run: Run, name: str, number: Number) -> Iterator[Finding]:
        """A number that has another name there, or none."""
        renamed = [n for n, v in run.known.items() if v == number and n not in run.constant]
        if re.search("_(FEATURE|HINT)_", name):
            return
        if "_MSR_" in name:
            if not self.is_asked_for(name):
                what = renamed[0] if renamed else "no register"
                verdict = "silent" if renamed else "crash"
                yield Finding(name, verdict, f"{number}, which is {what} there")
        elif not renamed:
            yield Finding(name, "silent", f"{number}, which has no name there")

    def is_asked_for(self, name: str) -> bool:
        """Whether callers ask before they use the register."""
        for abi in self.callers.manifest["abis"]:
            for msr in abi["msrs"]:
                if name == f"{abi['name']}_MSR_{msr['name']}".upper():
                    return "needs" in msr or "since" in msr
        return False

    # ---- memory ----

    def memory(self, run: Run) -> Iterator[Finding]:
        """A structure that one side filled and the other read."""
        if run.heard:
            yield from self.members(run, "m", "m", is_read=True)

    def members(self, run: Run, mine: str, theirs: str, is_read: bool) -> Iterator[Finding]:
        """Each member that was filled and read, be it under a new name."""
        said, got = behind(run.said, mine), behind(run.got, theirs)
        names = self.renamed(said, got)
        for name in said:
            target = names.get(name, name)
            if target in got:
                yield from compared(run.name, label(name, mine), said[name], got[target])
            elif is_read:
                yield Finding(run.name, "lossy", f"{label(name, mine)} is not looked at")
        for name in (n for n in got if n not in said and n not in names.values()):
            yield Finding(run.name, "silent", f"{label(name, theirs)} is read, which nobody filled")

    def renamed(self, said: dict[str, Number], got: dict[str, Number]) -> dict[str, str]:
        """Members that only one side knows, if they are alike in their order."""
        here = {f"{tag}.{leaf}" for tag in self.callers.shared for leaf in self.callers.leaves(tag)}
        there = {f"{tag}.{leaf}" for tag in self.called.shared for leaf in self.called.leaves(tag)}
        old = [n for n in said if n[0] != "*" and n not in got and n not in there]
        new = [n for n in got if n[0] != "*" and n not in said and n not in here]
        sizes = [said[o].size for o in old] == [got[n].size for n in new]
        alike = sizes and all(said[o] == got[n] or said is got for o, n in zip(old, new))
        return dict(zip(old, new)) if alike else {}

    # ---- calls ----

    def use(self, run: Run) -> Iterator[Finding]:
        """Who runs, with which arguments, and what comes back."""
        mine = self.here[run.name]
        if run.unknown:
            yield from self.unknown(run, mine)
        elif run.heard and not self.is_same(run.name, run.heard):
            yield Finding(run.name, "silent", f"{run.heard} runs in its place")
        elif run.is_stray or run.crash:
            where = "what lies behind the table is called" if run.is_stray else f"SIG{run.crash}"
            yield Finding(run.name, "crash", where)
        elif run.heard:
            yield from self.arrived(run, mine, self.there[run.heard])
        else:
            yield Finding(run.name, "crash", "nobody runs")

    @staticmethod
    def unknown(run: Run, mine: Callable) -> Iterator[Finding]:
        """A number that the other side does not have; who may expect that asks first."""
        if not mine.detail.keys() & {"optional", "needs", "since"}:
            yield Finding(run.name, "crash", f"there is no call {run.unknown}")

    def is_same(self, name: str, heard: str) -> bool:
        """The op that was meant, be it under a name that is new where the old one is gone."""
        gone = name not in self.there and heard not in self.here
        return name == heard or gone and self.here[name].contract == self.there[heard].contract

    def arrived(self, run: Run, mine: Callable, theirs: Callable) -> Iterator[Finding]:
        """The right one runs: what it got, what callers have afterwards."""
        names = parameters(mine, theirs)
        for p in theirs.parameters:
            if p.name not in names.values():
                yield Finding(run.name, "silent", f"{p.name} is read, which nobody passed")
        for p in mine.parameters:
            if p.name not in names:
                yield Finding(run.name, "lossy", f"{p.name} is not looked at")
                continue
            target = next(t for t in theirs.parameters if t.name == names[p.name])
            yield from self.argument(run, p, target)
        yield from result(run)
        for name in run.overruns:
            yield Finding(run.name, "silent", f"memory behind {name} is overwritten")
        kept = self.callers.may_change(mine) if run.way == "call" else set()
        lost = [name for name in run.lost if name not in kept]
        if lost:
            yield Finding(run.name, "silent", f"its caller loses {' '.join(lost)}")

    def argument(self, run: Run, mine: Parameter, theirs: Parameter) -> Iterator[Finding]:
        """A value, or what is behind a pointer."""
        if mine.name in run.said:
            yield from compared(run.name, mine.name, run.said[mine.name], run.passed[theirs.name])
        if not self.called.shape(theirs.ctype, theirs.module).is_looked_into:
            return
        if not self.callers.shape(mine.ctype, mine.module).is_looked_into:
            return
        yield from self.members(run, mine.name, theirs.name, theirs.direction != "out")
        yield from self.back(run, mine, theirs)

    def back(self, run: Run, mine: Parameter, theirs: Parameter) -> Iterator[Finding]:
        """What callers find behind a pointer when they come back."""
        found, wrote = behind(run.found, mine.name), behind(run.wrote, theirs.name)
        said, names = behind(run.said, mine.name), self.renamed(found, wrote)
        for name, number in found.items():
            other = wrote.get(names.get(name, name))
            if other and mine.direction in ("out", "inout"):
                yield from compared(run.name, f"{label(name, mine.name)}, written,", other, number)
            elif mine.direction == "out":
                yield Finding(run.name, "silent", f"{label(name, mine.name)} comes back as it was")
            elif name in said and said[name] != number:
                yield Finding(run.name, "silent", f"{label(name, mine.name)} is overwritten")


def label(member: str, pointer: str) -> str:
    """A member of a structure by its own name, and what has none by its pointer's."""
    return member + pointer if member[0] == "*" else member


def behind(numbers: dict[str, Number], name: str) -> dict[str, Number]:
    """Those behind one pointer, without its name."""
    split = ((key.partition("->"), number) for key, number in numbers.items())
    return {member: number for (pointer, _, member), number in split if member and pointer == name}


def compared(element: str, name: str, said: Number, got: Number) -> Iterator[Finding]:
    """Whether what was got is what was said."""
    if said.value == got.value:
        return
    one, other = (said, got) if str(said) != str(got) else (said.value, got.value)
    yield Finding(element, "silent", f"{name} is {one} and arrives as {other}")


def parameters(mine: Callable, theirs: Callable) -> dict[str, str]:
    """Names of parameters on both sides: the same, or another one at the same place."""
    here, there = ([p.name for p in c.parameters] for c in (mine, theirs))
    result = {name: name for name in here if name in there}
    for o, n in zip(mine.parameters, theirs.parameters):
        if o.name not in there and n.name not in here and o.ctype == n.ctype:
            result[o.name] = n.name
    return result


def result(run: Run) -> Iterator[Finding]:
    """What callers take for the result."""
    wrote, found = run.wrote.get("result"), run.found.get("result")
    if found and not wrote:
        yield Finding(run.name, "silent", "a result is used, which nobody gave")
    elif found and wrote:
        yield from compared(run.name, "the result", wrote, found)
