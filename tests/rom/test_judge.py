"""ROMs before a judge that knows the contract, and nothing of pvgen."""

from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
from judgement import BARE, BUILD, XEN, Judgement, Verdict, judge
from mutant import HOOK, MUTANTS, Mutant, summed, with_code

ROM = BUILD / "vmi_native.rom"

# Each compiler's kernel takes that compiler's ROM: kernel, ROM, where it boots.
CASES = {
    "bare": ("judge", "vmi_native", BARE),
    "bare-pae": ("judge-pae", "vmi_native", BARE),
    "bare-clang": ("judge-clang", "vmi_native-clang", BARE),
    "xen": ("judge", "vmi_xen", XEN),
    "xen-pae-clang": ("judge-pae", "vmi_xen-clang", XEN),
}

# What the judge knows: 74 calls, two of which end the machine.
CALLS = [line.split(", ")[1] for line in Path(__file__).with_name("calls.def").read_text().splitlines()
         if line.startswith("CALL(")]
LAST = {"Reboot", "Shutdown"}

# Calls that bare hardware has no use for, or of which no text says what they do.
ABSENT = {"MachineToPhysical", "PhysicalToMachine", "SetInitialAPState", "SetCallbacks"}
JUMPS = {"IRET", "SYSEXIT"}
EMPTY = {"UpdatePxE", "UpdatePxELong", "AllocatePage", "ReleasePage", "IODelay", "SetLazyMode"}

# Where both of two ways are right: the processor of the emulator has no counters; Linux gave the
# APIC's calls an offset; there is one alarm a wire.  A timer that nobody serves begins its period at
# once, but Xen's is served.
NOTES = {"RDPMC": {"traps"}, "APICRead": {"offset"}, "APICWrite": {"offset"}, "SetAlarm": {"one-alarm-a-wire"}}
UNSERVED = {"SetAlarm": {"irq0-without-phase", "lvtt-without-phase"}}


@cache
def judged(case: str, words: str = "judge sysenter", kind: str = "") -> Judgement:
    """A ROM as it is, or as it counts."""
    kernel, rom, environment = CASES[case]
    return judge(BUILD / f"{rom}{kind}.rom", words, kernel, environment)


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    """Each in turn."""
    return request.param


@pytest.fixture(scope="module")
def judgement(case: str) -> Judgement:
    """What is said of it."""
    return judged(case)


def names(judgement: Judgement, wanted) -> set[str]:
    """Of the calls whose verdict is such."""
    return {name for name, verdict in judgement.verdicts.items() if wanted(verdict)}


def test_it_boots(judgement: Judgement) -> None:
    """To user space and back by both ways."""
    assert judgement.outcome == "boots" and not judgement.timed_out


def test_all_are_judged(judgement: Judgement) -> None:
    """Each call but those that end the machine."""
    assert list(judgement.verdicts) == [name for name in CALLS if name not in LAST]


@pytest.mark.parametrize("call", [name for name in CALLS if name not in LAST])
def test_call(case: str, judgement: Judgement, call: str) -> None:
    """It keeps its contract and does what it must."""
    seen = judgement.verdicts[call]
    assert (seen.broken, seen.meaning) == (frozenset(), "" if call in ABSENT else "ok")
    more = UNSERVED.get(call, set()) if CASES[case][2] == BARE else set()
    assert seen.notes == NOTES.get(call, set()) | more


def test_answers(judgement: Judgement) -> None:
    """Calls are called, but for few."""
    kinds = {"none": ABSENT, "jump": JUMPS, "nop": EMPTY}
    kinds["call"] = set(CALLS) - LAST - ABSENT - JUMPS - EMPTY
    assert {kind: names(judgement, lambda v, k=kind: v.reloc == k) for kind in kinds} == kinds


def test_fixed_calls(judgement: Judgement) -> None:
    """Of the two with fixed places, get_reloc answers the same each time, and NONE beyond the last."""
    assert judgement.said("ROM fixed=get_reloc contract=ok meaning=ok")
    assert judgement.said("ROM entered rpl=0")


def test_it_is_not_written(judgement: Judgement) -> None:
    """Its bytes are the same after the run, and their sum is 0."""
    assert judgement.said("ROM image sum=0 same=1")


