"""Files and folders that are dropped onto the window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from lrgui.gui.labels import breakable
from lrgui.gui.window_filter import WindowFilter


class Dropping(WindowFilter):
    """Takes files before any widget sees them (a text field would take them as text), and shows that it would.

    Text and everything else that is dragged about goes to the widgets as ever.
    """

    dropped = Signal(object)
    """List of paths."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.hint = QLabel(window)
        self.hint.setObjectName("dropHint")
        self.hint.setWordWrap(True)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hint.hide()
        window.setAcceptDrops(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take drags of files."""
        kind = event.type()
        if kind == QEvent.Type.DragLeave:
            self.hint.hide()
            return False
        if kind not in (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop):
            return False
        assert isinstance(event, QDropEvent | QDragMoveEvent)
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if not paths or QApplication.activeModalWidget() is not None:
            return False
        # Files are looked at where they lie, whatever was meant: nothing is moved.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if kind == QEvent.Type.Drop:
            self.hint.hide()
            self.dropped.emit(paths)
        elif not self.hint.isVisible():
            self._show(paths)
        return True

    def _show(self, paths: Sequence[str]) -> None:
        name = Path(paths[0]).name or paths[0]
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        self.hint.setText(breakable(f"Drop to open {name}{more}"))
        margin = 10
        self.hint.setGeometry(self._window.rect().adjusted(margin, margin, -margin, -margin))
        self.hint.raise_()
        self.hint.show()
