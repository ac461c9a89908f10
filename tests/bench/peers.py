"""pvgen beside other compilers of interfaces, on inputs of the same meaning: `make bench`.

One interface is made up in memory and written in the language of each: the same ops with the same
parameters, results and documentation, as far as the language can say them.  What it cannot say is
in the notes below the table, and so is what keeps a program from larger inputs.  Prints user CPU
time, the median of several measurements, and its ratio to what pvgen takes for the same: for
reading alone, or for reading and writing all outputs.

A program that is not there is named, with the package that has it, and the rest goes on.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from measure import Cost, Run, RunError, exponent, growth, median, write_lines

ROOT = Path(__file__).resolve().parents[2]
SIZES = (60, 1_000, 10_000)
OPS_OF_A_GROUP = 20
READ, WRITE = "reads", "writes"

# A program of which twice the input takes two and a half times as long is said not to scale.
STEEP = 1.3


# ---- the interface ----


@dataclass(frozen=True)
class Op:
    """What all these languages can say of an operation; types are u8, u32 and u64."""

    number: int
    result: str | None
    params: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """Unique in the interface."""
        return f"op{self.number}"

    @property
    def doc(self) -> str:
        """A line as a person may write it."""
        return f"Operation number {self.number}: what it is for."


# Results and parameters, in turn.
SHAPES: tuple[tuple[str | None, tuple[tuple[str, str], ...]], ...] = (
    ("u64", ()),
    (None, (("u64", "value"),)),
    (None, (("u64", "place"), ("u64", "value"), ("u32", "flags"))),
    (None, ()),
    ("u64", (("u64", "value"),)),
    ("u32", (("u32", "number"), ("u64", "place"), ("u8", "mode"))),
)


def interface(count: int) -> list[Op]:
    """An interface of so many ops."""
    return [Op(n, *SHAPES[n % len(SHAPES)]) for n in range(count)]


def groups(ops: list[Op]) -> Iterator[tuple[int, list[Op]]]:
    """Ops as an author puts them together, numbered."""
    for start in range(0, len(ops), OPS_OF_A_GROUP):
        yield start // OPS_OF_A_GROUP, ops[start : start + OPS_OF_A_GROUP]


def listed(op: Op, form: str, names: dict[str, str], between: str = ", ") -> str:
    """The parameters of an op, each as the form says: {type}, {name}, and its {index} from 0."""
    return between.join(
        form.format(type=names[kind], name=name, index=i, number=i + 1)
        for i, (kind, name) in enumerate(op.params)
    )


# ---- the languages ----

SAME = {"u8": "u8", "u32": "u32", "u64": "u64"}

PVGEN_NATIVE = {
    "u64": "mov %cr0, %rax",
    "u32": "mov %edi, %eax",
    None: "mov %rdi, %cr3",
}

PVGEN_BACKENDS = """backend bare for bench { bare; detect always; priority 0; }
backend guest for bench {
    deprivileged; detect cpuid "BenchBenchBe"; priority 1; init guest_init;
"""


def pvgen(ops: list[Op]) -> Iterator[str]:
    """Beside the ops, how bare hardware and one hypervisor do them: it must be said."""
    yield "language 1;\ninterface bench version 1.0 {"
    for index, members in groups(ops):
        yield f"group g{index} {{"
        for op in members:
            params = listed(op, "{type} {name}", SAME) or "void"
            yield f"    /// {op.doc}\n    op {op.result or 'void'} {op.name}({params})"
            yield f'    {{ native x86_64 "{PVGEN_NATIVE[op.result]}"; }}'
        yield "}"
    yield "}\n" + PVGEN_BACKENDS
    for index, members in groups(ops):
        yield from (f"    g{index}.{op.name} call guest_{op.name};" for op in members)
    yield "}"


WAYLAND = {"u8": "uint", "u32": "uint", "u64": "uint"}


def wayland(ops: list[Op]) -> Iterator[str]:
    """A result is an event."""
    form = '      <arg name="{name}" type="{type}"/>'
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<protocol name="bench">'
    for index, members in groups(ops):
        yield f'  <interface name="bench_g{index}" version="1">'
        for op in members:
            doc = f'      <description summary="number {op.number}">{op.doc}</description>'
            yield f'    <request name="{op.name}">\n{doc}'
            yield listed(op, form, WAYLAND, "\n")
            yield "    </request>"
            if op.result:
                yield f'    <event name="{op.name}_done">\n{doc}'
                yield form.format(name="result", type=WAYLAND[op.result]) + "\n    </event>"
        yield "  </interface>"
    yield "</protocol>"


MIG_HEAD = """subsystem bench 1000;
type u8 = MACH_MSG_TYPE_INTEGER_8;
type u32 = MACH_MSG_TYPE_INTEGER_32;
type u64 = MACH_MSG_TYPE_INTEGER_64;
type mach_port_t = MACH_MSG_TYPE_COPY_SEND;"""


def mig(ops: list[Op]) -> Iterator[str]:
    """As its second program reads it: the first takes the comments out."""
    yield MIG_HEAD
    for op in ops:
        params = ["server : mach_port_t", *listed(op, "{name} : {type}", SAME, "\n").splitlines()]
        if op.result:
            params.append(f"out result : {op.result}")
        kind = "routine" if op.result else "simpleroutine"
        yield f"{kind} {op.name}(\n\t" + ";\n\t".join(params) + ");"


FLATBUFFERS = {"u8": "ubyte", "u32": "uint", "u64": "ulong"}


def flatbuffers(ops: list[Op]) -> Iterator[str]:
    """Services of tables."""
    yield "namespace bench;\ntable Nothing { }"
    yield from (f"table Result_{kind} {{ value:{name}; }}" for kind, name in FLATBUFFERS.items())
    for op in ops:
        yield f"table {op.name}_params {{ {listed(op, '{name}:{type};', FLATBUFFERS, ' ')} }}"
    for index, members in groups(ops):
        yield f"rpc_service G{index} {{"
        for op in members:
            result = f"Result_{op.result}" if op.result else "Nothing"
            yield f"  /// {op.doc}\n  {op.name}({op.name}_params):{result};"
        yield "}"


PROTOBUF = {"u8": "uint32", "u32": "uint32", "u64": "uint64"}


def protobuf(ops: list[Op]) -> Iterator[str]:
    """Services of messages."""
    yield 'syntax = "proto3";\npackage bench;\nmessage Nothing { }'
    yield from (f"message Result_{kind} {{ {name} value = 1; }}" for kind, name in PROTOBUF.items())
    for op in ops:
        params = listed(op, "{type} {name} = {number};", PROTOBUF, " ")
        yield f"message {op.name}_params {{ {params} }}"
    for index, members in groups(ops):
        yield f"service G{index} {{"
        for op in members:
            result = f"Result_{op.result}" if op.result else "Nothing"
            yield f"  // {op.doc}\n  rpc {op.name}({op.name}_params) returns ({result});"
        yield "}"


CAPNP = {"u8": "UInt8", "u32": "UInt32", "u64": "UInt64"}


def capnp(ops: list[Op]) -> Iterator[str]:
    """Interfaces of methods."""
    yield "@0x9d3a7c1e5b2f8046;"
    for index, members in groups(ops):
        yield f"interface G{index} {{"
        for ordinal, op in enumerate(members):
            params = listed(op, "{name} :{type}", CAPNP)
            result = f"result :{CAPNP[op.result]}" if op.result else ""
            yield f"  {op.name} @{ordinal} ({params}) -> ({result});\n  # {op.doc}"
        yield "}"


def devicetree(ops: list[Op]) -> Iterator[str]:
    """A node for each op: its operands are strings, since it has no operations."""
    yield "/dts-v1/;\n/ {"
    for index, members in groups(ops):
        yield f"\tg{index} {{"
        for op in members:
            yield f"\t\t/* {op.doc} */\n\t\t{op.name} {{\n\t\t\tnumber = <{op.number}>;"
            if op.params:
                yield "\t\t\tparams = " + listed(op, '"{type} {name}"', SAME) + ";"
            if op.result:
                yield f'\t\t\tresult = "{op.result}";'
            yield "\t\t};"
        yield "\t};"
    yield "};"


RPCGEN = {"u8": "unsigned char", "u32": "unsigned int", "u64": "unsigned hyper"}


def rpcgen(ops: list[Op]) -> Iterator[str]:
    """A structure holds the parameters where there are several."""
    for op in ops:
        if len(op.params) > 1:
            members = listed(op, "{type} {name};", RPCGEN, " ")
            yield f"struct {op.name}_params {{ {members} }};"
    yield "program BENCH {\n\tversion BENCH_1 {"
    for op in ops:
        one = RPCGEN[op.params[0][0]] if op.params else "void"
        params = f"{op.name}_params" if len(op.params) > 1 else one
        result = RPCGEN[op.result] if op.result else "void"
        yield f"\t\t/* {op.doc} */\n\t\t{result} {op.name}({params}) = {op.number + 1};"
    yield "\t} = 1;\n} = 0x20000001;"


# ---- the programs ----


@dataclass(frozen=True)
class Language:
    """Of inputs: how they are written, how such a file's name ends, what they cannot say."""

    write: Callable[[list[Op]], Iterator[str]]
    suffix: str
    lacks: str = ""


@dataclass(frozen=True)
class Peer:
    """A row of the table: a program and one way to run it, in an empty directory."""

    name: str
    package: str
    language: Language
    kind: str  # READ: no more than a reader's own form of it
    writes: str
    command: str  # {input} is the description's path, {stem} its name without the suffix
    is_fed: bool = False  # the description is its standard input
    unscaled: str = ""  # why it takes ever longer for an op, if it does

    def words(self, file: Path) -> list[str]:
        """The command line."""
        return [word.format(input=file, dir=file.parent, stem=file.stem)
                for word in self.command.split()]

    @property
    def program(self) -> str:
        """What must be there."""
        return self.command.split()[0]


PVGEN = Language(pvgen, ".pvi")
WAYLAND_XML = Language(wayland, ".xml", "numbers of 64 bits are of 32; a result is an event")
MIG_DEFS = Language(mig, ".defs", "no documentation: the text as its preprocessor leaves it")
FBS = Language(flatbuffers, ".fbs")
PROTO = Language(protobuf, ".proto", "numbers of 8 bits are of 32")
CAPNP_SCHEMA = Language(capnp, ".capnp")
DTS = Language(devicetree, ".dts", "no operations: a node for each")
RPC_X = Language(rpcgen, ".x")

MIGCOM = "/usr/lib/mig/x86_64-gnu-migcom"
RPC_LISTS = "it looks for each type that is named in the list of all definitions"

PEERS = (
    Peer("wayland-scanner", "libwayland-bin", WAYLAND_XML, WRITE, "C client header",
         "wayland-scanner client-header {input} o.h"),
    Peer("wayland-scanner", "libwayland-bin", WAYLAND_XML, WRITE, "C tables",
         "wayland-scanner private-code {input} o.c"),
    Peer("GNU MIG", "mig-x86-64-gnu", MIG_DEFS, WRITE, "C client, server, header",
         f"{MIGCOM} -user user.c -server server.c -header user.h", is_fed=True),
    Peer("flatc", "flatbuffers-compiler", FBS, READ, "binary schema",
         "flatc --binary --schema {input}"),
    Peer("flatc", "flatbuffers-compiler", FBS, WRITE, "C++ header", "flatc --cpp {input}"),
    Peer("protoc", "protobuf-compiler", PROTO, READ, "descriptor set",
         "protoc -I{dir} --descriptor_set_out=o.pb {input}"),
    Peer("protoc", "protobuf-compiler", PROTO, WRITE, "C++ header and source",
         "protoc -I{dir} --cpp_out=. {input}"),
    Peer("capnp", "capnproto", CAPNP_SCHEMA, READ, "schema",
         "capnp compile --src-prefix={dir} -o- {input}"),
    Peer("capnp", "capnproto", CAPNP_SCHEMA, WRITE, "C++ header and source",
         "capnp compile --src-prefix={dir} -oc++:. {input}"),
    Peer("dtc", "device-tree-compiler", DTS, WRITE, "binary tree", "dtc -q -o o.dtb {input}"),
    Peer("rpcgen", "rpcsvc-proto", RPC_X, WRITE, "C header", "rpcgen -h -o o.h {input}",
         unscaled=RPC_LISTS),
    Peer("rpcgen", "rpcsvc-proto", RPC_X, WRITE, "C client", "rpcgen -l -o o.c {input}",
         unscaled=RPC_LISTS),
    Peer("rpcgen", "rpcsvc-proto", RPC_X, WRITE, "C server", "rpcgen -m -o o.c {input}"),
)


def own_rows(program: Path) -> tuple[Peer, ...]:
    """What the others are compared with."""
    return (Peer("pvgen", "", PVGEN, READ, "nothing (check)", f"{program} check {{input}}"),
            Peer("pvgen", "", PVGEN, WRITE, "all outputs (build)", f"{program} build {{input}}"))


# ---- the table ----

HEAD = (f"{'program':16} {'kind':6} {'what it writes':24} {'ops':>6} {'seconds':>9} {'growth':>6}"
        f" {'MiB':>7} {'x pvgen':>8}  remarks")


@dataclass(frozen=True)
class Bench:
    """Where inputs and outputs are, and how often is measured."""

    directory: Path
    runs: int

    def input(self, language: Language, size: int) -> Path:
        """The description of this size, written when it is first asked for."""
        path = self.directory / f"bench{size}{language.suffix}"
        if not path.exists():
            write_lines(path, language.write(interface(size)))
        return path

    def cost(self, peer: Peer, size: int) -> Cost:
        """Of one run of the peer."""
        path = self.input(peer.language, size)
        run = Run(peer.words(path), self.directory / "out")
        return median(replace(run, stdin=path) if peer.is_fed else run, self.runs)


def remark(peer: Peer, exp: float | None) -> str:
    """What a reader of the row must know."""
    if exp is None or exp < STEEP:
        return ""
    return f"does not scale: {peer.unscaled or 'the reason is not known'}"


def rows(bench: Bench, peer: Peer, sizes: list[int], own: dict[tuple[str, int], float]) -> None:
    """Print what a peer takes; pvgen's own rows come first, and all are compared with them."""
    before: tuple[int, float] | None = None
    for size in sizes:
        start = f"{peer.name:16} {peer.kind:6} {peer.writes:24} {size:6}"
        try:
            c = bench.cost(peer, size)
        except RunError as error:
            print(f"{start} fails: {error}", flush=True)
            continue
        exp = exponent(before, size, c.seconds)
        ratio = c.seconds / own.setdefault((peer.kind, size), c.seconds)
        print(f"{start} {c.seconds:9.4f} {growth(exp):>6} {c.memory_text():>7} {ratio:8.2f}"
              f"  {remark(peer, exp)}".rstrip(), flush=True)
        before = (size, c.seconds)


def notes(peers: tuple[Peer, ...]) -> list[str]:
    """What is not the same in whose input."""
    lacks = {p.name: p.language.lacks for p in peers if p.language.lacks}
    return [f"{name}: {text}" for name, text in lacks.items()]


def missing(peers: tuple[Peer, ...]) -> list[str]:
    """The programs that are not there, each once, and how to get them."""
    absent = {p.program: p.package for p in peers if not shutil.which(p.program)}
    lines = [f"missing: {program}, of the package {absent[program]}" for program in absent]
    return [*lines, "`make setup-bench` installs what is missing"] if lines else []


def main() -> None:
    """Read the options, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pvgen", type=Path, default=ROOT / "build/pvgen", help="the program")
    parser.add_argument("--runs", type=int, default=5, help="measurements, of which the median")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of ops")
    options = parser.parse_args()
    present = tuple(p for p in PEERS if shutil.which(p.program))
    own: dict[tuple[str, int], float] = {}
    print(HEAD)
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), options.runs)
        for peer in own_rows(options.pvgen.resolve()) + present:
            rows(bench, peer, options.sizes, own)
    print("\n".join(notes(present) + missing(PEERS)))


if __name__ == "__main__":
    main()
