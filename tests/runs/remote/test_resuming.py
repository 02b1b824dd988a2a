"""What is to be done so that a training on a target goes on; that it then does: `tests/test_cli_resume_there.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted import points, task

from lrgui.core.events import EndEvent, EndReason, EpochEvent, Event, OutputEvent, RunState, StateEvent, Stream
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.opened import open_run
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.resuming import resumption
from lrgui.runs.remote.whereabouts import where_words
from lrgui.runs.resuming import NotResumableError
from lrgui.runs.targets import Target, save_targets

DONE = EndEvent(EndReason.COMPLETED, "All epochs were trained.")


@pytest.mark.parametrize("left", [True, False])
def test_one_that_has_ended_there_meanwhile_is_only_looked_at(tmp_path: Path, own_folders: Path, left: bool) -> None:
    save_targets([Target("four", "torchrun")])
    there = tmp_path / "run.lrrun"
    events: list[Event] = [
        StateEvent(RunState.RUNNING),
        task(),
        *points()[:60],
        EpochEvent(1, 2.0, None, None, None, 1e-2, 1.0),
    ]
    with LogWriter(there, Job("train")) as log:
        log.write([*events, DONE])
    with start_log(Job("train")) as log:
        log.write([OutputEvent(where_words("four", Address(str(there))), Stream.NOTE), *events[:20]])
        log.write([EndEvent(EndReason.LEFT, "Stopped following.")] if left else [])
    found = resumption(log.path, open_run(log.path))
    assert found.over and found.source is None
    assert len(found.opened.record) == 60 and found.opened.record.end == DONE
    with pytest.raises(NotResumableError):  # who asks again knows that it has ended
        resumption(log.path, open_run(log.path))
