"""Dates in the forms that people and programs write."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lrgui.tasks.data.tables.dates import readings


@pytest.mark.parametrize(
    ("words", "days"),
    [
        (("1970-01-02", "1970-1-11"), (1, 10)),
        (("1970/01/03", "1970.01.03"), (2, 2)),
        (("02.01.1970", "31.12.69"), (1, -1)),
        (("13/1/1970", "2/1/1970"), (12, 1)),  # 13 is no month: in both the day comes first
        (("1/13/1970", "1/2/1970"), (12, 1)),
        (("13-01-1970", "02-01-1970"), (12, 1)),
        (("01/13/70", "12/31/69"), (12, -1)),
        (("02 Jan 1970", "3-Jan-70", "4. January 1970"), (1, 2, 3)),
        (("Jan 2, 1970", "Sep 3 1970"), (1, 245)),
        (("1970-02", "1970-01"), (31, 0)),
        (("1970-01-02 12:00:00", "1970-01-01T06:00:00Z", "1970-01-01"), (1.5, 0.25, 0)),
        (("1970-01-02 01:00+01:00", "1970-01-01 18:00:00.000 -0600", "1970-01-02 00:00 UTC"), (1, 1, 1)),
        (("1970-01-02 01:00:00+00", "1970-01-02 01:00:00.5-02"), (1 + 1 / 24, 1 + (3 * 3600 + 0.5) / 86_400)),
        (("31.12.1969 18:00", "01.01.1970 06:00:00"), (-0.25, 0.25)),
        (("1/13/1970 12:00 AM", "1/13/1970 6:00:00 PM"), (12, 12.75)),
        (("06:00", "18:00:00"), (0.25, 0.75)),
    ],
)
def test_days_since_1970(words: Sequence[str], days: Sequence[float]) -> None:
    (found,) = readings(words)
    np.testing.assert_allclose(found, days)


def test_nobody_knows_whether_the_day_or_the_month_comes_first() -> None:
    day_first, month_first = readings(("01/02/1970", "01/03/1970"))
    np.testing.assert_equal(day_first, [31, 59])
    np.testing.assert_equal(month_first, [1, 2])
    assert len(readings(("01/01/1970", "02/02/1970"))) == 1  # it makes no difference


@pytest.mark.parametrize(
    "words",
    [
        ("1970-01-02", "soon"),
        ("1970-02-30",),
        ("1970-13-01",),
        ("13/01/1970", "01/13/1970"),
        ("25:00",),
        ("13:00 PM",),
        ("1970-01-01 10:70",),
        ("12 Foo 1970",),
        ("01-02-03",),
        ("1.2.3",),
        ("555-1234",),
        ("0000-00-00",),
        ("",),
    ],
)
def test_no_dates(words: Sequence[str]) -> None:
    assert readings(words) == []
