"""What may start, and how a run begins."""

from __future__ import annotations

from collections.abc import Sequence

from lrgui.core.events import RunKind, RunState
from lrgui.gui.notice import Notice
from lrgui.gui.queue import Queue
from lrgui.gui.run_jobs import PARTS, job_of
from lrgui.gui.run_life import RunLife
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.record import Record


class RunStart(RunLife):
    """Starts runs of every kind: those of the form, one training after the other, and optimizers in turn."""

    def _set_up(self) -> None:
        super()._set_up()
        self.queue = Queue(self._start_queued, self.stop, lambda: self.busy, self)
        self.queue.noticed.connect(self.noticed)
        self.run_ended.connect(self.queue.on_ended)

    def _trains_nothing(self) -> bool:
        """True, and a notice says why, where a synthetic curve is on screen: no training belongs to it."""
        if not self.runs.synthetic:
            return False
        back = f"Go back to {self.runs.visit.back}" if self.runs.visit is not None else "Go back"
        words = f"This curve is synthetic: no training belongs to it. {back}, or find a learning rate (F5)."
        self.noticed.emit(Notice("info", words))
        return True

    def _start(self, kind: str) -> None:
        self.loading.give_up()
        if kind in (RunKind.TRAIN, RunKind.RACE) and self._trains_nothing():
            return
        job = None if self.busy else self._job_to_run(kind)
        if job is None or not self.tasks.may_run(job, lambda: self._start(kind)):
            return
        self._begin(kind, job)
        if kind == RunKind.TRAIN and (found := self.carried_over()) is not None:
            self.noticed.emit(Notice("info", found.reason))

    def _start_queued(self, job: Job) -> Record | None:
        """Train this job of the queue; the settings in the form stay. None where the person is asked first."""
        self.loading.give_up()
        if not self.tasks.may_run(job, self.queue.run):
            return None
        self._begin(RunKind.TRAIN, job)
        self._quiet = True
        return self.runs.training

    def compare_optimizers(self, optimizers: Sequence[str]) -> None:
        """Sweep the task with each of the optimizers (keys), one after the other; the sweep on screen stays."""
        from lrgui.runs.sequential import InTurn, jobs_to_compare

        self.loading.give_up()
        job = None if self.busy or not optimizers else self._job_to_run(RunKind.COMPARE)
        if job is None or not self.tasks.may_run(job, lambda: self.compare_optimizers(optimizers)):
            return
        self._enter(RunKind.COMPARE, job)
        jobs = jobs_to_compare(job, optimizers)
        self.runs.begin_comparison(jobs)
        self._set_state(RunState.STARTING)
        self._turn = InTurn(jobs, self._open_source, origin="window", ready=self.ready, follow=self.follow)
        self.worker.start(self._turn)

    def _job_to_run(self, kind: str) -> Job | None:
        """What a run of `kind` would run, with all that was typed; None, and a notice says why, where it can't."""
        self.about_to_run.emit()
        unread = self._unread.that_matter(kind)
        if unread:
            unreadable = lambda: bool(self._unread.that_matter(kind))  # noqa: E731
            self.noticed.emit(Notice("warning", " ".join(unread), holds=unreadable))
            self.refused.emit(self._unread.places(kind))
            return None
        job = job_of(kind, self.job, self.runs.plan)
        problems = job.validate()
        self.look_again()
        if problems:
            missing = job.task.is_code and all(problem.field == "path" for problem in problems)
            text = " ".join(str(problem) for problem in problems)
            holds = lambda: bool(job_of(kind, self.job, self.runs.plan).validate())  # noqa: E731
            self.noticed.emit(Notice("warning", text, until_saved=missing, holds=holds))
            self.refused.emit([(part, problem.field) for problem in problems for part in PARTS.get(kind, ())])
            return None
        self.noticed.emit(None)
        return job

    def _enter(self, kind: str, job: Job) -> None:
        """A run of `job` begins: what was said of the run before holds no longer."""
        self.kind, self._running = kind, job
        self.asked_to_finish = self._others = self._quiet = self._readied = self._said_where = False
        self._repeats = None

    def _begin(self, kind: str, job: Job) -> None:
        from lrgui.runs.checkpoints import with_checkpoints

        if kind == RunKind.SWEEP:
            self.runs.leave_for_sweep()
        self._enter(kind, job)
        if kind == RunKind.CHECK:
            self._check = Record()
            self.check_started.emit()
        else:
            self.runs.begin(kind, job)
        self._set_state(RunState.STARTING)
        self._journal = None if kind == RunKind.CHECK else start_log(job, "window", self.follow)
        if self._journal is not None and not self._journal.problem:
            job = with_checkpoints(job, self._journal.path)
            if kind == RunKind.TRAIN and self.runs.training is not None:
                self.runs.training.log = self._journal.path
        self.worker.start(self._open_source(job), self._journal)
