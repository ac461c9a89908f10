"""What the tests need to know from pvgen's manifest of an architecture."""

import json

import machine


def ops(arch: str = "x86_64") -> list[dict]:
    """The operations of the reference interface, in the order of their slots, some of which have none."""
    manifest = json.loads((machine.GENERATED[arch] / "pv.json").read_text())
    interface = next(each for each in manifest["interfaces"] if each["name"] == "pv")
    return sorted((op for op in interface["ops"] if not op["spare"]), key=lambda op: op["slot"])


def names(arch: str = "x86_64") -> list[str]:
    """Their names."""
    return [op["name"] for op in ops(arch)]


def by_slot(arch: str = "x86_64") -> dict[int, str]:
    """Their names, by the numbers that code has."""
    return {op["slot"]: op["name"] for op in ops(arch)}


def forms(backend: str, arch: str = "x86_64") -> dict[str, str]:
    """What pvgen decided for each op's sites under this backend."""
    return {op["name"]: target["form"] for op in ops(arch)
            for target in op["targets"] if target["backend"] == backend}


def inherited(backend: str, arch: str = "x86_64") -> set[str]:
    """Ops that this backend does as bare hardware does."""
    return {op["name"] for op in ops(arch) for target in op["targets"]
            if target["backend"] == backend and target["inherited"]}


def backends(arch: str = "x86_64") -> list[str]:
    """All backends of the description."""
    return [target["backend"] for target in ops(arch)[0]["targets"]]
