"""What a log must say for a boot to count, and what the demo makes of it.

No kernel runs here: the logs are written by hand.
"""

import json
from pathlib import Path

import cost
import demo
import demo_rom
import machine
import pytest

GOOD = """\
(XEN) Xen version 4.17
 garbage before the first line
PV backend xen_pv hypervisor Xen 4.17 (deprivileged)
PV op irq.irq_disable form=inline bytes=9
PV op cpu.read_cr0 form=call bytes=6
(XEN) d0v0 something in between
PV test map_unmap pass
PV test time_advances pass
PV done passed=2 failed=0
(XEN) Hardware Dom0 shutdown: rebooting machine
"""
FAILING = GOOD.replace("map_unmap pass", "map_unmap fail pte=0x1 expected 0x3").replace(
    "passed=2 failed=0", "passed=1 failed=1")


def boot(log: str, name: str = "xen-pv", sha256: str = "ab" * 32, timed_out: bool = False) -> machine.Boot:
    """A boot that said this."""
    return machine.Boot(name, sha256, 1.234, timed_out, log)


def without(text: str) -> str:
    """The good log without the line that starts so."""
    return "".join(line for line in GOOD.splitlines(keepends=True) if not line.startswith(text))


def test_a_good_log_is_understood() -> None:
    """Each kind of line ends up where it belongs."""
    seen = boot(GOOD)
    assert seen.booted and seen.good
    assert seen.console.backends == [("xen_pv", "Xen 4.17 (deprivileged)")]
    assert seen.console.ops == [machine.Op("irq.irq_disable", "inline", 9), machine.Op("cpu.read_cr0", "call", 6)]
    assert seen.console.counted == (2, 0)
    assert seen.form("cpu.read_cr0") == "call" and seen.form("cpu.none") == ""


def test_carriage_returns_do_not_matter() -> None:
    """A serial line may send CR LF."""
    assert boot(GOOD.replace("\n", "\r\n")).good


def test_a_failed_test_is_booted_but_not_good() -> None:
    """The details are kept."""
    seen = boot(FAILING)
    assert seen.booted and not seen.good
    assert seen.console.failures == [machine.Outcome("map_unmap", "pte=0x1 expected 0x3")]


def test_a_refusal_is_read() -> None:
    """The address is a number, with or without 0x."""
    line = "PV patch refused site=7 address={} op=irq.halt reason=filler differs\n"
    for address in ("0xffffffff81000010", "ffffffff81000010"):
        refusal, = boot(line.format(address) + GOOD).console.refusals
        assert refusal == machine.Refusal(7, 0xffffffff81000010, "irq.halt", "filler differs")


def test_a_missing_backend_is_read() -> None:
    """With or without another one that stands in."""
    for instead in ("native", "none"):
        assert boot(f"PV missing xen_pvh instead {instead}\n" + GOOD).console.missing == [("xen_pvh", instead)]


NOT_BOOTED = {
    "empty": "",
    "no backend": without("PV backend"),
    "no done": without("PV done"),
    "two done": GOOD + "PV done passed=2 failed=0\n",
    "booted twice": GOOD + GOOD,
    "a pass lost": without("PV test map_unmap"),
    "a failure lost": FAILING.replace("PV test map_unmap fail", "PV tes"),
    "wrong sum": GOOD.replace("passed=2", "passed=3"),
    "panic": GOOD + "PV panic #GP at 0x1000\n",
    "panic without text": GOOD + "PV panic \n",
    "cut short": GOOD[:GOOD.index("failed=0")],
    "unknown form": GOOD.replace("form=call", "form=magic"),
}


@pytest.mark.parametrize("log", NOT_BOOTED.values(), ids=list(NOT_BOOTED))
def test_a_bad_log_is_not_booted(log: str) -> None:
    """Whatever is missing, doubled, miscounted or unreadable."""
    assert not boot(log).booted


def test_a_late_end_is_not_booted() -> None:
    """Even if the log looks whole."""
    assert not boot(GOOD, timed_out=True).booted


def test_a_program_that_hangs_is_killed() -> None:
    """Its output until then is kept."""
    output, late = machine.capture(["sh", "-c", "echo PV; exec sleep 60"], timeout=0.5)
    assert (output, late) == ("PV\n", True)


def test_a_hypervisor_that_only_waits_is_not_waited_for() -> None:
    """Xen sleeps five seconds after a crash; that is no timeout."""
    words = ["sh", "-c", "echo '(XEN) Hardware Dom0 crashed: rebooting machine in 5 seconds.'; exec sleep 60"]
    output, late = machine.capture(words, timeout=20)
    assert "crashed" in output and not late


