"""The job as it is set now: its settings, what is wrong with them, and the code of its task."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from lrgui.gui.run_jobs import Unread, agreed
from lrgui.gui.task_choice import TaskChoice, without_unknown
from lrgui.runs.job import Job
from lrgui.runs.trust import Trust, trust_file
from lrgui.tasks.user.task_outline import Outline


class JobEditor(QObject):
    """A job that panels show and change, one of its parts at a time; knows no widget and runs nothing."""

    job_changed = Signal(object)
    """The new Job."""
    job_replaced = Signal()
    """Another job is about to be shown: what was being typed is given up."""
    noticed = Signal(object)
    """A Notice, or None to take the last one away."""
    problems_found = Signal(object)
    """What is wrong with the settings: for each part of the job (`task`, `sweep`, `train`) its list of Problems."""
    unreadable_changed = Signal()
    """A field's text cannot be read, or it can again."""
    outline_changed = Signal(object)
    """The Outline of the task's code, or None; the job has no settings any more that the code does not have."""
    code_changed_on_disk = Signal()
    """The task's code was saved with other contents: the next run uses them."""

    def __init__(self, job: Job, parent: QObject | None = None, trust: Trust | None = None) -> None:
        """`trust` knows which code may run; None is what the person trusts on this computer."""
        super().__init__(parent)
        self.job = agreed(None, job)
        self.tasks = TaskChoice(trust or Trust(trust_file()), self)
        """Where tasks come from, their code, and whether that may run."""
        self.tasks.noticed.connect(self.noticed)
        self.tasks.code.outline_changed.connect(self._on_outline)
        self.tasks.code.saved.connect(self._on_saved)
        self._unread = Unread()
        self._set_up()

    def _set_up(self) -> None:
        """Make what belongs to this subject, and connect it; those that build on it do so before their own."""

    def edit(self, **changes: Any) -> None:
        """Change the job's parts: `task`, `sweep`, `train` or `race`, each a whole frozen config. The training that is
        planned stays as long as the one that is run."""
        before = self.job
        self.job = agreed(before, replace(before, **changes))
        if self.job == before:
            return
        self.tasks.follow(self.job.task)
        self.job_changed.emit(self.job)
        self.look_again()

    def look_again(self) -> None:
        """Say anew what is wrong with the settings; whether a file is there may have changed."""
        self.problems_found.emit({part: getattr(self.job, part).validate() for part in ("task", "sweep", "train")})

    def set_unreadable(self, part: str, name: str, text: str) -> None:
        """Remember that a field's text cannot be read, so that no run starts on an older value of it."""
        self._unread.set(part, name, text)
        self.unreadable_changed.emit()

    def set_job(self, job: Job) -> None:
        """Take over all settings of `job`."""
        self.job_replaced.emit()
        job = agreed(None, job)
        self.edit(task=job.task, sweep=job.sweep, train=job.train, race=job.race)
        self.job_changed.emit(self.job)

    @Slot()
    def _on_saved(self) -> None:
        """What was wrong with the code may be mended now."""
        self.look_again()
        self.code_changed_on_disk.emit()

    @Slot(object)
    def _on_outline(self, found: Outline | None) -> None:
        if found is not None:
            self.edit(task=without_unknown(self.job.task, found))
        self.outline_changed.emit(found)
