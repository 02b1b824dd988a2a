"""A study that was started from the window: a process beside it, which does what `lrgui study` does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal, Slot

from lrgui import frozen
from lrgui.gui.background import Background
from lrgui.runs.python_command import boot_text
from lrgui.runs.targets import ON
from lrgui.studies.known import note_running
from lrgui.studies.opened import OpenedStudy, study_at
from lrgui.studies.results import StudyResults
from lrgui.studies.start import folder_of

#: Milliseconds that a study which was asked to stop may take, when the window closes.
PATIENCE = 12_000
#: Milliseconds between two looks at how far it is.
LOOK_MS = 1000

Command = Callable[[Sequence[str]], list[str]]


def study_command(words: Sequence[str]) -> list[str]:
    """The command that is `lrgui` with these words."""
    if frozen.is_frozen():
        return [sys.executable, *words]
    return [sys.executable, "-c", boot_text("lrgui.start"), str(frozen.sources_folder()), *words]


class StudyProcess(QObject):
    """One at a time. Its runs are processes of its own; it can be stopped and gone on with, also after a crash."""

    changed = Signal()
    """It began, was asked to stop, or ended."""
    progressed = Signal()
    """More of its runs are measured, or it ended."""
    failed = Signal(str)
    """It ended, and not because it was complete or stopped: its last words."""

    def __init__(self, parent: QObject | None = None, command: Command = study_command) -> None:
        super().__init__(parent)
        self._command = command
        self._process: QProcess | None = None
        self._asked = False
        self._said = ""
        self.folder: Path | None = None
        """Of the study that runs, or ran last."""
        self.found: StudyResults | None = None
        """What was read of it last; None before anything was written."""
        self.far: tuple[int, int] | None = None
        """How many of its runs are measured, and how many there are; None before anything is known."""
        self._wrong = False
        self._study: OpenedStudy | None = None
        self._reading = Background(self)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def running(self) -> bool:
        """True from its start to its end."""
        return self._process is not None

    def reads(self, folder: Path) -> bool:
        """True while the study in `folder` is followed from here: nobody else has to read it."""
        return self._timer.isActive() and self.folder == folder

    @property
    def stopping(self) -> bool:
        """True while it was asked to stop and has not ended."""
        return self.running and self._asked

    @property
    def words(self) -> str:
        """What it does or how it ended, in a line; empty before the first."""
        if self.folder is None:
            return ""
        how = "stopped" if self._asked else "ended with an error" if self._wrong else "finished"
        if self.running:
            how = "stopping …" if self._asked else "running" if self.far is not None else "starting …"
        said = f"Study {self.folder.name} · {how}"
        return said if self.far is None else f"{said} · {self.far[0]:,} of {self.far[1]:,} runs"

    def start(self, what: Path, python: str = "") -> None:
        """Run the study of a file, or go on with that of a folder, in the Python (or on the target, on:NAME) that was
        chosen; nothing while another one runs."""
        if self.running:
            return
        words = ["study", str(what)]
        if python.startswith(ON):
            words += ["--on", python.removeprefix(ON)]
        elif python:
            words += ["--python", python]
        self.folder = folder_of(what)
        self._asked, self._said, self._wrong, self.far, self.found = False, "", False, None, None
        note_running(self.folder)
        self._reading.give_up()
        self._study = OpenedStudy(self.folder)
        self._timer.start()
        self._process = process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        process.setWorkingDirectory(str(what.parent))
        process.readyRead.connect(self._read)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        program, *rest = self._command(words)
        process.start(program, rest)
        self.changed.emit()

    def stop(self) -> None:
        """Let its runs end before their next batch, and the study with them; asked again, end it at once."""
        process = self._process
        if process is None:
            return
        again, self._asked = self._asked, True
        if again or sys.platform == "win32":  # a console program there hears no polite word
            process.kill()
        else:
            process.terminate()
        self.changed.emit()

    def close(self) -> None:
        """Stop it, and wait for its end."""
        self._timer.stop()
        self._reading.close()
        process = self._process
        if process is None:
            return
        process.finished.disconnect(self._on_finished)  # the window goes: it is offered at the next start
        self.stop()
        if not process.waitForFinished(PATIENCE):
            process.kill()
            process.waitForFinished(PATIENCE)
        self._process = None
        process.deleteLater()

    @Slot()
    def _look(self) -> None:
        """See how far it is; after its end once more."""
        study = self._study
        if study is None or self._reading.running:
            return
        if not self.running:
            self._timer.stop()
        if study_at(str(study.path)) is not None and study.changed:
            self._reading.start(lambda _watch: study.read(), self._on_looked)

    def _on_looked(self, found: StudyResults | None, error: Exception | None) -> None:
        if found is None:
            if not isinstance(error, OSError | ValueError):  # what cannot be read while it grows can be in a moment
                assert error is not None
                raise error
            return
        self.found = found
        far = len(found.rows) - found.missing, len(found.rows)
        if far != self.far:
            self.far = far
            self.progressed.emit()

    @Slot()
    def _read(self) -> None:
        assert self._process is not None
        text = bytes(self._process.readAll().data()).decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        self._said = next((line for line in reversed(lines) if line.startswith("lrgui: ")), self._said)

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, status: int, how: QProcess.ExitStatus) -> None:
        crashed = how == QProcess.ExitStatus.CrashExit
        self._end(self._said.removeprefix("lrgui: ") or ("The study ended unexpectedly." if crashed else ""))

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._end(f"The study could not be started: {self._process.errorString()}.")

    def _end(self, words: str) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.deleteLater()
        note_running(None)
        self._wrong = bool(words)
        self.changed.emit()
        self.progressed.emit()
        if words and not self._asked:
            self.failed.emit(words)
