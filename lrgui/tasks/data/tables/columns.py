"""What a table's columns mean, and how they become numbers that a model can learn from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrgui.core.phrases import listed
from lrgui.tasks.data.tables.cells import NO_NUMBER
from lrgui.tasks.data.tables.dates import readings
from lrgui.tasks.data.tables.reading import Codes, Column, Numbers

Rows = NDArray[np.int64]

#: Numbers beyond this are what a program writes for “none”, and count as missing.
LARGEST = 1e100
#: A column with other words in it is still one of numbers if there are this many numbers for each word.
NUMBERS_PER_WORD = 20
#: With more different words than this, of which most stand in one row only, a column is names or free text.
FEW_WORDS = 50
#: So many columns a one-hot category gets at most, and so many words an embedding; the rarer ones share one.
MOST_HOT, MOST_EMBEDDED = 32, 1000
#: Names of columns that only count or name the rows: id, user_id, PassengerId, …
ID_NAMES = frozenset(("index", "idx", "row", "rowid", "row number", "nr", "no", "no.", "#", "unnamed: 0"))
_ID = re.compile(r"(?:.*[^a-zA-Z])?(?:id|ID|Id|uuid|UUID|guid|GUID)|.*[a-z]I[dD]")
#: What a column without a name is called; pandas writes its index as such.
_NO_NAME = re.compile(r"column \d+")
#: Standardised numbers beyond this are as good as this, and float32 has room for them.
FARTHEST = 1e6


@dataclass(frozen=True)
class Number:
    """A column of numbers: (rows,), not a number where one is missing."""

    name: str
    values: Numbers
    words: tuple[str, ...] = ()
    """Words in it that count as missing."""


@dataclass(frozen=True)
class Category:
    """A column of words: (rows,), k stands for `words[k - 1]`, 0 for a missing one."""

    name: str
    codes: Codes
    words: tuple[str, ...]
    two_dates: bool = False
    """The words are dates, of which nobody can say whether the day or the month comes first."""


def meaning(column: Column) -> Number | Category | str:
    """What `column` holds; a reason, to be put behind its name, where that is nothing to learn from.

    * Numbers alone are a number; words between them count as missing where they are one in 20 or fewer, or say
      that there is none.
    * Words that are dates, in one of the forms of `dates.readings`, are a number: days since 1970.
    * All else is a category, in which numbers are words, too.
    """
    if not column.readable:
        return "neither numbers nor categories"
    with np.errstate(invalid="ignore"):
        is_number = np.abs(column.values) < LARGEST
    values = column.values if is_number.all() else np.where(is_number, column.values, np.nan)
    if column.codes is None:
        return Number(column.name, values) if is_number.any() else "empty"
    words = int(np.count_nonzero(column.codes))
    if not is_number.any():
        days = readings(column.words)
        if len(days) == 1:
            return Number(column.name, np.concatenate([[np.nan], days[0]])[column.codes])
        return Category(column.name, column.codes, column.words, two_dates=len(days) > 1)
    if all(word.lower() in NO_NUMBER for word in column.words):
        return Number(column.name, values)
    different, places = np.unique(values[is_number], return_inverse=True)
    if is_number.sum() >= NUMBERS_PER_WORD * words and len(different) > NUMBERS_PER_WORD:
        return Number(column.name, values, column.words)
    codes = column.codes.copy()
    codes[is_number] = len(column.words) + 1 + places
    return Category(column.name, codes, (*column.words, *map(plain, different)))


def plain(value: float) -> str:
    """A number as people write it: 3, not 3.0."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def looks_like_classes(values: Numbers) -> bool:
    """True for two different whole numbers, and for up to 20 of which each stands in five places on average."""
    different = np.unique(values)
    if not np.all(different == np.floor(different)):
        return False
    return len(different) == 2 or (len(different) <= 20 and len(values) >= 5 * len(different))


@dataclass(frozen=True)
class Encoded:
    """The inputs of a model."""

    inputs: NDArray[np.float32]
    """(rows, columns); the last `len(categories)` columns hold codes of categories that are to be embedded."""
    categories: tuple[int, ...]
    """How many codes each of those has."""
    used: int
    """So many columns of the table are in it."""
    notes: tuple[str, ...]


