"""What a task file wants the form to begin with."""

from __future__ import annotations

import pytest

from lrgui.core.options import Scalar
from lrgui.runs.defaults import apply_defaults
from lrgui.runs.job import Job
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.task_outline import Outline


def applied(job: Job | None = None, optimizer: bool = False, **defaults: Scalar) -> tuple[Job, list[str]]:
    return apply_defaults(job or Job(), Outline(defaults=defaults, has_optimizer=optimizer))


def test_every_part_of_a_job() -> None:
    job, sentences = applied(
        batch_size=16,
        subset=None,
        loader_workers=2,
        seed=4,
        start_lr=1e-5,
        end_lr=10,
        steps=50,
        accumulation=2,
        amp="bf16",
        epochs=3,
        max_lr=0.5,
        pct_start=0.2,
    )
    assert sentences == []
    assert (job.task.batch_size, job.task.subset, job.task.loader_workers, job.task.seed) == (16, None, 2, 4)
    assert (job.sweep.start_lr, job.sweep.end_lr, job.sweep.steps) == (1e-5, 10.0, 50)
    assert (job.train.epochs, job.train.max_lr) == (3, 0.5)
    assert (job.sweep.accumulation, job.sweep.amp, job.train.pct_start) == (2, "bf16", 0.2)
    assert isinstance(job.sweep.end_lr, float)


def test_the_own_optimizer_wins_unless_another_is_named() -> None:
    assert applied(optimizer=True)[0].task.optimizer == "own"
    job, sentences = apply_defaults(Job(), Outline(defaults={"optimizer": "AdamW"}, has_optimizer=True))
    assert (job.task.optimizer, sentences) == ("adamw", [])
    # What another task's optimizer was is of no use here.
    assert applied(Job(task=TaskSpec(optimizer="own")))[0].task.optimizer == "sgd"
    assert applied(Job(task=TaskSpec(optimizer="adam")))[0].task.optimizer == "adam"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "batch_size",
            "many",
            "The task's default for batch_size must be an integer, not 'many'; it was not",
        ),
        ("batch_size", 0, "The task's default for batch_size was not used: A batch of 0 cannot be made"),
        ("steps", True, "The task's default for steps must be an integer, not True; it was not used."),
        ("amp", "fp8", "The task's default for amp was not used: Precision cannot be “fp8”."),
        ("start_lr", 3.0, "The task's default for start_lr was not used: The last learning rate (1) is not above"),
        ("optimizer", "sgdm", "The task's default for optimizer was not used: Unknown optimizer “sgdm”."),
        ("epoch", 3, "The task's defaults contain “epoch”, which is not a setting. Did you mean “epochs”?"),
        ("zzz", 3, "The task's defaults contain “zzz”, which is not a setting. Available: batch_size, "),
    ],
)
def test_what_cannot_be_used_is_said_and_left_out(name: str, value: Scalar, words: str) -> None:
    job, sentences = apply_defaults(Job(), Outline(defaults={name: value, "seed": 5}))
    assert len(sentences) == 1
    assert sentences[0].startswith(words)
    assert job == Job(task=TaskSpec(seed=5))


def test_values_that_are_wrong_only_together() -> None:
    job, sentences = applied(start_lr=1e-2, end_lr=1e-3)
    assert (job.sweep.start_lr, job.sweep.end_lr) == (1e-2, 1.0)
    assert len(sentences) == 1


def test_a_problem_of_the_job_itself_is_nobody_elses() -> None:
    before = Job(task=TaskSpec(source="task", path="", momentum=3.0))
    job, sentences = applied(before, batch_size=8)
    assert (job.task.batch_size, sentences) == (8, [])


def test_a_name_that_sweep_and_training_share_goes_where_its_value_can_be() -> None:
    job, sentences = applied(schedule="cosine", warmup=0.2, label_smoothing=0.1)
    assert (job.train.schedule, job.train.warmup, job.sweep.schedule) == ("cosine", 0.2, "exponential")
    assert job.sweep.label_smoothing == 0.1 and sentences == []
    job, sentences = applied(schedule="linear")
    assert (job.sweep.schedule, job.train.schedule) == ("linear", "onecycle"), "both know it: it is the sweep's"
    assert sentences == []
    _, (sentence,) = applied(schedule="wave")
    assert "Schedule cannot be “wave”" in sentence
