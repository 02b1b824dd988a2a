"""What is on screen: the sweep that was read, and what is chosen on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, sweep, task

from lrgui.core.events import EndEvent, OutputEvent, RunKind, StateEvent
from lrgui.gui.notice import Notice
from lrgui.gui.run_jobs import agreed
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.runs.job import Job


def _notices(bench: Bench) -> list[Notice]:
    found: list[Notice] = []
    bench.session.noticed.connect(lambda notice: found.append(notice) if notice is not None else None)
    return found


def test_a_sweep_selects_the_recommendation(bench: Bench) -> None:
    bench.play()
    session, runs = bench.session, bench.runs
    assert runs.reading is not None
    assert runs.selection == runs.reading.recommendation.lr
    assert runs.zones == runs.reading.zones
    assert session.job.train.max_lr == runs.selection
    assert session.state == "idle"


def test_undo_and_redo(bench: Bench) -> None:
    bench.play()
    runs = bench.runs
    first, zones = runs.selection, runs.zones
    assert first is not None
    assert zones is not None
    runs.select(1e-3)
    moved = replace(zones, low_end=zones.low_end / 2)
    runs.set_zones(moved)
    runs.undo_stack.undo()
    assert (runs.selection, runs.zones) == (1e-3, zones)
    runs.undo_stack.undo()
    assert runs.selection == first
    runs.undo_stack.redo()
    runs.undo_stack.redo()
    assert (runs.selection, runs.zones) == (1e-3, moved)


def test_a_drag_is_one_step(bench: Bench) -> None:
    bench.play()
    runs = bench.runs
    old = runs.selection
    for lr in (1e-3, 2e-3, 3e-3):
        runs.preview_selection(lr)
    runs.commit_selection(old, 3e-3)
    assert runs.undo_stack.count() == 1
    runs.undo_stack.undo()
    assert runs.selection == old


def test_undo_after_a_drag_goes_back_to_a_rate_outside_the_sweep(bench: Bench) -> None:
    bench.play()
    session, runs = bench.session, bench.runs
    zones = runs.zones
    assert zones is not None
    runs.select(5.0)  # typed: the plot can only show it at its edge
    runs.preview_selection(0.5)
    runs.commit_selection(1.0, 0.5)
    runs.undo_stack.undo()
    assert runs.selection == 5.0
    assert session.job.train.max_lr == 5.0
    wide = replace(zones, high_start=5.0, end=5.0)
    runs.set_zones(wide)
    seen = replace(wide, high_start=1.0)
    runs.preview_zones(replace(seen, high_start=0.5))
    runs.commit_zones(seen, replace(seen, high_start=0.5))
    runs.undo_stack.undo()
    assert runs.zones == wide


def test_a_drag_that_never_ended_is_not_what_undo_goes_back_to(bench: Bench) -> None:
    bench.play()
    runs = bench.runs
    runs.preview_selection(1e-3)
    bench.play()  # F5 while the button is down: the plot forgets the drag
    old = runs.selection
    runs.preview_selection(2e-3)
    runs.commit_selection(old, 2e-3)
    runs.undo_stack.undo()
    assert runs.selection == old


def test_nudges_merge(bench: Bench) -> None:
    bench.play()
    runs = bench.runs
    old = runs.selection
    for lr in (1e-3, 1.1e-3, 1.2e-3):
        runs.select(lr, nudge=True)
    assert runs.undo_stack.count() == 1
    runs.undo_stack.undo()
    assert runs.selection == old


def test_the_checklist_follows_the_selection(bench: Bench) -> None:
    bench.play()
    runs = bench.runs
    runs.preview_selection(0.9)
    assert runs.reading is not None
    pick = next(check for check in runs.reading.checklist if check.key == "pick")
    assert pick.state == "bad"
    assert "divergence zone" in pick.text


def test_beta_is_read_anew_from_the_raw_losses(bench: Bench) -> None:
    bench.play()
    session, runs = bench.session, bench.runs
    before = runs.reading
    session.edit(sweep=replace(session.job.sweep, beta=0.5))
    after = runs.reading
    assert before is not None
    assert after is not None
    assert after.curve.beta == 0.5
    assert (after.curve.loss == before.curve.loss).all()
    assert after.suggestions["minimum_div10"].lr != before.suggestions["minimum_div10"].lr
    assert runs.selection == before.selection


def test_beta_changed_while_the_sweep_runs_counts(bench: Bench) -> None:
    bench.begin(Scripted([[StateEvent("running"), task(), *points()]], hold=True))
    session, runs = bench.session, bench.runs
    session.edit(sweep=replace(session.job.sweep, beta=0.3))
    with bench.qtbot.waitSignal(session.run_ended):
        session.stop()
    assert runs.reading is not None
    assert runs.reading.curve.beta == 0.3


@pytest.mark.parametrize("reason", ["failed", "out_of_memory", "killed"])
def test_a_sweep_without_a_point_leaves_the_last_one_on_screen(bench: Bench, reason: str) -> None:
    notices = _notices(bench)
    bench.play()
    session, runs = bench.session, bench.runs
    runs.select(2e-2)
    record, zones, job = runs.sweep, runs.zones, runs.sweep_job
    session.edit(sweep=replace(session.job.sweep, end_lr=10.0, steps=50))
    bench.play(
        Scripted([[StateEvent("starting"), OutputEvent("line 3\n", "traceback"), EndEvent(reason, "It broke.")]])
    )
    assert bench.jobs[-1].sweep.steps == 50
    assert (notices[-1].text, notices[-1].details) == ("It broke.", "line 3")
    assert runs.sweep is record
    assert (runs.selection, runs.zones) == (2e-2, zones)
    report = runs.report()
    assert report is not None
    assert report.job == job, "an export tells the settings that the curve was measured with"
    assert report.reading.selection == 2e-2
    bench.play()
    assert runs.sweep is not record


def test_a_sweep_stopped_before_its_first_point_leaves_the_last_one_without_a_word(bench: Bench) -> None:
    bench.play(Scripted(sweep(depth=0.005)))
    notices = _notices(bench)
    record = bench.runs.sweep
    bench.begin(Scripted([[StateEvent("running"), task()]], hold=True))
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
    assert bench.runs.sweep is record
    assert notices == []


def test_beta_changed_during_a_sweep_without_a_point_counts_for_the_last_one(bench: Bench) -> None:
    bench.play()
    session, runs = bench.session, bench.runs
    bench.begin(Scripted([[StateEvent("running"), task()]], hold=True))
    session.edit(sweep=replace(session.job.sweep, beta=0.3))
    with bench.qtbot.waitSignal(session.run_ended):
        session.stop()
    assert runs.reading is not None
    assert runs.reading.curve.beta == 0.3


def test_a_synthetic_curve_claims_no_settings_of_a_loop(bench: Bench) -> None:
    bench.play()
    session, runs = bench.session, bench.runs
    session.edit(sweep=replace(session.job.sweep, amp="bf16", accumulation=4))
    assert runs.reading is not None
    assert runs.zones is not None
    session.show_synthetic("Noisy", runs.reading.curve, runs.zones)
    assert runs.sweep_job is not None
    assert runs.sweep_job.sweep.amp is None
    assert runs.sweep_job.sweep.accumulation == 1


def test_report_is_what_is_on_screen(bench: Bench) -> None:
    assert bench.runs.report() is None
    bench.play()
    bench.runs.select(1e-3)
    report = bench.runs.report()
    assert report is not None
    assert report.reading.selection == 1e-3
    assert report.job == replace(agreed(None, Job()), train=report.job.train)


def test_it_needs_no_session(qtbot: QtBot) -> None:
    runs = RunsOnScreen(QCoreApplication.instance())
    heard: list[str] = []
    runs.sweep_started.connect(lambda: heard.append("started"))
    runs.selected.connect(lambda lr: heard.append(f"selected {lr:.3g}"))
    runs.reading_changed.connect(lambda reading: heard.append("read" if reading is not None else "nothing"))
    runs.begin(RunKind.SWEEP, Job())
    assert runs.reading is None and runs.report() is None
    for events in sweep():
        runs.add(RunKind.SWEEP, events)
    runs.read_ahead(lambda read, error: runs.end(RunKind.SWEEP, read, error))
    assert runs.finishing and runs.reading is None  # it is read in the background
    qtbot.waitUntil(lambda: runs.reading is not None)
    assert heard == ["started", "read", f"selected {runs.selection:.3g}"]
    assert runs.record(RunKind.SWEEP) is runs.sweep
    assert runs.several(RunKind.SWEEP) == (runs.sweeps, 1)
    assert runs.record(RunKind.RACE) is None
    runs.close()
    runs.deleteLater()


def test_a_sweep_that_cannot_be_read_is_shown_as_nothing(qtbot: QtBot) -> None:
    runs = RunsOnScreen(QCoreApplication.instance())
    readings: list[object] = []
    runs.begin(RunKind.SWEEP, Job())
    runs.reading_changed.connect(readings.append)
    runs.end(RunKind.SWEEP, None, ValueError("broken"))
    assert readings == [None]
    runs.close()
    runs.deleteLater()


def test_a_task_file_is_called_by_its_own_name(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text("def model(): ...\ndef train_loader(batch_size): ...\ndef loss(output, target): ...\n")
    session, names = bench.session, list[str]()
    session.tasks.trust_wanted.connect(lambda question: session.tasks.grant(question, folder=False))
    session.task_known.connect(lambda _task: names.append(bench.runs.headline))
    assert session.use(str(file))
    named = replace(task(), name="my images · SGD, momentum 0.9")
    bench.play(Scripted([[named, *points()], [EndEvent("completed", "All measured.")]]))
    for headline in (*names, bench.runs.headline):
        assert headline.startswith("my images · SGD, momentum 0.9 · batch 64 · ")
    assert len(names) == 1, "it stands there as soon as the run has told it"
