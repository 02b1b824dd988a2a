"""Finding inputs and targets in an .npz file."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What inputs and targets are usually called, pair by pair; of train pairs also what the validation pair is called.
PAIRS = (
    ("x", "y"),
    ("X", "y"),
    ("X", "Y"),
    ("x_train", "y_train"),
    ("X_train", "y_train"),
    ("train_x", "train_y"),
    ("train_images", "train_labels"),
    ("images", "labels"),
    ("data", "target"),
    ("data", "targets"),
    ("data", "labels"),
    ("inputs", "targets"),
    ("features", "labels"),
    ("features", "targets"),
    ("arr_0", "arr_1"),
)
#: In the names of a pair for validation this stands in the place of “train”.
VALIDATION_WORDS = ("val", "valid", "validation", "test")


def read_arrays(path: Path, x: str, y: str) -> tuple[tuple[str, ...], list[NDArray[Any]]]:
    """Names and arrays: inputs and targets and, where there are such, those for validation. Nothing is unpickled.

    `x` and `y` name the inputs and targets; empty ones are looked for among `PAIRS`. Raises ValueError, with a
    sentence, for a file or arrays that cannot be used, and OSError.
    """
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path.name} is no .npz file: make one with numpy.savez(file, x=inputs, y=targets).")
    try:
        with np.load(path, allow_pickle=False) as stored:
            names = _names(stored.files, x, y, path.name)
            arrays = [stored[name] for name in names]
    except (zipfile.BadZipFile, zlib.error, EOFError) as problem:
        raise ValueError(f"{path.name} is damaged ({problem}): make it anew with numpy.savez.") from None
    except ValueError as problem:
        if "Object arrays" not in str(problem):
            raise
        raise ValueError(
            f"An array of {path.name} holds Python objects, which would have to be unpickled: save it as numbers, "
            "for example with x.astype('float32')."
        ) from None

    for place in range(0, len(names), 2):
        _fit(arrays[place], arrays[place + 1], *names[place : place + 2])
    if any(one.shape[1:] != other.shape[1:] for one, other in zip(arrays[:2], arrays[2:], strict=False)):
        raise ValueError(f"{names[2]} and {names[3]} have other shapes than {names[0]} and {names[1]}.")
    return names, arrays


def _names(there: Sequence[str], x: str, y: str, file: str) -> tuple[str, ...]:
    """The names of inputs and targets, and of those for validation where there are such."""
    for name in (x, y):
        if name and name not in there:
            raise ValueError(f"{file} has no array “{name}”. It has: {', '.join(there) or 'none'}.")
    pair = (x, y)
    if not (x and y):
        fitting = [p for p in PAIRS if p[0] in there and p[1] in there and x in ("", p[0]) and y in ("", p[1])]
        if not fitting:
            raise ValueError(
                f"{file} has no arrays with the usual names x and y: choose which are inputs and targets. "
                f"It has: {', '.join(there) or 'none'}."
            )
        pair = fitting[0]
    for word in VALIDATION_WORDS:
        other = (pair[0].replace("train", word), pair[1].replace("train", word))
        if "train" in pair[0] and "train" in pair[1] and other[0] in there and other[1] in there:
            return (*pair, *other)
    return pair


def _fit(x: NDArray[Any], y: NDArray[Any], x_name: str, y_name: str) -> None:
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ValueError(
            f"{x_name} {x.shape} and {y_name} {y.shape} do not fit each other: both need one entry for each example."
        )
