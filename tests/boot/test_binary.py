"""The binary interface: one kernel without any backend, and the blobs that machines supply.

The same file boots everywhere, and does there what the kernel with backends
linked in does.
"""

import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cost
import machine
import manifest
import pytest
from test_canaries import UNCALLED, watched

BUILD = machine.ROOT / "build"
GUEST = BUILD / "guest-blob.elf"
SHIM = BUILD / "guest/shim.o"

# Functions that backends have are called so; what the runtime has is called otherwise.
FOREIGN = re.compile(r"xen|native|hypercall_page|hypervisor", re.IGNORECASE)


def blob_of(environment: str) -> Path:
    """The blob for an environment."""
    return BUILD / f"{machine.BLOBS[environment]}.blob"


@pytest.fixture(scope="session", params=machine.BLOBS)
def environment(request: pytest.FixtureRequest) -> str:
    """Each environment that can supply one."""
    return request.param


@pytest.fixture(scope="session")
def supplied() -> Callable[[str], machine.Boot]:
    """Boot of the kernel without backends, once per worker."""
    return cache(lambda environment: machine.run(environment, GUEST, blob=blob_of(environment)))


def test_everything_passes(supplied: Callable[[str], machine.Boot], environment: str) -> None:
    """The whole suite, with the machine's own blob."""
    seen = supplied(environment)
    assert seen.obstacles == [] and seen.console.failures == []
    assert seen.console.tests != [] and not seen.console.refusals and not seen.console.blobs
    assert seen.console.backends[0][0] == machine.BLOBS[environment]
    cpus = machine.CPUS[environment]
    assert seen.console.cpus == [(cpus, cpus)]


@pytest.mark.parametrize("several", [name for name in machine.BLOBS if machine.CPUS[name] > 1])
def test_truly_parallel(several: str) -> None:
    """The per-CPU window on threads of the host."""
    seen = machine.run(several, GUEST, blob=blob_of(several), accelerator=machine.PARALLEL)
    assert seen.good and not seen.console.refusals, (seen.obstacles, seen.console.failures)


def test_another_compiler_does_as_well(environment: str) -> None:
    """The blob is of the first one."""
    seen = machine.run(environment, BUILD / "guest-clang-blob.elf", blob=blob_of(environment))
    assert seen.good and not seen.console.refusals and not seen.console.blobs


def test_one_image(supplied: Callable[[str], machine.Boot]) -> None:
    """All machines were given the same bytes."""
    hashes = {environment: supplied(environment).image_sha256 for environment in machine.BLOBS}
    print(*(f"{environment}: sha256 {sha256}" for environment, sha256 in hashes.items()), sep="\n")
    assert len(set(hashes.values())) == 1


def test_the_same_tests(boot: Callable[[str], machine.Boot], supplied: Callable[[str], machine.Boot],
                        environment: str) -> None:
    """As many as with backends linked in, of the same names."""
    names = [[test.name for test in seen.console.tests] for seen in (boot(environment), supplied(environment))]
    assert sorted(names[0]) == sorted(names[1])


def test_sites_are_equal(boot: Callable[[str], machine.Boot], supplied: Callable[[str], machine.Boot],
                         environment: str) -> None:
    """Form and length of each op's sites."""
    assert supplied(environment).console.ops == boot(environment).console.ops


def test_canaries(environment: str) -> None:
    """Unpatched too, each op keeps to its contract."""
    seen = machine.run(environment, GUEST, cmdline="patch=no", blob=blob_of(environment))
    assert seen.good, (seen.obstacles, seen.console.failures)
    names = set(manifest.names())
    assert names - watched(seen) == UNCALLED & names


