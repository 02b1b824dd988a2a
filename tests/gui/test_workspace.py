"""The window's state."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench import Bench
from scripted import Scripted, points, sweep, task, training

from lrgui.core.events import EndEvent, OutputEvent, StateEvent
from lrgui.gui.window import MainWindow
from lrgui.gui.workspace import Notice
from lrgui.runs.job import Job
from lrgui.runs.log import read_log


def _notices(bench: Bench) -> list[Notice]:
    found: list[Notice] = []
    bench.workspace.noticed.connect(lambda notice: found.append(notice) if notice is not None else None)
    return found


def test_a_sweep_selects_the_recommendation(bench: Bench) -> None:
    bench.play()
    workspace = bench.workspace
    assert workspace.reading is not None
    assert workspace.selection == workspace.reading.recommendation.lr
    assert workspace.zones == workspace.reading.zones
    assert workspace.job.train.max_lr == workspace.selection
    assert workspace.state == "idle"


def test_undo_and_redo(bench: Bench) -> None:
    bench.play()
    workspace = bench.workspace
    first, zones = workspace.selection, workspace.zones
    assert first is not None
    assert zones is not None
    workspace.select(1e-3)
    moved = replace(zones, low_end=zones.low_end / 2)
    workspace.set_zones(moved)
    workspace.undo_stack.undo()
    assert (workspace.selection, workspace.zones) == (1e-3, zones)
    workspace.undo_stack.undo()
    assert workspace.selection == first
    workspace.undo_stack.redo()
    workspace.undo_stack.redo()
    assert (workspace.selection, workspace.zones) == (1e-3, moved)


def test_a_drag_is_one_step(bench: Bench) -> None:
    bench.play()
    workspace = bench.workspace
    old = workspace.selection
    for lr in (1e-3, 2e-3, 3e-3):
        workspace.preview_selection(lr)
    workspace.commit_selection(old, 3e-3)
    assert workspace.undo_stack.count() == 1
    workspace.undo_stack.undo()
    assert workspace.selection == old


def test_undo_after_a_drag_goes_back_to_a_rate_outside_the_sweep(bench: Bench) -> None:
    bench.play()
    workspace = bench.workspace
    zones = workspace.zones
    assert zones is not None
    workspace.select(5.0)  # typed: the plot can only show it at its edge
    workspace.preview_selection(0.5)
    workspace.commit_selection(1.0, 0.5)
    workspace.undo_stack.undo()
    assert workspace.selection == 5.0
    assert workspace.job.train.max_lr == 5.0
    wide = replace(zones, high_start=5.0, end=5.0)
    workspace.set_zones(wide)
    seen = replace(wide, high_start=1.0)
    workspace.preview_zones(replace(seen, high_start=0.5))
    workspace.commit_zones(seen, replace(seen, high_start=0.5))
    workspace.undo_stack.undo()
    assert workspace.zones == wide


def test_a_drag_that_never_ended_is_not_what_undo_goes_back_to(bench: Bench) -> None:
    bench.play()
    workspace = bench.workspace
    workspace.preview_selection(1e-3)
    bench.play()  # F5 while the button is down: the plot forgets the drag
    old = workspace.selection
    workspace.preview_selection(2e-3)
    workspace.commit_selection(old, 2e-3)
    workspace.undo_stack.undo()
    assert workspace.selection == old


def test_nudges_merge(bench: Bench) -> None:
    bench.play()
    workspace = bench.workspace
    old = workspace.selection
    for lr in (1e-3, 1.1e-3, 1.2e-3):
        workspace.select(lr, nudge=True)
    assert workspace.undo_stack.count() == 1
    workspace.undo_stack.undo()
    assert workspace.selection == old


def test_the_checklist_follows_the_selection(bench: Bench) -> None:
    bench.play()
    workspace = bench.workspace
    workspace.preview_selection(0.9)
    assert workspace.reading is not None
    pick = next(check for check in workspace.reading.checklist if check.key == "pick")
    assert pick.state == "bad"
    assert "divergence zone" in pick.text


def test_beta_is_read_anew_from_the_raw_losses(bench: Bench) -> None:
    bench.play()
    workspace = bench.workspace
    before = workspace.reading
    workspace.edit(sweep=replace(workspace.job.sweep, beta=0.5))
    after = workspace.reading
    assert before is not None
    assert after is not None
    assert after.curve.beta == 0.5
    assert (after.curve.loss == before.curve.loss).all()
    assert after.suggestions["minimum_div10"].lr != before.suggestions["minimum_div10"].lr
    assert workspace.selection == before.selection


def test_beta_changed_while_the_sweep_runs_counts(bench: Bench) -> None:
    bench.begin(Scripted([[StateEvent("running"), task(), *points()]], hold=True))
    workspace = bench.workspace
    workspace.edit(sweep=replace(workspace.job.sweep, beta=0.3))
    with bench.qtbot.waitSignal(workspace.run_ended):
        workspace.stop()
    assert workspace.reading is not None
    assert workspace.reading.curve.beta == 0.3


def test_problems_keep_a_run_from_starting(bench: Bench) -> None:
    notices = _notices(bench)
    workspace = bench.workspace
    workspace.edit(sweep=replace(workspace.job.sweep, steps=1))
    workspace.find()
    assert bench.jobs == []
    assert "Steps cannot be “1”" in notices[-1].text


def test_a_diverged_training_offers_a_tenth(bench: Bench) -> None:
    notices = _notices(bench)
    workspace = bench.workspace
    workspace.select(0.5)
    bench.play(Scripted(training("diverged")), workspace.train)
    assert bench.jobs[-1].train.max_lr == 0.5
    assert notices[-1].action == "Select 5e-2"
    assert notices[-1].act is not None
    notices[-1].act()
    assert workspace.selection == pytest.approx(0.05)


def test_a_failure_brings_its_details(bench: Bench) -> None:
    notices = _notices(bench)
    bench.play(Scripted([[OutputEvent("line 3 of task.py\n", "traceback"), EndEvent("failed", "It broke. Mend it.")]]))
    assert (notices[-1].kind, notices[-1].text) == ("error", "It broke. Mend it.")
    assert "line 3 of task.py" in notices[-1].details


@pytest.mark.parametrize("reason", ["failed", "out_of_memory", "killed"])
def test_a_sweep_without_a_point_leaves_the_last_one_on_screen(bench: Bench, reason: str) -> None:
    notices = _notices(bench)
    bench.play()
    workspace = bench.workspace
    workspace.select(2e-2)
    record, zones, job = workspace.sweep, workspace.zones, workspace.sweep_job
    workspace.edit(sweep=replace(workspace.job.sweep, end_lr=10.0, steps=50))
    bench.play(
        Scripted([[StateEvent("starting"), OutputEvent("line 3\n", "traceback"), EndEvent(reason, "It broke.")]])
    )
    assert bench.jobs[-1].sweep.steps == 50
    assert (notices[-1].text, notices[-1].details) == ("It broke.", "line 3")
    assert workspace.sweep is record
    assert (workspace.selection, workspace.zones) == (2e-2, zones)
    report = workspace.report()
    assert report is not None
    assert report.job == job, "an export tells the settings that the curve was measured with"
    assert report.reading.selection == 2e-2
    bench.play()
    assert workspace.sweep is not record


def test_a_sweep_stopped_before_its_first_point_leaves_the_last_one_without_a_word(bench: Bench) -> None:
    bench.play(Scripted(sweep(depth=0.005)))
    notices = _notices(bench)
    record = bench.workspace.sweep
    bench.begin(Scripted([[StateEvent("running"), task()]], hold=True))
    with bench.qtbot.waitSignal(bench.workspace.run_ended):
        bench.workspace.stop()
    assert bench.workspace.sweep is record
    assert notices == []


def test_beta_changed_during_a_sweep_without_a_point_counts_for_the_last_one(bench: Bench) -> None:
    bench.play()
    workspace = bench.workspace
    bench.begin(Scripted([[StateEvent("running"), task()]], hold=True))
    workspace.edit(sweep=replace(workspace.job.sweep, beta=0.3))
    with bench.qtbot.waitSignal(workspace.run_ended):
        workspace.stop()
    assert workspace.reading is not None
    assert workspace.reading.curve.beta == 0.3


def test_a_synthetic_curve_claims_no_settings_of_a_loop(bench: Bench) -> None:
    bench.play()
    workspace = bench.workspace
    workspace.edit(sweep=replace(workspace.job.sweep, amp="bf16", accumulation=4))
    assert workspace.reading is not None
    assert workspace.zones is not None
    workspace.show_synthetic("Noisy", workspace.reading.curve, workspace.zones)
    assert workspace.sweep_job is not None
    assert workspace.sweep_job.sweep.amp is None
    assert workspace.sweep_job.sweep.accumulation == 1


def test_pause_resume_stop(bench: Bench) -> None:
    source = Scripted([[StateEvent("running"), task(), *points()[:50]]], hold=True)
    bench.begin(source)
    workspace = bench.workspace
    workspace.toggle_pause()
    workspace._set_state("paused")
    workspace.toggle_pause()
    with bench.qtbot.waitSignal(workspace.run_ended):
        workspace.stop()
    assert source.asked == ["pause", "resume", "cancel"]
    assert workspace.reading is not None
    assert len(workspace.reading.curve) == 50


def test_runs_are_kept_and_open_again(bench: Bench, own_folders: Path) -> None:
    bench.play()
    workspace = bench.workspace
    selection = workspace.selection
    path = next((own_folders / "runs").glob("*.lrrun"))
    assert len(read_log(path).events) == sum(map(len, sweep()))
    workspace.select(1e-5)
    workspace.open_run(path)
    assert workspace.selection == selection
    assert workspace.reading is not None
    assert len(workspace.reading.curve) == 200


def test_a_run_that_was_cut_off_opens_as_far_as_it_goes(bench: Bench, own_folders: Path) -> None:
    bench.play()
    path = next((own_folders / "runs").glob("*.lrrun"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:60]) + lines[60][:11])
    ends: list[EndEvent] = []
    bench.workspace.run_ended.connect(ends.append)
    bench.workspace.open_run(path)
    assert "is incomplete: the program ended during the run" in ends[-1].detail
    assert bench.workspace.reading is not None
    assert 40 < len(bench.workspace.reading.curve) < 60


def test_a_file_that_is_no_run_is_said_to_be_none(bench: Bench, tmp_path: Path) -> None:
    notices = _notices(bench)
    (tmp_path / "x.lrrun").write_text("hello\n")
    bench.workspace.open_run(tmp_path / "x.lrrun")
    assert notices[-1].kind == "error"
    assert "x.lrrun" in notices[-1].text


def test_a_run_goes_on_where_it_cannot_be_kept(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notices = _notices(bench)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LRGUI_RUNS", str(tmp_path / "file" / "runs"))
    bench.play()
    assert bench.workspace.reading is not None
    assert any("cannot be saved to" in notice.text for notice in notices)


def test_no_reliable_pick_is_said(bench: Bench) -> None:
    notices = _notices(bench)
    bench.play(Scripted(sweep(depth=0.0)))
    assert "No reliable pick" in notices[-1].text
    assert bench.workspace.selection is not None


def test_report_is_what_is_on_screen(bench: Bench) -> None:
    assert bench.workspace.report() is None
    bench.play()
    bench.workspace.select(1e-3)
    report = bench.workspace.report()
    assert report is not None
    assert report.reading.selection == 1e-3
    assert report.job == replace(Job(), train=report.job.train)


@pytest.mark.parametrize(
    ("source", "path", "options"),
    [
        ("task", "{folder}/pipe", {}),
        ("task", "/dev/zero", {}),
        ("task", "~nobody-of-that-name/task.py", {}),
        ("task", "a" * 5000 + ".py", {}),
        ("task", "\0.py", {}),
        ("task", "\ud800.py", {}),
        ("table", "{folder}/pipe", {"target": 3}),
        ("table", "~nobody-of-that-name/a.csv", {}),
        ("image_folder", "~nobody-of-that-name", {"size": "x"}),
        ("mnist", "~nobody-of-that-name", {"download": "x"}),
    ],
)
def test_a_run_that_names_what_cannot_be_opened_is_shown(
    bench: Bench, window: MainWindow, tmp_path: Path, source: str, path: str, options: dict[str, Any]
) -> None:
    """Run files come from anybody: no pipe is waited for, no device is read, and nothing raises."""
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    job = Job().to_dict()
    job["task"] |= {"source": source, "path": path.format(folder=tmp_path), "options": options, "model": ""}
    file = tmp_path / "a.lrrun"
    file.write_text(json.dumps({"lrrun": 1, "job": job}) + "\n")
    assert bench.workspace.open_run(file)
    bench.workspace.find()
    assert bench.jobs == [], "and it cannot be run"
