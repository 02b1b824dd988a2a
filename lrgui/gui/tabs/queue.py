"""The queue: trainings that wait, their order, and their curves over each other while they train."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lrgui.core.events import RunState
from lrgui.export.overlay import OverlayReport
from lrgui.gui.cards import muted, small_button
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.seeds import seeds_choice
from lrgui.gui.session import Session
from lrgui.gui.status import Elided
from lrgui.gui.tabs.overlay_view import OverlayView
from lrgui.gui.tabs.run_tab import RunTab, empty_state
from lrgui.plot.theme import Palette
from lrgui.runs.overlay import Overlay
from lrgui.runs.queue import Entry, EntryState

#: Curves grow so often, in milliseconds, and the table with every so many of these.
REDRAW_MS, TABLE_EACH = 150, 4


class QueueTab(RunTab):
    """Shows the queue; what happens to it is the queue's matter."""

    def __init__(self, session: Session, runs: RunsOnScreen, palette: Palette) -> None:
        view = OverlayView(palette, "queue")
        super().__init__(session, runs, view.plot)
        self.view = view
        self._queue = session.queue
        self._ticks = 0
        self._entries: list[Entry] = []
        """Those of the table's rows."""
        self._timer.setInterval(REDRAW_MS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._start_row())
        column.addLayout(self._entry_row())
        column.addWidget(self._fill_stack(self._empty_state(), self.view), 1)
        self.view.sentences.hide()
        self.view.rows_selected.connect(self._show_buttons)
        self.view.table.rows_dropped.connect(self._drop)
        for keys, by in (("Alt+Up", -1), ("Alt+Down", 1)):
            shortcut = QShortcut(QKeySequence(keys), self.view.table)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(lambda by=by: self._move(by))
        self._queue.changed.connect(self._show)
        session.state_changed.connect(self._show_buttons)
        session.job_changed.connect(self._show_buttons)
        self._show()

    def _start_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(6)
        self.run = small_button("▶ Run queue", "Run the waiting trainings, one after another", self._queue.run)
        self.pause = small_button(
            "Pause queue", "Start no further training; the running one continues to its end", self._queue.pause
        )
        self.add = small_button("Add training", "Add the training that is set on the left to the queue", self._add)
        self.seeds = seeds_choice()
        for widget in (self.run, self.pause, self.add, self.seeds):
            row.addWidget(widget)
        row.addStretch(1)
        return row

    def _entry_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(6)
        self.up = small_button("↑", "Train the selected one sooner (Alt+↑)", lambda: self._move(-1), "Earlier")
        self.down = small_button("↓", "Train the selected one later (Alt+↓)", lambda: self._move(1), "Later")
        self.cancel = small_button(
            "Cancel", "Remove the selected trainings from the queue; a running one is stopped", self._cancel
        )
        self.cancel_all = small_button(
            "Cancel all", "Remove all waiting trainings and stop the running one", self._queue.cancel_all
        )
        self.clear = small_button(
            "Clear ended", "Remove ended trainings from the table; their runs are kept", self._queue.clear_ended
        )
        self.again = small_button(
            "Train again", "Add the selected ended trainings to the end of the queue again", self._train_again
        )
        self.said = Elided()
        self.said.setObjectName("muted")
        self.said.setAccessibleName("How far the queue is")
        for widget in (self.up, self.down, self.cancel, self.cancel_all, self.again, self.clear, self.said):
            row.addWidget(widget)
        row.addStretch(1)
        return row

    @staticmethod
    def _empty_state() -> QWidget:
        return empty_state(
            "Compare trainings",
            "Trainings wait here for their turn, and their curves are overlaid as they train. "
            "Ctrl+click rates on the learning-rate curve and press “Train these”, or change the settings on the left "
            "and press “Add training”: another optimizer, batch size or rate.",
            muted("The queue is kept when the window is closed; nothing runs unless you start it."),
            width=560,
        )

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self.view.set_palette(palette)

    def shown(self) -> OverlayReport | None:
        """The trainings that have measured something, as they are shown."""
        measured = self.view.overlay.measured() if self._queue.entries and self.view.overlay is not None else None
        return None if measured is None else OverlayReport(measured)

    # ---------------------------------------------------------------- what is shown
    @Slot()
    def _show(self) -> None:
        queue = self._queue
        entries, running = queue.entries, queue.running
        self.said.setText(queue.words)
        chosen = self._chosen
        if entries:
            states = {number: queue.state_words(entry) for number, entry in enumerate(entries)}
            waiting = {row for row, entry in enumerate(entries) if entry.state == EntryState.WAITING}
            why = {row: end.detail for row, entry in enumerate(entries) if (end := entry.record.end) is not None}
            overlay = Overlay(tuple(queue.runs), tuple(queue.names), places=tuple(entry.place for entry in entries))
            self.view.show_runs(overlay, states, waiting, why)
            self._select(entries, chosen)
        self._show_plot(bool(entries))
        self._entries = entries
        if running is None:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()
        self._show_buttons()

    def _select(self, entries: list[Entry], chosen: list[Entry]) -> None:
        """Whoever was selected stays so, wherever its row is now."""
        rows = [entries.index(entry) for entry in chosen if entry in entries]
        if rows != self.view.selected_rows:
            self.view.select_rows(rows)

    @property
    def _chosen(self) -> list[Entry]:
        """The selected entries."""
        return [self._entries[row] for row in self.view.selected_rows if row < len(self._entries)]

    @Slot()
    def _redraw(self) -> None:
        self._ticks += 1
        if self._ticks % TABLE_EACH == 0:
            self._show()
        elif self.isVisible():
            self.view.redraw()

    @Slot()
    def _show_buttons(self) -> None:
        queue, chosen = self._queue, self._chosen
        waiting = queue.waiting
        idle = self._session.state == RunState.IDLE
        self.run.setEnabled(bool(waiting) and not queue.active)
        self.pause.setEnabled(queue.active)
        self.add.setEnabled(not self._session.job.task.is_script)
        one = chosen[0] if len(chosen) == 1 and chosen[0] in waiting else None
        self.up.setEnabled(one is not None and waiting.index(one) > 0)
        self.down.setEnabled(one is not None and waiting.index(one) < len(waiting) - 1)
        self.cancel.setEnabled(bool(chosen))
        self.cancel_all.setEnabled(bool(waiting) or (queue.running is not None and not idle))
        self.again.setEnabled(any(entry.state == EntryState.ENDED for entry in chosen))
        self.clear.setEnabled(any(entry.state == EntryState.ENDED for entry in queue.entries))

    # ---------------------------------------------------------------- what is done
    @Slot()
    def _add(self) -> None:
        self._session.enqueue_training(seeds=self.seeds.currentData())

    def _move(self, by: int) -> None:
        chosen = self._chosen
        if len(chosen) == 1:
            self._queue.move(chosen[0], by)

    @Slot(int)
    def _drop(self, row: int) -> None:
        """Those that were dragged wait in front of the first one from this row on that waits."""
        behind = [entry for entry in self._entries[row:] if entry.state == EntryState.WAITING]
        self._queue.place(self._chosen, behind[0] if behind else None)

    @Slot()
    def _train_again(self) -> None:
        self._queue.add([entry.job for entry in self._chosen if entry.state == EntryState.ENDED])

    @Slot()
    def _cancel(self) -> None:
        self._queue.cancel(self._chosen)
