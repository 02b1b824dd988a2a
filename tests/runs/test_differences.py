"""What tells runs apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lrgui.core.run_settings import SweepSettings, TrainSettings
from lrgui.runs.differences import Difference, alike_but_seed, differences, distinct_names, told_apart
from lrgui.runs.job import Job
from lrgui.tasks.spec import TaskSpec

NOON = datetime(2026, 11, 30, 12, 0, 5).astimezone()


def _trained(lr: float = 1e-2, seed: int = 0, **changes: object) -> Job:
    return Job("train", TaskSpec(seed=seed), train=replace(TrainSettings(max_lr=lr), **changes))  # type: ignore[arg-type]


def test_only_what_differs_is_named() -> None:
    jobs = [_trained(1e-3), _trained(3e-3)]
    assert differences(jobs) == [Difference("Max LR", ("1e-3", "3e-3"))]
    assert distinct_names(jobs) == ["max LR 1e-3", "max LR 3e-3"]
    assert differences([jobs[0], jobs[0]]) == []


def test_seeds_come_last_and_are_no_difference_between_repeats() -> None:
    jobs = [_trained(1e-3, 0), _trained(1e-3, 1), _trained(3e-3, 0)]
    assert [each.label for each in differences(jobs)] == ["Max LR", "Seed"]
    assert distinct_names(jobs)[1] == "max LR 1e-3 · seed 1"
    assert alike_but_seed(jobs[0]) == alike_but_seed(jobs[1]) != alike_but_seed(jobs[2])


def test_a_sweeps_steps_are_no_trainings() -> None:
    jobs = [Job(sweep=SweepSettings(steps=100)), _trained(steps=40)]
    assert [each.label for each in differences(jobs)] == ["Kind"]
    assert distinct_names(jobs) == ["Sweep", "Training"]
    found = {each.label: each.values for each in differences([*jobs, _trained(steps=50)])}
    assert found["Steps"] == ("–", "40", "50"), "only of the kind in which they differ"


def test_optimizers_without_their_settings_where_that_is_enough() -> None:
    sgd, adam, slow = (TaskSpec(), TaskSpec(optimizer="adam"), TaskSpec(momentum=0.5))
    assert distinct_names([Job(task=sgd), Job(task=adam)]) == ["SGD", "Adam"]
    assert distinct_names([Job(task=sgd), Job(task=slow)]) == ["SGD, momentum 0.9", "SGD, momentum 0.5"]


def test_settings_of_the_model_and_the_number_of_examples() -> None:
    jobs = [Job(task=TaskSpec(model="mlp", model_options={"width": 32}, subset=100)), Job(task=TaskSpec(model="mlp"))]
    found = {each.label: each.values for each in differences(jobs)}
    assert found["Examples"] == ("100", "all") and len(found) == 2
    assert len(set(distinct_names(jobs))) == 2


def test_further_settings_only_where_it_takes_them() -> None:
    told = distinct_names([_trained(1e-3, epochs=3), _trained(3e-3, epochs=4)])
    assert told == ["max LR 1e-3", "max LR 3e-3"]
    assert distinct_names([_trained(epochs=3), _trained(epochs=4)]) == [
        "SGD, momentum 0.9 · epochs 3",
        "SGD, momentum 0.9 · epochs 4",
    ]


def test_two_of_the_same_minute_have_seconds() -> None:
    later = [NOON, NOON.replace(second=40), NOON.replace(minute=3)]
    names = told_apart(["SGD"] * 3, later, now=NOON)
    assert names == ["SGD · 12:00:05", "SGD · 12:00:40", "SGD · 12:03"]
    assert told_apart(["SGD", "Adam"], later[:2], now=NOON) == ["SGD", "Adam"]
    assert told_apart(["SGD", "SGD"], [NOON, NOON], now=NOON) == ["SGD · 12:00:05 (1)", "SGD · 12:00:05 (2)"]
    assert told_apart(["SGD", "SGD"], [None, None]) == ["SGD (1)", "SGD (2)"]
