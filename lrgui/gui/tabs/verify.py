"""Verify: the race of short trainings around the selected rate, live, and its winner."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from lrgui.core.events import EndEvent, RunKind, RunState
from lrgui.core.formats import format_estimate
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import RaceSettings, TrainSettings
from lrgui.core.settings import settings_of
from lrgui.core.standings import Ranking
from lrgui.export.race import RaceReport, candidates
from lrgui.gui.cards import MoreSettings, muted
from lrgui.gui.editors import Choice
from lrgui.gui.fields import Form
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session
from lrgui.gui.status import Elided
from lrgui.gui.tabs.run_tab import RunTab, empty_state, with_row
from lrgui.plot.race_plot import RacePlot
from lrgui.plot.theme import Palette
from lrgui.runs.headline import shorter
from lrgui.runs.race_record import RaceRecord

TRAININGS = (3, 4, 5, 6, 7)
STEPS = (40, 80, 160, 320, 640, 1280, 2560)


class VerifyTab(RunTab):
    """Starts and follows the race."""

    plot: RacePlot
    least_plot = 195  # curves and bars

    def __init__(self, session: Session, runs: RunsOnScreen, palette: Palette) -> None:
        super().__init__(session, runs, RacePlot(palette=palette))
        self._drawn = (-1, -1)
        self._ranking: Ranking | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 6, 4, 0)
        layout.setSpacing(4)
        self.cost = muted()
        layout.addLayout(self._start_row())
        layout.addLayout(self._controls())
        layout.addWidget(self._more_settings())
        self.heading = muted()
        self.use = QPushButton()
        self.use.setAccessibleName("Use the measured rate")
        self.use.clicked.connect(self._use)
        self.use.hide()
        said = QHBoxLayout()
        said.setSpacing(8)
        said.addWidget(self.heading, 1)
        said.addWidget(self.use)
        self.header = Elided("", Qt.TextElideMode.ElideMiddle)
        self.header.setObjectName("muted")
        self.header.setAccessibleName("What the race was run with")
        rows = QVBoxLayout()
        rows.setSpacing(2)
        rows.addWidget(self.header)
        rows.addLayout(said)
        layout.addWidget(self._fill_stack(self._empty_state(), with_row(rows, self.plot)), 1)
        layout.addStretch()
        runs.race_started.connect(self._begin)
        session.task_known.connect(self._on_task)
        session.run_over.connect(self._finish)
        session.job_changed.connect(self._show_cost)
        runs.reading_changed.connect(self._show_cost)
        runs.reading_changed.connect(self._show_use)
        runs.choice_changed.connect(self._show_use)
        session.state_changed.connect(self._show_cost)
        self._show_cost()
        if runs.race is not None:  # the tab is made when it is first looked at
            self._begin()
            self._plan()
            if runs.race.end is not None:
                self._show_end(runs.race, runs.race.end)

    def _start_row(self) -> QHBoxLayout:
        """The button, and beside it what a press costs: in a narrow window its words wrap, and nothing is cut."""
        row = QHBoxLayout()
        row.setSpacing(8)
        self.start = QPushButton()
        self.start.setObjectName("primary")
        self.start.clicked.connect(self._session.verify)
        row.addWidget(self.start)
        row.addWidget(self.cost, 1)
        return row

    def _controls(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        tips = {option.name: option.tip for option in settings_of(RaceSettings)}
        self.trainings = self._choice("Most trainings", TRAININGS, tips["trainings"])
        self.steps = self._choice("Steps", STEPS, tips["steps"])
        for words, box in (("at most", self.trainings), ("trainings of", self.steps)):
            name = QLabel(words)
            name.setObjectName("fieldName")
            name.setBuddy(box)
            row.addWidget(name)
            row.addWidget(box)
        unit = QLabel("steps")
        unit.setObjectName("fieldName")
        row.addWidget(unit)
        row.addStretch(1)
        return row

    def _choice(self, name: str, values: tuple[int, ...], tip: str) -> Choice:
        box = Choice()
        for value in values:
            box.addItem(f"{value:,}", value)
        box.setAccessibleName(name)
        box.set_tip(tip)
        box.activated.connect(lambda _index: self._chosen())
        return box

    def _more_settings(self) -> MoreSettings:
        """The settings of the race that are not among the controls and not the training's."""
        session, form = self._session, Form()
        shared = {option.name for option in settings_of(TrainSettings)}
        for option in settings_of(RaceSettings):
            if option.rare and option.name not in shared:
                form.add_option(option)
        form.edited.connect(lambda name, value: session.edit(race=replace(session.job.race, **{name: value})))
        form.unreadable.connect(lambda name, text: session.set_unreadable("race", name, text))
        session.about_to_run.connect(form.flush)
        session.job_replaced.connect(form.forget_unread)
        self.form, self.more = form, MoreSettings("race", form)
        return self.more

    @staticmethod
    def _empty_state() -> QWidget:
        return empty_state(
            "Verify the learning rate",
            "Short real trainings (OneCycle) at the selected rate and on both sides of it bracket the best one, all "
            "from the same weights and on the same batches; while the best is at an end, its neighbour is added. The "
            "rate is read off the parabola through the best and its neighbours, less a small safety step.",
            width=560,
        )

    # ---------------------------------------------------------------- what it would cost
    @Slot()
    def _show_cost(self) -> None:
        session, running = self._session, self._runs.race_job
        config = session.job.verification(self._runs.plan).race
        if session.busy and session.kind == RunKind.RACE and running is not None:  # a budget has its own
            config = running.race
        for box, value in ((self.trainings, config.trainings), (self.steps, config.steps)):
            if box.findData(value) < 0:
                box.addItem(f"{value:,}", value)
            box.setCurrentIndex(box.findData(value))
            box.setEnabled(not session.busy)
        self.trainings.setEnabled(not session.busy and config.rates is None)
        for name in self.form.editors:
            self.form.set_value(name, getattr(config, name))
        self.form.set_enabled(not session.busy)
        self.form.set_problems({problem.field: str(problem) for problem in config.validate()})
        usual = RaceSettings()
        changed = [name for name in self.form.editors if getattr(config, name) != getattr(usual, name)]
        self.more.set_changed([self.form.words(name) for name in changed])
        pick = format_lr(config.around)
        self.start.setText(f"▶  Verify {pick}   F7")
        self.start.setToolTip("Race short trainings at rates around the selected one (F7)")
        self.start.setAccessibleName(f"Verify {pick}")
        self.start.setEnabled(session.state == RunState.IDLE)
        if config.validate():
            self.cost.setText("")
            return
        words = config.price
        seconds = self._seconds(config.total_steps())
        if seconds is not None:
            words += f", {'at most' if config.rates is None else 'about'} {format_estimate(seconds)}"
        lrs = config.lrs()
        words += f" · within {format_lr(lrs[0])} to {format_lr(lrs[-1])}"
        lr, plan = self._runs.selection, self._runs.plan
        if lr is None:
            words += f" · around {pick}, the rate under Training: none is selected on a curve"
        if lr is not None and plan.differs:
            words += f" · of OneCycle's maximum; {format_lr(lr)} is selected for another schedule"
        self.cost.setText(words)

    def _seconds(self, steps: int) -> float | None:
        """How long so many steps take, as fast as the last run on the same task was; None where there is none."""
        session, runs = self._session, self._runs
        measured = (
            (runs.race_job, runs.race),
            (runs.sweep_job, runs.sweep if not runs.synthetic else None),
            (runs.training_job, runs.training),
        )
        for job, record in measured:
            same = job is not None and replace(job.task, optimizer="") == replace(session.job.task, optimizer="")
            if same and record is not None and len(record) > 20 and record.seconds[-1] > 0:
                return steps * float(record.seconds[-1]) / (len(record) - 1)
        return None

    def _chosen(self) -> None:
        race = self._session.job.race
        self._session.edit(race=replace(race, trainings=self.trainings.currentData(), steps=self.steps.currentData()))

    # ---------------------------------------------------------------- the race
    def shown(self) -> RaceReport | None:
        """The race as far as it went."""
        job, record = self._runs.race_job, self._runs.race
        return None if job is None or record is None or not len(record) else RaceReport(job, record, record.started)

    @Slot()
    def _begin(self) -> None:
        self._drawn, self._ranking = (-1, -1), None
        job = self._runs.race_job
        self._show_plot(job is not None)
        self.use.hide()
        if job is None:  # what was visited is gone, and nothing was there before
            self._timer.stop()
            return
        self._show_header()
        self.heading.setText("Starting…")
        self.plot.begin(job.race, True)
        self._timer.start()
        self._show_cost()

    def _show_header(self) -> None:
        job, record = self._runs.race_job, self._runs.race
        words = "" if job is None or record is None else RaceReport(job, record, record.started).title
        self.header.setText(words, shorter(words))

    @Slot()
    def _on_task(self) -> None:
        if self._session.kind == RunKind.RACE:
            self._show_header()
            self._plan()

    def _plan(self) -> None:
        """The data is known: with validation examples or without."""
        job, record = self._runs.race_job, self._runs.race
        if job is None or record is None or record.task is None:
            return
        self.plot.begin(job.race, record.task.val_size > 0)
        self._drawn = (-1, -1)
        self._redraw()

    @Slot()
    def _redraw(self) -> None:
        record = self._runs.race
        if record is None:
            return
        known = len(record), record.standings.judged
        if known == self._drawn or not len(record):
            return
        if known[1] != self._drawn[1] or self._ranking is None:
            self._ranking = record.standings.ranking()
        self._drawn = known
        self.plot.show_race(candidates(record, record.end is not None or not self._session.busy), self._ranking)
        self._say(record, self._ranking)

    def _say(self, record: RaceRecord, ranking: Ranking) -> None:
        config, leg = record.standings.config, record.legs[-1]
        most = "" if config.rates is not None else "at most "
        words = [
            record.standings.place_in_race(leg.round).capitalize(),
            f"{record.standings.done:,} of {most}{config.total_steps():,} steps",
        ]
        leader = ranking.leader
        if leader is not None:
            which = " (the starting rate)" if leader.candidate == config.middle else ""
            words.append(f"leader {format_lr(leader.lr)}{which}")
        self.heading.setText(" · ".join(words))

    @Slot(object)
    def _finish(self, end: EndEvent) -> None:
        if self._session.kind == RunKind.RACE and self._runs.race is not None:
            self._show_end(self._runs.race, end)

    def _show_end(self, record: RaceRecord, end: EndEvent) -> None:
        from lrgui.runs.words import broken_off

        self._timer.stop()
        self._ranking = record.standings.ranking()
        if len(record):
            self.plot.show_race(candidates(record), self._ranking, over=True)
        told = self._session.end_told
        self.heading.setText(broken_off(RunKind.RACE, end.reason, len(record)) if told else end.detail)
        self._show_use()

    @property
    def _winning(self) -> float | None:
        """The rate of the planned schedule that the winner, a maximum of OneCycle, stands for; None without one."""
        winner = None if self._ranking is None or self._timer.isActive() else self._ranking.lr
        if winner is None:
            return None
        pick = None if self._runs.reading is None else self._runs.reading.recommendation
        if pick is not None and pick.lr is not None and pick.measured_lr == winner:
            return pick.lr
        return self._runs.plan.from_one_cycle(winner)

    @Slot()
    def _show_use(self) -> None:
        """What the button selects; off where that is selected."""
        lr, chosen = self._winning, self._runs.selection
        self.use.setVisible(lr is not None)
        if lr is None:
            return
        there = chosen is not None and format_lr(chosen) == format_lr(lr)
        self.use.setEnabled(not there)
        self.use.setText(f"Use {format_lr(lr)}")
        restores = f"Select the measured rate, {format_lr(lr)}; Undo (Ctrl+Z) restores the old selection"
        self.use.setToolTip("It is selected" if there else restores)

    @Slot()
    def _use(self) -> None:
        """The winner becomes the selection."""
        if (lr := self._winning) is not None:
            self._runs.select(lr)
