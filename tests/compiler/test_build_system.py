"""What make, ninja and their users rely on: dependency files, paths, outputs that depend on nothing else."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from place import BROKEN, LEAST
from tool import ENVIRONMENT, FINE, IDL, INPUT, PVGEN, ROOT, Result, SANITIZED, clean, run, snapshot

# ---- the make rule ----


def rule(place: Path, *arguments: str, into: str = "rule") -> str:
    """What -MF writes; the build is quiet."""
    result = run("build", "--outdir", "out", "-MF", into, *arguments, cwd=place)
    assert clean(result), result.err
    return (place / into).read_text()


@pytest.fixture(name="imports")
def place_with_imports(place: Path) -> Path:
    """in.pvi imports a.pvi beside it, which imports b.pvi from a directory of -I."""
    (place / "in.pvi").write_text(f'import "sub/a.pvi";\n{LEAST}')
    (place / "sub").mkdir()
    (place / "dir").mkdir()
    (place / "sub/a.pvi").write_text('import "b.pvi";\nconst A = 1;\n')
    (place / "dir/b.pvi").write_text("const B = 1;\n")
    return place


def test_rule(imports: Path) -> None:
    """All outputs, in the order of the kinds; the input first, then what it imports."""
    targets = ("i_ops.h i.h i_asm.h i.c i_canaries.h i_canaries.S i.json a.h b.h b.c b.S"
               " i_binary.h i_binary.c i_binary.S b_blob.S")
    left = " ".join(f"out/{name}" for name in targets.split())
    right = "in.pvi", "sub/a.pvi", "dir/b.pvi"
    assert rule(imports, "-Idir", "in.pvi") == f"{left}: " + " ".join(f"\\\n  {p}" for p in right) + "\n"


def test_rule_of_chosen_outputs(place: Path) -> None:
    """Only what is written, the first asked for first."""
    text = rule(place, "--emit=manifest:m", "--emit=ops", "--emit=calls:-o", "in.pvi")
    assert text.startswith("m out/i_ops.h -o: ")


def test_phony_rules(imports: Path) -> None:
    """One for each file that may disappear."""
    text = rule(imports, "-Idir", "-MP", "in.pvi")
    assert text.endswith("in.pvi \\\n  sub/a.pvi \\\n  dir/b.pvi\n\nsub/a.pvi:\n\ndir/b.pvi:\n")


def test_rule_beside_the_first_output(place: Path) -> None:
    """Without -MF."""
    assert clean(run("build", "--outdir", "out", "-MD", "in.pvi", cwd=place))
    assert (place / "out/i_ops.h.d").read_text().startswith("out/i_ops.h ")
    assert clean(run("build", "--emit=ops", "-o", "x.h", "-MD", "in.pvi", cwd=place))
    assert (place / "x.h.d").read_text() == "x.h: \\\n  in.pvi\n"


def test_rule_names_each_file_once(place: Path) -> None:
    """However often it is imported or named, by the first of its names."""
    (place / "x.pvi").write_text("const X = 1;\n")
    (place / "in.pvi").write_text(f'import "x.pvi";\nimport "./x.pvi";\n{LEAST}')
    assert rule(place, "--emit=ops:o", "in.pvi", "x.pvi", "./in.pvi") == "o: \\\n  in.pvi \\\n  x.pvi\n"


def test_rule_targets(place: Path) -> None:
    """-MT as it is, -MQ quoted, in their order."""
    text = rule(place, "-MT", "$(obj)/x y", "-MQ$(obj)/x y", "in.pvi")
    assert text == "$(obj)/x y $$(obj)/x\\ y: \\\n  in.pvi\n"


def test_rule_on_standard_output(place: Path) -> None:
    """-MF - ."""
    result = run("build", "--emit=ops", "-o", "x", "-MF", "-", "in.pvi", cwd=place)
    assert (result.status, result.out, result.err) == (FINE, b"x: \\\n  in.pvi\n", "")


def test_standard_input_is_no_prerequisite(place: Path) -> None:
    """Nor under the name that it is given."""
    (place / "x.pvi").write_text("const X = 1;\n")
    text = f'import "x.pvi";\n{LEAST}'.encode()
    arguments = ("build", "--emit=ops:o", "-MP", "-MF", "-", "--stdin-name=in.pvi", "-")
    result = run(*arguments, cwd=place, stdin=text)
    assert (result.status, result.out) == (FINE, b"o: \\\n  x.pvi\n")


def test_rule_is_written_when_it_changes(place: Path) -> None:
    """As any output."""
    rule(place, "in.pvi")
    before = (place / "rule").stat()
    rule(place, "in.pvi")
    after = (place / "rule").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_no_rule_after_an_error(place: Path) -> None:
    """What is not built has no rule."""
    (place / "in.pvi").write_text(BROKEN)
    assert run("build", "-MF", "rule", "in.pvi", cwd=place).status == INPUT
    assert not (place / "rule").exists()


BAD_RULES: dict[str, tuple[list[str], str]] = {
    "no place": (["--emit=ops:-", "-MD"], "no output is a file beside which a rule could be; say -MF"),
    "no target": (["--emit=ops:-", "-MF", "x"], "no output is a file that a make rule could name; say -MT"),
    "tab": (["--emit=ops:a\tb", "-MD"], "a make rule cannot name 'a\tb'"),
    "backslash at the end": (["--emit=ops:a\\", "-MD"], "a make rule cannot name 'a\\'"),
    "over an output": (["--emit=ops:x", "-MF", "./x"], "two outputs would go to './x'"),
    "over the input": (["--emit=ops:x", "-MF", "in.pvi"], "an output would overwrite what it is made of, 'in.pvi'"),
}


@pytest.mark.parametrize("case", BAD_RULES)
def test_bad_rule(case: str, place: Path) -> None:
    """One line, and nothing is written."""
    arguments, text = BAD_RULES[case]
    before = snapshot(place)
    result = run("build", *arguments, "in.pvi", cwd=place)
    assert (result.status, result.out, result.err) == (ENVIRONMENT, b"", f"pvgen: {text}\n")
    assert snapshot(place) == before


# A stamp, since outputs that stay the same keep their times; what make runs is in a file of its
# own, so that only the rule has to quote names.
MAKEFILE = """
all: stamp
stamp:
\t@echo built; sh ./build && touch stamp
-include rule
"""

NAMES = ["plain", "a b", " a", "a ", "a#b", "a$b", "$(a)b", "a:b", "back\\slash", "a\\ b", "a\\\\#b",
         "\\$x", "it's", 'a"b', "a*b", "~x", "caf\u00e9"]


def make(place: Path) -> str:
    """What make says that knows nothing of the one that runs the tests."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make", "-r"], cwd=place, env=env, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout


