"""What stands in one cell of a table: a number as people write it, or nothing. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Cells that stand for nothing, in lower case.
MISSING = frozenset(("", "na", "n/a", "nan", "#n/a", "<na>", "null", "?"))
#: Words that stand for nothing between numbers; as a category, and as a class, they say something.
NO_NUMBER = frozenset(("none", "nil", "-", "--", ".", "unknown", "missing"))
#: What may stand before or behind a number.
SIGNS = "$€£¥₹%"

#: Between thousands stand spaces of any width, or the Swiss apostrophe.
_SPACED = re.compile(r"[-+]?\d{1,3}([ '’\u00a0\u2009\u202f]\d{3})+([.,]\d*)?")
_SPACES = str.maketrans("", "", " '’\u00a0\u2009\u202f")
_COMMA_DECIMAL = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d+)?,\d+([eE][-+]?\d+)?")
_GROUPED_COMMA = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")
_GROUPED_POINT = re.compile(r"[-+]?\d{1,3}(\.\d{3})+")
#: 12 kg, 21.5°C, 1,200 m²; and USD 12. Not 12 Nov 2026.
_UNIT_BEHIND = re.compile(r"([-+−]?[\d.,'’ \u00a0\u2009\u202f]*\d)\s*(?!.*\d{4})((?:[^\W\d_]|[°'\"″′]).{0,11})")
_UNIT_BEFORE = re.compile(r"([A-Z]{3})\s+([-+−]?[\d.,'’ \u00a0\u2009\u202f]*\d)")


def is_missing(cell: str) -> bool:
    """True for a cell that stands for nothing."""
    return cell.strip().lower() in MISSING


def number(cell: str, decimal_comma: bool = False) -> float | None:
    """The number in a cell, None where it holds none.

    12, -1.5e3, 1,234.5, 1 234.5, 1'234.5, -$5, (5) as accountants write -5, 7 %; with a decimal comma 1.234,5.
    """
    try:
        if not decimal_comma or "." not in cell:
            return float(cell)
    except ValueError:
        pass
    bare = _bare(cell)
    if decimal_comma and (_COMMA_DECIMAL.fullmatch(bare) or _GROUPED_POINT.fullmatch(bare)):
        bare = bare.replace(".", "").replace(",", ".")
    elif not decimal_comma and _GROUPED_COMMA.fullmatch(bare):
        bare = bare.replace(",", "")
    try:
        return float(bare)
    except ValueError:
        return None


def in_one_unit(words: Iterable[str], decimal_comma: bool = False) -> tuple[str, list[float]] | None:
    """The unit that stands at each of `words`, and the numbers at it; None where they are not all such.

    Words that stand for nothing are not a number.
    """
    units: set[str] = set()
    values = []
    for word in words:
        if word.lower() in NO_NUMBER:
            values.append(float("nan"))
            continue
        figures, unit = _parted(word)
        value = number(figures, decimal_comma) if unit else None
        if value is None:
            return None
        units.add(unit)
        values.append(value)
        if len(units) > 1:
            return None
    return (units.pop(), values) if units else None


def has_decimal_commas(cells: Iterable[str], separated_by_commas: bool) -> bool:
    """True where more numbers in `cells` have a decimal comma than have a point."""
    commas = points = 0
    for cell in cells:
        if "," not in cell and "." not in cell:
            continue
        bare = _bare(_parted(cell)[0])
        # 1,234 has one or the other: where commas separate cells, who wrote it thinks of them as English does.
        if _COMMA_DECIMAL.fullmatch(bare) and not (separated_by_commas and _GROUPED_COMMA.fullmatch(bare)):
            commas += 1
        elif "." in bare and not _GROUPED_POINT.fullmatch(bare) and number(bare) is not None:
            points += 1
    return commas > points


def _parted(word: str) -> tuple[str, str]:
    """The number and its unit, which is empty where there is none."""
    behind = _UNIT_BEHIND.fullmatch(word.strip())
    if behind is not None:
        return behind[1], behind[2]
    before = _UNIT_BEFORE.fullmatch(word.strip())
    return (before[2], before[1]) if before is not None else (word, "")


def _bare(cell: str) -> str:
    """The digits with their sign and marks, without currencies, per cent and what separates thousands."""
    bare = cell.strip().replace("−", "-")
    minus = bare.startswith("(") and bare.endswith(")")
    if minus:
        bare = bare[1:-1]
    bare = bare.strip(SIGNS).strip()
    if bare[:1] in ("-", "+"):
        bare = bare[0] + bare[1:].lstrip(SIGNS).lstrip()
    if _SPACED.fullmatch(bare):
        bare = bare.translate(_SPACES)
    return f"-{bare}" if minus else bare
