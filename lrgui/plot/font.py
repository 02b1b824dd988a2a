"""The font that ships with the program, so that the window and its pictures look the same on every
machine."""

from __future__ import annotations

from functools import cache

from PySide6.QtGui import QFont, QFontDatabase

from lrgui.resources import resource


@cache
def load_font() -> str:
    """Register the shipped font files with Qt, once, and return their family's name.

    Needs a QGuiApplication. Where the files are missing or unreadable the system's own font is used.
    """
    families: list[str] = []
    try:
        folder = resource("fonts")
    except FileNotFoundError:
        folder = None
    if folder is not None:
        for file in sorted(folder.iterdir()):
            if file.suffix.lower() in (".ttf", ".otf"):
                number = QFontDatabase.addApplicationFont(str(file))
                if number >= 0:
                    families += QFontDatabase.applicationFontFamilies(number)
    if families:
        return families[0]
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()


def plot_font(pixels: float, bold: bool = False) -> QFont:
    """The font of everything that is drawn into a plot, by its height in logical pixels.

    Without hinting: letters then have the same widths at every resolution, and a picture breaks no
    differently from the screen.
    """
    font = QFont(load_font())
    font.setPixelSize(round(pixels))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    return font
