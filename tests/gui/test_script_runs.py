"""The run of a training script opens as any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from lrgui.core.events import BatchEvent, EndEvent, EndReason, Event, ScriptEvent, StateEvent, TaskEvent
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job, switched
from lrgui.runs.log import LogWriter
from lrgui.tasks.user.rows import SCRIPT


def logged(folder: Path) -> Path:
    """A sweep of a script that is not there any more."""
    job = switched(Job(), SCRIPT, str(folder / "gone" / "train.py"))
    job = replace(job, task=replace(job.task, arguments="--lr 0.1", options={"folder": str(folder), "optimizer": 1}))
    lr = np.geomspace(1e-6, 1.0, 200).tolist()
    x = np.linspace(-6, 0, 200)
    loss = (2.3 - 2 / (1 + np.exp(-4 * (x + 2.5))) + 3 * np.maximum(x + 1, 0) ** 2).tolist()
    events: list[Event] = [
        TaskEvent("train.py · SGD", "", 0, 0, 2, None, "cpu", 0, 200),
        StateEvent("running"),
        *(BatchEvent(0, step, lr[step], loss[step], step / 100) for step in range(200)),
        ScriptEvent("SGD", 0, 1, 1, 200, 1, 0.1, 0.1, 0.1),
        EndEvent(EndReason.COMPLETED, "All 200 steps measured."),
    ]
    with LogWriter(folder / "script.lrrun", job) as log:
        log.write(events)
    return folder / "script.lrrun"


def test_it_is_shown_with_its_curve(window: MainWindow, tmp_path: Path) -> None:
    session = window.session
    assert session.open_run(logged(tmp_path))
    session.use_visited()
    QApplication.processEvents()
    window.grab()
    assert session.job.task.is_script
    reading = session.runs.reading
    assert reading is not None
    assert len(reading.curve) == 200
    assert window.banner.text == ""
