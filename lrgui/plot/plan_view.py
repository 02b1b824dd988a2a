"""The view of a training's rates: the planned line is dragged up or down here, which multiplies what is left of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal

from lrgui.core.control import MOST_FACTOR
from lrgui.core.learning_rate import shown_lr
from lrgui.plot.view import REACH, REACH_TOUCH, PlotView, forget_mouse

Floats = NDArray[np.float64]

#: Within so many pixels of where it was the line counts as put back.
UNMOVED = 3.0
#: On a linear axis the line cannot be taken nearer than this to zero: a pixel would be too large a factor.
ABOVE_ZERO = 10.0
#: Below this part of itself no rate can be told from zero on a linear axis.
LEAST_LINEAR = 0.01


class PlanView(PlotView):
    """A drag that begins on the planned line multiplies the rest of it; elsewhere it pans.

    `rest` tells what can be dragged now. Nothing is moved here: the owner draws what the signals tell.
    """

    dragged = Signal(float, float)
    """The factor while the line is dragged, and the step where it is held."""
    dropped = Signal(float)
    """The drag is over, with this factor."""
    given_up = Signal()
    """The drag is over, and nothing is to change."""

    def __init__(self) -> None:
        super().__init__()
        self.rest: Callable[[], tuple[int, Floats]] = lambda: (0, np.empty(0))
        """The first step that can be dragged, and the planned rates from there on, shape (n,); none where nothing
        can."""
        self.tip = ""
        """What is said over the line."""
        self._held: tuple[float, float] | None = None
        """Step and planned rate where the line is held."""
        self._factor = 1.0
        self._touch = False

    @property
    def held(self) -> bool:
        """True while the line is dragged."""
        return self._held is not None

    def pick(self, at: QPointF, reach: float = REACH) -> tuple[float, float] | None:
        """Step and planned rate of the line under the pointer; None where there is none to drag."""
        first, rates = self.rest()
        low, high = self.value_x(at.x() - reach), self.value_x(at.x() + reach)
        near = rates[max(0, math.floor(low) - first) : max(0, math.ceil(high) + 1 - first)]
        if not len(near):
            return None
        pixels = [self.pixel_y(float(rate)) for rate in (near.max(), near.min())]
        if not pixels[0] - reach <= at.y() <= pixels[1] + reach:
            return None  # between its highest and lowest place nearby lies the line, however steep it is
        step = min(max(self.value_x(at.x()), float(first)), float(first + len(rates) - 1))
        rate = float(np.interp(step, np.arange(first, first + len(rates)), rates))
        if not self.log_y and self.pixel_y(0.0) - self.pixel_y(rate) < ABOVE_ZERO:
            return None
        return (step, rate) if rate > 0 else None

    def mousePressEvent(self, event: Any) -> None:
        """Remember what kind of pointer it is; pyqtgraph turns the rest into drags and clicks."""
        self._touch = event.source() != Qt.MouseEventSource.MouseEventNotSynthesized
        event.ignore()

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Drag the line, or pan."""
        if ev.isStart() and axis is None and ev.button() == Qt.MouseButton.LeftButton:
            self._held = self.pick(QPointF(ev.buttonDownPos()), REACH_TOUCH if self._touch else REACH)
        if self._held is None:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        self._factor = self._factor_at(QPointF(ev.pos()).y() - QPointF(ev.buttonDownPos()).y())
        if ev.isFinish():
            self._held = None
            self.unsetCursor()
            if self._factor == 1.0:
                self.given_up.emit()
            else:
                self.dropped.emit(self._factor)
        else:
            self.dragged.emit(self._factor, self._held[0])

    def _factor_at(self, down: float) -> float:
        """The factor, with two digits, where the line was dragged so many pixels down."""
        assert self._held is not None
        if abs(down) < UNMOVED:
            return 1.0
        rate, moved = self._held[1], self.value_y(down) - self.value_y(0.0)
        factor = 10.0 ** min(max(moved, -12.0), 12.0) if self.log_y else max(1 + moved / rate, LEAST_LINEAR)
        return shown_lr(min(max(factor, 1 / MOST_FACTOR), MOST_FACTOR))

    def give_up_drag(self) -> bool:
        """Put the line back; False where it is not dragged."""
        if self._held is None:
            return False
        self._held = None
        self.unsetCursor()
        scene = self.scene()
        if scene is not None:
            forget_mouse(scene)
        self.given_up.emit()
        return True

    def hoverEvent(self, ev: Any) -> None:
        """Show by the cursor's shape that the line can be dragged; say where the pointer is."""
        super().hoverEvent(ev)
        over = not ev.isExit() and not self.held and self.pick(QPointF(ev.pos())) is not None
        if not self.held:
            self.setCursor(Qt.CursorShape.SizeVerCursor if over else Qt.CursorShape.ArrowCursor)
        if self.toolTip() != (tip := self.tip if over else ""):
            self.setToolTip(tip)
