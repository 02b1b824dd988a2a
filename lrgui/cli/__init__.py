"""The command line: the same engine as the window's, in words and numbers. One module for each command."""

from __future__ import annotations

import os
import sys
import traceback

# Each registers its command; this is the order in which help lists them.
# isort: off
from lrgui.cli import find, training, verify, compare, check, new, exporting, scenarios  # noqa: F401

# isort: on
from lrgui.cli.app import Status, app, words

__all__ = ["Status", "app", "main"]


def main() -> None:
    """The `lrgui` command."""
    if sys.argv[1:2] == ["--worker"]:
        from lrgui.runs.worker import main as work

        raise SystemExit(work())
    # A pipe that is closed early (head, less) is no failure worth a traceback.
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(Status.FAILED) from None
    except Exception:
        traceback.print_exc()
        words.print(
            "[red]lrgui:[/] This should not have happened: a mistake in the program, not in your input. Please "
            "report the lines above. What was measured is kept in the runs folder.",
            highlight=False,
        )
        raise SystemExit(Status.FAILED) from None
