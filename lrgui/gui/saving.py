"""Saving and copying what is on screen: asks where, writes, and says how it went."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from lrgui import places
from lrgui.export import FORMATS, USUAL, ExportError, PictureStyle, export
from lrgui.export.scenarios import FILE_NAME, Scene
from lrgui.export.shown import Shown
from lrgui.gui.notice import Notice
from lrgui.gui.settings import Settings
from lrgui.plot.plots import Plot
from lrgui.tasks.spec import TaskSpec

#: Characters of the name that is proposed for a file, without its ending.
MOST_NAME = 100
#: Where there is nothing on the tab in sight.
NOTHING = Notice("info", "Nothing to export on this tab yet: it shows no run. Start one, or choose another tab.")
#: A copied picture has this many pixels for each logical one of the screen, of which an inch has so many.
COPIED, _SCREEN_DPI = 2, 96


def save_as(
    thing: Shown | None,
    key: str,
    settings: Settings,
    window: QWidget,
    path: Path | None = None,
    style: PictureStyle = USUAL,
) -> Notice | str:
    """Write what is on screen in the format `key`; asks for a file, unless `path` names one.

    Returns a line of text that says where it is ("" where nobody wanted it any more), or what went wrong.
    """
    if thing is None:
        return NOTHING
    if path is None:
        path = _ask_where(window, settings.folder, name_of(thing), key)
    if path is None:
        return ""
    try:
        export(thing, path, key, style)
    except ExportError as error:
        return Notice("error", str(error))
    settings.folder = str(path.parent)
    return f"Saved {path}"


def screen_picture(thing: Shown, plot: Plot, dark: bool) -> QImage:
    """What is on screen as pixels, twice as many as there: as large, in its colours, and zoomed as `plot` is."""
    from lrgui.export.pictures import image  # nobody waits for it when the window opens

    size = plot.width() / _SCREEN_DPI, plot.height() / _SCREEN_DPI
    theme = "dark" if dark else "light"
    return image(thing, PictureStyle(size, COPIED * _SCREEN_DPI, theme, views=plot.views))


def name_of(thing: Shown) -> str:
    """The name that is proposed for its file, without its ending."""
    if isinstance(thing, Scene):
        return FILE_NAME
    job = thing.swept
    return "lr-finder" if job is None else proposed_name(job.task)


def proposed_name(task: TaskSpec) -> str:
    """A file's name without its ending: "lr-finder-digits-cnn-sgd"."""
    words = (re.sub(r"[^\w.]+", "-", word).strip("-.") for word in ("lr-finder", *task.file_words))
    return "-".join(word for word in words if word)[:MOST_NAME]


def _ask_where(window: QWidget, folder: str, name: str, key: str) -> Path | None:
    form = FORMATS[key]
    start = Path(folder or places.home_or_temporary()) / f"{name}{form.suffix}"
    while True:
        chosen, _ = QFileDialog.getSaveFileName(window, form.label, str(start), f"{form.label} (*{form.suffix})")
        if not chosen:
            return None
        path = Path(chosen)
        if path.suffix.lower() == form.suffix:
            return path
        # A name like "lr-0.01" has no suffix, only a dot.
        path = path.with_name(path.name + form.suffix)
        if not path.exists():
            return path
        start = path  # the dialog asked about another name than that of the file which is there
