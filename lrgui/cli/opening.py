"""A saved run, opened for a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from lrgui.cli.app import Status, fail, say

if TYPE_CHECKING:
    from lrgui.runs.job import Job
    from lrgui.runs.opened import OpenedRun


def opened_run(path: Path, quiet: bool = False) -> OpenedRun:
    """The run, with its warnings said unless `quiet`; leaves where it cannot be read."""
    from lrgui.runs.opened import open_run, why_not_opened

    try:
        opened = open_run(path)
    except FileNotFoundError:
        fail(f"There is no run {path}: “lrgui runs” lists those that were kept.")
    except (OSError, ValueError) as error:
        fail(why_not_opened(path, error))
    for warning in () if quiet else opened.warnings:
        say(warning)
    return opened


def place_of(run: Path) -> Path:
    """The file of a saved run: as it was named, or of that name among the runs that were kept."""
    if run.exists() or run.name != str(run):
        return run
    return next((place for place in _in_runs_folder(run) if place.exists()), run)


def _in_runs_folder(run: Path) -> tuple[Path, ...]:
    from lrgui.places import runs_folder
    from lrgui.runs.library import SUFFIX

    return runs_folder() / run, runs_folder() / f"{run}{SUFFIX}"


def may_run(job: Job, log: Path, trusted: bool) -> None:
    """Leave with a sentence where a run from elsewhere names code that nobody has trusted on this computer: a file that
    somebody was given must not run what it names. `trusted` is what the person said themselves."""
    from lrgui.places import runs_folder
    from lrgui.runs.trust import Trust, trust_file

    if trusted or not job.task.is_code or log.resolve().parent == runs_folder().resolve():
        return
    question = Trust(trust_file()).question(job.task.path)
    if question is not None:
        fail(f"{question.sentence} This run names it: look at {question.path}, then add --trust.", Status.BAD_ARGUMENTS)


def leave_empty(path: Path) -> NoReturn:
    """Leave because nothing was measured."""
    fail(f"{path} contains no points: the run ended before its first batch.")
