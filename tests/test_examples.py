"""The examples are tasks that work: each passes its check, is swept, and learns something."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lrgui.core.events import BatchEvent, CheckEvent, EndEvent, EpochEvent, Event
from lrgui.runs.defaults import apply_defaults
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job, switched
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.rows import TASK

FOLDER = Path(__file__).parents[1] / "examples" / "tasks"
NEEDS = {"hugging_face": "transformers", "lightning_module": "lightning"}
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


def job_of(name: str) -> Job:
    """The example as the window would run it, with its own defaults."""
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    path = str(FOLDER / f"{name}.py")
    found = outline(path)
    assert found.problem is None, found.problem
    job, unused = apply_defaults(switched(Job(task=TaskSpec(device="cpu")), TASK, path), found)
    assert unused == []
    assert job.validate() == []
    return job


def ending(events: list[Event]) -> EndEvent:
    assert isinstance(events[-1], EndEvent)
    return events[-1]


def test_there_are_five() -> None:
    assert NAMES == ["custom_loop", "hugging_face", "images", "lightning_module", "table"]


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_its_check(name: str) -> None:
    events = list(run_job(replace(job_of(name), kind="check")))
    bad = [event for event in events if isinstance(event, CheckEvent) and event.state in ("bad", "warning")]
    assert bad == []
    assert ending(events).reason == "completed"


@pytest.mark.parametrize("name", NAMES)
def test_its_sweep_shows_where_it_learns(name: str) -> None:
    job = job_of(name)
    sweep = replace(job.sweep, steps=100)
    events = list(run_job(replace(job, sweep=sweep)))
    assert ending(events).reason in ("completed", "diverged")
    losses = np.array([event.loss for event in events if isinstance(event, BatchEvent)])
    start, lowest = losses[:10].mean(), np.convolve(losses, np.ones(5) / 5, "valid").min()
    assert lowest < 0.9 * start


@pytest.mark.parametrize("name", ["images", "table"])
def test_its_training_has_a_metric(name: str) -> None:
    job = job_of(name)
    train = replace(job.train, epochs=1, max_lr=1e-2)
    events = list(run_job(replace(job, kind="train", train=train)))
    (epoch,) = [event for event in events if isinstance(event, EpochEvent)]
    if name == "images":
        assert epoch.val_accuracy is not None and epoch.val_accuracy > 0.3
    else:
        assert epoch.metric_name == "mean error"
        assert epoch.val_metric is not None and 0 < epoch.val_metric < 5
