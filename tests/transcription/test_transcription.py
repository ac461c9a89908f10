"""Descriptions of real interfaces say what the real interfaces say."""

import count
import pytest


@pytest.mark.parametrize("name", count.FACTS)
def test_facts(name: str) -> None:
    """No element differs; what is not expressed names the reason."""
    expressed, named, wrong = count.count(name)
    assert not wrong
    assert expressed and all(row["reason"] for row in named)


def test_all_files_are_counted() -> None:
    """A file of facts without a row function proves nothing."""
    assert {p.name for p in count.HERE.glob("*.tsv")} == set(count.FACTS)


def test_a_difference_is_seen() -> None:
    """Each column of the facts is compared."""
    rows = {row["op"]: row for row in count.rows_of("linux-ops.tsv") if row["interface"] == "pv"}
    row = rows["cpu.set_debugreg"]
    assert not count.linux_op(row)
    for column in (*count.OP_COLUMNS, "guard", "callers"):
        assert count.linux_op({**row, column: row[column] + "x"}), column
    data = rows["info.name"]
    for column in ("result", "default", "guard"):
        assert count.linux_op({**data, column: data[column] + "x"}), column
    assert count.linux_op({**row, "op": "cpu.nothing"}) == ["is not described"]
    assert count.linux_extra([row]) != []


KINDS = sorted({row["kind"] for row in count.rows_of("linux-backends.tsv") if not row["reason"]})


@pytest.mark.parametrize("kind", KINDS)
def test_a_difference_of_a_backend_is_seen(kind: str) -> None:
    """Each kind of fact is compared in each of its columns."""
    rows = count.rows_of("linux-backends.tsv")
    row = next(row for row in rows if row["kind"] == kind and row["when"] or row["kind"] == kind)
    assert not count.linux_backend(row)
    wrong = {"backend": "nobody", "target": "guard", "value": "nowhere 1", "phase": "never", "when": "cpus == 7"}
    for column, value in wrong.items():
        if kind != "head" or column in ("backend", "value"):
            assert count.linux_backend({**row, column: value}), column


def test_a_described_backend_needs_a_row() -> None:
    """What no fact states was made up."""
    rows = count.rows_of("linux-backends.tsv")
    described = [row for row in rows if row["kind"] not in ("head", "")]
    for kind in set(KINDS) - {"head"}:
        without = [row for row in described if row["kind"] != kind]
        assert any(f": {kind} " in text for text in count.linux_backend_extra(without)), kind


def test_conditions() -> None:
    """Their order and the configuration do not matter, their parts do."""
    same = count.backends.same_condition
    assert same("a & !b", "!b && XEN && a") and same("", "!XEN")
    assert same("(a || b) & !c", "(a || b) && !c") and same("(a || b)", "XEN && (a || b)")
    assert not same("a", "a && b") and not same("a || b", "a && b")
