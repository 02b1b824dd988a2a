"""What snippets are made of in these tests, and what sees the rates of a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lrgui.core.curve.plan import USUAL
from lrgui.core.events import TaskEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.optimizers import OPTIMIZERS
from lrgui.core.run_settings import SweepSettings
from lrgui.export.snippets import Facts, facts_of_job
from lrgui.runs.job import Job
from lrgui.runs.record import Record
from lrgui.tasks.spec import TaskSpec

#: A rate with two digits, as they are recommended.
LR = 3.2e-2
#: The same for a warm-up with decay, which is all that some packages have, as it is written.
WARMUP = float(format_lr(LR * USUAL.share("warmup")))
BATCH, BATCHES, EPOCHS = 8, 5, 3
STEPS = BATCHES * EPOCHS
DRAWN = torch.Generator().manual_seed(0)
INPUTS = torch.randn(BATCH * BATCHES, 4, generator=DRAWN)
LABELS = torch.randint(0, 2, (BATCH * BATCHES,), generator=DRAWN)


def facts(optimizer: str = "sgd", known: bool = True, loop: dict[str, Any] | None = None, **settings: Any) -> Facts:
    """A sweep's; `known`: how long the training is planned."""
    job = Job(task=TaskSpec(optimizer=optimizer, batch_size=BATCH, **settings), sweep=SweepSettings(**(loop or {})))
    job = replace(job, train=replace(job.train, epochs=EPOCHS))
    return facts_of_job(LR, job, Record.of([event()]), chosen=False, trains=known)


def planned(said: Facts, **plan: Any) -> Facts:
    """The same with another plan."""
    return replace(said, plan=replace(said.plan, **plan))


def event(**more: Any) -> TaskEvent:
    """What a run says of its task."""
    return TaskEvent("a task", "", len(INPUTS), 0, 58, 2, "cpu", BATCHES, 200, **more)


def loader() -> DataLoader[Any]:
    return DataLoader(TensorDataset(INPUTS, LABELS), batch_size=BATCH)


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))


def run(text: str, **names: Any) -> dict[str, Any]:
    """Execute a snippet with the names that it says the code around it provides; returns all names afterwards."""
    exec(compile(text, "snippet", "exec"), names)
    return names


def provided(text: str) -> list[str]:
    """The names that a snippet says the code around it provides."""
    line = next((line for line in text.splitlines() if line.startswith("# Your code provides: ")), "")
    return line.removeprefix("# Your code provides: ").removesuffix(".").split(", ") if line else []


def rates_of(optimizer: torch.optim.Optimizer, step: Callable[[], None], steps: int) -> list[float]:
    """The rate of each step, where `step` moves the schedule."""
    seen = []
    for _ in range(steps):
        seen.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        step()
    return seen


class Watch:
    """Sees the rate and the first momentum of each step of an optimizer."""

    def __init__(self, optimizer: torch.optim.Optimizer | None = None) -> None:
        self.rates: list[float] = []
        self.momenta: list[float] = []
        if optimizer is not None:
            self.on(optimizer)

    def on(self, optimizer: torch.optim.Optimizer) -> None:
        optimizer.register_step_pre_hook(self._look)

    def _look(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        group = optimizer.param_groups[0]
        self.rates.append(float(group["lr"]))
        self.momenta.append(float(group["betas"][0] if "betas" in group else group.get("momentum", 0.0)))


def reaches(rates: list[float], top: float = LR, share: float = 0.9) -> bool:
    """The highest of few steps is close to the rate, and none is above it."""
    return share * top <= max(rates) <= top * (1 + 1e-6)


#: What a schedule changes or leaves in a group.
CYCLED = ("params", "lr", "initial_lr", "max_lr", "max_lr_snapshot", "min_lr")
CYCLED += ("momentum", "base_momentum", "max_momentum", "betas")
TORCHS = [key for key, row in OPTIMIZERS.items() if row.dotted and hasattr(torch.optim, row.label)]
