"""The training: loss, accuracy and learning rate while it runs, and how it ended."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from lrgui.core.engine.schedules import one_cycle
from lrgui.core.events import RunKind
from lrgui.core.formats import format_loss, format_metric, format_percent
from lrgui.gui.tabs.curve import REDRAW_MS
from lrgui.gui.tabs.empty import empty_line
from lrgui.gui.workspace import Workspace
from lrgui.plot.theme import Palette
from lrgui.plot.training_plot import TrainingPlot

#: The longest training whose plan is drawn, in steps: more would take long, and much memory.
MOST_PLANNED = 1 << 22


class TrainingTab(QWidget):
    """Follows the workspace's training."""

    def __init__(self, workspace: Workspace, palette: Palette) -> None:
        super().__init__()
        self._workspace = workspace
        self._drawn = 0
        self.plot = TrainingPlot(palette=palette)
        self.heading = QLabel()
        self.heading.setObjectName("muted")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setWordWrap(True)
        self.heading.setContentsMargins(12, 6, 12, 2)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.heading)
        column.addWidget(self.plot, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(empty_line("Nothing trained yet. Select a learning rate on the curve, then press F6."))
        self._stack.addWidget(shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._timer = QTimer(self, interval=REDRAW_MS)
        self._timer.timeout.connect(self._redraw)
        workspace.training_started.connect(self._begin)
        workspace.task_known.connect(self._plan)
        workspace.epoch_ended.connect(self._show_epochs)
        workspace.run_ended.connect(self._finish)
        if workspace.training is not None:  # the tab is made when the first training starts
            self._begin()

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self.plot.set_palette(palette)

    @Slot()
    def _begin(self) -> None:
        self._drawn = 0
        self._stack.setCurrentIndex(1)
        self.plot.clear()
        self.heading.setText("Starting…")
        self._timer.start()

    @Slot(object)
    def _plan(self, _task: object) -> None:
        """The number of batches is known: the whole learning-rate plan can be drawn."""
        job, record = self._workspace.training_job, self._workspace.training
        if self._workspace.kind != RunKind.TRAIN or job is None or record is None or record.task is None:
            return
        config, steps = job.train, record.task.steps
        drawn = steps if steps <= MOST_PLANNED else 0
        plan = one_cycle(config.max_lr, drawn, config.pct_start, config.div_factor, config.final_div_factor)
        self.plot.begin(plan, -(-steps // config.epochs), config.epochs)
        self._drawn = 0  # the plot has forgotten what it showed: an opened run's steps are there before its plan
        self._redraw()
        self._show_epochs()

    @Slot()
    def _redraw(self) -> None:
        record = self._workspace.training
        if record is None or record.task is None or len(record.loss) == self._drawn:
            return
        self._drawn = len(record.loss)
        self.plot.set_live(record.loss, record.lr)

    @Slot()
    def _show_epochs(self) -> None:
        job, record = self._workspace.training_job, self._workspace.training
        if job is None or record is None or not record.epochs:
            return
        self._redraw()
        self.plot.set_epochs(record.epochs)
        last = record.epochs[-1]
        words = [f"Epoch {last.epoch} of {job.train.epochs}", f"training loss {format_loss(last.train_loss)}"]
        if last.val_loss is not None:
            words.append(f"validation loss {format_loss(last.val_loss)}")
        if last.val_accuracy is not None:
            words.append(f"validation accuracy {format_percent(last.val_accuracy, 1)}")
        elif last.val_metric is not None:
            words.append(f"validation {last.metric_name} {format_metric(last.metric_name, last.val_metric)}")
        self.heading.setText(" · ".join(words))

    @Slot(object)
    def _finish(self, end: object) -> None:
        self._timer.stop()
        if self._workspace.kind != RunKind.TRAIN:
            return
        self._redraw()
        self._show_epochs()
        record = self._workspace.training
        if record is None or not record.epochs:
            self.heading.setText(getattr(end, "detail", ""))
