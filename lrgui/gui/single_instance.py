"""One window for each person, settings folder and display: starting again hands over to the first window.

The first start holds a lock file, and listens on a local socket as soon as its window is there. A later start finds
the lock taken, tells through the socket what it was asked to open, and leaves. `LRGUI_NEW_WINDOW=1` or
`--new-window` opens another window instead. Whoever dies leaves no lock: Qt notices that its process is gone.

QtNetwork is imported only where there is somebody to talk to, and after the first paint.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCryptographicHash, QLockFile, QObject, Qt, QTimer, Signal, Slot

from lrgui.gui.settings import settings_file
from lrgui.places import is_ours, own_temporary_folder, user_name

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket
    from PySide6.QtWidgets import QWidget

NEW_WINDOW = "LRGUI_NEW_WINDOW"
#: Seconds that a later start waits for the first window: it may be coming up, or busy.
PATIENCE = 10.0
#: Longest message that is read, in bytes.
LONGEST = 100_000
#: Seconds in which a client must have said what it wants, and how many may be about to.
SILENCE, MOST_CLIENTS = 3.0, 64


class SingleInstance(QObject):
    """The lock, the socket, and what other starts say."""

    asked = Signal(object)
    """A later start's arguments (a list of texts, paths in it absolute)."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server: QLocalServer | None = None
        self._read: dict[QLocalSocket, bytes] = {}
        folder = self._folder = _folder()
        self._lock: QLockFile | None = None
        self._address = ""
        if folder is not None:
            name = f"lrgui-{_key()}"
            self._lock = QLockFile(str(folder / f"{name}.lock"))
            self._lock.setStaleLockTime(0)  # old is not stale: windows stay open for weeks
            self._address = user_name(name) if os.name == "nt" else str(folder / f"{name}.socket")

    @property
    def first(self) -> bool:
        """True while this process holds the lock."""
        return self._lock is not None and self._lock.isLocked()

    def hand_over(self, arguments: Sequence[str], patience: float = PATIENCE) -> bool:
        """Take the lock, or tell the first window what was asked for. True where it was told: nothing more to do.

        False too where the first window keeps silent: a second window is better than none.
        """
        if self._lock is None or self._lock.tryLock(0) or self._lock.error() != QLockFile.LockError.LockFailedError:
            return False
        message = json.dumps(
            {"arguments": _absolute(arguments), "activation": os.environ.get("XDG_ACTIVATION_TOKEN", "")}
        )
        until = time.monotonic() + patience
        while time.monotonic() < until:
            left = int(1000 * (until - time.monotonic())) + 1
            if _send(self._address, message, left):
                return True
            if self._lock.tryLock(50):  # it has gone meanwhile
                return False
        return False

    def listen(self) -> None:
        """Hear what later starts say; does nothing without the lock, or where QtNetwork cannot be loaded."""
        if not self.first or self._server is not None:
            return
        try:
            from PySide6.QtNetwork import QLocalServer
        except ImportError:  # a library of the system is missing: each start opens a window then
            self.close()
            return
        # Who holds the lock is alone: whatever lies there is of a process that died.
        QLocalServer.removeServer(self._address)
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.setMaxPendingConnections(MOST_CLIENTS)
        server.setListenBacklogSize(4 * MOST_CLIENTS)  # who waits while the window is busy must not be turned away
        server.newConnection.connect(self._greet)
        if server.listen(self._address):
            self._server = server
        else:
            self.close()

    def close(self) -> None:
        """Let the next start be the first one. Idempotent."""
        if self._server is not None:
            self._server.close()
            self._server.deleteLater()
            self._server = None
        if self.first and self._lock is not None:
            self._lock.unlock()
            if self._folder is not None and self._folder.name == user_name("lrgui"):  # our own one: nothing is left
                try:
                    self._folder.rmdir()
                except OSError:
                    pass  # other windows have theirs there

    @Slot()
    def _greet(self) -> None:
        assert self._server is not None
        while (socket := self._server.nextPendingConnection()) is not None:
            if len(self._read) >= MOST_CLIENTS:
                next(iter(self._read)).abort()  # who has kept silent longest, so that nobody is kept out
            self._read[socket] = b""
            QTimer.singleShot(int(1000 * SILENCE), socket, socket.abort)
            socket.readyRead.connect(self._listen_to)
            socket.disconnected.connect(self._forget)
            self._take(socket)

    @Slot()
    def _listen_to(self) -> None:
        self._take(self.sender())

    @Slot()
    def _forget(self) -> None:
        socket: Any = self.sender()
        self._read.pop(socket, None)
        socket.deleteLater()

    def _take(self, socket: Any) -> None:
        data = self._read.get(socket, b"") + bytes(socket.readAll().data())
        line, end, _ = data.partition(b"\n")
        if not end:
            self._read[socket] = data
            if len(data) > LONGEST:
                socket.abort()
            return
        self._read[socket] = b""
        try:
            message = json.loads(line)
            arguments = [str(word) for word in message["arguments"]]
            activation = str(message.get("activation", ""))
        except (ValueError, TypeError, KeyError, AttributeError):
            socket.abort()
            return
        socket.write(b"ok\n")
        socket.flush()
        socket.disconnectFromServer()
        if activation:
            os.environ["XDG_ACTIVATION_TOKEN"] = activation  # Wayland's leave to come to the front; Qt reads it
        self.asked.emit(arguments)


