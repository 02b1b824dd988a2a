"""Find with a budget: after the sweep a race measures what it is not sure of, and the recommendation follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bench import Bench
from scripted import Scripted, points, sweep, task

from lrgui.core.budget import Budget
from lrgui.core.events import (
    BatchEvent,
    CandidateEvent,
    EndEvent,
    Event,
    StandingEvent,
    StateEvent,
    UntrainedEvent,
)
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import RaceSettings
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.panels.settings import SweepPanel
from lrgui.gui.panels.suggestions import SuggestionsPanel
from lrgui.gui.tabs.verify import VerifyTab
from lrgui.gui.window import MainWindow
from lrgui.plot.theme import LIGHT
from lrgui.runs.job import Job


def unsure() -> list[list[Event]]:
    """A sweep that ends before the loss has risen again: never of high confidence."""
    lr = np.logspace(-6, 0, 200)
    loss = 2.3 - 1.2 * np.clip((np.log10(lr) + 3) / 2.5, 0, 1) + 0.05 * np.random.default_rng(1).standard_normal(200)
    events: list[Event] = [
        BatchEvent(0, i, float(a), float(b), 0.01 * i) for i, (a, b) in enumerate(zip(lr, loss, strict=True))
    ]
    return [[StateEvent("starting"), task(), *events, EndEvent("completed", "All steps.")]]


def race(job: Job, best: float, end: str = "completed", upto: int = 3) -> list[list[Event]]:
    """Three trainings around the rate of `job`, of which the one at place `best` is the best."""
    config = job.race
    events: list[Event] = [StateEvent("starting"), task(config.total_steps()), StateEvent("running")]
    events.append(UntrainedEvent(2.3))
    for place in (config.middle, config.middle - 1, config.middle + 1)[:upto]:
        lr = config.lrs()[place]
        events += [CandidateEvent(0, place, lr, i, config.steps, 2.0 - 0.01 * i, 0.01 * i) for i in range(5)]
        events.append(StandingEvent(0, place, lr, 0.5 + abs(place - config.middle - best), True, config.steps))
    return [events, [EndEvent(end, "The race ended.")]]


class Proved(Bench):
    """A session whose sweep is unsure and whose race is written when it is known around what it runs."""

    best, end, upto = 0.0, "completed", 3
    sweep_events = staticmethod(unsure)

    def _open(self, job: Job) -> Scripted:
        self.jobs.append(job)
        return Scripted(race(job, self.best, self.end, self.upto) if job.kind == "race" else self.sweep_events())

    def find(self) -> None:
        """Sweep, and race where that follows."""
        self.session.find()
        self.qtbot.waitUntil(lambda: not self.session.busy)


@pytest.fixture
def proved(qtbot: Any) -> Any:
    bench = Proved(qtbot)
    bench.session.prove = "1000 steps"
    yield bench
    bench.session.close()
    bench.session.deleteLater()


def test_what_the_sweep_is_not_sure_of_is_measured(proved: Proved) -> None:
    said: list[str] = []
    last: list[object] = []
    proved.session.noticed.connect(last.append)
    proved.session.noticed.connect(lambda notice: said.append(notice.text) if notice is not None else None)
    proved.find()
    assert [job.kind for job in proved.jobs] == ["sweep", "race"]
    config = proved.jobs[1].race
    assert (config.trainings, config.steps) == (5, 160), "800 steps are left"
    reading = proved.runs.reading
    assert reading is not None and reading.read is not None and reading.recommendation.measured
    assert config.around == pytest.approx(reading.read.by_schedule["onecycle"])
    assert proved.runs.selection == reading.recommendation.lr == pytest.approx(config.around / 2**0.25)
    assert last[-1] is None, "it is measured"
    assert any("Measuring around" in text and "3 to 5 trainings of 160 steps" in text for text in said)
    proved.session.edit(sweep=proved.session.job.sweep.with_given({"beta": 0.9}))
    assert proved.runs.reading is not None and proved.runs.reading.recommendation.measured
    proved.session.edit(sweep=proved.session.job.sweep.with_given({"planned_schedule": "constant"}))
    again = proved.runs.reading
    assert again is not None and again.recommendation.measured and again.recommendation.lr != reading.recommendation.lr


def test_a_sure_sweep_and_one_without_a_budget_are_not_raced(proved: Proved) -> None:
    proved.session.prove = ""
    proved.find()
    assert [job.kind for job in proved.jobs] == ["sweep"]
    proved.session.prove = "1000 steps"
    proved.sweep_events = sweep  # type: ignore[method-assign]
    proved.find()
    assert proved.runs.reading is not None and proved.runs.reading.recommendation.confidence == "high"
    assert [job.kind for job in proved.jobs] == ["sweep", "sweep"]


def test_too_small_a_budget_is_said(proved: Proved) -> None:
    said: list[str] = []
    proved.session.noticed.connect(lambda notice: said.append(notice.text) if notice is not None else None)
    proved.session.prove = "250 steps"
    proved.find()
    assert len(proved.jobs) == 1 and "is too small to measure" in said[-1]
    assert proved.runs.reading is not None and not proved.runs.reading.recommendation.measured


def test_a_race_that_is_stopped_early_leaves_what_was_read(proved: Proved) -> None:
    proved.end, proved.upto = "cancelled", 2
    proved.find()
    reading = proved.runs.reading
    assert reading is not None and not reading.recommendation.measured and reading.read is not None
    assert reading.recommendation.lr == reading.read.lr


def test_where_no_training_helps_there_is_no_recommendation(proved: Proved) -> None:
    said: list[str] = []
    proved.session.noticed.connect(lambda notice: said.append(notice.text) if notice is not None else None)
    proved.best = 5.0  # all of them end above the untrained loss
    proved.find()
    reading = proved.runs.reading
    assert reading is not None and reading.recommendation.measured and reading.recommendation.lr is None
    assert proved.runs.selection is None
    assert "every training ended worse than the untrained model" in said[-1]


def test_a_race_that_a_person_starts_changes_no_recommendation(proved: Proved) -> None:
    proved.session.prove = ""
    proved.find()
    before = proved.runs.reading
    proved.session.verify()
    proved.qtbot.waitUntil(lambda: not proved.session.busy)
    assert proved.jobs[-1].kind == "race" and proved.runs.reading is before


def test_the_window_shows_and_keeps_it(window: MainWindow, bench: Bench) -> None:
    panel = window.findChild(SweepPanel)
    assert panel is not None
    assert panel.proof.currentText() == "off (sweep only)" and window.session.budget is None
    panel.proof.setCurrentIndex(panel.proof.findData("30s"))
    assert window.session.budget == Budget(30.0) and panel.proof.currentText() == "up to 30 s"
    window.close()
    assert window.settings.prove == "30s"
    bench.play(Scripted([[StateEvent("starting"), task(), *points(), EndEvent("completed", "All.")]]))
    runs = bench.runs
    runs.race_job = Job(kind="race", race=RaceSettings(around=0.02, steps=300))
    from lrgui.runs.race_record import RaceRecord

    runs.race = RaceRecord(runs.race_job.race)
    for events in race(runs.race_job, 0.0):
        runs.race.add(events)
    runs.prove(EndEvent("completed", "Done."))
    table, card = window.findChild(SuggestionsPanel), window.findChild(SelectionPanel)
    assert table is not None and card is not None
    cells = [table.table.item(row, 0) for row in (0, 1)]
    assert [cell.text() for cell in cells if cell is not None] == ["★ measured", "☆ read off the curve"]
    assert card.confidence.text().startswith("Measured · confidence high")


def test_the_tab_shows_the_race_of_the_budget_and_what_is_left_to_choose(proved: Proved) -> None:
    tab = VerifyTab(proved.session, proved.runs, LIGHT)
    proved.qtbot.addWidget(tab)
    shown: list[int] = []
    proved.runs.race_started.connect(lambda: shown.append(tab.steps.currentData()))
    proved.find()
    assert shown == [160] and tab.steps.currentData() == proved.session.job.race.steps, "then those of the next race"
    reading = proved.runs.reading
    assert reading is not None and reading.recommendation.lr is not None
    assert not tab.use.isHidden() and not tab.use.isEnabled(), "it is selected already"
    assert tab.use.text() == f"Use {format_lr(reading.recommendation.lr)}"
    proved.runs.select(3e-4)
    assert tab.use.isEnabled()
    tab.use.click()
    assert proved.runs.selection == reading.recommendation.lr
    assert not tab.use.isEnabled()
