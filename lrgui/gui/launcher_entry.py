"""Progress on the program's entry in the dock or taskbar, by the signal that the desktops of Linux listen for.

Ubuntu's dock, KDE's task manager, Dash to Dock and Plank show it. Qt has no way to one on Windows and macOS.
"""

from __future__ import annotations

import os
import sys

#: Whose entry it is: the desktop file that `make install-desktop` writes.
ENTRY = "application://lrgui.desktop"
PATH, INTERFACE, SIGNAL = "/lrgui/LauncherEntry", "com.canonical.Unity.LauncherEntry", "Update"


class LauncherEntry:
    """Tells the desktop how far a run is; does nothing where there is no session bus."""

    def __init__(self) -> None:
        self._shown: int | None = None
        """Percent that the desktop was told last; None where no progress is shown."""

    def show(self, share: float) -> None:
        """A run is that far, 0 to 1; negative where none goes on."""
        percent = None if share < 0 else int(100 * share)
        if (
            percent == self._shown
            or not sys.platform.startswith("linux")
            or not os.environ.get("DBUS_SESSION_BUS_ADDRESS")
        ):
            return
        self._shown = percent
        self._send({"progress": (percent or 0) / 100, "progress-visible": percent is not None})

    def _send(self, properties: dict[str, object]) -> None:
        try:
            from PySide6.QtDBus import QDBusConnection, QDBusMessage  # nobody waits for it when the window opens
        except ImportError:  # a Qt without D-Bus
            return
        message = QDBusMessage.createSignal(PATH, INTERFACE, SIGNAL)
        message.setArguments([ENTRY, properties])
        QDBusConnection.sessionBus().send(message)
