"""What the window says of itself: commands, guide, keys, preferences, versions. Each is made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

from lrgui.gui.session import Session
from lrgui.gui.settings import Settings

if TYPE_CHECKING:
    from lrgui.gui.dialogs.guide import Guide
    from lrgui.gui.dialogs.palette import Command


class Helping(QObject):
    """Opens the dialogs that belong to no run; they block nothing.

    `commands` lists what can be done now by name, `set_theme` paints the window in another theme.
    """

    def __init__(
        self,
        window: QWidget,
        session: Session,
        settings: Settings,
        commands: Callable[[], list[Command]],
        set_theme: Callable[[str], object],
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._settings = window, session, settings
        self._commands, self._set_theme = commands, set_theme
        self._guide: Guide | None = None

    def palette(self) -> None:
        """Search everything that can be done by name."""
        from lrgui.gui.commands import run_commands
        from lrgui.gui.dialogs.palette import CommandPalette
        from lrgui.gui.run_shelf import RunShelf

        shelf = RunShelf(self)
        palette = CommandPalette(
            self._commands(), self._window, lambda wanted: run_commands(shelf.runs.values(), self._session, wanted)
        )
        shelf.changed.connect(palette.refresh)
        palette.finished.connect(shelf.close)
        palette.finished.connect(shelf.deleteLater)
        shelf.refresh()
        # Once the palette has gone, so that the focus that a command sets stays where it was set.
        palette.chosen.connect(lambda command: QTimer.singleShot(0, self._window, command.act))
        palette.open()

    def guide(self, page: str = "") -> None:
        """The guide's pages, beside the window."""
        from lrgui.gui.dialogs.guide import Guide

        if self._guide is None:
            self._guide = Guide(self._window)
            self._guide.destroyed.connect(self._forget_guide)
        if page:
            self._guide.show_page(page)
        self._guide.show()
        self._guide.raise_()
        self._guide.activateWindow()

    @Slot()
    def _forget_guide(self) -> None:
        self._guide = None

    def shortcuts(self) -> None:
        """All keys, in a dialog."""
        from lrgui.gui.dialogs.shortcuts import ShortcutsDialog

        ShortcutsDialog(self._window).open()

    def preferences(self) -> None:
        """What holds for every task."""
        from lrgui.gui.dialogs.preferences import PreferencesDialog

        PreferencesDialog(self._settings, self._set_theme, self._window, sweep=lambda: self._session.job.sweep).open()

    def about(self) -> None:
        """Versions and places."""
        from lrgui.gui.dialogs.about import AboutDialog

        AboutDialog(self._session.environments, self._window).open()
