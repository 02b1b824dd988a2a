from __future__ import annotations

import math

import pytest

from lrgui.core.config import SweepConfig, TrainConfig
from lrgui.core.control import Control
from lrgui.core.events import BatchEvent, EndEvent, EpochEvent, OutputEvent, StateEvent, TaskEvent
from lrgui.runs import in_process
from lrgui.runs.in_process import InProcess, run_job
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.source import Source
from lrgui.tasks.spec import TaskSpec

SHORT = Job(task=TaskSpec(device="cpu"), sweep=SweepConfig(steps=5, stop_factor=0))


def test_a_sweep_from_start_to_end() -> None:
    events = list(run_job(SHORT))
    assert [type(event) for event in events[:3]] == [StateEvent, TaskEvent, StateEvent]
    task = events[1]
    assert isinstance(task, TaskEvent)
    assert (task.train_size, task.val_size, task.classes, task.steps) == (1347, 450, 10, 5)
    assert (task.device, task.parameters) == ("cpu", 3818)
    batches = [event for event in events if isinstance(event, BatchEvent)]
    assert [event.step for event in batches] == [0, 1, 2, 3, 4]
    assert events[-1] == EndEvent("completed", "All 5 steps from 1e-06 to 1 were measured.")


def test_a_training_from_start_to_end() -> None:
    job = Job("train", TaskSpec(device="cpu", subset=200), train=TrainConfig(epochs=2))
    events = list(run_job(job))
    task = next(event for event in events if isinstance(event, TaskEvent))
    assert (task.batches_per_epoch, task.steps) == (3, 6)
    assert len([event for event in events if isinstance(event, BatchEvent)]) == 6
    assert [event.epoch for event in events if isinstance(event, EpochEvent)] == [1, 2]
    assert isinstance(events[-1], EndEvent) and events[-1].reason == "completed"


def test_the_same_seed_gives_the_same_losses() -> None:
    first, second = ([e.loss for e in run_job(SHORT) if isinstance(e, BatchEvent)] for _ in range(2))
    assert first == second and all(map(math.isfinite, first))


def test_a_job_with_problems_fails_with_their_sentences() -> None:
    events = list(run_job(Job(task=TaskSpec(optimizer="sgdd"), sweep=SweepConfig(steps=1))))
    end = events[-1]
    assert isinstance(end, EndEvent) and end.reason == "failed"
    assert "There is no optimizer “sgdd”." in end.detail and "1 steps cannot be swept" in end.detail


def test_an_error_in_the_task_becomes_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(spec: TaskSpec) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(in_process, "build_task", broken)
    output, end = list(run_job(SHORT))[-2:]
    assert isinstance(output, OutputEvent) and output.stream == "traceback" and "broken" in output.text
    assert isinstance(end, EndEvent) and "half the batch size (32)" in end.detail


def test_both_sources_are_sources() -> None:
    sources: list[Source] = [InProcess(SHORT), ChildProcess(SHORT)]
    assert all(callable(source.kill) for source in sources)


def test_the_source_hears_requests() -> None:
    source = InProcess(Job(task=TaskSpec(device="cpu")))
    events = []
    for chunk in source.chunks():
        assert len(chunk) == 1
        events += chunk
        if len(events) == 10:
            source.pause()
            source.resume()
            source.cancel()
            source.kill()
    assert isinstance(events[-1], EndEvent) and events[-1].reason == "cancelled"
    assert len(events) == 11


def test_a_run_cancelled_before_it_starts_measures_nothing() -> None:
    control = Control()
    control.cancel()
    events = list(run_job(SHORT, control))
    assert not any(isinstance(event, BatchEvent) for event in events)
    assert isinstance(events[-1], EndEvent) and events[-1].reason == "cancelled"
