"""The learning-rate curve: grows while a sweep runs, then can be read and dragged."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from lrgui.core.events import RunKind, RunState
from lrgui.core.learning_rate import format_lr, same_lr
from lrgui.gui.actions import PLOT_KEYS
from lrgui.gui.candidate_bar import CandidateBar
from lrgui.gui.cards import muted
from lrgui.gui.dimming import DIMMED
from lrgui.gui.earlier_sweeps import MOST_EARLIER, EarlierSweeps, loss_of, names_of_earlier
from lrgui.gui.live_points import LivePoints
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session
from lrgui.gui.status import Elided
from lrgui.gui.switches import SWITCHES
from lrgui.gui.tabs.run_tab import RunTab, cursor_words, empty_state, with_row
from lrgui.plot.curve_plot import CurvePlot
from lrgui.plot.theme import Palette

if TYPE_CHECKING:
    from lrgui.core.curve.sweep_reading import SweepReading
    from lrgui.export.report import Report


class CurveTab(RunTab):
    """The plot with its two switches, or what to do while there is nothing to plot."""

    plot: CurvePlot

    def __init__(self, session: Session, runs: RunsOnScreen, palette: Palette) -> None:
        super().__init__(session, runs, CurvePlot(palette=palette))
        self._drawn = (0, 0)
        """Number of the sweep that is drawn, and how many of its points."""
        self._end = 0.0
        """The last rate of the range that is shown."""
        self._points = LivePoints(self)
        """Of the sweep that goes on; each batch of the run's thread comes here."""
        self._following = False
        self._made_up = False
        """True where the curve that is drawn is synthetic."""
        self._earlier = EarlierSweeps(self.plot)
        self.rules = QCheckBox("Classic rules")
        self.rules.setToolTip("Show the lagging average (β) used by the classic rules, with their rates marked on it")
        self.rules.setChecked(True)
        self.rules.toggled.connect(self.plot.show_rules)
        self.log = QCheckBox("Log loss")
        self.log.setToolTip("Show losses on a logarithmic axis: small differences near the lowest loss become visible")
        self.log.toggled.connect(self.plot.set_log_loss)
        SWITCHES.follow("curve.rules", self.rules)
        SWITCHES.follow("curve.log", self.log)
        self.reset = QPushButton("Reset view")
        self.reset.setObjectName("small")
        self.reset.setToolTip("Show the whole sweep again (0 on the plot)")
        self.reset.clicked.connect(self.plot.reset_view)
        self.help = QToolButton()
        self.help.setText("?")
        self.help.setAccessibleName("Mouse and keys on the plot")
        self.help.setToolTip("\n".join(f"{keys}: {what}" for keys, what in PLOT_KEYS))
        self.help.clicked.connect(lambda: QToolTip.showText(QCursor.pos(), self.help.toolTip(), self.help))

        self.plot.canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.plot.canvas.customContextMenuRequested.connect(self._show_menu)

        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 4, 0)
        row.setSpacing(12)
        self.badge = QLabel("Synthetic example")
        self.badge.setObjectName("open")
        self.badge.setToolTip("This curve was made up to teach: nothing was trained")
        self.badge.hide()
        self.header = Elided("", Qt.TextElideMode.ElideMiddle)  # when it was measured is told at the end
        self.header.setObjectName("muted")
        self.header.setAccessibleName("What the curve was measured with")
        row.addWidget(self.badge)
        row.addWidget(self.header, 1)
        row.addWidget(self.help)
        row.addWidget(self.log)
        row.addWidget(self.rules)
        row.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.candidates = CandidateBar(session, runs)
        above = QVBoxLayout()
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(4)
        above.addLayout(row)
        above.addWidget(self.candidates)
        layout.addWidget(self._fill_stack(self._empty_state(), with_row(above, self.plot)))
        runs.sweep_started.connect(self._begin)
        runs.sweep_started.connect(self._show_header)
        runs.reading_changed.connect(self._show_header)
        runs.reading_changed.connect(self._show_reading)
        runs.choice_changed.connect(self._show_choice)
        session.task_known.connect(self._show_range)
        session.task_known.connect(self._show_header)
        session.run_over.connect(self._on_ended)
        session.state_changed.connect(self._say_starting)
        self.plot.selection_moved.connect(runs.preview_selection)
        self.plot.selection_finished.connect(runs.commit_selection)
        self.plot.zones_moved.connect(self._preview_zones)
        self.plot.zones_finished.connect(runs.commit_zones)
        self.plot.range_selected.connect(self._offer_range)
        self.plot.candidate_clicked.connect(self._toggle_candidate)
        self.plot.canvas.tapped.connect(session.toggle_pause)
        self.plot.hovered.connect(lambda lr, loss: self.hovered.emit(cursor_words(lr, loss)))
        self.plot.left.connect(lambda: self.hovered.emit(""))

    def shown(self) -> Report | None:
        """The sweep as it stands, with selection and zones, and as it is drawn."""
        report = self._runs.report()
        return None if report is None else replace(report, look=self.plot.look)

    def _empty_state(self) -> QWidget:
        button = QPushButton("▶  Find learning rate   F5")
        button.setObjectName("primary")
        button.setToolTip("Sweep the task on the left (F5)")
        button.clicked.connect(self._session.find)
        self._session.state_changed.connect(lambda state: button.setEnabled(state == RunState.IDLE))
        return empty_state(
            "Find a learning rate",
            "The sweep raises the learning rate batch by batch and draws the loss as it goes.\n"
            "The curve then shows which rates are too low, good, and too high.",
            button,
            muted("To use your own model or data, drop a task.py, a table or a folder onto the window, or use Open."),
        )

    def menu_at(self, at: QPoint) -> QMenu:
        """What a right click at this place of the plot offers."""
        menu, reading = QMenu(self), self._runs.reading
        if reading is not None:
            view = self.plot.view
            place = view.mapSceneToView(self.plot.canvas.mapToScene(at))
            if view.viewRect().contains(place):
                self._offer(menu, 10.0 ** float(place.x()), "Select {}")
                if not self._runs.synthetic:
                    self._offer_candidate(menu, 10.0 ** float(place.x()))
            if reading.recommendation.lr is not None:
                self._offer(menu, reading.recommendation.lr, "Select the recommended {}")
            menu.addSeparator()
        for box in (self.log, self.rules):
            action = menu.addAction(box.text(), box.toggle)
            action.setCheckable(True)
            action.setChecked(box.isChecked())
        menu.addAction(self.reset.text(), self.plot.reset_view)
        menu.addSeparator()
        for key, words in (("copy", "Copy picture"), ("export", "Export…"), ("use", "Use it…")):
            menu.addAction(words, partial(self._session.wanted.emit, key)).setEnabled(reading is not None)
        return menu

    def _offer(self, menu: QMenu, lr: float, words: str) -> None:
        menu.addAction(words.format(format_lr(lr)), partial(self._runs.select, lr))

    def _offer_candidate(self, menu: QMenu, lr: float) -> None:
        marked = any(same_lr(lr, one) for one in self._runs.candidates)
        words = f"Remove candidate {format_lr(lr)}" if marked else f"Add candidate {format_lr(lr)}"
        menu.addAction(words, partial(self._runs.toggle_candidate, lr))

    @Slot(QPoint)
    def _show_menu(self, at: QPoint) -> None:
        menu = self.menu_at(at)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.plot.canvas.mapToGlobal(at))

    @Slot()
    def _begin(self) -> None:
        job = self._runs.sweep_job
        assert job is not None
        runs = self._runs
        self._drawn, self._end = (0, 0), job.sweep.end_lr
        self._show_plot()
        self._earlier.remember()
        if runs.from_visit and runs.waiting:
            self._draw_held()
        # A sweep that measured nothing is none that could be seen; and the one before it may come back.
        nothing = not self.plot.has_curve
        earlier = self._earlier.drawn[nothing:][:MOST_EARLIER]
        back = nothing and bool(earlier) and earlier[0][0] == job
        # Losses of other data are of another scale, and comparing them would mislead.
        # What comes back by a click has behind it what it had; a saved run and a synthetic curve have none.
        made_up, self._made_up = self._made_up, bool(runs.synthetic)
        if made_up or not (runs.waiting or back) or (earlier and loss_of(earlier[0][0]) != loss_of(job)):
            earlier = []
        began = runs.started or datetime.now().astimezone()
        names = names_of_earlier(earlier, job, began)
        if back:
            names[0] = ""
        self.plot.begin(
            job.sweep.start_lr,
            job.sweep.end_lr,
            job.sweep.steps,
            earlier=names,
        )
        if earlier or runs.waiting:
            self._earlier.drawn = earlier if back else [(job, began), *earlier]
        else:
            self._earlier.bring_back(job, began)
        self._points.clear()
        self._follow(True)
        if earlier and runs.waiting:  # what the sweep before said, until this one says something
            self._dim(True)
            self.plot.set_zones(runs.zones)
            self.plot.set_selection(runs.selection)
        self._timer.start()

    def _draw_held(self) -> None:
        """A run that was only looked at makes room for the person's own: what is faded is all of one sweep."""
        held = self._runs.held
        self.plot.clear()
        self._earlier.drawn = []
        if held is not None and held.reading is not None and held.started is not None:
            self.plot.set_finished(held.reading)
            self._earlier.bring_back(held.job, held.started)

    def _dim(self, dimmed: bool) -> None:
        for layer in (self.plot.tints, self.plot.annotations):
            layer.setOpacity(DIMMED if dimmed else 1.0)

    @Slot()
    def _show_header(self) -> None:
        """Say what the curve is."""
        from lrgui.runs.headline import shorter

        self.header.setText(self._runs.headline, shorter(self._runs.headline))
        self.badge.setVisible(bool(self._runs.synthetic))

    @Slot()
    def _show_range(self) -> None:
        """The range may follow the optimizer, which is known now."""
        job = self._runs.sweep_job
        if job is not None and self._session.kind == RunKind.SWEEP and job.sweep.end_lr != self._end:
            self._end = job.sweep.end_lr
            self.plot.set_range(job.sweep.start_lr, self._end)

    @Slot()
    def _redraw(self) -> None:
        points = self._points
        if (points.sweep, len(points)) == self._drawn:
            return
        if points.sweep != self._drawn[0]:
            self.plot.begin_repeat(*points.before)
        self._drawn = (points.sweep, len(points))
        self.plot.set_live(*points.points())

    @Slot(object)
    def _on_ended(self, _end: object) -> None:
        self._timer.stop()
        self._follow(False)

    def _follow(self, wanted: bool) -> None:
        """Take in single batches, or no more: those of trainings are nothing to this curve."""
        if wanted == self._following:
            return
        self._following = wanted
        batch = self._session.worker.batch
        if wanted:
            batch.connect(self._points.add)
        else:
            batch.disconnect(self._points.add)

    @Slot(str)
    def _say_starting(self, state: str) -> None:
        if state == RunState.IDLE:
            self._timer.stop()

    @Slot(object)
    def _show_reading(self, reading: SweepReading | None) -> None:
        if reading is None:  # nothing was measured, and nothing was there before
            self._dim(False)
            self._show_plot(False)
            return
        self._timer.stop()
        self._dim(False)
        self._redraw()
        self.plot.set_finished(reading)
        self._show_choice()

    @Slot()
    def _show_choice(self) -> None:
        if self._runs.reading is None and not self._runs.waiting:  # what is faded can be undone as well
            return
        self.plot.set_zones(self._runs.zones)
        self.plot.set_selection(self._runs.selection)
        self.plot.set_candidates(self._runs.candidates)

    @Slot(float)
    def _toggle_candidate(self, lr: float) -> None:
        """Mark a rate to be trained, or take its mark away: of a measured curve."""
        if self._runs.reading is not None and not self._runs.synthetic:
            known = lr in self._runs.candidates
            self._runs.toggle_candidate(lr if known else float(format_lr(lr)))  # a pixel is no exact rate

    @Slot(float, float, QPoint)
    def _offer_range(self, low: float, high: float, point: QPoint) -> None:
        """Ask what the range is for that was dragged over."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        words = f"{format_lr(low)} to {format_lr(high)}"
        sweep = menu.addAction("Sweep this range", lambda: self._sweep(low, high))
        sweep.setToolTip(f"Find the learning rate again, from {words}")
        sweep.setEnabled(self._session.state == RunState.IDLE)
        zone = menu.addAction("Set as optimal zone", lambda: self._make_optimal(low, high))
        zone.setToolTip(f"Let the optimal zone reach from {words}")
        zone.setEnabled(self._runs.zones is not None)
        menu.addAction("Zoom to this range", lambda: self.plot.show_rates(low, high))
        menu.aboutToHide.connect(self.plot.forget_range)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(point)

    def _sweep(self, low: float, high: float) -> None:
        start, end = (float(format_lr(lr)) for lr in (low, high))
        self._session.edit(sweep=replace(self._session.job.sweep, start_lr=start, end_lr=end))
        self._session.find()

    def _make_optimal(self, low: float, high: float) -> None:
        zones = self._runs.zones
        if zones is not None:
            self._runs.set_zones(replace(zones, low_end=max(low, zones.start), high_start=min(high, zones.end)))

    @Slot(float, float)
    def _preview_zones(self, low_end: float, high_start: float) -> None:
        zones = self._runs.zones
        if zones is not None:
            self._runs.preview_zones(replace(zones, low_end=low_end, high_start=high_start))
