"""The session: what will run, and the run that goes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from lrgui.core.budget import Budget, cost_words, race_to_prove
from lrgui.core.control import FINISH, LOWER, rate_request
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.curve.zones import Zones
from lrgui.core.events import (
    WHOLE,
    CheckEvent,
    EndEvent,
    EndReason,
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
from lrgui.core.run_settings import OF_READING, SweepSettings, TrainSettings
from lrgui.core.training_length import Length
from lrgui.core.validation_watch import RISEN
from lrgui.gui.fixes import Repair
from lrgui.gui.following import RunFollowing
from lrgui.gui.job_editor import JobEditor
from lrgui.gui.loading import MOST_BYTES, LoadedRun, RunLoading
from lrgui.gui.notice import Notice
from lrgui.gui.queue import Queue
from lrgui.gui.run_jobs import PARTS, agreed, job_of
from lrgui.gui.run_notices import how_it_ended
from lrgui.gui.run_worker import RunWorker
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.screen import Exchange
from lrgui.gui.shown_sweep import ShownSweep
from lrgui.runs.checkpoints import with_checkpoints
from lrgui.runs.event_source import EventSource, Steerable
from lrgui.runs.job import Job
from lrgui.runs.library import SUFFIX, start_log
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.opened import open_run, why_not_opened
from lrgui.runs.queue import training_jobs
from lrgui.runs.record import Record
from lrgui.runs.records import plan_of
from lrgui.runs.remote.address import SCHEME, Address
from lrgui.runs.remote.following import Following
from lrgui.runs.repeating import Repeat, compared
from lrgui.runs.resuming import resumed
from lrgui.runs.sequential import InTurn, jobs_to_compare
from lrgui.runs.trust import Trust
from lrgui.tasks.recognise import is_program, recognise
from lrgui.tasks.user.rows import SCRIPT
from lrgui.tasks.user.target import Target

if TYPE_CHECKING:
    from lrgui.gui.environments import Environments

#: Milliseconds between two looks of forms and tabs at the rate that is being dragged; plot and card follow at once.
DRAG_MS = 60


class Session(JobEditor):
    """The job, and how it is run; knows no widget. What is measured goes to `runs`.

    Panels read the properties, connect to the signals and call the verbs. They never know each other.
    """

    about_to_run = Signal()
    refused = Signal(object)
    """No run started, because of these fields: pairs of the part of the job ("train") and the field's name."""
    """A run is about to start: what was typed and not yet confirmed is to be read now."""
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
    wanted = Signal(str)
    """Key of one of the window's actions, which a panel has a button for."""

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
        self.environments: Environments | None = None
        """The Pythons that can compute, None where nobody looks for them."""
        self.worker = RunWorker(self)
        self.worker.chunk.connect(self._on_chunk)
        self.worker.ended.connect(self._on_ended)
        self.runs = RunsOnScreen(self)
        self._later, self._untold = QTimer(self, singleShot=True, interval=DRAG_MS), False
        self._later.timeout.connect(self._tell_job)
        self.runs.planned = plan_of(self.job.sweep, None)
        self.runs.selected.connect(self._train_as_selected)
        self.runs.reading_changed.connect(self._train_as_selected)
        self.runs.came_back.connect(self._show_again)
        self.loading = RunLoading(self)
        """Runs from disk on their way to the screen."""
        self.loading.loaded.connect(self._show_run)
        self.loading.noticed.connect(self.noticed)
        self.following = RunFollowing(self)
        """Runs that somebody else computes, on their way to the screen."""
        self.following.opened.connect(self._follow)
        self.following.noticed.connect(self.noticed)
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
        self._readied = False
        """True once the process of the next training of the queue was readied."""
        self.queue = Queue(self._start_queued, self.stop, lambda: self.busy, self)
        """Trainings that wait for their turn."""
        self.queue.noticed.connect(self.noticed)
        self.run_ended.connect(self.queue.on_ended)
        self._followed: float | None = None
        """The last rate that the form shows because the optimizer asked for it."""
        self.tasks.follow(self.job.task)

    # ---------------------------------------------------------------- settings that the curve shares
    def edit(self, **changes: Any) -> None:
        """As in the editor; with another β or planned training the sweep on screen is read again, and a training on
        another schedule takes what the selected rate is there."""
        before, schedule = self.job.sweep, self.job.train.planned_schedule
        super().edit(**changes)
        self._read_as_set(before)
        if self.job.train.planned_schedule != schedule:
            self._train_as_selected()

    def _read_as_set(self, before: SweepSettings) -> None:
        """Read the curve as the job says, where that is not how it was read, with the settings `before`."""
        now = self.job.sweep
        if not self.runs.own_settings:  # the curve on screen is that of another run
            return
        if any(getattr(now, name) != getattr(before, name) for name in OF_READING) and not now.validate():
            self.runs.planned = plan_of(now, None)
            self.runs.read_as(now)
            self._train_as_selected()

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

    # ---------------------------------------------------------------- the task
    def use(self, text: str) -> bool:
        """Take what `text` names (a file, a folder, `package.module`, a run) as the task; runs nothing of it.

        Returns False, and a notice says why, where that can't be.
        """
        if self.busy:
            self.noticed.emit(Notice("info", "A run is in progress: stop it before opening something else."))
            return False
        if text.strip().startswith(SCHEME):
            return self.follow_run(text)
        if text.strip().endswith(SUFFIX):
            return self.open_run(Path(os.path.expanduser(text.strip())))
        found = recognise(text)
        if found.problem:
            self.noticed.emit(self._offering(Notice("warning", found.problem), text.strip()))
            return False
        self._switch(found.source, found.path, found.model)
        self.tasks.remember(found.path)
        return True

    def use_script(self, path: str) -> bool:
        """Take a training script (a Python file, a notebook, `package.module`) as it is; runs nothing of it."""
        if self.busy:
            return False
        path = os.path.expanduser(path.strip())
        self._switch(SCRIPT, path)
        self.tasks.remember(path)
        words = "Set its arguments, folder and Python under Task, and start with F5. Nothing has run yet."
        self.noticed.emit(Notice("info", f"{Path(path).name} will run as it is, with its own training loop. {words}"))
        return True

    def _offering(self, notice: Notice, path: str) -> Notice:
        """A notice about a file that is no task, with a button where it may be a training script."""
        file = Target.parse(path).file
        if file is None or not is_program(file):
            return notice

        def act() -> None:
            self.use_script(str(file))

        tip = "Its own loop trains, and only its learning rate is set; you are asked before it runs"
        return replace(notice, action="Run this script", tip=tip, act=act)

    def choose_source(self, key: str) -> None:
        """Train on another data source, with its usual settings."""
        if key != self.job.task.source:
            self._switch(key)

    def _switch(self, source: str, path: str = "", model: str | None = None) -> None:
        self.noticed.emit(None)  # it was about the other one
        job = self.job
        if job.sweep.end_lr == self._followed and not job.sweep.end_chosen:
            job = replace(job, sweep=replace(job.sweep, end_lr=SweepSettings().end_lr))
        if job.sweep.length_usual:
            job = job.with_length(Length.of(TrainSettings()), usual=True)
        self._followed = None
        job, notes = self.tasks.switched(job, source, path, model)
        self.set_job(agreed(self.job, job))
        code = self.tasks.code
        if code.problem:
            notice = Notice("warning", code.problem, until_saved=True)
            if code.file is not None and code.outline is not None and code.outline.runs_by_itself:
                # What it lacks as a task stands in the form: whoever opens a program wants to run it.
                words = (
                    "is a program, not a task. Run it as it is: its own loop trains, and only its learning rate is set."
                )
                notice = Notice("info", f"{code.file.name} {words}", until_saved=True)
            self.noticed.emit(self._offering(notice, path))
        elif notes:
            self.noticed.emit(Notice("info", " ".join(notes)))
        if self.environments is not None and path:
            self.environments.look_near(path)

    # ---------------------------------------------------------------- starting
    @property
    def budget(self) -> Budget | None:
        """What sweep and race together may take; None for only the sweep."""
        return Budget.read(self.prove) if self.prove else None

    @property
    def busy(self) -> bool:
        """True while a run goes on, or is read at its end."""
        return self.worker.running or self.runs.finishing

    @Slot()
    def find(self) -> None:
        """Start a sweep."""
        self._start(RunKind.SWEEP)

    @Slot()
    def train(self) -> None:
        """Train with the selected learning rate."""
        self._start(RunKind.TRAIN)

    @Slot()
    def enqueue(self) -> None:
        """Let the training that is set wait in the queue."""
        self.enqueue_training()

    def enqueue_training(self, rates: Sequence[float] = (), seeds: int = 1) -> bool:
        """Let the training that is set wait in the queue, at each of these maximum rates instead of its own where there
        are any, with so many seeds. False, and a notice says why, where it can't be."""
        job = self._job_to_run(RunKind.TRAIN)
        if job is None:
            return False
        if job.task.is_script:
            words = "A training script sets its own rate and schedule: it cannot wait in the queue."
            self.noticed.emit(Notice("info", words))
            return False
        self.queue.add(training_jobs(job, rates, seeds))
        return True

    def train_candidates(self, rates: Sequence[float], seeds: int = 1) -> None:
        """Train at each of these rates, which are meant for the planned schedule, one after the other."""
        schedule = self.job.train.planned_schedule
        if self.enqueue_training([self.runs.plan.as_trained(lr, schedule) for lr in rates], seeds):
            self.queue.run()

    @Slot()
    def verify(self) -> None:
        """Race short trainings around the selected learning rate."""
        self._start(RunKind.RACE)

    @Slot()
    def check(self) -> None:
        """Try one batch of the task, step by step."""
        self._start(RunKind.CHECK)

    @Slot()
    def compare(self) -> None:
        """Sweep the built-in digits beside everything else: what is on screen stays."""
        self._start(RunKind.ASIDE)

    def compare_optimizers(self, optimizers: Sequence[str]) -> None:
        """Sweep the task with each of the optimizers (keys), one after the other; the sweep on screen stays."""
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

    def _start(self, kind: str) -> None:
        self.loading.give_up()
        if self.runs.synthetic and kind in (RunKind.TRAIN, RunKind.RACE):
            back = f"Go back to {self.runs.visit.back}" if self.runs.visit is not None else "Go back"
            words = f"This curve is synthetic: no training belongs to it. {back}, or find a learning rate (F5)."
            self.noticed.emit(Notice("info", words))
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

    def _enter(self, kind: str, job: Job) -> None:
        """A run of `job` begins: what was said of the run before holds no longer."""
        self.kind, self._running = kind, job
        self.asked_to_finish = self._others = self._quiet = self._readied = False
        self._repeats = None

    def _begin(self, kind: str, job: Job) -> None:
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

    def _job_to_run(self, kind: str) -> Job | None:
        """What a run of `kind` would run, with all that was typed; None, and a notice says why, where it can't."""
        self.about_to_run.emit()
        unread = self._unread.that_matter(kind)
        if unread:
            self.noticed.emit(Notice("warning", " ".join(unread)))
            self.refused.emit(self._unread.places(kind))
            return None
        job = job_of(kind, self.job, self.runs.plan)
        problems = job.validate()
        self.look_again()
        if problems:
            missing = job.task.is_code and all(problem.field == "path" for problem in problems)
            text = " ".join(str(problem) for problem in problems)
            self.noticed.emit(Notice("warning", text, until_saved=missing))
            self.refused.emit([(part, problem.field) for problem in problems for part in PARTS.get(kind, ())])
            return None
        self.noticed.emit(None)
        return job

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
        self.following.close()
        self.runs.close()
        self.worker.close()
        self.tasks.close()

    @property
    def record(self) -> Record | None:
        """What the present (or last) run has measured so far; of repeats the first."""
        return self._check if self.kind == RunKind.CHECK else self.runs.record(self.kind)

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
            self.noticed.emit(self._noted(notes))
        for event in events:
            if isinstance(event, StateEvent) and self.state != RunState.STOPPING and event.state != self.state:
                self._set_state(event.state)
            elif isinstance(event, CheckEvent):
                self.checked.emit(event)

    def _noted(self, notes: Sequence[str]) -> Notice:
        """What the run says, with a button where something can be done about it at once."""
        notice = Notice("info", " ".join(notes))
        if not notes[-1].startswith(RISEN) or not isinstance(self.worker.source, Steerable):
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
        if others and notice is not None:  # what would change this form's settings changes nothing there
            notice = Notice(notice.kind, end.detail)
        if repeat is not None and (notice is None or notice.kind == "info"):
            notice = Notice("info" if repeat.same else "warning", repeat.sentence)
        if problem:
            notice = Notice("warning", problem) if notice is None else notice.after(problem)
        if notice is not None or self._proving:  # that it is being measured holds no longer
            self.noticed.emit(notice)
        if self.kind == RunKind.CHECK:
            self.check_ended.emit(end)
        if self._proving:
            self._proving = False
            self.runs.prove(end)
            pick = None if self.runs.reading is None else self.runs.reading.recommendation
            if pick is not None and pick.measured and pick.lr is None:
                self.noticed.emit(Notice("warning", pick.reason))
        self.run_ended.emit(end)
        if error is not None:
            raise error
        if self.kind == RunKind.SWEEP and not (asked or others) and end.reason in WHOLE:
            self._prove()

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

    def _read_late(self) -> None:
        """How it is read may have changed since the sweep began that is on screen now."""
        job = self.runs.sweep_job
        if job is not None and self.runs.reading is not None:
            self._read_as_set(job.sweep)

    def _ending(self, end: EndEvent, record: Record) -> Notice | None:
        """What to say about the run that has ended, with a button where one click mends something."""
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

    def _set_state(self, state: str) -> None:
        self.state = state
        self.state_changed.emit(state)

    # ---------------------------------------------------------------- what was run before
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
        """Show a run while somebody else computes it: from its log, a path or an ssh address. Stop ends the following
        alone. Returns False, and a notice says why, where that can't be."""
        if self.busy:
            self.noticed.emit(Notice("info", "A run is in progress: stop it before following another one."))
            return False
        self.loading.give_up()
        try:
            self.following.follow(Address.parse(text))
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
        opened = run.opened
        self.noticed.emit(None)
        self.kind = opened.job.kind
        self.runs.show(run)
        if opened.record.task is not None:
            self.task_known.emit(opened.record.task)
        if opened.warnings:
            notice = Notice("info", " ".join(opened.warnings))
            if opened.record.end is None:  # it may be another program's that goes on
                tip = "If the run still goes on, show what it measures from now on"
                notice = replace(notice, action="Follow", tip=tip, act=lambda: self._follow_again(run.path))
            self.noticed.emit(notice)
        cut_off = f"{run.path.name} is incomplete: the program ended during the run."
        self.run_ended.emit(opened.record.end or EndEvent(EndReason.KILLED, cut_off))

    def _follow_again(self, path: Path) -> None:
        self.follow_run(str(path))

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
                words = "The form has the settings of the saved run now."
                tip = "Put the settings back into the form that were there; undo (Ctrl+Z) does the same"
                act = partial(self._put_into_form, form, "your settings")
                self.noticed.emit(Notice("info", words, action="Put mine back", act=act, tip=tip))

    def resume(self, log: Path, more_epochs: int = 0) -> None:
        """Go on with a training that was kept, from its last checkpoint, or train it for `more_epochs`."""
        self.loading.give_up()
        if self.busy:
            self.noticed.emit(Notice("info", "A run is in progress: stop it before resuming another one."))
            return
        try:
            opened = open_run(log)
            job = resumed(log, opened, more_epochs)
        except (OSError, ValueError) as error:
            self.noticed.emit(Notice("warning", why_not_opened(log.name, error)))
            return
        if not self.tasks.may_run(job, lambda: self.resume(log, more_epochs)):
            return
        self.noticed.emit(None)
        self._enter(RunKind.TRAIN, job)
        self.runs.begin(self.kind, job, opened.record)
        self._set_state(RunState.STARTING)
        self._journal = LogWriter(log, job, continues=True)
        if self.follow is not None:
            self.follow(log)
        if opened.record.task is not None:
            self.task_known.emit(opened.record.task)
        self.worker.start(self._open_source(job), self._journal)

    def _repeated(self, log: Path) -> Repeat | None:
        """What comes of comparing the run that has ended with the one that it repeats; None where it repeats none, or
        they are so long that the window would stand still."""
        earlier, self._repeats = self._repeats, None
        try:
            if earlier is None or max(earlier.stat().st_size, log.stat().st_size) > MOST_BYTES:
                return None
            return compared(earlier, log)
        except (OSError, ValueError):
            return None

    def _put_into_form(self, job: Job, what: str) -> None:
        """Take over all settings of `job`, as a step that can be undone."""
        before = self.job
        self.set_job(job)
        if self.job != before:
            self.runs.undo_stack.push(Exchange(what, lambda: self.job, self.set_job, before))

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
            self.run_ended.emit(record.end or EndEvent(EndReason.KILLED, "This run is incomplete."))
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
        self.run_ended.emit(self.runs.show_synthetic(name, curve, zones, self.job))
