"""Finding inputs and targets in an .npz file."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrgui.tasks.data.limits import must_be_file, must_fit

#: What inputs and targets are usually called, alone or together with “train”: x, X_train, train_images, …
INPUTS = ("x", "images", "data", "inputs", "input", "features")
TARGETS = ("y", "labels", "label", "targets", "target")
#: What numpy.savez calls arrays without a name.
NAMELESS = ("arr_0", "arr_1")
#: In the names of a pair for validation this stands in the place of “train”.
VALIDATION_WORDS = ("val", "valid", "validation", "test")


def read_arrays(path: Path, x: str, y: str) -> tuple[tuple[str, ...], list[NDArray[Any]]]:
    """Names and arrays: inputs and targets and, where there are such, those for validation. Nothing is unpickled.

    `x` and `y` name the inputs and targets; empty ones are looked for among `INPUTS` and `TARGETS`.

    Raises ValueError, with a sentence, for a file or arrays that cannot be used, and OSError.
    """
    must_be_file(path)
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path.name} is not an .npz file: create one with numpy.savez(file, x=inputs, y=targets).")
    try:
        with np.load(path, allow_pickle=False) as stored:
            names = _names(stored.files, x, y, path.name)
            _must_fit(path, names)
            arrays = [stored[name] for name in names]
    except (zipfile.BadZipFile, zlib.error, EOFError) as problem:
        raise ValueError(f"{path.name} is damaged ({problem}): create it again with numpy.savez.") from None
    except ValueError as problem:
        if "Object arrays" not in str(problem):
            raise
        raise ValueError(
            f"An array in {path.name} contains Python objects, which cannot be loaded safely: save it as numbers, "
            "for example with x.astype('float32')."
        ) from None

    for place in range(0, len(names), 2):
        _fit(arrays[place], arrays[place + 1], *names[place : place + 2])
    if any(one.shape[1:] != other.shape[1:] for one, other in zip(arrays[:2], arrays[2:], strict=False)):
        raise ValueError(f"{names[2]} and {names[3]} must have the same shapes as {names[0]} and {names[1]}.")
    return names, arrays


def _names(there: Sequence[str], x: str, y: str, file: str) -> tuple[str, ...]:
    """The names of inputs and targets, and of those for validation where there are such."""
    for name in (x, y):
        if name and name not in there:
            raise ValueError(f"{file} has no array “{name}”. It has: {', '.join(there) or 'none'}.")
    pairs = [(x, y)] if x and y else _usual_pairs([x] if x else there, [y] if y else there)
    if not pairs:
        raise ValueError(
            f"{file} has no arrays with the usual names x and y: choose which are inputs and targets. "
            f"It has: {', '.join(there) or 'none'}."
        )
    pair = pairs[0]
    if all("train" in name.lower() for name in pair):
        known = {name.lower(): name for name in there}
        for word in VALIDATION_WORDS:
            other = [known.get(name.lower().replace("train", word), "") for name in pair]
            if all(other):
                return (*pair, *other)
    return pair


def _must_fit(path: Path, names: Sequence[str]) -> None:
    """Raise ValueError where the arrays, as their own headers tell them, take more than there is memory.

    Each is held as it is stored and, in the end, twice as numbers of four bytes: examples and what is drawn of them.
    """
    needed = 0
    with zipfile.ZipFile(path) as packed:
        there = set(packed.namelist())
        for name in names:
            with packed.open(f"{name}.npy" if f"{name}.npy" in there else name) as file:
                try:
                    version = np.lib.format.read_magic(file)
                    kinds = np.lib.format
                    read = kinds.read_array_header_1_0 if version == (1, 0) else kinds.read_array_header_2_0
                    shape, _, dtype = read(file)
                except ValueError as problem:
                    raise zipfile.BadZipFile(str(problem)) from None
                needed += math.prod(shape) * (dtype.itemsize + 8)
    must_fit(needed, f"The content of {path.name}", "keep fewer examples, or read it in a task.py of your own")


def _usual_pairs(inputs: Sequence[str], targets: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of the two that are called as usual, the most usual first. A name that is alone was chosen already."""
    found = []
    for part in ("", "train"):
        xs, ys = (
            [name for word in usual for name in names if name.lower().strip("_") in _spellings(word, part)]
            for names, usual in ((inputs, INPUTS), (targets, TARGETS))
        )
        found += [
            (x, y)
            for x in (inputs if len(inputs) == 1 else xs)
            for y in (targets if len(targets) == 1 else ys)
            if x != y
        ]
    first, second = NAMELESS
    return found + ([NAMELESS] if first in inputs and second in targets else [])


def _spellings(word: str, part: str) -> tuple[str, ...]:
    return (f"{word}_{part}", f"{part}_{word}", f"{word}{part}", f"{part}{word}") if part else (word,)


def _fit(x: NDArray[Any], y: NDArray[Any], x_name: str, y_name: str) -> None:
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ValueError(f"{x_name} {x.shape} and {y_name} {y.shape} do not match: both need one entry per example.")
