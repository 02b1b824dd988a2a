"""The file in which earlier versions kept the window's place and the open folds, beside the settings."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from lrgui import places
from lrgui.gui.settings import Settings

_FOLDS = "unfolded/"


def old_layout_file() -> Path:
    """Where it was."""
    return places.config_folder() / "window.ini"


def take_over(settings: Settings) -> None:
    """Put what it holds into settings that have no place for the window yet."""
    file = old_layout_file()
    if settings.geometry or not file.is_file():
        return
    from PySide6.QtCore import QByteArray, QSettings  # only once, after an update

    kept = QSettings(str(file), QSettings.Format.IniFormat)
    geometry = kept.value("geometry")
    if isinstance(geometry, QByteArray):
        settings.geometry = geometry.toBase64().toStdString()
    for key in kept.allKeys():
        name = key.removeprefix(_FOLDS)
        if name != key and name not in settings.unfolded and kept.value(key, False, type=bool):
            settings.unfolded.append(name)


def forget_old_layout() -> None:
    """Remove it: everything is in the settings now."""
    with suppress(OSError):
        old_layout_file().unlink()
