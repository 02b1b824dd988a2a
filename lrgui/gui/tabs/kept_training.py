"""The buttons for a training that was kept: go on with it, train it for more epochs, write its weights."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QInputDialog, QWidget

from lrgui.core.events import BROKE, RunState
from lrgui.core.run_settings import MOST_EPOCHS
from lrgui.gui.background import Background
from lrgui.gui.cards import leave, small_button
from lrgui.gui.file_dialogs import ask_new_file, start_folder
from lrgui.gui.notice import Notice
from lrgui.gui.resume_places import can_go_on, offer_places
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session
from lrgui.runs.checkpoints import BEST, LAST, folder_of, newest
from lrgui.runs.resuming import AGAIN, DIVERGED

UNINTERRUPTED = "Go on from the last checkpoint, as if it had not been interrupted"


class KeptTraining(QWidget):
    """What can be done with the checkpoints of the training on screen; each button is there where it can."""

    def __init__(self, session: Session, runs: RunsOnScreen) -> None:
        super().__init__()
        self._session, self._runs = session, runs
        self._background = Background(self)
        self.resume = small_button(
            "Resume",
            UNINTERRUPTED,
            self._resume,
        )
        self.more = small_button("More epochs…", "Train this training for more epochs", self._ask_more)
        self.save = small_button("Save weights…", "Save the best weights as a safetensors file", self._ask_file)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.resume, self.more, self.save):
            row.addWidget(button)
        session.state_changed.connect(self._on_state)
        runs.training_started.connect(self.show_what_can_be_done)
        session.run_ended.connect(self.show_what_can_be_done)
        self.show_what_can_be_done()

    @Slot(str)
    def _on_state(self, state: str) -> None:
        """A run begins, or goes on; what it left is looked at once it has ended."""
        if state != RunState.IDLE:
            self.show_what_can_be_done()

    @property
    def log(self) -> Path | None:
        """Where the training on screen is kept."""
        return None if self._runs.training is None else self._runs.training.log

    @Slot()
    def show_what_can_be_done(self) -> None:
        """Show the buttons that can be used."""
        idle = self._session.state == RunState.IDLE and not self._session.busy
        log = self.log if idle else None
        last, best = (None, None) if log is None else (newest(folder_of(log), kind) for kind in (LAST, BEST))
        training = self._runs.training
        end = "" if training is None else training.end_reason
        shown = (*((False, False) if log is None else can_go_on(log, end)), (best or last) is not None)
        for button, visible in zip((self.resume, self.more, self.save), shown, strict=True):
            if not visible:
                leave(button)
            button.setVisible(visible)
        offer_places(self.resume, log if shown[0] else None, self._resume)
        broke = training is not None and training.end_reason in BROKE
        self.resume.setEnabled(not broke)
        self.resume.setToolTip(DIVERGED if broke else UNINTERRUPTED)

    def _resume(self, place: str = "") -> None:
        if self.log is not None:
            self._session.resume(self.log, place=place)

    @Slot()
    def _ask_more(self) -> None:
        log = self.log
        if log is None:
            return
        dialog = QInputDialog(self.window())
        dialog.setWindowTitle("More epochs")
        dialog.setLabelText(f"{AGAIN}\n\nMore epochs:")
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(1, MOST_EPOCHS)
        dialog.setIntValue(max(1, self._session.job.train.epochs // 2))
        dialog.intValueSelected.connect(lambda epochs: self._session.resume(log, epochs))
        dialog.open()

    @Slot()
    def _ask_file(self) -> QFileDialog:
        from lrgui.export.weights import NAME

        return ask_new_file(self, start_folder(self._session) / NAME, "Save weights", [".safetensors"], self.write)

    def write(self, path: str) -> None:
        """Write the best weights to a file, which may take long; then say how to load them."""
        log = self.log
        if log is None:
            return
        leave(self.save)
        self.save.setEnabled(False)
        self._background.start(lambda _watch: _write(log, Path(path)), self._on_written)

    def _on_written(self, notice: Notice | None, error: Exception | None) -> None:
        self.save.setEnabled(True)
        if notice is not None:
            self._session.noticed.emit(notice)
        elif error is not None:
            raise error


def _write(log: Path, path: Path) -> Notice:
    """Write the best weights of the training at `log`; what to say about it."""
    from lrgui.export.errors import ExportError
    from lrgui.export.weights import loading_code, weights_file
    from lrgui.runs.opened import open_run

    try:
        opened = open_run(log)
        weights = weights_file(log, opened)
        weights.write(path)
    except (ExportError, OSError, ValueError) as error:
        return Notice("error", str(error))
    code = loading_code(opened.job, path)
    tip = "Python for the clipboard: load_state_dict(load_file(…))"
    words = f"{path.name} was written: {weights.words}."
    return Notice("info", words, action="Copy code", tip=tip, act=lambda: _copy(code))


def _copy(code: str) -> None:
    QGuiApplication.clipboard().setText(f"{code}\n")
