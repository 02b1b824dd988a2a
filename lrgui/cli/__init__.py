"""The command line: the same engine as the window's, in words and numbers. One module for each command."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from io import TextIOWrapper

from rich.markup import escape

# Each registers its command; this is the order in which help lists them.
# isort: off
from lrgui.cli import find, run, watch, training, resume, steer, rerun, verify, compare, study, check, new  # noqa: F401
from lrgui.cli import exporting, weights, snippets, runs, targets, scenarios  # noqa: F401

# isort: on
from lrgui.cli.app import Status, app, complain, words
from lrgui.cli.running import Journals, Signals

__all__ = ["Status", "app", "main"]


def main() -> None:
    """The `lrgui` command."""
    if sys.argv[1:2] == ["--worker"]:
        from lrgui.runs.worker import main as work

        raise SystemExit(work())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # an encoding without ★, a file's name that is no text: told all the same
            stream.reconfigure(errors="replace")
    try:
        os.getcwd()
    except OSError:
        complain("The current folder was deleted. Change to another folder (cd) and try again.")
        raise SystemExit(Status.FAILED) from None
    # A pipe that is closed early (head, less) is no failure worth a traceback.
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # here, where it can be told that this is not possible, and not at Python's end
    except SystemExit:
        if Signals.ended_by:
            raise SystemExit(128 + Signals.ended_by) from None
        raise
    except BrokenPipeError:
        _say_no_more()
        raise SystemExit(Status.FAILED) from None
    except Exception as error:
        if getattr(error, "errno", None) == errno.EIO and Signals.ended_by:  # a terminal that was closed
            _say_no_more()
            raise SystemExit(128 + Signals.ended_by) from None
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            _say_no_more()
            complain("The disk is full; the output could not be written." + _kept())
            raise SystemExit(Status.FAILED) from None
        traceback.print_exc()
        words.print(
            "[red]lrgui:[/] Internal error: this is a bug in LR Finder, not in your input. Please report the lines "
            f"above.{escape(_kept())}",
            highlight=False,
        )
        raise SystemExit(Status.FAILED) from None


def _kept() -> str:
    """Where what was measured is, with a space in front; empty where nothing was, or it could not be written."""
    return f" The measurements are in {Journals.kept}." if Journals.kept is not None else ""


def _say_no_more() -> None:
    """Let what waits to be written to standard output go nowhere: nobody takes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
