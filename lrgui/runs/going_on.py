"""Whether the run of a log that has no end still goes on, in whatever program of this machine."""

from __future__ import annotations

import time
from pathlib import Path

from lrgui.runs.remote.tail import is_locked

#: Where the system has no locks, a log that was written to so short a time ago, in seconds, is still being written.
STILL = 60.0


def goes_on(log: Path | str) -> bool:
    """True while somebody writes to the log: whoever does holds it (`log_writer.hold`)."""
    held = is_locked(str(log))
    if held is not None:
        return held
    try:
        return time.time() - Path(log).stat().st_mtime < STILL
    except OSError:
        return False
