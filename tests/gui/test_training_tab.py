"""The Training tab: what it draws of a training that is opened from its file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from bench import Bench
from scripted import Scripted, training

from lrgui.core.events import BatchEvent, EndEvent, TaskEvent
from lrgui.core.run_settings import TrainSettings
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job
from lrgui.runs.library import runs_folder
from lrgui.runs.log import LogWriter
from lrgui.runs.words import ENDS


def test_an_opened_training_shows_its_steps(window: MainWindow, bench: Bench) -> None:
    bench.play(Scripted(training()), bench.session.train)
    (log,) = list(Path(runs_folder()).glob("*train*.lrrun"))
    plot = window.tabs.training.plot
    losses = list(plot._losses)
    assert losses and len(plot._planned)
    bench.session.open_run(log)
    assert list(plot._losses) == losses and len(plot._planned) and len(plot.train_loss.points[0])


def test_the_picture_says_when_the_training_began(window: MainWindow, bench: Bench) -> None:
    bench.play(Scripted(training()), bench.session.train)
    shown, began = window.tabs.training.shown(), bench.runs.training
    assert shown is not None and began is not None and began.started is not None
    assert shown.title.endswith(f" · {began.started:%H:%M}")
    path = Path(runs_folder()) / "old.lrrun"
    with LogWriter(path, Job(kind="train"), created=datetime(2020, 5, 4, 3, 2).astimezone()) as log:
        log.write([BatchEvent(0, 0, 1e-3, 2.0, 0.1), EndEvent("cancelled", "Stopped.")])
    assert bench.session.open_run(path)
    shown = window.tabs.training.shown()
    assert shown is not None and shown.title.endswith(" · 4 May 2020 03:02")


def test_a_training_of_impossibly_many_steps_is_opened_without_its_plan(
    window: MainWindow, bench: Bench, tmp_path: Path
) -> None:
    path = tmp_path / "a.lrrun"
    task = TaskEvent("x", "", 10, 0, 10, None, "cpu", 10**11, 10**12)
    with LogWriter(path, Job(kind="train", train=TrainSettings(epochs=10))) as log:
        log.write([task, BatchEvent(0, 0, 1e-3, 2.0, 0.1), EndEvent("cancelled", "Stopped.")])
    assert bench.session.open_run(path)
    assert list(window.tabs.training.plot._losses) == [2.0] and not len(window.tabs.training.plot._planned)


def test_an_interrupted_run_that_is_opened_was_not_stopped_here(
    window: MainWindow, bench: Bench, tmp_path: Path
) -> None:
    bench.session.state_changed.emit("stopping")
    bench.session.run_ended.emit(EndEvent("cancelled", "Stopped."))
    bench.session.state_changed.emit("idle")
    path = tmp_path / "a.lrrun"
    with LogWriter(path, Job(kind="train")) as log:
        log.write([BatchEvent(0, 0, 1e-3, 2.0, 0.1)])
    assert bench.session.open_run(path)
    assert ENDS["killed"] in window.status.text.text()
