"""What a tracker is told of a run."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from kept_logs import CREATED, RATES, RUNS, STEPS, sweep_events, sweep_job, train_events, train_job, write_logs
from recorded import Remembered

from lrgui.core.events import BatchEvent, EndEvent, EndReason, EpochEvent, Event, GradientEvent, RateEvent, RunKind
from lrgui.export.trackers.story import Story, parameters_of
from lrgui.export.trackers.tracked_run import About, Ending
from lrgui.runs.event_arrays import EventArrays
from lrgui.runs.job import Job
from lrgui.runs.log_reader import LogReader

Told = Callable[[str, list[Event | EventArrays]], Remembered]


def told(job: Job, events: list[Event | EventArrays], most: int = 10_000) -> Remembered:
    """The run as the tracker has it."""
    runs: list[Remembered] = []

    def begin(about: About) -> Remembered:
        runs.append(Remembered(about.name, about.parameters))
        return runs[-1]

    story = Story(About("a run", "file", job.kind, CREATED, parameters_of(job)), begin, most)
    story.add(events)
    ends = [event for event in events if isinstance(event, EndEvent)]
    story.close(Ending(ends[-1] if ends else EndEvent(EndReason.KILLED, "")))
    (run,) = runs
    return run


def test_a_sweep_has_loss_and_rate_for_each_step_and_its_repeats_beside_it() -> None:
    run = told(sweep_job(), [*sweep_events()])
    assert set(run.values) == {"sweep/loss", "sweep/lr"}
    assert [step for step, *_ in run.values["sweep/loss"]] == list(range(STEPS))
    assert run.values["sweep/lr"][-1] == (STEPS - 1, pytest.approx(0.01 * (STEPS - 1)), pytest.approx(1.0))
    (repeat,) = run.parts
    assert repeat.name == "repeat 2" and len(repeat.values["sweep/loss"]) == STEPS
    assert repeat.ending is not None and repeat.ending.end.reason == EndReason.COMPLETED
    assert run.ending is not None and not run.ending.failed


def test_the_settings_are_known_from_the_beginning_and_what_the_worker_told() -> None:
    parameters = told(sweep_job(), [*sweep_events()]).parameters
    assert parameters["optimizer"] == "SGD" and parameters["batch_size"] == 64 and parameters["repeats"] == 2
    assert parameters["device"] == "cpu", "not what was asked for"
    assert parameters["trainable_parameters"] == 3818 and parameters["total_steps"] == STEPS
    assert "end_chosen" not in parameters and None not in parameters.values()


def test_a_training_has_steps_and_epochs() -> None:
    run = told(train_job(), [*train_events()])
    assert len(run.values["train/loss"]) == len(run.values["train/lr"]) == 40
    assert run.values["epoch"] == [(19, pytest.approx(0.19), 1.0), (39, pytest.approx(0.39), 2.0)]
    assert [value for *_, value in run.values["val/accuracy"]] == [pytest.approx(0.79), pytest.approx(0.99)]
    assert {"train/epoch_loss", "train/epoch_accuracy", "val/loss"} < set(run.values)
    assert "train/epoch_lr" not in run.values and "lr" not in run.values


def test_gradients_rates_changed_by_hand_and_several_metrics_of_a_training() -> None:
    first, *others = train_events()
    steps: list[Event | EventArrays] = [
        replace(event, val_metrics={"accuracy": 0.5, "F1 (macro)": 0.4}) if isinstance(event, EpochEvent) else event
        for event in others
    ]
    steps[5:5] = [GradientEvent(4, 2.5, {"0": 1.0, "1": 2.0}), RateEvent(5, 0.5, 0.5, 0.02, "by hand")]
    run = told(train_job(), [first, *steps])
    assert [(step, value) for step, _, value in run.values["train/gradient_norm"]] == [(4, 2.5)]
    assert run.values["train/gradient_norm_group_1"][0][2] == 2.0
    assert [(step, value) for step, _, value in run.values["train/lr_factor"]] == [(5, 0.5)]
    assert [value for *_, value in run.values["val/F1_macro"]] == [0.4, 0.4]
    assert [value for *_, value in run.values["val/accuracy"]] == [0.5, 0.5], "one number of one name"


def test_a_race_has_a_part_for_each_training() -> None:
    job, events = RUNS["race"]
    run = told(job(), [*events()])
    assert run.values == {} and [part.name for part in run.parts] == ["lr 1e-2", "lr 1e-1"]
    good, broken = run.parts
    assert good.parameters == {"max_lr": RATES[0], "round": 1}
    assert len(good.values["train/loss"]) == 10
    assert good.values["val/loss"] == [(9, pytest.approx(0.09), 0.2)]
    assert good.values["val/accuracy"][0][2] == 0.9
    assert broken.ending is not None and broken.ending.end.reason == EndReason.DIVERGED
    assert math.isinf(broken.values["val/loss"][0][2])


def test_without_validation_data_a_race_does_not_speak_of_a_validation_loss() -> None:
    job, events = RUNS["race"]
    first, *others = events()
    run = told(job(), [replace(first, val_size=0), *others])  # type: ignore[type-var]
    assert "train/final_loss" in run.parts[0].values and "val/loss" not in run.parts[0].values


@pytest.mark.parametrize("kind", RUNS)
def test_a_log_that_is_read_in_pieces_says_the_same(kind: str, tmp_path: Path) -> None:
    with LogReader(write_logs(tmp_path)[kind]) as reader:
        read = [piece for pieces in reader for piece in pieces]
    job, events = RUNS[kind]
    run, other = told(job(), read), told(job(), [*events()])
    assert run.values == other.values
    assert [part.values for part in run.parts] == [part.values for part in other.parts]


def test_of_a_long_run_every_nth_step_is_told() -> None:
    run = told(sweep_job(), [*sweep_events()], most=60)  # two sweeps of 120 steps
    assert [step for step, *_ in run.values["sweep/loss"]] == list(range(0, STEPS, 4))
    assert len(told(train_job(), [*train_events()], most=10).values["val/loss"]) == 2, "epochs are never left out"


def test_many_steps_are_one_call() -> None:
    run = told(train_job(), [BatchEvent(0, step, 0.1, 1.0, 0.1 * step) for step in range(5000)])
    assert run.calls == 1


def test_a_metric_is_called_by_its_name_as_every_tracker_takes_it() -> None:
    first, *others = train_events()
    named = replace(first, metric_name="F1 (macro), %")  # type: ignore[type-var]
    steps = [replace(each, metric=0.5) if isinstance(each, BatchEvent) else each for each in others]
    assert "train/F1_macro" in told(train_job(), [named, *steps]).values


def test_a_run_that_ends_before_its_task_is_known_is_told_all_the_same() -> None:
    run = told(Job(), [EndEvent(EndReason.FAILED, "No such file.")])
    assert run.ending is not None and run.ending.failed and run.values == {}
    assert run.parameters["start_lr"] == 1e-6


def test_the_settings_of_the_other_kinds_are_left_out() -> None:
    assert "around" not in parameters_of(Job(kind=RunKind.TRAIN)) and "max_lr" in parameters_of(Job(kind=RunKind.TRAIN))
    model = replace(Job(), task=replace(Job().task, model_options={"width": 8}))
    assert parameters_of(model)["model.width"] == 8