def wants_new_window(arguments: Sequence[str]) -> bool:
    """True where somebody asked for a window of its own."""
    return "--new-window" in arguments or os.environ.get(NEW_WINDOW, "") not in ("", "0")


def raise_window(window: QWidget) -> None:
    """Bring the window to the front, also from the task bar."""
    window.setWindowState((window.windowState() & ~Qt.WindowState.WindowMinimized) | Qt.WindowState.WindowActive)
    window.show()
    window.raise_()
    window.activateWindow()


def _send(address: str, message: str, patience_ms: int) -> bool:
    """True where somebody has taken the message."""
    if os.name != "nt" and not os.path.exists(address):
        time.sleep(0.03)  # the first window is still coming up
        return False
    try:
        from PySide6.QtNetwork import QLocalSocket
    except ImportError:
        time.sleep(0.03)
        return False
    socket = QLocalSocket()
    socket.connectToServer(address)
    if not socket.waitForConnected(min(patience_ms, 1000)):
        time.sleep(0.03)
        return False
    socket.write(message.encode() + b"\n")
    socket.flush()
    answer = b""
    until = time.monotonic() + patience_ms / 1000
    while not answer.endswith(b"\n") and time.monotonic() < until:
        if not socket.bytesAvailable() and not socket.waitForReadyRead(int(1000 * (until - time.monotonic())) + 1):
            break
        answer += bytes(socket.readAll().data())
    socket.abort()
    return answer == b"ok\n"


def _absolute(arguments: Sequence[str]) -> list[str]:
    """The first argument may be a file, as seen from our folder."""
    words = list(arguments)
    if words and not words[0].startswith("-"):
        words[0] = str(Path(words[0]).absolute())
    return words


def _key() -> str:
    """Which windows are the same: those with the same settings, on the same screen."""
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    host, colon, number = os.environ.get("DISPLAY", "").rpartition(":")
    display = host + colon + number.split(".")[0]  # :0.0 is :0
    parts = (str(settings_file().parent.absolute()), platform, os.environ.get("WAYLAND_DISPLAY", ""), display)
    data = "\0".join(parts).encode("utf-8", "surrogateescape")
    # Qt's is there already; Python's loads OpenSSL.
    digest = QCryptographicHash.hash(data, QCryptographicHash.Algorithm.Sha256)
    return digest.toHex().toStdString()[:16]


def _folder() -> Path | None:
    """A folder that only this person can write to, short enough for a socket's path; None where there is none."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and is_ours(Path(runtime)):
        return Path(runtime)
    return own_temporary_folder()
