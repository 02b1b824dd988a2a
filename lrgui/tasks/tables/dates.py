"""Words that are dates, as numbers of days."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

_DATE = (
    r"(?P<year>\d{4})(?P<a>[-/.])(?P<month>\d{1,2})(?P=a)(?P<day>\d{1,2})"
    r"|(?P<ym>\d{4})-(?P<mo>\d{2})"
    r"|(?P<one>\d{1,2})(?P<b>[-/.])(?P<two>\d{1,2})(?P=b)(?P<behind>\d{4}|(?<!-)\d{2})"
    r"|(?P<d>\d{1,2})(?:\.? |-)(?P<name>[a-z]{3,9})\.?[ -](?P<y>\d{4}|\d{2})"
    r"|(?P<name2>[a-z]{3,9})\.? (?P<d2>\d{1,2}),? (?P<y2>\d{4})"
)
_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d+)?))?(?: ?(?P<half>[ap]m))?"
    r"(?: ?(?P<zone>z|utc|gmt|[-+]\d{2}(?::?\d{2})?))?"
)
_MOMENT = re.compile(rf"(?:(?:{_DATE})(?:(?:t|,? +){_TIME})?|{_TIME.replace('?P<', '?P<_')})", re.IGNORECASE)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_FIRST = datetime(1970, 1, 1)


def readings(words: Sequence[str]) -> list[NDArray[np.float64]]:
    """Each way in which all of `words` are dates, as days since 1970; none where they are not, seldom two.

    2026-11-22, 2026/11/22, 22.11.2026, 22.11.26, 11/22/2026, 22/11/2026, 22-11-2026, 22 Nov 2026, Nov 22, 2026 and
    2026-11, each but the last with a time and its zone or without; a time alone is a part of a day. Whether the day
    or the month comes first in 22/11/2026 is told by a number beyond 12 in any of the words: without one there are
    two ways.
    """
    found = []
    for word in words:
        match = _MOMENT.fullmatch(word)
        if match is None:
            return []
        found.append(match.groupdict())
    ways: list[NDArray[np.float64]] = []
    for day_first in (True, False) if any(parts["b"] in ("-", "/") for parts in found) else (True,):
        try:
            days = np.array([_days(parts, day_first) for parts in found])
        except (ValueError, OverflowError):
            continue
        if not any(np.array_equal(days, other) for other in ways):
            ways.append(days)
    return ways


def _days(parts: dict[str, str | None], day_first: bool) -> float:
    """Raises ValueError for a day or a time that there is not."""
    if parts["_hour"]:
        return _time({name.removeprefix("_"): value for name, value in parts.items() if name[0] == "_"})
    return (_date(parts, day_first) - _FIRST).days + (_time(parts) if parts["hour"] else 0.0)


def _date(parts: dict[str, str | None], day_first: bool) -> datetime:
    def whole(name: str) -> int:
        return int(parts[name] or 0)

    if parts["year"]:
        return datetime(whole("year"), whole("month"), whole("day"))
    if parts["ym"]:
        return datetime(whole("ym"), whole("mo"), 1)
    if parts["name"]:
        return datetime(_year(parts["y"]), _month(parts["name"]), whole("d"))
    if parts["name2"]:
        return datetime(_year(parts["y2"]), _month(parts["name2"]), whole("d2"))
    day, month = whole("one"), whole("two")
    if not day_first and parts["b"] != ".":
        day, month = month, day
    return datetime(_year(parts["behind"]), month, day)


def _time(parts: dict[str, str | None]) -> float:
    """As a part of a day, in Greenwich where the zone is told."""
    hour, minute = int(parts["hour"] or 0), int(parts["minute"] or 0)
    second = float((parts["second"] or "0").replace(",", "."))
    half = (parts["half"] or "").lower()
    if hour > (12 if half else 23) or (half and hour == 0) or minute > 59 or second >= 61:
        raise ValueError(hour)
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    zone = (parts["zone"] or "").replace(":", "")
    ahead = int(zone[1:3]) * 3600 + int(zone[3:5] or 0) * 60 if zone[:1] in ("+", "-") else 0
    return (hour * 3600 + minute * 60 + second - (-ahead if zone[:1] == "-" else ahead)) / 86_400


def _year(text: str | None) -> int:
    """Of two digits the years from 1969 to 2068, as everywhere."""
    year = int(text or 0)
    return year if len(text or "") == 4 else year + (1900 if year >= 69 else 2000)


def _month(name: str | None) -> int:
    word = (name or "").lower()
    for place, month in enumerate(_MONTHS, 1):
        if word in (month, month[:3]) or (word == "sept" and place == 9):
            return place
    raise ValueError(name)
