"""The best epoch of a training: which one it is, and its mark among the losses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from lrgui.core.events import EpochEvent
from lrgui.core.formats import format_loss, format_metric, format_percent
from lrgui.core.run_settings import counted
from lrgui.plot.font import plot_font
from lrgui.plot.layers import Line, PaletteLayer
from lrgui.plot.placing import Placed
from lrgui.plot.view import PlotView


def best_epoch(epochs: Sequence[EpochEvent]) -> EpochEvent | None:
    """The epoch with the lowest finite validation loss, None where there is none."""
    measured = [(loss, i) for i, e in enumerate(epochs) if (loss := e.val_loss) is not None]
    measured = [(loss, i) for loss, i in measured if math.isfinite(counted(loss))]
    return epochs[min(measured)[1]] if measured else None


def best_words(best: EpochEvent) -> tuple[str, ...]:
    """What the mark of the best epoch, whose validation loss is known, says: the longest form first."""
    assert best.val_loss is not None
    loss = format_loss(best.val_loss)
    words = f"best epoch {best.epoch} · validation loss {loss}"
    return words + _metric_words(best), f"best epoch {best.epoch} · {loss}"


def _metric_words(epoch: EpochEvent) -> str:
    """The validation metric of an epoch, for behind its loss."""
    if epoch.val_accuracy is not None:
        return f" · {format_percent(epoch.val_accuracy, 1)}"
    return (
        ""
        if epoch.val_metric is None
        else f" · {epoch.metric_name} {format_metric(epoch.metric_name, epoch.val_metric)}"
    )


class BestEpoch(PaletteLayer):
    """A ring around the best epoch's validation loss, with words beside it."""

    def __init__(self, view: PlotView, z: float) -> None:
        super().__init__(view, z)
        self._at: tuple[float, float] | None = None
        self._forms: tuple[str, ...] = ()
        self._font = plot_font(12, bold=True)
        self._lines: Sequence[Line] = ()

    def show_at(self, x: float, y: float, forms: tuple[str, ...]) -> None:
        """Mark this point with the longest of `forms` that there is room for."""
        self._at, self._forms = (x, y), forms
        self.update()

    def show_nothing(self) -> None:
        """There is no best epoch yet."""
        self._at = None
        self.update()

    def set_obstacles(self, lines: Sequence[Line]) -> None:
        """Lines that the words should not cover."""
        self._lines = lines
        self.update()

    @property
    def label(self) -> Placed | None:
        """The words where they are painted."""
        if self._at is None:
            return None
        rect, at = self.boundingRect(), self.to_px(*self._at)
        if not rect.contains(at):
            return None
        metrics = QFontMetricsF(self._font)
        height = metrics.height() + 4
        for text in self._forms:
            width = metrics.horizontalAdvance(text) + 12
            if width > rect.width() - 8:
                continue
            left = min(max(at.x() - width / 2, 4.0), rect.width() - width - 4)
            rows = [at.y() - height - 12 - 6 * i for i in range(40)] + [at.y() + 12 + 6 * i for i in range(20)]
            rows = [top for top in rows if 2 <= top <= rect.height() - height - 2]
            if rows:
                boxes = [QRectF(left, top, width, height) for top in rows]
                covered = [self._covered(box) for box in boxes]
                return Placed("best", text, boxes[covered.index(min(covered))])
        return None

    def _covered(self, box: QRectF) -> int:
        count = 0
        for line in self._lines:
            x, y = line.visible_pixels()
            inside = (x >= box.left()) & (x <= box.right()) & (y >= box.top() - 4) & (y <= box.bottom() + 4)
            count += int(inside.sum())
        return count

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint ring, leader and words."""
        label = self.label
        if self._at is None:
            return
        at = self.to_px(*self._at)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(self._palette.text), 1.8))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(at, 6.5, 6.5)
        if label is None:
            return
        above = label.rect.bottom() < at.y()
        end = label.rect.bottom() if above else label.rect.top()
        painter.setPen(QPen(QColor(self._palette.muted), 1.0))
        painter.drawLine(QPointF(at.x(), at.y() - 7 if above else at.y() + 7), QPointF(at.x(), end))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._palette.background))
        painter.drawRoundedRect(label.rect, 4, 4)
        painter.setFont(self._font)
        painter.setPen(QColor(self._palette.text))
        painter.drawText(label.rect, Qt.AlignmentFlag.AlignCenter, label.text)
