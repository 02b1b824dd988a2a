"""The keys of a curve's plot."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from lrgui.core.curve.zones import Zones
from lrgui.plot.curve_plot import CurvePlot

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.mark.parametrize(
    ("modifiers", "decades"), [(Qt.KeyboardModifier.NoModifier, 0.01), (SHIFT, 0.1)], ids=["plain", "shift"]
)
def test_arrows_move_the_selection(plot, qtbot, heard, modifiers, decades):
    qtbot.keyClick(plot.canvas, Qt.Key.Key_Right, modifiers)
    assert np.log10(plot.selection) == pytest.approx(-2 + decades)
    qtbot.keyClick(plot.canvas, Qt.Key.Key_Left, modifiers)
    assert plot.selection == pytest.approx(1e-2)
    assert [entry[0] for entry in heard.all] == ["selection_moved", "selection_finished"] * 2


def test_ctrl_goes_to_the_next_mark(plot, qtbot):
    marks = sorted(10**m.x for m in plot.view.handles.marks)
    qtbot.keyClick(plot.canvas, Qt.Key.Key_Right, CTRL)
    assert plot.selection == pytest.approx(next(m for m in marks if m > 1e-2))


def test_a_held_key_is_one_step_to_undo(plot, heard):
    for repeat in (False, True, True, True):
        press = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, "", repeat)
        QApplication.sendEvent(plot.canvas, press)
    assert heard.named("selection_finished") == []
    release = QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(plot.canvas, release)
    [(old, new)] = heard.named("selection_finished")
    assert np.log10(new) - np.log10(old) == pytest.approx(0.04)


def test_keys_that_are_not_ours_go_to_the_window(plot):
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier)
    plot.canvas.keyPressEvent(event)
    assert not event.isAccepted()


def test_tab_goes_through_the_handles_and_then_on(qtbot, reading):
    window = QWidget()
    qtbot.addWidget(window)
    plot, button = CurvePlot(), QPushButton("next")
    layout = QVBoxLayout(window)
    layout.addWidget(plot)
    layout.addWidget(button)
    window.resize(700, 500)
    window.show()
    window.activateWindow()
    qtbot.waitExposed(window)
    plot.set_finished(reading)
    plot.set_zones(Zones(1e-6, 1e-3, 1e-1, 1.0))
    plot.set_selection(1e-2)
    qtbot.waitUntil(window.isActiveWindow)
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Tab)  # the last widget: round to the first
    qtbot.waitUntil(plot.canvas.hasFocus)
    assert plot.annotations.focused == "selection"
    qtbot.keyClick(plot.canvas, Qt.Key.Key_Tab)
    assert plot.annotations.focused == "low"
    qtbot.keyClick(plot.canvas, Qt.Key.Key_Right, SHIFT)
    assert plot.zones.low_end == pytest.approx(10**-2.9)
    assert plot.selection == pytest.approx(1e-2)
    qtbot.keyClick(plot.canvas, Qt.Key.Key_Tab)
    assert plot.annotations.focused == "high"
    for zone in ("low zone", "optimal zone", "divergence zone"):
        qtbot.keyClick(plot.canvas, Qt.Key.Key_Tab)
        assert plot.annotations.focused == zone
    qtbot.keyClick(plot.canvas, Qt.Key.Key_Tab)
    qtbot.waitUntil(button.hasFocus)
    assert plot.annotations.focused is None


def test_the_focus_can_be_seen(plot):
    before = plot.canvas.grab().toImage()
    plot.canvas.show_focus(True)
    assert plot.canvas.grab().toImage() != before
