"""Where the files of MNIST and its relatives lie in a folder, whether put there by hand or downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lrgui.core.options import Scalar
from lrgui.tasks.data.images.idx import find_idx
from lrgui.tasks.data.images.rows import ImageSet

Pair = tuple[Path, Path]
"""The files of the images and of their labels."""


@dataclass(frozen=True)
class IdxFiles:
    """What is there of a data set."""

    train: Pair | None
    validation: Pair | None
    by_hand: bool
    """They lie in the chosen folder itself: a person put them there, and what is missing is not downloaded."""

    @property
    def usable(self) -> bool:
        """True where nothing needs to be downloaded."""
        return (self.train is not None and self.validation is not None) or (
            self.by_hand and (self.train is not None or self.validation is not None)
        )


def names_of(image_set: ImageSet, options: Mapping[str, Scalar]) -> tuple[tuple[str, str], tuple[str, str]]:
    """Names of images and labels, of the training and of the test part, unpacked."""
    if image_set.torchvision == "EMNIST":
        train, test = (f"emnist-{options['split']}-{part}" for part in ("train", "test"))
    elif image_set.torchvision == "QMNIST":
        return (
            ("qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int"),
            ("qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx2-int"),
        )
    else:
        train, test = "train", "t10k"
    first, second = ((f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte") for part in (train, test))
    return first, second


def idx_files(image_set: ImageSet, options: Mapping[str, Scalar], root: Path) -> IdxFiles:
    """What lies in `root` itself, else in the sub-folders that torchvision and its archives use."""
    names = names_of(image_set, options)
    own = root / image_set.torchvision
    places = [root, root / "raw", own / "raw", own, own / "raw" / "gzip"]
    best = IdxFiles(None, None, by_hand=False)
    for place in places:
        train, validation = (_pair(place, part) for part in names)
        found = IdxFiles(train, validation, by_hand=place == root)
        if found.usable:
            return found
        best = best if best.train or best.validation else found
    return best


def _pair(folder: Path, names: tuple[str, str]) -> Pair | None:
    images, labels = (find_idx(folder, name) for name in names)
    return None if images is None or labels is None else (images, labels)
