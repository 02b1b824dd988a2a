"""The table of rules: what each says about the curve."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)

from lrgui.core.analysis import Analysis
from lrgui.core.confidence_words import pick_label
from lrgui.core.learning_rate import format_lr
from lrgui.gui.cards import Card, muted
from lrgui.gui.workspace import Workspace


class SuggestionsPanel(Card):
    """Ours first, then the known rules; a click or Enter on a row selects its rate."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__("Suggestions")
        self._workspace = workspace
        self._rates: list[float | None] = []
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels(["Rule", "LR", "Spread"])
        spread = self.table.horizontalHeaderItem(2)
        assert spread is not None
        spread.setToolTip("Highest over lowest rate that the rule gives for the repeats")
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
        self._empty = muted("After a sweep, every rule's learning rate stands here.")
        self.body.addWidget(self._empty)
        self.body.addWidget(self.table)
        workspace.analysis_changed.connect(self.show_analysis)
        workspace.sweep_started.connect(lambda: self.show_analysis(None))
        workspace.choice_changed.connect(self._mark_selected)
        self.show_analysis(None)

    @Slot(object)
    def show_analysis(self, analysis: Analysis | None) -> None:
        """Fill the table from `analysis`."""
        self.table.setVisible(analysis is not None)
        self._empty.setVisible(analysis is None)
        if analysis is None:
            return
        pick = analysis.recommendation
        rate = pick.lr if pick.lr is not None else pick.best_guess
        rows: list[tuple[str, str, float | None, str]] = [("ours", pick_label(pick), rate, pick.reason)]
        rows += [(key, s.label, s.lr, s.reason) for key, s in analysis.suggestions.items()]
        self._rates = [lr for _, _, lr, _ in rows]
        reading = self._workspace.reading
        repeated = reading is not None and reading.band is not None
        self.table.setColumnHidden(2, not repeated)
        self.table.setRowCount(len(rows))
        for index, (key, label, lr, reason) in enumerate(rows):
            name = QTableWidgetItem(label)
            value = QTableWidgetItem("–" if lr is None else format_lr(lr))
            factor = reading.spread_factor(key) if reading is not None and repeated else None
            apart = QTableWidgetItem("–" if factor is None else f"×{factor:.2g}")
            if reading is not None and repeated:
                reason = f"{reason} The repeats alone: {reading.spread_words(key)}."
            for item in (name, value, apart):
                item.setToolTip(reason)
                if lr is None:
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                    item.setForeground(self.palette().placeholderText())
            self.table.setItem(index, 0, name)
            self.table.setItem(index, 1, value)
            self.table.setItem(index, 2, apart)
        height = self.table.horizontalHeader().sizeHint().height() + 27 * len(rows) + 4
        self.table.setFixedHeight(height)
        self._mark_selected()

    def _take(self, row: int) -> None:
        lr = self._rates[row]
        if lr is not None:
            self._workspace.select(lr)

    @Slot()
    def _mark_selected(self) -> None:
        """The row whose rate is the selection is marked, none otherwise."""
        selection = self._workspace.selection
        for row, lr in enumerate(self._rates[: self.table.rowCount()]):
            if lr is not None and lr == selection:
                self.table.selectRow(row)
                return
        self.table.clearSelection()
