"""Describes a study of what is set in the window: which optimizers, batch sizes and seeds; writes its file."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from lrgui.core.options import Scalar
from lrgui.gui.dialogs.closing import close_button
from lrgui.gui.editors import Choice
from lrgui.gui.labels import breakable, wrapped
from lrgui.gui.session import Session
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.of_job import spec_of_job
from lrgui.studies.plan import planned
from lrgui.studies.spec import FIND, MEASURES, StudySpec, seeds_in, singular, values_in
from lrgui.studies.spec_file import write_spec
from lrgui.tasks.user.rows import OWN
from lrgui.tasks.user.target import Target

#: How a study's file ends.
_TOML = ".toml"
_WORDS = {FIND: "Find: a sweep", "prove": "Prove: a sweep, and a race around its pick", "train": "Train at the pick"}


class StudyDialog(QDialog):
    """What varies; everything else is as the form has it. Says while it is typed how many runs there are."""

    written = Signal(object)
    """The Path of the new file, which is to be run."""

    FIELDS = (
        ("optimizers", "Optimizers", "Separated by commas: sgd, adam, adamw, …"),
        ("batch_sizes", "Batch sizes", "Separated by commas; two or more show how the rate follows the batch"),
        ("seeds", "Seeds", "How many (3), or which ones (0, 1, 7): each combination is measured with each"),
        ("more", "More", "Another setting with its values, for example width=64,128; several separated by spaces"),
        ("workers", "At once", "How many runs at once; empty is one for every two cores"),
        ("file", "File", "A new file (.toml) that describes the study; lrgui study takes it, too"),
    )

    def __init__(self, session: Session, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._spec: StudySpec | None = None
        self.setWindowTitle("New study")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        task = session.job.task
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
            line.setToolTip(tip)
            line.setAccessibleName(label)
            line.textChanged.connect(self._look)
            form.addRow(label, line)
        self.lines["more"].setPlaceholderText("width=64,128")
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
        self.start.setToolTip("Write the file and run the study in a process beside the window")
        self.start.setDefault(True)
        self.start.clicked.connect(self._write)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close_button(self))
        row.addWidget(self.start)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(14)
        words = "Every combination is measured by a run of its own. All other settings are as the window has them."
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
        text = self.lines["workers"].text().strip()
        if not text:
            return ExecutionSettings()
        how = ExecutionSettings(workers=int(text) if text.isdecimal() else 0)
        if wrong := how.validate():
            raise ValueError(" ".join(map(str, wrong)))
        return how

    def spec(self) -> StudySpec:
        """The study as it is typed. Raises ValueError, with a sentence."""
        grid: dict[str, tuple[Scalar, ...]] = {}
        for name in ("optimizers", "batch_sizes"):
            if values := values_in(self.lines[name].text()):
                grid[singular(name)] = values
        for words in self.lines["more"].text().split():
            name, _, text = words.partition("=")
            if not values_in(text):
                raise ValueError(f"“{words}” is not a setting with values: write, for example, width=64,128.")
            grid[singular(name)] = values_in(text)
        if not self.lines["file"].text().strip():
            raise ValueError("Name the file that is to describe the study.")
        seeds = seeds_in(self.lines["seeds"].text())
        return spec_of_job(self._session.job, grid, seeds, str(self.measure.currentData()))

    @Slot()
    def _look(self) -> None:
        """Say what would be run, or why it can't be."""
        try:
            self._spec, how = self.spec(), self.how
            plan = planned(self._spec)
        except ValueError as error:
            self._spec = None
            self._say(str(error), wrong=True)
            return
        count = len(plan.runs)
        at_once = "" if how.workers is None else f", {how.workers} at once"
        self._say(" ".join([f"{count:,} {'run' if count == 1 else 'runs'}{at_once}.", *plan.notes]))

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
                raise ValueError(f"{path} already exists; not overwritten. Choose another name.")
            write_spec(path, self._spec, self.how)
        except OSError as error:
            self._say(f"{path} cannot be written ({error.strerror or error}). Choose another folder.", wrong=True)
        except ValueError as error:
            self._say(str(error), wrong=True)
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
