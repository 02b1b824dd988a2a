"""The training: loss, accuracy and learning rate while it runs, and how it ended."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout

from lrgui.core.engine.schedules import one_cycle
from lrgui.core.events import RunKind
from lrgui.core.formats import format_loss, format_metric, format_percent
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session
from lrgui.gui.tabs.run_tab import RunTab, empty_line, with_row
from lrgui.plot.theme import Palette
from lrgui.plot.training_plot import TrainingPlot

#: The longest training whose plan is drawn, in steps: more would take long, and much memory.
MOST_PLANNED = 1 << 22
#: Room for this many steps is made first, where nobody knows how many there will be.
ROOM = 200


class TrainingTab(RunTab):
    """Follows the training."""

    plot: TrainingPlot

    def __init__(self, session: Session, runs: RunsOnScreen, palette: Palette) -> None:
        super().__init__(session, runs, TrainingPlot(palette=palette))
        self._drawn = 0
        self._room = 0
        """Steps for which there is room, of a training whose length nobody knows; else 0."""
        self.heading = QLabel()
        self.heading.setObjectName("muted")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setWordWrap(True)
        self.heading.setContentsMargins(12, 6, 12, 2)
        empty = empty_line("Nothing trained yet. Select a learning rate on the curve, then press F6.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._fill_stack(empty, with_row(self.heading, self.plot)))
        runs.training_started.connect(self._begin)
        session.task_known.connect(self._plan)
        runs.epoch_ended.connect(self._show_epochs)
        session.run_ended.connect(self._finish)
        if runs.training is not None:  # the tab is made when the first training starts
            self._begin()

    @Slot()
    def _begin(self) -> None:
        self._drawn = self._room = 0
        self._show_plot()
        self.plot.clear()
        self.heading.setText("Starting…")
        self._timer.start()

    @Slot(object)
    def _plan(self, _task: object) -> None:
        """The number of batches is known: the whole learning-rate plan can be drawn."""
        job, record = self._runs.training_job, self._runs.training
        if self._session.kind != RunKind.TRAIN or job is None or record is None or record.task is None:
            return
        if job.task.is_script:  # nobody knows how long it trains
            self._make_room(max(ROOM, len(record)))
            return
        config, steps = job.train, record.task.steps
        drawn = steps if steps <= MOST_PLANNED else 0
        plan = one_cycle(config.max_lr, drawn, config.pct_start, config.div_factor, config.final_div_factor)
        self.plot.begin(plan, -(-steps // config.epochs), config.epochs)
        self._drawn = 0  # the plot has forgotten what it showed: an opened run's steps are there before its plan
        self._redraw()
        self._show_epochs()

    def _make_room(self, steps: int) -> None:
        self._room = steps
        self.plot.begin(np.empty(0), steps, 1)
        self._drawn = 0
        self._redraw()

    @Slot()
    def _redraw(self) -> None:
        record = self._runs.training
        if record is None or record.task is None or len(record.loss) == self._drawn:
            return
        if self._room and len(record) > self._room:
            self._make_room(2 * len(record))
            return
        self._drawn = len(record.loss)
        self.plot.set_live(record.loss, record.lr)
        if record.metric is not None:
            self.plot.set_measured(record.task.metric_name or "metric", record.metric)

    @Slot()
    def _show_epochs(self) -> None:
        job, record = self._runs.training_job, self._runs.training
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
        if self._session.kind != RunKind.TRAIN:
            return
        self._redraw()
        self._show_epochs()
        record = self._runs.training
        if record is None or not record.epochs:
            self.heading.setText(getattr(end, "detail", ""))
