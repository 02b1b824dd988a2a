"""Torchvision downloads its data sets: into a folder aside, whose files appear in their places all at once."""

from __future__ import annotations

import http.client
import importlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from lrgui.core.control import Control
from lrgui.core.events import StateEvent
from lrgui.core.options import Scalar, filled
from lrgui.tasks.data.images.idx_sets import idx_files
from lrgui.tasks.data.images.progress import is_of_disk, no_writing, why, with_progress
from lrgui.tasks.data.images.rows import SETS, ImageSet
from lrgui.tasks.optimizers.optimizing import must_have
from lrgui.tasks.spec import TaskSpec

#: Endings of packed files. What a person has put there is used; those that were downloaded go once they are unpacked.
PACKED = (".zip", ".tgz", ".gz")
#: Endings of files that are read as they are; they are not downloaded again either.
WHOLE = (".bz2", ".mat")

#: How torchvision's classes are asked for the training and the validation part.
PARTS: dict[str, tuple[dict[str, Any], ...]] = {
    "QMNIST": ({"what": "train"}, {"what": "test"}),
    "USPS": ({"train": True}, {"train": False}),
    "CIFAR10": ({"train": True}, {"train": False}),
    "CIFAR100": ({"train": True}, {"train": False}),
    "SVHN": ({"split": "train"}, {"split": "test"}),
    "EuroSAT": ({},),
    "GTSRB": ({"split": "train"}, {"split": "test"}),
    "Flowers102": ({"split": "train"}, {"split": "val"}),
    "OxfordIIITPet": ({"split": "trainval"}, {"split": "test"}),
    "Food101": ({"split": "train"}, {"split": "test"}),
}


def prepare(spec: TaskSpec, control: Control) -> Iterator[StateEvent]:
    """Download what is missing of the data set that `spec` names; nothing happens where all is there.

    Ends early where `control` was cancelled; nothing half is left behind. Raises ValueError, with a sentence, where
    the files cannot be had.
    """
    image_set = SETS[spec.source]
    options = filled(image_set.row.options, spec.options)
    folder = folder_of(spec)
    if not is_missing(image_set, options, folder):
        return
    if not options["download"]:
        raise ValueError(not_there(image_set.label, folder))
    named_class(image_set)  # says so where a module is not installed
    module = importlib.import_module("torchvision.datasets.utils")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield from with_progress(
            lambda: _download(image_set, options, folder), module, image_set.label, folder, control
        )
    except OSError as error:
        if is_of_disk(error):
            raise ValueError(no_writing(error, folder)) from error
        raise ValueError(_not_to_be_had(image_set, error, folder)) from error
    except (RuntimeError, http.client.HTTPException, ValueError, EOFError) as error:
        raise ValueError(_not_to_be_had(image_set, error, folder)) from error


def folder_of(spec: TaskSpec) -> Path:
    """The folder that data sets lie in."""
    row = SETS[spec.source].row.path
    assert row is not None
    return Path(os.path.expanduser(spec.path or row.default))


def not_there(label: str, folder: Path) -> str:
    """The sentence for a data set that is not there and may not be downloaded."""
    return f"{label} is missing: switch Download on, or {_by_hand(folder)}."


def _not_to_be_had(image_set: ImageSet, error: Exception, folder: Path) -> str:
    return f"{image_set.label} could not be downloaded: {why(error)}. Try again later, or {_by_hand(folder)}."


def _by_hand(folder: Path) -> str:
    return f"put its files into {folder} yourself, as torchvision keeps them"


def named_class(image_set: ImageSet) -> Any:
    """Its class in torchvision, which is imported only now. Raises ValueError where a module is not installed."""
    must_have(image_set.label, image_set.needs)
    return getattr(importlib.import_module("torchvision.datasets"), image_set.torchvision)


def is_missing(image_set: ImageSet, options: Mapping[str, Scalar], root: Path) -> bool:
    """True where torchvision would download something into `root`; it says so itself, and nothing is read."""
    if image_set.kind == "idx":
        return not idx_files(image_set, options, root).usable
    known = named_class(image_set)
    if image_set.torchvision in ("USPS", "SVHN"):  # which ask for each file, whether it is there or not
        return not all((root / known.split_list[part][1]).is_file() for part in ("train", "test"))

    def missing(*_: object, **__: object) -> None:
        raise _MissingError

    with _replaced(sys.modules[known.__module__], download_url=missing, download_and_extract_archive=missing):
        try:
            for part in _parts(image_set, options):
                _call_download(known, root, part)
        except _MissingError:
            return True
    return False


class _MissingError(Exception):
    """Torchvision wants to download something."""


class _DoneError(Exception):
    """Torchvision has downloaded all that it wanted."""


def _parts(image_set: ImageSet, options: Mapping[str, Scalar]) -> tuple[dict[str, Any], ...]:
    if image_set.torchvision == "EMNIST":
        return ({"split": options["split"]},)
    return PARTS.get(image_set.torchvision, ({},))


def _call_download(known: Any, root: Path, arguments: dict[str, Any]) -> None:
    """Let torchvision's class download a part, without reading it afterwards."""

    def stop_after(name: str) -> Any:
        def method(self: Any) -> None:
            getattr(known, name)(self)
            raise _DoneError

        return method

    methods = {name: stop_after(name) for name in ("download", "_download") if hasattr(known, name)}
    try:
        type(known.__name__, (known,), methods)(str(root), download=True, **arguments)
    except _DoneError:
        pass


def _download(image_set: ImageSet, options: Mapping[str, Scalar], root: Path) -> None:
    """Where the process is ended in the midst of it, `root` is as it was, but for a hidden folder."""
    aside = root / f".{image_set.torchvision}.downloading"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        own = _link_packed(root, aside)
        for part in _parts(image_set, options):
            _call_download(named_class(image_set), aside, part)
        for file in [*aside.rglob("*")]:
            if file.name.endswith(PACKED) and file not in own and file.is_file():
                file.unlink()
        _merge(aside, root)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _link_packed(root: Path, aside: Path) -> set[Path]:
    """Give the packed files that a person has put into `root` the same places in `aside`, and return those."""
    own = set()
    for pattern in ("*", "*/*", "*/*/*"):
        for file in root.glob(pattern):
            place = aside / file.relative_to(root)
            if aside in file.parents or not file.name.endswith((*PACKED, *WHOLE)) or not file.is_file():
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(file, place)
            except OSError:  # the file system has no links
                shutil.copy(file, place)
            own.add(place)
    return own


def _merge(source: Path, target: Path) -> None:
    """Move what is in `source` into `target`, which may have some of its folders already."""
    for entry in source.iterdir():
        place = target / entry.name
        if entry.is_dir() and place.is_dir():
            _merge(entry, place)
        else:
            entry.replace(place)


@contextmanager
def _replaced(module: ModuleType, **functions: Any) -> Iterator[None]:
    before = {name: getattr(module, name) for name in functions if hasattr(module, name)}
    try:
        for name in before:
            setattr(module, name, functions[name])
        yield
    finally:
        for name, function in before.items():
            setattr(module, name, function)
