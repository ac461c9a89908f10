"""A version of an interface as its manifest has it: what may be called, and with what in hand."""

import re
from dataclasses import dataclass
from functools import cached_property

SIZES = {
    "char": 1, "signed char": 1, "unsigned char": 1, "bool": 1, "short": 2, "unsigned short": 2,
    "int": 4, "unsigned int": 4, "long": 8, "unsigned long": 8, "long long": 8,
    "unsigned long long": 8,
    **{f"{sign}{bits}{end}": bits // 8 for bits in (8, 16, 32, 64)
       for sign, end in (("u", ""), ("s", ""), ("uint", "_t"), ("int", "_t"))},
}  # fmt: skip
# Of long arrays these elements and the last one.
ELEMENTS = 4


@dataclass(frozen=True)
class Parameter:
    """Of an op or a call: its type as in C, where it travels if that is said, who writes there."""

    name: str
    ctype: str
    module: str
    direction: str
    place: str = ""


@dataclass(frozen=True)
class Callable:
    """An op or a numbered call."""

    module: str
    name: str
    ctype: str
    parameters: tuple[Parameter, ...]
    detail: dict

    @property
    def full(self) -> str:
        """What it is called in events: of ops without groups, which may change."""
        return f"{self.module}.{self.short}"

    @property
    def short(self) -> str:
        """Its name without groups."""
        return self.name.rpartition(".")[2]

    @property
    def word(self) -> str:
        """A name for its functions."""
        return f"{self.module}_{self.short}"

    @property
    def contract(self) -> tuple:
        """All but its name."""
        types = tuple(p.ctype for p in self.parameters)
        said = tuple(str(self.detail.get(k)) for k in ("clobbers", "revision", "since", "context"))
        return self.ctype, types, said


@dataclass(frozen=True)
class Shape:
    """What is behind a type's names: stars, then a number, a structure, or nothing known."""

    stars: int
    kind: str
    tag: str = ""
    size: int = 0

    @property
    def is_looked_into(self) -> bool:
        """A pointer behind which there is something to fill and to read."""
        return self.stars > 1 or self.stars == 1 and self.kind in ("number", "structure")


def order(version: str) -> list[int]:
    """By which versions are compared."""
    return [int(part) for part in version.split(".")]


def above(name: str) -> list[str]:
    """The members that this one is in."""
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


