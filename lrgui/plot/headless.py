"""Drawing without a display: the Qt application that pictures need."""

from __future__ import annotations

import os
import sys

from PySide6.QtWidgets import QApplication

_kept: list[QApplication] = []


def ensure_application() -> None:
    """Make sure that a Qt application exists, without a display where none was made before.

    The application is kept for the life of the process: Qt allows one only.
    """
    if QApplication.instance() is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        _kept.append(QApplication(sys.argv[:1]))
