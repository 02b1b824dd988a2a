"""Settings say what is wrong with them and what would be right."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings

SWEEP = [
    *(("start_lr", value) for value in (0.0, -1e-3, math.nan, math.inf)),
    *(("end_lr", value) for value in (0.0, -1.0, math.nan, math.inf, 1e-6, 1e-9)),
    *(("steps", value) for value in (1, 0, -5, 1_000_001)),
    *(("beta", value) for value in (-0.1, 1.0, 1.5, math.nan)),
    *(("stop_factor", value) for value in (1.0, 0.5, -4.0, math.nan, math.inf)),
    *(("schedule", value) for value in ("", "cosine")),
    *((name, value) for name in ("batches_per_lr", "accumulation") for value in (0, -1, 1_000_001)),
    *(("clip_grad_norm", value) for value in (0.0, -1.0, 2e6, math.nan, math.inf)),
    *(("start_lr", value) for value in (1e-16, 1e-30)),
    *(("end_lr", value) for value in (1e9, 1e30)),
    ("stop_factor", 1e5),
    *(("amp", value) for value in ("", "fp8")),
    *(("repeats", value) for value in (0, -1, 51)),
]
TRAIN = [
    *(("max_lr", value) for value in (0.0, -0.1, 1e9, math.nan, math.inf)),
    *((name, 1e7) for name in ("div_factor", "final_div_factor")),
    *(("epochs", value) for value in (0, -1, 100_001)),
    *(("pct_start", value) for value in (0.0, 1.0, -0.3, math.nan)),
    *(("div_factor", value) for value in (0.5, 0.0, math.nan, math.inf)),
    *(("final_div_factor", value) for value in (0.5, -1.0, math.nan, math.inf)),
]


def test_the_defaults_are_the_documented_ones_and_valid() -> None:
    sweep, train = SweepSettings(), TrainSettings()
    usual = {"start_lr": 1e-6, "end_lr": 1.0, "steps": 200, "beta": 0.98, "stop_factor": 4.0, "repeats": 1}
    usual |= {"schedule": "exponential", "batches_per_lr": 1, "accumulation": 1, "clip_grad_norm": None, "amp": None}
    usual |= {"end_chosen": False, "planned_schedule": None, "planned_steps": None}
    usual |= {"planned_epochs": None, "length_usual": False}
    usual |= {"label_smoothing": 0.0, "decay_norms": True, "compile": False, "deterministic": False}
    assert dataclasses.asdict(sweep) == usual
    assert (train.epochs, train.pct_start, train.div_factor, train.final_div_factor) == (12, 0.3, 10.0, 100.0)
    assert sweep.validate() == [] and train.validate() == []


@pytest.mark.parametrize(("field", "value"), SWEEP)
def test_every_bad_sweep_setting_is_named_with_what_and_fix(field: str, value: Any) -> None:
    (problem,) = SweepSettings(**{field: value}).validate()
    assert problem.field == field
    assert problem.what.endswith(".") and problem.fix.endswith(".")
    assert str(problem) == f"{problem.what} {problem.fix}"


@pytest.mark.parametrize(("field", "value"), TRAIN)
def test_every_bad_training_setting_is_named_with_what_and_fix(field: str, value: Any) -> None:
    (problem,) = TrainSettings(**{field: value}).validate()
    assert problem.field == field
    assert problem.what.endswith(".") and problem.fix.endswith(".")


@pytest.mark.parametrize(("field", "value"), [("steps", 2), ("beta", 0.0), ("stop_factor", 0.0), ("stop_factor", 1.01)])
def test_the_borders_are_allowed(field: str, value: Any) -> None:
    assert SweepSettings(**{field: value}).validate() == []


def test_a_training_to_come_has_one_length() -> None:
    (problem,) = SweepSettings(planned_steps=500, planned_epochs=12).validate()
    assert problem.field == "planned_epochs"
    assert str(problem) == "The training to come has two lengths, 500 steps and 12 epochs. Give one of them."


def test_a_length_that_is_given_takes_the_place_of_the_other() -> None:
    usual = SweepSettings(planned_epochs=12, length_usual=True)
    given = usual.with_given({"planned_steps": 500})
    assert (given.planned_steps, given.planned_epochs, given.length_usual) == (500, None, False)
    back = given.with_given({"planned_epochs": 3, "beta": 0.9})
    assert (back.planned_steps, back.planned_epochs, back.beta) == (None, 3, 0.9)
    assert usual.with_given({"beta": 0.9}).length_usual


def test_several_problems_are_all_said() -> None:
    problems = SweepSettings(start_lr=-1, steps=0, beta=2).validate()
    assert [p.field for p in problems] == ["start_lr", "steps", "beta"]


RACE = [
    *(("around", value) for value in (0.0, -0.1, math.nan, math.inf)),
    *(("rates", value) for value in (2, 0, 34)),
    *(("octaves", value) for value in (0.0, -1.0, 5.0, math.nan)),
    *(("steps", value) for value in (7, 1_000_001)),
    *(("rounds", value) for value in (0, 9)),
    *(("pct_start", value) for value in (0.0, 1.0)),
    *(("div_factor", value) for value in (0.5, math.nan)),
    *(("accumulation", value) for value in (0, 1_000_001)),
    *(("clip_grad_norm", value) for value in (0.0, math.nan)),
    ("amp", "fp8"),
]


def test_the_defaults_of_a_race_are_valid() -> None:
    assert RaceSettings().validate() == []


@pytest.mark.parametrize(("field", "value"), RACE)
def test_a_race_names_the_field_that_cannot_be_used(field: str, value: Any) -> None:
    (problem,) = dataclasses.replace(RaceSettings(), **{field: value}).validate()
    assert problem.field == field
    assert problem.what.endswith(".") and problem.fix.endswith(".")
