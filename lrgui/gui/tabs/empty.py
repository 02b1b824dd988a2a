"""What a tab shows while there is nothing to plot."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from lrgui.gui.cards import muted


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
