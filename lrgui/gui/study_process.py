"""A study that was started from the window: a process beside it, which does what `lrgui study` does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal, Slot

from lrgui import frozen
from lrgui.runs.python_command import boot_text
from lrgui.runs.targets import ON
from lrgui.studies.start import folder_of

#: Milliseconds that a study which was asked to stop may take, when the window closes.
PATIENCE = 12_000

Command = Callable[[Sequence[str]], list[str]]


def study_command(words: Sequence[str]) -> list[str]:
    """The command that is `lrgui` with these words."""
    if frozen.is_frozen():
        return [sys.executable, *words]
    return [sys.executable, "-c", boot_text("lrgui.start"), str(frozen.sources_folder()), *words]


class StudyProcess(QObject):
    """One at a time. Its runs are processes of its own; it can be stopped and gone on with, also after a crash."""

    changed = Signal()
    """It began, or ended."""
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

    @property
    def running(self) -> bool:
        """True from its start to its end."""
        return self._process is not None

    @property
    def stopping(self) -> bool:
        """True while it was asked to stop and has not ended."""
        return self.running and self._asked

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
        self._asked, self._said = False, ""
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
        process = self._process
        if process is None:
            return
        self.stop()
        if not process.waitForFinished(PATIENCE):
            process.kill()
            process.waitForFinished(PATIENCE)

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
        self.changed.emit()
        if words and not self._asked:
            self.failed.emit(words)
