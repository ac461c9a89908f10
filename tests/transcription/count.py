"""Hold the elements of real interfaces against their descriptions, row by row.

    python3 tests/transcription/count.py [FILE.tsv...]

A row function returns the differences between a row and the model; a row with a
`reason` is not expressed at all.  The exit status is 1 if anything differs.
"""

import csv
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import backends

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PVGEN = ROOT / "build/pvgen"

Row = dict[str, str]
Model = dict[str, dict]


def manifest(*arguments: str) -> dict:
    """The manifest of descriptions that need not be fit for generation."""
    with tempfile.TemporaryDirectory() as directory:
        command = [PVGEN, "build", "--outdir", directory, "--emit=manifest", *arguments]
        subprocess.run(command, cwd=ROOT, check=True)
        parts = [json.loads(p.read_text()) for p in sorted(Path(directory).iterdir())]
    return {key: [each for part in parts for each in part[key]] for key in parts[0]}


# ---- Linux's ops ----

LINUX = ("idl/linux/native.pvi", "idl/linux/steal_clock.pvi")

# Of the kernel whose slots were read.
SAMPLED = "PARAVIRT PARAVIRT_XXL PARAVIRT_SPINLOCKS SMP X86_IOPL_IOPERM=n PGTABLE_LEVELS=5".split()


@cache
def linux(*settings: str) -> Model:
    """Ops and data of Linux by interface and path."""
    options = [f"-D{setting}" for setting in settings]
    interfaces = manifest(*options, *LINUX)["interfaces"]
    return {f"{i['name']} {each['name']}": each for i in interfaces for each in i["ops"] + i["data"]}


def op_convention(op: dict) -> str:
    """The word that the facts have for how an op is called."""
    if op["site"] != "slot":
        return op["site"]
    return "normal" if op["clobbers"] == ["normal"] else "callee_save"


def op_default(op: dict) -> str:
    """Zero is said as a number."""
    return op["default"] or ""


@cache
def assembled(instructions: tuple[str, ...]) -> str:
    """Bytes of a template."""
    with tempfile.TemporaryDirectory() as directory:
        text = "\n".join(instructions) + "\n"
        command = ["gcc", "-c", "-x", "assembler", "-o", f"{directory}/o", "-"]
        subprocess.run(command, input=text, text=True, check=True)
        dumped = ["objcopy", "-O", "binary", "-j", ".text", f"{directory}/o", f"{directory}/b"]
        subprocess.run(dumped, check=True)
        return Path(directory, "b").read_bytes().hex(" ")


def op_template(op: dict) -> str:
    """Bytes of the native form at a site, if it has one."""
    if op["default"] == "identity":
        return assembled(("mov %rdi, %rax",))
    return assembled(tuple(op["templates"][0]["instructions"])) if op["templates"] else ""


def op_native(op: dict) -> str:
    """The function that is the native form where it is no template."""
    calls = [t["symbol"] for t in op["targets"] if t["backend"] == "native" and t["form"] == "call"]
    return calls[0] if calls else ""


def op_wrapper(op: dict) -> str:
    """NAME(PARAMETER...)"""
    w = op["wrapper"]
    return f"{w['name']}({' '.join(w['parameters'])})" if w else ""


def op_slot(op: dict) -> str:
    """The slot in the sampled kernel, if it has the op."""
    sampled = linux(*SAMPLED).get(f"pv {op['name']}")
    return str(sampled["slot"]) if sampled and sampled["slot"] is not None else ""


def words(guard: str | None) -> list[str]:
    """Parts of a conjunction."""
    return sorted((guard or "").split(" && "))


OP_COLUMNS: dict[str, Callable[[dict], str]] = {
    "convention": op_convention,
    "result": lambda op: op["result"]["type"],
    "parameters": lambda op: ", ".join(p["type"] for p in op["parameters"]),
    "default": op_default,
    "template": op_template,
    "native": op_native,
    "noinstr": lambda op: "yes" if "noinstr" in op["context"] else "",
    "asm": lambda op: "yes" if op["asm_callable"] else "",
    "slot": op_slot,
    "wrapper": op_wrapper,
}


