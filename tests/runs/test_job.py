from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings
from lrgui.runs.job import Job
from lrgui.tasks.spec import TaskSpec


def test_round_trip_through_json() -> None:
    job = Job("train", TaskSpec(optimizer="adam", subset=100), SweepSettings(steps=17), TrainSettings(epochs=2))
    assert Job.from_dict(json.loads(json.dumps(job.to_dict()))) == job


def test_unknown_keys_are_ignored_and_missing_ones_default() -> None:
    assert Job.from_dict({"future": 1, "task": {"augment": True}}) == Job()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (None, "The job must be an object with named fields, not nothing."),
        ({"task": {"batch_size": "many"}}, "The job's task's batch_size must be an integer, not 'many'."),
    ],
)
def test_bad_types_raise_a_sentence(data: object, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        Job.from_dict(data)
    assert str(caught.value) == sentence


def test_validate_asks_the_task_and_the_config_in_use() -> None:
    broken = Job(task=TaskSpec(optimizer="sgdd"), sweep=SweepSettings(steps=0), train=TrainSettings(epochs=0))
    assert [problem.field for problem in broken.validate()] == ["optimizer", "steps"]
    assert [p.field for p in Job("train", sweep=SweepSettings(steps=0)).validate()] == []
    assert [p.field for p in Job("dance").validate()] == ["kind"]
    assert Job().validate() == []


def test_trainings_and_races_make_their_steps_as_the_sweep_does() -> None:
    loop = {"accumulation": 2, "clip_grad_norm": 1.5, "amp": "bf16"}
    job = Job(sweep=SweepSettings(**loop), train=TrainSettings(max_lr=0.3, pct_start=0.2))  # type: ignore[arg-type]
    training, race = job.training(), job.verification()
    assert training == replace(job, kind="train", train=TrainSettings(max_lr=0.3, pct_start=0.2, **loop))  # type: ignore[arg-type]
    assert race == replace(job, kind="race", race=RaceSettings(around=0.3, pct_start=0.2, **loop))  # type: ignore[arg-type]


def test_numbers_that_are_not_finite_are_a_problem_of_every_job() -> None:
    """A log and the settings hold all configs, and JSON has no such numbers."""
    for odd in (math.inf, -math.inf, math.nan):
        broken = Job(
            task=TaskSpec(source="task", path=__file__, optimizer="own", options={"scale": odd, "width": 3}),
            sweep=SweepSettings(stop_factor=odd),
            train=TrainSettings(div_factor=odd),
            race=RaceSettings(octaves=odd, clip_grad_norm=odd),
        )
        fields = {"options.scale", "stop_factor", "div_factor", "octaves", "clip_grad_norm"}
        for kind in ("sweep", "train", "race"):
            assert {problem.field for problem in replace(broken, kind=kind).validate()} == fields
        mended, told = broken.mended()
        assert mended == Job(task=replace(broken.task, options={"width": 3})) and mended.validate() == []
        assert [problem.field for problem in told] == ["stop_factor", "options.scale"]
        json.dumps(mended.to_dict(), allow_nan=False)


def test_a_job_that_can_be_is_not_mended() -> None:
    job = Job("train", TaskSpec(optimizer="adam"), SweepSettings(steps=17), TrainSettings(epochs=2))
    assert job.mended() == (job, [])
