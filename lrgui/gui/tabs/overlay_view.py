"""Runs over each other: by what, in which units, their curves, and below them the table of what they came to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from lrgui.gui.cards import muted, small_button
from lrgui.gui.editors import Choice
from lrgui.gui.movable_table import MovableTable
from lrgui.gui.result_table import ROW_HEIGHT, show_results_in
from lrgui.gui.scrolled import LEAST_PLOT
from lrgui.gui.switches import SWITCHES
from lrgui.plot.layers import pen
from lrgui.plot.overlay_plot import OverlayPlot
from lrgui.plot.theme import Palette
from lrgui.runs.overlaid import Quantity
from lrgui.runs.overlay import ALIGN_WORDS, QUANTITY_WORDS, SCALE_WORDS, STATE, Overlay, Scale, View

#: Size of a run's sample in the table, in pixels, and the height of a row.
SAMPLE = QSize(30, 14)
#: Room beside a name for its check box, in pixels.
BESIDE = 12
#: So many rows are in sight at first before the table scrolls.
MOST_ROWS = 5
#: Rows of the legend: the table names all runs.
LEGEND_ROWS = 2


class OverlayView(QWidget):
    """Shows an overlay, and lets the person choose how. A click on the legend, or a tick in the table, hides a run."""

    changed = Signal()
    """It is shown differently."""
    rows_selected = Signal()
    """Other rows of the table are selected."""

    def __init__(self, palette: Palette, key: str) -> None:
        """How runs are shown is kept under `key`."""
        super().__init__()
        self._palette, self._key = palette, key
        self._overlay: Overlay | None = None
        self._view = self._kept_view()
        self._states: dict[int, str] = {}
        self._why: dict[int, str] = {}
        self._filling = False
        self._rows = 0
        self.plot = OverlayPlot(palette=palette, rows=LEGEND_ROWS)
        self.plot.setMinimumHeight(LEAST_PLOT + 40)  # the legend has several rows
        self.plot.toggled.connect(self._toggle)
        self.sentences = muted()
        self.sentences.setAccessibleName("What is compared")
        self.sentences.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.table = MovableTable()
        self.table.setAccessibleName("Runs and their results")
        show_results_in(self.table)
        self.table.setIconSize(SAMPLE)
        self.table.itemChanged.connect(self._on_item)
        self.table.itemSelectionChanged.connect(self.rows_selected)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.plot)
        self._split.addWidget(self.table)
        self._split.setStretchFactor(0, 1)
        self._split.setStretchFactor(1, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._controls())
        column.addWidget(self.sentences)
        column.addWidget(self._split, 1)

    def _controls(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(6)
        self.align = self._choice("By", "Align the runs by this", "align")
        self.align.setMinimumContentsLength(max(map(len, ALIGN_WORDS.values())))
        self.quantity = self._choice("Show", "What is drawn of each run", "quantity")
        self.scale = self._choice("Units of losses", "Divide each run's losses by its first or its best one", "scale")
        by = QLabel("By")
        by.setObjectName("fieldName")
        by.setBuddy(self.align)
        for widget in (by, self.align, self.quantity, self.scale):  # they read as words: by step, loss, divided by …
            row.addWidget(widget)
        self.log = QCheckBox("Log loss")
        self.log.setToolTip("Show losses on a logarithmic axis: small differences become visible")
        self.log.setChecked(self._view.log)
        self.log.toggled.connect(lambda wanted: self.show_as(replace(self._view, log=wanted)))
        row.addWidget(self.log)
        row.addStretch(1)
        self.reset = small_button("Reset view", "Show all of the runs again", self.plot.reset_view)
        row.addWidget(self.reset)
        return row

    def _choice(self, name: str, tip: str, field: str) -> Choice:
        box = Choice()
        box.setAccessibleName(name)
        box.set_tip(tip)
        box.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToContents)
        box.activated.connect(lambda _index: self.show_as(replace(self._view, **{field: box.currentData()})))
        return box

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self._palette = palette
        self.plot.set_palette(palette)
        self._fill_table()

    def _kept_view(self) -> View:
        """How runs were shown last."""
        usual = View()
        return View(
            align=SWITCHES.word(f"{self._key}.align", ALIGN_WORDS, usual.align),
            scale=SWITCHES.word(f"{self._key}.scale", SCALE_WORDS, usual.scale),
            quantity=SWITCHES.word(f"{self._key}.quantity", list(Quantity), usual.quantity),
            log=SWITCHES.is_on(f"{self._key}.log", usual.log),
        )

    # ---------------------------------------------------------------- what is shown
    @property
    def overlay(self) -> Overlay | None:
        """The runs, as they are shown."""
        return self._overlay

    @property
    def selected_rows(self) -> list[int]:
        """The numbers of the selected rows, from above."""
        return sorted({index.row() for index in self.table.selectionModel().selectedRows()})

    def select_rows(self, rows: Sequence[int]) -> None:
        """Select these rows, and no others."""
        model, flags = self.table.model(), QItemSelectionModel.SelectionFlag
        self.table.clearSelection()
        for row in rows:
            self.table.selectionModel().select(model.index(row, 0), flags.Select | flags.Rows)

    def show_runs(
        self,
        overlay: Overlay,
        states: Mapping[int, str] | None = None,
        movable: Collection[int] = (),
        why: Mapping[int, str] | None = None,
    ) -> None:
        """Show these; how they are shown stays, but for runs that were hidden.

        `states` says in the table's column of states how runs are, in the place of how they ended, and `why` over it
        why they are so; `movable` are the rows that can be dragged.
        """
        self.table.set_movable(movable)
        before = self._overlay
        if before is None or len(overlay.runs) < len(before.runs):
            self._view = replace(self._view, hidden=frozenset())
        else:  # they may stand in another order
            hidden = {before.place(number) for number in self._view.hidden}
            rows = range(len(overlay.runs))
            self._view = replace(self._view, hidden=frozenset(n for n in rows if overlay.place(n) in hidden))
        self._overlay = overlay.shown_as(self._view)
        self._states, self._why = dict(states or {}), dict(why or {})
        self._show()

    def show_as(self, view: View) -> None:
        """Show the same differently."""
        self._view = view
        for name, value in _lasting(view).items():
            SWITCHES.note(f"{self._key}.{name}", value, _lasting(View())[name])
        if self._overlay is not None:
            self._overlay = self._overlay.shown_as(view)
            self._show()
        self.changed.emit()

    def redraw(self) -> None:
        """Draw what has been measured since: the runs' records have grown."""
        if self._overlay is not None:
            self._overlay = self._overlay.shown_as(self._view)
            self.plot.show_overlay(self._overlay)

    def _show(self) -> None:
        overlay = self._overlay
        assert overlay is not None
        scales = tuple(SCALE_WORDS) if overlay.can_divide else (Scale.RAW,)
        metric = overlay.metric_name
        names = {**QUANTITY_WORDS, Quantity.METRIC: metric[:1].upper() + metric[1:]}
        self._offer(self.align, overlay.aligns, ALIGN_WORDS, overlay.align)
        self._offer(self.quantity, overlay.quantities, names, overlay.quantity)
        self._offer(self.scale, scales, SCALE_WORDS, overlay.scale)
        self.log.setEnabled(overlay.quantity != Quantity.METRIC)
        self.sentences.setText(overlay.summary)
        self.sentences.setContentsMargins(12, 0, 12, 0)
        self.plot.show_overlay(overlay)
        self._fill_table()

    @staticmethod
    def _offer(box: Choice, keys: Sequence[str], words: Mapping[str, str], chosen: str) -> None:
        if [box.itemData(index) for index in range(box.count())] != list(keys):
            box.clear()
            for key in keys:
                box.addItem(words[key], key)
        for index, key in enumerate(keys):
            box.setItemText(index, words[key])
        box.setCurrentIndex(list(keys).index(chosen))
        box.setEnabled(len(keys) > 1)

    # ---------------------------------------------------------------- the table
    def _fill_table(self) -> None:
        overlay = self._overlay
        if overlay is None:
            return
        heads, rows = overlay.table()
        self._filling = True
        try:
            self.table.setColumnCount(len(heads))
            self.table.setHorizontalHeaderLabels([head[:1].upper() + head[1:] for head in heads])
            self.table.setRowCount(len(rows))
            for row, cells in enumerate(rows):
                for column, text in enumerate(cells):
                    is_state = heads[column] == STATE
                    shown = self._states.get(row, text) if is_state else text
                    self._fill_cell(row, column, shown, self._why.get(row, "") if is_state else "")
        finally:
            self._filling = False
        self.table.resizeColumnsToContents()
        self.table.setColumnWidth(0, self.table.columnWidth(0) + BESIDE)  # Qt's hint leaves out how boxes are styled
        above = self.table.horizontalHeader().sizeHint().height() + 14
        self.table.setMinimumHeight(above + 2 * ROW_HEIGHT)
        self.table.setMaximumHeight(above + ROW_HEIGHT * max(2, len(rows)))
        if len(rows) != self._rows:
            self._rows = len(rows)
            self._split.setSizes([10_000, above + ROW_HEIGHT * min(len(rows), MOST_ROWS)])

    def _fill_cell(self, row: int, column: int, text: str, tip: str = "") -> None:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            self.table.setItem(row, column, item)
        if item.text() != text:
            item.setText(text)
        if item.toolTip() != (tip or text):
            item.setToolTip(tip or text)
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | self.table.drag_flags(row)
        if column:
            item.setFlags(flags)
            return
        overlay = self._overlay
        assert overlay is not None
        if row < len(overlay.runs):
            item.setFlags(flags | Qt.ItemFlag.ItemIsUserCheckable)
            shown = row not in overlay.view.hidden
            item.setCheckState(Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked)
            item.setIcon(_sample(*self._palette.look(overlay.place(row))))
        else:
            item.setFlags(flags)
            item.setData(Qt.ItemDataRole.CheckStateRole, None)
            item.setIcon(QIcon())

    @Slot(QTableWidgetItem)
    def _on_item(self, item: QTableWidgetItem) -> None:
        if self._filling or item.column() or self._overlay is None or item.row() >= len(self._overlay.runs):
            return
        shown = item.checkState() == Qt.CheckState.Checked
        if shown == (item.row() in self._view.hidden):
            self._toggle(item.row())

    @Slot(int)
    def _toggle(self, number: int) -> None:
        """Hide a run, or show it again."""
        self.show_as(replace(self._view, hidden=self._view.hidden ^ {number}))


def _lasting(view: View) -> dict[str, bool | str]:
    """What of it belongs to no run."""
    return {"align": str(view.align), "scale": str(view.scale), "quantity": str(view.quantity), "log": view.log}


def _sample(colour: str, dash: str) -> QIcon:
    """A run's line, as it is in the plot."""
    picture = QPixmap(SAMPLE * 2)
    picture.setDevicePixelRatio(2)
    picture.fill(QColor(0, 0, 0, 0))
    painter = QPainter(picture)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen(colour, 2.2, dash))
        middle = SAMPLE.height() // 2
        painter.drawLine(2, middle, SAMPLE.width() - 2, middle)
    finally:
        painter.end()
    return QIcon(picture)
