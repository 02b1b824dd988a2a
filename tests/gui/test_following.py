"""Runs that somebody else computes: followed in the window, and sent to other machines from it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from bench import Bench
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, sweep, task

from lrgui.core.events import EndEvent, OutputEvent, RunState, StateEvent, Stream
from lrgui.core.run_settings import SweepSettings
from lrgui.gui.app import pool_source
from lrgui.gui.dialogs.target import TargetDialog
from lrgui.gui.form_choices import python_lines
from lrgui.gui.notice import Notice
from lrgui.gui.window import MainWindow
from lrgui.runs.event_source import NoSource
from lrgui.runs.job import Job, Keeping
from lrgui.runs.launch import ChildProcess
from lrgui.runs.log_reader import GOES_ON
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.running import RemoteRun
from lrgui.runs.remote.whereabouts import where_words
from lrgui.runs.spare_pool import SparePool
from lrgui.runs.steering import steered
from lrgui.runs.targets import Target, choices, load_targets, save_targets, target_named

THEIRS = Job(sweep=SweepSettings(steps=120))


def test_a_growing_log_is_shown_live_and_the_form_stays(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    session, runs = bench.session, bench.runs
    bench.play()
    own, form, selected = runs.sweep, session.job, runs.selection
    whole = [event for chunk in sweep(depth=1.0) for event in chunk]
    with LogWriter(tmp_path / "a.lrrun", THEIRS) as log:
        log.write(whole[:20])
        session.follow_run(str(tmp_path / "a.lrrun"))
        qtbot.waitUntil(lambda: session.state == RunState.RUNNING)
        assert runs.visit is not None and "followed: " in runs.visit.words
        qtbot.waitUntil(lambda: runs.sweep is not None and len(runs.sweep) > 10)
        assert session.job == form and not runs.own_settings
        log.write(whole[20:])
    qtbot.waitUntil(lambda: session.state == RunState.IDLE)
    assert runs.reading is not None and session.job == form
    while runs.visit is not None:
        session.leave_visit()
    assert runs.sweep is own and runs.selection == selected


def test_stop_ends_the_following_alone(window: MainWindow, bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    ends: list[EndEvent] = []
    bench.session.run_ended.connect(ends.append)
    with LogWriter(tmp_path / "a.lrrun", THEIRS) as log:
        log.write([StateEvent(RunState.RUNNING), task(), *points()[:30]])
        bench.session.follow_run(str(tmp_path / "a.lrrun"))
        qtbot.waitUntil(lambda: bench.session.state == RunState.RUNNING)
        bench.session.stop()
        qtbot.waitUntil(lambda: bench.session.state == RunState.IDLE)
    assert "The run itself continues" in ends[-1].detail
    assert window.status.text.text().startswith("Sweep left running · Stopped following.")


class Hearing(Scripted):
    """A source that notes further requests, too."""

    def ask(self, request: str) -> None:
        self.asked.append(request)


def test_a_followed_training_is_steered_where_somebody_hears_it(
    window: MainWindow, bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    log, source, session = LogWriter(tmp_path / "a.lrrun", Job("train")), Hearing([]), bench.session
    controls = window.tabs.training.controls
    with log:
        log.write([StateEvent(RunState.RUNNING), task(), *points()[:30]])
        with steered(log.path, source):
            session.follow_run(str(log.path))
            qtbot.waitUntil(lambda: session.state == RunState.RUNNING)
            assert controls.can_steer and not controls.isHidden()
            controls.apply.click()
            session.toggle_pause()
            session.finish_epoch()
            qtbot.waitUntil(lambda: len(source.asked) == 3)
            assert sorted(source.asked) == ["finish", "pause", "rate 0.5"]
            assert controls.finish.text() == "Stopping after epoch…"
        session.stop()  # ends the following alone
        qtbot.waitUntil(lambda: session.state == RunState.IDLE)
    assert "cancel" not in source.asked
    session.follow_run(str(log.path))  # nobody computes it any more
    qtbot.waitUntil(lambda: session.state == RunState.RUNNING)
    assert not controls.can_steer and controls.isHidden()
    session.stop()
    qtbot.waitUntil(lambda: session.state == RunState.IDLE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ssh://-x/y.lrrun", "is not a host"),
        ("/no/such.lrrun", "No such file"),
        ("ssh://a b", "is not the address of a run"),
    ],
)
def test_what_cannot_be_followed_is_said(bench: Bench, qtbot: QtBot, text: str, said: str) -> None:
    notices: list[Notice | None] = []
    bench.session.noticed.connect(notices.append)
    bench.session.follow_run(text)
    qtbot.waitUntil(lambda: any(notice is not None and said in notice.text for notice in notices))
    assert bench.session.state == RunState.IDLE


def test_an_incomplete_log_offers_to_follow_it(window: MainWindow, bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    notices: list[Notice | None] = []
    bench.session.noticed.connect(notices.append)
    with LogWriter(tmp_path / "a.lrrun", THEIRS) as log:
        log.write([StateEvent(RunState.RUNNING), task(), *points()[:30]])
        bench.session.open_run(tmp_path / "a.lrrun")
        notice = notices[-1]
        assert notice is not None and notice.action == "Follow" and notice.act is not None
        assert window.status.text.text() == GOES_ON
        notice.act()
        qtbot.waitUntil(lambda: bench.session.state == RunState.RUNNING)
        log.write([EndEvent("completed", "Done.")])
        qtbot.waitUntil(lambda: bench.session.state == RunState.IDLE)


def test_one_that_was_sent_to_a_target_is_followed_there(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    notices: list[Notice | None] = []
    bench.session.noticed.connect(notices.append)
    with LogWriter(tmp_path / "a.lrrun", THEIRS) as here, LogWriter(tmp_path / "run.lrrun", THEIRS) as there:
        there.write([StateEvent(RunState.RUNNING), task(), *points()])
        sent = OutputEvent(where_words("box", Address(str(there.path))), Stream.NOTE)
        here.write([sent, task(), *points()[:30], EndEvent("left", "Stopped following.")])
        here.close()
        bench.session.open_run(here.path)
        notice = notices[-1]
        assert notice is not None and notice.act is not None
        assert (notice.text, notice.action) == ("This run was sent to box.", "Follow")
        notice.act()
        qtbot.waitUntil(lambda: bench.runs.sweep is not None and len(bench.runs.sweep) == 200)
        there.write([EndEvent("completed", "Done.")])
        qtbot.waitUntil(lambda: bench.session.state == RunState.IDLE)


def test_where_a_run_is_is_said_as_long_as_it_is_there(window: MainWindow, bench: Bench) -> None:
    where = OutputEvent(where_words("box", Address("/there/run.lrrun")), Stream.NOTE)
    chunks = [[where, StateEvent(RunState.RUNNING), task(), *points()[:30]]]
    bench.begin(Scripted(chunks, hold=True))
    assert "The run is on box" in window.banner.text and window.banner.isVisibleTo(window)
    bench.session.stop()
    bench.qtbot.waitUntil(lambda: bench.session.state == RunState.IDLE)
    assert not window.banner.isVisibleTo(window)


def test_the_window_asks_for_an_address(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    from PySide6.QtWidgets import QInputDialog

    with LogWriter(tmp_path / "a.lrrun", THEIRS) as log:
        log.write([StateEvent(RunState.RUNNING), task(), EndEvent("failed", "It broke.")])
    window.opening.follow_run()
    dialog = window.findChild(QInputDialog)
    assert dialog is not None
    dialog.setTextValue(str(tmp_path / "a.lrrun"))
    dialog.accept()
    qtbot.waitUntil(lambda: window.session.runs.visit is not None)
    qtbot.waitUntil(lambda: window.session.state == RunState.IDLE)


# -- targets


def test_a_saved_target_is_chosen_like_a_python_and_computes(bench: Bench) -> None:
    save_targets([Target("box", host="gpu"), Target("other", "python", python=sys.executable)])
    assert [one.path for one in choices()] == ["on:box", sys.executable]
    lines = python_lines(choices(), "on:box")
    assert "on:box" in str(lines)
    pool = SparePool()
    try:
        pool.use("on:box")
        pool.warm()
        assert not pool.ready and pool.memory() is None, "nothing waits here for a run elsewhere"
        assert isinstance(pool_source(pool)(Job()), RemoteRun)
        goes_on = Job("train", keeping=Keeping("folder", "last-000000001.safetensors"))
        assert isinstance(pool_source(pool)(goes_on), ChildProcess), "what goes on here is not sent there"
        pool.use("on:gone")
        source = pool_source(pool)(Job())
        assert isinstance(source, NoSource)
        (end,) = next(source.chunks())
        assert isinstance(end, EndEvent) and "no target gone" in end.detail
    finally:
        pool.close()


def test_the_dialog_saves_a_target_or_says_what_is_wrong(qtbot: QtBot) -> None:
    dialog = TargetDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    saved: list[str] = []
    dialog.saved.connect(saved.append)
    dialog.lines["name"].setText("box")
    dialog._save()
    assert "needs a host" in dialog.said.text() and saved == []
    dialog.lines["host"].setText("me@gpu")
    assert not dialog.lines["options"].isVisible()
    dialog._save()
    assert saved == ["on:box"] and load_targets() == [Target("box", host="me@gpu")]
    slurm = TargetDialog()
    qtbot.addWidget(slurm)
    slurm.kind.setCurrentIndex(slurm.kind.findData("slurm"))
    slurm.show()
    assert slurm.lines["options"].isVisible()
    assert "ssh" in slurm.note.text()
    slurm.kind.setCurrentIndex(slurm.kind.findData("ray"))
    assert slurm.lines["gpus"].isVisible() and not slurm.lines["options"].isVisible()
    assert "task of the cluster" in slurm.note.text()
    slurm.lines["name"].setText("lab")
    slurm.lines["gpus"].setText("some")
    slurm._save()
    assert "are numbers" in slurm.said.text()
    slurm.lines["gpus"].setText("0.5")
    slurm._save()
    assert target_named("lab") == Target("lab", "ray", gpus="0.5")


def test_the_dialog_edits_renames_and_forgets(qtbot: QtBot) -> None:
    save_targets([Target("box", host="gpu"), Target("q", "slurm", options="--gpus=1"), Target("here", "python")])
    dialog = TargetDialog(chosen="on:q")
    qtbot.addWidget(dialog)
    dialog.show()
    gone: list[str] = []
    dialog.forgotten.connect(gone.append)
    assert dialog.target == Target("q", "slurm", options="--gpus=1") and dialog.lines["options"].isVisible()
    dialog.targets.setCurrentIndex(dialog.targets.findData("box"))
    dialog.lines["name"].setText("gpu-box")
    dialog._save()
    assert gone == ["on:box"] and {one.name for one in load_targets()} == {"gpu-box", "q", "here"}
    again = TargetDialog()
    qtbot.addWidget(again)
    again.forgotten.connect(gone.append)
    assert not again.forget.isEnabled() and again.target == Target("")
    again.targets.setCurrentIndex(again.targets.findData("q"))
    again.forget.click()
    assert gone[-1] == "on:q" and {one.name for one in load_targets()} == {"gpu-box", "here"}
    assert again.lines["options"].text() == "--gpus=1" and "brings it back" in again.said.text()
    again._save()
    assert target_named("q").options == "--gpus=1"
