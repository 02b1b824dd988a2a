"""The Python that the person chose for each task: remembered, and used by the runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from lrgui.core.events import RunState
from lrgui.gui.environments import Environments
from lrgui.gui.session import Session
from lrgui.gui.settings import Settings
from lrgui.runs.job import Job
from lrgui.tasks.user.target import Target

if TYPE_CHECKING:
    from lrgui.runs.spare_pool import SparePool

#: Milliseconds from a choice to the start of its worker: the next choice may follow, or the first picture.
SOON = 200
#: So many tasks are remembered; the one whose Python was chosen longest ago is forgotten first.
MOST = 100


class PythonChoice(QObject):
    """Follows the task on screen and the person's choice; tells the pool of workers.

    A task that the person chose nothing for, and data that needs no file, are computed by the usual Python. The
    choice is a setting of this machine and no part of a `Job`: a run file cannot make it.
    """

    def __init__(
        self,
        session: Session,
        environments: Environments,
        pool: SparePool,
        settings: Settings,
        save: Callable[[], object],
        parent: QObject | None = None,
    ) -> None:
        """The environments' Python is the usual one. `save` writes the settings."""
        super().__init__(parent)
        self._session, self._environments, self._pool = session, environments, pool
        self._settings, self._save = settings, save
        self._usual = environments.python
        self._task: str | None = None
        self._following = False
        self._warm_soon = QTimer(self, singleShot=True, interval=SOON)
        self._warm_soon.timeout.connect(self._warm)
        environments.chosen.connect(self._on_chosen)
        session.job_changed.connect(self.follow)
        session.state_changed.connect(self._note_run)
        self.follow(session.job)

    @Slot(object)
    def follow(self, job: Job) -> None:
        """Take the Python that was chosen for this job's task."""
        task = _key(job.task.path)
        if task == self._task:
            return
        self._task = task
        self._environments.look_near(job.task.path)
        python = self._settings.pythons.get(task, self._usual) if task else self._usual
        self._following = True
        try:
            self._environments.choose(python)
        finally:
            self._following = False

    @Slot(str)
    def _on_chosen(self, python: str) -> None:
        self._pool.use(python or None)
        self._warm_soon.start()
        if self._following:
            return
        if self._task:
            pythons = {task: kept for task, kept in self._settings.pythons.items() if task != self._task}
            pythons[self._task] = python
            self._settings.pythons = dict(list(pythons.items())[-MOST:])
        else:
            self._settings.python = self._usual = python
        self._save()

    @Slot(str)
    def _note_run(self, state: str) -> None:
        if state == RunState.RUNNING and self._session.worker.running:
            self._environments.note_ready()

    @Slot()
    def _warm(self) -> None:
        if self._session.state == RunState.IDLE:  # else the end of the run warms a worker
            warm_aside(self._pool)


def warm_aside(pool: SparePool) -> None:
    """Warm a worker away from the window's thread: an old one is ended, or a Python with torch looked for, first."""
    threading.Thread(target=pool.warm, name="lrgui looks for Python", daemon=True).start()


def _key(path: str) -> str:
    """The task's file, whichever function of it is meant; a module's dotted name; "" without a task."""
    if not path:
        return ""
    target = Target.parse(path)
    return target.place if target.file is None else str(target.file.absolute())
