"""A study from its folder: the rates over the grid, the table, all curves; it follows one that still goes on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from lrgui.export.overlay import OverlayReport
from lrgui.export.study import StudyReport, overlay_of
from lrgui.gui.background import Background
from lrgui.gui.cards import muted, small_button
from lrgui.gui.editors import Choice
from lrgui.gui.labels import breakable
from lrgui.gui.notice import Notice
from lrgui.gui.plain_text import without_mnemonic
from lrgui.gui.result_table import ROW_HEIGHT, show_results_in
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.scrolled import Pages
from lrgui.gui.session import Session
from lrgui.gui.tabs.overlay_view import OverlayView
from lrgui.gui.tabs.run_tab import RunTab, empty_line
from lrgui.plot.heat_map import HeatMapPlot
from lrgui.plot.theme import Palette
from lrgui.studies.known import remember
from lrgui.studies.opened import OpenedStudy, study_at
from lrgui.studies.results import Cell, StudyResults

#: Milliseconds between two looks at a folder that may grow.
LOOK_MS = 1000
EMPTY = "No study is open. Open its folder, or drop it here."
#: What is shown of a study.
RATES, CURVES = "rates", "curves"
#: So many rows are in sight at first before the table scrolls.
MOST_ROWS = 5
#: So many sentences on how the rate follows the batch are in sight: the plot needs room.
MOST_RULES = 3


class StudyTab(RunTab):
    """Shows one study; a click on a combination opens its run, whose way back leads here."""

    opened = Signal()
    """A study was read, and can be looked at."""
    wanted = Signal()
    """The way back from one of its runs was taken."""

    def __init__(self, session: Session, runs: RunsOnScreen, palette: Palette) -> None:
        self.heat = HeatMapPlot(palette=palette)
        super().__init__(session, runs, self.heat)
        self.curves = OverlayView(palette, "study")
        self.curves.plot.read.connect(self.hovered)
        self.results: StudyResults | None = None
        """What is shown; None before a study was opened."""
        self._study: OpenedStudy | None = None
        self._overlay: OverlayReport | None = None
        self._visited = False
        self._gone = False
        """True where the folder of the study on screen is no more."""
        self._reading, self._laying = Background(self), Background(self)
        self.title = QLabel()
        self.title.setObjectName("cardTitle")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.show_as = Choice()
        self.show_as.setAccessibleName("Show")
        self.show_as.set_tip("Show the learning rate of each combination, or the curves of the sweeps")
        self.show_as.setMinimumContentsLength(12)
        self.show_as.addItem("Learning rates", RATES)
        self.show_as.addItem("Curves", CURVES)
        self.show_as.activated.connect(lambda _index: self._show_chosen())
        self.reset = small_button("Reset view", "Show all combinations again", self.heat.reset_view)
        self.sentences = muted()
        self.sentences.setAccessibleName("What the study shows")
        self.sentences.setContentsMargins(12, 0, 12, 0)
        self.sentences.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        # Queued: the plot is out of sight once the run is open, and its click must be over by then.
        self.heat.clicked.connect(self.open_cell, Qt.ConnectionType.QueuedConnection)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.heat)
        self._split.addWidget(self._make_table())
        self._split.setStretchFactor(0, 1)
        self._split.setStretchFactor(1, 0)
        self._pages = Pages()
        self._pages.addWidget(self._split)
        self._pages.addWidget(self.curves)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._head())
        column.addWidget(self.sentences)
        column.addWidget(self._pages, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self._empty = empty_line(EMPTY)
        whole.addWidget(self._fill_stack(self._empty, shown))
        self._awaited: Path | None = None
        """The folder of a study that was started and has written nothing yet."""
        self._timer.setInterval(LOOK_MS)
        self._process = session.study_process
        self._process.changed.connect(self._show_buttons)
        self._show_buttons()
        runs.visit_changed.connect(self._on_visit)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 12, 0)
        row.setSpacing(8)
        self.stop = small_button("Stop", "", self._process_stop)
        self.resume = small_button("Resume", "Measure what is missing, in a process beside the window", self._resume)
        row.addWidget(self.title, 1)
        row.addWidget(self.stop)
        row.addWidget(self.resume)
        row.addWidget(self.show_as)
        row.addWidget(self.reset)
        return row

    def _make_table(self) -> QTableWidget:
        self.table = QTableWidget(0, 0)
        self.table.setAccessibleName("Combinations and their learning rates")
        show_results_in(self.table)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.activated.connect(self._on_row)
        return self.table

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self.heat.set_palette(palette)
        self.curves.set_palette(palette)

    def shown(self) -> StudyReport | OverlayReport | None:
        """The study, or its curves as they are shown."""
        if self.results is None:
            return None
        if self.plot is self.heat:
            return StudyReport(self.results)
        return None if self.curves.overlay is None else OverlayReport(self.curves.overlay)

    # ---------------------------------------------------------------- reading
    def open(self, path: Path) -> None:
        """Read the study in the folder `path` and follow it; what was shown before stays until that is there."""
        self._begin(OpenedStudy(path), first=True)

    def _begin(self, study: OpenedStudy, first: bool = False) -> None:
        self._reading.start(lambda _watch: study.read(), partial(self._on_read, study, first))

    def _on_read(self, study: OpenedStudy, first: bool, found: StudyResults | None, error: Exception | None) -> None:
        if found is None:
            if not isinstance(error, OSError | ValueError):
                assert error is not None
                raise error
            if first:  # a folder that cannot be read while it grows can be in a moment
                self._session.noticed.emit(Notice("error", f"{study.path.name} cannot be opened: {error}"))
            return
        self._gone = False
        if first:
            self._study = study
            self.show_as.setCurrentIndex(0)
            self._session.tasks.remember(str(study.path))
            remember(study.path)
            self._timer.start()
        self.results = found
        self._show_results(first)
        if first:
            self.opened.emit()

    @Slot()
    def _redraw(self) -> None:
        """Read on where the folder says more, while anybody looks."""
        if self._open_awaited():
            return
        study = self._study
        if study is not None and self.isVisible() and self._gone != (study_at(str(study.path)) is None):
            self._gone = not self._gone
            self._show_title()
            self._show_buttons()
        if study is None or not self.isVisible() or self._reading.running:
            return
        if self.results is not None and self._process.reads(self.results.folder):
            found = self._process.found
            if found is not None and found is not self.results:
                self._on_read(study, False, found, None)
        elif study.changed:
            self._begin(study)

    # ---------------------------------------------------------------- showing
    def _show_results(self, first: bool) -> None:
        found = self.results
        assert found is not None
        self._show_title()
        self.heat.show_map(found.heat_map(), keep_view=not first)
        self._fill_table(found)
        self._show_plot()
        self._show_chosen()
        self._show_buttons()

    def _show_title(self) -> None:
        found = self.results
        assert found is not None
        total = len(found.rows)
        gone = " · folder deleted or moved" if self._gone else ""
        self.title.setText(f"{found.folder.name} · {total - found.missing:,} of {total:,} runs{gone}")
        self.title.setToolTip(str(found.folder))

    def _say(self, found: StudyResults) -> None:
        go_on = None if self._ours or self._gone else "Resume measures them"
        said, rules = found.sentences(go_on), len(found.rules)
        self.sentences.setToolTip("\n".join(said))
        if rules > MOST_RULES:
            said[MOST_RULES:rules] = [f"{rules - MOST_RULES} more such sentences are in the report (Export…)."]
        self.sentences.setText(breakable("\n".join(said)))
        self.sentences.setVisible(bool(said) and self.show_as.currentData() != CURVES)

    def _fill_table(self, found: StudyResults) -> None:
        heads, rows = found.table()
        same = (self.table.rowCount(), self.table.columnCount()) == (len(rows), len(heads))
        self.table.setColumnCount(len(heads))
        self.table.setHorizontalHeaderLabels([head[:1].upper() + head[1:] for head in heads])
        self.table.setRowCount(len(rows))
        for number, cells in enumerate(rows):
            for column, text in enumerate(cells):
                item = self.table.item(number, column)
                if item is None:
                    item = QTableWidgetItem()
                    self.table.setItem(number, column, item)
                if item.text() != text:
                    item.setText(text)
                    item.setToolTip(text)
        self.table.resizeColumnsToContents()
        above = self.table.horizontalHeader().sizeHint().height() + 14
        self.table.setMinimumHeight(above + 2 * ROW_HEIGHT)
        self.table.setMaximumHeight(above + ROW_HEIGHT * max(2, len(rows)))
        if not same:
            self._split.setSizes([10_000, above + ROW_HEIGHT * min(len(rows), MOST_ROWS)])

    def _show_chosen(self) -> None:
        """Show the heat map, or the curves, which are read first."""
        curves = self.show_as.currentData() == CURVES
        self._pages.setCurrentIndex(int(curves))
        self.plot = self.curves.plot if curves else self.heat
        self.reset.setVisible(not curves)  # those have their own
        self.sentences.setVisible(bool(self.sentences.text()) and not curves)
        if curves and self.results is not None:
            results = self.results
            self._laying.start(lambda _watch: overlay_of(results), self._on_laid)

    def _on_laid(self, found: OverlayReport | None, error: Exception | None) -> None:
        if error is not None:
            raise error
        if found is not None:
            self.curves.show_runs(found.overlay)
        else:
            self.show_as.setCurrentIndex(0)
            self._show_chosen()
            self._session.noticed.emit(Notice("info", "No sweep of the study has a curve yet."))

    # ---------------------------------------------------------------- running it
    def await_study(self, folder: Path) -> None:
        """Show the study in `folder` once it is written there: a process has begun with it."""
        self._awaited = folder
        self._empty.setText(f"{folder.name} is starting …")
        if self._study is None or self._study.path != folder:
            self._show_plot(False)
        self._timer.start()

    @property
    def _ours(self) -> bool:
        """True while the study on screen is run from here."""
        return self._process.running and self.results is not None and self._process.folder == self.results.folder

    def _process_stop(self) -> None:
        self._process.stop()

    def _resume(self) -> None:
        if self.results is not None and self.results.rows:
            self._session.run_study(self.results.folder.absolute(), self.results.rows[0].run.stages[0].job)

    @Slot()
    def _show_buttons(self) -> None:
        """What can be done with the study on screen."""
        process, found = self._process, self.results
        self.stop.setVisible(self._ours)
        self.stop.setText("Stop now" if process.stopping else "Stop")
        tips = "Let its runs end before their next batch; what was measured is kept", "End it at once"
        self.stop.setToolTip(tips[process.stopping])
        self.resume.setVisible(found is not None and bool(found.missing) and not process.running and not self._gone)
        if found is not None:
            self._say(found)
        if not process.running and not self._open_awaited() and self._awaited is not None:  # it wrote nothing
            self._awaited = None
            self._empty.setText(EMPTY)
            self._show_plot(found is not None)

    def _open_awaited(self) -> bool:
        """Open the study that was started, once it is written; False where there is none such."""
        if self._awaited is None or study_at(str(self._awaited)) is None:
            return False
        folder, self._awaited = self._awaited, None
        self.open(folder)
        return True

    # ---------------------------------------------------------------- its runs
    @Slot(QModelIndex)
    def _on_row(self, index: QModelIndex) -> None:
        if self.results is not None:
            self.open_cell(self.results.cells[index.row()])

    @Slot(object)
    def open_cell(self, cell: Cell) -> None:
        """Open the run of a combination; where it has several, ask which."""
        runs = [(words, path) for row in cell.rows for words, path in row.logs]
        if len(runs) == 1:
            self._visit(runs[0][1])
        elif runs:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            for words, path in runs:
                menu.addAction(without_mnemonic(words), partial(self._visit, path))
            menu.popup(QCursor.pos())

    def _visit(self, path: Path) -> None:
        assert self.results is not None
        self._visited = True
        self._runs.came_from = self.results.folder.name
        if not self._session.open_run(path):
            self._visited, self._runs.came_from = False, ""

    @Slot()
    def _on_visit(self) -> None:
        if self._visited and self._runs.visit is None:
            self._visited, self._runs.came_from = False, ""
            QTimer.singleShot(0, self, self._come_back)  # the tab of what is on screen again is shown first

    @Slot()
    def _come_back(self) -> None:
        if not self._session.busy:  # a new sweep leaves the visit, too
            self.wanted.emit()
