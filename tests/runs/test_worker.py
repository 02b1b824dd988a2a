"""The real worker with torch: slow to start, so few tests with much in each."""

from __future__ import annotations

import sys
import time

import pytest
from processes import batches_of, end_of, long_job, read

from lrgui.core.config import SweepConfig, TrainConfig
from lrgui.core.events import EpochEvent, Event, StateEvent, TaskEvent
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess, SparePool
from lrgui.tasks.spec import TaskSpec


def test_a_sweep_in_the_child_measures_what_a_sweep_here_measures() -> None:
    job = Job(task=TaskSpec(device="cpu"), sweep=SweepConfig(steps=30, stop_factor=0))
    child = ChildProcess(job)
    there, here = read(child), list(run_job(job))
    assert [(e.step, e.lr) for e in batches_of(there)] == [(e.step, e.lr) for e in batches_of(here)]
    # The number of threads may differ, and with it the last digits.
    losses = [e.loss for e in batches_of(here)]
    assert [e.loss for e in batches_of(there)] == pytest.approx(losses, rel=1e-3)
    assert end_of(there) == end_of(here)
    assert [e for e in there if isinstance(e, TaskEvent)] == [e for e in here if isinstance(e, TaskEvent)]
    assert set(child.facts) == {"torch", "python", "threads"}


def test_a_warm_worker_trains_at_once() -> None:
    pool = SparePool()
    pool.warm()
    time.sleep(0.1)
    child = pool.take()
    child.submit(Job("train", TaskSpec(device="cpu"), train=TrainConfig(epochs=1)))
    events = read(child)
    pool.close()
    assert end_of(events).reason == "completed"
    (epoch,) = (event for event in events if isinstance(event, EpochEvent))
    assert epoch.val_accuracy is not None and epoch.val_accuracy > 0.2


def test_pause_resume_and_cancel_reach_the_engine() -> None:
    child = ChildProcess(long_job())
    events: list[Event] = []
    asked = []
    for chunk in child.chunks():
        events += chunk
        states = [event.state for event in events if isinstance(event, StateEvent)]
        if not asked and len(batches_of(events)) > 5:
            asked.append("pause")
            child.pause()
        elif asked == ["pause"] and states[-1] == "paused":
            asked.append("resume")
            child.resume()
        elif asked == ["pause", "resume"] and states[-1] == "running":
            asked.append("cancel")
            child.cancel()
    assert [event.state for event in events if isinstance(event, StateEvent)][-3:] == [
        "running",
        "paused",
        "running",
    ]
    assert end_of(events).reason == "cancelled" and "Stopped after" in end_of(events).detail


def test_a_job_with_problems_is_refused_with_their_sentences() -> None:
    events = read(ChildProcess(Job(task=TaskSpec(model="transformer"))))
    assert "no model “transformer”" in end_of(events).detail


def test_nothing_heavy_is_imported_before_the_guard() -> None:
    import subprocess

    code = "import lrgui.runs.worker, sys; print([m for m in ('torch', 'numpy', 'json') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
