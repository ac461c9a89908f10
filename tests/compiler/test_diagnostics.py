"""The tables of diagnostics: codes that stay."""

import pytest
from tool import ROOT, codes

TABLES = ("diag.def", "finding.def")


@pytest.mark.parametrize("table", TABLES)
def test_codes_ascend(table: str) -> None:
    """New rows are appended, so that no code changes its meaning."""
    numbers = list(codes(table).values())
    assert numbers == sorted(set(numbers))
    assert len(numbers) == (ROOT / "compiler" / table).read_text().count("\nDIAG(")


def test_names_and_codes_are_unique() -> None:
    """Either is enough to say which one is meant."""
    rows = [row for table in TABLES for row in codes(table).items()]
    assert len(rows) == len({name for name, _ in rows}) == len({code for _, code in rows})
