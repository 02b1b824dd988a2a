"""Tables as tasks: the person's own, and the two that come with the program."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lrgui.core.options import filled
from lrgui.core.phrases import listed
from lrgui.resources import resource
from lrgui.tasks.data.examples import Examples, as_batch, split
from lrgui.tasks.data.tables.columns import encode
from lrgui.tasks.data.tables.reading import Column, Table, read_table
from lrgui.tasks.data.tables.rows import TABLE
from lrgui.tasks.data.tables.target import answers
from lrgui.tasks.data.targets import Goal, classes_goal, enough, numbers_goal
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import Data

#: The built-in tables' share for validation.
BUILT_IN_SHARE = 0.25


def load(spec: TaskSpec) -> Data:
    """The table at `spec.path`: its target column is learned from all others.

    Rows without a target are left out. What `table_columns.encode` learns about the columns, it learns from the
    training part; `spec.subset` then cuts that part.

    Raises ValueError, with a sentence, for a table that nothing can be learned from, and OSError.
    """
    settings = filled(TABLE.options, spec.options)
    path = Path(os.path.expanduser(spec.path))
    table = read_table(path, str(settings["separator"]), str(settings["header"]))
    enough(table.rows, "rows", path.name)
    target = _target_column(table, str(settings["target"] or ""), path.name)
    found = answers(target, str(settings["kind"]), path.name)
    rows = np.flatnonzero(found.known)
    codes = found.codes
    train, held_out = split(len(rows), float(settings["validation"] or 0), None if codes is None else codes[rows])
    train, held_out = rows[train], rows[held_out]
    goal = numbers_goal(found.values, train) if codes is None else classes_goal(codes, len(found.classes))
    others = [column for column in table.columns if column is not target]
    encoded = encode(others, train, one_hot=settings["categories"] == "one-hot")
    if not encoded.used:
        raise ValueError(
            f"{path.name} has no column to predict {target.name} from. "
            + (" ".join(encoded.notes) or "Choose a table with more columns, or another separator.")
        )
    notes = [*table.notes]
    left = table.rows - len(rows)
    if left:
        what = "1 row has" if left == 1 else f"{left:,} rows have"
        notes.append(f"{what} no {target.name} and {'was' if left == 1 else 'were'} left out.")
    notes += [found.note] if found.note else []
    return _data(
        encoded.inputs,
        goal,
        train,
        held_out,
        spec.subset,
        columns=encoded.used,
        words=f"{goal.words} of {target.name}" if codes is None else goal.words,
        categories=encoded.categories,
        notes=(*notes, *encoded.notes),
    )


def load_breast_cancer(spec: TaskSpec) -> Data:
    """569 breast masses, 30 numbers each: malignant or benign. `spec.subset` cuts the training part."""
    x, y = _stored("breast_cancer.npz")
    codes = y.astype(np.int64)
    train, held_out = split(len(y), BUILT_IN_SHARE, codes)
    return _built_in(x, classes_goal(codes, 2), train, held_out, spec.subset)


def load_diabetes(spec: TaskSpec) -> Data:
    """442 patients, ten numbers each: how far the disease went in a year. `spec.subset` cuts the training part."""
    x, y = _stored("diabetes.npz")
    train, held_out = split(len(y), BUILT_IN_SHARE)
    return _built_in(x, numbers_goal(y.astype(np.float64)[:, None], train), train, held_out, spec.subset)


def _stored(name: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    with np.load(resource(name), allow_pickle=False) as stored:
        return stored["x"], stored["y"]


def _built_in(
    x: NDArray[np.float64], goal: Goal, train: NDArray[np.int64], held_out: NDArray[np.int64], subset: int | None
) -> Data:
    x = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    return _data(x.astype(np.float32), goal, train, held_out, subset, columns=x.shape[1], words=goal.words)


def _data(
    inputs: NDArray[np.float32],
    goal: Goal,
    train: NDArray[np.int64],
    held_out: NDArray[np.int64],
    subset: int | None,
    *,
    columns: int,
    words: str,
    categories: tuple[int, ...] = (),
    notes: tuple[str, ...] = (),
) -> Data:
    train = train[:subset]
    x, y = torch.from_numpy(inputs), goal.targets
    return Data(
        train=Examples(x[train], y[train]),
        validation=Examples(x[held_out], y[held_out]) if len(held_out) else None,
        detail=f"{len(train):,} training and {len(held_out):,} validation rows · "
        f"{columns:,} column{'' if columns == 1 else 's'} · {words}",
        classes=goal.classes,
        criterion=goal.criterion,
        metric=goal.metric,
        inputs=(inputs.shape[1],),
        outputs=goal.outputs,
        metric_name=goal.metric_name,
        facts={"rows": len(train), "categories": categories},
        collate=as_batch,
        notes=notes,
    )


def _target_column(table: Table, name: str, file: str) -> Column:
    if len(table.columns) < 2:
        raise ValueError(
            f"{file} has only one column: a table needs a target and something to predict it from. "
            "If the separator is wrong, choose it."
        )
    if not name:
        return table.columns[-1]
    known = {column.name: column for column in table.columns}
    alike = [column for column in table.columns if column.name.lower() == name.strip().lower()]
    if name.strip() in known or len(alike) == 1:
        return known.get(name.strip()) or alike[0]
    close = difflib.get_close_matches(name.strip(), known, n=1)
    hint = f"Did you mean “{close[0]}”? " if close else ""
    raise ValueError(f"{file} has no column “{name}”. {hint}It has: {listed(list(known), 12)}.")
