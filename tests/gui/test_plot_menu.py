"""What a right click on the curve offers."""

from __future__ import annotations

from bench import Bench
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu

from lrgui.core.learning_rate import format_lr
from lrgui.gui.window import MainWindow


def actions_at(window: MainWindow, at: QPoint) -> dict[str, object]:
    menu = window.tabs.curve.menu_at(at)
    return {action.text(): action for action in menu.actions() if action.text()}


def test_a_rate_is_selected_where_the_click_was(bench: Bench, window: MainWindow) -> None:
    bench.play()
    QApplication.processEvents()
    plot = window.tabs.curve.plot
    at = plot.canvas.rect().center()
    found = actions_at(window, at)
    lr = 10.0 ** plot.view.mapSceneToView(plot.canvas.mapToScene(at)).x()
    found[f"Select {format_lr(lr)}"].trigger()  # type: ignore[attr-defined]
    assert window.runs.selection is not None and format_lr(window.runs.selection) == format_lr(lr)
    assert "Reset view" in found and "Copy picture" in found
    found["Log loss"].trigger()  # type: ignore[attr-defined]
    assert window.tabs.curve.log.isChecked()
    beside = [text for text in actions_at(window, QPoint(2, 2)) if text.startswith("Select ")]
    assert all(text.startswith("Select the recommended") for text in beside), "no rate stands beside the plot"


def test_a_right_click_opens_it(bench: Bench, window: MainWindow) -> None:
    bench.play()
    QApplication.processEvents()
    canvas = window.tabs.curve.plot.canvas
    at = canvas.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(at))
    QApplication.sendEvent(canvas.viewport(), event)
    QApplication.processEvents()
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert Qt.ContextMenuPolicy.CustomContextMenu == canvas.contextMenuPolicy()
