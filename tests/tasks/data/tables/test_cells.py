"""Numbers as people write them."""

from __future__ import annotations

import pytest

from lrgui.tasks.data.tables.cells import is_missing, number


@pytest.mark.parametrize(
    ("cell", "decimal_comma", "value"),
    [
        ("12", False, 12),
        (" -1.5e3 ", False, -1500),
        ("1,234.5", False, 1234.5),
        ("1,234,567", False, 1234567),
        ("1,5", False, None),
        ("1,5", True, 1.5),
        ("1.234,5", True, 1234.5),
        ("1.234.567", True, 1234567),
        ("1.5", True, 1.5),
        (",5", True, 0.5),
        ("$1,234.50", False, 1234.5),
        ("1.234,50 €", True, 1234.5),
        ("7 %", False, 7),
        ("-$5", False, -5),
        ("€ -5", False, -5),
        ("($1,234.50)", False, None),
        ("12 kg", False, None),
        ("\u22125", False, -5),  # a minus as typesetters have it
        ("1 234,5", True, 1234.5),
        ("1\u202f234\u202f567,5 €", True, 1234567.5),
        ("1\u00a0234", False, 1234),
        ("1'234.50", False, 1234.5),
        ("1’234’567", False, 1234567),
        ("12 34", False, None),
        ("()", False, None),
        ("%", False, None),
        ("A$", False, None),
        ("abc", True, None),
        ("", False, None),
    ],
)
def test_numbers(cell: str, decimal_comma: bool, value: float | None) -> None:
    assert number(cell, decimal_comma) == value


def test_missing_cells() -> None:
    assert all(map(is_missing, ("", " ", "NA", "n/a", "NaN", "null", "?")))
    assert not any(map(is_missing, ("0", "no", "nano", "a", "-", "none")))


def test_a_cell_of_any_length_is_read_at_once() -> None:
    assert number(" 1" * 16_000) is None
    assert number("1" + " 111" * 16_000 + "x") is None
