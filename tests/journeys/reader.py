"""The program beside somebody who reads the screen: all words that can be seen, with their places, in a file.

    python reader.py FILE

No picture tells a test which words stand where. The program is the real one, and is driven with mouse and keyboard.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QGraphicsView,
    QLabel,
    QLineEdit,
    QTableWidget,
    QWidget,
)

from lrgui.gui import app
from lrgui.gui.labels import BREAK
from lrgui.gui.range_bar import RangeBar
from lrgui.plot.legend import Legend
from lrgui.plot.race_bars import Winner

#: Milliseconds between two looks.
EVERY = 150


def words_of(widget: QWidget) -> list[str]:
    """What a person reads in a widget; of a table a text for each row."""
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        return [widget.text()]
    if isinstance(widget, QComboBox):
        return [widget.currentText()]
    if isinstance(widget, RangeBar):  # it paints its words
        return [widget.accessibleDescription()]
    if isinstance(widget, QTableWidget):
        cells = [[widget.item(row, column) for column in (0, 1)] for row in range(widget.rowCount())]
        return [" | ".join(cell.text() for cell in row if cell is not None) for row in cells]
    if isinstance(widget, QGraphicsView):
        items = [item for item in widget.items() if item.isVisible()]
        legends = [entry.text for item in items if isinstance(item, Legend) for entry in item._entries]
        return [*legends, *(item.text for item in items if isinstance(item, Winner) and item.text)]
    return []


def seen() -> Iterator[dict[str, Any]]:
    """Every visible widget with words: these, its name, its place on the screen, and whether it can be used."""
    for widget in QApplication.allWidgets():
        inside = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
        if not inside.isVisible() or inside.visibleRegion().isEmpty():
            continue
        words = [text.replace(BREAK, "") for text in words_of(widget)]
        if any(words):
            at, size = widget.mapToGlobal(QPoint(0, 0)), widget.size()
            place = [at.x(), at.y(), size.width(), size.height()]
            yield {"words": words, "name": widget.accessibleName(), "place": place, "on": widget.isEnabled()}


def begin() -> None:
    """Look again and again from now on."""
    file = Path(sys.argv[1])

    def look() -> None:
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(list(seen())))
        os.replace(fresh, file)

    timer = QTimer(QApplication.instance(), interval=EVERY)
    timer.timeout.connect(look)
    timer.start()


if __name__ == "__main__":
    sys.exit(app.main([], before=begin))
