"""The drawer of all runs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from bench import Bench
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot
from scripted import sweep, training

from lrgui.core.events import EndEvent, EndReason
from lrgui.gui.notice import Notice
from lrgui.gui.runs_drawer import RunsDrawer
from lrgui.gui.runs_list import ENDING, RunsModel, facts_forms
from lrgui.gui.window import MainWindow
from lrgui.places import runs_folder
from lrgui.runs.index import KeptRun
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter
from lrgui.runs.notes import Notes, notes_path, read_notes
from lrgui.runs.summary import RunSummary
from lrgui.runs.trash import TRASH


def _log(name: str, kind: str, chunks: list[list[object]]) -> Path:
    folder = runs_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with LogWriter(folder / name, Job(kind)) as log:
        for chunk in chunks:
            log.write(chunk)  # type: ignore[arg-type]
    return folder / name


@pytest.fixture
def drawer(window: MainWindow, qtbot: QtBot) -> RunsDrawer:
    """The open drawer over two runs."""
    _log("a.lrrun", "sweep", sweep())  # type: ignore[arg-type]
    _log("b.lrrun", "train", training())  # type: ignore[arg-type]
    window.actions_by_key["runs"].trigger()
    drawer = window._drawer
    assert drawer is not None
    qtbot.waitUntil(lambda: drawer.model.rowCount() == 2 and not drawer.shelf.left)
    drawer.sort.setCurrentText("Name")
    return drawer


def _click(drawer: RunsDrawer, row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    at = drawer.list.visualRect(drawer.model.index(row)).center()
    QTest.mouseClick(drawer.list.viewport(), Qt.MouseButton.LeftButton, keys, at)


def _row(drawer: RunsDrawer, file: str) -> int:
    rows = [drawer.model.run_at(drawer.model.index(row)).path.name for row in range(drawer.model.rowCount())]
    return rows.index(file)


def test_it_lists_what_was_kept_and_closes_by_escape(window: MainWindow, drawer: RunsDrawer) -> None:
    texts = [drawer.model.data(drawer.model.index(row), Qt.ItemDataRole.ToolTipRole) for row in range(2)]
    assert any("Sweep" in str(text) and "SGD, momentum 0.9 · batch 64" in str(text) for text in texts)
    assert window.rect().contains(drawer.geometry().translated(window.room.pos()))
    assert window.focusWidget() is drawer.search
    QTest.keyClick(drawer.search, Qt.Key.Key_Escape)
    assert drawer.isHidden()


def test_search(drawer: RunsDrawer) -> None:
    QTest.keyClicks(drawer.search, "training 64")
    assert drawer.model.rowCount() == 1 and drawer.count.text() == "1 of 2"
    drawer.search.clear()
    assert drawer.model.rowCount() == 2 and drawer.count.text() == "2"


def test_a_click_on_the_star(drawer: RunsDrawer) -> None:
    row = _row(drawer, "b.lrrun")
    box = drawer.delegate.star_box(drawer.list.visualRect(drawer.model.index(row)))
    QTest.mouseClick(drawer.list.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, box.center())
    assert read_notes(runs_folder() / "b.lrrun").star
    drawer.sort.setCurrentText("Starred first")
    assert _row(drawer, "b.lrrun") == 0


def test_rename_and_note(drawer: RunsDrawer, qtbot: QtBot) -> None:
    _click(drawer, _row(drawer, "a.lrrun"))
    QTest.keyClick(drawer.list, Qt.Key.Key_F2)
    field = drawer.list.viewport().findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    QTest.keyClicks(field, "Baseline")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: notes_path(runs_folder() / "a.lrrun").exists())
    # It stays selected wherever its row is now; the list follows once the note is on disk.
    qtbot.waitUntil(lambda: [run.name for run in drawer.chosen] == ["Baseline"])
    assert drawer.isVisible(), "Enter ended the name: it opens no run"
    drawer.note.setFocus()
    QTest.keyClicks(drawer.note, "with mixup")
    QTest.keyClick(drawer.note, Qt.Key.Key_Return)
    assert read_notes(runs_folder() / "a.lrrun") == Notes("Baseline", "with mixup")
    _click(drawer, _row(drawer, "b.lrrun"))
    drawer.list.setFocus()
    assert drawer.note.text() == ""


def test_delete_and_undo(drawer: RunsDrawer, qtbot: QtBot) -> None:
    drawer.list.setFocus()
    drawer.list.selectAll()
    QTest.keyClick(drawer.list, Qt.Key.Key_Delete)
    assert drawer.model.rowCount() == 0 and not drawer.undo_button.isHidden()
    assert not list(runs_folder().glob("*.lrrun")) and len(list((runs_folder() / TRASH).rglob("*.lrrun"))) == 2
    QTest.mouseClick(drawer.undo_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: drawer.model.rowCount() == 2)
    assert drawer.undo_button.isHidden() and len(list(runs_folder().glob("*.lrrun"))) == 2
    with LogWriter(runs_folder() / "going.lrrun", Job("sweep")) as log:  # of any program
        log.write(sweep()[0])
        drawer.shelf.refresh()
        qtbot.waitUntil(lambda: drawer.model.rowCount() == 3)
        row = _row(drawer, "going.lrrun")
        assert str(drawer.model.data(drawer.model.index(row), ENDING)).startswith("running · ")
        _click(drawer, row)
        QTest.keyClick(drawer.list, Qt.Key.Key_Delete)
        assert drawer.model.rowCount() == 3 and "Still running, so not deleted" in drawer.said.text()
    QTest.keyClick(drawer.list, Qt.Key.Key_Delete)
    assert drawer.model.rowCount() == 2


def test_what_is_said_of_a_deletion_moves_no_button(drawer: RunsDrawer, qtbot: QtBot) -> None:
    controls = (drawer.note, drawer.open_button, drawer.again_button, drawer.delete_button)
    list_height = drawer.list.height()
    before = [control.geometry() for control in controls]
    _click(drawer, 0)
    QTest.mouseClick(drawer.delete_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(drawer.undo_button.isVisible)
    qtbot.waitUntil(lambda: drawer.list.height() < list_height)  # the row has been laid out
    assert [control.geometry() for control in controls] == before
    QTest.mouseClick(drawer.undo_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: drawer.list.height() == list_height)
    assert [control.geometry() for control in controls] == before


def test_enter_opens_the_run(window: MainWindow, drawer: RunsDrawer, bench: Bench) -> None:
    _click(drawer, _row(drawer, "a.lrrun"))
    QTest.keyClick(drawer.list, Qt.Key.Key_Return)
    assert drawer.isHidden() and bench.runs.reading is not None and not bench.jobs


def test_down_and_enter_open_the_first_that_is_found(window: MainWindow, drawer: RunsDrawer, bench: Bench) -> None:
    window.activateWindow()
    QTest.keyClicks(drawer.search, "sweep")
    QTest.keyClick(drawer.search, Qt.Key.Key_Down)
    assert [run.path.name for run in drawer.chosen] == ["a.lrrun"] and window.focusWidget() is drawer.list
    QTest.keyClick(drawer.list, Qt.Key.Key_Return)
    assert drawer.isHidden() and bench.runs.reading is not None


def test_a_run_is_run_again_with_its_settings(drawer: RunsDrawer, bench: Bench, qtbot: QtBot) -> None:
    _click(drawer, _row(drawer, "a.lrrun"))
    with qtbot.waitSignal(bench.session.run_ended):
        QTest.mouseClick(drawer.again_button, Qt.MouseButton.LeftButton)
    assert bench.jobs == [Job()] and drawer.isHidden()


def test_undo_brings_back_the_settings_that_were_in_the_form(
    window: MainWindow, drawer: RunsDrawer, bench: Bench, qtbot: QtBot
) -> None:
    mine = replace(bench.session.job, task=replace(bench.session.job.task, batch_size=8, optimizer="adam"))
    bench.session.set_job(mine)
    _click(drawer, _row(drawer, "a.lrrun"))
    with qtbot.waitSignal(bench.session.run_ended):
        QTest.mouseClick(drawer.again_button, Qt.MouseButton.LeftButton)
    assert bench.session.job.task == Job().task
    stack = bench.runs.undo_stack
    while bench.session.job.task != mine.task:
        assert stack.canUndo(), "there is a way back"
        stack.undo()
    stack.redo()
    assert bench.session.job.task == Job().task


def test_a_notice_offers_the_settings_that_were_there(drawer: RunsDrawer, bench: Bench, qtbot: QtBot) -> None:
    mine = replace(bench.session.job, task=replace(bench.session.job.task, batch_size=8))
    bench.session.set_job(mine)
    told: list[Notice] = []
    bench.session.noticed.connect(lambda notice: told.append(notice) if notice is not None else None)
    _click(drawer, _row(drawer, "a.lrrun"))
    with qtbot.waitSignal(bench.session.run_ended):
        QTest.mouseClick(drawer.again_button, Qt.MouseButton.LeftButton)
    [offer] = [notice for notice in told if notice.action == "Restore mine"]
    assert offer.act is not None
    offer.act()
    assert bench.session.job.task == mine.task


def test_runs_of_the_same_minute_have_seconds() -> None:
    at = [datetime(2026, 11, 30, 12, 0, 5), datetime(2026, 11, 30, 12, 0, 40), datetime(2026, 11, 30, 12, 3)]
    runs = [
        KeptRun(Path(f"{number}.lrrun"), RunSummary(f"{number}.lrrun", 0, 0, created=moment.timestamp()), Notes())
        for number, moment in enumerate(at)
    ]
    model = RunsModel()
    model.show_runs(runs)
    told = [model.data(model.index(row), ENDING) for row in range(3)]
    assert [words.rsplit(" ", 1)[1] for words in told] == ["12:03", "12:00:40", "12:00:05"]
    model.show_runs(runs[1:])
    assert str(model.data(model.index(1), ENDING)).endswith(" 12:00")
    assert str(model.data(model.index(0), ENDING)).startswith("incomplete")
    model.show_runs([runs[1], replace(runs[2], running=True)])
    assert [str(model.data(model.index(row), ENDING)).split(" · ")[0] for row in (0, 1)] == ["running", "incomplete"]


def test_the_batch_size_is_in_every_form_of_a_row() -> None:
    summary = RunSummary(
        "a.lrrun", 0, 0, "sweep", optimizer="SGD, momentum 0.9", batch_size=64, lr=0.13, confidence="high"
    )
    forms = facts_forms(KeptRun(Path("a.lrrun"), summary, Notes()))
    assert forms[0] == "Sweep · 1.3e-1, high · SGD, momentum 0.9 · batch 64"
    assert forms[-1] == "1.3e-1, high · SGD · batch 64" and all("batch 64" in form for form in forms)


def test_any_runs_that_measured_something_can_be_compared(window: MainWindow, drawer: RunsDrawer, qtbot: QtBot) -> None:
    drawer.list.selectAll()
    assert drawer.compare_button.isEnabled()
    QTest.mouseClick(drawer.compare_button, Qt.MouseButton.LeftButton)
    saved = window.tabs.compare.saved
    qtbot.waitUntil(lambda: saved.overlay is not None)
    assert saved.overlay is not None and {run.kind for run in saved.overlay.runs} == {"sweep", "train"}


def test_a_run_that_ends_appears(window: MainWindow, drawer: RunsDrawer, bench: Bench, qtbot: QtBot) -> None:
    bench.play()
    qtbot.waitUntil(lambda: drawer.model.rowCount() == 3)


def test_a_damaged_file_is_listed_and_nothing_else_is_lost(drawer: RunsDrawer, qtbot: QtBot) -> None:
    (runs_folder() / "c.lrrun").write_text(json.dumps({"no": "run"}) + "\n")
    drawer.shelf.refresh()
    qtbot.waitUntil(lambda: drawer.model.rowCount() == 3)
    _click(drawer, _row(drawer, "c.lrrun"))
    assert not drawer.open_button.isEnabled() and drawer.delete_button.isEnabled()


def test_it_fits_a_small_window(window: MainWindow, drawer: RunsDrawer, qtbot: QtBot) -> None:
    window.resize(1024, 700)
    qtbot.waitUntil(lambda: drawer.height() == window.room.height())
    assert drawer.geometry().right() == window.room.rect().right() and drawer.x() > 0
    for button in (drawer.open_button, drawer.again_button, drawer.delete_button):
        assert button.width() >= button.sizeHint().width()
        assert drawer.rect().contains(button.geometry())


def test_a_thousand_rows_are_painted_in_sight_only(drawer: RunsDrawer, qtbot: QtBot) -> None:
    from dataclasses import replace

    run = drawer.model.run_at(drawer.model.index(0))
    drawer.model.show_runs([replace(run, path=Path(f"{n}.lrrun")) for n in range(1000)])
    painted: list[int] = []
    real = drawer.delegate._paint_words
    drawer.delegate._paint_words = lambda *words: (painted.append(1), real(*words))[1]  # type: ignore[method-assign]
    drawer.list.viewport().repaint()
    assert 0 < len(painted) < 30
    assert drawer.list.indexAt(QPoint(20, 20)).isValid()


def test_the_end_of_a_run_in_words() -> None:
    from lrgui.runs.words import end_words

    assert end_words("sweep", EndReason.DIVERGED) == "finished" and end_words("train", EndReason.DIVERGED) == "diverged"
    assert end_words("sweep", "") == "incomplete" and EndEvent("killed", "").reason == "killed"
