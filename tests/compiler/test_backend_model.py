"""What the manifest and the header of a backend say of all that is beside its ops."""

import json
import re
from pathlib import Path

import pytest
from tool import HERE, clean, run


@pytest.fixture(name="model", scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The backend `guest` of good/hooks.pvi, from the manifest."""
    out = tmp_path_factory.mktemp("model")
    assert clean(run("build", "--emit=manifest", "--outdir", out, "good/hooks.pvi", cwd=HERE))
    backends = json.loads((out / "i.json").read_text())["backends"]
    return next(b for b in backends if b["name"] == "guest")


@pytest.fixture(name="header", scope="module")
def prototypes(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its header, without comments."""
    out = tmp_path_factory.mktemp("header")
    assert clean(run("build", "--emit=backend", "--outdir", out, "good/hooks.pvi", cwd=HERE))
    return re.sub(r"/\*.*?\*/\n?", "", (out / "guest.h").read_text(), flags=re.DOTALL)


def test_head(model: dict) -> None:
    """What holds for all of it."""
    assert (model["abi"], model["ignores_nopv"], model["priority"]) == ("x", True, 3)


def test_detection(model: dict) -> None:
    """All ways, with their own priority or the backend's."""
    ways = [(d["way"], d["text"], d["number"], d["priority"], d["when"]) for d in model["detect"]]
    assert ways == [
        ("cpuid", "Guest", 0, "leaf", ""),
        ("dmi", "Guest", 0, 1, "probe(x.ask)"),
        ("setup_data", "", 7, 3, ""),
        ("probe", "guest_probe", 0, 3, ""),
    ]
    assert model["detect"][0]["leaves"] == 2


def test_data(model: dict) -> None:
    """Numbers as numbers, constants by their value."""
    assert [(d["name"], d["value"], d["phase"], d["when"]) for d in model["data"]] == [
        ("info.name", "guest", "", ""),
        ("info.cs", 0x23, "", ""),
        ("info.name", "guest, late", "late", ""),
        ("info.inner.level", 6, "late", "x.on"),
    ]


ACTIONS = """
hook x86_init.irqs.intr_init call guest_intr_init
hook x86_init.irqs.intr_init chain guest_intr_more
hook x86_init.irqs.reason constant 1
hook x86_init.irqs.find none None | !cpu(amd) && !guest(sev)
set kernel.probe call guest_probe_bits
hook machine_ops.restart asm guest_restart | x.on
replace machine_ops  guest_ops | !x.on
hook machine_ops.restart nop None @ late
set kernel.flag  6
set kernel.name  guest
set kernel.handler  guest_handler
set kernel.probe without 4
run   guest_start
capability capability.ACC force None | capability.MWAIT
static_key static_key.steal on None @ late
teardown offline call guest_offline | x.on
teardown kexec call guest_offline | x.on
teardown suspend call guest_fast | x.on && x.fast
teardown crash call guest_crash
""".strip().splitlines()


def action_line(a: dict[str, object]) -> str:
    """An action as in ACTIONS."""
    line = f"{a['action']} {a['target']} {a['way']} {a['value']}"
    return line + (f" | {a['when']}" if a["when"] else "") + (f" @ {a['phase']}" if a["phase"] else "")


@pytest.mark.parametrize("line", ACTIONS)
def test_actions(line: str, model: dict) -> None:
    """Hooks, data, tables, switches and teardown."""
    assert line in [action_line(a) for a in model["actions"]]


def test_members_of_a_table(model: dict) -> None:
    """What a new table holds, as far as it was said."""
    tables = [a.get("members") for a in model["actions"] if a["action"] == "replace"]
    assert tables == [None, {"halt": "guest_halt"}]


def test_provisions(model: dict) -> None:
    """Names as the kernel has them; what is left out is null."""
    by_name = {(p["registration"], p["name"], p["when"]): p["values"] for p in model["provisions"]}
    label = 'a "label"'
    assert by_name["clock", "guest clock", ""] == {"rating": 6, "read": "guest_read", "label": label}
    assert by_name["clock", "guest", ""] == {"rating": None, "read": "guest_read", "label": None}
    assert by_name["clock", "late", "x.on"]["label"] == "guest_label"
    assert by_name["cpuhp", "x86/guest:online", ""]["startup"] == "guest_online"


def test_shared(model: dict) -> None:
    """Where memory is, and by what the hypervisor knows."""
    area, other, own, _ = model["shared"]
    assert (area["through"], area["decrypted"], area["when"]) == ("x.place", True, "x.on")
    assert (own["structure"], own["place"]) == ("own", "global")
    assert (other["through"], other["decrypted"], other["place"]) == ("x.ask", False, "percpu")


PROTOTYPES = """
void guest_intr_init(void);
void guest_intr_more(void);
uint64_t guest_read(void);
int guest_online(unsigned int cpu);
extern const char guest_label[];
void guest_start(void);
int guest_probe_bits(void);
void guest_halt(void);
struct i_thing *guest_find(uint64_t *a);
void guest_offline(void);
bool guest_probe(void);
""".strip().splitlines()


@pytest.mark.parametrize("line", PROTOTYPES)
def test_prototypes(line: str, header: str) -> None:
    """Each function that somebody writes is declared once, though code for hooks is not written."""
    assert header.splitlines().count(line) == 1, header


def test_assembly_has_no_prototype(header: str) -> None:
    """What is written in assembly is not called from C."""
    assert "guest_restart" not in header
