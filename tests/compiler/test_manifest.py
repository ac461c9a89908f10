"""The manifest of what pvgen only describes so far: it is there for whatever is checked."""

import json
from pathlib import Path

import pytest
from tool import FINE, HERE, ROOT, clean, run


def interface(name: str, *options: str) -> dict:
    """The interface of one of the good descriptions."""
    path = HERE / "good" / name
    result = run("build", "--emit=manifest:-", *options, path, cwd=HERE)
    assert result.status == 0, result.err
    return json.loads(result.out)["interfaces"][0]


@pytest.fixture(name="attributes", scope="module")
def read_attributes() -> dict:
    """All that can be said of ops."""
    return interface("op_attributes.pvi")


def op(of: dict, name: str) -> dict:
    """One op by its path."""
    (found,) = (each for each in of["ops"] if each["name"] == name)
    return found


# Path of an op and what the manifest says of it.
SAID = {
    "g.leave": {"default": "nop", "defer": ["cpu"], "site": "slot"},
    "g.enter": {"pairs": ["g.leave"]},
    "g.pure": {"default": "6", "context": ["pure"]},
    "g.plain": {"site": "never_patched", "asm_callable": True},
    "g.large": {"site": "inline_only", "slot": None},
    "g.small": {"default": "-128"},
    "g.back": {"tail": True, "frame": "frame", "default": "native"},
    "g.wrap": {"wrapper": {"name": "w", "parameters": ["c", "a", "more", "b"]}},
    "g.now": {"since": "1.2", "retired": None},
    "g.then": {"since": "1.0", "deprecated": "1.1", "advice": "use now", "retired": "1.2"},
    "g.one_day": {"deprecated": "3.0", "retired": "4.0", "default": "identity"},
    "g.clock": {"site": "static_call", "slot": None},
    "g.g_spare1": {"spare": True},
    "g.inner.unlock": {"together": ["g.inner.lock"], "native_template": True},
}


@pytest.mark.parametrize("name", SAID)
def test_ops(name: str, attributes: dict) -> None:
    """Each attribute, by its words."""
    said = op(attributes, name)
    assert {key: said[key] for key in SAID[name]} == SAID[name]


def test_slots(attributes: dict) -> None:
    """Numbers are dense; slots too, without the ops that have none."""
    assert [each["number"] for each in attributes["ops"]] == list(range(len(attributes["ops"])))
    slots = [each["slot"] for each in attributes["ops"] if each["slot"] is not None]
    assert slots == list(range(len(attributes["ops"]) - 2))


def test_slots_of_tables() -> None:
    """Each table counts its own."""
    ops = interface("../errors/build/gaps.pvi")["ops"]
    assert [(each["table"], each["slot"]) for each in ops if each["name"] == "c.h"] == [("other", 0)]


def test_beside_ops(attributes: dict) -> None:
    """Phases, batches, derived features, data."""
    assert attributes["phases"] == ["early", "patching", "late"]
    assert attributes["batches"][1] == {"name": "mmu", "begin": ["g.enter"], "end": ["g.leave"], "flush": ["g.flush"]}
    assert attributes["derived"][0] == {"name": "unlocked", "op": "g.inner.unlock"}
    assert attributes["data"][:3] == [
        {"name": "g.name", "table": None, "guard": None, "type": "const char *", "default": "bare hardware"},
        {"name": "g.selector", "table": None, "guard": None, "type": "u16", "default": 6},
        {"name": "g.flag", "table": None, "guard": "SMP", "type": "bool", "default": 1},
    ]


def test_templates() -> None:
    """Conditions and faults."""
    unlock = op(interface("conditional_templates.pvi"), "lock.unlock")["templates"]
    assert [(each["if"], each["when"]) for each in unlock] == [
        (None, "unlocked"),
        ("SMP", None),
        ("!SMP", "unlocked || !other"),
        (None, None),
    ]
    (read,) = op(interface("conditional_templates.pvi"), "g.read")["templates"]
    assert read["faults"] == [
        {"instruction": 2, "label": None, "fixup": ["movl $-5, (%rsi)", "xor %eax, %eax"]},
        {"instruction": 3, "label": 2, "fixup": []},
    ]


def test_guards() -> None:
    """An op's own guard and those around it; what is set is in the configuration."""
    ops = {each["name"]: each["guard"] for each in interface("conditions.pvi")["ops"]}
    assert ops["a.f"] == "PARAVIRT_XXL && PGTABLE_LEVELS >= 5 && PARAVIRT"
    assert ops["a.SMP.PARAVIRT"] == "1 == 1 && PARAVIRT"
    path = HERE / "good/conditions.pvi"
    result = run("build", "--emit=manifest:-", "-DSMP", "-DPGTABLE_LEVELS=4", path)
    values = {each["name"]: each["value"] for each in json.loads(result.out)["configuration"]}
    assert values == {"PARAVIRT": None, "PARAVIRT_XXL": None, "PGTABLE_LEVELS": 4, "SMP": 1}


def test_linux() -> None:
    """The description of Linux's ops is fine and has a manifest."""
    path = HERE.parents[1] / "idl/linux/pv_ops.pvi"
    assert clean(run("check", path))
    assert run("build", "--emit=manifest:-", path).status == 0


def test_usual_answers(tmp_path: Path) -> None:
    """What a ROM may answer anyway leaves no trace, as in a diff."""
    golden = (ROOT / "tests/compiler/golden/i386/firm.pvi").read_text()
    said = golden.replace("clobbers flags; }", "clobbers flags; relocations call; }").replace("{ kind jump;", "{ kind jump; relocations jump;")
    assert said.count("relocations") == golden.count("relocations") + 2
    models = []
    for text in (golden, said):
        (tmp_path / "in.pvi").write_text(text)
        result = run("build", "--arch=i386", "--emit=manifest:-", "in.pvi", cwd=tmp_path)
        assert result.status == FINE
        models.append(json.loads(result.out))
    assert models[0] == models[1]
