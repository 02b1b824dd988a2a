"""Starting, stopping and opening runs, and what is said about them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench import Bench
from mutations import log_of
from scripted import Scripted, points, sweep, task, training

from lrgui.core.events import EndEvent, OutputEvent, RateEvent, StateEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.lower_rate import lower_rate
from lrgui.gui.notice import Notice
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job
from lrgui.runs.log import read_log


def _notices(bench: Bench) -> list[Notice]:
    found: list[Notice] = []
    bench.session.noticed.connect(lambda notice: found.append(notice) if notice is not None else None)
    return found


def test_problems_keep_a_run_from_starting(bench: Bench) -> None:
    notices = _notices(bench)
    session = bench.session
    session.edit(sweep=replace(session.job.sweep, steps=1))
    session.find()
    assert bench.jobs == []
    assert "Steps cannot be “1”" in notices[-1].text


def test_a_diverged_training_offers_a_tenth(bench: Bench) -> None:
    notices = _notices(bench)
    session, runs = bench.session, bench.runs
    runs.select(0.5)
    bench.play(Scripted(training("diverged")), session.train)
    assert bench.jobs[-1].train.max_lr == 0.5
    assert notices[-1].action == "Train at 5e-2"
    assert notices[-1].act is not None
    bench.source = Scripted(training())
    with bench.qtbot.waitSignal(session.run_ended):
        notices[-1].act()
    assert runs.selection == pytest.approx(0.05)
    assert bench.jobs[-1].kind == "train" and bench.jobs[-1].train.max_lr == pytest.approx(0.05)


def test_a_diverged_training_offers_what_the_sweep_recommends_where_that_is_lower(bench: Bench) -> None:
    notices = _notices(bench)
    session, runs = bench.session, bench.runs
    bench.play()
    recommended = runs.recommended_for(session.job.training())
    assert recommended is not None
    runs.select(3 * runs.selection)
    end = EndEvent("diverged", f"Training diverged. {lower_rate(3 * recommended).words}")
    bench.play(Scripted([*training()[:1], [end]]), session.train)
    assert bench.jobs[-1].train.max_lr == pytest.approx(3 * recommended)
    assert notices[-1].action == f"Train at {format_lr(recommended)}"
    assert "a tenth" not in notices[-1].text and f"Lower max LR to {format_lr(recommended)}, which" in notices[-1].text
    assert runs.recommended_for(replace(session.job, task=replace(session.job.task, batch_size=7))) is None


def test_a_training_that_broke_after_a_change_by_hand_offers_the_planned_rate(bench: Bench) -> None:
    notices = _notices(bench)
    bench.runs.select(0.5)
    first, *rest = training("diverged")
    bench.play(Scripted([[*first, RateEvent(21, 1000.0, 1000.0, 10.0, "by hand")], *rest]), bench.session.train)
    assert notices[-1].action == "Train at 5e-1"


def test_a_failure_brings_its_details(bench: Bench) -> None:
    notices = _notices(bench)
    bench.play(Scripted([[OutputEvent("line 3 of task.py\n", "traceback"), EndEvent("failed", "It broke. Mend it.")]]))
    assert (notices[-1].kind, notices[-1].text) == ("error", "It broke. Mend it.")
    assert "line 3 of task.py" in notices[-1].details


def test_pause_resume_stop(bench: Bench) -> None:
    source = Scripted([[StateEvent("running"), task(), *points()[:50]]], hold=True)
    bench.begin(source)
    session, runs = bench.session, bench.runs
    session.toggle_pause()
    session._set_state("paused")
    session.toggle_pause()
    with bench.qtbot.waitSignal(session.run_ended):
        session.stop()
    assert source.asked == ["pause", "resume", "cancel"]
    assert runs.reading is not None
    assert len(runs.reading.curve) == 50


def test_runs_are_kept_and_open_again(bench: Bench, own_folders: Path) -> None:
    bench.play()
    session, runs = bench.session, bench.runs
    selection = runs.selection
    path = next((own_folders / "runs").glob("*.lrrun"))
    assert len(read_log(path).events) == sum(map(len, sweep()))
    runs.select(1e-5)
    session.open_run(path)
    assert runs.selection == selection
    assert runs.reading is not None
    assert len(runs.reading.curve) == 200


@pytest.mark.parametrize("kind", ["train", "race"])
def test_a_training_that_is_opened_again_brings_its_rate(bench: Bench, own_folders: Path, kind: str) -> None:
    """The rate that is selected and the rate on the buttons are one, whatever was on screen before."""
    session, runs = bench.session, bench.runs
    runs.select(0.3)
    if kind == "race":
        bench.play(Scripted([[StateEvent("running"), task(), EndEvent("cancelled", "Stopped.")]]), session.verify)
    else:
        bench.play(Scripted(training()), session.train)
    path = next((own_folders / "runs").glob("*.lrrun"))
    runs.select(1e-3)
    found = session.job.train.max_lr
    session.edit(task=replace(session.job.task, batch_size=32))
    assert session.open_run(path)
    assert runs.selection == session.job.train.max_lr == found, "opening it changes no setting"
    assert session.job.task.batch_size == 32
    session.use_visited()
    assert runs.selection == session.job.train.max_lr == pytest.approx(0.3)
    assert session.job.task.batch_size == 64
    session.leave_visit()
    assert runs.selection == session.job.train.max_lr == found
    assert session.job.task.batch_size == 32 and runs.visit is None


def test_the_first_run_that_is_opened_is_no_step_to_undo(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "train.lrrun").write_bytes(log_of("train"))
    assert bench.session.open_run(tmp_path / "train.lrrun")
    assert bench.runs.training is not None and not bench.runs.undo_stack.canUndo()
    bench.session.leave_visit()
    assert bench.runs.training is None


def test_a_run_that_was_cut_off_opens_as_far_as_it_goes(bench: Bench, own_folders: Path) -> None:
    bench.play()
    path = next((own_folders / "runs").glob("*.lrrun"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:60]) + lines[60][:11])
    ends: list[EndEvent] = []
    bench.session.run_ended.connect(ends.append)
    bench.session.open_run(path)
    assert "is incomplete: the program ended during the run" in ends[-1].detail
    assert bench.runs.reading is not None
    assert 40 < len(bench.runs.reading.curve) < 60


def test_a_file_that_is_no_run_is_said_to_be_none(bench: Bench, tmp_path: Path) -> None:
    notices = _notices(bench)
    (tmp_path / "x.lrrun").write_text("hello\n")
    bench.session.open_run(tmp_path / "x.lrrun")
    assert notices[-1].kind == "error"
    assert "x.lrrun" in notices[-1].text


def test_a_run_goes_on_where_it_cannot_be_kept(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notices = _notices(bench)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LRGUI_RUNS", str(tmp_path / "file" / "runs"))
    bench.play()
    assert bench.runs.reading is not None
    assert "could not be saved completely to" in notices[-1].text and "export it (Ctrl+E)" in notices[-1].text
    assert "continues" not in notices[-1].text, "the run is over"


def test_no_reliable_pick_is_said(bench: Bench) -> None:
    notices = _notices(bench)
    bench.play(Scripted(sweep(depth=0.0)))
    assert "No reliable pick" in notices[-1].text
    assert bench.runs.selection is None, "a guess is nothing to train with"


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
    assert bench.session.open_run(file)
    bench.session.use_visited()
    bench.session.find()
    assert bench.jobs == [], "and it cannot be run"


def test_forms_follow_a_drag_a_few_times_a_second_and_its_end_at_once(bench: Bench) -> None:
    bench.play()
    session, told = bench.session, []
    session.job_changed.connect(lambda job: told.append(job.train.max_lr))
    before = bench.runs.selection
    for rate in (1e-3, 2e-3, 3e-3):
        bench.runs.preview_selection(rate)
        assert session.job.train.max_lr == pytest.approx(rate), "a run that starts now takes it"
    assert told == []
    bench.qtbot.waitUntil(lambda: told == [pytest.approx(3e-3)])
    bench.runs.preview_selection(4e-3)
    bench.runs.commit_selection(before, 4e-3)
    assert told[-1] == pytest.approx(4e-3) and session.job.train.max_lr == pytest.approx(4e-3)
