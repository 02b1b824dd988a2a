"""Torchvision's data sets as `Data`: small ones whole in memory, photos decoded when they are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from lrgui.core.options import Scalar, filled
from lrgui.tasks.data.examples import split
from lrgui.tasks.data.images.download import PARTS, folder_of, is_missing, named_class, not_there
from lrgui.tasks.data.images.idx import read_idx
from lrgui.tasks.data.images.idx_sets import IdxFiles, Pair, idx_files
from lrgui.tasks.data.images.rows import SETS, ImageSet
from lrgui.tasks.data.images.tensors import Images, LazyImages, Transform, measured, whole
from lrgui.tasks.data.targets import accuracy
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import Data

#: Where a data set comes as one part, this share of it validates.
VALIDATION_SHARE = 0.2

_Part = tuple[torch.Tensor, torch.Tensor]
"""Bytes (count, channels, height, width) and labels (count), int64."""


def load(spec: TaskSpec) -> Data:
    """The data set that `spec` names, out of its folder; `spec.subset` takes the first training images.

    Raises ValueError, with a sentence, where it is not there or damaged: nothing is downloaded here.
    """
    image_set = SETS[spec.source]
    options = filled(image_set.row.options, spec.options)
    folder = folder_of(spec)
    if image_set.kind == "photos":
        return _photos(spec, image_set, options, folder)
    notes: tuple[str, ...] = ()
    if image_set.kind == "idx":
        files = idx_files(image_set, options, folder)
        if not files.usable:
            raise ValueError(not_there(image_set.label, folder))
        train, validation, notes = _idx_parts(files, image_set, folder)
        if options.get("split") == "letters":  # these count from 1
            train, validation = ((pixels, labels - 1) for pixels, labels in (train, validation))
        if image_set.transposed:
            train, validation = ((pixels.mT.contiguous(), labels) for pixels, labels in (train, validation))
            notes += (f"{image_set.label}'s files store its images sideways; they were turned upright.",)
    else:
        train, validation = (_array_part(part) for part in _opened(image_set, options, folder))
    mean, deviation = image_set.mean, image_set.deviation
    if mean is None or deviation is None:
        mean, deviation = measured(train[0])
    look = Transform(mean, deviation, str(options.get("augmentation", "none")))
    count = min(spec.subset or len(train[1]), len(train[1]))
    classes = max(image_set.classes or 0, 1 + int(torch.cat([train[1], validation[1]]).max()))
    return _data(
        Images(train[0][:count], train[1][:count], look),
        Images(*validation, look.plain()),
        tuple(train[0].shape[1:]),
        classes,
        notes,
    )


def _data(
    train: Dataset[Any], validation: Dataset[Any], inputs: tuple[int, ...], classes: int, notes: tuple[str, ...] = ()
) -> Data:
    size = f"{inputs[1]}×{inputs[2]}{' in colour' if inputs[0] == 3 else ''}"
    counts = f"{len(train):,} training and {len(validation):,} validation images"  # type: ignore[arg-type]
    return Data(
        train=train,
        validation=validation,
        detail=f"{counts} {size} · {classes} classes",
        classes=classes,
        criterion=nn.CrossEntropyLoss(),
        metric=accuracy,
        inputs=inputs,
        outputs=classes,
        collate=whole,
        notes=notes,
    )


def _idx_parts(files: IdxFiles, image_set: ImageSet, folder: Path) -> tuple[_Part, _Part, tuple[str, ...]]:
    """Both parts; where a person has put only one into the folder, a fixed fifth of it validates."""
    if files.train is not None and files.validation is not None:
        return _idx_part(files.train), _idx_part(files.validation), ()
    name, pair = ("test", files.validation) if files.train is None else ("training", files.train)
    assert pair is not None
    images, labels = _idx_part(pair)
    rest, held = (torch.from_numpy(np.sort(part)) for part in split(len(labels), VALIDATION_SHARE, labels.numpy()))
    note = (
        f"{folder} contains only the {name} images of {image_set.label}: {len(held):,} are used for validation, "
        f"the other {len(rest):,} for training. Choose another folder to get the whole data set."
    )
    return (images[rest], labels[rest]), (images[held], labels[held]), (note,)


def _idx_part(pair: Pair) -> _Part:
    images, labels = (read_idx(file) for file in pair)
    if labels.ndim == 2:  # QMNIST tells more of each image than its class, which comes first
        labels = labels[:, 0]
    fits = images.ndim == 3 and images.dtype == np.uint8 and labels.ndim == 1 and len(images) == len(labels) > 0
    if not fits:
        raise ValueError(f"{pair[0]} and {pair[1].name} do not match. Delete both and download them again.")
    return torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels.astype(np.int64))


def _opened(
    image_set: ImageSet, options: Mapping[str, Scalar], folder: Path, transform: Callable[[Any], Any] | None = None
) -> list[Any]:
    """Torchvision's objects of both parts; these unpickle nothing that has not torchvision's checksum."""
    known = named_class(image_set)
    try:
        return [known(str(folder), transform=transform, **part) for part in PARTS[image_set.torchvision]]
    except (RuntimeError, ValueError, EOFError, OSError) as error:
        if is_missing(image_set, options, folder):
            raise ValueError(not_there(image_set.label, folder)) from error
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"{image_set.label} in {folder} cannot be read ({said.rstrip('.')}): its files are damaged or not the "
            "original ones. Delete them and run again with Download on."
        ) from error


def _array_part(stored: Any) -> _Part:
    """What torchvision's object holds in memory."""
    pixels = torch.from_numpy(np.ascontiguousarray(stored.data))
    labels = torch.as_tensor(np.asarray(stored.labels if hasattr(stored, "labels") else stored.targets)).long()
    if pixels.ndim == 3:
        return pixels.unsqueeze(1), labels
    return (pixels.permute(0, 3, 1, 2).contiguous() if pixels.shape[-1] == 3 else pixels), labels


def _photos(spec: TaskSpec, image_set: ImageSet, options: Mapping[str, Scalar], folder: Path) -> Data:
    from lrgui.tasks.data.images.reading import Square  # needs Pillow

    size = int(options["size"] or 0)
    parts = _opened(image_set, options, folder, Square(size, 3))
    if len(parts) == 1:  # it comes without a split
        parts = [parts[0], parts[0]]
        train, held = split(len(parts[0]), VALIDATION_SHARE)
    else:
        train, held = split(len(parts[0]), 0)[0], np.arange(len(parts[1]))
    assert image_set.mean is not None
    assert image_set.deviation is not None
    assert image_set.classes is not None
    look = Transform(image_set.mean, image_set.deviation, str(options["augmentation"]))
    return _data(
        LazyImages(parts[0], train[: spec.subset].tolist(), look),
        LazyImages(parts[1], np.sort(held).tolist(), look.plain()),
        (3, size, size),
        image_set.classes,
    )
