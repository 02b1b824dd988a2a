"""The learning-rate curve: grows while a sweep runs, then can be read and dragged."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.events import RunKind, RunState
from lrgui.core.formats import format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.gui.cards import muted
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session
from lrgui.gui.tabs.run_tab import RunTab, empty_state, with_row
from lrgui.plot.curve_plot import CurvePlot
from lrgui.plot.theme import Palette


class CurveTab(RunTab):
    """The plot with its two switches, or what to do while there is nothing to plot."""

    plot: CurvePlot

    hovered = Signal(str)
    """What stands under the pointer, in words; empty when it has left."""

    def __init__(self, session: Session, runs: RunsOnScreen, palette: Palette) -> None:
        super().__init__(session, runs, CurvePlot(palette=palette))
        self._drawn = (0, 0)
        """Number of the sweep that is drawn, and how many of its points."""
        self._end = 0.0
        """The last rate of the range that is shown."""
        self._data = ("", "")
        """Source and path of what the drawn sweep was made with."""
        self.rules = QCheckBox("Classic rules")
        self.rules.setToolTip("Show the lagging average (β) used by the classic rules, with their rates marked on it")
        self.rules.setChecked(True)
        self.rules.toggled.connect(self.plot.show_rules)
        self.reset = QPushButton("Reset view")
        self.reset.setObjectName("small")
        self.reset.setToolTip("Show the whole sweep again (0 on the plot)")
        self.reset.clicked.connect(self.plot.reset_view)

        row = QHBoxLayout()
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(12)
        row.addStretch(1)
        row.addWidget(self.rules)
        row.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._fill_stack(self._empty_state(), with_row(row, self.plot)))
        runs.sweep_started.connect(self._begin)
        runs.reading_changed.connect(self._show_reading)
        runs.choice_changed.connect(self._show_choice)
        session.task_known.connect(self._show_range)
        session.run_ended.connect(self._on_ended)
        session.state_changed.connect(self._say_starting)
        self.plot.selection_moved.connect(runs.preview_selection)
        self.plot.selection_finished.connect(runs.commit_selection)
        self.plot.zones_moved.connect(self._preview_zones)
        self.plot.zones_finished.connect(runs.commit_zones)
        self.plot.hovered.connect(lambda lr, loss: self.hovered.emit(f"cursor  {format_lr(lr)} · {format_loss(loss)}"))
        self.plot.left.connect(lambda: self.hovered.emit(""))

    def _empty_state(self) -> QWidget:
        button = QPushButton("▶  Find learning rate   F5")
        button.setObjectName("primary")
        button.setToolTip("Sweep the task on the left (F5)")
        button.clicked.connect(self._session.find)
        self._session.state_changed.connect(lambda state: button.setEnabled(state == RunState.IDLE))
        return empty_state(
            "Find a learning rate",
            "The sweep raises the learning rate batch by batch, from very small to very large, "
            "and draws the loss as it goes.\nThe curve then shows which rates are too low, good, and too high.",
            button,
            muted("To use your own model or data, drop a task.py, a table or a folder onto the window, or use Open."),
        )

    @Slot()
    def _begin(self) -> None:
        job = self._runs.sweep_job
        assert job is not None
        self._drawn, self._end = (0, 0), job.sweep.end_lr
        self._show_plot()
        data = job.task.source, job.task.path
        # Losses of other data are of another scale, and comparing them would mislead.
        keep, self._data = data == self._data, data
        self.plot.begin(job.sweep.start_lr, job.sweep.end_lr, job.sweep.steps, keep_previous=keep)
        self._timer.start()
        # The button that was pressed is disabled now; the keys of the curve should work at once.
        self.plot.setFocus()

    @Slot()
    def _show_range(self) -> None:
        """The range may follow the optimizer, which is known now."""
        job = self._runs.sweep_job
        if job is not None and self._session.kind == RunKind.SWEEP and job.sweep.end_lr != self._end:
            self._end = job.sweep.end_lr
            self.plot.set_range(job.sweep.start_lr, self._end)

    @Slot()
    def _redraw(self) -> None:
        sweeps = self._runs.sweeps
        if sweeps is None:
            return
        record = sweeps.last
        if (record.sweep, len(record)) == self._drawn:
            return
        if record.sweep != self._drawn[0]:
            before = sweeps.all[record.sweep - 1]
            self.plot.begin_repeat(before.lr, before.loss)
        self._drawn = (record.sweep, len(record))
        self.plot.set_live(record.lr, record.loss)

    @Slot(object)
    def _on_ended(self, _end: object) -> None:
        self._timer.stop()

    @Slot(str)
    def _say_starting(self, state: str) -> None:
        if state == RunState.IDLE:
            self._timer.stop()

    @Slot(object)
    def _show_reading(self, reading: SweepReading | None) -> None:
        if reading is None:  # nothing was measured, and nothing was there before
            self._show_plot(False)
            return
        self._timer.stop()
        self._redraw()
        self.plot.set_finished(reading)
        self._show_choice()

    @Slot()
    def _show_choice(self) -> None:
        if self._runs.reading is None:
            return
        self.plot.set_zones(self._runs.zones)
        self.plot.set_selection(self._runs.selection)

    @Slot(float, float)
    def _preview_zones(self, low_end: float, high_start: float) -> None:
        zones = self._runs.zones
        if zones is not None:
            self._runs.preview_zones(replace(zones, low_end=low_end, high_start=high_start))
