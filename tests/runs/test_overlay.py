"""Runs of any kinds laid over each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from lrgui.core.events import BatchEvent, CandidateEvent, EndEvent, EpochEvent, Event, StandingEvent, TaskEvent
from lrgui.core.run_settings import RaceSettings, TrainSettings
from lrgui.runs.job import Job
from lrgui.runs.overlaid import OverlaidRun
from lrgui.runs.overlay import Overlay, View
from lrgui.runs.race_record import RaceRecord
from lrgui.runs.record import Record
from lrgui.runs.records import Records
from lrgui.tasks.spec import TaskSpec

TASK = TaskEvent("digits", "", 640, 100, 100, 10, "cpu", 10, 40)


def training(
    lr: float = 1e-2, seed: int = 0, ends: tuple[float, float] = (1.0, 0.5), end: str = "completed"
) -> OverlaidRun:
    """40 steps of two epochs: the batch loss falls from 2 by 0.04 a step, ten steps a second."""
    events: list[Event] = [TASK]
    for step in range(40):
        events.append(BatchEvent(0, step, lr, 2.0 - 0.04 * step, 0.1 * step))
        if step % 20 == 19:
            epoch = step // 20
            events.append(EpochEvent(epoch + 1, 1.5, ends[epoch], 0.5, 0.6 + 0.1 * epoch, lr, 2.0))
    record = Record.of([*events, EndEvent(end, "Done.")])
    job = Job("train", TaskSpec(seed=seed), train=TrainSettings(2, lr))
    return OverlaidRun(job, record, "SGD, momentum 0.9", started=datetime(2026, 1, 1).astimezone())


def sweep() -> OverlaidRun:
    """A textbook curve of 100 points, each of two steps."""
    lr = np.logspace(-6, 0, 100)
    x = np.log10(lr)
    loss = 2.3 - 2 / (1 + np.exp(-4 * (x + 2.5))) + 3 * np.maximum(x + 1.0, 0) ** 2
    pairs = zip(lr.tolist(), loss.tolist(), strict=True)
    batches: list[Event] = [BatchEvent(0, i, one, other, 0.1 * i) for i, (one, other) in enumerate(pairs)]
    records = Records.of([replace(TASK, steps=100, steps_per_point=2), *batches, EndEvent("completed", "Done.")])
    job = Job()
    return OverlaidRun(job, records.first, "SGD, momentum 0.9", records.read(job.sweep))


def race() -> OverlaidRun:
    """Three trainings of four steps; the middle one is best."""
    config = RaceSettings(around=1e-2, trainings=3, steps=8)
    record = RaceRecord(config)
    record.add([TASK])
    for candidate, last in enumerate((1.0, 0.4, 0.9)):
        rate, second = config.lrs()[candidate], 10.0 * candidate
        record.add([CandidateEvent(0, candidate, rate, i, 4, 2.0 - i * 0.1, second + 0.1 * i) for i in range(4)])
        record.add([StandingEvent(0, candidate, rate, last, True, 4)])
    record.add([EndEvent("completed", "Done.")])
    return OverlaidRun(Job("race", race=config), record, "SGD, momentum 0.9")


def test_what_runs_can_be_aligned_by() -> None:
    assert Overlay.of([sweep(), race()]).aligns == ("lr", "step", "epoch", "time")
    assert Overlay.of([training(1e-2), training(1e-1)]).aligns == ("step", "epoch", "time", "lr")
    assert Overlay.of([training(1e-2), training(1e-2, 1)]).aligns == ("step", "epoch", "time")
    unknown = training()
    unknown.record.add([replace(TASK, batches_per_epoch=0)])
    mixed = Overlay.of([unknown, sweep()], View("epoch"))
    assert "epoch" not in mixed.aligns and mixed.align == "step", "what does not apply is not shown"


@pytest.mark.parametrize(("by", "last"), [("step", 39.0), ("epoch", 3.9), ("time", 3.9)])
def test_a_training_over_its_steps_epochs_and_seconds(by: str, last: float) -> None:
    [line] = Overlay.of([training(), sweep()], View(by)).traces[0]
    assert len(line.x) == 40 and line.x[0] == 0 and line.x[-1] == pytest.approx(last)
    assert line.y[0] == pytest.approx(2.0) and line.y[-1] == pytest.approx(2.0 - 0.04 * 38.5)  # the mean of two


def test_a_point_of_a_sweep_is_of_several_steps() -> None:
    [line] = Overlay.of([training(), sweep()], View("step")).traces[1]
    assert line.x[-1] == 198 and Overlay.of([training(), sweep()]).runs[1].steps == 200
    [line] = Overlay.of([training(), sweep()], View("epoch")).traces[1]
    assert line.x[-1] == pytest.approx(19.8)
    [line] = Overlay.of([training(), sweep()], View("time")).traces[1]
    assert line.x[-1] == pytest.approx(9.9)


def test_over_learning_rates_a_training_is_a_point_and_a_race_joins_its_own() -> None:
    overlay = Overlay.of([sweep(), race(), training()], View("lr"))
    curve, [valley], [point] = overlay.traces
    assert len(curve[0].x) == 100 and not curve[0].points
    assert valley.points and valley.x.tolist() == pytest.approx(overlay.runs[1].job.race.lrs())
    assert valley.y.tolist() == [1.0, 0.4, 0.9]
    assert (point.x.tolist(), point.y.tolist()) == ([1e-2], [0.5])


def test_each_training_of_a_race_begins_at_the_start() -> None:
    for by in ("step", "time"):
        legs = Overlay.of([race(), training()], View(by)).traces[0]
        assert [leg.x[0] for leg in legs] == [0, 0, 0] and [leg.beside for leg in legs] == [True, False, True]
    assert legs[2].x[-1] == pytest.approx(0.3)


def test_losses_of_validation_and_metrics_stand_where_epochs_end() -> None:
    overlay = Overlay.of([training(), training(3e-2)], View("step", quantity="validation"))
    assert overlay.quantities == ("loss", "validation", "metric") and overlay.y_title == "Validation loss"
    [line] = overlay.traces[0]
    assert line.points and line.x.tolist() == [20, 40] and line.y.tolist() == [1.0, 0.5]
    overlay = overlay.shown_as(View("epoch", "first", "metric"))
    [line] = overlay.traces[0]
    assert line.x.tolist() == [2, 4] and line.y.tolist() == [0.6, 0.7] and overlay.scale == "raw"
    assert overlay.y_title == "Accuracy"


def test_losses_by_the_first_and_by_the_best_of_each() -> None:
    runs = [training(), sweep()]
    for by, at in (("first", 0), ("best", None)):
        overlay = Overlay.of(runs, View("step", by))
        for [line] in overlay.traces:
            assert line.y[0 if at == 0 else int(line.y.argmin())] == pytest.approx(1.0)
        assert overlay.y_title == f"Loss ÷ {by}"
    # Losses below 0 cannot be divided.
    below = training()
    below.record.add([BatchEvent(0, 40, 1e-2, -5.0, 4.1)])
    overlay = Overlay.of([below, sweep()], View("step", "first"))
    assert not overlay.can_divide and overlay.scale == "raw" and overlay.y_title == "Loss"


def test_the_table_says_what_differs_and_what_came_of_it() -> None:
    heads, rows = Overlay.of([training(1e-2), training(1e-1, ends=(0.4, 0.9), end="diverged")]).table()
    told = [dict(zip(heads, row, strict=True)) for row in rows]
    assert heads == (
        "run", "state", "final validation loss", "best validation loss", "final accuracy", "best accuracy", "max LR",
        "steps", "time",
    )  # fmt: skip
    assert told[1]["run"] == "max LR 1e-1" and told[1]["state"] == "diverged"
    assert (told[1]["final validation loss"], told[1]["best validation loss"]) == ("0.9000", "0.4000")
    assert told[0]["final accuracy"] == "70.0 %" and told[0]["steps"] == "40"


def test_a_setting_and_a_result_of_one_name_have_columns_of_their_own() -> None:
    runs = [sweep(), sweep()]
    jobs = [
        replace(run.job, sweep=replace(run.job.sweep, steps=steps)) for run, steps in zip(runs, (60, 200), strict=True)
    ]
    jobs = [replace(job, task=replace(job.task, options={"state": job.sweep.steps})) for job in jobs]
    overlay = Overlay.of([replace(run, job=job) for run, job in zip(runs, jobs, strict=True)])
    heads, rows = overlay.table()
    assert len(set(heads)) == len(heads)
    told = dict(zip(heads, rows[0], strict=True))
    assert (told["steps (setting)"], told["steps"]) == ("60", f"{runs[0].steps}")
    assert (told["state (setting)"], told["state"]) == ("60", "finished")


def test_losses_of_both_kinds_say_in_each_cell_which_they_are() -> None:
    heads, rows = Overlay.of([training(), sweep()]).table()
    trained, swept = (dict(zip(heads, row, strict=True)) for row in rows)
    assert trained["best loss"] == "0.5000 (validation)" and "validation" not in swept["best loss"]
    assert trained["final validation loss"] == "0.5000", "only trainings have one"


def test_a_run_is_called_what_somebody_called_it() -> None:
    named = replace(training(1e-1), name="the good one")
    assert Overlay.of([training(1e-2), named]).labels == ("max LR 1e-2", "the good one")
    twice = Overlay.of([named, replace(named, started=None), training()]).labels
    assert len(set(twice)) == 3 and all(label.startswith("the good one") for label in twice[:2])


def test_what_is_left_out_takes_no_colour_along() -> None:
    empty = replace(training(), record=Record())
    overlay = Overlay((training(), empty, training()), ("a", "b", "c"), places=(4, 0, 2)).measured()
    assert overlay is not None and [overlay.place(n) for n in (0, 1)] == [4, 2]


def test_hidden_runs_are_not_in_a_picture() -> None:
    overlay = Overlay.of([training(1e-2), training(1e-1), sweep()], View(hidden=frozenset({0, 1})))
    drawn = overlay.without_hidden()
    assert drawn.labels == overlay.labels[2:] and drawn.place(0) == overlay.place(2)
    assert drawn.align == overlay.align == "step", "though a sweep alone would be shown by its rates"
    assert overlay.shown_as(View(hidden=frozenset({0, 1, 2}))).without_hidden().labels == overlay.labels


def test_by_rate_a_training_is_divided_by_the_loss_that_it_began_with() -> None:
    overlay = Overlay.of([training(1e-2), training(1e-1)]).shown_as(View("lr", "first"))
    assert [float(traces[0].y[0]) for traces in overlay.traces] == [0.25, 0.25], "0.5 after 2.0"


def test_seeds_of_the_same_settings_are_of_one_colour() -> None:
    overlay = Overlay.of([training(1e-2, 0), training(1e-1), training(1e-2, 1), training(1e-2, 0)])
    assert [overlay.place(number) for number in range(4)] == [0, 1, 4, 8]
    assert [Overlay.of([training(), training()]).place(number) for number in (0, 1)] == [0, 1]


def test_heads_of_a_training_that_goes_on_stay_as_they_are() -> None:
    record = Record()
    live = replace(training(), record=record, _drawn={})
    waiting = replace(training(1e-1), record=Record(), _drawn={})
    heads = [Overlay.of([live, waiting]).table()[0]]
    assert {"final loss", "best loss", "steps", "time"} <= set(heads[0])
    record.add([replace(TASK, metric_name="accuracy")])
    for event in training().record.epochs:
        overlay = Overlay.of([live, waiting])
        heads.append(overlay.table()[0])
        record.add([BatchEvent(0, len(record), 1e-2, 2.0, 0.0)])
        heads.append(Overlay.of([live, waiting]).table()[0])
        record.add([event])
    assert len(set(heads[1:])) == 1 and {"final validation loss", "best accuracy"} <= set(heads[1])
    assert overlay.table()[1][1][3] == "–", "that waits for its first epoch, too"


def test_mean_and_spread_over_seeds_of_the_same_settings() -> None:
    runs = [training(1e-2, 0), training(1e-2, 1, (1.0, 0.7)), training(1e-1)]
    overlay = Overlay.of(runs)
    assert overlay.groups() == [(0, 1)]
    heads, rows = overlay.table()
    mean = dict(zip(heads, rows[-1], strict=True))
    assert mean["run"] == "max LR 1e-2 · mean of 2 seeds" and mean["max LR"] == "1e-2" and mean["seed"] == "0, 1"
    assert mean["final validation loss"] == "0.6000 ± 0.1414" and mean["final accuracy"] == "70.0 % ± 0.0 %"
    # Twice the same seed is no second sample of chance.
    assert Overlay.of([training(), training()]).groups() == []


def test_a_run_that_goes_on_grows() -> None:
    run = training()
    record = Record.of([TASK, BatchEvent(0, 0, 1e-2, 2.0, 0.0)])
    live = replace(run, record=record, _drawn={})
    overlay = Overlay.of([live, run])
    assert len(overlay.traces[0][0].x) == 1 and overlay.table()[1][0][1] == "running"
    record.add([BatchEvent(0, 1, 1e-2, 1.9, 0.1)])
    assert len(overlay.shown_as(View()).traces[0][0].x) == 2


def test_the_summary_warns_where_losses_mean_different_things() -> None:
    other = replace(training(), job=replace(training().job, task=TaskSpec("mnist")))
    assert "compare the shapes and rates, not the losses" in Overlay.of([training(), other]).summary
    assert "the rate rises all the time" in Overlay.of([training(), sweep()]).summary


def test_without_runs_that_have_measured_nothing() -> None:
    waiting = replace(training(3e-2), record=Record(), _drawn={})
    overlay = Overlay.of([training(1e-2), waiting, training(1e-1)], View(hidden=frozenset({2})))
    measured = overlay.measured()
    assert measured is not None and measured.labels == ("max LR 1e-2", "max LR 1e-1")
    assert measured.view.hidden == {1}, "who was hidden is hidden"
    assert Overlay.of([waiting, waiting]).measured() is None
