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
