"""Arrays in an .npz file as a task."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lrgui.core.options import filled
from lrgui.tasks.data.examples import Examples, as_batch, split
from lrgui.tasks.data.tables.array_file import read_arrays
from lrgui.tasks.data.tables.columns import looks_like_classes
from lrgui.tasks.data.tables.model_rows import TABLE_MODELS
from lrgui.tasks.data.tables.rows import ARRAYS
from lrgui.tasks.data.targets import MOST_CLASSES, classes_goal, enough, numbers_goal
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import Data

#: So many channels an image may have.
CHANNELS = (1, 2, 3, 4)


def load(spec: TaskSpec) -> Data:
    """The arrays x (N, …) and y of the file at `spec.path`.

    * x with one number or a row for each example is a table, (N, height, width) are images with one channel,
      (N, channels, height, width) images, and so are (N, height, width, channels) with 1 to 4 channels, or with any
      number if they are squares; of any other shape it is flattened by the models. Whole numbers of 8 bits become
      0…1. Examples with numbers that are not finite are left out.
    * y holds classes where it holds whole numbers, truth values or words, or one-hot rows; numbers with a point are
      a regression, (N,) or (N, k).
    * Where the names say “train” and there is such a pair for validation, that is taken; else a part is split off.

    Raises ValueError, with a sentence, for arrays that do not fit each other or the model, and OSError.
    """
    settings = filled(ARRAYS.options, spec.options)
    path = Path(os.path.expanduser(spec.path))
    kind = str(settings["kind"])
    names, arrays = read_arrays(path, str(settings["x"] or ""), str(settings["y"] or ""))
    x, y = arrays[:2]
    notes: list[str] = []
    if len(arrays) == 4:
        x, y = np.concatenate(arrays[::2]), np.concatenate(arrays[1::2])
        notes.append(f"{names[2]} and {names[3]} are used for validation.")
    enough(len(x), "examples", path.name)
    inputs = _inputs(x, names[0])
    if inputs.ndim != 4 and spec.model not in TABLE_MODELS:
        raise ValueError(
            f"{spec.model} is a model for images, but {names[0]} has shape {x.shape}: "
            f"choose one of {', '.join(TABLE_MODELS)}."
        )
    codes, values = _targets(y, names[1], kind)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is left out
        finite = _complete(inputs.astype(np.float32, copy=False))
    known = finite & ((codes >= 0) if values is None else _complete(values))
    rows = np.flatnonzero(known)
    if not len(rows):
        raise ValueError(
            f"All {len(known):,} examples of {path.name} have missing or infinite numbers. "
            "Fill them in before numpy.savez, or save a table (CSV), where the median replaces missing numbers."
        )
    enough(len(rows), "complete examples", path.name)
    if len(rows) < len(known):
        notes.append(f"{len(known) - len(rows):,} examples with missing or infinite numbers were left out.")
    if len(arrays) == 4:
        count = len(arrays[0])
        order = split(count, 0)[0]
        train, held_out = order[known[order]], rows[rows >= count]
    else:
        train, held_out = split(len(rows), float(settings["validation"] or 0), codes[rows] if values is None else None)
        train, held_out = rows[train], rows[held_out]
    goal = classes_goal(codes, int(codes.max()) + 1) if values is None else numbers_goal(values, train)
    if settings["normalise"]:
        _standardise(inputs, train)
    if values is not None and kind == "auto" and values.shape[1] == 1 and looks_like_classes(values[rows, 0]):
        notes.append(
            f"{names[1]} contains {y.dtype}: a regression. If these are classes, set the task to classification."
        )
    if values is not None and values.shape[1] > 1 and np.isin(values[rows], (0, 1)).all():
        notes.append(
            f"The zeros and ones in {names[1]} are treated as numbers. If they are labels, of which "
            "several may be true, write a task.py with BCEWithLogitsLoss."
        )
    train = train[: spec.subset]
    with np.errstate(over="ignore"):  # only of what was left out
        tensor = torch.from_numpy(inputs.astype(np.float32, copy=False))
    return Data(
        train=Examples(tensor[train], goal.targets[train]),
        validation=Examples(tensor[held_out], goal.targets[held_out]) if len(held_out) else None,
        detail=f"{len(train):,} training and {len(held_out):,} validation examples "
        f"{'×'.join(map(str, inputs.shape[1:]))} · {goal.words}",
        classes=goal.classes,
        criterion=goal.criterion,
        metric=goal.metric,
        inputs=inputs.shape[1:],
        outputs=goal.outputs,
        metric_name=goal.metric_name,
        facts={"rows": len(train)},
        collate=as_batch,
        notes=tuple(notes),
    )


def _inputs(x: NDArray[Any], name: str) -> NDArray[Any]:
    """(N, columns), (N, channels, height, width), or as it was: float32, and columns of larger numbers float64.

    Those may be times or identifiers, of which the last digits are all that differs: they are standardised first.
    """
    if x.dtype.kind not in "buif":
        raise ValueError(f"{name} contains {x.dtype}, but a model needs numbers: save it as float32 or uint8.")
    precise = x.ndim <= 2 and x.dtype.itemsize >= 4 and x.dtype != np.float32
    with np.errstate(over="ignore"):
        values: NDArray[np.floating[Any]] = x.astype(np.float64 if precise else np.float32)
    if x.dtype == np.uint8:
        values /= 255
    if x.ndim == 1:
        return values[:, None]
    if x.ndim == 3:
        return values[:, None]
    square = x.ndim == 4 and x.shape[1] == x.shape[2] != x.shape[3]
    if x.ndim == 4 and x.shape[1] not in CHANNELS and (x.shape[3] in CHANNELS or square):
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    return values


def _complete(examples: NDArray[Any]) -> NDArray[np.bool_]:
    """(N,): which examples are finite throughout."""
    return np.array(np.isfinite(examples.reshape(len(examples), -1)).all(axis=1))


def _standardise(inputs: NDArray[Any], train: NDArray[np.int64]) -> None:
    """In place, for each column or channel; of other shapes all numbers alike."""
    axes = {2: (0,), 4: (0, 2, 3)}.get(inputs.ndim, tuple(range(inputs.ndim)))
    part = inputs[train]
    mean = part.mean(axis=axes, dtype=np.float64, keepdims=True)
    deviation = part.std(axis=axes, dtype=np.float64, keepdims=True)
    deviation[deviation == 0] = 1
    with np.errstate(invalid="ignore", over="ignore"):  # of examples that are left out
        inputs -= mean.astype(inputs.dtype)
        inputs /= deviation.astype(inputs.dtype)


def _targets(y: NDArray[Any], name: str, kind: str) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """Classes (N,) from 0, -1 where there is none, and None; or anything and the numbers (N, outputs)."""
    if y.ndim > 2:
        raise ValueError(f"{name} has shape {y.shape}, but needs one class or one row of numbers per example.")
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype.kind not in "buifUS":
        raise ValueError(f"{name} contains {y.dtype}: save classes as int64 and numbers as float32.")
    is_text = y.dtype.kind in "US"
    if y.ndim == 2:
        one_hot = not is_text and bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())
        if one_hot and kind != "regression":
            return y.argmax(axis=1).astype(np.int64), None
        if is_text or kind == "classification":
            raise ValueError(f"{name} has shape {y.shape}, but classes need one number per example.")
        return _no_classes(y), y.astype(np.float64)
    if is_text and kind == "regression":
        raise ValueError(f"{name} contains words, which a regression cannot predict: set the task to classification.")
    there = np.ones(len(y), bool) if y.dtype.kind != "f" else np.isfinite(y)
    different, places = np.unique(y[there], return_inverse=True)
    if len(different) < 2:
        raise ValueError(f"{name} is the same for all examples: there is nothing to learn.")
    # Numbers that hardly ever come twice count something; classes have several examples each.
    many = len(different) > max(100, len(y) / 10) or len(different) > max(20, len(y) / 2)
    if kind == "auto" and (y.dtype.kind == "f" or (not is_text and many)):
        kind = "regression"
    if kind == "regression":
        return _no_classes(y), y.astype(np.float64)[:, None]
    if len(different) > MOST_CLASSES:
        raise ValueError(
            f"{name} has {len(different):,} different values, too many for classes: choose other targets, or a "
            "regression if they are numbers."
        )
    codes = np.full(len(y), -1, np.int64)
    codes[there] = places
    return codes, None


def _no_classes(y: NDArray[Any]) -> NDArray[np.int64]:
    return np.full(len(y), -1, np.int64)
