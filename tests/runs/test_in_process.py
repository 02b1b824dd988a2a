from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lrgui.core.control import Control
from lrgui.core.events import (
    BatchEvent,
    CandidateEvent,
    EndEvent,
    EpochEvent,
    OutputEvent,
    StandingEvent,
    StateEvent,
    SweepEndEvent,
    TaskEvent,
)
from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings
from lrgui.runs import in_process
from lrgui.runs.event_source import EventSource
from lrgui.runs.in_process import InProcess, run_job
from lrgui.runs.job import Job, switched
from lrgui.runs.launch import ChildProcess
from lrgui.runs.records import Records
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.rows import OWN

SHORT = Job(task=TaskSpec(device="cpu"), sweep=SweepSettings(steps=5, stop_factor=0))


def test_a_sweep_from_start_to_end() -> None:
    events = list(run_job(SHORT))
    assert [type(event) for event in events[:3]] == [StateEvent, TaskEvent, StateEvent]
    task = events[1]
    assert isinstance(task, TaskEvent)
    assert (task.train_size, task.val_size, task.classes, task.steps) == (1347, 450, 10, 5)
    assert (task.device, task.parameters) == ("cpu", 3818)
    batches = [event for event in events if isinstance(event, BatchEvent)]
    assert [event.step for event in batches] == [0, 1, 2, 3, 4]
    assert events[-1] == EndEvent("completed", "All 5 steps measured, from 1e-6 to 1.")


def test_repeats_start_from_the_same_weights_with_another_order() -> None:
    events = list(run_job(replace(SHORT, sweep=replace(SHORT.sweep, repeats=3))))
    batches = [[e for e in events if isinstance(e, BatchEvent) and e.sweep == number] for number in range(3)]
    assert [len(sweep) for sweep in batches] == [5, 5, 5]
    alone = [event.loss for event in run_job(SHORT) if isinstance(event, BatchEvent)]
    assert [event.loss for event in batches[0]] == alone  # the first is the same sweep as without repeats
    assert len({sweep[0].loss for sweep in batches}) == 3  # other batches
    assert max(sweep[0].loss for sweep in batches) < 2.5  # fresh weights each time: near log 10
    assert [(e.sweep, e.reason) for e in events if isinstance(e, SweepEndEvent)] == [
        (number, "completed") for number in range(3)
    ]
    known = [(e.guessing, e.uniform) for e in events if isinstance(e, SweepEndEvent)]
    assert all(
        guessing == pytest.approx(2.3, abs=0.2) and uniform == pytest.approx(math.log(10))
        for guessing, uniform in known
    )
    assert [event for event in events if isinstance(event, EndEvent)] == [events[-1]]
    assert events[-1].reason == "completed" and "3 sweeps" in events[-1].detail


def test_a_repeat_has_the_order_of_its_seed() -> None:
    third = replace(SHORT, task=replace(SHORT.task, seed=2), sweep=replace(SHORT.sweep, repeats=2))
    once = [e.loss for e in run_job(third) if isinstance(e, BatchEvent) and e.sweep == 1]
    again = [e.loss for e in run_job(third) if isinstance(e, BatchEvent) and e.sweep == 1]
    assert once == again


def test_repeats_can_be_cancelled_and_keep_the_whole_ones() -> None:
    control, events = Control(), []
    for event in run_job(replace(SHORT, sweep=replace(SHORT.sweep, repeats=3)), control):
        events.append(event)
        if isinstance(event, BatchEvent) and (event.sweep, event.step) == (1, 2):
            control.cancel()
    assert isinstance(events[-1], EndEvent) and events[-1].reason == "cancelled" and "sweep 2 of 3" in events[-1].detail
    assert [event.sweep for event in events if isinstance(event, SweepEndEvent)] == [0]
    records = Records.of(events)
    assert [len(record) for record in records.all] == [5, 3] and len(records) == 8
    assert [len(curve) for curve in records.curves()] == [5]


def test_a_training_from_start_to_end() -> None:
    job = Job("train", TaskSpec(device="cpu", subset=200), train=TrainSettings(epochs=2))
    events = list(run_job(job))
    task = next(event for event in events if isinstance(event, TaskEvent))
    assert (task.batches_per_epoch, task.steps) == (3, 6)
    assert len([event for event in events if isinstance(event, BatchEvent)]) == 6
    assert [event.epoch for event in events if isinstance(event, EpochEvent)] == [1, 2]
    assert isinstance(events[-1], EndEvent) and events[-1].reason == "completed"


def test_a_race_from_start_to_end() -> None:
    job = Job("race", TaskSpec(device="cpu", subset=256), race=RaceSettings(around=0.1, rates=3, steps=16))
    events = list(run_job(job))
    task = next(event for event in events if isinstance(event, TaskEvent))
    assert task.steps == job.race.total_steps() == 3 * (4 + 8 + 16)
    assert len([event for event in events if isinstance(event, CandidateEvent)]) == task.steps
    standings = [event for event in events if isinstance(event, StandingEvent)]
    assert all(event.metric is not None and 0 < event.metric <= 1 and event.loss < 5 for event in standings)
    assert isinstance(events[-1], EndEvent) and events[-1].reason == "completed"


