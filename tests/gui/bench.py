"""A session whose runs a test writes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot
from scripted import Scripted, sweep

from lrgui.gui.session import Session
from lrgui.runs.job import Job


class Bench:
    """A session whose next run is `source`."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.source = Scripted(sweep())
        self.jobs: list[Job] = []
        # With a parent it is not left to Python's collector, which may run in another thread: Qt crashes where timers
        # and watchers are destroyed there.
        self.session = Session(Job(), self._open, QCoreApplication.instance())
        self.runs = self.session.runs

    def _open(self, job: Job) -> Scripted:
        self.jobs.append(job)
        return self.source

    def play(self, source: Scripted | None = None, start: Callable[[], None] | None = None) -> None:
        """Run a source to its end."""
        self.source = source or Scripted(sweep())
        with self.qtbot.waitSignal(self.session.run_ended):
            (start or self.session.find)()

    def begin(self, source: Scripted) -> None:
        """Start a source that goes on until it is stopped."""
        self.source = source
        self.session.find()
        self.qtbot.waitUntil(lambda: self.session.state == "running")
