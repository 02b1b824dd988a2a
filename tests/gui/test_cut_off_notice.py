"""What was going on when the last window went is offered at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Bench
from conftest_of_studies import drive, folder  # noqa: F401
from pytestqt.qtbot import QtBot
from scripted import points, task

from lrgui.core.events import EndEvent, OutputEvent, StateEvent, Stream
from lrgui.core.tensor_file import File
from lrgui.gui.cut_off_notice import tell_cut_off
from lrgui.gui.window import MainWindow
from lrgui.runs.checkpoints import folder_of
from lrgui.runs.job import Job
from lrgui.runs.library import new_path
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.whereabouts import where_words
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.folder import JOURNAL
from lrgui.studies.known import left_running, note_running


def test_a_run_that_was_cut_off_with_the_window_is_offered_at_the_next_start(
    window: MainWindow, bench: Bench, qtbot: QtBot
) -> None:
    path = new_path(Job())
    writer = LogWriter(path, Job(), origin="window")
    writer.write([StateEvent("running"), task(), *points()[:120]])
    writer.close()
    tell_cut_off(window, path.stat().st_mtime - 1)
    qtbot.waitUntil(lambda: "was cut off when the program ended. Its 120 steps are kept." in window.banner.text)
    window.banner._action.click()
    qtbot.waitUntil(lambda: window.runs.visit is not None)
    assert bench.runs.sweep is not None and len(bench.runs.sweep) == 120


def test_a_study_that_was_cut_off_is_resumed_with_one_click(
    window: MainWindow,
    bench: Bench,
    qtbot: QtBot,
    drive,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = drive(how=ExecutionSettings()).folder
    note_running(whole)
    assert left_running() is None, "a complete one is none"
    journal = whole / JOURNAL
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:4]))
    resumed: list[Path] = []
    monkeypatch.setattr(bench.session, "run_study", lambda what, job: resumed.append(what))
    tell_cut_off(window, 0.0)
    qtbot.waitUntil(lambda: "The study a.study was cut off when the program ended." in window.banner.text)
    assert window.banner._action.text() == "Resume" and left_running() is None, "it is offered once"
    window.banner._action.click()
    assert resumed == [whole]


def test_a_training_that_was_cut_off_is_resumed_with_one_click(
    window: MainWindow, bench: Bench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, resumed = new_path(Job("train")), list[Path]()
    with LogWriter(path, Job("train"), origin="window") as writer:
        writer.write([StateEvent("running"), task(), *points()[:120]])
    folder_of(path).mkdir()
    (folder_of(path) / "last-100.safetensors").write_bytes(b"".join(File({})))
    bench.session.enqueue_training([1e-3, 1e-2])
    monkeypatch.setattr(bench.session, "resume", resumed.append)
    tell_cut_off(window, path.stat().st_mtime - 1)
    qtbot.waitUntil(lambda: "was cut off" in window.banner.text)
    assert window.banner.text.endswith("2 trainings from last time are waiting in the queue.")
    assert window.banner._action.text() == "Resume"
    window.banner._action.click()
    assert resumed == [path]


def test_what_could_not_be_read_at_that_start_is_still_said(window: MainWindow, bench: Bench, qtbot: QtBot) -> None:
    path = new_path(Job())
    with LogWriter(path, Job(), origin="window") as writer:
        writer.write([StateEvent("running"), task(), *points()[:120]])
    bench.session.queue._trouble = "The queue could not be read."
    tell_cut_off(window, path.stat().st_mtime - 1, "The settings could not be read.")
    qtbot.waitUntil(lambda: "was cut off" in window.banner.text)
    assert window.banner.text.startswith("The settings could not be read. ")
    assert window.banner.text.endswith(" The queue could not be read.") and not window.banner._action.isHidden()


@pytest.mark.parametrize(("kind", "action"), [("sweep", "Follow"), ("train", "Resume")])
def test_a_run_that_was_left_on_a_target_is_offered_at_the_next_start(
    window: MainWindow, bench: Bench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, kind: str, action: str
) -> None:
    path, asked = new_path(Job(kind)), list[str]()
    with LogWriter(path, Job(kind), origin="window") as writer:
        where = OutputEvent(where_words("box", Address("/there/run.lrrun")), Stream.NOTE)
        writer.write([StateEvent("running"), where, task(), EndEvent("left", "Stopped following.")])
    monkeypatch.setattr(bench.session, "resume", lambda log: asked.append(str(log)))
    monkeypatch.setattr(bench.session, "follow_run", asked.append)
    tell_cut_off(window, path.stat().st_mtime - 1)
    qtbot.waitUntil(lambda: "was sent to box, and may still be going on there." in window.banner.text)
    assert window.banner._action.text() == action
    window.banner._action.click()
    assert asked == [str(path)]
