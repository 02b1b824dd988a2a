"""A folder of the person's own images, one sub-folder for each class: what cannot be read is told and left out."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from lrgui.core.control import Control
from lrgui.core.events import RunState, StateEvent
from lrgui.core.options import Scalar, filled
from lrgui.core.phrases import listed
from lrgui.tasks.data.examples import split
from lrgui.tasks.data.images.files import ImageFiles, find_images
from lrgui.tasks.data.images.reading import Square, UnreadableError, check_header, read_image
from lrgui.tasks.data.images.rows import IMAGE_FOLDER, IMAGENET
from lrgui.tasks.data.images.tensors import KEEP, Images, LazyImages, Transform, measured, whole
from lrgui.tasks.data.targets import accuracy
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import Data

#: Up to this many files are decoded before a run, where they fit into memory: all that is broken is known then.
DECODED = 5_000
#: Training images that are looked at to measure mean and deviation, where not all are in memory.
SAMPLE = 1_000
#: Files that are named one by one in a note.
NAMED = 5

#: Seconds between two words of progress.
EVERY = 0.5

_CHUNK = 64


@dataclass(frozen=True)
class Folder:
    """A folder that was looked through."""

    files: ImageFiles
    """Those that can be read, as far as that is known."""
    pixels: torch.Tensor | None
    """All of them decoded, uint8 (count, channels, size, size); None where they are decoded when they are used."""
    notes: tuple[str, ...]


#: What `prepare` found, for the `load` that follows it in the same process.
_prepared: dict[tuple[object, ...], Folder] = {}


def prepare(spec: TaskSpec, control: Control) -> Iterator[StateEvent]:
    """Look through the folder: its files are decoded, or where they are many looked at. `load` uses what was found.

    Raises ValueError, with a sentence, where there are no two classes of images.
    """
    folder = yield from _look_through(spec, control)
    _prepared.clear()
    if folder is not None:
        _prepared[_key(spec)] = folder


def load(spec: TaskSpec) -> Data:
    """The images of the folder, split by class; `spec.subset` takes that many of the training part, of any class."""
    folder = _prepared.pop(_key(spec), None) or _at_once(spec)
    options = filled(IMAGE_FOLDER.options, spec.options)
    train, validation = _split(folder.files, float(options["validation"] or 0))
    if spec.subset is not None:
        train = train[: spec.subset]
    square = _square(options)
    source = Files(folder.files, square)
    look = _look(options, folder, source, train)
    names = folder.files.classes
    inputs = (square.channels, square.size, square.size)
    words = f"{len(train):,} training and {len(validation):,} validation images" if validation else ""
    return Data(
        train=_data_set(folder, source, train, look),
        validation=_data_set(folder, source, validation, look.plain()) if validation else None,
        detail=f"{words or f'{len(train):,} training images'} {square.size}×{square.size} · {len(names):,} classes",
        classes=len(names),
        criterion=nn.CrossEntropyLoss(),
        metric=accuracy,
        inputs=inputs,
        outputs=len(names),
        collate=whole,
        notes=folder.notes,
    )


class Files:
    """The files of a folder, decoded when they are asked for. Can be pickled."""

    def __init__(self, files: ImageFiles, square: Square) -> None:
        self._files = files
        self._square = square

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        """Bytes (channels, size, size) and class. In the place of a broken file the next of its class is taken."""
        files, labels = self._files.files, self._files.labels
        count, label = len(files), labels[index]
        for place in (number % count for number in range(index, index + count)):
            if labels[place] != label:
                continue
            try:
                return read_image(files[place], self._square), label
            except UnreadableError as error:
                print(f"{files[place]} was skipped ({error}) and replaced by another image of its class.")
        raise ValueError(f"No image of the class “{self._files.classes[label]}” can be read. Add readable images.")


def _key(spec: TaskSpec) -> tuple[object, ...]:
    return (spec.path, *sorted(filled(IMAGE_FOLDER.options, spec.options).items()))


def _at_once(spec: TaskSpec) -> Folder:
    looking = _look_through(spec, Control())
    while True:
        try:
            next(looking)
        except StopIteration as done:
            folder: Folder = done.value
            return folder


def _look_through(spec: TaskSpec, control: Control) -> Generator[StateEvent, None, Folder | None]:
    """What is in the folder, None where it was cancelled."""
    place = Path(os.path.expanduser(spec.path))
    square = _square(filled(IMAGE_FOLDER.options, spec.options))
    yield StateEvent(RunState.STARTING, f"Scanning {place.name}")
    files, notes = find_images(place)
    count = len(files.files)
    if count <= DECODED and count * square.channels * square.size**2 <= KEEP:
        # Room for all, so that the memory is not needed twice; the system gives it when it is written to.
        pixels = torch.empty((count, square.channels, square.size, square.size), dtype=torch.uint8)

        def decode(index: int) -> str:
            pixels[index] = read_image(files.files[index], square)
            return ""

        problems = yield from _each(count, decode, "Reading images", control)
    else:
        pixels = None

        def look(index: int) -> str:
            check_header(files.files[index])
            return ""

        problems = yield from _each(count, look, "Measuring images", control)
    if problems is None:
        return None
    good = [index for index in range(count) if index not in problems]
    if pixels is not None and problems:
        pixels = pixels[good]
    bad = [(files.files[index], reason) for index, reason in sorted(problems.items())]
    notes = [*_left_out(bad, count, place), *notes]
    files, more = files.only(good, place)
    return Folder(files, pixels, (*notes, *more))


def _each(
    count: int, work: Callable[[int], str], words: str, control: Control
) -> Generator[StateEvent, None, dict[int, str] | None]:
    """Do `work` for each number below `count`, several at a time; the reasons of those that cannot be read."""

    def attempt(index: int) -> str:
        try:
            return work(index)
        except UnreadableError as error:
            return str(error)

    problems: dict[int, str] = {}
    told = -math.inf
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, count, _CHUNK):
            if time.monotonic() - told >= EVERY:
                told = time.monotonic()
                yield StateEvent(RunState.STARTING, f"{words}: {start:,} of {count:,}")
            if control.cancelled:
                return None
            numbers = range(start, min(start + _CHUNK, count))
            reasons = zip(numbers, pool.map(attempt, numbers), strict=True)
            problems.update((number, reason) for number, reason in reasons if reason)
    return problems


def _left_out(bad: Sequence[tuple[Path, str]], count: int, place: Path) -> list[str]:
    if not bad:
        return []
    named = listed([f"{file.relative_to(place)} ({reason})" for file, reason in bad], NAMED)
    were = "1 file was" if len(bad) == 1 else f"{len(bad):,} of {count:,} files were"
    return [f"{were} left out: {named}."]


def _split(files: ImageFiles, share: float) -> tuple[list[int], list[int]]:
    """Indices of the training images, mixed, and of the validation images: a share of each class, or those given."""
    held = np.array(files.held)
    if not held.any():
        train, validation = split(len(held), share, np.array(files.labels, np.int64))
        return train.tolist(), sorted(validation.tolist())
    train, _ = split(len(held), 0)
    return train[~held[train]].tolist(), np.flatnonzero(held).tolist()


def _data_set(folder: Folder, source: Files, order: Sequence[int], look: Transform) -> Dataset[Any]:
    if folder.pixels is None:
        return LazyImages(source, order, look)
    labels = torch.tensor([folder.files.labels[i] for i in order])
    return Images(folder.pixels[torch.tensor(order)], labels, look)


def _look(options: Mapping[str, Scalar], folder: Folder, source: Files, train: Sequence[int]) -> Transform:
    augmentation = str(options["augmentation"])
    if options["normalisation"] == "own":
        some = train if folder.pixels is not None else train[:SAMPLE]
        pixels = torch.stack([source[i][0] for i in some]) if folder.pixels is None else folder.pixels[list(some)]
        return Transform(*measured(pixels), augmentation)
    mean, deviation = IMAGENET
    if options["colour"] == "grey":
        return Transform((sum(mean) / 3,), (sum(deviation) / 3,), augmentation)
    return Transform(mean, deviation, augmentation)


def _square(options: Mapping[str, Scalar]) -> Square:
    return Square(int(options["size"] or 0), 3 if options["colour"] == "colour" else 1)
