"""Where runs are kept, and what their files are called."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import combining, normalize

from lrgui.core.events import RunKind
from lrgui.places import runs_folder
from lrgui.runs.job import Job
from lrgui.runs.lines import SUFFIX as SUFFIX

if TYPE_CHECKING:
    from lrgui.runs.log_writer import LogWriter


def new_path(job: Job, now: datetime | None = None) -> Path:
    """A new, empty file for the log of `job`, named after the moment (local time) and the task.

    The file is made at once and exclusively, so that no two runs ever share one. Raises OSError where the
    folder cannot be written.
    """
    folder = runs_folder()
    folder.mkdir(parents=True, exist_ok=True)
    stem = _stem(job, now or datetime.now())
    number = 1
    while True:
        path = folder / (stem + (f"-{number}" if number > 1 else "") + SUFFIX)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            number += 1
        else:
            return path


def start_log(job: Job, origin: str = "", follow: Callable[[Path], object] | None = None) -> LogWriter:
    """A log for `job` in the runs folder. Never raises: if it cannot be made, the writer has a `problem`.

    `follow` is told the log's file, to read it while it grows.
    """
    writer = _start_log(job, origin)
    if follow is not None:
        follow(writer.path)
    return writer


def _start_log(job: Job, origin: str) -> LogWriter:
    from lrgui.runs.log_writer import LogWriter

    try:
        path = new_path(job)
    except OSError as error:
        # What kept the folder from being made says more than that it is not there.
        return LogWriter(runs_folder() / (_stem(job, datetime.now()) + SUFFIX), job, origin=origin, refused=error)
    return LogWriter(path, job, origin=origin)


#: What a file's name says of a run that is no sweep.
_KIND_WORDS: dict[str, tuple[str, ...]] = {RunKind.TRAIN: ("training",), RunKind.RACE: ("race",)}


def _stem(job: Job, now: datetime) -> str:
    return dated_name([*job.task.file_words, *_KIND_WORDS.get(job.kind, ())], now)


def dated_name(words: Sequence[str], now: datetime) -> str:
    """A file's name without its ending: "2026-11-30_154700_digits-cnn-sgd".

    In ASCII, for every file system and the other end of any connection; letters with accents stay as those without.
    """
    plain = ("".join(letter for letter in normalize("NFKD", word) if not combining(letter)) for word in words)
    name = "-".join(re.sub(r"[^A-Za-z0-9._]+", "-", word).strip("-.") or "task" for word in plain)
    return f"{now:%Y-%m-%d_%H%M%S}_{name[:80]}"