def data_differences(row: Row, data: dict) -> list[str]:
    """A member of pv_info: type, guard, value."""
    value = {"__USER_CS": 0x33}.get(row["default"], row["default"].strip('"'))
    said = {"result": data["type"], "default": data["default"], "table": data["table"]}
    wanted = {"result": row["result"], "default": value, "table": "pv_info"}
    return [f"{key}: {said[key]!r}, not {wanted[key]!r}" for key in wanted if said[key] != wanted[key]]


def linux_op(row: Row) -> list[str]:
    """How the description of an op, or of data, differs from its row."""
    element = linux().get(f"{row['interface']} {row['op']}")
    if not element:
        return ["is not described"]
    wrong = [f"guard: {element['guard']}" for _ in "x" if words(element["guard"]) != words(row["guard"])]
    if row["convention"] == "data":
        return wrong + data_differences(row, element)
    if words(element["callers"]) != words(row["callers"]):
        wrong.append(f"callers: {element['callers']}")
    said = {key: function(element) for key, function in OP_COLUMNS.items()}
    return wrong + [f"{key}: {said[key]!r}, not {row[key]!r}" for key in said if said[key] != row[key]]


def linux_extra(rows: list[Row]) -> list[str]:
    """What is described but is in no row."""
    known = {f"{row['interface']} {row['op']}" for row in rows}
    return [f"{name}: is in no row" for name in linux() if name not in known]


# ---- Linux's backends ----


@cache
def linux_backends() -> Model:
    """All backends of Linux's interfaces, by name."""
    paths = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "idl/linux").glob("*.pvi"))
    return {b["name"]: b for b in manifest(*paths)["backends"]}


def linux_backend(row: Row) -> list[str]:
    """How the description of a backend differs from a fact about it."""
    return backends.differences(linux_backends(), row)


def linux_backend_extra(rows: list[Row]) -> list[str]:
    """What is described of a backend and is no fact."""
    return backends.extra(linux_backends(), rows)


# ---- the count ----

# File of facts: how an element differs from its row, and what no row asks for.
FACTS: dict[str, tuple[Callable[[Row], list[str]], Callable[[list[Row]], list[str]]]] = {
    "linux-ops.tsv": (linux_op, linux_extra),
    "linux-backends.tsv": (linux_backend, linux_backend_extra),
}


def rows_of(name: str) -> list[Row]:
    """The rows of a file of facts."""
    with (HERE / name).open() as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def label(row: Row) -> str:
    """What a row is about."""
    if "op" in row:
        return row["op"]
    return " ".join(filter(None, [row["backend"], row["kind"], row["target"]])) if row["target"] else row["fact"]


def count(name: str) -> tuple[list[Row], list[Row], list[str]]:
    """Rows that are expressed, rows that name the reason why they are not, and differences."""
    differences, extra = FACTS[name]
    rows = rows_of(name)
    named = [row for row in rows if row["reason"]]
    expressed = [row for row in rows if not row["reason"]]
    wrong = [f"{label(row)}: {text}" for row in expressed for text in differences(row)]
    return expressed, named, wrong + extra(rows)


def report(name: str) -> bool:
    """Print what was counted; false if something differs."""
    expressed, named, wrong = count(name)
    limited = [row for row in expressed if row.get("limit")]
    print(f"{name}: {len(expressed) + len(named)} rows, {len(expressed)} expressed, {len(named)} not", end=", ")
    print(f"{len(wrong)} differences")
    for kind, column, rows in (("not expressed", "reason", named), ("limit", "limit", limited)):
        for why in dict.fromkeys(row[column] for row in rows):
            names = [label(row) for row in rows if row[column] == why]
            print(f"  {kind}: {why}: {', '.join(names)}")
    for text in wrong:
        print(f"  {text}")
    return not wrong


def main() -> int:
    """All files of facts, or those that are named."""
    names = [re.sub(r".*/", "", name) for name in sys.argv[1:]] or list(FACTS)
    return 0 if all([report(name) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main())
