"""Runs that were made before or elsewhere: opened, followed, repeated, resumed, visited."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.curve.zones import Zones
from lrgui.core.events import (
    STOPPED,
    EndEvent,
    EndReason,
    RunKind,
    RunState,
)
from lrgui.gui.following import RunFollowing
from lrgui.gui.notice import Notice
from lrgui.gui.run_end import RunEnd
from lrgui.gui.screen import Exchange
from lrgui.runs.job import Job

if TYPE_CHECKING:
    from lrgui.core.curve.curve import Curve
    from lrgui.gui.loading import LoadedRun, ResumedRun
    from lrgui.runs.remote.following import Following


class Visiting(RunEnd):
    """Shows kept and followed runs beside the person's own, with one way back, and runs kept ones once more."""

    def _set_up(self) -> None:
        super()._set_up()
        self.runs.came_back.connect(self._show_again)
        self.loading.loaded.connect(self._show_run)
        self.loading.resumable.connect(self._resume)
        self.following = RunFollowing(self)
        """Runs that somebody else computes, on their way to the screen."""
        self.following.opened.connect(self._follow)
        self.following.noticed.connect(self.noticed)

    def close(self) -> None:
        """End whatever goes on; returns when it has ended."""
        self.following.close()
        super().close()

    def open_run(self, path: Path) -> bool:
        """Show a run from its log, sweep, training or race; runs none of its code, and leaves the settings alone.

        What was on screen comes back with `leave_visit`. A large one is shown later. Returns False, and a notice says
        why, where it can't be shown.
        """
        if self.busy:
            self.noticed.emit(Notice("info", "A run is in progress: stop it before opening another one."))
            return False
        return self.loading.load(path)

    def follow_run(self, text: str) -> bool:
        """Show a run while somebody else computes it: from its log, a path or an ssh address; one of here that was sent
        to a target from its log there. Stop ends the following alone. Returns False, and a notice says why, where that
        can't be."""
        from lrgui.runs.going_on import goes_on
        from lrgui.runs.remote.address import Address
        from lrgui.runs.remote.whereabouts import whereabouts

        if self.busy:
            self.noticed.emit(Notice("info", "A run is in progress: stop it before following another one."))
            return False
        self.loading.give_up()
        try:
            address = Address.parse(text)
            here = address.is_here and not goes_on(address.path)
            where = whereabouts(Path(address.path)) if here else None
            if where is None:
                self.following.follow(address)
            else:
                self.following.follow(where.address, where.python)
        except ValueError as error:
            self.noticed.emit(Notice("warning", str(error)))
            return False
        return True

    @Slot(object)
    def _follow(self, source: Following) -> None:
        """The run that was connected to begins on screen."""
        parser = source.parser
        if self.busy or parser is None:
            return
        self._enter(parser.job.kind, parser.job)
        self._others = True
        self.runs.begin_visit(parser.job, parser.created, f"followed: {source.address}")
        self._set_state(RunState.STARTING)
        self.worker.start(source)

    @Slot(object)
    def _show_run(self, run: LoadedRun) -> None:
        from lrgui.runs.going_on import goes_on
        from lrgui.runs.log_reader import GOES_ON
        from lrgui.runs.remote.whereabouts import whereabouts

        opened = run.opened
        self.noticed.emit(None)
        self.kind = opened.job.kind
        self.runs.show(run)
        if opened.record.task is not None:
            self.task_known.emit(opened.record.task)
        end = opened.record.end
        left = end is None or end.reason in (*STOPPED, EndReason.KILLED, EndReason.FAILED)
        where = whereabouts(run.path) if left else None
        sent = [] if where is None else [f"This run was sent to {where.target}."]
        notice = None
        if opened.warnings or sent:
            notice = Notice("info", " ".join([*sent, *opened.warnings]))
            if end is None or sent:  # it may go on there, or in another program
                tip = "If the run is still going on, show what it measures from now on"
                notice = replace(notice, action="Follow", tip=tip, act=lambda: self._follow_again(run.path))
            if sent and self.kind == RunKind.TRAIN:
                tip = "Follow it if it is still going on there, or go on from its last checkpoint"
                notice = replace(notice, action="Resume", tip=tip, act=lambda: self.resume(run.path))
        cut_off = f"{run.path.name} is incomplete: the program ended during the run."
        so_far = EndEvent(EndReason.KILLED, GOES_ON if goes_on(run.path) else cut_off)
        self._tell_end(opened.record.end or so_far, notice)

    def _follow_again(self, path: Path) -> None:
        self.follow_run(str(path))

    # ---------------------------------------------------------------- once more
    def run_again(self, job: Job, log: Path | None = None) -> None:
        """Run a kept run's settings once more, and show them in the form; undo brings back those that were there. At
        its end the numbers are compared with those of `log`, the kept run's.
        """
        self.loading.give_up()
        if self.busy:
            self.noticed.emit(Notice("info", "A run is in progress: stop it before starting another one."))
            return
        form = self.job
        self._put_into_form(job, "the settings of a saved run")
        problems = job.validate()
        if problems:
            self.noticed.emit(Notice("warning", " ".join(map(str, problems))))
        elif self.tasks.may_run(job, lambda: self.run_again(job, log)):
            self.noticed.emit(None)
            self._begin(job.kind, job)
            self._repeats = log
            if self.job != form:
                words = "The form now has the settings of the saved run."
                tip = "Restore the settings that were in the form; Undo (Ctrl+Z) does the same"
                act = partial(self._put_into_form, form, "your settings")
                self.noticed.emit(Notice("info", words, action="Restore mine", act=act, tip=tip))

    def resume(self, log: Path, more_epochs: int = 0, place: str = "") -> None:
        """Go on with a training that was kept, from its last checkpoint, or train it for `more_epochs`; of one with a
        long log later, and of one on a target once that has answered. `place` is as `resumption` takes it."""
        self.loading.give_up()
        if self.busy:
            self.noticed.emit(Notice("info", "A run is in progress: stop it before resuming another one."))
            return
        self.loading.resume(log, more_epochs, place)

    @Slot(object)
    def _resume(self, run: ResumedRun) -> None:
        from lrgui.runs.log_writer import LogWriter
        from lrgui.runs.resuming import followed_words

        job, opened = run.job, run.opened
        if run.over:
            self.open_run(run.path)
            return
        if not self.tasks.may_run(job, lambda: self.resume(run.path, run.more_epochs, run.place)):
            run.let_go()
            return
        self.noticed.emit(Notice("info", followed_words(run.path.name)) if run.attached else None)
        self._enter(RunKind.TRAIN, job)
        self.runs.begin(self.kind, job, opened.record)
        self._set_state(RunState.STARTING)
        self._journal = LogWriter(run.path, job, continues=True)
        if self.follow is not None:
            self.follow(run.path)
        if opened.record.task is not None:
            self.task_known.emit(opened.record.task)
        self.worker.start(run.source or self._open_source(job), self._journal)

    def _put_into_form(self, job: Job, what: str) -> None:
        """Take over all settings of `job`, as a step that can be undone."""
        before = self.job
        self.set_job(job)
        if self.job != before:
            self.runs.undo_stack.push(Exchange(what, lambda: self.job, self.set_job, before))

    # ---------------------------------------------------------------- there and back
    @Slot()
    def use_visited(self) -> None:
        """Put the settings of the run that is visited into the form; `leave_visit` brings the person's own back."""
        visit = self.runs.visit
        if visit is None or visit.job is None or visit.form is not None or self.busy:
            return
        form = self.job
        self.runs.use_visited(form)
        self.set_job(visit.job)
        if visit.kind == RunKind.SWEEP:
            self._read_late()
            self._train_as_selected()
        else:
            race, train = visit.job.race, visit.job.train
            raced = visit.kind == RunKind.RACE
            rate, schedule = (race.around, ONE_CYCLE) if raced else (train.max_lr, train.planned_schedule)
            self.runs.select_maximum(rate, schedule, by_hand=False)

    @Slot()
    def leave_visit(self) -> None:
        """Show what was on screen before a saved run or synthetic curve, and its settings if the form has others."""
        if self.busy:
            self.noticed.emit(Notice("info", "A run is in progress: stop it before going back."))
            return
        self.noticed.emit(None)
        self.runs.leave()

    @Slot(object)
    def _show_again(self, kinds: list[str]) -> None:
        """Another run is on screen again: it is read as the settings say, and its end is told."""
        left = self.runs.left
        if left is not None and left.form is not None and self.runs.visit is None:
            self.set_job(left.form)
        for kind in kinds:
            self.kind = kind
            record = self.record
            if record is None:
                continue
            if record.task is not None:
                self.task_known.emit(record.task)
            self._tell_end(record.end or EndEvent(EndReason.KILLED, "This run is incomplete."))
        if self.runs.own_settings:
            self._read_late()
        self._train_as_selected()

    def show_synthetic(self, name: str, curve: Curve, zones: Zones) -> None:
        """Show a made-up curve in the place of a sweep; rules, checklist and export treat it like one."""
        if self.busy:
            self.noticed.emit(Notice("info", "A run is in progress: stop it before showing another curve."))
            return
        self.noticed.emit(None)
        self.kind = RunKind.SWEEP
        self._tell_end(self.runs.show_synthetic(name, curve, zones, self.job))
