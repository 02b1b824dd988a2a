"""Asks for a place where runs can be computed, and saves it; edits and forgets those that were saved."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lrgui.core.settings import settings_of
from lrgui.gui.dialogs.closing import close_button
from lrgui.gui.editors import Choice
from lrgui.gui.fitting import Dialog
from lrgui.gui.labels import wrapped
from lrgui.gui.typing_keys import TypingKeys
from lrgui.runs.ray_settings import RayResources
from lrgui.runs.targets import (
    KINDS,
    ON,
    Target,
    TargetsError,
    choice_of,
    load_targets,
    save_targets,
    with_target,
    without_target,
)


class TargetDialog(Dialog):
    """A name, how to reach it, and what a run finds there."""

    saved = Signal(str)
    """A target was saved: what a choice of the Python that computes calls it."""
    forgotten = Signal(str)
    """A target is no more, or has another name: what a choice of the Python that computes called it."""

    FIELDS: ClassVar = (
        ("name", "Name", "box", "What the list of Pythons and --on on the command line call it"),
        ("host", "Host", "me@gpu.example.org", "[user@]host[:port], as ssh knows it; its login must need no password"),
        ("address", "Address", "ray://head:10001", "Empty is the cluster on this machine, else one that is started"),
        *((option.name, option.label, "1", option.tip) for option in settings_of(RayResources)),
        (
            "python",
            "Python",
            "~/venv/bin/python",
            "The interpreter there, with torch and numpy; empty is python3. For Ray the one here that has ray",
        ),
        ("folder", "Folder", "~/project", "The working directory there, where your data lie; may be empty"),
        ("endpoint", "Endpoint", "10.0.0.1:29500", "Where other hosts reach the first one; empty is its name"),
        ("nodes", "Nodes", "2", "How many nodes compute a sweep together; empty is 1"),
        ("processes", "Processes", "4", "How many on each machine compute a sweep together, one for each GPU"),
        ("options", "sbatch options", "--gpus=1 --time=1:00:00", "What the cluster wants to know of a job"),
        ("setup", "Before the run", "module load cuda", "Shell commands on the node, before the run"),
    )

    def __init__(self, parent: QWidget | None = None, chosen: str = "") -> None:
        """`chosen` is what computes now: a target among them is the one that is shown."""
        super().__init__(parent)
        self.setWindowTitle("Other machines")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.note = wrapped("", "muted")
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(8)
        self.targets = Choice()
        self.targets.setAccessibleName("Target")
        self.targets.set_tip("Add a new one, or edit one that was saved")
        self.targets.addItem("New", "")
        self._form.addRow("Target", self.targets)
        self.kind = Choice()
        for kind in KINDS.values():
            self.kind.addItem(kind.detail, kind.key)
        self.kind.setAccessibleName("Kind")
        self.kind.set_tip("How runs are started there")
        self.kind.currentIndexChanged.connect(self._show_fields)
        self._form.addRow("Kind", self.kind)
        self.lines: dict[str, QLineEdit] = {}
        for name, label, example, tip in self.FIELDS:
            line = self.lines[name] = QLineEdit()
            line.setPlaceholderText(example)
            line.setToolTip(tip)
            line.setAccessibleName(label)
            TypingKeys(line)
            self._form.addRow(label, line)
        self.said = wrapped("")
        self.said.setAccessibleName("Message")
        self.said.hide()
        self.forget = QPushButton("Forget")
        self.forget.setToolTip("Remove it from the list; its runs stay where they are")
        self.forget.clicked.connect(self._forget)
        save = QPushButton("Save and use")
        save.setObjectName("primary")
        save.setToolTip("Save it; runs of this task are computed there from now on")
        save.setDefault(True)
        save.clicked.connect(self._save)
        row = QHBoxLayout()
        row.addWidget(self.forget)
        row.addStretch(1)
        row.addWidget(close_button(self))
        row.addWidget(save)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(14)
        column.addWidget(self.note)
        column.addLayout(self._form)
        column.addWidget(self.said)
        column.addLayout(row)
        self._saved = self._load()
        for target in self._saved:
            self.targets.addItem(target.name, target.name)
        self.targets.currentIndexChanged.connect(self._show_target)
        self.targets.setCurrentIndex(max(0, self.targets.findData(chosen.removeprefix(ON))))
        self._show_target()
        self.resize(520, self.sizeHint().height())

    def _load(self) -> list[Target]:
        try:
            return load_targets()
        except TargetsError as error:
            self._say(str(error))
            return []

    @property
    def _before(self) -> str:
        """The name of the saved target that is edited, "" of a new one."""
        return str(self.targets.currentData() or "")

    @Slot()
    def _show_target(self) -> None:
        """Fill in the one that was chosen."""
        target = next((one for one in self._saved if one.name == self._before), Target(""))
        self.kind.setCurrentIndex(self.kind.findData(target.kind))
        for name, line in self.lines.items():
            line.setText(getattr(target, name))
        self.forget.setEnabled(bool(self._before))
        self._show_fields()

    def _say(self, words: str) -> None:
        self.said.setText(words)
        self.said.setVisible(bool(words))

    @property
    def target(self) -> Target:
        """As it is typed."""
        kind = KINDS[self.kind.currentData()]
        wanted = ("name", *kind.needs, *kind.uses)
        return Target(kind=kind.key, **{name: self.lines[name].text().strip() for name in wanted})

    @Slot()
    def _show_fields(self) -> None:
        kind = KINDS[self.kind.currentData()]
        for name, line in self.lines.items():
            self._form.setRowVisible(line, name in ("name", *kind.needs, *kind.uses))
        self.note.setText(kind.note)

    @Slot()
    def _save(self) -> None:
        target = self.target
        problems = target.validate()
        if not problems:
            try:
                save_targets(with_target(load_targets(), target, self._before))
            except TargetsError as error:
                problems = [str(error)]
        self._say(" ".join(problems))
        if not problems:
            if self._before not in ("", target.name):
                self.forgotten.emit(f"{ON}{self._before}")
            self.saved.emit(choice_of(target))
            self.accept()

    @Slot()
    def _forget(self) -> None:
        """Its fields stay filled in: saving brings it back."""
        name, target = self._before, self.target
        try:
            save_targets(without_target(load_targets(), name))
        except TargetsError as error:
            self._say(str(error))
            return
        self._saved = without_target(self._saved, name)
        self.targets.blockSignals(True)  # what was typed stays
        self.targets.removeItem(self.targets.currentIndex())
        self.targets.setCurrentIndex(0)
        self.targets.blockSignals(False)
        self.forget.setEnabled(False)
        self._say(f"{name} is forgotten; its runs stay where they are. “Save and use” brings it back.")
        self.forgotten.emit(choice_of(target))
