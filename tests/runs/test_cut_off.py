"""A run of the window whose end nobody wrote."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from lrgui.core.events import BatchEvent, EndEvent, Event, StateEvent
from lrgui.runs.cut_off import cut_off_since, cut_off_words
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.summary import RunSummary

POINTS: list[Event] = [BatchEvent(0, i, 10.0 ** (-6 + i / 20), 2.3, 0.01 * i) for i in range(40)]


def kept(folder: Path, name: str, events: list[Event], written: float, origin: str = "window") -> None:
    writer = LogWriter(folder / name, Job(), origin=origin)
    writer.write([StateEvent("running"), *events])
    writer.close()
    os.utime(folder / name, (written, written))


@pytest.mark.parametrize(
    ("events", "written", "origin", "found"),
    [
        (POINTS, 200.0, "window", True),
        (POINTS, 100.0, "window", False),
        ([*POINTS, EndEvent("completed", "All.")], 200.0, "window", False),
        (POINTS, 200.0, "command line", False),
        ([], 200.0, "window", False),
        ([EndEvent("left", "Stopped following.")], 200.0, "window", True),
        ([EndEvent("left", "Stopped following.")], 100.0, "window", False),
        ([*POINTS, EndEvent("left", "Stopped following.")], 200.0, "command line", False),
    ],
)
def test_only_the_windows_last_run_without_an_end_counts(
    tmp_path: Path, events: list[Event], written: float, origin: str, found: bool
) -> None:
    kept(tmp_path, "a.lrrun", POINTS, 50.0)
    kept(tmp_path, "b.lrrun", events, written, origin)
    run = cut_off_since(tmp_path, 150.0)
    assert (run is not None) is found
    assert run is None or run.file == "b.lrrun"


def test_what_others_wrote_since_hides_it_not(tmp_path: Path) -> None:
    """A terminal that measures, or another window, goes on writing while this one is gone."""
    end = EndEvent("failed", "A long story. " * 1000)
    kept(tmp_path, "a.lrrun", POINTS, 160.0)
    kept(tmp_path, "b.lrrun", POINTS, 170.0)
    kept(tmp_path, "c.lrrun", [*POINTS, end], 180.0)
    kept(tmp_path, "d.lrrun", POINTS, 190.0, "command line")
    found = cut_off_since(tmp_path, 150.0)
    assert found is not None and found.file == "b.lrrun"


def test_a_run_that_goes_on_in_another_window_was_not_cut_off(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "a.lrrun", Job(), origin="window") as writer:
        writer.write([StateEvent("running"), *POINTS])
        assert cut_off_since(tmp_path, 0.0) is None


def test_no_folder_and_no_log_are_no_run(tmp_path: Path) -> None:
    assert cut_off_since(tmp_path, 0.0) is None
    assert cut_off_since(tmp_path / "none", 0.0) is None
    (tmp_path / "a.lrrun").write_text("no log")
    assert cut_off_since(tmp_path, 0.0) is None


def test_it_is_said_in_words() -> None:
    run = RunSummary("a.lrrun", 0, 0, "sweep", "digits · small CNN", points=1240)
    assert cut_off_words(run).endswith(
        " (digits · small CNN) was cut off when the program ended. Its 1,240 steps are kept."
    )
    assert cut_off_words(replace(run, points=1)).endswith("Its one step is kept.")
    assert cut_off_words(run, "box").endswith(" was sent to box, and may still be going on there.")
