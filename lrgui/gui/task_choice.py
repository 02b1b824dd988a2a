"""Choosing what to train, and asking before code of the person runs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from lrgui.gui.notice import Notice
from lrgui.gui.task_code import TaskCode
from lrgui.runs.job import Job, switched
from lrgui.runs.trust import Question, Trust
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.rows import OWN
from lrgui.tasks.user.target import Target
from lrgui.tasks.user.task_outline import Outline

if TYPE_CHECKING:
    from lrgui.gui.source_defaults import Lent

#: So many tasks are remembered.
MOST_RECENT = 10


class TaskChoice(QObject):
    """Where a task comes from, and whether its code may run. Jobs go in and come out; whose they are is not known."""

    noticed = Signal(object)
    """A Notice."""
    trust_wanted = Signal(object)
    """A Question: what waits for its answer runs after `grant`."""
    recent_changed = Signal()
    code_refused = Signal(str)
    """Something is wrong with the code at this path, which was to run."""

    def __init__(self, trust: Trust, parent: QObject) -> None:
        super().__init__(parent)
        self._trust = trust
        self.code = TaskCode(trust, self)
        self.recent: list[str] = []
        """Paths of the tasks that were used last, the last one first."""
        self._lent: Lent | None = None
        self._waiting: Callable[[], None] | None = None
        """The run that waits for the person's trust."""

    # ---------------------------------------------------------------- what to train
    def switched(self, job: Job, source: str, path: str = "", model: str | None = None) -> tuple[Job, list[str]]:
        """`job` with another source and all that it brings, and sentences about what could not be used.

        What the source before brought along is given back.
        """
        from lrgui.gui.source_defaults import Lent

        before = self._without_source(job)
        after, notes = _with_source(before, source, path, model)
        self._lent = Lent(before, after)
        return after, notes

    def _without_source(self, job: Job) -> Job:
        """`job` without what came with its source."""
        from lrgui.gui.source_defaults import Lent

        lent, task = self._lent, job.task
        if (lent is None or lent.after.task.source != task.source) and task.row is not None:
            # Selection in another session, or by a run that was opened: what it brings to the usual settings.
            lent = Lent(Job(), _with_source(Job(), task.source, task.path, task.model)[0])
        return job if lent is None else lent.given_back(job)

    def new_task(self, template_key: str, path: str) -> str:
        """Write a template to a new file, which is trusted: its text is ours. Returns what went wrong, else ""."""
        from lrgui.tasks.user.templates import template_text

        file = Path(os.path.expanduser(path)).absolute()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with open(file, "x", encoding="utf-8") as out:
                out.write(template_text(template_key, shlex.quote(file.name)))
        except OSError as error:
            if file.exists():
                return f"{file} already exists: choose another name."
            return f"{file} cannot be written: {error.strerror or error}."
        question = self._trust.question(str(file))
        return "" if question is None else self._trust.grant(question, folder=False)

    def remember(self, path: str) -> None:
        """This task was used last."""
        if path and self.recent[:1] != [path]:
            self.recent[:] = [path, *(other for other in self.recent if other != path)][:MOST_RECENT]
            self.recent_changed.emit()

    # ---------------------------------------------------------------- its code
    def follow(self, task: TaskSpec) -> None:
        """Look after the code of `task`, where it is code."""
        self.code.follow(task.path if task.is_code else "", task.is_script)

    def close(self) -> None:
        """Look after nothing any more."""
        self.code.close()

    def may_run(self, job: Job, again: Callable[[], None]) -> bool:
        """True where the job's code may run now. Else a signal says why not, or asks; `again` runs after a yes."""
        self._waiting = None
        if job.task.is_code:
            self.code.look()
            if self.code.problem:
                self.code_refused.emit(job.task.path)
                return False
            question = self._trust.question(job.task.path)
            if question is not None:
                self._waiting = again
                self.trust_wanted.emit(question)
                return False
            unkept = self.code.started()
            if unkept:
                self.noticed.emit(Notice("warning", unkept))
        self.remember(job.task.path)
        return True

    def grant(self, question: Question, folder: bool) -> None:
        """The person trusts the code (or with `folder` all of its folder): what waited for it runs."""
        again, self._waiting = self._waiting, None
        unkept = self._trust.grant(question, folder)
        if again is not None:
            again()
        if unkept:
            self.noticed.emit(Notice("warning", unkept))

    def refuse(self, question: Question) -> None:
        """The person does not trust the code: nothing runs."""
        self._waiting = None
        words = f"{Path(question.path).name} was not run; no code was executed."
        self.noticed.emit(Notice("info", words))


def without_unknown(task: TaskSpec, found: Outline) -> TaskSpec:
    """`task` without settings of arguments that its code has no more; the same while the code cannot be read."""
    if not task.is_code or task.is_script or found.file is None or found.problem is not None:
        return task
    names = {option.name for option in found.options}
    options = {name: value for name, value in task.options.items() if name in names}
    own = task.optimizer == OWN and not found.has_optimizer
    return replace(task, options=options, optimizer="sgd" if own else task.optimizer)


def _home_of(path: str) -> str:
    """The folder in which a script runs unless another is chosen: its own."""
    file = Target.parse(path).file
    return "" if file is None else str(file.parent)


def _with_source(job: Job, source: str, path: str, model: str | None) -> tuple[Job, list[str]]:
    """`job` for that source, with all that it brings; and sentences about what could not be used."""
    from lrgui.runs.defaults import apply_defaults
    from lrgui.tasks.user.outline import outline

    changed, notes = switched(job, source, path, model), list[str]()
    if changed.task.is_script and path:
        changed = replace(changed, task=replace(changed.task, options={"folder": _home_of(path)}))
    elif changed.task.is_code and path:
        changed, notes = apply_defaults(changed, outline(path))
    if changed.task.optimizer != job.task.optimizer:  # its settings are others'
        changed = replace(changed, task=replace(changed.task, optimizer_options={}))
    return changed, notes
