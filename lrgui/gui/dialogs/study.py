"""Describes a study of what is set in the window: which optimizers, batch sizes and seeds; writes its file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from lrgui.core.options import NUMBERS, Scalar, read_option
from lrgui.core.settings import settings_of
from lrgui.gui.dialogs.closing import close_button
from lrgui.gui.editors import Choice
from lrgui.gui.fitting import Dialog
from lrgui.gui.labels import breakable, wrapped
from lrgui.gui.session import Session
from lrgui.gui.typing_keys import TypingKeys, mark_wrong
from lrgui.runs.job import Job
from lrgui.runs.task_settings import places
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.of_job import spec_of_job
from lrgui.studies.plan import planned, task_at
from lrgui.studies.spec import FIND, MEASURES, StudySpec, seeds_in, singular, values_in
from lrgui.studies.spec_file import write_spec
from lrgui.tasks.user.rows import OWN
from lrgui.tasks.user.target import Target

Grid = dict[str, tuple[Scalar, ...]]

#: How a study's file ends.
_TOML = ".toml"
_WORDS = {FIND: "Find: a sweep", "prove": "Prove: a sweep, and a race around its pick", "train": "Train at the pick"}


class StudyDialog(Dialog):
    """What varies; everything else is as the form has it. Says while it is typed how many runs there are."""

    written = Signal(object)
    """The Path of the new file, which is to be run."""

    FIELDS = (
        ("optimizers", "Optimizers", "Separated by commas: sgd, adam, adamw, …"),
        ("batch_sizes", "Batch sizes", "Separated by commas; two or more show how the learning rate follows the batch"),
        ("seeds", "Seeds", "How many (3), or which ones (0, 1, 7); every combination is measured with each seed"),
        ("more", "More", "Other settings with their values, separated by spaces, for example {example}"),
        ("workers", "At once", "How many runs at once; leave it empty for one per two cores"),
        ("file", "File", "A new .toml file that describes the study; “lrgui study” can run it, too"),
    )

    def __init__(self, session: Session, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._spec: StudySpec | None = None
        self.setWindowTitle("New study")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        task = session.job.task
        self._example = _example(session.job)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        self.lines: dict[str, QLineEdit] = {}
        own = task.optimizer == OWN
        begin = {
            "optimizers": OWN if own else ", ".join(dict.fromkeys((task.optimizer, "adamw"))),
            "batch_sizes": ", ".join(str(task.batch_size * times) for times in (1, 2, 4)),
            "seeds": "1",
            "file": str(_free(folder, task.path or task.source)),
        }
        for name, label, tip in self.FIELDS:
            line = self.lines[name] = QLineEdit(begin.get(name, ""))
            line.setToolTip(tip.format(example=self._example))
            line.setAccessibleName(label)
            line.textChanged.connect(self._look)
            TypingKeys(line)
            form.addRow(label, line)
        self.lines["more"].setPlaceholderText(self._example)
        self.lines["workers"].setPlaceholderText("automatic")
        self.measure = Choice()
        self.measure.setAccessibleName("Measure")
        self.measure.set_tip("What is done for each combination")
        for key in MEASURES:
            self.measure.addItem(_WORDS[key], key)
        self.measure.currentIndexChanged.connect(self._look)
        form.insertRow(3, "Measure", self.measure)
        self.said = wrapped("")
        self.said.setAccessibleName("What would be run")
        self.start = QPushButton("Start")
        self.start.setObjectName("primary")
        self.start.setToolTip("Write the file and run the study in the background")
        self.start.setDefault(True)
        self.start.clicked.connect(self._write)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close_button(self))
        row.addWidget(self.start)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(14)
        words = "Each combination is measured by a run of its own. All other settings are those of the window."
        column.addWidget(wrapped(words, "muted"))
        column.addLayout(form)
        column.addWidget(self.said)
        column.addStretch(1)
        column.addLayout(row)
        self.resize(560, self.sizeHint().height() + 30)
        self._look()

    @property
    def path(self) -> Path:
        """Of the file that is to be written."""
        path = Path(os.path.expanduser(self.lines["file"].text().strip())).absolute()
        return path if path.suffix.lower() == _TOML else path.with_name(f"{path.name}{_TOML}")

    @property
    def how(self) -> ExecutionSettings:
        """How many at once. Raises ValueError, with a sentence."""
        option = next(each for each in settings_of(ExecutionSettings) if each.name == "workers")
        option = replace(option, label=next(label for name, label, _ in self.FIELDS if name == "workers"))
        text = self.lines["workers"].text().strip()
        try:
            workers = read_option(option, text)
        except ValueError:
            workers = text
        if wrong := option.problem(workers):
            raise ValueError(str(wrong))
        return ExecutionSettings(workers=cast("int | None", workers))

    def spec(self) -> StudySpec:
        """The study as it is typed. Raises ValueError, with a sentence."""
        return self._spec_of(self._grid("optimizers") | self._grid("batch_sizes") | self._grid("more"), self._seeds)

    def _spec_of(self, grid: Grid, seeds: tuple[int, ...] = (0,)) -> StudySpec:
        return spec_of_job(self._session.job, grid, seeds, str(self.measure.currentData()))

    @property
    def _seeds(self) -> tuple[int, ...]:
        return seeds_in(self.lines["seeds"].text())

    def _grid(self, name: str) -> Grid:
        """What varies as one of the lines has it."""
        text = self.lines[name].text()
        if name != "more":
            return {singular(name): values} if (values := values_in(text)) else {}
        grid: Grid = {}
        for words in text.split():
            setting, _, written = words.partition("=")
            if not values_in(written):
                raise ValueError(f"“{words}” has no values. Write, for example, {self._example}.")
            grid[singular(setting)] = values_in(written)
        return grid

    def _problems(self) -> dict[str, str]:
        """What is wrong with each line by itself, in sentences, by its name."""
        found: dict[str, str] = {}
        grid: Grid = {}

        def look(name: str, check: Callable[[], object]) -> None:
            try:
                check()
            except ValueError as error:
                found[name] = str(error)

        def varied(name: str) -> None:
            mine = self._grid(name)
            # What other settings there are depends on the optimizers.
            planned(self._spec_of({**grid, **mine} if name == "more" else mine), "")
            grid.update(mine)

        planned(self._spec_of({}), "")  # what is wrong without any of them is no line's fault
        for name in ("optimizers", "batch_sizes", "more"):
            look(name, partial(varied, name))
        look("seeds", lambda: self._check_seeds(self._seeds))
        look("workers", lambda: self.how)
        if not self.lines["file"].text().strip():
            found["file"] = "Name a file for the study."
        return found

    def _check_seeds(self, seeds: tuple[int, ...]) -> None:
        if wrong := StudySpec(seeds=seeds).validate():
            raise ValueError(" ".join(wrong))
        planned(self._spec_of({}, tuple({min(seeds), max(seeds)})), "")

    @Slot()
    def _look(self) -> None:
        """Say what would be run, or why it can't be, at the lines that are wrong."""
        self._spec = None
        problems: dict[str, str] = {}
        try:
            problems = self._problems()
            if not problems:
                self._spec, how = self.spec(), self.how
                plan = planned(self._spec)
        except ValueError as error:
            self._spec = None
            self._say(str(error), wrong=True)
        self._mark(problems)
        if problems or self._spec is None:
            return
        count = len(plan.runs)
        at_once = "" if how.workers is None else f", {how.workers} at once"
        self._say(" ".join([f"{count:,} {'run' if count == 1 else 'runs'}{at_once}.", *plan.notes]))

    def _mark(self, problems: dict[str, str]) -> None:
        """Mark the lines that are wrong, and say what is."""
        said = []
        for name, label, _ in self.FIELDS:
            line, words = self.lines[name], problems.get(name, "")
            mark_wrong(line, words)
            if words:
                said.append(words if words.startswith(label) else f"{label}: {words}")
        if said:
            self._say("\n".join(said), wrong=True)

    def _say(self, words: str, *, wrong: bool = False) -> None:
        self.said.setObjectName("problem" if wrong else "muted")
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.said.setText(breakable(words))
        self.start.setEnabled(not wrong)

    @Slot()
    def _write(self) -> None:
        if self._spec is None:
            return
        path = self.path
        try:
            if path.exists():
                self._mark({"file": f"{path} already exists; not overwritten. Choose another name."})
                return
            write_spec(path, self._spec, self.how)
        except OSError as error:
            self._mark({"file": f"{path} cannot be written ({error.strerror or error}). Choose another folder."})
        else:
            self.accept()
            self.written.emit(path)


def _free(folder: Path, source: str) -> Path:
    """A file beside the task that is not there yet: "task-study.toml"."""
    file = Target.parse(source).file
    stem, number = (source if file is None else file.stem).replace(".", "-") or "task", 1
    while (path := folder / f"{stem}-study{'' if number == 1 else number}{_TOML}").exists():
        number += 1
    return path


def _example(job: Job) -> str:
    """A setting of this task with two values, as they are written under *More*."""
    try:
        _, known, _ = task_at(job.task.path or job.task.source)
    except ValueError:
        known = None
    for name, (_, option) in places(job.task, known).items():
        usual = option.default
        if option.kind not in ("whole", *NUMBERS) or not isinstance(usual, int | float) or not usual:
            continue
        if option.problem(2 * usual) is None:
            return f"{name}={usual},{2 * usual}"
    return "weight_decay=0,0.01"
