"""What the tabs of runs share: a plot that is redrawn while a run goes on, and what is shown before there is one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from lrgui.core.formats import format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.gui.cards import muted
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.scrolled import LEAST_PLOT, Pages
from lrgui.gui.session import Session
from lrgui.plot.plots import Plot
from lrgui.plot.theme import Palette

if TYPE_CHECKING:
    from lrgui.export.shown import Shown

#: Curves are redrawn this often while a run goes on.
REDRAW_MS = 33


class RunTab(QWidget):
    """Follows the runs of one kind."""

    plot: Plot
    least_plot: ClassVar = LEAST_PLOT
    """The plot is no lower than this, in pixels: in a lower window its tab scrolls."""

    hovered = Signal(str)
    """What stands under the pointer, in words; empty when it has left."""

    def __init__(self, session: Session, runs: RunsOnScreen, plot: Plot) -> None:
        super().__init__()
        self._session, self._runs, self.plot = session, runs, plot
        plot.read.connect(self.hovered)
        plot.setMinimumHeight(self.least_plot)
        self._stack = Pages()
        self._timer = QTimer(self, interval=REDRAW_MS)
        self._timer.timeout.connect(self._redraw)

    def _fill_stack(self, empty: QWidget, shown: QWidget) -> Pages:
        """What is in sight until `_show_plot`, and what is from then on."""
        self._stack.addWidget(empty)
        self._stack.addWidget(shown)
        return self._stack

    def _show_plot(self, shown: bool = True) -> None:
        self._stack.setCurrentIndex(1 if shown else 0)

    @property
    def strip(self) -> QWidget:
        """The plot, or what is in its place: below all buttons."""
        return self.plot if self.plot.isVisible() else self._stack

    def _redraw(self) -> None:
        """Draw what was measured since it was drawn last."""
        raise NotImplementedError

    def shown(self) -> Shown | None:
        """What is on the tab, for an export; None while there is nothing."""
        raise NotImplementedError

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self.plot.set_palette(palette)


def cursor_words(lr: float, loss: float) -> str:
    """What stands under the pointer on a curve, for the status line."""
    return f"cursor  {format_lr(lr)} · {format_loss(loss) if math.isfinite(loss) else 'not measured'}"


def with_row(row: QHBoxLayout | QVBoxLayout | QWidget, plot: QWidget) -> QWidget:
    """A plot, and right above it a row, or rows, of words or buttons."""
    shown = QWidget()
    column = QVBoxLayout(shown)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    if isinstance(row, QWidget):
        column.addWidget(row)
    else:
        column.addLayout(row)
    column.addWidget(plot, 1)
    return shown


def empty_state(title: str, words: str, *below: QWidget, width: int = 520) -> QWidget:
    """A title, what there would be to see (at most `width` pixels wide), and what stands below them, centred."""
    empty = QWidget()
    empty.setObjectName("emptyState")
    column = QVBoxLayout(empty)
    column.setSpacing(12)
    heading = QLabel(title)
    heading.setObjectName("emptyTitle")
    said = muted(words)
    said.setAlignment(Qt.AlignmentFlag.AlignCenter)
    said.setMaximumWidth(width)
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(said, 6)
    row.addStretch(1)
    column.addStretch(2)
    column.addWidget(heading, 0, Qt.AlignmentFlag.AlignCenter)
    column.addLayout(row)
    for widget in below:
        if isinstance(widget, QLabel):  # it wraps, so it takes the whole width
            widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(widget)
        else:
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignCenter)
    column.addStretch(3)
    return empty


def empty_line(words: str) -> QLabel:
    """A sentence or two in the middle, already broken into lines."""
    label = QLabel(words)
    label.setObjectName("emptyState")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label
