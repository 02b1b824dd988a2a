"""The comparison: several optimizers swept on the same task, or saved runs of any kinds, over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from lrgui.core.curve.comparison import how_to_read
from lrgui.core.events import RunKind, RunState
from lrgui.core.optimizers import OPTIMIZERS
from lrgui.export.comparison import ComparisonReport
from lrgui.export.overlay import OverlayReport
from lrgui.gui.background import Background, Watch
from lrgui.gui.cards import muted, small_button
from lrgui.gui.loading import LoadedRun
from lrgui.gui.notice import Notice
from lrgui.gui.plain_text import without_mnemonic
from lrgui.gui.rate_offers import RateOffer, of_optimizers, of_runs
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session
from lrgui.gui.switches import SWITCHES
from lrgui.gui.tabs.overlay_view import OverlayView
from lrgui.gui.tabs.run_tab import RunTab, empty_line, empty_state
from lrgui.plot.compare_plot import ComparePlot
from lrgui.plot.theme import Palette
from lrgui.runs.overlaid import OverlaidRun
from lrgui.runs.overlay import Overlay
from lrgui.tasks.user.rows import OWN

#: More picks than these are offered in a menu: a row of buttons would be cut in a narrow window.
MOST_BUTTONS = 4


class CompareTab(RunTab):
    """Which optimizers, their curves with the picks, and how to read the difference; or saved runs in their place."""

    def __init__(self, session: Session, runs: RunsOnScreen, palette: Palette) -> None:
        super().__init__(session, runs, ComparePlot(palette=palette))
        assert isinstance(self.plot, ComparePlot)
        self.optimizers = self.plot
        """The plot of optimizers; `plot` is the one in sight."""
        self.saved = OverlayView(palette, "compare")
        """Saved runs."""
        self.saved.plot.read.connect(self.hovered)
        self._drawn: dict[int, int] = {}
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 4, 0)
        row.setSpacing(12)
        under = QHBoxLayout()
        under.setContentsMargins(12, 0, 4, 0)
        self.boxes: dict[str, QCheckBox] = {}
        for key, optimizer in OPTIMIZERS.items():
            if not optimizer.compared:
                continue
            box = QCheckBox(optimizer.label)
            box.setChecked(True)
            box.setToolTip(f"Sweep {optimizer.label} too; good rates are usually {optimizer.typical_lr}")
            SWITCHES.follow(f"compare.{key}", box)
            self.boxes[key] = box
            row.addWidget(box)
        self.own = QCheckBox("The task's own")
        self.own.setChecked(True)
        self.own.setToolTip("Also sweep the optimizer the task's code creates")
        SWITCHES.follow("compare.own", self.own)
        row.addWidget(self.own)
        self.button = QPushButton("Compare optimizers")
        self.button.setObjectName("small")
        self.button.setToolTip("Sweep the checked optimizers on the task, one after another (F8)")
        self.button.clicked.connect(self.start)
        self.reset = QPushButton("Reset view")
        self.reset.setObjectName("small")
        self.reset.setToolTip("Show all curves again")
        self.reset.clicked.connect(self.optimizers.reset_view)
        row.addStretch(1)
        self.back = small_button("Back to the optimizers", "Compare optimizers again", self._show_optimizers)
        self.back.hide()
        under.addWidget(self.button)
        tip = "Measure a grid of optimizers, batch sizes and seeds, and how the rate follows the batch"
        self.study = small_button("New study…", tip, lambda: session.wanted.emit("study"))
        under.addWidget(self.study)
        under.addStretch(1)
        under.addWidget(self.reset)
        self.sentences = muted()
        self.sentences.setAccessibleName("How to read the difference")
        self.sentences.setContentsMargins(12, 4, 12, 2)
        self.sentences.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._picks = QHBoxLayout()
        self._picks.setContentsMargins(0, 0, 0, 0)
        self._picks.setSpacing(6)
        self.pick_buttons: list[QPushButton] = []
        self._offered: tuple[object, ...] = ()
        """The saved runs whose rates are offered, and the task in the form then."""
        self._background = Background(self)
        empty = empty_state(
            "No comparison yet",
            "Check at least two optimizers above and press F8: each is swept on the task, with the same weights and "
            "batches.",
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._of_optimizers = QWidget()
        above = QVBoxLayout(self._of_optimizers)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(4)
        above.addLayout(row)
        above.addLayout(under)
        column.addWidget(self._of_optimizers)
        column.addWidget(self.sentences)
        chosen = QHBoxLayout()
        chosen.setContentsMargins(12, 0, 12, 0)
        chosen.setSpacing(6)
        chosen.addWidget(self.back)
        chosen.addLayout(self._picks, 1)
        column.addLayout(chosen)
        column.addWidget(self._fill_stack(empty, self.optimizers), 1)
        self._stack.addWidget(self.saved)
        self.waiting = empty_line("")
        self._stack.addWidget(self.waiting)
        self.sentences.hide()
        self.reset.hide()
        session.job_changed.connect(self._show_own)
        session.job_changed.connect(lambda _job: self._on_state(session.state))
        session.job_changed.connect(self._offer_saved)
        session.outline_changed.connect(self._show_own)
        self._show_own()
        runs.compare_started.connect(self._begin)
        runs.comparison_changed.connect(self._read)
        session.run_over.connect(self._on_ended)
        session.state_changed.connect(self._on_state)
        self._on_state(session.state)
        if runs.compared is not None:
            self._begin()

    def shown(self) -> ComparisonReport | OverlayReport | None:
        """The sweeps that have ended, or the saved runs."""
        if self.plot is self.saved.plot and self.saved.overlay is not None:
            return OverlayReport(self.saved.overlay)
        runs = self._runs
        return ComparisonReport(runs.comparison, runs.compare_jobs) if runs.comparison else None

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self.optimizers.set_palette(palette)
        self.saved.set_palette(palette)

    @Slot()
    def start(self) -> None:
        """Sweep the ticked optimizers."""
        wanted = [key for key, box in self.boxes.items() if box.isChecked()]
        if self.own.isChecked() and not self.own.isHidden():
            wanted.insert(0, OWN)
        if len(wanted) < 2:
            self._session.noticed.emit(Notice("warning", "Check at least two optimizers on the Compare tab."))
            return
        self._session.compare_optimizers(wanted)

    @Slot()
    def _show_own(self) -> None:
        """Only code can bring an optimizer of its own."""
        outline = self._session.tasks.code.outline
        self.own.setVisible(self._session.job.task.is_code and outline is not None and outline.has_optimizer)

    @Slot()
    def _begin(self) -> None:
        jobs = self._runs.compare_jobs
        self._drawn = {}
        self._background.give_up()
        self._offer(())
        sweep = jobs[0].sweep
        self.optimizers.begin(sweep.start_lr, sweep.end_lr, [job.task.optimizer_words for job in jobs], sweep.steps)
        self._show_optimizers()
        self.sentences.setText("Sweeping one optimizer after another, from the same weights.")
        self.sentences.show()
        self._timer.start()
        self._redraw()
        self._read()

    @Slot()
    def _show_optimizers(self) -> None:
        """Show their comparison, in the place of saved runs."""
        self.plot = self.optimizers
        self._show_plot(self._runs.compared is not None)
        self.reset.setVisible(self._runs.compared is not None)
        self.sentences.setVisible(self._runs.compared is not None)
        self._of_optimizers.show()
        self.back.hide()
        self._offer_optimizers()

    @Slot()
    def _redraw(self) -> None:
        records = self._runs.compared
        if records is None:
            return
        for record in records.all:
            if len(record) and self._drawn.get(record.sweep) != len(record):
                self._drawn[record.sweep] = len(record)
                self.optimizers.set_live(record.sweep, record.lr, record.loss)

    @Slot()
    def _read(self) -> None:
        """Show what the sweeps that have ended say."""
        self._redraw()
        found = self._runs.comparison
        keys = [job.task.optimizer for job in self._runs.compare_jobs]
        for compared in found:
            self.optimizers.set_finished(keys.index(compared.key), compared)
        self._offer_optimizers()
        if len(found) > 1 or (found and not self._session.busy):
            self.sentences.setText(" ".join(how_to_read(found)))

    @Slot(object)
    def _on_ended(self, _end: object) -> None:
        self._timer.stop()
        if self._session.kind == RunKind.COMPARE:
            self._read()
            if not self._runs.comparison:
                self.sentences.setText("No sweep of the comparison finished.")

    @Slot(str)
    def _on_state(self, state: str) -> None:
        idle = state == RunState.IDLE
        for button in (self.button, self.study):
            button.setEnabled(idle and not self._session.job.task.is_script)  # that brings its own optimizer
        for widget in (*self.boxes.values(), *self.pick_buttons):
            widget.setEnabled(idle)

    # ---------------------------------------------------------------- runs that were kept
    def show_runs(self, paths: Sequence[Path]) -> None:
        """Lay these runs from disk over each other, in the place of the comparison; they are read first."""
        if self._session.busy and self._session.kind == RunKind.COMPARE:
            self._session.noticed.emit(
                Notice("info", "A comparison is in progress: stop it before showing another one.")
            )
            return

        def read(watch: Watch) -> Overlay:
            found = []
            for number, path in enumerate(paths, 1):
                run = LoadedRun.of(path)
                if len(run.opened.record):
                    reading = None if run.shown is None else run.shown.reading
                    found.append(OverlaidRun.of(run.opened, path, reading))
                watch(number / len(paths))
            overlay = Overlay.of(found)
            overlay.traces  # noqa: B018  # averaged here, not while the window waits
            return overlay

        if self._stack.currentIndex() == 0:  # what is shown stays until they are there
            self.waiting.setText(f"Reading {len(paths)} runs …")
            self._stack.setCurrentWidget(self.waiting)
        self._background.start(read, self._on_loaded)

    def _on_loaded(self, overlay: Overlay | None, error: Exception | None) -> None:
        if self._stack.currentWidget() is self.waiting:
            self._show_plot(False)
        if overlay is None:
            if not isinstance(error, OSError | ValueError):
                assert error is not None
                raise error
            self._session.noticed.emit(Notice("error", str(error)))
            return
        if len(overlay.runs) < 2:
            self._session.noticed.emit(Notice("info", "Select at least two runs that measured something."))
            return
        self.saved.show_runs(overlay)
        self.plot = self.saved.plot
        self._stack.setCurrentWidget(self.saved)
        self.sentences.hide()
        self._of_optimizers.hide()
        self.back.show()
        self._offer_saved()

    # ---------------------------------------------------------------- using a rate
    @Slot()
    def _offer_saved(self) -> None:
        """What the saved runs came to, and what tells their tasks from the one in the form."""
        overlay, form = self.saved.overlay, self._session.job.task
        if self.plot is self.saved.plot and overlay is not None and self._offered != (overlay, form):
            self._offered = overlay, form
            tip = "Use the optimizer of one of these runs and select the rate that it came to"
            self._offer(of_runs(overlay, form), tip, 0)

    def _offer_optimizers(self) -> None:
        if self.plot is not self.optimizers:
            return
        self._offered = ()
        tip = "Use one of these optimizers and select its recommended rate"
        self._offer(of_optimizers(self._runs.comparison, self._runs.compare_jobs), tip)

    def _offer(self, found: Sequence[RateOffer], tip: str = "", most: int = MOST_BUTTONS) -> None:
        """A button for each rate, of more than `most` a menu, whose button has that tooltip."""
        for button in self.pick_buttons:
            self._picks.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.pick_buttons = []
        while self._picks.count():
            self._picks.takeAt(0)
        menu = QMenu(self) if len(found) > most else None
        for each in found:
            use = partial(self._use, each)
            if menu is not None:
                menu.addAction(without_mnemonic(each.words(each.label)), use)
            else:
                self.pick_buttons.append(small_button(each.words(each.name), each.tip, use))
        if menu is not None:
            button = small_button("Select a rate ▾", tip)
            button.setMenu(menu)
            menu.setParent(button, menu.windowFlags())
            self.pick_buttons.append(button)
        for button in self.pick_buttons:
            button.setEnabled(not self._session.busy)
            self._picks.addWidget(button)
        self._picks.addStretch(1)

    def _use(self, offer: RateOffer) -> None:
        """Train with a run's optimizer, and select the rate that it came to."""
        job, task = self._session.job, offer.task
        if task.optimizer != OWN or job.task.is_code:
            of_optimizer = ("optimizer", "optimizer_options", "momentum", "weight_decay")
            wanted = replace(job.task, **{name: getattr(task, name) for name in of_optimizer})
            if wanted != job.task:
                self._session.set_job(replace(job, task=wanted))
        if offer.schedule:
            self._runs.select_maximum(offer.lr, offer.schedule)
        else:
            self._runs.select(offer.lr)
