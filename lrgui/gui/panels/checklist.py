"""The curve read aloud, and the five questions with their answers."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from lrgui.core.curve.words import CLASSIC, TIPS
from lrgui.gui.cards import Card, Fold, muted
from lrgui.gui.dimming import dim
from lrgui.gui.labels import Steady
from lrgui.gui.runs_on_screen import RunsOnScreen

SIGNS = re.compile(" ([×÷=]) ")
WORDS = {"good": "Yes", "bad": "No", "open": "Open"}


class ChecklistPanel(Card):
    """Follows the selection live."""

    def __init__(self, runs: RunsOnScreen) -> None:
        super().__init__("Checklist")
        self._runs = runs
        self.sentence = muted()
        self.sentence.setAccessibleName("What the curve says")
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self.body.addLayout(self._grid)
        self._rows: list[tuple[QLabel, Steady]] = []
        self._empty = muted("After a sweep, five checks of its curve are listed here.")
        self.body.addWidget(self._empty)
        self.classic = Fold(CLASSIC.rstrip(":"), self.sentence, "classic")
        self.classic.button.setToolTip("The recommendation above uses more of the curve and may be higher")
        self.body.addWidget(self.classic)
        tips = QWidget()
        column = QGridLayout(tips)
        column.setContentsMargins(0, 0, 0, 0)
        for row, tip in enumerate(TIPS):
            column.addWidget(muted(f"· {tip}"), row, 0)
        self.body.addWidget(Fold("Tips", tips))
        runs.reading_changed.connect(self.refresh)
        runs.choice_changed.connect(self.refresh)
        runs.sweep_started.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the checks of the sweep on screen."""
        reading = self._runs.last_reading
        dim(self, self._runs.waiting and reading is not None)
        checks = reading.checklist if reading is not None else ()
        self._empty.setVisible(reading is None)
        self.classic.setVisible(reading is not None)
        self.sentence.setText(reading.interpretation if reading is not None else "")
        while len(self._rows) < len(checks):
            sign, text = QLabel(), Steady()
            row = len(self._rows)
            self._grid.addWidget(sign, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, row, 1)
            self._rows.append((sign, text))
        for index, (sign, text) in enumerate(self._rows):
            shown = index < len(checks)
            sign.setVisible(shown)
            text.setVisible(shown)
            if not shown:
                continue
            check = checks[index]
            text.hold(self._runs.dragging)
            text.setText(SIGNS.sub(" \\1\u00a0", check.text))  # no line may end in a sign
            text.setAccessibleName(f"{WORDS[check.state]}: {check.text}")
            if sign.objectName() != check.state:
                sign.setText(check.sign)
                sign.setObjectName(check.state)
                sign.style().unpolish(sign)
                sign.style().polish(sign)

    @property
    def texts(self) -> list[str]:
        """What the checklist says, line by line."""
        return [text.text() for _, text in self._rows if not text.isHidden()]
