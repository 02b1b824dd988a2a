"""The window's last run, where that was cut off with the window: its log has no end."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from lrgui.runs.headline import clock
from lrgui.runs.library import SUFFIX
from lrgui.runs.summary import RunSummary, summary_of

#: Who wrote the log of a run of the window.
WINDOW = "window"


def cut_off_since(folder: Path, moment: float) -> RunSummary | None:
    """The newest run of `folder`, where a window began it, nothing ended it, and it was still written after `moment`.

    `moment` is in seconds since 1970. None where there is no such run, or it has measured nothing.
    """
    try:
        logs = [(file.stat().st_mtime, file) for file in folder.glob(f"*{SUFFIX}")]
    except OSError:
        return None
    written, newest = max(logs, default=(0.0, None))
    if newest is None or written <= moment:
        return None
    run = summary_of(newest)
    return run if run.origin == WINDOW and not run.end and not run.problem and run.points else None


def cut_off_words(run: RunSummary) -> str:
    """What to say about it: "The sweep of 15:47 (digits · small CNN) was cut off …"."""
    began = clock(datetime.fromtimestamp(run.created).astimezone())
    kept = f"Its {run.points:,} steps are kept." if run.points != 1 else "Its one step is kept."
    return f"The {run.kind_words.lower()} of {began} ({run.task}) was cut off when the program ended. {kept}"
