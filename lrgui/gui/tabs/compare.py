"""The comparison: several optimizers swept on the same task, their curves over each other."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from lrgui.core.curve.comparison import how_to_read
from lrgui.core.events import RunKind, RunState
from lrgui.core.optimizers import OPTIMIZERS
from lrgui.gui.cards import muted
from lrgui.gui.tabs.curve import REDRAW_MS
from lrgui.gui.tabs.empty import empty_line
from lrgui.gui.workspace import Notice, Workspace
from lrgui.plot.compare_plot import ComparePlot
from lrgui.plot.theme import Palette
from lrgui.tasks.user.rows import OWN


class CompareTab(QWidget):
    """Which optimizers, their curves with the picks, and how to read the difference."""

    def __init__(self, workspace: Workspace, palette: Palette) -> None:
        super().__init__()
        self._workspace = workspace
        self._drawn: dict[int, int] = {}
        self.plot = ComparePlot(palette=palette)
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
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(self.plot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addLayout(under)
        column.addWidget(self.sentences)
        column.addWidget(self._stack, 1)
        self.sentences.hide()
        self.reset.hide()
        self._timer = QTimer(self, interval=REDRAW_MS)
        self._timer.timeout.connect(self._redraw)
        workspace.job_changed.connect(self._show_own)
        workspace.outline_changed.connect(self._show_own)
        self._show_own()
        workspace.compare_started.connect(self._begin)
        workspace.comparison_changed.connect(self._read)
        workspace.run_ended.connect(self._on_ended)
        workspace.state_changed.connect(self._on_state)
        self._on_state(workspace.state)
        if workspace.compared is not None:
            self._begin()

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self.plot.set_palette(palette)

    @Slot()
    def start(self) -> None:
        """Sweep the ticked optimizers."""
        wanted = [key for key, box in self.boxes.items() if box.isChecked()]
        if self.own.isChecked() and not self.own.isHidden():
            wanted.insert(0, OWN)
        if len(wanted) < 2:
            self._workspace.noticed.emit(Notice("warning", "Check at least two optimizers on the Compare tab."))
            return
        self._workspace.compare_optimizers(wanted)

    @Slot()
    def _show_own(self) -> None:
        """Only code can bring an optimizer of its own."""
        outline = self._workspace.outline
        self.own.setVisible(self._workspace.job.task.is_code and outline is not None and outline.has_optimizer)

    @Slot()
    def _begin(self) -> None:
        jobs = self._workspace.compare_jobs
        self._drawn = {}
        sweep = jobs[0].sweep
        self.plot.begin(sweep.start_lr, sweep.end_lr, [job.task.optimizer_words for job in jobs], sweep.steps)
        self._stack.setCurrentIndex(1)
        self.reset.show()
        self.sentences.setText("Sweeping one optimizer after another, from the same weights.")
        self.sentences.show()
        self._timer.start()
        self._redraw()
        self._read()

    @Slot()
    def _redraw(self) -> None:
        records = self._workspace.compared
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
        found = self._workspace.comparison
        keys = [job.task.optimizer for job in self._workspace.compare_jobs]
        for compared in found:
            self.plot.set_finished(keys.index(compared.key), compared)
        if len(found) > 1 or (found and not self._workspace.busy):
            self.sentences.setText(" ".join(how_to_read(found)))

    @Slot(object)
    def _on_ended(self, _end: object) -> None:
        self._timer.stop()
        if self._workspace.kind == RunKind.COMPARE:
            self._read()
            if not self._workspace.comparison:
                self.sentences.setText("No sweep of the comparison finished.")

    @Slot(str)
    def _on_state(self, state: str) -> None:
        idle = state == RunState.IDLE
        self.button.setEnabled(idle)
        for box in self.boxes.values():
            box.setEnabled(idle)
