"""What holds for every task: theme, notifications, where runs are kept, trackers, other Pythons.

A change is in force at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QVBoxLayout,
    QWidget,
)

from lrgui.core.formats import format_bytes
from lrgui.core.learning_rate import RATES, WAYS, rates_given
from lrgui.core.run_settings import SweepSettings
from lrgui.export.trackers import TRACKERS
from lrgui.gui.cards import small_button
from lrgui.gui.default_sweep import can_be_kept, kept
from lrgui.gui.default_sweep import words as sweep_words
from lrgui.gui.dialogs.closing import close_button
from lrgui.gui.editors import Choice
from lrgui.gui.file_dialogs import ask_folder
from lrgui.gui.fitting import Dialog, scrolling, whole_height
from lrgui.gui.labels import breakable, wrapped
from lrgui.gui.settings import Settings
from lrgui.gui.tracking import usual_folder
from lrgui.places import runs_folder
from lrgui.runs.library import SUFFIX

LATER = "Takes effect when LR Finder starts again."
DECIDED = f"The environment variable {RATES} decides (“{{}}”). Unset it for this choice to take effect."
THEME_NAMES = {"system": "As the system", "light": "Light", "dark": "Dark"}


class PreferencesDialog(Dialog):
    """Shows the settings of the program, not those of a task."""

    def __init__(
        self,
        settings: Settings,
        set_theme: Callable[[str], object],
        parent: QWidget | None = None,
        sweep: Callable[[], SweepSettings] = SweepSettings,
    ) -> None:
        """`sweep` tells the settings that are in the form."""
        super().__init__(parent)
        self._sweep = sweep
        self._settings, self._paint = settings, set_theme
        self.setWindowTitle("Preferences")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        self.theme = Choice()
        for key, name in THEME_NAMES.items():
            self.theme.addItem(name, key)
        self.theme.setCurrentIndex(self.theme.findData(self._settings.theme))
        self.theme.setAccessibleName("Theme")
        self.theme.set_tip("Light or dark; Ctrl+Shift+D switches")
        self.theme.currentIndexChanged.connect(self._set_theme)
        form.addRow("Theme", self.theme)
        form.addRow("Learning rates", self._rates())
        self.notify = QCheckBox("Tell me when a run ends and another window is in front")
        self.notify.setChecked(self._settings.notify)
        self.notify.setToolTip("The taskbar entry asks for attention, and the desktop shows a notification")
        self.notify.toggled.connect(lambda on: setattr(self._settings, "notify", on))
        form.addRow("Notifications", self.notify)
        form.addRow("Default sweep", self._default_sweep())
        form.addRow("Runs", self._runs())
        form.addRow("Trackers", self._trackers())
        form.addRow("Pythons of tasks", self._pythons())
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close_button(self, default=True))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(14)
        body = QWidget()
        body.setLayout(form)
        form.setContentsMargins(0, 0, 0, 0)
        area = scrolling(body)
        column.addWidget(area, 1)
        column.addLayout(row)
        self.resize(560, whole_height(self, area, 560 - 40))

    def _rates(self) -> QWidget:
        """How learning rates are written."""
        self.rates = Choice()
        for key, name in WAYS.items():
            self.rates.addItem(name, key)
        self.rates.setCurrentIndex(self.rates.findData(self._settings.rates))
        self.rates.setAccessibleName("Learning rates")
        self.rates.set_tip("How learning rates are written; code always has the short form")
        self.later = wrapped("", "muted")
        self.rates.currentIndexChanged.connect(self._set_rates)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.rates)
        column.addWidget(self.later)
        self._say_later()  # not before: shown by itself it would be a window of its own
        return whole

    @Slot()
    def _set_rates(self) -> None:
        self._settings.rates = str(self.rates.currentData())
        self._say_later()

    def _say_later(self) -> None:
        """As long as rates are written in another way than the one that is chosen, also when this is opened again; a
        variable that the person set decides at the next start, too."""
        given = rates_given()
        self.later.setText(DECIDED.format(given) if given else LATER)
        self.later.setVisible(bool(given) or os.environ.get(RATES, next(iter(WAYS))) != self._settings.rates)

    def _default_sweep(self) -> QWidget:
        """The sweep that new settings begin with, and that *Reset sweep settings* goes back to."""
        self.default_sweep = wrapped(sweep_words(self._settings.sweep))
        take = small_button("As in the form", "Begin with the sweep that is set now", self._take_sweep)
        self.usual_sweep = small_button("Usual", "Begin with LR Finder's own settings again", self._forget_sweep)
        self.usual_sweep.setEnabled(bool(self._settings.sweep))
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.default_sweep, 1)
        row.addWidget(take)
        row.addWidget(self.usual_sweep)
        self.take_sweep = take
        return whole

    def _take_sweep(self) -> None:
        values = kept(self._sweep())
        self._set_sweep(values if can_be_kept(values) else {})

    def _forget_sweep(self) -> None:
        self._set_sweep({})

    def _set_sweep(self, values: dict[str, Any]) -> None:
        self._settings.sweep = values
        self.default_sweep.setText(sweep_words(values))
        self.usual_sweep.setEnabled(bool(values))

    def _runs(self) -> QWidget:
        """Where runs are kept, how many there are, and what they take."""
        folder = runs_folder()
        place = wrapped(breakable(str(folder)), "muted")
        self.taken = QLabel(taken(folder))
        show = small_button("Open folder", "Show the run files in the file manager", self._open_runs)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.addWidget(self.taken, 1)
        row.addWidget(show)
        column.addLayout(row)
        column.addWidget(place)
        column.addWidget(wrapped("Set LRGUI_RUNS before the start to keep them elsewhere.", "muted"))
        return whole

    def _trackers(self) -> QWidget:
        """The experiment trackers that record every run, each with its folder."""
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.trackers: dict[str, QCheckBox] = {}
        self.tracker_folders: dict[str, QLabel] = {}
        for key, tracker in TRACKERS.items():
            tick = self.trackers[key] = QCheckBox(tracker.name.replace("&", "&&"))
            tick.setToolTip(f"Record every run: {tracker.contents}")
            tick.setChecked(key in self._settings.track)
            tick.setEnabled(not tracker.missing or tick.isChecked())
            choose = small_button("Folder…", f"Choose where {tracker.name} records runs", partial(self._choose, key))
            choose.setAccessibleName(f"Folder of {tracker.name}")
            choose.setEnabled(not tracker.missing)
            tick.toggled.connect(partial(self._track, key))
            row = QHBoxLayout()
            row.addWidget(tick, 1)
            row.addWidget(choose)
            column.addLayout(row)
            self.tracker_folders[key] = wrapped("", "muted")
            column.addWidget(self.tracker_folders[key])
            self._show_tracker(key)
        return whole

    def _show_tracker(self, key: str) -> None:
        folder, missing = self._settings.track.get(key, ""), TRACKERS[key].missing
        self.tracker_folders[key].setText(missing or breakable(folder))
        self.tracker_folders[key].setVisible(bool(missing or folder))

    def _track(self, key: str, on: bool) -> None:
        if on:
            self._settings.track[key] = str(usual_folder(key))
        else:
            self._settings.track.pop(key, None)
        self._show_tracker(key)

    def _choose(self, key: str) -> None:
        """Ask for the folder of a tracker, which is then on."""
        before = Path(self._settings.track.get(key) or usual_folder(key))

        def chosen(folder: str) -> None:
            self.trackers[key].setChecked(True)
            self._settings.track[key] = folder
            self._show_tracker(key)

        ask_folder(self, before, f"Folder of {TRACKERS[key].name}", chosen)

    def _pythons(self) -> QWidget:
        """The Pythons that were chosen for tasks, each of which can be forgotten."""
        self.pythons = QListWidget()
        self.pythons.setAccessibleName("Pythons of tasks")
        self.pythons.setToolTip("The Python that was chosen for each task file")
        self.pythons.setFixedHeight(84)
        self.forget = small_button("Forget", "Run this task in the usual Python again", self._forget)
        self.pythons.currentRowChanged.connect(lambda row: self.forget.setEnabled(row >= 0 and bool(self._tasks)))
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.pythons)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.forget)
        column.addLayout(row)
        self._list_pythons()
        return whole

    def _list_pythons(self) -> None:
        self.pythons.clear()
        self._tasks = list(self._settings.pythons)
        for task, python in self._settings.pythons.items():
            self.pythons.addItem(f"{Path(task).name}: {python or 'this program’s'}")
            self.pythons.item(self.pythons.count() - 1).setToolTip(f"{task}\n{python}")
        if not self._tasks:
            self.pythons.addItem("None: all tasks run in the usual Python")
            self.pythons.item(0).setFlags(Qt.ItemFlag.NoItemFlags)
        self.forget.setEnabled(False)

    @Slot()
    def _forget(self) -> None:
        row = self.pythons.currentRow()
        if 0 <= row < len(self._tasks):
            del self._settings.pythons[self._tasks[row]]
            self._list_pythons()

    @Slot()
    def _set_theme(self) -> None:
        self._paint(str(self.theme.currentData()))

    def _open_runs(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(runs_folder())))


def taken(folder: Path) -> str:
    """How many runs there are, and what they take on the disk: "12 runs, 3.4 MB"."""
    try:
        sizes = [file.stat().st_size for file in folder.glob(f"*{SUFFIX}")]
    except OSError:
        sizes = []
    return f"{len(sizes):,} run{'' if len(sizes) == 1 else 's'}, {format_bytes(sum(sizes))}"