def encode(columns: Sequence[Column], train: Rows, one_hot: bool) -> Encoded:
    """Every column as numbers; all that is learned about them, is learned of the rows `train`.

    Numbers are standardised; a missing one is the median, and a further column says where that is. Of a category
    each word gets a column of its own or, without `one_hot`, a code; a missing one is a word of its own, and the
    words that are rare, or stand in no training row, share one. What tells nothing is left out and told.
    """
    parts: list[NDArray[np.float32] | NDArray[np.bool_]] = []
    embedded: list[NDArray[np.float32]] = []
    sizes: list[int] = []
    left_out: list[str] = []
    missing: list[str] = []
    unread: list[str] = []
    two_dates: list[str] = []
    used = 0
    for column in columns:
        known = meaning(column)
        reason = known if isinstance(known, str) else _useless(known, train)
        if reason:
            left_out.append(f"{column.name} ({reason})")
            continue
        used += 1
        if isinstance(known, Number):
            gaps = int(np.isnan(known.values).sum())
            if gaps:
                missing.append(f"{known.name} ({gaps:,})")
            if known.words:
                unread.append(f"{known.name} (“{known.words[0]}”)")
            parts += _standardised(known.values, train)
        elif isinstance(known, Category):
            if known.two_dates:
                two_dates.append(f"{known.name} ({known.words[0]})")
            codes, size = _renumbered(known.codes, train, MOST_HOT if one_hot else MOST_EMBEDDED)
            if one_hot:
                parts += [codes == code for code in range(size) if (codes[train] == code).any()]
            else:
                embedded.append(codes.astype(np.float32))
                sizes.append(size)
    notes = []
    if missing:
        notes.append(
            f"The column's median replaced missing numbers, and an extra column marks them: {listed(missing)}."
        )
    if unread:
        notes.append(f"Words in columns of numbers were treated as missing: {listed(unread)}.")
    if two_dates:
        notes.append(
            f"Dates in which day or month may come first were treated as words: {listed(two_dates)}. "
            "Write them as 2024-12-31 to use them as numbers."
        )
    if left_out:
        notes.append(f"Columns left out: {listed(left_out)}.")
    width = len(parts) + len(embedded)
    rows = len(columns[0].values) if columns else 0
    inputs = np.empty((rows, width), np.float32)
    for place, part in enumerate([*parts, *embedded]):
        inputs[:, place] = part
    return Encoded(inputs, tuple(sizes), used, tuple(notes))


def _useless(known: Number | Category, train: Rows) -> str:
    """Why a column tells nothing about the target; empty where it may."""
    if isinstance(known, Number):
        there = known.values[train]
        there = there[~np.isnan(there)]
        if not len(there):
            return "empty in all training rows"
        if there.min() == there.max():
            return "always the same" if len(there) == len(train) else ""
        return "numbers the rows" if _is_number_of_rows(known, there) else ""
    codes = known.codes[train]
    if codes.min() == codes.max():
        return "always the same"
    words = codes[codes > 0]
    different = len(np.unique(words))
    if different == len(words):
        return "different in every row"
    return "nearly all different" if different > max(FEW_WORDS, len(words) / 2) else ""


def _is_number_of_rows(known: Number, there: Numbers) -> bool:
    """True for whole numbers, `there` in the training rows, that are different in each under a name that says so."""
    if len(known.values) > 1 and _NO_NAME.fullmatch(known.name):
        return bool(np.all(np.diff(known.values) == 1))
    name = known.name.strip()
    named = name.lower() in ID_NAMES or _ID.fullmatch(name) is not None
    return named and bool(np.all(there == np.floor(there))) and len(np.unique(there)) == len(there)


def _standardised(values: Numbers, train: Rows) -> list[NDArray[np.float32] | NDArray[np.bool_]]:
    """The numbers with mean 0 and deviation 1 in the training rows, and where they were missing, if anywhere."""
    gaps = np.isnan(values)
    values = np.where(gaps, np.median(values[train][~gaps[train]]), values)
    result: list[NDArray[np.float32] | NDArray[np.bool_]] = []
    mean, deviation = mean_and_deviation(values[train])
    if deviation > 0:
        result.append(np.clip((values - mean) / deviation, -FARTHEST, FARTHEST).astype(np.float32))
    if gaps[train].any():
        result.append(gaps)
    return result


def mean_and_deviation(values: Numbers) -> tuple[float, float]:
    """Of numbers whose squares may be too large for a float; a deviation of 0 where they are all the same."""
    if values.min() == values.max():
        return float(values[0]), 0.0
    scale = float(np.abs(values).max())
    return float((values / scale).mean()) * scale, float((values / scale).std()) * scale


def _renumbered(codes: Codes, train: Rows, most: int) -> tuple[Codes, int]:
    """Codes by frequency in the training rows, from 1; 0 is shared by those that are rare or unknown there."""
    counts = np.bincount(codes[train], minlength=int(codes.max()) + 1)
    order = np.argsort(-counts, kind="stable")
    kept = order[: most - 1][counts[order[: most - 1]] > 0]
    table = np.zeros(len(counts), np.int32)
    table[kept] = np.arange(1, len(kept) + 1)
    return table[codes], len(kept) + 1
