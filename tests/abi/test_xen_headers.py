"""idl/abi/xen.pvi against Xen's own headers (Debian's libxen-dev), and that the comparison bites."""

import copy
import json
import subprocess
from pathlib import Path

import compare
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def manifest() -> dict:
    """What pvgen says about the interfaces."""
    return json.loads((ROOT / "generated/pv.json").read_text())


def complaints(questions: list[compare.Check]) -> list[str]:
    """Errors that the C compiler has about these questions."""
    run = subprocess.run(["gcc", "-fsyntax-only", "-fmax-errors=0", "-std=gnu11", "-xc", "-"],
                         input=compare.c_source(questions), capture_output=True, text=True, check=False)
    return [line for line in run.stderr.splitlines() if "error:" in line]


def entry(things: list[dict], name: str) -> dict:
    """The entry of this name."""
    return next(thing for thing in things if thing["name"] == name)


def test_xen_headers_agree(manifest: dict) -> None:
    """Every number and every layout is what the headers say."""
    assert complaints(list(compare.checks(manifest))) == []


def test_every_question_bites(manifest: dict) -> None:
    """Each value, one too large, is one error: no assertion is vacuous."""
    wrong = [(what, value + 1) for what, value in compare.checks(manifest)]
    assert len(complaints(wrong)) == len(wrong)


def wrong_call(abi: dict) -> None:
    """mmu_update gets the number of set_gdt."""
    entry(abi["calls"], "mmu_update")["number"] = 2


def wrong_sub(abi: dict) -> None:
    """sched_op.block gets the number of shutdown."""
    entry(entry(abi["calls"], "sched_op")["subs"], "block")["number"] = 2


def wrong_constant(abi: dict) -> None:
    """DOMID_SELF becomes DOMID_IO."""
    entry(abi["constants"], "DOMID_SELF")["value"] = 0x7ff1


def wrong_member_type(abi: dict) -> None:
    """evtchn_upcall_mask becomes a u16, which moves nothing behind it."""
    entry(entry(abi["structs"], "vcpu_info")["members"], "evtchn_upcall_mask").update(offset=2, size=2)


def wrong_nested_member(abi: dict) -> None:
    """The union's pointer becomes a u32."""
    entry(entry(abi["structs"], "mmuext_op")["members"], "arg2.vcpumask")["size"] = 4


def wrong_feature(abi: dict) -> None:
    """dom0 gets the bit of its neighbour."""
    entry(abi["features"], "dom0")["bit"] = 12


def wrong_field(abi: dict) -> None:
    """pending moves by one bit."""
    entry(entry(abi["bits"], "evtchn_fifo_event_word")["fields"], "pending").update(high=30, low=30)


WRONG = [
    (wrong_call, "__HYPERVISOR_mmu_update is not 2"),
    (wrong_sub, "SCHEDOP_block is not 2"),
    (wrong_constant, "DOMID_SELF is not 32753"),
    (wrong_member_type, "->evtchn_upcall_mask) is not 2"),
    (wrong_nested_member, "->arg2.vcpumask) is not 4"),
    (wrong_feature, "XENFEAT_dom0 is not 12"),
    (wrong_field, "EVTCHN_FIFO_PENDING) is not 1073741824"),
]


@pytest.mark.parametrize("change,complaint", WRONG, ids=[change.__name__ for change, _ in WRONG])
def test_a_wrong_manifest_is_seen(manifest: dict, change, complaint: str) -> None:
    """One thing changed in the manifest is named by the comparison."""
    changed = copy.deepcopy(manifest)
    change(compare.xen_abi(changed))
    errors = complaints(list(compare.checks(changed)))
    assert any(complaint in error for error in errors), errors


def test_a_name_without_a_row_is_an_error(manifest: dict) -> None:
    """What the table of names does not know is not passed over."""
    changed = copy.deepcopy(manifest)
    compare.xen_abi(changed)["constants"].append({"name": "NEW", "value": 1})
    with pytest.raises(compare.NamesError, match="NEW"):
        list(compare.checks(changed))


def test_a_row_without_an_entry_is_an_error(manifest: dict) -> None:
    """What the manifest lost is not passed over."""
    changed = copy.deepcopy(manifest)
    compare.xen_abi(changed)["structs"].pop()
    with pytest.raises(compare.NamesError, match="nothing in the manifest"):
        list(compare.checks(changed))
