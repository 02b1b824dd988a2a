"""The table of rules: what each says about the curve."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)

from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.formats import format_factor
from lrgui.gui.cards import Card, muted
from lrgui.gui.labels import with_tabular_figures
from lrgui.gui.runs_on_screen import RunsOnScreen


class SuggestionsPanel(Card):
    """Ours first, then the known rules; a click or Enter on a row selects its rate."""

    def __init__(self, runs: RunsOnScreen) -> None:
        super().__init__("Suggestions")
        self._runs = runs
        self._rates: list[float | None] = []
        self.table = QTableWidget(0, 3)
        with_tabular_figures(self.table)
        self.table.setHorizontalHeaderLabels(["Rule", "LR", "Spread"])
        spread = self.table.horizontalHeaderItem(2)
        assert spread is not None
        spread.setToolTip("Ratio of the highest to the lowest rate this rule suggests across the repeats")
        self.table.setAccessibleName("Suggested learning rates")
        self.table.setToolTip("Click a row to select its learning rate")
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(27)
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(64)
        self.table.cellClicked.connect(lambda row, _column: self._take(row))
        self.table.cellActivated.connect(lambda row, _column: self._take(row))
        self._empty = muted("The learning rates suggested by each rule appear here after a sweep.")
        self.body.addWidget(self._empty)
        self.body.addWidget(self.table)
        runs.reading_changed.connect(self.show_reading)
        runs.sweep_started.connect(lambda: self.show_reading(None))
        runs.choice_changed.connect(self._mark_selected)
        self.show_reading(None)

    @Slot(object)
    def show_reading(self, reading: SweepReading | None) -> None:
        """Fill the table from `reading`."""
        self.table.setVisible(reading is not None)
        self._empty.setVisible(reading is None)
        if reading is None:
            return
        rows, repeated = reading.table, reading.band is not None
        self._rates = [row.lr for row in rows]
        self.table.setColumnHidden(2, not repeated)
        self.table.setRowCount(len(rows))
        for index, row in enumerate(rows):
            factor = reading.spread_factor(row.key)
            apart = "–" if factor is None else format_factor(factor)
            tip = f"{row.reason} Single repeats: {row.spread}." if repeated else row.reason
            for column, text in enumerate((row.label, row.rate, apart)):
                item = QTableWidgetItem(text)
                item.setToolTip(tip)
                if row.lr is None:
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                    item.setForeground(self.palette().placeholderText())
                self.table.setItem(index, column, item)
        height = self.table.horizontalHeader().sizeHint().height() + 27 * len(rows) + 4
        self.table.setFixedHeight(height)
        self._mark_selected()

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
