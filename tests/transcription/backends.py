"""The backends of Linux 6.1, registration by registration, against their descriptions.

linux-backends.tsv has a row for each: backend, what the fact is about, kind, target, value, phase,
condition.  A condition is written as parts with & between them; those about the kernel's
configuration are not in it.
"""

import re
from collections.abc import Iterator

Row = dict[str, str]
Thing = dict[str, object]
Backend = dict[str, object]


# ---- conditions ----

CONFIG = re.compile(r"!?[A-Z][A-Z0-9_]*")


def parts(text: str, operator: str) -> Iterator[str]:
    """What stands between the operators that are in no parentheses."""
    depth, start = 0, 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and text.startswith(operator, at):
            yield text[start:at].strip()
            start = at + len(operator)
    yield text[start:].strip()


def bare(part: str) -> str:
    """The part without parentheses around all of it."""
    return part[1:-1] if part.startswith("(") and part.endswith(")") else part


def same_condition(fact: str, described: str) -> bool:
    """Are the parts the same, in whatever order?"""
    asked = {bare(p) for p in parts(fact, " & ") if p}
    told = {bare(p) for p in parts(described, " && ") if p and not CONFIG.fullmatch(p)}
    return asked == told


# ---- what a description says, in the words of the facts ----


def way(op: Thing) -> str:
    """How an op is done: a function's name, or the words of the description."""
    if op["way"] in ("call", "asm"):
        return str(op["symbol"])
    return f"constant {op['value']}" if op["way"] == "constant" else str(op["way"])


def action_text(a: Thing) -> str:
    """Way, value and the members of a table."""
    value = "" if a["value"] is None else str(a["value"])
    members = [f"{name}={symbol}" for name, symbol in a.get("members", {}).items()]
    return " ".join(filter(None, [str(a["way"]), value, *members]))


def shared_text(s: Thing) -> str:
    """Symbol, how the hypervisor knows of it, whether it is encrypted."""
    through = f" through {s['through']}" if s["through"] else ""
    return f"{s['symbol']}{through}{' decrypted' if s['decrypted'] else ''}"


def detect_text(d: Thing) -> str:
    """What is looked for, and how well it counts."""
    leaves = f" leaves {d['leaves']}" if d["leaves"] else ""
    return f"{d['text']}{leaves} priority {d['priority']}".strip()


def provided(p: Thing) -> str:
    """Members that were given."""
    return " ".join(f"{key} {value}" for key, value in p["values"].items() if value is not None)


Told = tuple[str, str, str, Thing]  # kind, target, value, and where it is from


def ops_told(backend: Backend) -> Iterator[Told]:
    """Bases that are the backend's own, and variants."""
    for op in backend["ops"]:
        if op["own"]:
            yield "op", op["op"], way(op), {"when": "", "phase": ""}
    for v in backend["variants"]:
        yield "op", v["op"], way(v), v


def actions_told(backend: Backend) -> Iterator[Told]:
    """A function that is run is its own target."""
    for a in backend["actions"]:
        if a["action"] == "run":
            yield "run", str(a["value"]), "", a
        else:
            yield str(a["action"]), str(a["target"]), action_text(a), a


def others_told(backend: Backend) -> Iterator[Told]:
    """Provisions, data, shared memory, ways to be found."""
    for p in backend["provisions"]:
        yield "provide", f"{p['registration']} {p['name']}", provided(p), p
    for d in backend["data"]:
        yield "data", d["name"], str(d["value"]), d
    for s in backend["shared"]:
        yield "shared", s["structure"], shared_text(s), s
    for d in backend["detect"]:
        yield "detect", d["way"], detect_text(d), d


def told(backend: Backend) -> list[Told]:
    """All that a backend says."""
    return [*ops_told(backend), *actions_told(backend), *others_told(backend)]


# ---- facts ----


def head(row: Row, backend: Backend) -> bool:
    """What holds for a backend as a whole; of a list, how long it is."""
    value = backend[row["target"]]
    text = str(len(value)) if isinstance(value, list) else str(value)
    return text.lower() == row["value"].lower()


def fits(row: Row, said: Told) -> bool:
    """Is this what the fact states?  Of members it may name some."""
    kind, target, value, thing = said
    return (
        (kind, target) == (row["kind"], row["target"])
        and (value == row["value"] or (kind == "provide" and are_among(row["value"], value)))
        and row["phase"] == thing.get("phase", "")
        and same_condition(row["when"], str(thing["when"]))
    )


def are_among(fact: str, described: str) -> bool:
    """Pairs of member and value."""
    wanted, given = fact.split(" "), described.split(" ")
    pairs = set(zip(given[:-1], given[1:], strict=True))
    return len(wanted) % 2 == 0 and set(zip(wanted[::2], wanted[1::2], strict=True)) <= pairs


def backend_of(model: dict[str, Backend], row: Row) -> Backend | None:
    """The backend that the fact is about."""
    return model.get(row["backend"])


def differences(model: dict[str, Backend], row: Row) -> list[str]:
    """How the description of a backend differs from a fact about it."""
    backend = backend_of(model, row)
    if not backend:
        return [f"there is no backend {row['backend']}"]
    if row["kind"] == "head":
        return [] if head(row, backend) else [f"{row['target']}: {backend[row['target']]!r}"]
    if any(fits(row, said) for said in told(backend)):
        return []
    near = [s for s in told(backend) if s[:2] == (row["kind"], row["target"])]
    return [f"{s[2]} @ {s[3].get('phase', '')} | {s[3]['when']}" for s in near] or ["is not described"]


def extra(model: dict[str, Backend], rows: list[Row]) -> list[str]:
    """What is described and is no fact; bare hardware has facts of its own."""
    facts: dict[str, list[Row]] = {}
    for row in rows:
        facts.setdefault(row["backend"], []).append(row)
    return [
        f"{name}: {kind} {target} {value}: is in no row"
        for name, backend in model.items()
        if not backend["bare"]
        for kind, target, value, thing in told(backend)
        if not any(fits(row, (kind, target, value, thing)) for row in facts.get(name, []))
    ]