def age(place: Path) -> None:
    """Let an hour go by for all files."""
    for path in place.rglob("*"):
        stamp = path.stat().st_mtime - 3600
        os.utime(path, (stamp, stamp))


@pytest.mark.parametrize("name", NAMES)
def test_make_follows_the_rule(name: str, place: Path) -> None:
    """A directory and an import with this name: make rebuilds what has to be, and nothing else."""
    (place / name).mkdir()
    (place / name / f"{name}.pvi").write_text("const A = 1;\n")
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    (place / name / "in.pvi").write_text(f'import "{quoted}.pvi";\n{LEAST}')
    (place / "Makefile").write_text(MAKEFILE)
    words = [str(PVGEN), "build", "--outdir", "out", "-MT", "stamp", "-MF", "rule", "-MP", f"./{name}/in.pvi"]
    (place / "build").write_text(" ".join("'" + w.replace("'", "'\\''") + "'" for w in words))
    assert make(place) == "built\n"
    for path in (place / name / "in.pvi", place / name / f"{name}.pvi"):
        age(place)
        assert make(place) == "make: Nothing to be done for 'all'.\n"
        path.touch()
        assert make(place) == "built\n"
    (place / name / "in.pvi").write_text(LEAST)
    (place / name / f"{name}.pvi").unlink()
    assert make(place) == "built\n"
    assert make(place) == "make: Nothing to be done for 'all'.\n"


@pytest.mark.parametrize("name", NAMES)
def test_make_knows_the_outputs(name: str, place: Path) -> None:
    """On the left side too the name is the file's."""
    assert clean(run("build", f"--emit=ops:{name}", "-MF", "rule", "in.pvi", cwd=place))
    (place / "Makefile").write_text("include rule\n.DEFAULT:\n\t@echo none\n%:\n\t@printf '%s' '$(subst ','\\'',$@)'\n")
    os.utime(place / name, (0, 0))
    assert make(place) == name


# ---- paths in outputs ----


def mapped(place: Path, *maps: str, source: Path | str) -> set[str]:
    """Paths that outputs name as their source."""
    options = [f"--file-prefix-map={m}" for m in maps]
    assert clean(run("build", "--outdir", "new", *options, source, cwd=place))
    lines = [line for text in snapshot(place / "new").values() for line in text.decode().splitlines()]
    banners = {line.split(" from ")[1].split(".  Do")[0] for line in lines if "Generated by" in line}
    origins = {line.split('"')[1] for line in lines if line.startswith("# ") and '"' in line}
    assert origins <= banners
    return banners


MAPS: dict[str, tuple[list[str], str]] = {
    "none": ([], "{here}/in.pvi"),
    "all": (["{here}=/usr/src"], "/usr/src/in.pvi"),
    "to nothing": (["{here}/="], "in.pvi"),
    "with = in the new": (["{here}=a=b"], "a=b/in.pvi"),
    "last that fits": (["{here}=a", "{here}/in=b", "x=c"], "b.pvi"),
    "not in the middle": (["in.pvi=x"], "{here}/in.pvi"),
}


