"""For each rule what its pair did when it ran: writes witnesses.txt anew.

    witnesses.py            all of them, into the file
    witnesses.py RULE...    these, as a few lines of C
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
JUDGED = HERE.parents[1] / "build/oracle/judged.json"

# Where a witness is looked for, in this order, and who is the witness.
PLACES = {
    "forward interface": "old module",
    "forward abi": "old caller",
    "backward interface": "new caller, old backend",
    "backward abi": "new kernel, old peer",
    "callers": "old source",
    "backends": "old backend",
}
# What happened to these is not what they are about.
NOT_SHOWN = {"PV-OPS-RENAME-ALIAS"}

HEAD = "What the pair of each rule did when it was run; written by tests/oracle/witnesses.py.\n\n"


def is_shown(judged: dict) -> bool:
    """The positive pair of a rule, whose witness is about the rule."""
    name = judged["pair"]
    return name.startswith("PV-") and not name.endswith("~") and name not in NOT_SHOWN


def witness(judged: dict) -> tuple[str, str, str] | None:
    """Who, what it did, and what happened to it."""
    for place, who in PLACES.items():
        if place in judged["witness"]:
            return who, *judged["witness"][place]
    return None


def written(judged: list[dict]) -> str:
    """A line for each rule of which there is something to be seen."""
    lines = []
    for j in sorted(judged, key=lambda j: j["pair"]):
        found = witness(j)
        if found and is_shown(j):
            lines.append(f"{j['pair']}: {found[0]}: {found[1]}: {found[2]}\n")
    return HEAD + "".join(lines)


def in_c(judged: dict) -> str:
    """A rule's witness as C with what became of it."""
    found = witness(judged)
    if not found:
        return f"/* {judged['pair']}: nothing was seen */\n"
    who, call, text = found
    line = f"{call};" if "(" in call else f"/* {call} */"
    return f"/* {judged['pair']}, {who} */\n{line}\n/* {text} */\n"


def main() -> None:
    """All, or some."""
    judged = json.loads(JUDGED.read_text())
    if sys.argv[1:]:
        print("\n".join(in_c(j) for j in judged if j["pair"] in sys.argv[1:]), end="")
    else:
        (HERE / "witnesses.txt").write_text(written(judged))


if __name__ == "__main__":
    main()
