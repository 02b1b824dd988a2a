"""The window's last run, where that was cut off with the window: its log has no end."""

from __future__ import annotations

from datetime import datetime
from os import SEEK_END
from pathlib import Path

from lrgui.core.events import EndReason
from lrgui.runs.headline import clock
from lrgui.runs.library import SUFFIX
from lrgui.runs.remote.tail import is_locked
from lrgui.runs.summary import RunSummary, summary_of

#: Who wrote the log of a run of the window.
WINDOW = "window"
#: So many bytes at a log's end are looked at first; an end that is longer is found by reading the log.
_TAIL = 4096
_END, _LEFT = b'{"event":"end",', b'{"event":"end","reason":"left",'


def cut_off_since(folder: Path, moment: float) -> RunSummary | None:
    """The newest run of `folder` that a window began and nothing ended, and that was still written after `moment`;
    one that was left on a target is such a run.

    `moment` is in seconds since 1970. Runs that were cut off before they measured anything don't count, nor do those
    that go on, in another window or terminal. None where there is no such run.
    """
    try:
        logs = [(file.stat().st_mtime, file) for file in folder.glob(f"*{SUFFIX}")]
    except OSError:
        return None
    for written, file in sorted(logs, reverse=True):
        if written <= moment:
            break
        if _has_end(file) or is_locked(str(file)):
            continue
        run = summary_of(file)
        open_end = run.end == EndReason.LEFT or (not run.end and run.points)
        if run.origin == WINDOW and not run.problem and open_end:
            return run
    return None


def _has_end(log: Path) -> bool:
    """Whether the last line of `log` says how the run itself ended; this spares reading all of it."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, file.seek(0, SEEK_END) - _TAIL))
            last = file.read().rstrip().rpartition(b"\n")[2]
            return last.startswith(_END) and not last.startswith(_LEFT)
    except OSError:
        return True  # nobody can say what it holds


def cut_off_words(run: RunSummary, target: str = "") -> str:
    """What to say about it: "The sweep of 15:47 (digits · small CNN) was cut off …". `target` is where it was sent."""
    began = clock(datetime.fromtimestamp(run.created).astimezone())
    what = f"The {run.kind_words.lower()} of {began} ({run.task})"
    if target:
        return f"{what} was sent to {target}, and may still be going on there."
    kept = f"Its {run.points:,} steps are kept." if run.points != 1 else "Its one step is kept."
    return f"{what} was cut off when the program ended. {kept}"
