"""Where the window is on the screen, kept with the settings."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QTimer
from PySide6.QtWidgets import QWidget

from lrgui.gui.settings import Settings

#: Milliseconds after the last move of the window until its place is kept.
KEEP_MS = 400


class WindowPlace:
    """Follows one window."""

    def __init__(self, window: QWidget, settings: Settings) -> None:
        self._window, self._settings = window, settings
        self._later = QTimer(window, singleShot=True, interval=KEEP_MS)
        self._later.timeout.connect(self.keep)

    def restore(self) -> None:
        """Put the window where it was."""
        if self._settings.geometry:
            self._window.restoreGeometry(QByteArray.fromBase64(self._settings.geometry.encode()))

    def moved(self) -> None:
        """It was moved or made larger: once it rests, that is kept."""
        self._later.start()

    def keep(self) -> None:
        """Keep where it is now."""
        self._later.stop()
        self._settings.geometry = self._window.saveGeometry().toBase64().toStdString()
