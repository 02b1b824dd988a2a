"""The session: the task, what runs, and what is shown, behind one face."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot

from lrgui.core.events import (
    RunKind,
)
from lrgui.core.run_settings import SweepSettings, TrainSettings
from lrgui.core.training_length import Length
from lrgui.gui.notice import Notice
from lrgui.gui.run_jobs import agreed, without_rate
from lrgui.gui.visiting import Visiting
from lrgui.runs.job import Job
from lrgui.runs.library import SUFFIX
from lrgui.runs.queue import training_jobs
from lrgui.tasks.user.rows import SCRIPT
from lrgui.tasks.user.target import Target

if TYPE_CHECKING:
    from lrgui.gui.environments import Environments
    from lrgui.gui.study_process import StudyProcess


class Session(Visiting):
    """The job, and how it is run; knows no widget. What is measured goes to `runs`.

    Panels read the properties, connect to the signals and call the verbs. They never know each other.
    """

    study_started = Signal(object)
    """The Path of the folder of a study that begins, or goes on, in a process beside the window."""
    study_changed = Signal()
    """The study that was started here began, is further, was asked to stop, or ended."""
    study_wanted = Signal(object)
    """The Path of a study's folder that is to be shown."""
    wanted = Signal(str)
    """Key of one of the window's actions, which a panel has a button for."""

    environments: Environments | None = None
    """The Pythons that can compute, None where nobody looks for them."""
    _study_process: StudyProcess | None = None

    def _set_up(self) -> None:
        super()._set_up()
        self.tasks.code_refused.connect(self._say_problem)

    # ---------------------------------------------------------------- studies
    @property
    def study_process(self) -> StudyProcess:
        """What runs a study beside the window; made when somebody first wants it."""
        from lrgui.gui.study_process import StudyProcess

        if self._study_process is None:
            self._study_process = StudyProcess(self)
            self._study_process.changed.connect(self.study_changed)
            self._study_process.progressed.connect(self.study_changed)
            self._study_process.failed.connect(lambda words: self.noticed.emit(Notice("error", words)))
        return self._study_process

    @property
    def studying(self) -> bool:
        """True while a study that was started here runs."""
        return self._study_process is not None and self._study_process.running

    @Slot()
    def stop(self) -> None:
        """Ask the run to end, or, where none goes on, the study; everything measured so far is kept."""
        if self.busy:
            super().stop()
        elif self.can_stop_study:
            self.study_process.stop()

    @property
    def can_stop_study(self) -> bool:
        """True while a study runs that was not asked to stop yet."""
        return self.studying and not self.study_process.stopping

    def run_study(self, what: Path, job: Job) -> None:
        """Run the study of a file, or go on with that of a folder, whose runs are such as `job`: beside the window,
        and only where its code may run."""
        if self.studying:
            self.noticed.emit(Notice("info", "A study is in progress: stop it before starting another one."))
        elif self.tasks.may_run(job, lambda: self.run_study(what, job)):
            python = "" if self.environments is None else self.environments.python
            self.noticed.emit(None)
            self.study_process.start(what, python)
            if self.study_process.folder is not None:
                self.study_started.emit(self.study_process.folder)

    def close(self) -> None:
        """End whatever goes on, a study too; returns when it has ended."""
        if self._study_process is not None:
            self._study_process.close()
        super().close()

    # ---------------------------------------------------------------- the task
    def use(self, text: str) -> bool:
        """Take what `text` names (a file, a folder, `package.module`) as the task, or show it (a run, a study's
        folder); runs nothing of it.

        Returns False, and a notice says why, where that can't be.
        """
        from lrgui.runs.remote.address import SCHEME
        from lrgui.studies.opened import study_at  # nobody waits for it when the window opens
        from lrgui.tasks.recognise import recognise

        study = study_at(text)
        if study is not None:  # it has a tab of its own, and is in nobody's way
            self.noticed.emit(None)
            self.study_wanted.emit(study)
            return True
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
        from lrgui.tasks.recognise import is_program

        file = Target.parse(path).file
        if file is None or not is_program(file):
            return notice

        def act() -> None:
            self.use_script(str(file))

        tip = "Its own loop trains, and only its learning rate is set; you are asked before it runs"
        return replace(notice, action="Run this script", tip=tip, act=act)

    @Slot(str)
    def _say_problem(self, path: str, kind: str = "error", of_program: str = "warning") -> None:
        """Say what is wrong with the code of the task, as a notice of this kind, or of the other where that is a
        program by itself: what it lacks as a task stands in the form, and who opens a program wants to run it."""
        code = self.tasks.code
        notice = Notice(kind, code.problem, until_saved=True)
        if code.file is not None and code.outline is not None and code.outline.runs_by_itself:
            words = "is a program, not a task. Run it as it is: its own loop trains, and only its learning rate is set."
            notice = Notice(of_program, f"{code.file.name} {words}", until_saved=True)
        self.noticed.emit(self._offering(notice, path))

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
        if (source, path) != (job.task.source, job.task.path):
            job = without_rate(job)
        job, notes = self.tasks.switched(job, source, path, model)
        self.set_job(agreed(self.job, job))
        if self.tasks.code.problem:
            self._say_problem(path, "warning", "info")
        elif notes:
            self.noticed.emit(Notice("info", " ".join(notes)))
        if self.environments is not None and path:
            self.environments.look_near(path)

    # ---------------------------------------------------------------- what can be run
    @Slot()
    def find(self) -> None:
        """Start a sweep."""
        self._start(RunKind.SWEEP)

    @Slot()
    def train(self) -> None:
        """Train with the selected learning rate."""
        self._start(RunKind.TRAIN)

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

    @Slot()
    def enqueue(self) -> None:
        """Let the training that is set wait in the queue."""
        self.enqueue_training()

    def enqueue_training(self, rates: Sequence[float] = (), seeds: int = 1) -> bool:
        """Let the training that is set wait in the queue, at each of these maximum rates instead of its own where there
        are any, with so many seeds. False, and a notice says why, where it can't be."""
        job = None if self._trains_nothing() else self._job_to_run(RunKind.TRAIN)
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
