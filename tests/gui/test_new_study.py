"""A study that is described and run from the window."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from pytestqt.qtbot import QtBot

from lrgui.gui.dialogs.study import StudyDialog
from lrgui.gui.file_dialogs import start_folder
from lrgui.gui.labels import BREAK
from lrgui.gui.study_process import StudyProcess, study_command
from lrgui.gui.window import MainWindow
from lrgui.studies.known import left_running
from lrgui.studies.opened import OpenedStudy, open_study
from lrgui.studies.spec import read_spec

TESTS = Path(__file__).parents[1]


@pytest.fixture
def made_up(bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Studies of the window are made up; while the file is there, all runs but the first one wait."""
    folders, hold = (TESTS.parent, TESTS / "studies"), tmp_path_factory.mktemp("made up") / "hold"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, folders)))
    program = [sys.executable, str(TESTS / "gui" / "made_up_study.py"), str(hold)]
    bench.session.study_process._command = lambda words: [*program, *words]
    return hold


def ask(window: MainWindow, folder: Path) -> StudyDialog:
    window.settings.folder = str(folder)
    window.session.tasks.recent.clear()
    window.actions_by_key["study"].trigger()
    (dialog,) = window.findChildren(StudyDialog)
    return dialog


def test_it_says_what_would_be_run_and_what_is_wrong(window: MainWindow, tmp_path: Path) -> None:
    dialog = ask(window, tmp_path)
    assert dialog.said.text() == "6 runs." and dialog.start.isEnabled()
    for name, text, words in (
        ("optimizers", "sgd, sdg", "Unknown optimizer “sdg”"),
        ("batch_sizes", "0", "A batch of 0 cannot be made"),
        ("seeds", "many", "Seeds cannot be “many”. Write how many, 1 to 100,000, or which ones"),
        ("seeds", "1e9", "Seeds cannot be “1e9”"),
        ("seeds", "1, 1", "Seeds must be different integers"),
        ("more", "width", "More: “width” has no values. Write, for example, weight_decay=0,0.01."),
        ("more", "depth_of_sea=1,2", "depth_of_sea: no such setting. Available: model, batch_size, "),
        ("workers", "many", "At once cannot be “many”. Use an integer."),
        ("workers", "-2", "At once cannot be “-2”. Use 1 to 10,000."),
        ("file", " ", "File: Name a file"),
    ):
        line = dialog.lines[name]
        before = line.text()
        line.setText(text)
        assert words in dialog.said.text().replace(BREAK, "") and not dialog.start.isEnabled(), name
        assert [each for each, other in dialog.lines.items() if other.property("wrong")] == [name]
        assert words.split(": ")[-1] in line.accessibleDescription()
        line.setText(before)
        assert not line.property("wrong") and dialog.start.isEnabled()
    for name, text in (("optimizers", "foo"), ("batch_sizes", "0"), ("workers", "0")):
        dialog.lines[name].setText(text)
    said = dialog.said.text().replace(BREAK, "").splitlines()
    assert [words.split(":")[0].split(" cannot")[0] for words in said] == ["Optimizers", "Batch sizes", "At once"]
    for name, text in (("optimizers", "sgd, adamw"), ("batch_sizes", "64, 128, 256"), ("workers", "")):
        dialog.lines[name].setText(text)
    dialog.lines["more"].setText(dialog.lines["more"].placeholderText())
    assert dialog.said.text() == "12 runs.", "the example is one that can be used"
    dialog.lines["more"].setText("")
    dialog.lines["seeds"].setText("0, 5")
    dialog.lines["workers"].setText("3")
    assert dialog.said.text() == "12 runs, 3 at once."
    dialog.reject()
    assert list(tmp_path.iterdir()) == []


