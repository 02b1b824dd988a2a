"""What leaves the window: pictures and files of the tab in sight, and code that uses the selected rate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from lrgui.gui.notice import Notice
from lrgui.gui.session import Session
from lrgui.gui.settings import Settings
from lrgui.gui.tabs.tabs import Tabs
from lrgui.gui.theming import Theming

if TYPE_CHECKING:
    from lrgui.export import PictureStyle


class Exporting:
    """Writes, copies and shows it; what it needs is imported when somebody first wants it."""

    def __init__(
        self,
        session: Session,
        tabs: Tabs,
        settings: Settings,
        theming: Theming,
        say: Callable[[str], object],
        parent: QWidget,
    ) -> None:
        """`say` shows what was done, in a few words; dialogs lie over `parent`."""
        self._session, self._tabs, self._settings, self._theming = session, tabs, settings, theming
        self._say, self._parent = say, parent

    def export_as(self, key: str = "png", path: Path | None = None) -> None:
        """Write what is on the tab in sight to `path`, or to a file that is asked for."""
        from lrgui.gui.saving import save_as

        said = save_as(self._tabs.shown, key, self._settings, self._parent, path)
        if isinstance(said, Notice):
            self._session.noticed.emit(said)
        elif said:
            self._say(said)

    def show_dialog(self) -> None:
        """Open the dialog that exports what is on the tab in sight."""
        from lrgui.gui.dialogs.export import ExportDialog  # nobody waits for it when the window opens
        from lrgui.gui.saving import NOTHING, save_as

        thing = self._tabs.shown
        if thing is None:
            self._session.noticed.emit(NOTHING)
            return

        def save(key: str, style: PictureStyle) -> str:
            said = save_as(thing, key, self._settings, dialog, style=style)
            if isinstance(said, Notice):
                return said.text
            if said:
                self._say(said)
                dialog.accept()
            return ""

        dialog = ExportDialog(thing, self._tabs.plot, self._settings, save, self._parent)
        dialog.open()

    def copy_picture(self) -> None:
        """Copy the picture of the tab in sight."""
        from lrgui.gui.saving import NOTHING, screen_picture

        thing = self._tabs.shown
        if thing is None:
            self._session.noticed.emit(NOTHING)
            return
        picture = screen_picture(thing, self._tabs.plot, self._theming.palette.name == "dark")
        QGuiApplication.clipboard().setImage(picture)
        self._say(f"Copied the picture, {picture.width():,} × {picture.height():,} pixels")

    def use_it(self) -> None:
        """Show code that trains with the selected rate."""
        from lrgui.export.snippets import SnippetError  # nobody waits for them when the window opens
        from lrgui.gui.dialogs.use_it import UseItDialog

        self._session.about_to_run.emit()  # a number that is still being typed counts
        try:
            facts = self._session.runs.facts(self._session.job)
        except SnippetError as error:
            self._session.noticed.emit(Notice("info", str(error)))
            return
        UseItDialog(facts, self._settings, self._parent).open()
