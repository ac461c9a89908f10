"""What the benchmarks' descriptions do not have grows with its input too."""

import subprocess
from pathlib import Path

import pytest
from measure import Run, cost, write_lines

PVGEN = Path(__file__).resolve().parents[2] / "build/pvgen"
OPS = 32_000
OP = 'op void f{n}(void) {{ {attribute} native x86_64 "nop"; }}'
BACKENDS = """}}
backend metal for i {{ bare; detect always; priority 0; }}
backend guest for i {{
    deprivileged; detect cpuid "HyperHyper12"; priority 1; init start;
{always}
    when cpus > 1 {{
{sometimes}
    }}
}}"""


def description(attribute: str) -> list[str]:
    """Ops that the guest does in one way, and in another when there are several processors."""
    ops = [OP.format(n=n, attribute=attribute.format(other=n ^ 1)) for n in range(OPS)]
    always, sometimes = (
        "\n".join(f"g.f{n} call {name}{n};" for n in range(OPS)) for name in ("one", "other")
    )
    backends = BACKENDS.format(always=always, sometimes=sometimes)
    return ["language 1;", "interface i version 1.0 {", "group g {", *ops, "}", backends]


@pytest.mark.parametrize("attribute", ["", "together f{other};"])
def test_variants(tmp_path: Path, attribute: str) -> None:
    """Each looked for its partner among all ops once, which took six seconds here."""
    write_lines(tmp_path / "a.pvi", description(attribute))
    assert cost(Run([str(PVGEN), "check", str(tmp_path / "a.pvi")])).seconds < 2


def test_lone_variants_are_found(tmp_path: Path) -> None:
    """Of two that say it of each other: once, by what the one there is says."""
    lines = description("together f{other};")
    write_lines(tmp_path / "a.pvi", [line.replace("g.f7 call other7;", "") for line in lines])
    done = subprocess.run(
        [PVGEN, "check", tmp_path / "a.pvi"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count(" error: ") == 1
    assert "'g.f6' itself, so it must do 'g.f7' itself too [not-together]" in done.stderr
