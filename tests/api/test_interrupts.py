"""Ctrl+C at any line of a small call: afterwards everything is as before, to the bit."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import lrgui
from lrgui.integrations import keeping
from lrgui.integrations.keeping import Kept

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Ctrl+C goes to the whole console there")

ROOT = str(Path(lrgui.__file__).parent)
#: Where things are changed and put back, and what of Python's library is in between.
FILES = (
    *(f"{ROOT}/core/engine/{name}.py" for name in ("sweep", "race", "snapshot", "cleanup", "batches", "loader_state")),
    *(f"{ROOT}/core/engine/{name}.py" for name in ("random_state", "running_stats", "modes", "seeding", "team")),
    *(f"{ROOT}/api/{name}.py" for name in ("find", "verify", "request", "setup")),
    contextlib.__file__,
)


class Criterion(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("mean", torch.zeros(1))

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        loss = nn.functional.cross_entropy(output, target)
        self.mean.lerp_(loss.detach(), 0.1)
        return loss * self.scale


class Subject:
    """A model that has begun to learn, and all that a sweep of it uses."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.generator = torch.Generator().manual_seed(3)
        data = TensorDataset(torch.randn(8, 4), torch.arange(8) % 3)
        self.loader = DataLoader(data, batch_size=4, shuffle=True, generator=self.generator)
        self.model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.2))
        self.criterion = Criterion()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.criterion(self.model(data.tensors[0]), data.tensors[1]).backward()
        self.optimizer.step()
        self.model.eval()

    def state(self) -> list[Any]:
        modules = (self.model, self.criterion)
        tensors = [tensor for module in modules for tensor in module.state_dict().values()]
        tensors += [p.grad for module in modules for p in module.parameters() if p.grad is not None]
        tensors += [value for held in self.optimizer.state.values() for value in held.values()]
        return [
            [tensor.numpy().tobytes() for tensor in (*tensors, torch.get_rng_state(), self.generator.get_state())],
            [(m.training, len(m._forward_pre_hooks), getattr(m, "momentum", None)) for m in self.model.modules()],
            [{key: value for key, value in group.items() if key != "params"} for group in self.optimizer.param_groups],
            random.getstate(),
            np.random.get_state()[1].tobytes(),
            signal.getsignal(signal.SIGINT),
        ]


def find(subject: Subject) -> None:
    lrgui.find_lr(
        *(subject.model, subject.loader, subject.criterion, subject.optimizer), steps=2, seed=5, progress=False
    )


def verify(subject: Subject) -> None:
    lrgui.verify(
        *(subject.model, subject.loader, subject.criterion, subject.optimizer),
        **{"lr": 0.1, "steps": 8, "rates": 3, "rounds": 1, "seed": 5, "progress": False},
    )


def lines(
    call: Callable[[Any], None], at: int | None = None, *, subject: Any = None, files: tuple[str, ...] = FILES
) -> Iterator[tuple[str, int]]:
    """The lines that `call` goes through in `files`, in order; Ctrl+C comes before the one with number `at`."""
    passed: list[tuple[str, int]] = []

    def line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            if len(passed) == at:
                sys.settrace(None)
                signal.raise_signal(signal.SIGINT)
            passed.append((frame.f_code.co_filename, frame.f_lineno))
        return line

    before = sys.gettrace()
    sys.settrace(lambda frame, event, _: line if frame.f_code.co_filename in files else None)
    try:
        call(subject or Subject())
    finally:
        sys.settrace(before)
    yield from passed


@pytest.mark.parametrize(("call", "every"), [(find, 7), (verify, 19)], ids=["find", "verify"])
def test_everything_is_as_before_wherever_ctrl_c_comes(call: Callable[[Subject], None], every: int) -> None:
    list(lines(call))  # what is imported or made only once
    passed = list(lines(call))
    # Each line once, where it is passed last: there most is to be put back.
    places = sorted({line: number for number, line in enumerate(passed)}.values())
    assert len(places) > 200
    for at in places[::every]:  # with all of them it takes minutes
        subject = Subject()
        before = subject.state()

        with suppress(KeyboardInterrupt):
            list(lines(call, at, subject=subject))
            pytest.fail(f"Ctrl+C was lost at {passed[at]}")
        assert subject.state() == before, passed[at]


def test_a_step_that_swallows_ctrl_c_can_be_interrupted_again() -> None:
    subject = Subject()
    before = subject.state()
    steps = 0

    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        nonlocal steps
        steps += 1
        with suppress(KeyboardInterrupt):
            if steps == 2:
                signal.raise_signal(signal.SIGINT)
        if steps == 4:
            signal.raise_signal(signal.SIGINT)
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    with pytest.raises(KeyboardInterrupt):
        lrgui.find_lr(
            subject.model, subject.loader, optimizer=subject.optimizer, training_step=step, steps=9, progress=False
        )
    assert steps == 4
    assert subject.state() == before


def test_what_an_integration_has_set_up_is_put_back_wherever_ctrl_c_comes() -> None:
    class Trainer:
        def __init__(self) -> None:
            self.model = nn.Linear(2, 1)
            self.callbacks = ["theirs"]

    def run(trainer: Any) -> None:
        kept = Kept(trainer, trainer.model, within=(__name__,), weights=True)
        with kept, kept:
            trainer.callbacks = []
            trainer.model.weight.data.fill_(7)
            random.random()

    def state(trainer: Any) -> list[Any]:
        return [trainer.callbacks, trainer.model.weight.tolist(), random.getstate(), signal.getsignal(signal.SIGINT)]

    files = (*FILES, keeping.__file__, __file__)
    passed = list(lines(run, files=files, subject=Trainer()))
    for at in range(len(passed)):
        trainer = Trainer()
        before = state(trainer)
        with suppress(KeyboardInterrupt):
            list(lines(run, at, files=files, subject=trainer))
            pytest.fail(f"Ctrl+C was lost at {passed[at]}")
        assert state(trainer) == before, passed[at]
