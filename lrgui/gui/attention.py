"""What tells of a run while the person looks elsewhere: the window's title, the taskbar, a notification."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from lrgui.core.events import EndEvent, RunKind
from lrgui.core.formats import format_percent
from lrgui.gui.launcher_entry import LauncherEntry
from lrgui.gui.session import Session
from lrgui.gui.settings import Settings
from lrgui.gui.status import StatusLine

TITLE = "LR Finder"
#: Milliseconds for which a notification stays.
SHOWN_MS = 8000


class Attention(QObject):
    """Follows one window."""

    def __init__(self, window: QWidget, session: Session, status: StatusLine, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._session, self._settings = window, session, settings
        self._tray: QSystemTrayIcon | None = None
        self._entry = LauncherEntry()
        window.setWindowTitle(TITLE)
        status.progressed.connect(self._on_progress)
        session.run_ended.connect(self._on_end)

    @Slot(float)
    def _on_progress(self, share: float) -> None:
        """A run is that far, 0 to 1; negative where none goes on."""
        self._entry.show(share)
        # Rounded down: a run that is not over is not at 100 %.
        words = TITLE if share < 0 else f"{format_percent(int(100 * share) / 100)} · {TITLE}"
        if words != self._window.windowTitle():
            self._window.setWindowTitle(words)

    @Slot(object)
    def _on_end(self, end: EndEvent) -> None:
        if self._session.kind == RunKind.CHECK or not self._settings.notify or self._window.isActiveWindow():
            return
        queue = self._session.queue
        if queue.active and queue.waiting:
            return  # the next training begins at once
        QApplication.alert(self._window)  # the taskbar's entry asks for attention
        self._notify(queue.summary if queue.active else end.detail)

    def _notify(self, words: str) -> None:
        """A notification of the desktop's, where it has them; the icon is there only as long as that."""
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
            self._tray.setToolTip(TITLE)
            self._tray.messageClicked.connect(self._come)
            self._tray.activated.connect(self._come)
        self._tray.show()
        self._tray.showMessage(TITLE, words, self._window.windowIcon(), SHOWN_MS)

    @Slot()
    def _come(self) -> None:
        from lrgui.gui.single_instance import raise_window

        if self._tray is not None:
            self._tray.hide()
        raise_window(self._window)
