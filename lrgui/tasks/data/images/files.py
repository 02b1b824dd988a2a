"""Which files of a folder are images of which class, by where they lie: nothing is opened here."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: What people call the folder of the images to train on, and the one beside it: train, training_set, test data, …
TRAIN = ("train", "training")
HELD = ("val", "valid", "validation", "test", "testing")
_ADDED = re.compile(r"[ _-]*(set|data|images)$")

#: Files and folders that systems put into folders of images by themselves.
_CLUTTER = ("thumbs.db", "desktop.ini", "__macosx")
#: Folders around folders are looked into up to this depth.
_DEEPEST = 5


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
        notes = [f"The class “{name}” has no readable image and is ignored." for name in gone]
        names = tuple(name for label, name in enumerate(self.classes) if label in there)
        if len(names) < 2:
            raise ValueError(_too_few(names, folder))
        kept = [i for i in places if self.labels[i] in there]
        new = {label: number for number, label in enumerate(sorted(there))}
        labels = tuple(new[self.labels[i]] for i in kept)
        held = tuple(self.held[i] for i in kept)
        return ImageFiles(names, tuple(self.files[i] for i in kept), labels, held), notes


def find_images(folder: Path) -> tuple[ImageFiles, list[str]]:
    """The files in the class sub-folders of `folder`, or of its train and val folders, and sentences to be read once.

    Raises ValueError, with a sentence, where it has no two classes.
    """
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}. Choose another.")
    train = part_of(folder, TRAIN)
    if train is None:
        places = [(entry, False) for entry in _folders(folder)]
        classes = tuple(entry.name for entry, _ in places)
        if classes and all(_part_name(name) in HELD for name in classes):
            raise ValueError(
                f"{folder} has {' and '.join(classes)}, but no folder of images to train on: call that one “train”."
            )
        return _listed(classes, places, folder), []
    classes = tuple(entry.name for entry in _folders(train))
    places = [(entry, False) for entry in _folders(train)]
    held = part_of(folder, HELD)
    notes = []
    if held is not None:
        known = [entry for entry in _folders(held) if entry.name in classes]
        unknown = [entry.name for entry in _folders(held) if entry.name not in classes]
        if unknown:
            notes.append(f"{held.name} has classes missing from {train.name}, ignored: {', '.join(unknown)}.")
        places += [(entry, True) for entry in known]
    read = [part for part in (train, held) if part is not None]
    others = [entry.name for entry in _folders(folder) if not any(part.is_relative_to(entry) for part in read)]
    if others:
        used = f"{train.name} is" if held is None else f"{train.name} and {held.name} are"
        notes.append(f"Only {used} used, not {', '.join(others)}.")
    return _listed(classes, places, folder), notes


def part_of(folder: Path, names: Sequence[str]) -> Path | None:
    """The sub-folder called one of `names` (`TRAIN` or `HELD`) that has class folders itself, None without one.

    Some archives pack one folder of that name into another: then it is the inner one.
    """
    entries = sorted(_folders(folder), key=lambda entry: entry.name.lower() in names)  # “train” beats “train_images”
    below = {_part_name(entry.name): entry for entry in entries}
    found = next((below[name] for name in names if name in below and _folders(below[name])), None)
    inner = _folders(found) if found is not None else []
    if found is not None and len(inner) == 1 and _part_name(inner[0].name) == _part_name(found.name):
        return inner[0]
    return found


def innermost(folder: Path) -> Path:
    """The folder in `folder`, or in the only one in it, …, that has several: archives often pack one around all."""
    for _ in range(_DEEPEST):
        below = _folders(folder)
        if len(below) != 1 or not _folders(below[0]):
            break
        folder = below[0]
    return folder


def _part_name(name: str) -> str:
    """ "train" of “Train”, “training_set” and the like is "train" or "training"."""
    return _ADDED.sub("", name.lower())


def _listed(classes: tuple[str, ...], places: Sequence[tuple[Path, bool]], folder: Path) -> ImageFiles:
    inner = innermost(folder)
    if len(classes) == 1 and inner != folder and len(_folders(inner)) > 1:
        raise ValueError(
            f"{folder} has only one folder, “{inner.relative_to(folder)}”, which has several: choose {inner} instead."
        )
    if len(classes) < 2:
        raise ValueError(_too_few(classes, folder))
    files: list[Path] = []
    labels: list[int] = []
    held: list[bool] = []
    numbers = {name: number for number, name in enumerate(classes)}
    for place, validates in places:
        found = _files(place)
        files += found
        labels += [numbers[place.name]] * len(found)
        held += [validates] * len(found)
    return ImageFiles(classes, tuple(files), tuple(labels), tuple(held))


def _folders(folder: Path) -> list[Path]:
    """Its sub-folders by name, hidden ones left out."""
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not is_hidden(entry.name))


def is_hidden(name: str) -> bool:
    """True for what a person has not put there, or does not want to see."""
    return name.startswith(".") or name.lower() in _CLUTTER


def _files(folder: Path) -> list[Path]:
    """The files in `folder` and below, by name, hidden ones left out."""
    found = []
    for place, names, files in os.walk(folder):
        names[:] = [name for name in names if not is_hidden(name)]
        found += [Path(place, name) for name in files if not is_hidden(name)]
    return sorted(found)


def _too_few(classes: Sequence[str], folder: Path) -> str:
    found = f"only one class of images, “{classes[0]}”" if classes else "no class of images"
    return f"{folder} has {found}: put the images of each class into a sub-folder of its own; at least two are needed."
