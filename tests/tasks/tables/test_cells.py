"""Numbers as people write them, with and without their units."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from lrgui.tasks.tables.cells import in_one_unit, is_missing, number


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
        ("($1,234.50)", False, -1234.5),
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


@pytest.mark.parametrize(
    ("words", "decimal_comma", "unit", "values"),
    [
        (("12 kg", "-1.5 kg"), False, "kg", (12, -1.5)),
        (("12kg", "1,200kg"), False, "kg", (12, 1200)),
        (("1,5 km/h", "1.200 km/h"), True, "km/h", (1.5, 1200)),
        (("21°C", "-3°C"), False, "°C", (21, -3)),
        (("12 m2", "30 m2"), False, "m2", (12, 30)),
        (("USD 1,200.50", "USD 3"), False, "USD", (1200.5, 3)),
    ],
)
def test_one_unit(words: Sequence[str], decimal_comma: bool, unit: str, values: Sequence[float]) -> None:
    assert in_one_unit(words, decimal_comma) == (unit, list(values))


def test_words_for_nothing_between_measures() -> None:
    found = in_one_unit(("5 kg", "unknown"))
    assert found is not None and found[1][0] == 5 and math.isnan(found[1][1])


@pytest.mark.parametrize(
    "words",
    [
        ("12 kg", "30 g"),  # one is no thousandth of the other when only the numbers are left
        ("12 kg", "13"),
        ("1st", "2nd"),
        ("A1", "A2"),
        ("ABC1", "ABC2"),
        ("18-24 years", "25-30 years"),
        ("10.0.0.1", "10.0.0.2"),
        ("unknown", "none"),
        ("12 Nov 2026", "13 Nov 2026"),  # a date
        (),
    ],
)
def test_no_one_unit(words: Sequence[str]) -> None:
    assert in_one_unit(words) is None
