"""What a table's target column asks for: one of some classes, or a number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrgui.core.formats import format_figure
from lrgui.tasks.data.tables.columns import Category, Number, looks_like_classes, meaning, plain
from lrgui.tasks.data.tables.reading import Column
from lrgui.tasks.data.targets import MOST_CLASSES, enough

OTHER = "Choose another target column."


@dataclass(frozen=True)
class Answers:
    """The target of every row."""

    known: NDArray[np.bool_]
    """(rows,): where there is one."""
    codes: NDArray[np.int64] | None
    """(rows,): classes from 0, without meaning where none is known; None for a regression."""
    values: NDArray[np.float64]
    """(rows, 1): the numbers of a regression."""
    classes: tuple[str, ...]
    """The classes' names; none for a regression."""
    note: str
    """How the column was understood, where that could be otherwise."""


def answers(column: Column, kind: str, file: str) -> Answers:
    """The targets in `column`, a table's in `file`.

    Words are classes, and so are two different whole numbers, or up to 20 of which each stands in five rows on
    average; other numbers are a regression. `kind` says it instead: "classification" or "regression", not "auto".

    Raises ValueError, with a sentence, for a column that cannot be learned.
    """
    found = meaning(column)
    if isinstance(found, str):
        raise ValueError(f"The target column {column.name} of {file} cannot be predicted: it is {found}. {OTHER}")
    known = found.codes > 0 if isinstance(found, Category) else ~np.isnan(found.values)
    enough(int(known.sum()), f"rows with a {column.name}", file)
    if isinstance(found, Category):
        if kind == "regression":
            raise ValueError(
                f"The target column {column.name} contains words (“{found.words[0]}”), which a regression cannot "
                "predict: set the task to classification, or choose another target column."
            )
        return _classes(found, known, "")
    there = found.values[known]
    if there.min() == there.max():
        raise ValueError(f"The target column {column.name} is {plain(there[0])} in every row. {OTHER}")
    if kind == "regression" or (kind == "auto" and not looks_like_classes(there)):
        mean, deviation = (format_figure(float(number), 4) for number in (there.mean(), there.std()))
        note = f"Target “{column.name}” treated as numeric (mean {mean}, standard deviation {deviation})."
        return Answers(known, None, found.values[:, None], (), note)
    return _classes(_as_category(found, known), known, kind)


def _as_category(found: Number, known: NDArray[np.bool_]) -> Category:
    different, places = np.unique(found.values[known], return_inverse=True)
    codes = np.zeros(len(known), np.int32)
    codes[known] = places + 1
    return Category(found.name, codes, tuple(map(plain, different)))


def _classes(found: Category, known: NDArray[np.bool_], kind: str) -> Answers:
    counts = np.bincount(found.codes[known], minlength=len(found.words) + 1)
    used = np.flatnonzero(counts)
    rows = int(known.sum())
    if len(used) == 1:
        raise ValueError(f"The target column {found.name} is “{found.words[used[0] - 1]}” in every row. {OTHER}")
    if len(used) > MOST_CLASSES or len(used) > max(20, rows / 2):
        others = f"words (such as “{found.words[used[0] - 1]}”)" if kind == "" else "values"
        way_out = "choose another target column" + ("." if kind == "" else ", or a regression if they are numbers.")
        raise ValueError(
            f"The target column {found.name} has {len(used):,} different {others} in {rows:,} rows, too many for "
            f"classes: {way_out}"
        )
    table = np.zeros(len(counts), np.int64)
    table[used] = np.arange(len(used))
    note = ""
    if kind == "auto" and len(used) > 2:  # numbers that could be meant as such
        note = f"Target “{found.name}” treated as {len(used)} classes; if it is a number, set the task to regression."
    return Answers(known, table[found.codes], np.empty((0, 1)), tuple(found.words[code - 1] for code in used), note)
