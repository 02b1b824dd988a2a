"""Garbage is collected in the window's own thread only.

Python collects wherever it happens to be when enough objects have been made, also in the thread that reads a run.
A Qt object that dies there, away from its own thread, can take the program along.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

#: Milliseconds between two looks.
EVERY_MS = 500


class Collector(QObject):
    """Collects garbage on a timer, by the thresholds that Python has; while it lives, nobody else collects.

    What is there when this is made, the window and its modules, is left out: to look through it takes 50 ms, in which
    the window would not answer.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        self._was_enabled = gc.isenabled()
        gc.disable()
        self.leave_out()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    @Slot()
    def leave_out(self) -> None:
        """Leave out what is there now, too: modules that were imported since."""
        gc.freeze()

    @Slot()
    def look(self) -> None:
        """Collect the oldest generation that is due, as Python itself would."""
        counts = zip(gc.get_count(), self._thresholds, strict=True)
        due = [generation for generation, (count, most) in enumerate(counts) if count > most > 0]
        if due:
            gc.collect(due[-1])

    def close(self) -> None:
        """Leave collecting to Python again."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()
