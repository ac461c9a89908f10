"""Turn what pvgen says about Xen's interface into questions to a C compiler.

The manifest holds numbers and layouts that pvgen took from idl/abi/xen.pvi.
Each becomes one _Static_assert against the headers that Xen ships, so that
neither our description nor our idea of C's layout rules is trusted.

    python3 tests/abi/compare.py generated/pv.json >build/xen-abi.c
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = Path(__file__).with_name("xen-names.tsv")

HEADERS = ("xen.h", "elfnote.h", "errno.h", "event_channel.h", "features.h",
           "sched.h", "vcpu.h", "version.h", "memory.h", "hvm/hvm_op.h", "hvm/params.h", "platform.h",
           "callback.h", "nmi.h", "grant_table.h", "physdev.h", "argo.h", "arch-x86/xen-mca.h")

# What the headers have no constant for: bits of a C bit-field, whose place the C compiler chooses,
# and a number that stands in a comment because nobody should use it.
NO_NAME = "-"

PROLOGUE = """\
/* Xen's layouts depend on the version that the guest asks for: the newest. */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#define __XEN_TOOLS__ 1
#include <stddef.h>
#include <stdint.h>
"""

Check = tuple[str, int]     # C expression, value that pvgen has for it


class NamesError(Exception):
    """The manifest and the table of names do not speak of the same things."""


def read_names(path: Path = NAMES) -> dict[tuple[str, str], str]:
    """Map (kind, our name) to what the header calls it."""
    rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    return {(kind, ours): theirs for kind, ours, theirs in rows}


def xen_abi(manifest: dict) -> dict:
    """The manifest's entry for abi xen."""
    return next(abi for abi in manifest["abis"] if abi["name"] == "xen")


def items(abi: dict) -> Iterator[tuple[str, str, dict]]:
    """Everything that needs a name in the headers: kind, our name, entry."""
    for call in abi["calls"]:
        yield "call", call["name"], call
        for sub in call["subs"]:
            yield "sub", f"{call['name']}.{sub['name']}", sub
    for constant in abi["constants"]:
        yield "constant", constant["name"], constant
    for struct in abi["structs"]:
        yield "struct", struct["name"], struct
    for feature in abi["features"]:
        yield "feature", feature["name"], feature
    for bits in abi["bits"]:
        for field in bits["fields"]:
            if field["name"] != "reserved":
                yield "field", f"{bits['name']}.{field['name']}", field


def number_check(theirs: str, entry: dict) -> Iterator[Check]:
    """A call or a sub-command has the header's number."""
    yield theirs, entry["number"]


def constant_check(theirs: str, entry: dict) -> Iterator[Check]:
    """A constant has the header's value."""
    yield theirs, entry["value"]


def struct_checks(theirs: str, entry: dict) -> Iterator[Check]:
    """A structure is as large and as aligned, and each member is where and as large."""
    yield f"sizeof({theirs})", entry["size"]
    yield f"_Alignof({theirs})", entry["align"]
    for member in entry["members"]:
        yield f"offsetof({theirs}, {member['name']})", member["offset"]
        yield f"sizeof((({theirs} *)0)->{member['name']})", member["size"]


def feature_check(theirs: str, entry: dict) -> Iterator[Check]:
    """A feature's number counts through all lists of 32."""
    yield theirs, entry["leaf"] * 32 + entry["bit"]


def field_check(theirs: str, entry: dict) -> Iterator[Check]:
    """A field's bits are the header's mask."""
    yield theirs, (2 << entry["high"]) - (1 << entry["low"])


CHECKS = {
    "call": number_check,
    "sub": number_check,
    "constant": constant_check,
    "struct": struct_checks,
    "feature": feature_check,
    "field": field_check,
}


def compare_names(abi: dict, names: dict[tuple[str, str], str]) -> None:
    """Nothing may go unchecked: neither an entry without a name nor a name without an entry."""
    ours = {(kind, name) for kind, name, _ in items(abi)}
    missing, stale = ours - names.keys(), names.keys() - ours
    if missing or stale:
        raise NamesError(f"no row in {NAMES.name} for {sorted(missing)}, "
                         f"nothing in the manifest for {sorted(stale)}")


def checks(manifest: dict) -> Iterator[Check]:
    """All that can be asked about the manifest's Xen interface."""
    abi, names = xen_abi(manifest), read_names()
    compare_names(abi, names)
    for kind, name, entry in items(abi):
        if names[kind, name] != NO_NAME:
            yield from CHECKS[kind](names[kind, name], entry)


def c_source(questions: list[Check]) -> str:
    """A translation unit that compiles exactly if every answer is yes."""
    lines = [PROLOGUE]
    lines += [f"#include <xen/{header}>" for header in HEADERS]
    lines += [f'_Static_assert((uint64_t)({what}) == {value:#x}ULL, "{what} is not {value}");'
              for what, value in questions]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the translation unit for a manifest."""
    manifest = json.loads(Path(sys.argv[1]).read_text())
    print(c_source(list(checks(manifest))), end="")


if __name__ == "__main__":
    main()
