"""The comparison: several optimizers swept on the same task, their curves over each other."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout

from lrgui.core.curve.comparison import how_to_read
from lrgui.core.events import RunKind, RunState
from lrgui.core.optimizers import OPTIMIZERS
from lrgui.gui.cards import muted
from lrgui.gui.notice import Notice
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session
from lrgui.gui.tabs.run_tab import RunTab, empty_line
from lrgui.plot.compare_plot import ComparePlot
from lrgui.plot.theme import Palette
from lrgui.tasks.user.rows import OWN


class CompareTab(RunTab):
    """Which optimizers, their curves with the picks, and how to read the difference."""

    plot: ComparePlot

    def __init__(self, session: Session, runs: RunsOnScreen, palette: Palette) -> None:
        super().__init__(session, runs, ComparePlot(palette=palette))
        self._drawn: dict[int, int] = {}
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 0, 0)
        row.setSpacing(12)
        under = QHBoxLayout()
        under.setContentsMargins(12, 0, 0, 0)
        self.boxes: dict[str, QCheckBox] = {}
        for key, optimizer in OPTIMIZERS.items():
            if not optimizer.compared:
                continue
            box = QCheckBox(optimizer.label)
            box.setChecked(True)
            box.setToolTip(f"Sweep {optimizer.label} too; good rates are usually {optimizer.typical_lr}")
            self.boxes[key] = box
            row.addWidget(box)
        self.own = QCheckBox("The task's own")
        self.own.setChecked(True)
        self.own.setToolTip("Also sweep the optimizer the task's code creates")
        row.addWidget(self.own)
        self.button = QPushButton("Compare optimizers")
        self.button.setObjectName("small")
        self.button.setToolTip("Sweep the checked optimizers on the task, one after another (F8)")
        self.button.clicked.connect(self.start)
        self.reset = QPushButton("Reset view")
        self.reset.setObjectName("small")
        self.reset.setToolTip("Show all curves again")
        self.reset.clicked.connect(self.plot.reset_view)
        row.addStretch(1)
        under.addWidget(self.button)
        under.addStretch(1)
        under.addWidget(self.reset)
        self.sentences = muted()
        self.sentences.setAccessibleName("How to read the difference")
        self.sentences.setContentsMargins(12, 4, 12, 2)
        self.sentences.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        empty = empty_line(
            "No comparison yet. Check at least two optimizers above and press F8:\n"
            "each is swept on the task, with the same weights and batches."
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addLayout(under)
        column.addWidget(self.sentences)
        column.addWidget(self._fill_stack(empty, self.plot), 1)
        self.sentences.hide()
        self.reset.hide()
        session.job_changed.connect(self._show_own)
        session.job_changed.connect(lambda _job: self._on_state(session.state))
        session.outline_changed.connect(self._show_own)
        self._show_own()
        runs.compare_started.connect(self._begin)
        runs.comparison_changed.connect(self._read)
        session.run_ended.connect(self._on_ended)
        session.state_changed.connect(self._on_state)
        self._on_state(session.state)
        if runs.compared is not None:
            self._begin()

    @Slot()
    def start(self) -> None:
        """Sweep the ticked optimizers."""
        wanted = [key for key, box in self.boxes.items() if box.isChecked()]
        if self.own.isChecked() and not self.own.isHidden():
            wanted.insert(0, OWN)
        if len(wanted) < 2:
            self._session.noticed.emit(Notice("warning", "Check at least two optimizers on the Compare tab."))
            return
        self._session.compare_optimizers(wanted)

    @Slot()
    def _show_own(self) -> None:
        """Only code can bring an optimizer of its own."""
        outline = self._session.tasks.code.outline
        self.own.setVisible(self._session.job.task.is_code and outline is not None and outline.has_optimizer)

    @Slot()
    def _begin(self) -> None:
        jobs = self._runs.compare_jobs
        self._drawn = {}
        sweep = jobs[0].sweep
        self.plot.begin(sweep.start_lr, sweep.end_lr, [job.task.optimizer_words for job in jobs], sweep.steps)
        self._show_plot()
        self.reset.show()
        self.sentences.setText("Sweeping one optimizer after another, from the same weights.")
        self.sentences.show()
        self._timer.start()
        self._redraw()
        self._read()

    @Slot()
    def _redraw(self) -> None:
        records = self._runs.compared
        if records is None:
            return
        for record in records.all:
            if len(record) and self._drawn.get(record.sweep) != len(record):
                self._drawn[record.sweep] = len(record)
                self.plot.set_live(record.sweep, record.lr, record.loss)

    @Slot()
    def _read(self) -> None:
        """Show what the sweeps that have ended say."""
        self._redraw()
        found = self._runs.comparison
        keys = [job.task.optimizer for job in self._runs.compare_jobs]
        for compared in found:
            self.plot.set_finished(keys.index(compared.key), compared)
        if len(found) > 1 or (found and not self._session.busy):
            self.sentences.setText(" ".join(how_to_read(found)))

    @Slot(object)
    def _on_ended(self, _end: object) -> None:
        self._timer.stop()
        if self._session.kind == RunKind.COMPARE:
            self._read()
            if not self._runs.comparison:
                self.sentences.setText("No sweep of the comparison finished.")

    @Slot(str)
    def _on_state(self, state: str) -> None:
        idle = state == RunState.IDLE
        self.button.setEnabled(idle and not self._session.job.task.is_script)  # that brings its own optimizer
        for box in self.boxes.values():
            box.setEnabled(idle)
