"""`track=`: what a call runs, in a tracker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from recorded import Memory
from torch import nn

import lrgui
from lrgui.core.events import BatchEvent, EndReason, Event


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    return Memory(monkeypatch)


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(4, 2)


def batches(count: int = 8) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(count, 16, 4, generator=generator)
    return [(each, (each[:, 0] > 0).long()) for each in inputs]


def test_a_sweep_is_recorded_with_its_settings_and_its_result(memory: Memory, model: nn.Module) -> None:
    events: list[Event] = []
    result = lrgui.find_lr(
        model,
        batches(),
        nn.CrossEntropyLoss(),
        torch.optim.SGD,
        steps=40,
        repeats=2,
        progress=False,
        on_event=events.append,
        track="tensorboard",
    )
    ((_, about),) = memory.begun
    (run,) = memory.runs
    assert about.name == "Linear · SGD" and about.file_name.endswith("_Linear-SGD-sweep")
    assert run.parameters["steps"] == 40 and run.parameters["optimizer"] == "SGD"
    assert len(run.values["sweep/loss"]) == len(result.curve)
    assert len(run.parts) == 1 and run.parts[0].ending is not None
    assert sum(isinstance(event, BatchEvent) for event in events) >= 2 * len(result.curve), "the caller hears of all"
    assert run.ending is not None and run.ending.end.reason == result.end.reason
    assert run.ending.numbers.get("recommended_lr") == result.lr
    assert run.ending.files["picture.png"].startswith(b"\x89PNG")


def test_a_race_is_recorded(memory: Memory, model: nn.Module) -> None:
    found = lrgui.verify(
        model, batches(), nn.CrossEntropyLoss(), torch.optim.SGD, lr=0.1, steps=8, progress=False, track=["tensorboard"]
    )
    (run,) = memory.runs
    assert len(run.parts) == len(found.rows) and run.parameters["around"] == 0.1
    assert run.ending is not None and run.ending.words["reason"] == found.reason


def test_a_tracker_that_fails_costs_the_call_nothing(
    memory: Memory, model: nn.Module, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(self: object, *_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("recorded.Remembered.points", fails)
    result = lrgui.find_lr(
        model, batches(), nn.CrossEntropyLoss(), torch.optim.SGD, steps=30, progress=False, track="tensorboard=/tmp/x"
    )
    assert len(result.curve)
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "TensorBoard could not record the run in /tmp/x (No space left on device). The run itself is not affected."
    ]


def test_a_call_that_fails_leaves_a_run_that_says_so(memory: Memory, model: nn.Module) -> None:
    def broken() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        raise RuntimeError("no data today")
        yield

    with pytest.raises(RuntimeError, match="no data today"):
        lrgui.find_lr(
            model, broken, nn.CrossEntropyLoss(), torch.optim.SGD, steps=30, progress=False, track="tensorboard"
        )
    assert [run.ending.end.reason for run in memory.runs if run.ending is not None] == [EndReason.KILLED]


def test_what_is_no_tracker_is_refused_before_anything_runs(model: nn.Module) -> None:
    with pytest.raises(ValueError, match="Unknown tracker “aim”"):
        lrgui.find_lr(model, batches(), nn.CrossEntropyLoss(), progress=False, track="aim")
