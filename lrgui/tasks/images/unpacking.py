"""Unpacks a downloaded archive: with progress, never outside its folder, and never half."""

from __future__ import annotations

import shutil
import stat
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from lrgui.core.control import Control
from lrgui.core.events import RunState, StateEvent

#: Seconds between two words of progress.
EVERY = 0.5

_Member = tuple[str, float, Callable[[], IO[bytes]]]
"""Name of a file in the archive, the share (0…1) of the archive before it, and how to open it."""


def unpack(archive: Path, folder: Path, title: str, control: Control) -> Iterator[StateEvent]:
    """Put the files of a `.zip` or a tar archive into `folder`, all of them or, where cancelled, none.

    Raises ValueError, with a sentence, where the archive is damaged or its names lead out of the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{archive.name}.unpacking"
    shutil.rmtree(aside, ignore_errors=True)
    told = 0.0
    try:
        for name, share, opened in _members(archive):
            if control.cancelled:
                return
            if time.monotonic() - told >= EVERY:
                told = time.monotonic()
                yield StateEvent(RunState.STARTING, f"Unpacking {title}: {round(100 * share)} %")
            place = aside / _inside(name, archive)
            place.parent.mkdir(parents=True, exist_ok=True)
            with opened() as content, place.open("wb") as file:
                while not control.cancelled and (block := content.read(2**20)):
                    file.write(block)
        if not control.cancelled and aside.is_dir():
            _merge(aside, folder)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{archive} cannot be unpacked ({error}). Delete it and run again.") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _members(archive: Path) -> Iterator[_Member]:
    """The plain files; links and devices are left out."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            entries = [entry for entry in packed.infolist() if not entry.is_dir() and not _is_link(entry)]
            for number, entry in enumerate(entries):
                yield entry.filename, number / len(entries), lambda entry=entry: packed.open(entry)  # type: ignore[misc]
        return
    size = archive.stat().st_size
    with archive.open("rb") as raw, tarfile.open(fileobj=raw) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name, raw.tell() / size, lambda content=content: content  # type: ignore[misc]


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


def _inside(name: str, archive: Path) -> Path:
    """`name` as a path within a folder. Raises ValueError where it leads out of it."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name:
        raise ValueError(f"{archive} was not unpacked: its file {name} would lie outside of the folder.")
    return Path(*path.parts)


def _merge(source: Path, target: Path) -> None:
    """Move what is in `source` into `target`, which may have some of its folders already."""
    for entry in source.iterdir():
        place = target / entry.name
        if entry.is_dir() and place.is_dir():
            _merge(entry, place)
        else:
            entry.replace(place)