class Model:
    """The manifest, with its names resolved."""

    def __init__(self, manifest: dict, stubs: set[str]) -> None:
        self.manifest = manifest
        self.stubs = stubs
        self.structures: dict[str, tuple[str, dict]] = {}
        self.aliases: dict[str, tuple[str, str]] = {}
        self.functions: set[str] = set()
        self._take("", manifest["types"])
        for module in (*manifest["interfaces"], *manifest["abis"]):
            self._take(f"{module['name']}_", module)

    def _take(self, prefix: str, types: dict) -> None:
        """Types of one module under their names in C."""
        for structure in types["structs"]:
            self.structures[prefix + structure["name"]] = prefix, structure
        for alias in (*types["typedefs"], *types["bits"]):
            self.aliases[prefix + alias["name"]] = prefix, alias["type"]
            if "params" in alias:
                self.functions.add(prefix + alias["name"])

    def shape(self, ctype: str, module: str = "") -> Shape:
        """What is behind a type."""
        words = re.sub(r"\b(const|struct|union)\b", "", ctype)
        stars, name = words.count("*"), " ".join(words.replace("*", " ").split())
        of_module = module + name
        known = of_module if of_module in {**self.structures, **self.aliases} else name
        if known in self.functions:
            return Shape(stars, "function")
        if known in self.structures:
            return Shape(stars, "structure", known)
        if known in self.aliases:
            inner = self.shape(self.aliases[known][1], self.aliases[known][0])
            return Shape(stars + inner.stars, inner.kind, inner.tag, inner.size)
        return Shape(stars, "number" if name in SIZES else "opaque", "", SIZES.get(name, 0))

    def size(self, shape: Shape) -> int:
        """Of one such object."""
        if shape.stars or shape.kind != "structure":
            return 8 if shape.stars else shape.size or 8
        return self.structures[shape.tag][1]["size"]

    def leaves(self, tag: str) -> list[str]:
        """Members of a structure that are no structures themselves, as C names them."""
        prefix, structure = self.structures[tag]
        types = {m["name"]: m["type"] for m in structure["members"]}
        own = [m for m in structure["members"] if not any(types[a] for a in above(m["name"]))]
        return [leaf for member in own for leaf in self._leaves(prefix, member)]

    def _leaves(self, prefix: str, member: dict) -> list[str]:
        """Of one member; the members of one without a type stand behind it in the list."""
        if not member["type"]:
            return []
        shape = self.shape(member["type"], prefix)
        count = member["size"] // self.size(shape)
        chosen = sorted({*range(min(count, ELEMENTS)), count - 1}) if count else []
        names = [f"{member['name']}[{n}]" if count > 1 else member["name"] for n in chosen]
        if shape.stars or shape.kind != "structure":
            return names
        return [f"{name}.{leaf}" for name in names for leaf in self.leaves(shape.tag)]

    @cached_property
    def ops(self) -> list[Callable]:
        """All slots."""
        return [self._op(i["name"], op) for i in self.manifest["interfaces"] for op in i["ops"]]

    def _op(self, module: str, op: dict) -> Callable:
        """From its prototype, which has the types as C spells them."""
        result, inside = re.fullmatch(r"(.*\W)\w+\((.*)\)", op["prototype"]).groups()
        types = [re.sub(r"\w+$", "", text).strip() for text in inside.split(",")]
        parameters = tuple(
            Parameter(p["name"], ctype, f"{module}_", p["direction"] or "")
            for p, ctype in zip(op["parameters"], types)
        )
        ctype = re.sub(r"\b[A-Z_]+_NARROW\b", "", result).strip()
        return Callable(module, op["name"], ctype, parameters, op)

    @cached_property
    def calls(self) -> list[Callable]:
        """Numbered calls in which each value is alone in a register."""
        all_of = [
            self._call(abi["name"], c) for abi in self.manifest["abis"] for c in abi["calls"]
        ]
        return [c for c in all_of if self._is_simple(c)]

    def _is_simple(self, call: Callable) -> bool:
        """Whether the judge can serve it."""
        places = [p.place for p in call.parameters] + [call.detail["place"]]
        entry = self.entry(call)
        return bool(entry and "number" in entry) and all(re.fullmatch(r"r\w+", p) for p in places)

    def is_dead(self, op: Callable) -> bool:
        """Whether its slot traps, so that it has no callers."""
        interface = next(i for i in self.manifest["interfaces"] if i["name"] == op.module)
        retired = op.detail["retired"]
        return op.detail["spare"] or bool(retired) and order(retired) <= order(interface["version"])

    def _call(self, module: str, call: dict) -> Callable:
        """Its types are those of C."""
        parameters = tuple(
            Parameter(p["name"], p["type"], "", p.get("direction", ""), p["place"])
            for p in call["params"]
        )
        return Callable(module, call["name"], call["type"], parameters, call)

    def entry(self, call: Callable) -> dict:
        """How it is made."""
        abi = next(a for a in self.manifest["abis"] if a["name"] == call.module)
        name = call.detail.get("entry")
        own = (e for e in abi["entries"] if e.get("name") == name and e["arch"] == "x86_64")
        return next(own, {})

    def may_change(self, call: Callable) -> set[str]:
        """Registers that a numbered call may change, as its stub has it."""
        entry = self.entry(call)
        said = set(call.detail.get("clobbers", entry.get("clobbers", [])))
        said |= set(entry.get("args", [])) if "args" in said else set()
        return said | {call.detail["place"]}

    @cached_property
    def shared(self) -> list[str]:
        """Structures that are there to be looked at, by their names in C."""
        return [tag for tag, (_, s) in self.structures.items() if s["members"]]