@pytest.mark.parametrize("options", [("-cpu", "pentium"), ("-cpu", "pentium3"), ("-cpu", "athlon"), ("-M", "q35"), ("-m", "3072")],
                         ids=lambda options: options[1])
def test_other_machines(options: tuple[str, ...]) -> None:
    """Processors of the time, another chipset, much memory."""
    seen = judge(ROM, "judge sysenter", options=options)
    assert seen.outcome == "boots" and len(seen.verdicts) == len(CALLS) - len(LAST)
    assert names(seen, lambda verdict: not verdict.good) == ABSENT


# What Xen says when its first domain ends.
XEN_ENDS = {"soft": "shutdown: rebooting machine", "hard": "shutdown: rebooting machine",
            "shutdown": "halted: halting machine"}


@pytest.mark.parametrize("where", ["bare", "xen"])
@pytest.mark.parametrize("end", XEN_ENDS)
def test_end(where: str, end: str) -> None:
    """Nothing is heard of the kernel again; after a reboot QEMU ends, after a shutdown by its watchdog."""
    seen = judged(where, end)
    assert seen.log.rstrip().endswith(f"ROM leaving by={end}")
    assert not seen.timed_out
    assert where == "bare" or XEN_ENDS[end] in seen.console


def test_a_hypervisor_that_is_not_there() -> None:
    """The ROM for Xen does not enter where there is none, and the kernel goes on alone."""
    seen = judge(BUILD / "vmi_xen.rom", "judge")
    assert seen.said("ROM init failed 1") and seen.outcome == "boots" and not seen.verdicts


# --- what the ROM itself counts

@pytest.mark.parametrize("where", ["bare", "bare-pae", "xen"])
def test_trace(where: str) -> None:
    """The ROM that counts was called as often as the kernel says that it called."""
    seen = judged(where, "judge", "-trace")
    assert seen.outcome == "boots"
    heard = Counter(TRACE_NAMES[number] for number in seen.trace)
    assert heard == seen.counts


# The two calls without a number are told by where they are.
TRACE_NAMES = dict(enumerate(CALLS)) | {0x80: "vmi_init", 0x88: "get_reloc"}


# --- ROMs that are not as they should be

@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_mutant(mutant: Mutant, tmp_path: Path) -> None:
    """Each has the outcome that it had with Linux."""
    seen = judge(mutant.make(ROM.read_bytes(), tmp_path), mutant.words)
    assert not seen.timed_out
    assert fnmatch(seen.outcome, mutant.outcome)
    assert seen.said(mutant.says)


# --- the judge itself: it must see what is planted

@dataclass(frozen=True)
class Plant:
    """Code in front of each call, and the calls on which the judge has nothing to say then."""
    code: str
    part: str           # of the contract; "": of the meaning
    unseen: set[str]
    jumps: bool = True  # also before IRET, by which the judge comes back from interrupts, and SYSEXIT


# In EBP, if it is the judge who calls.
JUDGED = "cmp $0xebb0a507, %ebp\njne {old}\n"
WORDS = {"WriteGDTEntry": 1, "WriteLDTEntry": 1, "WriteIDTEntry": 1, "SetPxELong": 1, "AllocatePage": 2,
         "SetLinearMapping": 1, "SetAlarm": 2}
PORTS = {name for name in CALLS if name[:2] == "IN" or name[:3] == "OUT"}
CALLED = set(CALLS) - LAST - ABSENT - EMPTY - JUMPS
FLAT = {"EnableInterrupts", "DisableInterrupts", "GetInterruptMask", "SetInterruptMask"} | JUMPS
PLANTS = {
    "nothing": Plant(JUDGED + "ret", "", JUMPS | {"WBINVD", "SetLinearMapping"}, False),
    "register": Plant(JUDGED + "inc %ebp\njmp {old}", "ebp", set()),
    "flags": Plant("cmp %esp, %esp\njmp {old}", "flags", (CALLED | JUMPS) - PORTS),
    "stack": Plant(JUDGED + "ret $4", "esp", JUMPS, False),
    "above": Plant(JUDGED + "movl $0, {above}(%esp)\njmp {old}", "stack", JUMPS, False),
    "segment": Plant("cmpb $0, %ds:(%esp)\njmp {old}", "trap", (CALLED | JUMPS) - FLAT),
    "interrupts": Plant(JUDGED + "pop %edx\nsti\njmp *%edx", "flags", {"EnableInterrupts", "Halt", "SYSEXIT"}),
}

