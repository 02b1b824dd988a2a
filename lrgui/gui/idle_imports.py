"""What the window imports once it is there: the first click waits for it as little as the first frame does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from importlib import import_module

from PySide6.QtCore import QObject, QTimer, Signal, Slot

#: In the order in which they are wanted: what a run needs at its beginning and end, then tabs and dialogs. Each brings
#: only a few modules that are not there already, so that nobody waits for one of these imports for long.
LATER = (
    "lrgui.runs.remote.whereabouts",
    "lrgui.gui.fixes",
    "lrgui.core.curve.measured",
    "lrgui.runs.resuming",
    "lrgui.core.curve.sweep_reading",
    "lrgui.tasks.user.local_files",
    "lrgui.tasks.user.outline_styles",
    "lrgui.tasks.recognise",
    "lrgui.runs.overlaid",
    "lrgui.gui.saving",
    "lrgui.gui.run_notices",
    "lrgui.runs.sequential",
    "lrgui.runs.repeating",
    "lrgui.runs.remote.following",
    "lrgui.runs.differences",
    "lrgui.runs.lr_for_settings",
    "lrgui.runs.environment",
    "lrgui.runs.interpreters",
    "lrgui.runs.defaults",
    "lrgui.runs.alignment",
    "lrgui.gui.file_dialogs",
    "lrgui.export.report",
    "lrgui.core.optimizer_traits",
    "lrgui.core.changed_plan",
    "lrgui.studies.plan_file",
    "lrgui.gui.runs_drawer",
    "lrgui.gui.dialogs.export",
    "lrgui.gui.tabs.overlay_view",
    "lrgui.studies.known",
    "lrgui.gui.tabs.verify",
    "lrgui.plot.rate_chart",
    "lrgui.plot.training_plot",
    "lrgui.gui.tabs.training",
    "lrgui.gui.tabs.study",
    "lrgui.gui.tabs.scenarios",
    "lrgui.gui.dialogs.check",
    "lrgui.gui.tabs.compare",
    "lrgui.runs.cut_off",
    "lrgui.gui.tabs.queue",
    "lrgui.gui.dialogs.preferences",
    "lrgui.gui.dialogs.palette",
    "lrgui.export.snippets.facts",
    "lrgui.gui.dialogs.use_it",
)
#: Those of them that a run's end needs, and what is often opened after it.
AFTER_A_RUN = (
    "lrgui.export.snippets.facts",
    "lrgui.gui.run_notices",
    "lrgui.gui.tabs.training",
    "lrgui.gui.tabs.verify",
    "lrgui.runs.repeating",
)
#: Milliseconds between two looks whether the run is over that somebody started at once.
LOOK_MS = 500


class IdleImports(QObject):
    """Imports one module after the other, each when nothing else waits for the window's thread, and none in a run."""

    done = Signal()
    """All are there."""

    def __init__(self, busy: Callable[[], bool], parent: QObject, names: Sequence[str] = LATER) -> None:
        """`busy` says whether a run goes on."""
        super().__init__(parent)
        self._busy, self._names = busy, iter(names)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._next)

    @Slot()
    def start(self) -> None:
        """Begin, or go on."""
        self._timer.start(LOOK_MS if self._busy() else 0)

    @Slot()
    def _next(self) -> None:
        name = None if self._busy() else next(self._names, "")
        if name == "":
            self.done.emit()
            return
        if name:
            import_module(name)
        self.start()


def import_beside(names: Sequence[str]) -> None:
    """Import them in a thread, for when the window would stand still for it and cannot wait until it is idle."""

    def work() -> None:
        for name in names:
            import_module(name)

    threading.Thread(target=work, name="lrgui imports", daemon=True).start()
