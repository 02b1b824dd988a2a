"""Where the window was and which folds are open: beside the settings, written by Qt a moment after each change."""

from __future__ import annotations

from PySide6.QtCore import QSettings

from lrgui import places


def layout_store() -> QSettings:
    """The file of it; several windows may write to it."""
    return QSettings(str(places.config_folder() / "window.ini"), QSettings.Format.IniFormat)
