"""The table of rules: what each says about the curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QAbstractItemView, QVBoxLayout, QWidget

from lrgui.core.formats import format_factor
from lrgui.gui.cards import Card, Fold, muted
from lrgui.gui.dimming import dim
from lrgui.gui.rate_table import RateTable
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.shown_sweep import rules_shown

if TYPE_CHECKING:
    from lrgui.core.curve.sweep_reading import SweepReading

#: Lines that most reasons need at most.
REASON_LINES = 3


class SuggestionsPanel(Card):
    """Ours first, then the classic rules and those of packages; a click or Enter on a row selects its rate, and the
    line above them says how it came about: below so many rows it would be out of sight."""

    def __init__(self, runs: RunsOnScreen) -> None:
        super().__init__("Suggestions")
        self.heading.hide()  # the fold says it
        self._runs = runs
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(self.body.spacing())
        self.fold = Fold("Suggestions of all rules", content, "suggestions")
        self.body.addWidget(self.fold)
        self._rates: list[float | None] = []
        self.table = RateTable(["Rule", "LR", "Spread"], "Suggested learning rates", 27)
        spread = self.table.horizontalHeaderItem(2)
        assert spread is not None
        spread.setToolTip("Ratio of the highest to the lowest rate this rule suggests across the repeats")
        self.table.setToolTip("Click a row to select its learning rate")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.horizontalHeader().setMinimumSectionSize(64)
        self.table.cellClicked.connect(lambda row, _column: self._take(row))
        self.table.cellActivated.connect(lambda row, _column: self._take(row))
        self._empty = muted("The learning rates suggested by each rule appear here after a sweep.")
        self._reasons: list[str] = []
        self.reason = muted()
        self.reason.setAccessibleName("Reason")
        self.reason.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.reason.setMinimumHeight(REASON_LINES * self.reason.fontMetrics().height())  # no row moves
        inside.addWidget(self._empty)
        inside.addWidget(self.reason)
        inside.addWidget(self.table)
        self.table.setMouseTracking(True)
        self.table.cellEntered.connect(lambda row, _column: self._show_reason(row))
        self.table.currentCellChanged.connect(lambda row, _column, _before, _then: self._show_reason(row))
        runs.reading_changed.connect(self.show_reading)
        runs.sweep_started.connect(lambda: self.show_reading(runs.last_reading))
        runs.choice_changed.connect(self._mark_selected)
        self.show_reading(None)

    @Slot(object)
    def show_reading(self, reading: SweepReading | None) -> None:
        """Fill the table from `reading`."""
        self.table.setVisible(reading is not None)
        self.reason.setVisible(reading is not None)
        self._empty.setVisible(reading is None)
        dim(self, self._runs.waiting and reading is not None)
        if reading is None:
            return
        rows = rules_shown(reading)
        repeated = reading.band is not None
        self._rates = [row.lr for row in rows]
        self.table.setColumnHidden(2, not repeated)
        lines = []
        for row in rows:
            factor = reading.spread_factor(row.key)
            apart = "–" if factor is None else format_factor(factor)
            tip = f"{row.reason} Single repeats: {row.spread}." if repeated else row.reason
            lines.append(((row.label, row.rate, apart), tip))
        self.table.fill(lines)
        numbers = {mark.key: f"{number}" for number, mark in enumerate(reading.marks, start=1)}
        self.table.number([numbers.get(row.key, "") for row in rows])
        for index, row in enumerate(rows):
            if row.lr is None:
                self._pale(index)
        self._reasons = [f"{row.label}: {tip}" for row, (_texts, tip) in zip(rows, lines, strict=True)]
        self._mark_selected()
        self._show_reason(max(self.table.currentRow(), 0))

    def _show_reason(self, row: int) -> None:
        """Say above the table why the rule of a row points where it does."""
        if 0 <= row < len(self._reasons):
            self.reason.setText(self._reasons[row])

    def _pale(self, row: int) -> None:
        """Show a row as one that cannot be chosen."""
        for column in range(self.table.columnCount()):
            item = self.table.item(row, column)
            assert item is not None
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            item.setForeground(self.palette().placeholderText())

    def _take(self, row: int) -> None:
        lr = self._rates[row]
        if lr is not None:
            self._runs.select(lr)

    @Slot()
    def _mark_selected(self) -> None:
        """The row whose rate is the selection is marked, none otherwise."""
        selection = self._runs.selection
        for row, lr in enumerate(self._rates[: self.table.rowCount()]):
            if lr is not None and lr == selection:
                self.table.selectRow(row)
                return
        self.table.clearSelection()