def test_the_file_has_what_is_set_in_the_window(
    window: MainWindow,
    bench: Bench,
    qtbot: QtBot,
    tmp_path: Path,
    made_up: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("tomllib")
    read: list[OpenedStudy] = []
    really = OpenedStudy.read
    monkeypatch.setattr(OpenedStudy, "read", lambda study: (read.append(study), really(study))[1])
    job = bench.session.job
    bench.session.set_job(replace(job, sweep=replace(job.sweep, steps=77)))
    dialog = ask(window, tmp_path)
    dialog.lines["batch_sizes"].setText("32,64")
    dialog.start.click()
    spec, how = read_spec(tmp_path / "digits-study.toml")
    assert spec.task == "digits" and spec.fixed["sweep.steps"] == 77 and how.workers is None
    assert spec.grid == {"optimizer": ("sgd", "adamw"), "batch_size": (32, 64)}
    tab = window.tabs.study
    assert window.tabs.currentWidget() is tab and tab._empty.text().startswith("digits-study.study is starting")
    qtbot.waitUntil(lambda: tab.results is not None and not tab.results.missing)
    qtbot.waitUntil(lambda: not bench.session.studying)
    assert tab.title.text() == "digits-study.study · 4 of 4 runs"
    assert sum(study is tab._study for study in read) <= 2, "at first, and after its end: in between one reader will do"
    assert tab.stop.isHidden() and tab.resume.isHidden()
    assert not bench.session.busy and bench.runs.visit is None
    again = ask(window, tmp_path)
    assert again.path.name == "digits-study2.toml", "nothing is written over"
    again.lines["file"].setText(str(tmp_path / "digits-study.toml"))
    again.start.click()
    assert "already exists" in again.said.text()
    again.reject()


def test_no_file_of_the_persons_is_proposed_within_a_study(window: MainWindow, tmp_path: Path) -> None:
    study = tmp_path / "a.study"
    study.mkdir()
    (study / "study.json").write_text("{}")
    for where in (study, study / "study.json"):
        window.session.tasks.recent[:] = [str(where)]
        assert start_folder(window.session) == tmp_path
    window.session.tasks.recent.clear()
    assert start_folder(window.session, str(study)) == tmp_path


def test_it_is_stopped_and_gone_on_with(
    window: MainWindow, bench: Bench, qtbot: QtBot, tmp_path: Path, made_up: Path
) -> None:
    pytest.importorskip("tomllib")
    made_up.touch()
    dialog = ask(window, tmp_path)
    dialog.lines["batch_sizes"].setText("32,64,128")
    dialog.start.click()
    tab = window.tabs.study
    qtbot.waitUntil(lambda: tab.results is not None and tab.results.missing < 6)
    assert tab.stop.isVisible() and tab.resume.isHidden() and "missing" not in tab.sentences.text()
    bench.session.run_study(tmp_path / "digits-study.toml", bench.session.job)
    assert "A study is in progress" in window.banner.text
    status = window.status
    qtbot.waitUntil(lambda: " of 6 runs" in status.text.text())
    assert status.text.text().startswith("Study digits-study.study · running · ") and status.bar.maximum() == 6
    stop = window.actions_by_key["stop"]
    assert stop.isEnabled() and not bench.session.busy
    stop.trigger()
    assert not stop.isEnabled() and "stopping" in status.text.text() and tab.stop.text() == "Stop now"
    qtbot.waitUntil(lambda: not bench.session.studying)
    assert left_running() is None, "the person stopped it"
    assert " · stopped · " in status.text.text() and status.bar.isHidden()
    qtbot.waitUntil(lambda: tab.resume.isVisible())
    assert tab.stop.isHidden() and open_study(tmp_path / "digits-study.study").missing
    made_up.unlink()
    tab.resume.click()
    qtbot.waitUntil(lambda: not tab.results.missing and not bench.session.studying)
    assert all(row.attempts >= 1 for row in tab.results.rows)


def test_closing_the_session_ends_it(bench: Bench, qtbot: QtBot, tmp_path: Path, made_up: Path) -> None:
    pytest.importorskip("tomllib")
    made_up.touch()
    (tmp_path / "a.toml").write_text('task = "digits"\nseeds = 50\n')
    bench.session.run_study(tmp_path / "a.toml", bench.session.job)
    qtbot.waitUntil(lambda: (tmp_path / "a.study" / "journal.jsonl").exists())
    bench.session.close()
    assert not bench.session.studying
    left = left_running()
    assert left is not None and left.folder == tmp_path / "a.study", "to be offered at the next start"
    assert open_study(tmp_path / "a.study").missing


def test_that_its_folder_is_gone_is_said(
    window: MainWindow, bench: Bench, qtbot: QtBot, tmp_path: Path, made_up: Path
) -> None:
    pytest.importorskip("tomllib")
    made_up.touch()
    (tmp_path / "a.toml").write_text('task = "digits"\nseeds = 50\n')
    bench.session.run_study(tmp_path / "a.toml", bench.session.job)
    tab = window.tabs.study
    qtbot.waitUntil(lambda: tab.results is not None)
    (tmp_path / "a.study").rename(tmp_path / "b.study")
    made_up.unlink()
    qtbot.waitUntil(lambda: not bench.session.studying)
    qtbot.waitUntil(lambda: tab.title.text().endswith("runs · folder deleted or moved"))
    assert tab.resume.isHidden() and "ended with an error" in window.status.text.text()


def test_why_it_did_not_run_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    process = StudyProcess(command=lambda words: [sys.executable, "-c", "import sys; sys.exit('lrgui: no such luck.')"])
    with qtbot.waitSignal(process.failed) as told:
        process.start(tmp_path / "a.toml")
    assert told.args == ["no such luck."] and not process.running
    nowhere = StudyProcess(command=lambda words: ["/no/such/program"])
    with qtbot.waitSignal(nowhere.failed) as told:
        nowhere.start(tmp_path / "a.toml")
    assert "could not be started" in told.args[0]


def test_the_python_and_the_target_that_are_chosen_compute(qtbot: QtBot, tmp_path: Path) -> None:
    given: list[list[str]] = []

    def command(words) -> list[str]:
        given.append(list(words))
        return [sys.executable, "-c", ""]

    process = StudyProcess(command=command)
    for python in ("", "/usr/bin/python3", "on:box"):
        process.start(tmp_path / "a.toml", python)
        qtbot.waitUntil(lambda: not process.running)
    file = str(tmp_path / "a.toml")
    assert given == [["study", file], ["study", file, "--python", "/usr/bin/python3"], ["study", file, "--on", "box"]]
    assert study_command(["study", file])[-2:] == ["study", file]


def test_one_that_ends_before_anybody_looked_is_shown(
    window: MainWindow, bench: Bench, qtbot: QtBot, tmp_path: Path, made_up: Path
) -> None:
    pytest.importorskip("tomllib")
    (tmp_path / "a.toml").write_text('task = "digits"\n')
    bench.session.run_study(tmp_path / "a.toml", bench.session.job)
    window.tabs.study._timer.stop()
    qtbot.waitUntil(lambda: not bench.session.studying)
    qtbot.waitUntil(lambda: window.tabs.study.results is not None)
    (tmp_path / "bad.toml").write_text("task = 3\n")
    bench.session.run_study(tmp_path / "bad.toml", bench.session.job)
    assert "bad.study is starting" in window.tabs.study._empty.text()
    qtbot.waitUntil(lambda: not bench.session.studying)
    assert window.tabs.study._empty.text().startswith("No study is open")
    assert window.tabs.study._stack.currentIndex() == 1, "the one before is in sight again"
