"""Trainings that were kept, in the window: resumed, trained for more epochs, their weights written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from scripted import Scripted

from lrgui.core.events import BatchEvent, EndEvent, Event, OutputEvent, ResumeEvent, StateEvent, Stream
from lrgui.core.run_settings import TrainSettings
from lrgui.gui import loading
from lrgui.gui.notice import Notice
from lrgui.gui.runs_drawer import RunsDrawer
from lrgui.gui.window import MainWindow
from lrgui.runs.checkpoints import folder_of, with_checkpoints
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter, read_log
from lrgui.runs.opened import OpenedRun, open_run
from lrgui.runs.remote import resuming
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.connection import RemoteError
from lrgui.runs.remote.resuming import Resumption
from lrgui.runs.remote.whereabouts import where_words
from lrgui.runs.resuming import DIVERGED
from lrgui.runs.targets import HERE, Target, save_targets
from lrgui.tasks.spec import TaskSpec

Training = Callable[..., Path]


@pytest.fixture
def training(own_folders: Path) -> Training:
    """Makes a real training of two epochs, stopped after so many steps, among the runs; it ended so."""

    def make(steps: int | None, reason: str = "") -> Path:
        log = own_folders / "runs" / "a.lrrun"
        log.parent.mkdir(exist_ok=True)
        job = Job("train", TaskSpec(device="cpu"), train=TrainSettings(epochs=2, checkpoints=1e-9))
        from lrgui.core.control import Control

        control = Control()
        with LogWriter(log, job) as writer:
            for event in run_job(with_checkpoints(job, log), control):
                writer.write([replace(event, reason=reason) if reason and isinstance(event, EndEvent) else event])
                if isinstance(event, BatchEvent) and event.step == steps:
                    control.cancel()
        return log

    return make


def test_a_stopped_training_is_resumed(window: MainWindow, bench: Bench, training: Training) -> None:
    log = training(30)
    assert bench.session.open_run(log)
    kept = window.tabs.training.kept
    assert not kept.resume.isHidden() and kept.more.isHidden() and not kept.save.isHidden()
    rest: list[Event] = [
        ResumeEvent(31, 1, 42, 1.0),
        *(BatchEvent(0, step, 1e-3, 1.0, 1.0 + step / 10) for step in range(31, 42)),
        EndEvent("completed", "All 2 epochs were trained."),
    ]
    bench.play(Scripted([rest]), lambda: bench.session.resume(log))
    record = bench.runs.training
    assert record is not None and record.steps.tolist() == list(range(42)) and record.end_reason == "completed"
    assert len(window.tabs.training.plot.loss.losses) == 42 and len(window.tabs.training.plot.rate.plan) == 42


def test_one_that_diverged_is_not_offered_to_go_on(window: MainWindow, bench: Bench, training: Training) -> None:
    log = training(30, "diverged")
    assert bench.session.open_run(log)
    resume = window.tabs.training.kept.resume
    assert not resume.isHidden() and not resume.isEnabled() and resume.toolTip() == DIVERGED
    window.toggle_runs()
    drawer = window.findChild(RunsDrawer)
    bench.qtbot.waitUntil(lambda: drawer.model.rowCount() == 1)
    drawer.list.setCurrentIndex(drawer.model.index(0))
    assert not drawer.resume_button.isEnabled() and drawer.resume_button.toolTip() == DIVERGED


def test_a_long_log_is_read_away_from_the_window_s_thread(
    window: MainWindow, bench: Bench, training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, session = training(30), bench.session
    monkeypatch.setattr(loading, "MOST_BYTES", 100)
    told: list[Notice | None] = []
    session.noticed.connect(told.append)
    bench.source = Scripted([[ResumeEvent(31, 1, 42, 1.0), EndEvent("completed", "All 2 epochs were trained.")]])
    session.resume(log)
    assert session.state == "idle" and not bench.jobs, "nothing is read in the window's thread"
    assert told[-1] is not None and (told[-1].text, told[-1].action) == ("Resuming a.lrrun: 0 %", "Cancel")
    session.loading.give_up()
    bench.qtbot.wait(50)
    assert session.state == "idle" and not bench.jobs and told[-1] is None
    with bench.qtbot.waitSignal(session.run_ended):
        session.resume(log)
    assert len(bench.jobs) == 1 and bench.jobs[0].keeping is not None
    session.resume(log, 3)  # whoever starts something else meanwhile wants that
    session.train()
    bench.qtbot.waitUntil(lambda: session.state == "idle")
    bench.qtbot.wait(50)
    assert len(bench.jobs) == 2 and bench.jobs[1].train.epochs != 5
    with bench.qtbot.waitSignal(session.noticed), bench.qtbot.waitSignal(session.noticed):
        session.resume(log.with_name("none.lrrun"))
    assert told[-1] is not None and "none.lrrun" in told[-1].text


def test_a_complete_one_gets_more_epochs(window: MainWindow, bench: Bench, training: Training) -> None:
    log = training(None)
    assert bench.session.open_run(log)
    kept = window.tabs.training.kept
    assert kept.resume.isHidden() and not kept.more.isHidden()
    told: list[str] = []
    bench.session.noticed.connect(lambda notice: told.append(notice.text if notice else ""))
    bench.session.resume(log)
    assert "This training is complete" in told[-1]
    rest: list[Event] = [
        ResumeEvent(42, 2, 84, 1.0, 42),
        *(BatchEvent(0, step, 1e-3, 1.0, 1.0 + step / 10) for step in range(42, 84)),
        EndEvent("completed", "All 4 epochs were trained."),
    ]
    bench.play(Scripted([rest]), lambda: bench.session.resume(log, 2))
    job, record = bench.runs.training_job, bench.runs.training
    assert job is not None and job.train.epochs == 4 and record is not None and record.task is not None
    assert record.task.steps == 84 and len(record) == 84
    planned = window.tabs.training.plot.rate.plan
    assert len(planned) == 84 and planned[42] == pytest.approx(planned[0]) and planned[41] < planned[0] / 10


def test_its_weights_are_written_with_the_code_that_loads_them(
    window: MainWindow, bench: Bench, training: Training, tmp_path: Path
) -> None:
    from PySide6.QtGui import QGuiApplication

    log = training(None)
    assert bench.session.open_run(log)
    told = []
    bench.session.noticed.connect(told.append)
    with bench.qtbot.waitSignal(bench.session.noticed):
        window.tabs.training.kept.write(str(tmp_path / "w.safetensors"))
        assert not window.tabs.training.kept.save.isEnabled()
    assert window.tabs.training.kept.save.isEnabled()
    assert (tmp_path / "w.safetensors").is_file() and "weights of the best epoch" in told[-1].text
    told[-1].act()
    assert "load_state_dict" in QGuiApplication.clipboard().text()
    with bench.qtbot.waitSignal(bench.session.noticed):
        window.tabs.training.kept.write(str(tmp_path / "no" / "w.safetensors"))
    assert "could not be written" in told[-1].text


def test_a_run_that_is_run_again_is_compared(window: MainWindow, bench: Bench, training: Training) -> None:
    log = training(None)
    job, told = open_run(log).job, []
    bench.session.noticed.connect(told.append)
    events = [event for event in read_log(log).events if not isinstance(event, EndEvent)]
    end = EndEvent("completed", "")
    bench.play(Scripted([[*events, end]]), lambda: bench.session.run_again(job, log))
    assert [notice.text for notice in told if notice is not None][-1].startswith("The same as a.lrrun: all ")
    events[-1] = replace(events[-1], train_loss=0.5)  # type: ignore[type-var, call-arg]
    bench.play(Scripted([[*events, end]]), lambda: bench.session.run_again(job, log))
    last = [notice for notice in told if notice is not None][-1]
    assert last.kind == "warning" and last.text.startswith("Not the same as a.lrrun, after ")


def test_a_training_that_begins_is_told_where_to_keep_itself(window: MainWindow, bench: Bench) -> None:
    seen: list[Job] = []
    bench.session._open_source = lambda job: seen.append(job) or Scripted([[EndEvent("cancelled", "")]])  # type: ignore[func-returns-value]
    bench.play(Scripted([[EndEvent("cancelled", "")]]), bench.session.train)
    record = bench.runs.training
    assert record is not None and record.log is not None
    assert not folder_of(record.log).exists() and window.tabs.training.kept.resume.isHidden()
    assert replace(bench.session.job, keeping=None) == bench.session.job


def test_what_was_said_of_the_run_before_holds_no_longer(
    window: MainWindow, bench: Bench, training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, session = training(30), bench.session
    # A training of the queue was asked to stop after its epoch; how it ends is said by the queue's table.
    monkeypatch.setattr(session.worker, "ask", lambda _request: True)
    bench.source = Scripted([[StateEvent("running")]], hold=True)
    session.queue.add([Job("train")])
    session.queue.run()
    bench.qtbot.waitUntil(lambda: session.state == "running")
    session.finish_epoch()
    assert session.asked_to_finish
    with bench.qtbot.waitSignal(session.run_ended):
        session.stop()
    # The next run is a resumed one: nobody asked it to stop, and how it ends is said.
    told: list[str] = []
    session.noticed.connect(lambda notice: told.append(notice.text if notice else ""))
    bench.play(Scripted([[EndEvent("failed", "The checkpoint cannot be read.")]]), lambda: session.resume(log))
    assert not session.asked_to_finish and "The checkpoint cannot be read." in told[-1]
    # So is a comparison of optimizers after the queue.
    session.queue.add([Job("train")])
    bench.source = Scripted([[EndEvent("completed", "Trained.")]])
    with bench.qtbot.waitSignal(session.run_ended):
        session.queue.run()
    told.clear()
    bench.play(Scripted([[EndEvent("failed", "No memory.")]]), lambda: session.compare_optimizers(["sgd", "adam"]))
    assert "SGD, momentum 0.9: No memory." in told


def test_one_of_a_target_asks_where_it_is_to_go_on(
    window: MainWindow, bench: Bench, training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, session, kept = training(30), bench.session, window.tabs.training.kept
    four = Target("four", "torchrun", processes="4")  # for sweeps alone
    other = Target("other", "python", python="python")
    save_targets([Target("box", host="gpu"), Target("cluster", "slurm"), other, four])
    assert session.open_run(log)
    assert [action.text() for action in kept.resume.menu().actions()] == [
        "On this computer, where it was", "On box", "On cluster"
    ]  # fmt: skip
    with LogWriter(log, open_run(log).job, continues=True) as writer:
        address = Address.parse("ssh://gpu/home/me/run.lrrun")
        writer.write([OutputEvent(where_words("box", address), Stream.NOTE), EndEvent("killed", "The run ended.")])
    assert session.open_run(log)
    on_box, here, _ = kept.resume.menu().actions()
    assert on_box.text() == "On box, where it was" and here.text() == "On this computer"
    wanted: list[str] = []
    rest: list[Event] = [
        ResumeEvent(31, 1, 42, 1.0),
        *(BatchEvent(0, step, 1e-3, 1.0, 1.0 + step / 10) for step in range(31, 42)),
        EndEvent("completed", "All 2 epochs were trained."),
    ]

    def resumption(_log: Path, opened: OpenedRun, place: str, _more: int, **_waiting: object) -> Resumption:
        wanted.append(place)
        if place == HERE:
            raise RemoteError("There is no host gpu on the network.")
        return Resumption(opened.job, opened, Scripted([rest]), attached=True)

    monkeypatch.setattr(resuming, "resumption", resumption)
    told: list[Notice | None] = []
    session.noticed.connect(told.append)
    here.trigger()
    assert told[-1] is not None and told[-1].text == "Looking for a.lrrun on gpu" and told[-1].action == "Cancel"
    bench.qtbot.waitUntil(lambda: told[-1] is not None and told[-1].text == "There is no host gpu on the network.")
    with bench.qtbot.waitSignal(session.run_ended):
        on_box.trigger()
    assert wanted == [HERE, "box"] and any(each and "is still going on: following it" in each.text for each in told)
    record = bench.runs.training
    assert record is not None and record.steps.tolist() == list(range(42)) and record.end_reason == "completed"
    assert open_run(log).record.steps.tolist() == list(range(42)), "its log here goes on"
    window.toggle_runs()
    drawer = window.findChild(RunsDrawer)
    bench.qtbot.waitUntil(lambda: drawer.model.rowCount() == 1)
    drawer.list.setCurrentIndex(drawer.model.index(0))
    assert drawer.resume_button.menu() is None, "it is complete"


def test_one_that_ended_on_its_target_meanwhile_is_shown(
    window: MainWindow, bench: Bench, training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, session = training(None), bench.session
    over = Resumption(open_run(log).job, open_run(log), None, over=True)
    monkeypatch.setattr(resuming, "resumption", lambda *_, **_waiting: over)
    size = log.stat().st_size
    session.resume(log)
    assert bench.runs.visit is not None and bench.runs.training is not None
    assert bench.runs.training.end_reason == "completed" and not session.busy and log.stat().st_size == size
