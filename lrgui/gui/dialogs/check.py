"""Shows a check of the task while it goes on: one line per step, and what is wrong where it is wrong."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from lrgui.core.events import CheckEvent, CheckState, EndEvent, EndReason, RunKind, Stream
from lrgui.core.formats import format_estimate, format_seconds
from lrgui.gui.fitting import Dialog, scrolling
from lrgui.gui.labels import breakable, with_tabular_figures, wrapped
from lrgui.gui.session import Session
from lrgui.tasks.checks.step import STEPS

SIGNS: dict[str, str] = {
    CheckState.WAITING: "·",
    CheckState.RUNNING: "…",
    CheckState.GOOD: "✓",
    CheckState.WARNING: "!",
    CheckState.BAD: "✗",
    CheckState.SKIPPED: "–",
}
NAME_IDS: dict[str, str] = {CheckState.BAD: "cardTitle", CheckState.WAITING: "muted", CheckState.SKIPPED: "muted"}
IDS: dict[str, str] = {
    CheckState.WAITING: "muted",
    CheckState.RUNNING: "muted",
    CheckState.GOOD: "good",
    CheckState.WARNING: "open",
    CheckState.BAD: "bad",
    CheckState.SKIPPED: "muted",
}
WORDS: dict[str, str] = {
    CheckState.WAITING: "to come",
    CheckState.RUNNING: "running",
    "good": "good",
    "warning": "warning",
    "bad": "wrong",
    "skipped": "skipped",
}
#: Seconds after which a step says how long it has taken so far.
PATIENCE = 2.0
TICK_MS = 1000


class StepRow:
    """One step: a sign, its name, what was found, and the seconds it took."""

    def __init__(self, grid: QGridLayout, row: int, event: CheckEvent) -> None:
        self.event = event
        self._sign, self._name, self._seconds = QLabel(), QLabel(name_of(event)), QLabel()
        self._sign.setFixedWidth(16)
        self._sign.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._seconds.setObjectName("muted")
        with_tabular_figures(self._seconds)
        self._detail = wrapped("", "muted")
        self._line = wrapped("", "codeLine")
        self._notes = wrapped("")
        words = QVBoxLayout()
        words.setSpacing(2)
        for label in (self._name, self._detail, self._line, self._notes):
            words.addWidget(label)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(self._sign, row, 0, top)
        grid.addLayout(words, row, 1)
        grid.addWidget(self._seconds, row, 2, top | Qt.AlignmentFlag.AlignRight)
        self.show(event)
        self.note("")

    @property
    def last(self) -> QWidget:
        """What stands lowest of it."""
        return self._detail if self._line.isHidden() else self._line

    def show(self, event: CheckEvent) -> None:
        """Show what is known of the step now."""
        self.event = event
        self._sign.setText(SIGNS[event.state])
        self._sign.setObjectName(IDS[event.state])
        self._sign.setAccessibleName(WORDS[event.state])
        self._name.setObjectName(NAME_IDS.get(event.state, ""))
        self._detail.setObjectName("" if event.state == CheckState.BAD else "muted")
        for label in (self._sign, self._name, self._detail):
            label.style().unpolish(label)
            label.style().polish(label)
        self._seconds.setText(_time(event))
        self._detail.setText(breakable(event.detail))
        self._detail.setVisible(bool(event.detail))
        line = source_line(event)
        self._line.setText(breakable(line))
        self._line.setVisible(bool(line))

    def note(self, text: str) -> None:
        """Say below it what is to be known of the data: what was left out, or filled in."""
        self._notes.setText(breakable(text))
        self._notes.setVisible(bool(text))


class CheckDialog(Dialog):
    """One check of the session's task; closing it stops a check that goes on."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.steps: dict[str, StepRow] = {}
        self._title, self._notes = session.job.task.title, ""
        self.setWindowTitle("Check task")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addWidget(wrapped(self._title, "cardTitle"))
        column.addWidget(
            wrapped("One batch, forward pass, backward pass and optimizer step; nothing is kept.", "muted")
        )
        column.addWidget(self._list(), 1)
        self.details = QPlainTextEdit(readOnly=True)
        self.details.setAccessibleName("Details")
        self.details.setFixedHeight(160)
        self.details.setTabChangesFocus(True)
        self.details.hide()
        column.addWidget(self.details)
        self.summary = wrapped("Starting…")
        self.summary.setAccessibleName("Result of the check")
        column.addWidget(self.summary)
        column.addLayout(self._buttons())
        stops = (self._area, self.copy, self.more, self.details, self.again, self.stop, self.find_rate)
        for first, then in pairwise(stops):
            self.setTabOrder(first, then)
        for key in STEPS:
            self._on_step(CheckEvent(key, CheckState.WAITING))
        self.resize(620, 560)
        self._step_began = time.monotonic()
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self._tick)
        self._clock.start()
        session.checked.connect(self._on_step)
        session.check_ended.connect(self._on_end)

    def _list(self) -> QScrollArea:
        inner = QWidget()
        outer = QVBoxLayout(inner)
        outer.setContentsMargins(0, 0, 10, 0)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(9)
        self._grid.setColumnStretch(1, 1)
        outer.addLayout(self._grid)
        outer.addStretch(1)
        self._area = scrolling(inner, "Steps of the check")
        self._area.setObjectName("steps")
        return self._area

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.copy = QPushButton("Copy")
        self.copy.setToolTip("Copy the whole report as text")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text))
        self.more = QPushButton("Details", self)
        self.more.setCheckable(True)
        self.more.setToolTip("Show what the task printed and where it failed")
        self.more.toggled.connect(self.details.setVisible)
        self.more.hide()
        self.again = QPushButton("Check again")
        self.again.setToolTip("Check the task again as it is on disk now (F4)")
        self.again.clicked.connect(self._again)
        self.stop = QPushButton("Stop")
        self.stop.setToolTip("Stop the check; a task that hangs is terminated")
        self.stop.clicked.connect(self.reject)
        self.find_rate = QPushButton("Find learning rate")
        self.find_rate.setObjectName("primary")
        self.find_rate.setToolTip("Sweep the task and draw its curve (F5)")
        self.find_rate.clicked.connect(self._find)
        self.find_rate.setDefault(True)  # else Enter would copy while the check goes on
        self.again.setShortcut("F4")
        self.find_rate.setShortcut("F5")
        row.addWidget(self.copy)
        row.addWidget(self.more)
        row.addStretch(1)
        for button in (self.again, self.stop, self.find_rate):
            row.addWidget(button)
        self.again.setEnabled(False)
        self.find_rate.setEnabled(False)
        return row

    @property
    def text(self) -> str:
        """All of it as text."""
        lines = [self._title]
        for row in self.steps.values():
            event = row.event
            head = f"{SIGNS[event.state]} {name_of(event)}  {_time(event)}".rstrip()
            notes = self._notes if row is self._first else ""
            lines += [head, *(f"    {words}" for words in (event.detail, source_line(event), notes) if words)]
        return "\n".join([*lines, self.summary.text(), "", self.details.toPlainText()]).strip() + "\n"

    @property
    def _first(self) -> StepRow:
        """The step that loads the data."""
        return next(iter(self.steps.values()))

    @property
    def running(self) -> bool:
        """True while the check goes on."""
        return self._session.busy and self._session.kind == RunKind.CHECK

    @Slot(object)
    def _on_step(self, event: CheckEvent) -> None:
        row = self.steps.get(event.step)
        if row is None:
            self.steps[event.step] = StepRow(self._grid, len(self.steps), event)
        else:
            row.show(event)
        if event.state == CheckState.RUNNING:
            self._step_began = time.monotonic()
            self.summary.setText(f"{name_of(event)} …")

    @Slot()
    def _tick(self) -> None:
        """Say what goes on, a download or a step, and how long it has taken: who sees only time go by knows enough."""
        seconds, record = time.monotonic() - self._step_began, self._session.record
        if not self.running or record is None or seconds < PATIENCE:
            return
        step = next((row.event for row in self.steps.values() if row.event.state == CheckState.RUNNING), None)
        doing = name_of(step) if step is not None else record.state_detail or "Starting"
        self.summary.setText(f"{doing} … {format_estimate(seconds)}")

    @Slot(object)
    def _on_end(self, end: EndEvent) -> None:
        self._clock.stop()
        record = self._session.record
        output = record.output if record is not None else ()
        self._notes = " ".join(event.text.strip() for event in output if event.stream == Stream.NOTE)
        printed = "".join(event.text for event in output if event.stream != Stream.NOTE).strip()
        self._first.note(self._notes)
        self.details.setPlainText(printed)
        self.more.setVisible(bool(printed))
        failed = next((row for row in self.steps.values() if row.event.state == CheckState.BAD), None)
        for row in self.steps.values():
            if row.event.state == CheckState.WAITING or (
                row.event.state == CheckState.RUNNING and end.reason == EndReason.CANCELLED
            ):
                row.show(CheckEvent(row.event.step, CheckState.SKIPPED))
            elif row.event.state == CheckState.RUNNING:  # the process died
                row.show(CheckEvent(row.event.step, CheckState.BAD, "The check failed."))
        good = end.reason == EndReason.COMPLETED and failed is None
        # What is wrong stands beside its step.
        self.summary.setText(
            end.detail if failed is None else f"{name_of(failed.event)} failed. Fix it and check again (F4)."
        )
        self.summary.setObjectName("good" if good else "bad")
        self.summary.style().unpolish(self.summary)
        self.summary.style().polish(self.summary)
        self.stop.setText("Close")
        self.stop.setToolTip("Close this window (Esc)")
        self.again.setEnabled(True)
        self.find_rate.setEnabled(good)
        (self.find_rate if good else self.again).setFocus()
        if failed is not None:
            QTimer.singleShot(0, self, lambda: self._area.ensureWidgetVisible(failed.last))  # once it is laid out

    @Slot()
    def _again(self) -> None:
        self.accept()
        self._session.check()

    @Slot()
    def _find(self) -> None:
        self.accept()
        self._session.find()

    def reject(self) -> None:
        """Esc, × and the button: stop a check that goes on."""
        if self.running:
            self._session.stop()
        super().reject()


def name_of(event: CheckEvent) -> str:
    """The step as people call it."""
    return STEPS.get(event.step, event.step)


def _time(event: CheckEvent) -> str:
    """What a step took; empty where it was not measured."""
    return "" if event.seconds is None else format_seconds(event.seconds)


def source_line(event: CheckEvent) -> str:
    """The line of the person's file that a step belongs to; empty where there is none."""
    if not event.file or event.line < 1:
        return ""
    place = f"{Path(event.file).name}, line {event.line}"
    try:
        lines = Path(event.file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return place
    return f"{place}:  {lines[event.line - 1].strip()}" if event.line <= len(lines) else place