def test_the_same_seed_gives_the_same_losses() -> None:
    first, second = ([e.loss for e in run_job(SHORT) if isinstance(e, BatchEvent)] for _ in range(2))
    assert first == second and all(map(math.isfinite, first))


def test_a_job_with_problems_fails_with_their_sentences() -> None:
    events = list(run_job(Job(task=TaskSpec(optimizer="sgdd"), sweep=SweepSettings(steps=1))))
    end = events[-1]
    assert isinstance(end, EndEvent) and end.reason == "failed"
    assert "Unknown optimizer “sgdd”." in end.detail and "Steps cannot be “1”" in end.detail


def test_an_error_in_the_task_becomes_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(spec: TaskSpec) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(in_process, "build_task", broken)
    output, end = list(run_job(SHORT))[-2:]
    assert isinstance(output, OutputEvent) and output.stream == "traceback" and "broken" in output.text
    assert isinstance(end, EndEvent) and "half the batch size (32)" in end.detail


def test_both_sources_are_sources() -> None:
    sources: list[EventSource] = [InProcess(SHORT), ChildProcess(SHORT)]
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


@pytest.mark.parametrize("amp", [None, "bf16"])
def test_a_race_validates_in_the_precision_of_its_trainings(amp: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def looked_at(output: torch.Tensor, target: torch.Tensor) -> float:
        seen.append(torch.is_autocast_enabled("cpu"))
        return 1.0

    monkeypatch.setattr("lrgui.tasks.data.digits.accuracy", looked_at)
    race = RaceSettings(around=0.1, rates=3, steps=8, rounds=1, amp=amp)
    events = list(run_job(Job("race", TaskSpec(device="cpu", subset=256), race=race)))
    assert isinstance(events[-1], EndEvent) and events[-1].reason == "completed"
    assert seen and set(seen) == {amp is not None}


@pytest.mark.parametrize(
    ("optimizer", "own", "chosen", "end"),
    [
        ("def optimizer(params): return torch.optim.SGD(params, lr=20)", 20.0, True, 200.0),
        ("def optimizer(params, lr=3): return torch.optim.SGD(params, lr)", 3.0, True, 30.0),
        ("optimizer = torch.optim.Adadelta", 1.0, False, 10.0),
        ("def optimizer(params, lr): return torch.optim.SGD(params, lr)", None, True, None),
    ],
)
def test_a_range_that_nobody_chose_follows_the_tasks_own_optimizer(
    tmp_path: Path, optimizer: str, own: float | None, chosen: bool, end: float | None
) -> None:
    file = tmp_path / "task.py"
    file.write_text(
        "import torch\nmodel = torch.nn.Linear(2, 1)\n"
        "train_loader = [(torch.ones(4, 2), torch.ones(4, 1))] * 3\nloss = torch.nn.functional.mse_loss\n" + optimizer
    )
    job = switched(SHORT, "task", str(file))
    job = replace(job, task=replace(job.task, optimizer=OWN, device="cpu"))
    records = Records.of(run_job(job))
    task = records.first.task
    assert task is not None, records.first.end
    assert (task.own_lr, task.own_chosen, task.end_lr) == (own, chosen, end)
    assert records.first.lr[-1] == pytest.approx(end or 1.0)
    reading = records.read(job.sweep)
    assert (reading.own is None) == (own is None)
    set_by_hand = Records.of(run_job(replace(job, sweep=job.sweep.with_given({"end_lr": 1.0})))).first
    assert set_by_hand.lr[-1] == 1 and set_by_hand.task is not None and set_by_hand.task.end_lr is None


OPTIONS = {"label_smoothing": 0.1, "decay_norms": False, "deterministic": True}


@pytest.mark.parametrize("kind", ["sweep", "train", "race"])
def test_what_torch_offers_for_every_step_is_on_for_the_run_alone(kind: str) -> None:
    small = TaskSpec(model="mlp", subset=128, device="cpu")
    configs = {
        "sweep": SweepSettings(steps=12, repeats=2, **OPTIONS),
        "train": TrainSettings(epochs=1, **OPTIONS),
        "race": RaceSettings(steps=8, trainings=3, **OPTIONS),
    }
    seen = []
    for event in run_job(Job(kind, small, **{kind: configs[kind]})):
        seen.append(event)
        if isinstance(event, BatchEvent | CandidateEvent):
            assert torch.are_deterministic_algorithms_enabled()
    assert seen[-1].reason in ("completed", "diverged"), seen[-1]
    notes = [event.text for event in seen if isinstance(event, OutputEvent)]
    assert any("of at most one dimension (biases, norms) have no weight decay." in note for note in notes)
    assert next(event for event in seen if isinstance(event, TaskEvent)).optimizer_groups == 2
    assert not torch.are_deterministic_algorithms_enabled()


def test_an_option_that_the_task_cannot_have_is_said_in_a_sentence() -> None:
    task = TaskSpec(source="diabetes", model="mlp", device="cpu")
    end = list(run_job(Job("train", task, train=TrainSettings(label_smoothing=0.1))))[-1]
    assert isinstance(end, EndEvent) and end.reason == "failed"
    assert "Label smoothing needs a loss that has it" in end.detail
