"""A finished curve, a plot that shows it, and a mouse that sends what a window system sends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.sweep_reading import SweepReading, read_sweep
from lrgui.plot.chart import Canvas
from lrgui.plot.curve_plot import CurvePlot
from lrgui.plot.plots import Plot
from lrgui.plot.view import PlotView


def make_curve(seed: int = 0, noise: float = 0.02, explosion: float = 1.0) -> Curve:
    """A textbook curve of 200 steps from 1e-6 to 1: level 2.3, lowest 0.7 near 5e-2, then an explosion."""
    random = np.random.default_rng(seed)
    lr = np.geomspace(1e-6, 1.0, 200)
    x = np.log10(lr)
    loss = 2.3 - 1.6 / (1 + np.exp(-(x + 2.3) * 3.2)) + explosion * np.exp((x + 0.75) * 9)
    return Curve.measured(lr, loss + random.normal(0, noise, len(lr)), 200, end_reason="completed")


@pytest.fixture
def reading() -> SweepReading:
    return read_sweep(make_curve(), planned_range=(1e-6, 1.0))


@pytest.fixture(autouse=True)
def _quick_moves(every_move_counts: None) -> None:
    """Mouse moves of these tests are quick."""


@pytest.fixture
def plot(qtbot, reading: SweepReading) -> CurvePlot:
    """A plot of 800 × 600 with a finished curve, zones at 1e-3 and 1e-1 and 1e-2 selected."""
    plot = CurvePlot()
    qtbot.addWidget(plot)
    plot.resize(800, 600)
    plot.begin(1e-6, 1.0, 200)
    plot.show()
    qtbot.waitExposed(plot)
    plot.set_finished(reading)
    from lrgui.core.curve.zones import Zones

    plot.set_zones(Zones(1e-6, 1e-3, 1e-1, 1.0))
    plot.set_selection(1e-2)
    plot.grab()  # the first paint settles the layout
    return plot


@dataclass
class Mouse:
    """Sends real mouse events to a plot; positions are pixels of its view, or of another one of its views."""

    plot: Plot
    of: PlotView | None = None

    @property
    def view(self) -> PlotView:
        """Where the positions lie."""
        return self.plot.view if self.of is None else self.of  # type: ignore[attr-defined,no-any-return]

    def press(self, x: float, y: float, **how: object) -> None:
        self._send(QEvent.Type.MouseMove, x, y, Qt.MouseButton.NoButton, Qt.MouseButton.NoButton, **how)
        self._send(QEvent.Type.MouseButtonPress, x, y, Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton, **how)

    def move(self, x: float, y: float, **how: object) -> None:
        self._send(QEvent.Type.MouseMove, x, y, Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, **how)

    def hover(self, x: float, y: float) -> None:
        self._send(QEvent.Type.MouseMove, x, y, Qt.MouseButton.NoButton, Qt.MouseButton.NoButton)

    def release(self, x: float, y: float, **how: object) -> None:
        self._send(QEvent.Type.MouseButtonRelease, x, y, Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton, **how)

    def click(self, x: float, y: float) -> None:
        self.press(x, y)
        self.release(x, y)

    def double_click(self, x: float, y: float) -> None:
        self.click(x, y)
        self._send(QEvent.Type.MouseButtonDblClick, x, y, Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton)
        self.release(x, y)

    def drag(self, start: tuple[float, float], end: tuple[float, float], **how: object) -> None:
        self.press(*start, **how)
        for share in (0.25, 0.5, 0.75, 1.0):
            self.move(*(a + share * (b - a) for a, b in zip(start, end, strict=True)), **how)
        self.release(*end, **how)

    def middle_drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """A drag with the middle button."""
        middle, none = Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton
        self._send(QEvent.Type.MouseMove, *start, none, none)
        self._send(QEvent.Type.MouseButtonPress, *start, middle, middle)
        for share in (0.5, 1.0):
            x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
            self._send(QEvent.Type.MouseMove, x, y, none, middle)
        self._send(QEvent.Type.MouseButtonRelease, *end, middle, none)

    def wheel(self, x: float, y: float, turn: int, modifiers: Qt.KeyboardModifier) -> None:
        """Turn the wheel by eighths of a degree."""
        viewport = self.plot.canvas.viewport()
        local = QPointF(self.view.mapToScene(QPointF(x, y)))
        place = local, QPointF(viewport.mapToGlobal(local)), QPoint(), QPoint(0, turn)
        event = QWheelEvent(*place, Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False)
        QApplication.sendEvent(viewport, event)

    def _send(
        self,
        kind: QEvent.Type,
        x: float,
        y: float,
        button: Qt.MouseButton,
        buttons: Qt.MouseButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        viewport = self.plot.canvas.viewport()
        local = QPointF(self.view.mapToScene(QPointF(x, y)))
        event = QMouseEvent(kind, local, viewport.mapToGlobal(local), button, buttons, modifiers)
        QApplication.sendEvent(viewport, event)


@pytest.fixture
def mouse(plot: CurvePlot) -> Mouse:
    return Mouse(plot)


@pytest.fixture
def mouse_over() -> Callable[[Plot, PlotView], Mouse]:
    """A mouse over one view of a plot that has several."""
    return Mouse


@pytest.fixture
def at(plot: CurvePlot) -> Callable[[float], float]:
    """The view's pixel column of a learning rate."""
    return lambda lr: plot.view.pixel_x(float(np.log10(lr)))


class Heard:
    """Every signal of a plot that tells of an act of the person, in order."""

    def __init__(self, plot: CurvePlot) -> None:
        self.all: list[tuple[object, ...]] = []
        for name in (
            "selection_moved",
            "selection_finished",
            "zones_moved",
            "zones_finished",
            "mark_clicked",
        ):
            getattr(plot, name).connect(lambda *values, name=name: self.all.append((name, *values)))

    def named(self, name: str) -> list[tuple[object, ...]]:
        return [entry[1:] for entry in self.all if entry[0] == name]


@pytest.fixture
def heard(plot: CurvePlot) -> Heard:
    return Heard(plot)


@pytest.fixture
def canvas(qtbot) -> Canvas:
    """An empty view of 300 × 200 whose values are its pixels."""
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(300, 200)
    view = PlotView()
    canvas.setCentralItem(view)
    canvas.setBackground("#FFFFFF")
    view.setRange(xRange=(0, 300), yRange=(0, 200), padding=0)
    canvas.view = view
    canvas.grab()
    return canvas


@pytest.fixture
def dark_at(canvas: Canvas) -> Callable[[float, float], bool]:
    """Whether something dark is drawn at a value of that view."""

    def look(x: float, y: float) -> bool:
        image = canvas.grab().toImage()
        ratio = image.devicePixelRatio()
        return image.pixelColor(int(x * ratio), int((200 - y) * ratio)).lightness() < 200

    return look
