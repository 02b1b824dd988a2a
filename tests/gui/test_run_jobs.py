"""What a run would run, and which fields keep it from starting."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lrgui.core.run_settings import SweepSettings, TrainSettings
from lrgui.gui.run_jobs import Unread, job_of
from lrgui.runs.job import JOB_KINDS, Job
from lrgui.tasks.spec import TaskSpec

JOB = Job(
    "train",
    TaskSpec(model="mlp"),
    SweepSettings(accumulation=2, clip_grad_norm=1.0, amp="bf16"),
    TrainSettings(max_lr=0.02, pct_start=0.4, div_factor=10),
)


@pytest.mark.parametrize("kind", ["sweep", "check"])
def test_most_runs_take_the_settings_as_they_are(kind: str) -> None:
    assert job_of(kind, JOB) == replace(JOB, kind=kind)


def test_a_comparison_is_made_of_sweeps_and_what_lies_aside_is_the_digits() -> None:
    assert job_of("compare", JOB) == replace(JOB, kind="sweep")
    assert job_of("aside", JOB) == Job()


def test_a_race_trains_as_a_training_would_around_the_selection() -> None:
    job = job_of("race", JOB)
    race = job.race
    assert (job.kind, job.validate()) == ("race", [])
    assert (race.around, race.pct_start, race.div_factor, race.final_div_factor) == (
        0.02,
        0.4,
        10,
        JOB.train.final_div_factor,
    )
    assert (race.accumulation, race.clip_grad_norm, race.amp) == (2, 1.0, "bf16")


def test_a_training_makes_its_steps_as_the_sweep_does() -> None:
    training = job_of("train", JOB)
    assert training == replace(JOB, train=replace(JOB.train, accumulation=2, clip_grad_norm=1.0, amp="bf16"))


def test_every_kind_of_run_is_a_kind_of_job() -> None:
    assert {job_of(kind, JOB).kind for kind in ("sweep", "compare", "aside", "train", "race", "check")} == {*JOB_KINDS}


def test_only_fields_that_a_run_uses_keep_it_from_starting() -> None:
    unread = Unread()
    unread.set("sweep", "start_lr", "From is not a number.")
    unread.set("train", "epochs", "Epochs is not a number.")
    assert unread.that_matter("sweep") == unread.that_matter("compare") == ["From is not a number."]
    assert unread.that_matter("race") == ["Epochs is not a number."]
    assert unread.that_matter("check") == unread.that_matter("aside") == []
    unread.set("sweep", "start_lr", "")
    assert unread.that_matter("sweep") == []


def test_how_a_step_is_made_matters_to_trainings_too() -> None:
    unread = Unread()
    unread.set("sweep", "accumulation", "Accumulation is not a number.")
    unread.set("sweep", "repeats", "Repeats is not a number.")
    assert unread.that_matter("train") == unread.that_matter("race") == ["Accumulation is not a number."]
