"""The mark of the best epoch of a training among its losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from lrgui.core.events import EpochEvent
from lrgui.core.formats import format_loss, format_metric, format_percent
from lrgui.plot.font import plot_font
from lrgui.plot.layers import Floats, Line, PaletteLayer
from lrgui.plot.placing import Placed
from lrgui.plot.view import PlotView

#: Radius of the ring with its pen, in logical pixels.
_RING = 8.0


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
        self._label: Placed | None = None
        self._stale = False

    def show_at(self, x: float, y: float, forms: tuple[str, ...], lines: Sequence[Line]) -> None:
        """Mark this point with the longest of `forms` that there is room for, where it covers the least of `lines`."""
        before, painted = (self._at, self._forms, self.label), self._area()
        self._at, self._forms, self._lines, self._stale = (x, y), forms, lines, True
        if (self._at, self._forms, self.label) != before:
            for area in filter(QRectF.isValid, (painted, self._area())):  # the rest of the chart stays as it is
                self.update(area)

    def show_nothing(self) -> None:
        """There is no best epoch yet."""
        if self._at is not None:
            painted = self._area()
            self._at, self._label, self._stale = None, None, False
            self.update(painted)

    def refresh(self, *_: object) -> None:
        """Place the words again, and paint."""
        self._stale = True
        self.update()

    @property
    def label(self) -> Placed | None:
        """The words where they are painted: they stay there while the lines grow, until the next epoch."""
        if self._stale:
            self._stale, self._label = False, self._place()
        return self._label

    def _area(self) -> QRectF:
        """Where ring, leader and words are painted."""
        if self._at is None:
            return QRectF()
        at, label = self.to_px(*self._at), self.label
        area = QRectF(at.x() - _RING, at.y() - _RING, 2 * _RING, 2 * _RING)
        return area if label is None else area.united(label.rect.adjusted(-1, -1, 1, 1))

    def _place(self) -> Placed | None:
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
                covered = self._covered(left, width, np.array(rows), height)
                return Placed("best", text, QRectF(left, rows[int(covered.argmin())], width, height))
        return None

    def _covered(self, left: float, width: float, tops: Floats, height: float) -> NDArray[np.intp]:
        """How many points of the lines each box would cover whose top is one of `tops`, shape (n,). Shape (n,)."""
        places = [np.empty(0)]
        for line in self._lines:
            x, y = line.visible_pixels()
            places.append(y[(x >= left) & (x <= left + width)])
        down = np.sort(np.concatenate(places))
        return np.searchsorted(down, tops + height + 4, side="right") - np.searchsorted(down, tops - 4)

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint ring, leader and words."""
        label = self.label
        if self._at is None:
            return
        at = self.to_px(*self._at)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(self._palette.text), 1.8))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(at, _RING - 1.5, _RING - 1.5)
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
