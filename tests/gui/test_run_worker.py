"""The thread that reads a run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, sweep

from lrgui.core.events import BatchEvent, EndEvent, Event
from lrgui.core.run_settings import SweepSettings
from lrgui.gui.run_worker import RunThread, RunWorker
from lrgui.runs.event_source import EventSource
from lrgui.runs.in_process import InProcess
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.remote.tail import Follower
from lrgui.runs.steering import requests_of


class Journal:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.closed = False

    def write(self, events: object) -> None:
        self.events += events  # type: ignore[operator]

    def close(self) -> None:
        self.closed = True


def _play(qtbot: QtBot, worker: RunWorker, source: EventSource, journal: Journal | None = None) -> list[Event]:
    seen: list[Event] = []
    worker.chunk.connect(seen.extend)
    with qtbot.waitSignal(worker.ended):
        worker.start(source, journal)
    return seen


def test_every_event_arrives_in_order_and_is_kept(qtbot: QtBot) -> None:
    journal = Journal()
    wanted = [event for chunk in sweep() for event in chunk]
    assert _play(qtbot, RunWorker(), Scripted(sweep()), journal) == wanted
    assert journal.events == wanted
    assert journal.closed


def test_single_batches_are_told_to_those_who_listen(qtbot: QtBot) -> None:
    worker, batches = RunWorker(), []
    worker.batch.connect(lambda step, lr, loss: batches.append((step, lr, loss)))
    _play(qtbot, worker, Scripted(sweep()))
    assert batches == [(e.step, e.lr, e.loss) for e in points() if isinstance(e, BatchEvent)]


def test_the_threads_own_signal_comes_in_the_windows_thread(qtbot: QtBot) -> None:
    worker, seen = RunWorker(), []
    window = threading.current_thread()
    worker.start(Scripted(sweep()))
    thread = worker.findChild(RunThread)
    thread.batch.connect(lambda *batch: seen.append((batch, threading.current_thread() is window)))
    worker.batch.connect(lambda *_: None)
    qtbot.waitSignal(worker.ended).wait()
    assert [batch for batch, _ in seen] == [(e.step, e.lr, e.loss) for e in points() if isinstance(e, BatchEvent)]
    assert all(here for _, here in seen)


@pytest.mark.usefixtures("warm_processes")
@pytest.mark.parametrize("make", [InProcess, ChildProcess])
def test_real_sources_drive_it(qtbot: QtBot, make: type[InProcess] | type[ChildProcess]) -> None:
    seen = _play(qtbot, RunWorker(), make(Job(sweep=SweepSettings(steps=30))))
    assert sum(isinstance(event, BatchEvent) for event in seen) == 30
    assert isinstance(seen[-1], EndEvent)
    assert seen[-1].reason == "completed"


def test_a_source_that_raises_ends_the_run_with_a_sentence(qtbot: QtBot) -> None:
    class Broken(Scripted):
        def chunks(self) -> Iterator[list[Event]]:
            yield points()[:3]
            raise OSError("the wire was cut")

    seen = _play(qtbot, RunWorker(), Broken([]))
    assert isinstance(seen[-1], EndEvent)
    assert seen[-1].reason == "failed"
    assert "the wire was cut" in seen[-1].detail
    assert sum(isinstance(event, BatchEvent) for event in seen) == 3


def test_a_source_that_ends_without_a_word_is_said_to_be_killed(qtbot: QtBot) -> None:
    seen = _play(qtbot, RunWorker(), Scripted([points()[:3]]))
    assert isinstance(seen[-1], EndEvent)
    assert seen[-1].reason == "killed"


def test_another_terminal_steers_what_the_window_runs(qtbot: QtBot, tmp_path: Path) -> None:
    worker, source = RunWorker(), Scripted([points()[:3]], hold=True)
    log = LogWriter(tmp_path / "one.lrrun", Job())
    worker.start(source, log)
    qtbot.waitUntil(lambda: Follower(str(log.path)).ask("pause") == "")
    qtbot.waitUntil(lambda: "pause" in source.asked)
    worker.close()
    assert not requests_of(log.path).exists()


def test_one_run_at_a_time(qtbot: QtBot) -> None:
    worker = RunWorker()
    source = Scripted([points()[:3]], hold=True)
    worker.start(source)
    with pytest.raises(RuntimeError, match="going on"):
        worker.start(source)
    worker.close()
    assert source.asked == ["cancel"]
    assert not worker.running, "the window may close at once"


def test_a_run_that_does_not_listen_is_killed(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf(Scripted):
        def cancel(self) -> None:
            self.asked.append("cancel")

    worker, source = RunWorker(), Deaf([points()[:3]], hold=True)
    worker._impatient.setInterval(50)
    worker.start(source)
    with qtbot.waitSignal(worker.ended):
        worker.stop()
    assert source.asked == ["cancel", "kill"]


def test_a_stop_by_force_does_not_hold_up_the_window(qtbot: QtBot) -> None:
    """The process is asked first and has a second to go."""
    let_go = threading.Event()

    class Slow(Scripted):
        def kill(self) -> None:
            assert threading.current_thread() is not threading.main_thread()
            let_go.wait(60)
            super().kill()

    worker, source = RunWorker(), Slow(sweep()[:-1], hold=True)
    with qtbot.waitSignal(worker.chunk):
        worker.start(source)
    worker.kill()
    assert source.asked == [] and worker.running, "this line is reached while it still goes on"
    with qtbot.waitSignal(worker.ended):
        let_go.set()
    assert source.asked == ["kill"]
