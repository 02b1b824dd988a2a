"""Saving the sweep on screen: asks where, writes, and says how it went."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from lrgui import places
from lrgui.export import FORMATS, ExportError, export
from lrgui.export.report import Report
from lrgui.gui.notice import Notice
from lrgui.gui.settings import Settings
from lrgui.tasks.spec import TaskSpec

#: Characters of the name that is proposed for a file, without its ending.
MOST_NAME = 100


def save_as(report: Report | None, key: str, settings: Settings, window: QWidget, path: Path | None) -> Notice | str:
    """Write the sweep on screen in the format `key`; asks for a file, unless `path` names one.

    Returns a line of text that says where it is ("" where nobody wanted it any more), or what went wrong.
    """
    if report is None:
        return Notice("info", "Nothing to export yet: find a learning rate first (F5).")
    assert report.job is not None
    if path is None:
        path = _ask_where(window, settings.folder, proposed_name(report.job.task), key)
    if path is None:
        return ""
    try:
        export(report, path, key)
    except ExportError as error:
        return Notice("error", str(error))
    settings.folder = str(path.parent)
    return f"Saved {path}"


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