# Behind the ROM's own answer, for what is called or jumped to: 64 bytes for each number.
DIVERT = """
	cmp	$1, %dl
	jb	1f
	cmp	$2, %dl
	ja	1f
	call	2f
2:	pop	%eax
	shl	$6, %ecx
	lea	stubs - 2b(%eax, %ecx), %eax
1:	ret
	.balign	64
stubs:
"""


def stub(seen: Verdict | None, code: str, size: int) -> str:
    """What stands before a call; before one that is not there, nothing."""
    if not seen or not seen.place:
        return ".balign 64\n.skip 64"
    words = 4 + 4 * WORDS.get(seen.name, 0)
    return ".balign 64\n" + code.format(old=f"begin + ({seen.place - size})", above=words)


def judge_planted(codes: dict[str, str], folder: Path) -> Judgement:
    """Of a ROM with code in front of calls."""
    rom, good = ROM.read_bytes(), judged("bare")
    stubs = [stub(good.verdicts.get(name), codes.get(name, "jmp {old}"), len(rom)) for name in CALLS]
    path = folder / "planted.rom"
    path.write_bytes(summed(with_code(rom, HOOK.replace("{change}", DIVERT + "\n".join(stubs)), folder)))
    return judge(path)


@pytest.mark.parametrize("plant", PLANTS.values(), ids=list(PLANTS))
def test_judge(plant: Plant, tmp_path: Path) -> None:
    """Where a fault is planted before each call, the judge sees it at each."""
    codes = {name: plant.code for name in CALLS if plant.jumps or name not in JUMPS}
    seen = judge_planted(codes, tmp_path)
    blamed = names(seen, lambda v: plant.part in v.broken if plant.part else v.meaning not in ("ok", ""))
    assert (CALLED | JUMPS) - blamed == plant.unseen


# One call's own fault, and what the judge says of it.
FAULTS = {
    "GetGDT": ("sgdt (%eax)\nmovw $0, 6(%eax)\nret", "more than six bytes"),
    "WriteIDTEntry": ("movl $0, 8(%eax, %edx, 8)\njmp {old}", "another entry changed"),
    "SetCR0": ("and $~8, %eax\njmp {old}", "cr0 has another value"),
    "GetInterruptMask": ("xor %eax, %eax\nret", "another answer"),
    "SetPxELong": ("mov %eax, (%ecx)\nmov %edx, 4(%ecx)\nret", "half an entry was present"),
    "InvalPage": ("add $4096, %eax\njmp {old}", "the translation is stale"),
    "FlushTLB": ("and $1, %eax\njmp {old}", "the translation is stale"),
    "INSB": ("dec %ecx\njmp {old}", "the address is another"),
    "OUTSB": ("inc %esi\njmp {old}", "the address is another"),
    "GetCycleFrequency": ("call {old}\nadd $0x10000000, %eax\nret", "the counter runs at another speed"),
    "GetCycleCounter": ("cmp $2, %eax\njne {old}\nrdtsc\nret", "real is not available and stolen"),
    "SetAlarm": ("sub $0x400000, %edx\njmp {old}", "it came early (real, irq0)"),
    "CancelAlarm": ("call {old}\nmov $1, %eax\nret", "another counter had its alarm (real, irq0)"),
    "GetWallclockTime": ("call {old}\ninc %edx\nret", "not the machine's time"),
    "WallclockUpdated": ("mov $1, %eax\nret", "the answer was not cleared"),
}


def test_faults(tmp_path: Path) -> None:
    """Each is called by its name, and no other call is blamed."""
    seen = judge_planted({name: JUDGED + code for name, (code, _) in FAULTS.items()}, tmp_path)
    blamed = {name: v.meaning for name, v in seen.verdicts.items() if v.reloc != "none" and not v.good}
    assert blamed == {name: meaning for name, (_, meaning) in FAULTS.items()}
