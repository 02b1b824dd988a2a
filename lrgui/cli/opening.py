"""A saved run, opened for a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from lrgui.cli.app import fail, say

if TYPE_CHECKING:
    from lrgui.runs.opened import OpenedRun


def opened_run(path: Path) -> OpenedRun:
    """The run, with its warnings said; leaves where it cannot be read."""
    from lrgui.runs.opened import open_run, why_not_opened

    try:
        opened = open_run(path)
    except (OSError, ValueError) as error:
        fail(why_not_opened(path, error))
    for warning in opened.warnings:
        say(warning)
    return opened


def leave_empty(path: Path) -> NoReturn:
    """Leave because nothing was measured."""
    fail(f"{path} contains no points: the run ended before its first batch.")
