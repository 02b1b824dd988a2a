"""The job and the sweep on screen: what one says, the other follows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Slot

from lrgui.core.run_settings import OF_READING, SweepSettings
from lrgui.gui.job_editor import JobEditor
from lrgui.gui.run_jobs import without_rate
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.shown_sweep import chosen_for, same_task
from lrgui.runs.records import plan_of

if TYPE_CHECKING:
    from lrgui.core.curve.lr_scaling import Transfer

#: Milliseconds between two looks of forms and tabs at the rate that is being dragged; plot and card follow at once.
DRAG_MS = 60


class CurveEditor(JobEditor):
    """The job as panels change it, and the runs on screen: the curve is read as the form says, and a training takes the
    rate that is selected on it."""

    def _set_up(self) -> None:
        super()._set_up()
        self.runs = RunsOnScreen(self)
        self._later, self._untold = QTimer(self, singleShot=True, interval=DRAG_MS), False
        self._later.timeout.connect(self._tell_job)
        self.runs.planned = plan_of(self.job.sweep, None)
        self.runs.follow_task(self.job)
        self.runs.selected.connect(self._train_as_selected)
        self.runs.reading_changed.connect(self._train_as_selected)

    def edit(self, **changes: Any) -> None:
        """As in the editor; with another β or planned training the sweep on screen is read again, and a training on
        another schedule takes what the selected rate is there. A rate for another task is none for this one."""
        before, schedule, task = self.job.sweep, self.job.train.planned_schedule, chosen_for(self.job)
        chosen = replace(self.job, task=changes.get("task", self.job.task))
        if "train" not in changes and not same_task(task, chosen_for(chosen)):
            changes["train"] = without_rate(self.job).train
        super().edit(**changes)
        self.runs.follow_task(self.job)
        self._read_as_set(before)
        if self.job.train.planned_schedule != schedule:
            self._train_as_selected()

    def carried_over(self) -> Transfer | None:
        """What becomes of the pick with the settings and the code of now; None where both are those of the sweep."""
        return self.runs.carried_over(self.job, self.tasks.code.digest)

    def _read_as_set(self, before: SweepSettings) -> None:
        """Read the curve as the job says, where that is not how it was read, with the settings `before`."""
        now = self.job.sweep
        if not self.runs.own_settings:  # the curve on screen is that of another run
            return
        if any(getattr(now, name) != getattr(before, name) for name in OF_READING) and not now.validate():
            self.runs.planned = plan_of(now, None)
            self.runs.read_as(now)
            self._train_as_selected()

    def _read_late(self) -> None:
        """How it is read may have changed since the sweep began that is on screen now."""
        job = self.runs.sweep_job
        if job is not None and self.runs.reading is not None:
            self._read_as_set(job.sweep)

    @Slot()
    def _train_as_selected(self) -> None:
        """A training takes the rate that is selected: what that is on its schedule, whatever is planned."""
        lr = self.runs.selection
        if lr is None or not self.runs.own_settings:
            return
        maximum = self.runs.plan.as_trained(lr, self.job.train.planned_schedule)
        if maximum != self.job.train.max_lr:
            self.job = replace(self.job, train=replace(self.job.train, max_lr=maximum))
            self._untold = True
        if not self.runs.dragging:
            self._tell_job()
        elif self._untold and not self._later.isActive():
            self._later.start()

    @Slot()
    def _tell_job(self) -> None:
        """The rate that a training takes is another: forms and tabs show it, in a drag a few times a second."""
        self._later.stop()
        if self._untold:
            self._untold = False
            self.job_changed.emit(self.job)
