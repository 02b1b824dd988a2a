"""Training with OneCycle: the chosen rate at work."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import torch
from torch import nn

from lrgui.core.batches import batch_size, is_one_shot, to_device
from lrgui.core.config import TrainConfig
from lrgui.core.control import Control
from lrgui.core.events import ACCURACIES, BatchEvent, EndEvent, EpochEvent, Event
from lrgui.core.learning_rate import short_lr
from lrgui.core.objective import Objective
from lrgui.core.pausing import Stopwatch, held
from lrgui.core.stopping import TrainWatch

#: A loader without a length that gives more in one pass is taken for one that never ends.
MOST_BATCHES = 100_000


def one_cycle_scheduler(
    optimizer: torch.optim.Optimizer, config: TrainConfig, total_steps: int, ratios: Sequence[float] | None = None
) -> torch.optim.lr_scheduler.OneCycleLR:
    """torch's OneCycleLR as configured; with `ratios`, one for each parameter group, groups differ in their rate.

    Momentum is cycled only where it is in use: torch sets `momentum` even where it is 0, which would silently
    turn plain SGD into SGD with momentum, and raises for optimizers that have none.
    """
    # torch asks the defaults, and would raise where the groups alone have a momentum.
    cycles = not optimizer.defaults.keys().isdisjoint(("momentum", "betas"))
    cycles = cycles and all(group.get("momentum", 0) > 0 or "betas" in group for group in optimizer.param_groups)
    pct_start = config.pct_start
    if pct_start * total_steps == 1.0:  # a warm-up of no step at all: torch divides by its length
        pct_start *= 1 - 1e-12
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=config.max_lr if ratios is None else [config.max_lr * ratio for ratio in ratios],
        total_steps=total_steps,
        pct_start=pct_start,
        anneal_strategy="cos",
        div_factor=config.div_factor,
        final_div_factor=config.final_div_factor,
        cycle_momentum=cycles,
    )


def batches_in(loader: Iterable[Any]) -> int:
    """How many batches a pass over `loader` has; one that does not know is gone through once.

    Raises ValueError, with a sentence, where there is none, or where the loader runs once only.
    """
    if is_one_shot(loader):
        raise ValueError(
            "A training goes through the batches once per epoch, but this loader is an iterator that runs once: "
            "return a DataLoader or a list."
        )
    try:
        count = len(loader)  # type: ignore[arg-type]
    except TypeError:
        count = sum(1 for _ in islice(loader, MOST_BATCHES + 1))
        if count > MOST_BATCHES:
            raise ValueError(
                "The training batches do not come to an end: give the loader a length, or data that end."
            ) from None
    if count == 0:
        raise ValueError("The training data has no batch: use more examples or a smaller batch size.")
    return count


def train(
    model: nn.Module,
    loader: Iterable[Any],
    optimizer: torch.optim.Optimizer,
    objective: Objective,
    config: TrainConfig,
    control: Control | None = None,
    *,
    validation: Iterable[Any] | None = None,
    metric_name: str = "accuracy",
    per_epoch: int | None = None,
    device: torch.device | str = "cpu",
) -> Iterator[Event]:
    """Train `model` and yield its events; the last one is always an `EndEvent`.

    The trained weights stay in the model, each module's train/eval mode is put back. A loss that is not finite,
    or stays far above its start, ends the training with the advice to take a tenth of the rate.

    Args:
        metric_name: what the objective's metric is; "accuracy" is a share, 0…1. A metric that is a mapping names
            itself: its first entry counts.
        per_epoch: batches of a pass over `loader`, where the caller knows it.
    """
    control = control or Control()
    modes = {module: module.training for module in model.modules()}
    per_epoch = per_epoch or batches_in(loader)
    total_steps = per_epoch * config.epochs
    scheduler = one_cycle_scheduler(optimizer, config, total_steps)
    watch = TrainWatch(config.max_lr)
    clock = Stopwatch()
    clock.start()
    step, first, best, lr = 0, math.nan, math.inf, math.nan
    try:
        for epoch in range(1, config.epochs + 1):
            model.train()
            trained = Means(metric_name)
            for batch in loader:
                yield from held(control, clock)
                if control.cancelled:
                    yield EndEvent(
                        "cancelled", f"Stopped in epoch {epoch} of {config.epochs}; what was measured stays."
                    )
                    return
                batch = to_device(batch, device)
                lr = float(optimizer.param_groups[0]["lr"])
                optimizer.zero_grad()
                value = objective.loss(model, batch)
                number = value.item()
                first = number if step == 0 else first
                stop = watch.push(number)
                yield BatchEvent(0, step, lr, number, clock.seconds)
                if stop is not None:
                    yield EndEvent(stop.reason, stop.detail)
                    return
                value.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                step += 1
                if step < total_steps:  # the scheduler has no step after its last
                    scheduler.step()
                trained.add(number, objective.measured() if objective.has_metric else None, batch_size(batch))
            held_out = None if validation is None else evaluate(model, validation, objective, device, metric_name)
            yield _epoch(epoch, trained, held_out, lr, clock.seconds)
            stop = watch.epoch(trained.loss)
            if stop is not None:
                yield EndEvent(stop.reason, stop.detail)
                return
            best = min(best, trained.loss if held_out is None else held_out.loss)
        yield EndEvent("completed", _summary(config, first, best))
    finally:
        for module, training in modes.items():
            module.training = training


def first_of(metric: Any) -> Any:
    """A metric's number: the first of several, None where there is none."""
    return next(iter(metric.values()), None) if isinstance(metric, Mapping) else metric


