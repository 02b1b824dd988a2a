"""The window's runs are recorded with the experiment trackers that the preferences name."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from lrgui.export.trackers import Target
from lrgui.gui.notice import Notice
from lrgui.gui.session import Session
from lrgui.gui.settings import Settings
from lrgui.places import runs_folder

if TYPE_CHECKING:
    from lrgui.export.trackers.following import Following


class RunTracking(QObject):
    """Records each run that the session starts; one that fails is told of, and the run goes on."""

    told = Signal(str)
    """Why a tracker did not record a run; from another thread."""

    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__(session)
        self._session, self._settings = session, settings
        self.told.connect(self._show)
        session.follow = lambda log: self.following.follow(log)
        session.run_ended.connect(self._on_ended)

    @cached_property
    def following(self) -> Following:
        """What reads the runs' logs; the first run makes it."""
        from lrgui.export.trackers.following import Following

        return Following(self._targets, self._tell)

    @Slot(object)
    def _on_ended(self, _end: object) -> None:
        self.following.over()

    def _targets(self) -> list[Target]:
        return [Target.of(key, folder) for key, folder in self._settings.track.items()]

    def _tell(self, sentence: str) -> None:
        try:
            self.told.emit(sentence)
        except RuntimeError:
            pass  # the window has gone

    @Slot(str)
    def _show(self, sentence: str) -> None:
        self._session.noticed.emit(Notice("warning", sentence))


def usual_folder(key: str) -> Path:
    """Where the window's runs are recorded with a tracker unless somebody chooses another folder."""
    return runs_folder().parent / "trackers" / key