@pytest.mark.parametrize("case", MAPS)
def test_prefix_map(case: str, place: Path) -> None:
    """As gcc's -ffile-prefix-map: the beginning of each path in outputs."""
    (place / "in.pvi").write_text(LEAST.replace("default nop", 'native x86_64 "nop"'))
    maps, path = MAPS[case]
    found = mapped(place, *(m.format(here=place) for m in maps), source=place / "in.pvi")
    assert found == {path.format(here=place)}


def test_messages_and_rules_keep_real_paths(place: Path) -> None:
    """Only outputs are mapped."""
    assert rule(place, "--emit=ops:o", "--file-prefix-map=in=x", "in.pvi") == "o: \\\n  in.pvi\n"
    (place / "in.pvi").write_text(BROKEN)
    result = run("build", "--file-prefix-map=in=x", "in.pvi", cwd=place)
    assert [d.path for d in result.diagnostics()] == ["in.pvi"]


def test_map_without_new(place: Path) -> None:
    """Is a fault of the command line."""
    result = run("build", "--file-prefix-map=x", "in.pvi", cwd=place)
    assert result.status == ENVIRONMENT and "--file-prefix-map takes OLD=NEW, not 'x'" in result.err


# ---- outputs depend on the descriptions alone ----


def committed() -> dict[str, bytes]:
    """generated/ as one run above idl/ wrote it: for x86_64, without snapshots."""
    files = snapshot(ROOT / "generated")
    return {name: files[name] for name in files if not name.endswith((".md", ".abi.json")) and "/" not in name}


def idl_build(place: Path, *arguments: str, cwd: Path = ROOT, **how: object) -> dict[str, bytes]:
    """All outputs of the reference interface."""
    result = run("build", "--outdir", place / "out", *(arguments or IDL), cwd=cwd, **how)
    assert clean(result), result.err
    return snapshot(place / "out")


SURROUNDINGS: dict[str, dict[str, object]] = {
    "umask 0": {"prefix": ("sh", "-c", 'umask 0; exec "$@"', "sh")},
    "umask 077": {"prefix": ("sh", "-c", 'umask 077; exec "$@"', "sh")},
    "no HOME": {"prefix": ("env", "-u", "HOME", "-u", "PATH", "-u", "USER")},
    "empty environment": {"prefix": ("env", "-i"), "tool": PVGEN},
    "German": {"env": {"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}},
    "Turkish": {"env": {"LC_ALL": "tr_TR.UTF-8"}},
    "time zone": {"env": {"TZ": "Pacific/Chatham", "SOURCE_DATE_EPOCH": "1"}},
    "no address randomisation": {"prefix": ("setarch", "-R"), "tool": PVGEN},
}


@pytest.mark.parametrize("case", SURROUNDINGS)
def test_same_in_all_surroundings(case: str, tmp_path: Path) -> None:
    """Twice, from what is committed."""
    for place in (tmp_path / "one", tmp_path / "two"):
        assert idl_build(place, **SURROUNDINGS[case]) == committed()


def test_same_from_elsewhere(tmp_path: Path) -> None:
    """Another directory, with paths that a map makes the same."""
    (tmp_path / "copy of").mkdir()
    shutil.copytree(ROOT / "idl", tmp_path / "copy of/idl")
    relative = ["--file-prefix-map=../copy of/=", *(f"../copy of/{p}" for p in IDL)]
    (tmp_path / "cwd").mkdir()
    assert idl_build(tmp_path / "a", *relative, cwd=tmp_path / "cwd") == committed()
    absolute = [f"--file-prefix-map={tmp_path}/copy of/=", *(f"{tmp_path}/copy of/{p}" for p in IDL)]
    assert idl_build(tmp_path / "b", *absolute, cwd=Path("/")) == committed()


def test_same_through_include_directories(tmp_path: Path) -> None:
    """Imports that are found by -I."""
    places = {"native": "main", "xen_pv": "main", "xen_pvh": "main", "pv": "lib", "types": "lib"}
    inputs = [f"{places.get(Path(p).stem, 'abi')}/{Path(p).name}" for p in IDL]
    for path, new in zip(IDL, inputs):
        (tmp_path / new).parent.mkdir(exist_ok=True)
        (tmp_path / new).write_text((ROOT / path).read_text().replace('"../abi/', '"'))
    maps = ("main/=idl/pv/", "lib/=idl/pv/", "abi/=idl/abi/")
    options = [f"--file-prefix-map={m}" for m in maps]
    assert idl_build(tmp_path, "-I", "lib", "-I", "abi", *options, *inputs, cwd=tmp_path) == committed()


def test_same_in_any_order(tmp_path: Path) -> None:
    """The inputs are a set, as a wildcard gives them, and may be named twice."""
    for i, inputs in enumerate((IDL[::-1], IDL[1:] + IDL[:1], IDL + [f"./{IDL[0]}"])):
        assert idl_build(tmp_path / str(i), *inputs) == committed()
