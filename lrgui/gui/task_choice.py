"""Choosing what to train, and asking before code of the person runs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from lrgui.gui.lent import Lent
from lrgui.gui.notice import Notice
from lrgui.gui.task_code import TaskCode
from lrgui.runs.defaults import apply_defaults
from lrgui.runs.job import Job
from lrgui.runs.library import SUFFIX
from lrgui.runs.switching import switched
from lrgui.runs.trust import Question, Trust
from lrgui.tasks.recognise import recognise
from lrgui.tasks.user.outline import Outline, outline
from lrgui.tasks.user.rows import OWN
from lrgui.tasks.user.templates import template_text

if TYPE_CHECKING:
    from lrgui.gui.workspace import Workspace

#: So many tasks are remembered.
MOST_RECENT = 10


class TaskChoice(QObject):
    """The workspace's task: where it comes from, and whether its code may run."""

    def __init__(self, workspace: Workspace, trust: Trust) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._trust = trust
        self.code = TaskCode(trust, self)
        self.code.outline_changed.connect(self._on_outline)
        self.code.saved.connect(self._on_saved)
        self.recent: list[str] = []
        """Paths of the tasks that were used last, the last one first."""
        self._lent: Lent | None = None
        self._waiting: Callable[[], None] | None = None
        """The run that waits for the person's trust."""

    # ---------------------------------------------------------------- what to train
    def use(self, text: str) -> bool:
        """See `Workspace.use`."""
        workspace = self._workspace
        if workspace.busy:
            workspace.noticed.emit(Notice("info", "A run is going on: stop it before you open something else."))
            return False
        if text.strip().endswith(SUFFIX):
            return workspace.open_run(Path(os.path.expanduser(text.strip())))
        found = recognise(text)
        if found.problem:
            workspace.noticed.emit(Notice("warning", found.problem))
            return False
        workspace.noticed.emit(None)
        self._switch(found.source, found.path, found.model)
        self._remember(found.path)
        return True

    def choose_source(self, key: str) -> None:
        """See `Workspace.choose_source`."""
        if key != self._workspace.job.task.source:
            self._workspace.noticed.emit(None)  # it was about the other one
            self._switch(key)

    def _switch(self, source: str, path: str = "", model: str | None = None) -> None:
        workspace = self._workspace
        before = self._without_source(workspace.job)
        job, notes = _with_source(before, source, path, model)
        self._lent = Lent(before, job)
        workspace.set_job(job)
        if self.code.problem:
            workspace.noticed.emit(Notice("warning", self.code.problem, until_saved=True))
        elif notes:
            workspace.noticed.emit(Notice("info", " ".join(notes)))
        if workspace.environments is not None and path:
            workspace.environments.look_near(path)

    def _without_source(self, job: Job) -> Job:
        """`job` without what came with its source."""
        lent, task = self._lent, job.task
        if (lent is None or lent.after.task.source != task.source) and task.row is not None:
            # Chosen in another session, or by a run that was opened: what it brings to the usual settings.
            lent = Lent(Job(), _with_source(Job(), task.source, task.path, task.model)[0])
        return job if lent is None else lent.given_back(job)

    def new_task(self, template_key: str, path: str) -> str:
        """See `Workspace.new_task`."""
        file = Path(os.path.expanduser(path)).absolute()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with open(file, "x", encoding="utf-8") as out:
                out.write(template_text(template_key, shlex.quote(file.name)))
        except OSError as error:
            if file.exists():
                return f"There is a file {file} already: choose another name."
            return f"{file} cannot be written: {error.strerror or error}."
        question = self._trust.question(str(file))
        return "" if question is None else self._trust.grant(question, folder=False)

    def _remember(self, path: str) -> None:
        if path and self.recent[:1] != [path]:
            self.recent[:] = [path, *(other for other in self.recent if other != path)][:MOST_RECENT]
            self._workspace.recent_changed.emit()

    # ---------------------------------------------------------------- its code
    def follow(self) -> None:
        """Look after the code of the workspace's task, where it is code."""
        task = self._workspace.job.task
        self.code.follow(task.path if task.is_code else "")

    def close(self) -> None:
        """Look after nothing any more."""
        self.code.close()

    @Slot()
    def _on_saved(self) -> None:
        """What was wrong with the code may be mended now."""
        self._workspace.look_again()
        self._workspace.code_changed_on_disk.emit()

    @Slot(object)
    def _on_outline(self, found: Outline | None) -> None:
        """Settings of arguments that the code has no more are dropped; not while it cannot be read."""
        workspace, task = self._workspace, self._workspace.job.task
        if task.is_code and found is not None and found.file is not None and found.problem is None:
            names = {option.name for option in found.options}
            options = {name: value for name, value in task.options.items() if name in names}
            own = task.optimizer == OWN and not found.has_optimizer
            workspace.edit(task=replace(task, options=options, optimizer="sgd" if own else task.optimizer))
        workspace.outline_changed.emit(found)

    def may_run(self, job: Job, again: Callable[[], None]) -> bool:
        """True where the job's code may run now. Else a notice or a question says why; `again` runs after a yes."""
        workspace, self._waiting = self._workspace, None
        if job.task.is_code:
            self.code.look()
            if self.code.problem:
                workspace.noticed.emit(Notice("error", self.code.problem, until_saved=True))
                return False
            question = self._trust.question(job.task.path)
            if question is not None:
                self._waiting = again
                workspace.trust_wanted.emit(question)
                return False
            unkept = self.code.started()
            if unkept:
                workspace.noticed.emit(Notice("warning", unkept))
        self._remember(job.task.path)
        return True

    def grant(self, question: Question, folder: bool) -> None:
        """See `Workspace.grant`."""
        again, self._waiting = self._waiting, None
        unkept = self._trust.grant(question, folder)
        if again is not None:
            again()
        if unkept:
            self._workspace.noticed.emit(Notice("warning", unkept))

    def refuse(self, question: Question) -> None:
        """See `Workspace.refuse`."""
        self._waiting = None
        words = f"{Path(question.path).name} was not run: nothing of it was executed."
        self._workspace.noticed.emit(Notice("info", words))


def _with_source(job: Job, source: str, path: str, model: str | None) -> tuple[Job, list[str]]:
    """`job` for that source, with all that it brings; and sentences about what could not be used."""
    changed, notes = switched(job, source, path, model), list[str]()
    if changed.task.is_code and path:
        changed, notes = apply_defaults(changed, outline(path))
    if changed.task.optimizer != job.task.optimizer:  # its settings are others'
        changed = replace(changed, task=replace(changed.task, optimizer_options={}))
    return changed, notes
