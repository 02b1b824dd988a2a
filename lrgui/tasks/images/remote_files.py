"""Which files of a data set are missing, where torchvision says that they are, and with which checksums.

Addresses and checksums are torchvision's own: nothing is copied from it, and its next version may know better ones.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from lrgui.core.options import Scalar
from lrgui.tasks.images.fetching import RemoteFile
from lrgui.tasks.images.idx import find_idx
from lrgui.tasks.images.idx_sets import idx_files, names_of
from lrgui.tasks.images.rows import ImageSet
from lrgui.tasks.optimizers.optimizing import must_have

#: How torchvision's classes are asked for the training and the validation part.
PARTS: dict[str, tuple[dict[str, Any], ...]] = {
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


def missing_files(image_set: ImageSet, options: Mapping[str, Scalar], root: Path) -> list[RemoteFile]:
    """What must be downloaded before `image_set` can be read from `root`; empty where all is there."""
    if image_set.kind == "idx":
        return [] if idx_files(image_set, options, root).usable else _idx(image_set, options, root)
    known = named_class(image_set)
    if image_set.torchvision in ("USPS", "SVHN"):
        parts = [known.split_list[part] for part in ("train", "test")]
        files = [RemoteFile(root / name, (url,), md5) for url, name, md5 in parts]
        return [file for file in files if not file.file.is_file()]
    asked = [file for part in PARTS[image_set.torchvision] for file in _asked(known, root, part)]
    return list(dict.fromkeys(asked))  # both parts name the archive that they share


def named_class(image_set: ImageSet) -> Any:
    """Its class in torchvision, which is imported only now. Raises ValueError where a module is not installed."""
    must_have(image_set.label, image_set.needs)
    return getattr(importlib.import_module("torchvision.datasets"), image_set.torchvision)


def _idx(image_set: ImageSet, options: Mapping[str, Scalar], root: Path) -> list[RemoteFile]:
    known = named_class(image_set)
    folder = root / image_set.torchvision / "raw"
    if image_set.torchvision == "EMNIST":  # one archive holds all parts
        return [RemoteFile(folder / known.url.rsplit("/", 1)[1], (known.url,), known.md5, unpack=folder)]
    listed = known.resources
    pairs = [*listed["train"], *listed["test"]] if isinstance(listed, dict) else listed
    wanted = {name for part in names_of(image_set, options) for name in part}
    files = []
    for place, md5 in pairs:
        name = place.rsplit("/", 1)[-1]
        stem = name.removesuffix(".gz")
        urls = (place,) if "://" in place else tuple(f"{mirror}{place}" for mirror in known.mirrors)
        if stem in wanted and find_idx(folder, stem) is None:
            files.append(RemoteFile(folder / name, urls, md5))
    return files


class _AskedError(Exception):
    """Torchvision has said what it would download."""


def _asked(known: Any, root: Path, arguments: dict[str, Any]) -> list[RemoteFile]:
    """The files that torchvision's class would download into `root` now.

    Its own method runs, with the functions that transfer files replaced by ones that take notes: so it decides
    itself what is missing, and nothing is transferred or read.
    """
    files: list[RemoteFile] = []

    def note(
        url: str,
        root: Any,
        filename: str | None = None,
        md5: str | None = None,
        unpack: Path | None = None,
        **others: Any,
    ) -> None:
        files.append(RemoteFile(Path(root) / (filename or url.rsplit("/", 1)[1]), (url,), md5, unpack))

    def archive(
        url: str,
        download_root: Any,
        extract_root: Any = None,
        filename: str | None = None,
        md5: str | None = None,
        **others: Any,
    ) -> None:
        note(url, download_root, filename, md5, Path(extract_root or download_root))

    def stop_after(name: str) -> Any:
        def method(self: Any) -> None:
            getattr(known, name)(self)
            raise _AskedError

        return method

    methods = {name: stop_after(name) for name in ("download", "_download") if hasattr(known, name)}
    asking = type(known.__name__, (known,), methods)
    replaced = {"download_url": note, "download_and_extract_archive": archive}
    with _replaced(sys.modules[known.__module__], replaced):
        try:
            asking(str(root), download=True, **arguments)
        except _AskedError:
            pass
    return files


@contextmanager
def _replaced(module: ModuleType, functions: Mapping[str, Any]) -> Iterator[None]:
    before = {name: getattr(module, name) for name in functions if hasattr(module, name)}
    try:
        for name in before:
            setattr(module, name, functions[name])
        yield
    finally:
        for name, function in before.items():
            setattr(module, name, function)
