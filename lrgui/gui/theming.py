"""Light and dark: which of them the window is painted in, and the program's style sheet."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from lrgui.gui.plain_text import use_plain_text
from lrgui.gui.settings import Settings
from lrgui.gui.style import style_sheet
from lrgui.plot.font import load_font
from lrgui.plot.theme import DARK, LIGHT, Palette
from lrgui.resources import resource


class Theming(QObject):
    """Knows the colours, and gives them to the application; whoever paints by itself hears of them."""

    changed = Signal(object)
    """The new Palette."""

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._settings, self._family = settings, load_font()
        self.palette = self._wanted()
        """The colours of now."""
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    def _wanted(self) -> Palette:
        theme = self._settings.theme
        if theme == "system":
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
            return DARK if dark else LIGHT
        return DARK if theme == "dark" else LIGHT

    @Slot()
    def _follow_system(self) -> None:
        if self._settings.theme == "system":
            self.apply(self._wanted())

    def toggle(self) -> None:
        """Switch between light and dark, and remember it."""
        self.choose("light" if self.palette.name == "dark" else "dark")

    def choose(self, theme: str) -> None:
        """Paint in one of `settings.THEMES`, and remember it."""
        self._settings.theme = theme
        self.apply(self._wanted())

    def apply(self, palette: Palette) -> None:
        """Paint in these colours."""
        self.palette = palette
        arrow = resource("icons", f"arrow-{palette.name}.svg").as_posix()
        check = resource("icons", f"check-{palette.name}.svg").as_posix()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        use_plain_text(app)
        sheet = style_sheet(palette, self._family, arrow, check)
        colours = app.palette()
        colours.setColor(QPalette.ColorRole.Link, QColor(palette.accent))  # which no style sheet sets
        app.setPalette(colours)
        if app.styleSheet() != sheet:  # to set it again would style every widget again
            app.setStyleSheet(sheet)
        self.changed.emit(palette)
