"""The checkpoints of a training: files in a folder beside its log. Which there are, which go, what they take.

`NAME.lrrun` has `NAME.checkpoints/`, with `last-STEP.safetensors`, the whole state after so many optimizer steps (see
`core/engine/training_state.py`; `last-STEP-end` of a training that is complete), and `best-STEP.safetensors`, the
weights alone, of the best epoch. The last two states are kept, of a training that is complete only its last one, and
of the best weights one file.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lrgui.core import tensor_file
from lrgui.core.events import RunKind
from lrgui.core.tensor_file import Contents, File
from lrgui.runs.job import Job, Keeping
from lrgui.runs.lines import SUFFIX

#: What the folder is called, in the place of the log's own suffix.
FOLDER = ".checkpoints"
LAST, BEST = "last", "best"
#: The rule by which old ones go, for people.
RULE = "Kept are the last two states of a training (of a complete one its last) and its best weights."
#: States that are kept of a training that goes on.
KEPT = 2
#: The text in a file that says what it is of, and what a name begins with in a state.
ABOUT, WEIGHTS = "lrgui", "model."
_NAME = re.compile(r"(last|best)-(\d+)(-end)?\.safetensors")
_PART = re.compile(r"\.lrgui-.*\.part")


@dataclass(frozen=True)
class Checkpoint:
    """One file of a training."""

    path: Path
    kind: str
    """`LAST` or `BEST`."""
    step: int
    """Optimizer steps that were made."""
    size: int
    """In bytes."""
    over: bool = False
    """True for the last state of a complete training."""

    def about(self) -> dict[str, Any]:
        """What it says of itself: `step`, `epoch`, `loss` (of the best), `over`. Raises as `tensor_file.read`."""
        return about(tensor_file.read(self.path))


def about(contents: Contents) -> dict[str, Any]:
    """What a checkpoint says of itself, empty for another file."""
    try:
        said = json.loads(contents.texts.get(ABOUT, "{}"))
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {}


def folder_of(log: Path) -> Path:
    """Where the checkpoints of the run with this log are, if it has any."""
    return log.with_name(log.name.removesuffix(SUFFIX) + FOLDER)


def name_of(kind: str, step: int, over: bool = False) -> str:
    """The name of a checkpoint's file."""
    return f"{kind}-{step:09d}{'-end' if over else ''}.safetensors"


def checkpoints(folder: Path) -> list[Checkpoint]:
    """Those in a folder, the newest first; none where there is no such folder. Files are complete or not there."""
    found = [one for name, size in _sizes(folder).items() if (one := checkpoint_named(folder, name, size)) is not None]
    return sorted(found, key=lambda one: (one.step, one.over), reverse=True)


def checkpoint_named(folder: Path, name: str, size: int) -> Checkpoint | None:
    """The checkpoint that a file of this name and size is in `folder`, None for any other file."""
    match = _NAME.fullmatch(name)
    return None if match is None else Checkpoint(folder / name, match[1], int(match[2]), size, match[3] is not None)


def newest(folder: Path, kind: str, steps: int | None = None) -> Checkpoint | None:
    """The newest of a kind that can be read; one of at most so many `steps` where there is one: those that the log
    has."""
    found = [one for one in checkpoints(folder) if one.kind == kind and _is_whole(one)]
    within = [one for one in found if steps is None or one.step <= steps]
    return next(iter(within or found), None)


def size_of(log: Path) -> int:
    """Bytes that the checkpoints of a run take; 0 where it has none."""
    return sum(_sizes(folder_of(log)).values())


def forget_later(folder: Path, step: int) -> None:
    """Remove the states after `step`: a training goes on from that one, and makes them again."""
    for one in checkpoints(folder):
        if one.kind == LAST and one.step > step:
            _remove(one.path)


def thin(folder: Path, over: bool = False) -> None:
    """Remove what is not kept any longer (`RULE`), and what a process that was killed left half written."""
    found = checkpoints(folder)
    for kind, most in ((LAST, 1 if over else KEPT), (BEST, 1)):
        for old in [one for one in found if one.kind == kind][most:]:
            _remove(old.path)
    for entry in _entries(folder):
        if _PART.fullmatch(entry.name):
            _remove(Path(entry.path))


def remove(folder: Path) -> None:
    """Remove a folder of checkpoints; anything else in it stays. Never raises."""
    for entry in _entries(folder):
        if _NAME.fullmatch(entry.name) or _PART.fullmatch(entry.name):
            _remove(Path(entry.path))
    with contextlib.suppress(OSError):
        folder.rmdir()


def with_checkpoints(job: Job, log: Path) -> Job:
    """The job, told to keep checkpoints beside its log, where it is a training that does."""
    if job.kind != RunKind.TRAIN or job.task.is_script or not job.train.checkpoints or job.keeping is not None:
        return job
    return replace(job, keeping=Keeping(str(folder_of(log).absolute())))


def weights_in(one: Checkpoint) -> File:
    """The weights of a checkpoint as a file of their own, with the names that the model gives them.

    Raises OSError where it cannot be read, ValueError with a sentence where it is damaged.
    """
    contents = tensor_file.read(one.path)
    prefix = WEIGHTS if one.kind == LAST else ""
    found = {name.removeprefix(prefix): each for name, each in contents.tensors.items() if name.startswith(prefix)}
    return File(found, {"format": "pt"})  # which other libraries ask for


def _is_whole(one: Checkpoint) -> bool:
    try:
        tensor_file.read(one.path)
    except (OSError, ValueError):
        return False
    return True


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _sizes(folder: Path) -> dict[str, int]:
    """Bytes of each of its files, by name."""
    found: dict[str, int] = {}
    for entry in _entries(folder):
        with contextlib.suppress(OSError):  # thinned meanwhile
            found[entry.name] = entry.stat().st_size
    return found


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        pass  # it is looked for again with the next one
