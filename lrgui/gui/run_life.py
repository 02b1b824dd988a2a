"""A run from its start to its end: what may start, what is said meanwhile, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from lrgui.core.budget import Budget, cost_words, race_to_prove
from lrgui.core.control import FINISH, LOWER, rate_request
from lrgui.core.events import (
    WHOLE,
    CheckEvent,
    EndEvent,
    Event,
    OutputEvent,
    ResumeEvent,
    RunKind,
    RunState,
    StateEvent,
    Stream,
)
from lrgui.core.formats import format_factor
from lrgui.core.learning_rate import format_lr
from lrgui.core.phrases import first_sentence
from lrgui.gui.curve_editor import CurveEditor
from lrgui.gui.loading import MOST_BYTES, RunLoading
from lrgui.gui.notice import Notice
from lrgui.gui.queue import Queue
from lrgui.gui.run_jobs import PARTS, job_of
from lrgui.gui.run_worker import RunWorker
from lrgui.gui.shown_sweep import ShownSweep
from lrgui.runs.event_source import EventSource
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.record import Record
from lrgui.runs.records import plan_of
from lrgui.runs.trust import Trust

if TYPE_CHECKING:
    from lrgui.gui.fixes import Repair
    from lrgui.runs.log_writer import LogWriter
    from lrgui.runs.repeating import Repeat
    from lrgui.runs.sequential import InTurn


class RunLife(CurveEditor):
    """Starts runs, steers the one that goes on, and ends it; knows no widget. What is measured goes to `runs`."""

    about_to_run = Signal()
    """A run is about to start: what was typed and not yet confirmed is to be read now."""
    refused = Signal(object)
    """No run started, because of these fields: pairs of the part of the job ("train") and the field's name."""
    state_changed = Signal(str)
    """`idle`, `starting`, `running`, `paused` or `stopping`."""
    task_known = Signal(object)
    """The run's TaskEvent."""
    finishing = Signal()
    """The training was asked to stop after its epoch."""
    run_ended = Signal(object)
    """The EndEvent."""
    check_started = Signal()
    checked = Signal(object)
    """A CheckEvent."""
    check_ended = Signal(object)
    """The EndEvent of a check."""

    def __init__(
        self,
        job: Job,
        open_source: Callable[[Job], EventSource],
        parent: QObject | None = None,
        trust: Trust | None = None,
    ) -> None:
        """`trust` knows which code may run; None is what the person trusts on this computer."""
        super().__init__(job, parent, trust)
        self._open_source = open_source
        self.ready: Callable[[], object] | None = None
        """Prepares a process for the run after the present one."""
        self.follow: Callable[[Path], object] | None = None
        """Is told the log of each run as it begins, or goes on."""
        self.worker = RunWorker(self)
        self.worker.chunk.connect(self._on_chunk)
        self.worker.ended.connect(self._on_ended)
        self.loading = RunLoading(self)
        """Runs from disk on their way to the screen."""
        self.loading.noticed.connect(self.noticed)
        self._others = False
        """True while the run that goes on is one that is followed."""
        self.state: str = RunState.IDLE
        self.kind: str = RunKind.SWEEP
        """What goes on, or went on last: `sweep`, `train`, `race`, `compare`, `check` or `aside`."""
        self.asked_to_finish = False
        """True from when the training was asked to stop after its epoch to the next run."""
        self._running = job
        """The job of the present or last run."""
        self._journal: LogWriter | None = None
        self._turn: InTurn | None = None
        self._check: Record | None = None
        self._repeats: Path | None = None
        """The log of the run that the present one repeats."""
        self.prove = ""
        """What a sweep, and the race that measures what it is not sure of, may take, as `core.budget` reads it; empty
        for only the sweep."""
        self._proving = False
        """True while such a race goes on."""
        self._quiet = False
        """True while a training of the queue goes on: its table says how it ends."""
        self._said_where = False
        """True while what the run said last was where it is."""
        self.end_told = False
        """True where the message over the plot says how the last run ended: elsewhere a word is enough."""
        self._readied = False
        """True once the process of the next training of the queue was readied."""
        self.queue = Queue(self._start_queued, self.stop, lambda: self.busy, self)
        """Trainings that wait for their turn."""
        self.queue.noticed.connect(self.noticed)
        self.run_ended.connect(self.queue.on_ended)
        self._followed: float | None = None
        """The last rate that the form shows because the optimizer asked for it."""
        self.tasks.follow(self.job.task)

    @property
    def budget(self) -> Budget | None:
        """What sweep and race together may take; None for only the sweep."""
        return Budget.read(self.prove) if self.prove else None

    @property
    def busy(self) -> bool:
        """True while a run goes on, or is read at its end."""
        return self.worker.running or self.runs.finishing

    @property
    def measuring(self) -> bool:
        """True while a run goes on that has not said how it ended: closing the window would cut it off."""
        return self.worker.running and not self.worker.end_read

    @property
    def others(self) -> bool:
        """True while the run that goes on is one that somebody else computes, and is only followed."""
        return self._others

    @property
    def leaving(self) -> bool:
        """True while a run goes on that does not need the window: closing it only ends the following."""
        return self.measuring and self.worker.can_leave

    @property
    def record(self) -> Record | None:
        """What the present (or last) run has measured so far; of repeats the first."""
        return self._check if self.kind == RunKind.CHECK else self.runs.record(self.kind)

    # ---------------------------------------------------------------- starting
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
        if kind == RunKind.TRAIN and (found := self.runs.carried_over(self.job)) is not None:
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

    def _set_state(self, state: str) -> None:
        self.state = state
        self.state_changed.emit(state)

    # ---------------------------------------------------------------- the run that goes on
    @Slot()
    def toggle_pause(self) -> None:
        """Pause a running run, resume a paused one."""
        if self.state == RunState.RUNNING:
            self.worker.pause()
        elif self.state == RunState.PAUSED:
            self.worker.resume()

    def multiply_rate(self, factor: float) -> None:
        """Multiply the rates of the training that runs. Raises ValueError for what is no factor."""
        if self.kind == RunKind.TRAIN and self.worker.running:
            self.worker.ask(rate_request(factor))

    @Slot()
    def finish_epoch(self) -> None:
        """Stop the training when its epoch is over."""
        if self.kind == RunKind.TRAIN and self.worker.running and self.worker.ask(FINISH):
            self.asked_to_finish = True
            self.finishing.emit()

    @Slot()
    def stop(self) -> None:
        """Ask the run to end; everything measured so far is kept."""
        if self.busy and self.state != RunState.STOPPING:
            self._set_state(RunState.STOPPING)
            self.worker.stop()

    def close(self) -> None:
        """End whatever goes on; returns when it has ended."""
        self.queue.close()
        self.loading.close()
        self.runs.close()
        self.worker.close()
        self.tasks.close()

    @Slot(object)
    def _on_chunk(self, events: list[Event]) -> None:
        record = self.record
        assert record is not None
        had_task = record.task is not None
        if record is self._check:
            record.add(events)
        else:
            self.runs.add(self.kind, events)
        if not had_task and record.task is not None:
            self.task_known.emit(record.task)
            self._show_followed()
        if self._quiet and not self._readied and self.queue.waiting and len(record) and self.ready is not None:
            self._readied = True
            self.ready()
        if had_task and any(isinstance(event, ResumeEvent) for event in events):
            self.task_known.emit(record.task)  # it may be longer now
        notes = [
            event.text.strip() for event in events if isinstance(event, OutputEvent) and event.stream == Stream.NOTE
        ]
        if notes and self.kind != RunKind.CHECK:
            from lrgui.runs.remote.whereabouts import says_where

            self._said_where = all(map(says_where, notes))
            self.noticed.emit(self._noted(notes))
        for event in events:
            if isinstance(event, StateEvent) and self.state != RunState.STOPPING and event.state != self.state:
                self._set_state(event.state)
            elif isinstance(event, CheckEvent):
                self.checked.emit(event)

    def _noted(self, notes: Sequence[str]) -> Notice:
        """What the run says, with a button where something can be done about it at once."""
        from lrgui.core.validation_watch import RISEN

        notice = Notice("info", " ".join(notes))
        if not notes[-1].startswith(RISEN) or not self.worker.hears:
            return notice
        tip = f"Multiply the learning rate by {LOWER} from the next step on"
        return replace(notice, action=f"LR {format_factor(LOWER)}", tip=tip, act=lambda: self.multiply_rate(LOWER))

    def _show_followed(self) -> None:
        """The last rate may follow the optimizer of the task, and an unchosen length of the training its schedule: the
        form shows them until another task comes."""
        job, sweeps = self.runs.sweep_job, self.runs.sweeps
        if self._others or self.kind != RunKind.SWEEP or job is None or sweeps is None:
            return
        if job.sweep.end_lr != self._running.sweep.end_lr:
            self._followed = job.sweep.end_lr
            self.edit(sweep=replace(self.job.sweep, end_lr=self._followed))
        plan = plan_of(job.sweep, sweeps.first.task, sweeps.first.script)
        if self.job.sweep.length_usual and plan.planned_epochs is None and plan.steps is not None:
            self.edit(sweep=replace(self.job.sweep, planned_steps=plan.steps, planned_epochs=None))

    # ---------------------------------------------------------------- its end
    @Slot(object)
    def _on_ended(self, end: EndEvent) -> None:
        if self.kind == RunKind.SWEEP:
            self.runs.read_ahead(lambda read, error: self._finish(end, read, error))
        else:
            self._finish(end)

    def _finish(self, end: EndEvent, read: ShownSweep | None = None, error: Exception | None = None) -> None:
        """The run is over; `read` is its sweep where that was read already, and `error` why it could not be."""
        asked, others, self._others = self.state == RunState.STOPPING, self._others, False
        record = self.record
        assert record is not None
        self._set_state(RunState.IDLE)
        if self.kind != RunKind.CHECK:
            self.runs.end(self.kind, read, error)
        if self.kind == RunKind.SWEEP:
            self._read_late()
        journal = self._turn if self.kind == RunKind.COMPARE else self._journal
        problem = journal.problem if journal is not None else None
        repeat = None if self._journal is None or asked else self._repeated(self._journal.path)
        self._journal = self._turn = None
        # Somebody who pressed Stop knows why it ended, even if it took force.
        shown = asked or self._quiet or self.kind == RunKind.CHECK  # a check has a dialog of its own
        notice = None if shown else self._ending(end, record)
        if notice is not None and notice.kind == "error" and record.task is None:  # it could not begin in this one
            notice = replace(notice, until_python=True)
        if others and notice is not None:  # what would change this form's settings changes nothing there
            notice = Notice(notice.kind, end.detail)
        if repeat is not None and (notice is None or notice.kind == "info"):
            notice = Notice("info" if repeat.same else "warning", repeat.sentence)
        if problem:
            problem += " The rest is in memory: export it (Ctrl+E) before you close the window."
            notice = Notice("warning", problem) if notice is None else notice.after(problem)
        if notice is not None or self._proving or self._said_where:  # that it is being measured holds no longer
            self.noticed.emit(notice)
        if self.kind == RunKind.CHECK:
            self.check_ended.emit(end)
        if self._proving:
            self._proving = False
            self.runs.prove(end)
            pick = None if self.runs.reading is None else self.runs.reading.recommendation
            if pick is not None and pick.measured and pick.lr is None:
                self.noticed.emit(Notice("warning", pick.reason))
        self._tell_end(end, notice)
        if error is not None:
            raise error
        if self.kind == RunKind.SWEEP and not (asked or others) and end.reason in WHOLE:
            self._prove()

    def _tell_end(self, end: EndEvent, notice: Notice | None = None) -> None:
        """Say how a run ended, beside what `notice` said."""
        self.end_told = notice is not None and first_sentence(end.detail)[0] in notice.text
        self.run_ended.emit(end)

    def _repeated(self, log: Path) -> Repeat | None:
        """What comes of comparing the run that has ended with the one that it repeats; None where it repeats none, or
        they are so long that the window would stand still."""
        from lrgui.runs.repeating import compared

        earlier, self._repeats = self._repeats, None
        try:
            if earlier is None or max(earlier.stat().st_size, log.stat().st_size) > MOST_BYTES:
                return None
            return compared(earlier, log)
        except (OSError, ValueError):
            return None

    def _prove(self) -> None:
        """Race around what the sweep on screen recommends, where that is not sure and there is a budget for it."""
        reading, job, sweeps = self.runs.reading, self.runs.sweep_job, self.runs.sweeps
        budget = self.budget
        if budget is None or reading is None or job is None or sweeps is None or self.busy:
            return
        made, seconds = len(sweeps) * job.sweep.batches_per_lr, sweeps.seconds
        race = job.verification()
        config, why = race_to_prove(budget, reading.recommendation, reading.plan, race.race, made, seconds)
        if config is None:
            if reading.recommendation.confidence != "high":
                self.noticed.emit(Notice("info", why))
            return
        if not self.tasks.may_run(job, self._prove):
            return
        words = (
            f"Measuring around {format_lr(config.around)}: {cost_words(config, made, seconds)}. Stop keeps the sweep."
        )
        self._proving = True
        self._begin(RunKind.RACE, replace(race, race=config))
        self.noticed.emit(Notice("info", words))

    def _ending(self, end: EndEvent, record: Record) -> Notice | None:
        """What to say about the run that has ended, with a button where one click mends something."""
        from lrgui.gui.run_notices import how_it_ended

        runs = self.runs
        reading = runs.reading if self.kind == RunKind.SWEEP and record is runs.sweep else None
        pick = None if reading is None else reading.recommendation
        notice, repair = how_it_ended(self.kind, self._running, end, record, pick, runs.recommended_for(self._running))
        if notice is None or repair is None:
            return notice
        return replace(notice, action=repair.label, tip=repair.tip, act=lambda: self._mend(repair))

    def _mend(self, repair: Repair) -> None:
        """Change the settings as a button offers it."""
        if repair.task or repair.sweep:  # whatever is being typed there is given up: other values come
            job = self.job
            task, sweep = replace(job.task, **repair.task), replace(job.sweep, **repair.sweep)
            self.set_job(replace(job, task=task, sweep=sweep))
        if repair.select is not None:
            self.runs.select_maximum(repair.select, repair.schedule)
        if repair.done:
            self.noticed.emit(Notice("info", repair.done))
        if repair.starts:
            self._start(repair.starts)
