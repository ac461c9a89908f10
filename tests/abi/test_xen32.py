"""backends/vmi_rom/xen/xen32.h, Xen as 32-bit code sees it, against Xen's own headers, by the compiler."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MINE = ROOT / "backends/vmi_rom/xen/xen32.h"
THEIRS = ("xen.h", "vcpu.h", "sched.h", "event_channel.h", "memory.h", "hvm/hvm_op.h", "hvm/params.h", "arch-x86/cpuid.h")

# Our constant, theirs.
CONSTANTS = {
    "XEN_DOMID_SELF": "DOMID_SELF",
    "XEN_MEMORY_OP": "__HYPERVISOR_memory_op",
    "XEN_CONSOLE_IO": "__HYPERVISOR_console_io",
    "XEN_VCPU_OP": "__HYPERVISOR_vcpu_op",
    "XEN_SCHED_OP": "__HYPERVISOR_sched_op",
    "XEN_EVENT_CHANNEL_OP": "__HYPERVISOR_event_channel_op",
    "XEN_HVM_OP": "__HYPERVISOR_hvm_op",
    "XEN_CONSOLEIO_WRITE": "CONSOLEIO_write",
    "XEN_VIRQ_TIMER": "VIRQ_TIMER",
    "XEN_VCPU_DOWN": "VCPUOP_down",
    "XEN_VCPU_IS_UP": "VCPUOP_is_up",
    "XEN_VCPU_GET_RUNSTATE_INFO": "VCPUOP_get_runstate_info",
    "XEN_VCPU_STOP_PERIODIC_TIMER": "VCPUOP_stop_periodic_timer",
    "XEN_VCPU_SET_SINGLESHOT_TIMER": "VCPUOP_set_singleshot_timer",
    "XEN_VCPU_STOP_SINGLESHOT_TIMER": "VCPUOP_stop_singleshot_timer",
    "XEN_RUNSTATE_RUNNABLE": "RUNSTATE_runnable",
    "XEN_RUNSTATE_OFFLINE": "RUNSTATE_offline",
    "XEN_RUNSTATES": "sizeof(((struct vcpu_runstate_info *)0)->time) / sizeof(uint64_t)",
    "XEN_SCHED_SHUTDOWN": "SCHEDOP_shutdown",
    "XEN_SHUTDOWN_POWEROFF": "SHUTDOWN_poweroff",
    "XEN_SHUTDOWN_REBOOT": "SHUTDOWN_reboot",
    "XEN_EVTCHN_BIND_VIRQ": "EVTCHNOP_bind_virq",
    "XEN_EVTCHN_UNMASK": "EVTCHNOP_unmask",
    "XEN_ADD_TO_PHYSMAP": "XENMEM_add_to_physmap",
    "XEN_MAPSPACE_SHARED_INFO": "XENMAPSPACE_shared_info",
    "XEN_HVM_SET_PARAM": "HVMOP_set_param",
    "XEN_HVM_SET_EVTCHN_UPCALL_VECTOR": "HVMOP_set_evtchn_upcall_vector",
    "XEN_HVM_PARAM_CALLBACK_IRQ": "HVM_PARAM_CALLBACK_IRQ",
    "XEN_LEAF_HVM": "4",        # of a comment alone, above these
    "XEN_HVM_VCPU_ID": "XEN_HVM_CPUID_VCPU_ID_PRESENT",
    "XEN_CPUS": "XEN_LEGACY_MAX_VCPUS",
}

# Our structure, theirs, members by which both are compared: those of other names as OURS=THEIRS.
STRUCTURES = {
    "xen_time": ("vcpu_time_info", "version tsc_timestamp system_time tsc_to_system_mul tsc_shift"),
    "xen_vcpu_info": ("vcpu_info", "evtchn_upcall_pending evtchn_upcall_mask evtchn_pending_sel arch time"),
    "xen_shared_info": ("shared_info", "vcpu_info evtchn_pending evtchn_mask wc_version wc_sec wc_nsec arch "
                                       "wc_sec_hi=arch.wc_sec_hi"),
    "xen_runstate_info": ("vcpu_runstate_info", "state state_entry_time time"),
    "xen_set_singleshot_timer": ("vcpu_set_singleshot_timer", "timeout_abs_ns flags"),
    "xen_bind_virq": ("evtchn_bind_virq", "virq vcpu port"),
    "xen_unmask": ("evtchn_unmask", "port"),
    "xen_sched_shutdown": ("sched_shutdown", "reason"),
    "xen_add_to_physmap": ("xen_add_to_physmap", "domid size space idx gpfn"),
    "xen_hvm_param": ("xen_hvm_param", "domid pad index value"),
    "xen_evtchn_upcall_vector": ("xen_hvm_evtchn_upcall_vector", "vcpu vector"),
}


def questions(side: int) -> dict[str, str]:
    """What is compared, under our names; expressions in our words (0) or theirs (1)."""
    asked = {ours: (ours, theirs)[side] for ours, theirs in CONSTANTS.items()}
    for ours, (theirs, members) in STRUCTURES.items():
        struct = f"struct {(ours, theirs)[side]}"
        asked[ours] = f"sizeof({struct})"
        for member in members.split():
            name, _, other = member.partition("=")
            asked[f"{ours}.{name}"] = f"offsetof({struct}, {other if side and other else name})"
    return asked


def answers(prologue: str, asked: dict[str, str]) -> dict[str, int]:
    """Values that the compiler has for them, for 32-bit code."""
    lines = "\n".join(f'\tasm volatile("@@{name} %c0" : : "i"({expression}));' for name, expression in asked.items())
    source = f"#include <stddef.h>\n#include <stdint.h>\n{prologue}\nvoid f(void)\n{{\n{lines}\n}}\n"
    run = subprocess.run(["gcc", "-m32", "-ffreestanding", "-O1", "-std=gnu11", "-S", "-o", "-", "-xc", "-"],
                         input=source, capture_output=True, text=True, check=True)
    return {name: int(value, 0) for name, value in re.findall(r"@@(\S+) (\S+)", run.stdout)}


@pytest.fixture(scope="module")
def theirs() -> dict[str, int]:
    """Xen's own answers."""
    include = "".join(f"#include <xen/{header}>\n" for header in THEIRS)
    return answers("#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__\n" + include, questions(1))


