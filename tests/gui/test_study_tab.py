"""A study's folder in the window."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from conftest_of_studies import drive, folder  # noqa: F401
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from lrgui.export.overlay import OverlayReport
from lrgui.export.study import StudyReport
from lrgui.gui.tabs.study import CURVES, StudyTab
from lrgui.gui.window import MainWindow
from lrgui.plot.theme import DARK
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.folder import JOURNAL
from lrgui.studies.results import StudyResults
from lrgui.studies.spec import StudySpec

SPEC = StudySpec("digits", grid={"optimizer": ("sgd", "adamw"), "batch_size": (32, 64, 128)})
Drive = Callable[..., StudyResults]


@pytest.fixture
def study(drive: Drive) -> Path:  # noqa: F811
    """The folder of a complete study of six sweeps."""
    return drive(SPEC, how=ExecutionSettings()).folder


def opened(window: MainWindow, qtbot: QtBot, text: str) -> StudyTab:
    tab = window.tabs.study
    with qtbot.waitSignal(tab.opened):
        assert window.session.use(text)
    return tab


def click(tab: StudyTab, row: int, column: int) -> None:
    box = tab.heat.cells.box(row, column)
    at = tab.heat.view.mapToScene(tab.heat.view.boundingRect().topLeft() + box.center())
    QTest.mouseClick(
        tab.heat.canvas.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        tab.heat.canvas.mapFromScene(at),
    )


def test_its_tab_comes_with_it(window: MainWindow, qtbot: QtBot, study: Path) -> None:
    names = [window.tabs.tabText(n) for n in range(window.tabs.count()) if window.tabs.isTabVisible(n)]
    assert "Study" not in names
    tab = opened(window, qtbot, str(study))
    assert window.tabs.currentWidget() is tab and window.tabs.isTabVisible(window.tabs.indexOf(tab))
    assert tab.title.text() == "a.study · 6 of 6 runs"
    assert "SGD: LR ∝ batch^" in tab.sentences.text() and "Best:" in tab.sentences.text()
    assert tab.table.rowCount() == 6
    assert tab.table.item(0, 2).text() == tab.results.table()[1][0][2]
    assert window.session.tasks.recent == [str(study)]
    assert window.runs.visit is None and not window.session.busy


@pytest.mark.parametrize("name", ["", "study.json", JOURNAL])
def test_it_is_known_by_its_folder_and_by_its_files(window: MainWindow, qtbot: QtBot, study: Path, name: str) -> None:
    window.opening.open_paths([str(study / name)])
    qtbot.waitUntil(lambda: window.tabs.study.results is not None)


def test_a_cell_opens_its_run_and_the_way_back_leads_to_the_study(
    window: MainWindow, bench: Bench, qtbot: QtBot, study: Path
) -> None:
    bench.play()
    own = bench.runs.reading.recommendation
    tab = opened(window, qtbot, str(study))
    qtbot.waitUntil(lambda: tab.heat.cells.box(0, 0).width() > 10)
    click(tab, 1, 2)
    qtbot.waitUntil(lambda: bench.runs.visit is not None)
    visit = bench.runs.visit
    assert visit is not None and visit.job.task.optimizer == "adamw" and visit.job.task.batch_size == 128
    assert window.tabs.currentWidget() is window.tabs.curve
    from lrgui.gui.visit_bar import VisitBar

    bar = window.findChild(VisitBar)
    assert bar.back.text() == "Back to a.study"
    bar.back.click()
    qtbot.waitUntil(lambda: window.tabs.currentWidget() is tab)
    assert bench.runs.visit is None and bench.runs.reading.recommendation == own
    click(tab, 0, 0)
    qtbot.waitUntil(lambda: bench.runs.visit is not None)
    bench.play()
    qtbot.wait(20)
    assert bench.runs.visit is None and window.tabs.currentWidget() is window.tabs.curve, "a new sweep is shown"


def test_a_row_does_the_same(window: MainWindow, bench: Bench, qtbot: QtBot, study: Path) -> None:
    tab = opened(window, qtbot, str(study))
    tab.table.activated.emit(tab.table.model().index(0, 0))
    assert bench.runs.visit is not None and bench.runs.visit.job.task.optimizer == "sgd"


def test_of_several_seeds_it_is_asked_which(window: MainWindow, bench: Bench, qtbot: QtBot, drive: Drive) -> None:  # noqa: F811
    found = drive(replace(SPEC, seeds=(0, 3)), how=ExecutionSettings())
    tab = opened(window, qtbot, str(found.folder))
    tab.open_cell(tab.results.cells[0])
    (menu,) = tab.findChildren(QMenu)
    words = [action.text() for action in menu.actions()]
    assert len(words) == 2 and words[0].startswith("seed 0 · sweep · ") and words[1].startswith("seed 3 · sweep · ")
    menu.actions()[1].trigger()
    assert bench.runs.visit is not None and bench.runs.visit.job.task.seed == 3
    menu.close()


def test_one_that_still_grows_is_followed(window: MainWindow, qtbot: QtBot, study: Path, tmp_path: Path) -> None:
    """Also where its task is not: it was copied here."""
    copy = tmp_path / "copy.study"
    shutil.copytree(study, copy)
    lines = (copy / JOURNAL).read_bytes().splitlines(keepends=True)
    (copy / JOURNAL).write_bytes(b"".join(lines[:4]))
    tab = opened(window, qtbot, str(copy))
    assert tab.title.text().startswith("copy.study · ") and tab.results.missing >= 4
    assert "are missing; Resume measures them." in tab.sentences.text() and tab.resume.isVisible()
    tab.heat.view.setRange(xRange=(-0.5, 0.5), padding=0)
    tab.heat.view.sigRangeChangedManually.emit([True, True])
    zoomed = tab.heat.view.viewRange()
    with open(copy / JOURNAL, "ab") as file:
        file.write(b"".join(lines[4:]))
    qtbot.waitUntil(lambda: tab.results.missing == 0)
    assert tab.title.text() == "copy.study · 6 of 6 runs"
    assert tab.heat.view.viewRange() == zoomed, "where the person looks stays in sight"
    tab.reset.click()
    assert tab.heat.view.viewRange() != zoomed
    shutil.rmtree(copy)
    tab._redraw()
    assert tab.results.missing == 0, "what was read stays"


def test_curves_and_exports_are_what_is_shown(window: MainWindow, qtbot: QtBot, study: Path, tmp_path: Path) -> None:
    assert window.tabs.shown is None
    tab = opened(window, qtbot, str(study))
    assert isinstance(window.tabs.shown, StudyReport) and window.tabs.plot is tab.heat
    window.exporting.export_as("csv", tmp_path / "study.csv")
    assert (tmp_path / "study.csv").read_text().count("\n") == 7
    tab.show_as.setCurrentIndex(tab.show_as.findData(CURVES))
    tab.show_as.activated.emit(tab.show_as.currentIndex())
    qtbot.waitUntil(lambda: tab.curves.overlay is not None)
    report = window.tabs.shown
    assert isinstance(report, OverlayReport) and len(report.overlay.runs) == 6
    assert window.tabs.plot is tab.curves.plot and not tab.reset.isVisible()
    window.exporting.export_as("png", tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 1000
    window.tabs.set_palette(DARK)


def test_what_cannot_be_opened_is_said(window: MainWindow, qtbot: QtBot, study: Path) -> None:
    (study / "study.json").write_text("{")
    window.session.use(str(study))
    qtbot.waitUntil(lambda: "a.study cannot be opened" in window.banner.text)
    assert not window.tabs.isTabVisible(window.tabs.indexOf(window.tabs.study))


def test_the_status_line_names_the_cell(window: MainWindow, qtbot: QtBot, study: Path) -> None:
    tab = opened(window, qtbot, str(study))
    qtbot.waitUntil(lambda: tab.heat.cells.box(0, 0).width() > 10)
    with qtbot.waitSignal(tab.hovered) as told:
        box = tab.heat.cells.box(0, 0)
        at = tab.heat.canvas.mapFromScene(tab.heat.view.mapToScene(box.center()))
        QTest.mouseMove(tab.heat.canvas.viewport(), at + QPoint(3, 3))
        QTest.mouseMove(tab.heat.canvas.viewport(), at)
    assert told.args[0].startswith("SGD · batch size 32 · ")


def test_the_list_of_runs_offers_studies(window: MainWindow, qtbot: QtBot, study: Path) -> None:
    """Also those that were run in the terminal and never opened here."""
    window.toggle_runs()
    drawer = window._drawer
    actions = drawer.studies.menu().actions()
    assert drawer.studies.isVisible() and str(study) in [action.toolTip() for action in actions]
    next(action for action in actions if action.toolTip() == str(study)).trigger()
    qtbot.waitUntil(lambda: window.tabs.study.results is not None)
    assert not drawer.isVisible()