class Means:
    """Means over the examples: of the loss, and of the metric where there is one."""

    def __init__(self, metric_name: str) -> None:
        self.name = metric_name
        self._loss = self._metric = 0.0
        self._seen = self._measured = 0

    def add(self, loss: float, metric: Any, count: int) -> None:
        """Take in one batch of `count` examples."""
        self._loss += loss * count
        self._seen += count
        if isinstance(metric, Mapping):
            self.name = str(next(iter(metric), self.name))
        metric = first_of(metric)
        if metric is not None:
            self._metric += float(metric) * count
            self._measured += count

    @property
    def loss(self) -> float:
        """The mean loss."""
        return self._loss / max(self._seen, 1)

    @property
    def metric(self) -> float | None:
        """The mean metric, None where none was given."""
        return self._metric / self._measured if self._measured else None

    @property
    def is_accuracy(self) -> bool:
        """True where the metric is a share of right answers."""
        return self.name in ACCURACIES


@torch.no_grad()
def evaluate(
    model: nn.Module,
    loader: Iterable[Any],
    objective: Objective,
    device: torch.device | str,
    metric_name: str = "accuracy",
) -> Means:
    """Mean loss and metric over the examples, with the model in eval mode, in which it stays.

    Raises ValueError, with a sentence, for batches that do not come to an end.
    """
    model.eval()
    means = Means(metric_name)
    for number, batch in enumerate(loader):
        if number == MOST_BATCHES:
            raise ValueError("The validation batches do not come to an end: give the loader data that end.")
        batch = to_device(batch, device)
        loss, metric = objective.both(model, batch)
        means.add(float(loss), metric, batch_size(batch))
    return means


def _epoch(epoch: int, trained: Means, held_out: Means | None, lr: float, seconds: float) -> EpochEvent:
    """What an epoch came to: an accuracy has a place of its own, any other metric goes by its name."""
    own, other = trained.metric, None if held_out is None else held_out.metric
    val_loss = None if held_out is None else held_out.loss
    named = trained if own is not None or held_out is None else held_out
    if named.is_accuracy or (own is None and other is None):
        return EpochEvent(epoch, trained.loss, val_loss, own, other, lr, seconds)
    return EpochEvent(epoch, trained.loss, val_loss, None, None, lr, seconds, own, other, named.name or "metric")


def _summary(config: TrainConfig, first: float, best: float) -> str:
    done = "The epoch was" if config.epochs == 1 else f"All {config.epochs} epochs were"
    if not math.isfinite(best) or best > first - 0.05 * abs(first):
        return (
            f"{done} trained, but the loss hardly fell (best {best:.3g}, start {first:.3g}): the network "
            f"may have died at too high a rate. Try max LR {short_lr(config.max_lr / 10, 2)}, or more epochs."
        )
    return f"{done} trained with max LR {short_lr(config.max_lr, 2)}; best loss {best:.3g}."
