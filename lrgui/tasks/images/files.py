"""Which files of a folder are images of which class, by where they lie: nothing is opened here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: What people call the folder of the images to train on, and the one beside it.
TRAIN = ("train", "training")
HELD = ("val", "valid", "validation", "test", "testing")

#: Files that systems put into folders of images by themselves.
_CLUTTER = ("thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class ImageFiles:
    """Files in a fixed order: by class, then by name."""

    classes: tuple[str, ...]
    files: tuple[Path, ...]
    labels: tuple[int, ...]
    """The class of each file."""
    held: tuple[bool, ...]
    """True for the files of a val or test folder: they validate."""

    def only(self, places: Sequence[int], folder: Path) -> tuple[ImageFiles, list[str]]:
        """Those at `places`, without the classes that no training image is left of, and sentences that name these.

        Raises ValueError, with a sentence, where no two classes are left.
        """
        there = {self.labels[i] for i in places if not self.held[i]}
        gone = [name for label, name in enumerate(self.classes) if label not in there]
        notes = [f"The class “{name}” has no image that can be read, and is left out." for name in gone]
        names = tuple(name for name in self.classes if name not in gone)
        if len(names) < 2:
            raise ValueError(_too_few(names, folder))
        kept = [i for i in places if self.labels[i] in there]
        labels = tuple(names.index(self.classes[self.labels[i]]) for i in kept)
        held = tuple(self.held[i] for i in kept)
        return ImageFiles(names, tuple(self.files[i] for i in kept), labels, held), notes


def find_images(folder: Path) -> tuple[ImageFiles, list[str]]:
    """The files in the class sub-folders of `folder`, or of its train and val folders, and sentences to be read once.

    Raises ValueError, with a sentence, where it has no two classes.
    """
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}. Choose one that is there.")
    train = part_of(folder, TRAIN)
    if train is None:
        places = [(entry, False) for entry in _folders(folder)]
        classes = tuple(entry.name for entry, _ in places)
        return _listed(classes, places, folder), []
    classes = tuple(entry.name for entry in _folders(train))
    places = [(entry, False) for entry in _folders(train)]
    held = part_of(folder, HELD)
    notes = []
    if held is not None:
        known = [entry for entry in _folders(held) if entry.name in classes]
        unknown = [entry.name for entry in _folders(held) if entry.name not in classes]
        if unknown:
            notes.append(f"{held.name} has classes that {train.name} has not, left out: {', '.join(unknown)}.")
        places += [(entry, True) for entry in known]
    read = {train, held}
    others = [entry.name for entry in _folders(folder) if entry not in read]
    if others:
        used = f"{train.name} is" if held is None else f"{train.name} and {held.name} are"
        notes.append(f"Only {used} used, not {', '.join(others)}.")
    return _listed(classes, places, folder), notes


def part_of(folder: Path, names: Sequence[str]) -> Path | None:
    """The sub-folder called one of `names` (`TRAIN` or `HELD`) that has class folders itself, None without one."""
    below = {entry.name.lower(): entry for entry in _folders(folder)}
    return next((below[name] for name in names if name in below and _folders(below[name])), None)


def _listed(classes: tuple[str, ...], places: Sequence[tuple[Path, bool]], folder: Path) -> ImageFiles:
    if len(classes) == 1 and len(_folders(places[0][0])) > 1:
        raise ValueError(
            f"{folder} has only one folder, “{classes[0]}”, which has several: choose {places[0][0]} instead."
        )
    if len(classes) < 2:
        raise ValueError(_too_few(classes, folder))
    files: list[Path] = []
    labels: list[int] = []
    held: list[bool] = []
    for place, validates in places:
        found = _files(place)
        files += found
        labels += [classes.index(place.name)] * len(found)
        held += [validates] * len(found)
    return ImageFiles(classes, tuple(files), tuple(labels), tuple(held))


def _folders(folder: Path) -> list[Path]:
    """Its sub-folders by name, hidden ones left out."""
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _files(folder: Path) -> list[Path]:
    """The files in `folder` and below, by name, hidden ones left out."""
    found = []
    for place, names, files in os.walk(folder):
        names[:] = [name for name in names if not name.startswith(".")]
        found += [Path(place, name) for name in files if not name.startswith(".") and name.lower() not in _CLUTTER]
    return sorted(found)


def _too_few(classes: Sequence[str], folder: Path) -> str:
    found = f"only one class of images, “{classes[0]}”" if classes else "no class of images"
    return f"{folder} has {found}: put the images of each class into a sub-folder of its own, two or more."