def test_agrees(theirs: dict[str, int]) -> None:
    """Every number, size and offset."""
    mine = answers(f'#include "{MINE}"', questions(0))
    assert mine == theirs
    assert mine.keys() == questions(0).keys()


def test_nothing_is_left_out() -> None:
    """Each constant and each structure of the file is compared."""
    text = MINE.read_text()
    assert set(re.findall(r"#define (XEN_\w+)\s+\S", text)) == CONSTANTS.keys()
    assert set(re.findall(r"^struct (\w+) \{", text, re.M)) == STRUCTURES.keys()


def test_it_bites(theirs: dict[str, int], tmp_path: Path) -> None:
    """A number and a layout that are wrong are noticed."""
    wrong = MINE.read_text().replace("#define XEN_EVTCHN_UNMASK    9", "#define XEN_EVTCHN_UNMASK    8")
    wrong = wrong.replace("uint32_t evtchn_pending[32]", "uint32_t evtchn_pending[64]")
    (tmp_path / "xen32.h").write_text(wrong)
    mine = answers(f'#include "{tmp_path}/xen32.h"', questions(0))
    assert {name for name in mine if mine[name] != theirs[name]} == {
        "XEN_EVTCHN_UNMASK", "xen_shared_info", "xen_shared_info.evtchn_mask", "xen_shared_info.wc_version",
        "xen_shared_info.wc_sec", "xen_shared_info.wc_nsec", "xen_shared_info.arch", "xen_shared_info.wc_sec_hi"}
