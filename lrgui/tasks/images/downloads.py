"""Downloads what a data set lacks, and unpacks it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from lrgui.core.control import Control
from lrgui.core.events import StateEvent
from lrgui.core.options import filled
from lrgui.tasks.images.fetching import RemoteFile, fetch, is_there
from lrgui.tasks.images.remote_files import missing_files
from lrgui.tasks.images.rows import SETS
from lrgui.tasks.images.unpacking import unpack
from lrgui.tasks.spec import TaskSpec


def prepare(spec: TaskSpec, control: Control) -> Iterator[StateEvent]:
    """Download what is missing of the data set that `spec` names; nothing happens where all is there.

    Ends early where `control` was cancelled; what was downloaded stays in `.part` files and is taken up again.
    Raises ValueError, with a sentence, where the files cannot be had.
    """
    image_set = SETS[spec.source]
    options = filled(image_set.row.options, spec.options)
    folder = folder_of(spec)
    try:
        missing = missing_files(image_set, options, folder)
        if missing and not options["download"]:
            raise ValueError(not_there(image_set.label, missing))
        for number, wanted in enumerate(missing):
            title = image_set.label if len(missing) == 1 else f"{image_set.label} ({number + 1} of {len(missing)})"
            ours = not is_there(wanted)
            if ours:
                reasons = yield from fetch(wanted, title, control)
                if reasons:
                    raise ValueError(
                        f"{image_set.label} could not be downloaded: {'; '.join(reasons)}. "
                        f"Try again later, or {_by_hand(missing[number:])}."
                    )
            if wanted.unpack is not None and not control.cancelled:
                yield from unpack(wanted.file, wanted.unpack, title, control)
                if ours and not control.cancelled:
                    wanted.file.unlink()  # all of it lies beside it now
            if control.cancelled:
                return
    except OSError as error:
        raise ValueError(no_writing(error, folder)) from error


def folder_of(spec: TaskSpec) -> Path:
    """The folder that data sets lie in."""
    row = SETS[spec.source].row.path
    assert row is not None
    return Path(os.path.expanduser(spec.path or row.default))


def not_there(label: str, missing: Sequence[RemoteFile]) -> str:
    """The sentence for a data set that is not there and may not be downloaded."""
    return f"{label} is not there: switch Download on, or {_by_hand(missing)}."


def _by_hand(missing: Sequence[RemoteFile]) -> str:
    return f"put {', '.join(wanted.file.name for wanted in missing)} into {missing[0].file.parent} yourself"


def no_writing(error: OSError, folder: Path) -> str:
    """The sentence for a folder that cannot be written."""
    if error.errno == errno.ENOSPC:
        return f"The disk is full: make room beside {folder}, or choose another folder."
    place = error.filename or folder
    return f"{place} cannot be written ({error.strerror or error}). Choose another folder."
