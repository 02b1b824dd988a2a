"""What to train: data or code, model, optimizer, batch size, device, and the Python that computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout

from lrgui.core.events import RunState, TaskEvent
from lrgui.core.options import Option, filled, option_problems
from lrgui.core.run_settings import Problem
from lrgui.gui.cards import MoreSettings, muted, small_button
from lrgui.gui.editors import Entry
from lrgui.gui.form_choices import (
    ADD_TARGET,
    CHOOSE,
    device_lines,
    missing_column,
    missing_device,
    optimizer_lines,
    python_lines,
    python_words,
    source_options,
    unknown_name,
    usual_column,
    what_is_missing,
)
from lrgui.gui.form_row import AUTO
from lrgui.gui.labels import breakable
from lrgui.gui.panels.config_card import ConfigCard
from lrgui.gui.panels.task_rows import fill_main, fill_more
from lrgui.gui.session import Session
from lrgui.runs.job import Job
from lrgui.runs.targets import ON
from lrgui.tasks.catalog_rows import PathRow
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.target import Target

if TYPE_CHECKING:
    from lrgui.runs.environment import Environment
    from lrgui.runs.interpreters import Interpreter
    from lrgui.tasks.user.task_outline import Outline

#: What stands in the field for the path while it is empty.
PLACEHOLDERS = {"code": "task.py", "file": "a file", "folder": "a folder"}
#: What the line about the Python says until that has told what it has; the second once PyTorch is known to be there.
LOOKING, LOOKING_FURTHER = "Looking for PyTorch and devices…", "Looking for devices…"
CHANGED = "changed on disk · the next run uses it"


class TaskPanel(ConfigCard):
    """The task's fields; those of a data set, a model or an optimizer come and go with it, rare ones are folded."""

    def __init__(self, session: Session) -> None:
        super().__init__("Task", "task", session)
        self._main, self._more = self.add_form(), self.add_form()
        fill_main(self._main, self._browse)
        fill_more(self._more)
        self._interpreters: list[Interpreter] = []
        self._detail, self._versions = muted(), muted()
        self._run_words = ""
        self._good: tuple[str, Outline | None] = ("", None)
        """A path, and its code as it was when it could be read last."""
        self._rows_of: tuple[object, ...] = ()
        self._detail_of: tuple[object, ...] = ()
        """What the detail of the last run, `_run_words`, was about; it stays until something of that changes."""
        self._asked = False
        """True once a run was asked for: a path that is still to be chosen is a problem only then."""
        self.more = MoreSettings("task", self._more)
        for widget in (self._main, self._versions, self._detail):
            self.body.addWidget(widget)
        self.body.addLayout(self._buttons())
        self.body.addWidget(self.more)
        session.task_known.connect(self._on_task)
        session.about_to_run.connect(self._on_about_to_run)
        session.outline_changed.connect(self._on_outline)
        session.code_changed_on_disk.connect(self._show_detail)
        self._follow_environments()
        self.show_job(session.job)
        self.show_problems({"task": session.job.task.validate()})  # the last session's file may be gone

    # ---------------------------------------------------------------- what it is made of
    def _buttons(self) -> QHBoxLayout:
        self._check = small_button("Check task", "Try one batch, step by step, and report problems (F4)")
        self._check.clicked.connect(self.session.check)
        self._new = small_button("New task…", "Create a commented task file to start from (Ctrl+N)")
        self._new.clicked.connect(lambda: self.session.wanted.emit("new"))
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in (self._check, self._new):
            row.addWidget(button, 1)
        return row

    # ---------------------------------------------------------------- showing
    @property
    def _environment(self) -> Environment | None:
        environments = self.session.environments
        return None if environments is None else environments.current

    def _outline(self, task: TaskSpec) -> Outline | None:
        """What the task's code says of itself; while it is broken, what it said before."""
        if not task.is_code:
            return None
        outline = self.session.tasks.code.outline
        if outline is None or outline.problem is None:
            self._good = (task.path, outline)
        path, good = self._good
        return good if path == task.path and good is not None else outline

    @Slot(object)
    def show_job(self, job: Job) -> None:
        rows_of = (job.task, self._outline(job.task), self._environment)
        if rows_of != self._rows_of:  # not for each step of a drag of the selection
            self._rows_of = rows_of
            self._show_rows(job.task)
        if self._stands(job):
            return
        super().show_job(job)
        self._show_changed(job.task)
        self._show_detail()
        self._on_state(self.session.state)

    def _show_rows(self, task: TaskSpec) -> None:
        """The rows that this source, model and optimizer have."""
        main, more, environment = self._main, self._more, self._environment
        outline = self._outline(task)
        source, model, optimizer = task.row, task.model_row, task.optimizer_row
        main.set_row_visible("path", source is not None and source.path is not None)
        if source is not None and source.path is not None:
            path = source.path
            usual = f"; empty is {path.default}" if path.default else ""
            main.set_path_row("path", path.label, f"{path.tip}{usual}", path.default or PLACEHOLDERS[path.kind])
        main.set_row_visible("model", source is None or bool(source.models))
        if source is not None:
            main.set_options("model", [Entry(row.key, row.label, row.detail) for row in source.models.values()])
        if task.is_code and not task.is_script:
            offered = outline.options if outline is not None else ()
        else:
            offered = source_options(source, task.path) if source is not None else ()
        main.set_group("options", [option for option in offered if not option.rare])
        more.set_group("options", [option for option in offered if option.rare])
        column = usual_column(source, task.path) if source is not None else ""
        if column:
            main.set_placeholder("options.target", f"{AUTO}: {column}")
        main.set_group("model_options", model.options if model is not None else ())
        if model is not None and environment is not None:
            self._suggest("model_options.name", model.needs, environment.models)
        main.set_options("optimizer", optimizer_lines(outline, task.optimizer, environment))
        options = optimizer.options if optimizer is not None else ()
        main.set_group("optimizer_options", [option for option in options if _names_it(option)])
        more.set_group("optimizer_options", [option for option in options if not _names_it(option)])
        if optimizer is not None and environment is not None:
            self._suggest("optimizer_options.name", optimizer.needs, environment.optimizers)
        for name in ("momentum", "weight_decay"):
            more.set_row_visible(name, optimizer is not None and name in optimizer.fields)
        for name in ("optimizer", "batch_size", "device"):  # of a script they are its own
            main.set_row_visible(name, not task.is_script)
        for name in ("subset", "loader_workers", "pin_memory", "threads", "seed"):
            more.set_row_visible(name, not task.is_script)
        main.set_row_visible("arguments", task.is_script)
        more.set_row_visible("arguments", task.is_code and not task.is_script)
        main.set_options("device", device_lines(environment, task.device))

    def _suggest(self, name: str, libraries: tuple[str, ...], known: dict[str, tuple[str, ...]]) -> None:
        """Offer all names that the libraries of this Python know."""
        names = [text for library in libraries for text in known.get(library, ())]
        if names and name in self._main.editors:
            self._main.set_suggestions(name, names)

    def _show_changed(self, task: TaskSpec) -> None:
        """Count those of the folded settings that are not the usual ones."""
        row, outline = task.row, self._outline(task)
        usual = {**(row.defaults if row is not None else {}), **(outline.defaults if outline is not None else {})}
        plain, changed = TaskSpec(), []
        for name in self._more.editors:
            if self._more.is_row_visible(name) and self.value(task, name) != usual.get(name, self.value(plain, name)):
                changed.append(self._more.words(name))
        self.more.set_changed(changed)

    @Slot()
    def _show_detail(self) -> None:
        task, words = self.session.job.task, self._run_words
        if self._detail_of != _subject(task):
            row, outline = task.row, self._outline(task)
            words = row.detail if row is not None else ""
            if task.subset is not None and not task.is_code:
                words = f"{words} · {task.subset:,} of them to train on"
            if task.is_code and task.path:
                words = (outline.name if outline is not None else "") or Path(Target.parse(task.path).place).name
        changed = task.is_code and self.session.tasks.code.changed
        said = " · ".join(part for part in (words, CHANGED if changed else "") if part)
        self._detail.setText(breakable(said))

    @Slot(object)
    def _on_task(self, event: TaskEvent) -> None:
        task, ran = self.session.job.task, self.session.runs.job(self.session.kind)
        if ran is not None and _subject(ran.task) != _subject(task):  # a saved run, one of the queue, the digits beside
            return
        self._detail_of = _subject(task)
        self._run_words = f"{event.detail} · {event.parameters:,} parameters · {event.device}"
        self._show_detail()

    @Slot(object)
    def _on_outline(self, _outline: object) -> None:
        self.show_job(self.session.job)
        self.mark()

    # ---------------------------------------------------------------- problems
    @Slot()
    def _on_about_to_run(self) -> None:
        self._asked = True
        self._open_for_problem()

    @Slot(object)
    def show_problems(self, found: Mapping[str, list[Problem]]) -> None:
        super().show_problems(found)
        self._open_for_problem()

    def _open_for_problem(self) -> None:
        if self._more.has_problem:
            self.more.open()

    def problem_texts(self) -> dict[str, str]:
        task, environment = self.session.job.task, self._environment
        texts = {
            "device": missing_device(environment, task.device),
            "python": environment.problem if environment is not None else "",
        }
        rows = {"source": task.row, "model": task.model_row, "optimizer": task.optimizer_row}
        told: set[str] = set()
        for name, row in rows.items():
            if row is not None:  # what data and model both lack is said once
                texts[name] = what_is_missing(row.label, [one for one in row.needs if one not in told], environment)
                told.update(row.needs)
        texts.update(self._unknown_names(task))
        outline = self._outline(task)
        if task.is_code and not task.is_script and outline is not None:
            broken = self.session.tasks.code.outline.problem if self.session.tasks.code.outline is not None else None
            texts["path"] = broken.sentence if broken is not None else ""
            wrong = option_problems(outline.options, task.options, "options")
            texts.update({problem.field: str(problem) for problem in wrong})
        texts.update(super().problem_texts())
        if not task.path and not self._asked:
            texts.pop("path", None)
        return texts

    def _unknown_names(self, task: TaskSpec) -> dict[str, str]:
        """What the run would not find, told before it starts: a column, a model or an optimizer."""
        texts, source, environment = {}, task.row, self._environment
        if source is not None:
            texts["options.target"] = missing_column(source, task.path, task.options)
        if environment is not None:
            for part, row, options, known in (
                ("model", task.model_row, task.model_options, environment.models),
                ("optimizer", task.optimizer_row, task.optimizer_options, environment.optimizers),
            ):
                name = filled(row.options, options).get("name") if row is not None else None
                if row is not None and isinstance(name, str):
                    texts[f"{part}_options.name"] = unknown_name(part, row.needs, name, known)
        return texts

    # ---------------------------------------------------------------- the Python that computes
    def _follow_environments(self) -> None:
        environments = self.session.environments
        self._main.set_row_visible("python", environments is not None)
        if environments is not None:
            environments.known.connect(self._on_environment)
            environments.interpreters_changed.connect(self._on_interpreters)
            environments.chosen.connect(self._on_environment)
            for name in ("device", "python"):  # free memory changes, and environments are made
                self._main.on_open(name, environments.refresh)
            self._interpreters = environments.interpreters
        self._show_python()

    @Slot(object)
    def _on_environment(self, _environment: object) -> None:
        self._show_python()
        self.show_job(self.session.job)
        self.mark()

    @Slot(object)
    def _on_interpreters(self, interpreters: list[Interpreter]) -> None:
        self._interpreters = interpreters
        self._show_python()

    def value(self, config: object, name: str) -> Any:
        """As in other cards, but the Python is none of the job's: no run file may choose one."""
        if name != "python":
            return super().value(config, name)
        environments = self.session.environments
        return "" if environments is None else environments.python

    def _show_python(self) -> None:
        environment, python = self._environment, self.value(None, "python")
        self._main.set_options("python", python_lines(self._interpreters, python))
        self._main.set_value("python", python)
        environments = self.session.environments
        # Never empty meanwhile: the rows below would move up, and down again.
        looking = LOOKING_FURTHER if environments is not None and environments.proven else LOOKING
        words = looking if environment is None else python_words(environment)
        self._versions.setText(words)
        self._versions.setVisible(bool(words) and self.session.environments is not None)

    def _choose_python(self, python: str) -> None:
        from lrgui.gui.file_dialogs import ask_file, filters, start_folder

        environments = self.session.environments
        assert environments is not None
        if python == CHOOSE:
            self._main.set_value("python", environments.python)
            ask_file(self, start_folder(self.session), "Python interpreter for runs", filters(), environments.choose)
        elif python == ADD_TARGET:
            from lrgui.gui.dialogs.target import TargetDialog  # nobody waits for it when the window opens

            self._main.set_value("python", environments.python)
            dialog = TargetDialog(self, environments.python)
            dialog.forgotten.connect(self._forget_target)
            dialog.saved.connect(environments.choose)
            dialog.saved.connect(environments.refresh)
            dialog.open()
        elif python != environments.python:
            environments.choose(python)
            self._show_python()

    @Slot(str)
    def _forget_target(self, python: str) -> None:
        environments = self.session.environments
        assert environments is not None
        environments.refresh()
        if python == environments.python and python.startswith(ON):
            environments.choose("")

    # ---------------------------------------------------------------- what the person does
    @Slot(str, object)
    def _on_edited(self, name: str, value: Any) -> None:
        session, task = self.session, self.session.job.task
        if name == "source":
            self._asked = False
            session.choose_source(value)
        elif name == "path":
            self._take_path(value)
        elif name == "python":
            self._choose_python(value)
        elif name in ("model", "optimizer"):
            if value != getattr(task, name):  # its settings are others'
                session.edit(task=replace(task, **{name: value, f"{name}_options": {}}))
        else:
            super()._on_edited(name, value)

    def _take_path(self, path: str) -> None:
        task = self.session.job.task
        file = Target.parse(path).file if task.is_code else None
        use = self.session.use_script if task.is_script else self.session.use
        if task.is_code and path and (file is None or file.is_file()) and use(path):
            return
        self._asked = self._asked or bool(path)
        self.session.edit(task=replace(task, path=path))

    @Slot()
    def _browse(self) -> None:
        from lrgui.gui.file_dialogs import ask_file, ask_folder, filters, start_folder

        row = self.session.job.task.row
        path = row.path if row is not None and row.path is not None else PathRow("File", "file", "")
        start = start_folder(self.session)
        if path.kind == "folder":
            ask_folder(self, start, path.label, self._take_path)
        else:
            ask_file(self, start, path.label, filters(path.suffixes), self._take_path)

    @Slot(str)
    def _on_state(self, state: str) -> None:
        super()._on_state(state)
        idle = state == RunState.IDLE
        for button in (self._check, self._new):
            button.setEnabled(idle)
        self._check.setEnabled(idle and not self.session.job.task.is_script)
        if state == RunState.STARTING:
            self._show_detail()


def _names_it(option: Option) -> bool:
    """True for the option without which an optimizer is none: which one of its library it is."""
    return option.name == "name"


def _subject(task: TaskSpec) -> tuple[object, ...]:
    """What the detail of a run depends on."""
    options = {**task.options, **{f"model.{name}": value for name, value in task.model_options.items()}}
    return task.source, task.path, task.model, task.subset, tuple(options.items())
