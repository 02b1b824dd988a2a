"""A log without an end is of a run that goes on, or of one that was cut off: everything that names it knows which."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from scripted import sweep

from lrgui.runs import going_on
from lrgui.runs.index import RunIndex
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter
from lrgui.runs.log_reader import GOES_ON
from lrgui.runs.opened import open_run
from lrgui.runs.overlaid import OverlaidRun


def told(path: Path) -> tuple[str, str, list[str]]:
    """What the list, a comparison and whoever opens it say of a run."""
    opened = open_run(path)
    (kept,) = RunIndex(path.parent).all()
    return kept.ended, OverlaidRun.of(opened, path).ended, opened.warnings


def test_it_is_running_while_it_is_written_and_incomplete_afterwards(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "a.lrrun", Job()) as log:
        log.write(sweep()[0])
        assert told(log.path) == ("running", "running", [GOES_ON])
    assert told(log.path) == ("incomplete", "incomplete", ["The log is incomplete: the run was interrupted."])
    assert not going_on.goes_on(tmp_path / "none.lrrun")


def test_without_locks_a_log_that_was_just_written_to_is_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(going_on, "is_locked", lambda _path: None)
    path = tmp_path / "a.lrrun"
    path.write_text("")
    assert going_on.goes_on(path)
    os.utime(path, (1e9, 1e9))
    assert not going_on.goes_on(path)
