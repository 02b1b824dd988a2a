"""Words that are dates, as numbers of days; pandas reads them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrgui.tasks.data.tables.library import pandas

#: As strptime has them. Where the day comes first, where the month does, and where there is no doubt.
_DAY_FIRST = ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y")
_MONTH_FIRST = ("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y")
_CERTAIN = (
    *("ISO8601", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y"),
    *("%d %b %Y", "%d %B %Y", "%d %b %y", "%b %d %Y", "%B %d %Y"),
)
#: 6:00, and no date has fewer.
FEWEST_DIGITS = 3
_TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")


def readings(words: Sequence[str]) -> list[NDArray[np.float64]]:
    """Each way in which all of `words` are dates, as days since 1970; none where they are not, seldom two.

    2026-11-22, 2026/11/22, 22.11.2026, 22.11.26, 11/22/2026, 22/11/2026, 22-11-2026, 22 Nov 2026, Nov 22, 2026 and
    2026-11, with a time or without; of ISO 8601 also with a zone. A time alone is a part of a day. Whether the day
    or the month comes first in 22/11/2026 is told by a number beyond 12 in any of the words: without one there are
    two ways.
    """
    if not words or sum(map(str.isdigit, words[0])) < FEWEST_DIGITS:  # most columns of words
        return []
    times = _days(words, _TIMES)
    if times is not None:
        return [times % 1]
    ways: list[NDArray[np.float64]] = []
    for dates in ((*_CERTAIN, *_DAY_FIRST), (*_CERTAIN, *_MONTH_FIRST)):
        timed = [f"{date} {time}" for date, time in product(dates, _TIMES) if date != "ISO8601"]
        days = _days(words, (*dates, *timed))
        if days is not None and not any(np.array_equal(days, other) for other in ways):
            ways.append(days)
    return ways


def _days(words: Sequence[str], forms: Sequence[str]) -> NDArray[np.float64] | None:
    """Days since 1970, each word read by the first of `forms` that it has; None where one has none of them."""
    pd = pandas()
    cells = pd.Series(words, dtype=object)
    cells = cells.str.replace(r" (?:UTC|GMT)$", "Z", regex=True)
    cells = cells.str.replace(r"(?i)[ .-]*\b([a-z]{3,9})\b[ .,-]+", r" \1 ", regex=True)  # 22-Nov-2026, 22. Nov. 2026
    cells = cells.str.replace(r"(?i)^((?: ?[a-z]{3,9})? ?\d{1,2}), ", r"\1 ", regex=True).str.strip()  # Nov 22, 2026
    result = np.full(len(cells), np.nan)
    open_ones = np.arange(len(cells))
    # A column of other words is told by its first one.
    usual = [form for form in forms if not pd.isna(_read(pd, cells[:1], form)[0])]
    for form in (*usual, *(form for form in forms if form not in usual)) if usual else ():
        moments = _read(pd, cells.iloc[open_ones], form)
        result[open_ones] = (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
        open_ones = np.flatnonzero(np.isnan(result))
        if not len(open_ones):
            return result
    return None


def _read(pd: Any, cells: Any, form: str) -> Any:
    return pd.DatetimeIndex(pd.to_datetime(cells, format=form, errors="coerce", utc=True))
