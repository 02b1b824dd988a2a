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


def is_missing(cell: str) -> bool:
    """True for a cell that stands for nothing."""
    return cell.strip().lower() in MISSING


def number(cell: str, decimal_comma: bool = False) -> float | None:
    """The number in a cell, None where it holds none.

    12, -1.5e3, 1,234.5, 1 234.5, 1'234.5, -$5, 7 %; with a decimal comma 1.234,5.
    """
    bare = _bare(cell)
    if decimal_comma and (_COMMA_DECIMAL.fullmatch(bare) or _GROUPED_POINT.fullmatch(bare)):
        bare = bare.replace(".", "").replace(",", ".")
    elif not decimal_comma and _GROUPED_COMMA.fullmatch(bare):
        bare = bare.replace(",", "")
    try:
        return float(bare)
    except ValueError:
        return None


def has_decimal_commas(cells: Iterable[str], separated_by_commas: bool) -> bool:
    """True where more numbers in `cells` have a decimal comma than have a point."""
    commas = points = 0
    for cell in cells:
        bare = _bare(cell)
        # 1,234 has one or the other: where commas separate cells, who wrote it thinks of them as English does.
        if _COMMA_DECIMAL.fullmatch(bare) and not (separated_by_commas and _GROUPED_COMMA.fullmatch(bare)):
            commas += 1
        elif "." in bare and not _GROUPED_POINT.fullmatch(bare) and number(bare) is not None:
            points += 1
    return commas > points


def _bare(cell: str) -> str:
    """The digits with their sign and marks, without currencies, per cent and what separates thousands."""
    bare = cell.strip().replace("−", "-").strip(SIGNS).strip()
    if bare[:1] in ("-", "+"):
        bare = bare[0] + bare[1:].lstrip(SIGNS).lstrip()
    return bare.translate(_SPACES) if _SPACED.fullmatch(bare) else bare
