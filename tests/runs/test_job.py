from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings
from lrgui.runs.job import Job, switched
from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.rows import OWN


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


BEFORE = Job(
    task=replace(
        TaskSpec(),
        source="task",
        model="",
        path="/home/me/task.py",
        optimizer=OWN,
        options={"width": 3},
        model_options={"depth": 2},
        subset=7,
        batch_size=100_000,
        seed=5,
    )
)


@pytest.mark.parametrize("key", [key for key, row in SOURCES.items() if row.path is None or row.path.default])
def test_every_source_that_needs_no_file_can_be_trained_at_once(key: str) -> None:
    job = switched(BEFORE, key)
    assert [problem for problem in job.validate() if problem.field != "batch_size"] == []
    assert job.task.path == ""
    assert job.task.options == {}
    assert job.task.model_options == {}
    assert job.task.optimizer == "sgd"
    assert job.task.model == next(iter(SOURCES[key].models))
    assert job.task.seed == 5
    assert job.sweep == BEFORE.sweep
    for name, value in SOURCES[key].defaults.items():
        assert getattr(job.task, name) == value


def test_a_batch_is_never_larger_than_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "digits", replace(SOURCES["digits"], defaults={}))
    assert switched(BEFORE, "digits").task.batch_size == 1347


def test_code_keeps_its_own_optimizer_and_has_no_model() -> None:
    job = switched(BEFORE, "task", "/home/me/other.py")
    assert (job.task.optimizer, job.task.model, job.task.path) == (OWN, "", "/home/me/other.py")


def test_a_model_can_be_named() -> None:
    assert switched(BEFORE, "digits", model="mlp").task.model == "mlp"
