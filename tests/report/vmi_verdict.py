"""What the figures of VMI say: whether both halves do together what they must.

Pure: figures in, sentences and faults out.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

Figures = dict[str, Any]

MOST_BYTES = 64 * 1024  # of a ROM: what its header can say in units that a BIOS copies
LEAST_MUTANTS = 40      # of our guest's


def boot_faults(figures: Figures) -> Iterator[str]:
    """Why a boot does not count."""
    for kind in ("boots", "traced"):
        for row in figures[kind]:
            where = f"{row['environment']}{' with a ROM that counts' * (kind == 'traced')}"
            yield from (f"{where}: {text}" for text in row["obstacles"])
            yield from (f"{where}: test {name} failed" for name in row["failures"])
            yield from (f"{where}: ROM refused, {text}" for text in row["refused"])
            yield from (f"{where}: answer unused, {text}" for text in row["unused"])
            if not row["passed"]:
                yield f"{where}: no test passed"
            if row["sha256"] != figures["guest"]["sha256"]:
                yield f"{where}: another guest"
            if bool(row["rom"]) != (row["backend"] == "vmi_guest"):
                yield f"{where}: ROM {row['rom']}, but the backend is {row['backend']}"


def call_faults(figures: Figures) -> Iterator[str]:
    """Calls that must be made and were not, or that came from nowhere; forbidden answers."""
    for call in figures["calls"]:
        for where, count in call["made"].items():
            if where in call["must"] and not count:
                yield f"{where}: {call['name']} must be made, and was made 0 times"
            if where not in call["must"] and count:
                made = f"{call['name']} was made {count} times"
                yield f"{where}: {made}, though nothing is bound to it"
        for where, answer in call["answers"].items():
            if answer not in call["permitted"]:
                yield f"{where}: {call['name']} is answered {answer}, which it does not permit"
        for rom, judged in figures["judged"].items():
            if judged.get(call["name"], "none") not in ("good", "none"):
                yield f"the judge on {call['name']} of {rom}: {judged[call['name']]}"


def op_faults(figures: Figures) -> Iterator[str]:
    """Ops whose sites are not what the ROM's answer makes of them."""
    answers = {call["name"]: call["answers"] for call in figures["calls"]}
    for op in figures["ops"]:
        for where, form in op["forms"].items():
            said = answers[op["call"]].get(where)
            if not form or (said in ("call", "jump") and form != "call"):
                yield f"{where}: {op['name']} is {form or 'not there'}, its call is answered {said}"


def rest_faults(figures: Figures) -> Iterator[str]:
    """Sizes and mutants."""
    for rom, verdicts in figures["judged"].items():
        if not verdicts:
            yield f"the judge has said nothing of {rom}"
    for part in figures["sizes"]:
        if part["bytes"] is not None and not 0 < part["bytes"] <= MOST_BYTES:
            yield f"{part['name']} has {part['bytes']} bytes"
    for row in figures["mutants"]:
        if not row["good"]:
            where = f"{row['table']}, {row['part']}: {row['name']}"
            yield f"{where}: {row['seen']}, not {row['expected']}"
    least = sum(row["table"] == "guest" for row in figures["mutants"])
    if least < LEAST_MUTANTS:
        yield f"only {least} ROMs with one thing changed"


def carried(figures: Figures) -> str:
    """The first answer."""
    ran = ", ".join(
        f"{row['environment']} {row['passed']} of {row['passed'] + row['failed']}"
        for row in figures["boots"]
    )
    guest = figures["guest"]
    name = f"{guest['name']} (SHA-256 {guest['sha256'][:16]}…)"
    return f"One file, {name}, was booted as it is: {ran}."


def called(figures: Figures) -> str:
    """How much of the abi is in use."""
    calls = figures["calls"]
    parts = []
    for row in figures["traced"]:
        where = row["environment"]
        made = [call["made"][where] for call in calls if call["made"][where]]
        parts.append(f"{len(made)} different ones, {sum(made):,} in all, on {where}")
    return f"Of the {len(calls)} calls were made: {'; '.join(parts)}."


def answered(figures: Figures) -> str:
    """What ROMs have said."""
    parts = []
    for row in {row["rom"]: row for row in figures["traced"]}.values():
        kinds = Counter(call["answers"][row["environment"]] for call in figures["calls"])
        said = ", ".join(f"{kinds[kind]} {kind}" for kind in ("call", "jump", "nop", "none"))
        parts.append(f"{row['rom']}: {said}")
    return f"Answers: {'; '.join(parts)}."


def judged(figures: Figures) -> str:
    """What who shares nothing with pvgen says."""
    parts = []
    for rom, verdicts in figures["judged"].items():
        kinds = Counter(verdicts.values())
        parts.append(f"{kinds['good']} of {rom} are good, {kinds['none']} not there")
    return f"A kernel that shares no code with pvgen judged calls: {'; '.join(parts)}."


def refused(figures: Figures) -> str:
    """How bad ROMs end."""
    sides = {"guest": "our guest", "consumer": "a kernel that takes ROMs as Linux did"}
    counts = []
    for table, words in sides.items():
        rows = [row for row in figures["mutants"] if row["table"] == table]
        counts.append(f"{sum(row['good'] for row in rows)} of {len(rows)} before {words}")
    return f"ROMs with one thing changed that came out as expected: {', '.join(counts)}."


def judge(figures: Figures) -> dict[str, Any]:
    """All of it, as JSON can hold it."""
    checks = (boot_faults, call_faults, op_faults, rest_faults)
    return {
        "answers": [text(figures) for text in (carried, called, answered, judged, refused)],
        "faults": [fault for check in checks for fault in check(figures)],
    }
