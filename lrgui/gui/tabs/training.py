"""The training: loss, accuracy and learning rate while it runs, and how it ended."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QVBoxLayout

from lrgui.core.events import EndEvent, RunKind
from lrgui.core.formats import format_factor
from lrgui.core.learning_rate import format_lr, shown_lr
from lrgui.export.training import TrainingReport, begin_plan, cycles_momentum, draw_plan, epoch_words, measured_name
from lrgui.gui.cards import small_button
from lrgui.gui.epoch_table import EpochTable
from lrgui.gui.live_controls import LiveControls
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session
from lrgui.gui.status import Elided
from lrgui.gui.tabs.kept_training import KeptTraining
from lrgui.gui.tabs.run_tab import RunTab, empty_state, with_row
from lrgui.gui.training_view import TrainingView
from lrgui.plot.theme import Palette
from lrgui.plot.training_plot import TrainingPlot
from lrgui.runs.headline import headline, shorter
from lrgui.runs.job import Job

#: What is said over the planned line: of a training that runs, and before there is one.
OF_REST = "Drag up or down to change the rest of the schedule (Esc cancels)"
OF_MAX_LR = "Drag up or down to change max LR (Esc cancels)"
#: Room for this many steps is made first, where nobody knows how many there will be.
ROOM = 200


class TrainingTab(RunTab):
    """Follows the training."""

    plot: TrainingPlot
    least_plot = 220  # three charts

    def __init__(self, session: Session, runs: RunsOnScreen, palette: Palette) -> None:
        super().__init__(session, runs, TrainingPlot(palette=palette))
        self._drawn = 0
        self._told = (0, 0)
        """How many gradients and changes of the rate are drawn."""
        self._room = 0
        """Steps for which there is room, of a training whose length nobody knows; else 0."""
        self._epoch_came = False
        """True while an epoch waits to be drawn: small ones end more often than anybody could read."""
        self.heading = QLabel()
        self.heading.setObjectName("muted")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setWordWrap(True)
        self.heading.setContentsMargins(12, 6, 12, 2)
        # Room for two lines always: the plot would jump with the words' length, and be painted anew.
        self.heading.ensurePolished()  # from then on it has the font that it is shown in
        self.heading.setMinimumHeight(2 * self.heading.fontMetrics().lineSpacing() + 8)
        self.heading.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.header = Elided("")
        self.header.setObjectName("muted")
        self.header.setAccessibleName("What is trained")
        self.view = TrainingView()
        self.view.log.toggled.connect(self.plot.set_log_loss)
        self.view.log_rate.toggled.connect(self.plot.set_log_rate)
        self.view.table.toggled.connect(self._show_table)
        self.view.middle_chosen.connect(self.plot.show_in_middle)
        self.controls = LiveControls(session)
        self.controls.multiplied.connect(self.plot.rate.multiply_expected)
        self.plot.rate.draggable = self._can_drag
        self.plot.rate.drag_words = self._drag_words
        self.plot.rate.dropped.connect(self._dragged)
        self.table = EpochTable()
        self.table.hide()
        self.view.keep()
        top = QHBoxLayout()
        top.setContentsMargins(12, 4, 4, 0)
        top.setSpacing(12)
        top.addWidget(self.header, 1)
        self.enqueue = small_button(
            "Add to queue", "Add the training that is set on the left to the queue (Ctrl+Shift+Q)", session.enqueue
        )
        top.addWidget(self.enqueue)
        top.addWidget(self.view)
        below = QHBoxLayout()
        below.setContentsMargins(0, 0, 4, 0)
        below.setSpacing(8)
        below.addWidget(self.heading, 1)
        self.kept = KeptTraining(session, runs)
        below.addWidget(self.kept, 0, Qt.AlignmentFlag.AlignTop)
        below.addWidget(self.controls, 0, Qt.AlignmentFlag.AlignTop)
        rows = QVBoxLayout()
        rows.setSpacing(2)
        rows.addLayout(top)
        rows.addLayout(below)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self.plot)
        parts.addWidget(self.table)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 1)
        empty = empty_state("Nothing trained yet", "Select a learning rate on the curve, then press Train (F6).")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._fill_stack(empty, with_row(rows, parts)))
        session.job_changed.connect(self._preview)
        runs.reading_changed.connect(self._preview)
        runs.training_started.connect(self._begin)
        session.task_known.connect(self._plan)
        session.task_known.connect(self._show_header)
        runs.epoch_ended.connect(self._on_epoch)
        session.run_over.connect(self._finish)
        if runs.training is not None:  # the tab is made when the first training starts
            self._begin()
        else:
            self._preview()

    def shown(self) -> TrainingReport | None:
        """The training as far as it went."""
        job, record = self._runs.training_job, self._runs.training
        return None if job is None or record is None or not len(record) else TrainingReport(job, record, record.started)

    @Slot()
    def _begin(self) -> None:
        self._drawn = self._room = 0
        self._told, self._epoch_came = (0, 0), False
        self._show_plot(self._runs.training is not None)
        self.plot.clear()
        if self._runs.training is None:  # what was visited is gone, and nothing was there before
            self._timer.stop()
            self._preview()
            return
        job = self._runs.training_job
        if job is not None:  # drawn again once the run itself says how long an epoch is
            self._draw_plan(job)
        self.heading.setText("Starting…")
        self._show_header()
        self._timer.start()

    @Slot()
    def _preview(self) -> None:
        """Draw what is planned, before anything is trained: as soon as a sweep tells how long an epoch is."""
        runs, job = self._runs, self._session.job
        if runs.training is not None:
            return
        steps = self._draw_plan(job)
        if steps:
            train = job.train
            words = f"Planned: {train.schedule_words}, max LR {format_lr(train.max_lr)}, {steps:,} steps. F6 trains."
            self.header.setText("")
            self.heading.setText(words)
        self._show_plot(steps > 0)

    def _draw_plan(self, job: Job) -> int:
        """Draw what a training of `job` would do, where the sweep of that task tells how long an epoch is; returns its
        steps, 0 where that is not known."""
        runs, train = self._runs, job.train
        swept, epoch_steps = runs.sweep_job, runs.plan.epoch_steps
        known = swept is not None and swept.task == job.task and not runs.synthetic
        if epoch_steps is None or not known or job.task.is_script or train.validate():
            return 0
        per_epoch = math.ceil(epoch_steps) if train.steps is None else -(-train.steps // train.epochs)
        steps = train.steps or train.epochs * per_epoch
        task = None if runs.sweep is None else runs.sweep.task
        draw_plan(self.plot, train, steps, per_epoch, cycles=cycles_momentum(job, task))
        return steps

    # ---------------------------------------------------------------- the plan is dragged
    def _can_drag(self) -> bool:
        """Whether the planned line can be dragged: while a training can be steered, and before there is one."""
        before = self._runs.training is None and not self._session.busy
        self.plot.rate.view.tip = OF_MAX_LR if before else OF_REST
        return before or self.controls.can_steer

    def _dragged_max_lr(self, factor: float) -> float:
        return shown_lr(factor * self._session.job.train.max_lr)

    def _drag_words(self, factor: float, rate: float) -> str:
        if self._runs.training is None:
            return f"Max LR {format_lr(self._dragged_max_lr(factor))}"
        return f"LR {format_factor(factor)}: {format_lr(factor * rate)} here"

    @Slot(float)
    def _dragged(self, factor: float) -> None:
        """The planned line was dropped: of a training that runs, the rest; before one, its highest rate."""
        if self._runs.training is not None:
            self.controls.multiply(factor)
        elif not self._session.busy:
            self._runs.select_maximum(self._dragged_max_lr(factor), self._session.job.train.planned_schedule)

    @Slot(object)
    def _plan(self, _task: object) -> None:
        """The number of batches is known: the whole learning-rate plan can be drawn."""
        job, record = self._runs.training_job, self._runs.training
        if self._session.kind != RunKind.TRAIN or job is None or record is None or record.task is None:
            return
        if job.task.is_script:  # nobody knows how long it trains
            self._make_room(max(ROOM, len(record)))
            return
        begin_plan(self.plot, job, record)
        self._told = (0, 0)
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
        if self._epoch_came:
            self._show_epochs()
            return
        record = self._runs.training
        if record is None or record.task is None:
            return
        self._show_changes()
        if len(record.loss) == self._drawn:
            return
        if self._room and len(record) > self._room:
            self._make_room(2 * len(record))
            return
        self._drawn = len(record.loss)
        self.plot.set_live(record.loss, record.lr, record.momentum)
        if record.metric is not None:
            self.plot.set_measured(measured_name(record), record.metric)

    @Slot()
    def _show_header(self) -> None:
        job, record = self._runs.training_job, self._runs.training
        if job is not None and record is not None:
            words = headline(job, record.started, told=record.task)
            self.header.setText(words, shorter(words))

    @Slot(bool)
    def _show_table(self, shown: bool) -> None:
        self.table.setVisible(shown)
        if shown and self._runs.training is not None:
            self.table.show_epochs(self._runs.training)

    def _show_changes(self) -> None:
        """Draw the gradients and changes of the rate that came since they were drawn last."""
        record = self._runs.training
        if record is None:
            return
        if len(record.gradients) != self._told[0]:
            self.plot.set_gradients(record.gradients)
            if not self._told[0]:
                self.view.offer(self.plot.middle_choices)
        if len(record.rate_changes) != self._told[1]:
            self.plot.set_rate_changes(record.rate_changes)
        self._told = len(record.gradients), len(record.rate_changes)

    @Slot()
    def _on_epoch(self) -> None:
        """An epoch has ended: it is drawn with the next picture."""
        self._epoch_came = True
        if not self._timer.isActive():
            self._show_epochs()

    @Slot()
    def _show_epochs(self) -> None:
        self._epoch_came = False
        job, record = self._runs.training_job, self._runs.training
        if job is None or record is None or not record.epochs:
            return
        self._redraw()
        self.plot.set_epochs(record.epochs, record.epoch_steps)
        self.view.offer(self.plot.middle_choices)
        if self.table.isVisible():
            self.table.show_epochs(record)
        self.heading.setText(epoch_words(job, record))

    @Slot(object)
    def _finish(self, end: EndEvent) -> None:
        from lrgui.runs.words import broken_off

        self._timer.stop()
        self.plot.rate.view.give_up_drag()
        self.plot.rate.expect(1.0)
        if self._session.kind != RunKind.TRAIN:
            return
        self._redraw()
        self._show_epochs()
        record = self._runs.training
        if record is None or not record.epochs:
            steps = 0 if record is None else len(record)
            told = self._session.end_told
            self.heading.setText(broken_off(RunKind.TRAIN, end.reason, steps) if told else end.detail)
