"""The process that records one run with one tracker: it reads the run's log as it grows, and speaks only if it fails.

The end of its standard input says that nothing more will come: its run is over, or the process that started it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from lrgui.export.trackers import Target, TrackerError
from lrgui.export.trackers.tracked_run import About
from lrgui.runs.headline import headline
from lrgui.runs.log_reader import LogReader
from lrgui.runs.opened import open_run, why_not_opened

#: Seconds between two looks at a log that may have grown.
LOOK = 0.3
#: How much of the processor the process leaves to the run.
NICE = 10
#: Characters of a package's own words.
MOST_WORDS = 160


def main() -> None:
    """Record the run whose log the arguments name; a sentence on standard output says why that failed."""
    key, place, log = sys.argv[1:4]
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # packages print there whatever they like
        os.dup2(nowhere, stream)
    if hasattr(os, "nice"):
        os.nice(NICE)
    over = threading.Event()

    def listen() -> None:
        while os.read(0, 1):
            pass
        over.set()

    threading.Thread(target=listen, name="lrgui tracker listens", daemon=True).start()
    target = Target.of(key, place)
    try:
        record(target, Path(log), over.is_set)
    except Exception as error:  # whatever a package raises, the person gets a sentence
        out.write(f"{why_not(target, error)}\n")
        out.close()
        sys.exit(1)


def why_not(target: Target, error: Exception) -> str:
    """One sentence on why a run was not recorded."""
    if isinstance(error, TrackerError):
        return str(error)
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    words = " ".join(said.split()).rstrip(".")
    words = words if len(words) <= MOST_WORDS else f"{words[:MOST_WORDS]}…"
    return f"{target.row.name} could not record the run in {target.place} ({words}). The run itself is not affected."


def record(target: Target, log: Path, over: Callable[[], bool] = lambda: True) -> None:
    """Record the run in `log`, which grows until `over` says that it will not any more: one that was resumed has
    several ends.

    Raises TrackerError with a sentence, and whatever the tracker's package raises.
    """
    from lrgui.export.trackers.results import ending_of  # what draws is not needed before
    from lrgui.export.trackers.story import Story, parameters_of

    row = target.row
    if row.missing:
        raise TrackerError(row.missing)
    reader = _opened(log, over)
    job = reader.job
    created = reader.created or datetime.now().astimezone()
    about = About(headline(job), log.stem, job.kind, created, parameters_of(job))
    story = Story(about, lambda known: row.begin(target.place, known), row.most_points)
    last = False

    def more() -> bool:
        """Whether to look for more, after a while."""
        nonlocal last
        if last:
            return False
        story.flush()
        last = over()  # what was written until then is still to be read
        if not last:
            time.sleep(LOOK)
        return True

    with reader:
        reader.more = more
        for pieces in reader:
            story.add(pieces)
    story.close(ending_of(open_run(log), row.files))


def _opened(log: Path, over: Callable[[], bool]) -> LogReader:
    """The log, once its first line is there. Raises TrackerError."""
    while True:
        last = over()
        try:
            return LogReader(log)
        except (OSError, ValueError) as error:
            if last:
                raise TrackerError(f"Nothing was recorded: {why_not_opened(log, error)}") from None
        time.sleep(LOOK)


if __name__ == "__main__":
    main()
