"""The view of a plot: its range, moved by wheel and mouse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, QTimer, Signal

#: How near the pointer must be, in logical pixels.
REACH, REACH_TOUCH = 7.0, 20.0
#: So long after the last turn of the wheel the view stands still.
STILL_MS = 150

Floats = NDArray[np.float64]

#: What stands for losses that have no logarithm.
_TINY = 1e-300


class PlotView(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph has no types
    """A view without auto-ranging or menu, whose range is set by its owner and by the mouse."""

    hovered = Signal(float, float)
    left = Signal()
    stopped = Signal()  # the view stands still again: time for details

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.under_pointer = False
        self.moving = False
        """True while the person zooms or pans: layers with very much to draw may leave details for later."""
        self._still = QTimer(self, singleShot=True, interval=STILL_MS)
        self._still.timeout.connect(self._on_still)
        self.sigRangeChangedManually.connect(self._on_moving)
        self.log_y = False
        """True where the left axis shows log10 of the losses; whatever paints losses maps them."""
        self.disableAutoRange()
        self.setDefaultPadding(0.0)
        self.setFlag(self.GraphicsItemFlag.ItemIsFocusable, False)

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        """Zoom along the bottom axis, with Ctrl along the left one; over an axis along that one."""
        upright = bool(ev.modifiers() & Qt.KeyboardModifier.ControlModifier)
        super().wheelEvent(ev, int(upright) if axis is None else axis)

    # Coordinates ----------------------------------------------------------------------------------

    def pixel_x(self, x: float) -> float:
        """Logical pixels from the view's left edge."""
        (low, high), _ = self.viewRange()
        return float((x - low) / (high - low) * self.rect().width())

    def pixel_y(self, y: float) -> float:
        """Logical pixels from the view's top edge to a loss."""
        _, (low, high) = self.viewRange()
        return float((high - float(self.axis_y(np.array(y)))) / (high - low) * self.rect().height())

    def value_x(self, pixel: float) -> float:
        """The axis coordinate at a pixel."""
        (low, high), _ = self.viewRange()
        return float(low + pixel / max(self.rect().width(), 1.0) * (high - low))

    def value_y(self, pixel: float) -> float:
        """The left axis' coordinate at a pixel."""
        _, (low, high) = self.viewRange()
        return float(high - pixel / max(self.rect().height(), 1.0) * (high - low))

    def axis_y(self, losses: Floats) -> Floats:
        """The left axis' coordinates of losses, any shape; far below everything where they have no logarithm."""
        return np.log10(np.maximum(losses, _TINY)) if self.log_y else losses

    def _on_moving(self, *_: object) -> None:
        self.moving = True
        self._still.start()

    def _on_still(self) -> None:
        self.moving = False
        self.stopped.emit()

    # Hovering -------------------------------------------------------------------------------------

    def hoverEvent(self, ev: Any) -> None:
        """Say where the pointer is."""
        self.under_pointer = not ev.isExit()
        if ev.isExit():
            self.left.emit()
        else:
            at = QPointF(ev.pos())
            self.hovered.emit(self.value_x(at.x()), self.value_y(at.y()))


def forget_mouse(scene: Any) -> None:
    """Clear the lists of a pyqtgraph scene whose drag or click will never end: it would swallow the next one."""
    scene.dragItem = scene.lastDrag = None
    scene.dragButtons, scene.clickEvents = [], []