def test_the_hash_is_of_the_file_given_to_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And QEMU gets that file by the same path."""
    image = tmp_path / "image"
    image.write_bytes(b"abc")
    commands = []
    monkeypatch.setattr(machine, "capture", lambda words, timeout: commands.append(words) or (GOOD, False))
    for name in machine.ENVIRONMENTS:
        sha256 = machine.run(name, image, "key=value").image_sha256
        assert sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    for words in commands:
        place = "-initrd" if "-initrd" in words else "-kernel"
        path = words[words.index(place) + 1].removesuffix(" key=value")
        assert (machine.ROOT / path).samefile(image)


def counted(boot: machine.Boot) -> cost.Measured:
    """As if the instructions of one op had been counted."""
    return cost.Measured(boot, {"irq.irq_disable": cost.Cost(1, 1, 0, 0)}, {"cpu.read_cr0": "a reason"})


def run_demo(monkeypatch: pytest.MonkeyPatch, outdir: Path, boots: list[machine.Boot]) -> int:
    """Exit status of the demo for these boots."""
    monkeypatch.setattr(demo, "boot_all", lambda guest: boots)
    monkeypatch.setattr(demo, "measure_all", lambda boots, guest: {boot.environment: counted(boot) for boot in boots})
    return demo.main(["--outdir", str(outdir)])


def test_demo_writes_the_agreed_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """demo.json has exactly the agreed shape, and the log is kept."""
    assert run_demo(monkeypatch, tmp_path, [boot(GOOD, "bare"), boot(GOOD)]) == 0
    environment = json.loads((tmp_path / "demo.json").read_text())["environments"][1]
    costs = {"instructions": 1, "pad_instructions": 1, "hypervisor_instructions": 0, "bare_instructions": 1}
    unknown = dict.fromkeys(costs) | {"bare_instructions": 1}
    assert environment == {
        "name": "xen-pv", "hypervisor": "Xen 4.17 (deprivileged)", "backend": "xen_pv",
        "image_sha256": "ab" * 32, "booted": True, "seconds": 1.23, "tests_passed": 2, "tests_failed": 0,
        "ops": [{"op": "irq.irq_disable", "form": "inline", "site_bytes": 9} | costs,
                {"op": "cpu.read_cr0", "form": "call", "site_bytes": 6} | unknown]}
    assert (tmp_path / "boot/xen-pv.log").read_text() == GOOD


def test_demo_prints_a_row_per_op(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """Also for an op that one environment did not report."""
    bare = GOOD.replace("PV op cpu.read_cr0 form=call bytes=6\n", "")
    run_demo(monkeypatch, tmp_path, [boot(bare, "bare"), boot(GOOD)])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["irq.irq_disable", *["inline", "9", "1+1", "0"] * 2] in rows
    assert ["cpu.read_cr0", "-", "call", "6", "?", "?"] in rows
    assert "not counted: cpu.read_cr0 on bare, xen-pv: a reason".split() in rows


NO_TESTS = without("PV test").replace("passed=2", "passed=0")

# What one of the two boots was like, and what the demo must say about it.
BAD_DEMOS = {
    "not booted": (boot(""), "xen-pv did not boot: 0 backend lines"),
    "test failed": (boot(FAILING), "xen-pv failed the test map_unmap: pte=0x1 expected 0x3"),
    "other image": (boot(GOOD, sha256="cd" * 32), "the environments were given different images"),
    "not patched": (boot("PV patch refused site=7 address=1f op=irq.halt reason=wrong slot\n" + GOOD),
                    "xen-pv was not patched: site 7 of irq.halt at 0x1f, wrong slot"),
    "no tests": (boot(NO_TESTS), "xen-pv ran no test"),
    "no backend": (boot("PV missing xen_pv instead native\n" + GOOD), "xen-pv lacks the backend xen_pv; native ran"),
}


@pytest.mark.parametrize("bad,complaint", BAD_DEMOS.values(), ids=list(BAD_DEMOS))
def test_demo_fails_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys,
                                 bad: machine.Boot, complaint: str) -> None:
    """One bad environment makes a bad demo; its JSON is written all the same."""
    assert run_demo(monkeypatch, tmp_path, [boot(GOOD, "bare"), bad]) == 1
    assert complaint in capsys.readouterr().err
    environments = json.loads((tmp_path / "demo.json").read_text())["environments"]
    assert [each["booted"] for each in environments] == [True, bad.booted]


# ---- the demo of ROMs ----

ROM_GOOD = GOOD.replace("backend xen_pv", "backend vmi_guest") + "PV rom call IRET answer=call\n"


def rom_boots(log: str, **changes) -> list[machine.Boot]:
    """Without a ROM, and with one."""
    return [boot(GOOD, "bare-i386"), boot(log, "vmi-i386", **changes)]


def test_demo_of_roms_shows_what_they_have(capsys) -> None:
    """Or that there is none."""
    assert demo_rom.show(rom_boots(ROM_GOOD)) == 0
    words = capsys.readouterr().out.splitlines()
    assert [word.strip() for word in words if "ROM" in word] == [
        "ROM         none", "ROM         vmi_native.rom: 1 call"]


@pytest.mark.parametrize(("log", "changes", "complaint"), [
    ("", {}, "vmi-i386 did not boot: 0 backend lines"),
    (FAILING.replace("backend xen_pv", "backend vmi_guest"), {}, "vmi-i386 failed the test map_unmap"),
    (GOOD, {}, "vmi-i386 does not use its ROM"),
    (ROM_GOOD + "PV rom refused address=c00c0000 part=sum reason=not 0\n", {}, "vmi-i386 refused its ROM: sum, not 0"),
    (ROM_GOOD, {"sha256": "cd" * 32}, "the environments were given different images"),
])
def test_demo_of_roms_fails(capsys, log: str, changes: dict, complaint: str) -> None:
    """With the reason."""
    assert demo_rom.show(rom_boots(log, **changes)) == 1
    assert f"demo: {complaint}\n" in capsys.readouterr().err