def test_costs(environment: str) -> None:
    """As many instructions as the linked backend's, and the hypervisor's within 5 %, for ops and workloads.

    What Xen does of its own for a domain that hardware helps comes in between and differs.
    """
    direct, binary = (cost.measure(environment, guest, blob) for guest, blob in
                      ((machine.GUEST, None), (GUEST, blob_of(environment))))
    assert direct.costs.keys() == binary.costs.keys() != set()
    costs = {op: (seen, binary.costs[op]) for op, seen in direct.costs.items()}
    costs |= {name: (seen, binary.workloads[name]) for name, seen in direct.workloads.items()}
    assert costs.keys() >= set(cost.WORKLOADS.values())
    print(*(f"{environment}: {name}: linked {a.guest} + {a.hypervisor}, blob {b.guest} + {b.hypervisor}"
            for name, (a, b) in costs.items()), sep="\n")
    assert {name: pair for name, pair in costs.items() if pair[1].guest != pair[0].guest} == {}
    if environment != "xen-pvh":
        assert {name: pair for name, pair in costs.items()
                if abs(pair[1].hypervisor - pair[0].hypervisor) > 0.05 * pair[0].hypervisor} == {}


def symbols(path: Path) -> set[str]:
    """Names that an object defines or refers to."""
    text = subprocess.run(["nm", "-f", "posix", path], capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in text.splitlines()}


def test_nothing_of_a_machine_is_linked() -> None:
    """Outside of the one object that knows how a machine loads kernels."""
    of_backends = set().union(*(symbols(path) for path in BUILD.glob("guest/backends/*/*.o")))
    own = of_backends - set().union(*(symbols(path) for path in BUILD.glob("guest/runtime/*.o")))
    assert any(FOREIGN.search(name) for name in own)
    rest = symbols(GUEST) - symbols(SHIM)
    assert "pv_blob_load" in rest and "xen_entry" in symbols(SHIM)
    assert {name for name in rest if FOREIGN.search(name)} == set()


def test_without_a_blob_bare_hardware_is_enough() -> None:
    """The kernel has that one with it, and says what it did not get."""
    seen = machine.run("bare", GUEST)
    assert seen.good and seen.console.backends[0][0] == "native"
    assert [refusal.reason for refusal in seen.console.blobs] == ["is not there"]


def test_without_a_blob_xen_is_too_much() -> None:
    """Without the privilege that bare hardware needs it says so, and stops."""
    seen = machine.run("xen-pv", GUEST)
    assert not seen.timed_out and seen.console.blobless == [("none", "is not there")]


MUTATE = BUILD / "blob-test/mutate"
# Of the damages of tests/blob some that are refused, one for each of the reasons.
DAMAGES = (0, 4, 6, 7, 34, 36, 37, 41, 42, 43, 46, 48, 51, 52, 53, 55, 56, 57, 58, 60, 62)


@pytest.mark.parametrize("number", DAMAGES)
def test_a_bad_blob(number: int, tmp_path: Path) -> None:
    """Bare hardware says the same reason as a process, and goes on with the kernel's own."""
    bad = tmp_path / "bad.blob"
    subprocess.run([MUTATE, blob_of("bare"), str(number), bad], check=True)
    word, text = subprocess.run([MUTATE, bad], capture_output=True, text=True, check=True).stdout.split(" ", 1)
    reason, name, value = text.rsplit(" ", 2)
    seen = machine.run("bare", GUEST, blob=bad)
    assert word == "refused" and seen.good, (seen.obstacles, seen.console.failures)
    assert seen.console.blobs == [machine.BlobRefusal(name, int(value), reason)]


@pytest.mark.parametrize("environment,blob,reason", [
    ("bare", "xen_pv", "is for another machine"), ("bare", "xen_pvh", "is for another machine"),
    ("xen-pv", "native", "needs a privilege that the kernel does not have"),
])
def test_the_blob_of_another_machine(environment: str, blob: str, reason: str) -> None:
    """Is refused; bare hardware goes on with its own."""
    seen = machine.run(environment, GUEST, blob=BUILD / f"{blob}.blob")
    if environment == "bare":
        assert seen.good and [refusal.reason for refusal in seen.console.blobs] == [reason]
    else:
        assert not seen.timed_out and seen.console.blobless == [("none", reason)]
