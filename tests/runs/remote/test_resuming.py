"""What is to be done so that a training on a target goes on; that it then does: `tests/test_cli_resume_there.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from scripted import points, task

from lrgui.core.events import EndEvent, EndReason, EpochEvent, Event, OutputEvent, RunState, StateEvent, Stream
from lrgui.runs.going_on import goes_on
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.opened import open_run
from lrgui.runs.remote import connection
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.checkpoints import bring, states_there
from lrgui.runs.remote.resuming import resumption
from lrgui.runs.remote.whereabouts import where_words
from lrgui.runs.resuming import NotResumableError
from lrgui.runs.targets import HERE, Target, save_targets

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


class GivenUp(Exception):  # noqa: N818
    pass


def give_up() -> None:
    raise GivenUp


def test_nobody_has_to_wait_for_a_machine_that_says_nothing(
    tmp_path: Path, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = [sys.executable, "-c", "import sys; sys.stdin.buffer.read()"]
    monkeypatch.setattr(connection, "command_on", lambda _host, _command: silent)
    address = Address.parse("ssh://gpu/home/me/run.lrrun")
    with start_log(Job("train")) as log:
        log.write([OutputEvent(where_words("box", address), Stream.NOTE), *points()[:20]])
    with pytest.raises(GivenUp):
        resumption(log.path, open_run(log.path), HERE, waiting=give_up)
    assert not goes_on(log.path), "nobody holds it any longer"
    with pytest.raises(GivenUp):
        states_there(address, log.path, waiting=give_up)
    with pytest.raises(GivenUp):
        bring(address, log.path, ["last"], waiting=give_up)
