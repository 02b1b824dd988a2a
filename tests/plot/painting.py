"""What a plot paints on the screen, and how much of it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QImage

from lrgui.plot.plots import Plot


def on_screen(plot: Plot, qtbot) -> np.ndarray:
    """The pixels that are on the screen once they stay the same; `grab` would paint them anew."""
    seen = [_grabbed(plot, qtbot)]

    def stay() -> bool:
        seen.append(_grabbed(plot, qtbot))
        return np.array_equal(*seen[-2:])

    qtbot.waitUntil(stay)
    return seen[-1]


def _grabbed(plot: Plot, qtbot) -> np.ndarray:
    qtbot.wait(50)  # it is drawn 30 times a second
    image = plot.screen().grabWindow(plot.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint32).copy()


class Painted(QObject):
    """Notes how large the parts of a plot are that are painted from now on."""

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot)
        self.widest = 0
        """Pixels from the left to the right of the largest of them."""
        plot.canvas.viewport().installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            self.widest = max(self.widest, event.region().boundingRect().width())
        return False
