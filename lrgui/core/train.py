"""Training with OneCycle: the chosen rate at work."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import torch
from torch import nn

from lrgui.core.batches import to_device
from lrgui.core.config import TrainConfig
from lrgui.core.control import Control
from lrgui.core.events import BatchEvent, EndEvent, EpochEvent, Event
from lrgui.core.learning_rate import short_lr
from lrgui.core.pausing import Stopwatch, held
from lrgui.core.stopping import TrainWatch

Criterion = Callable[[Any, Any], torch.Tensor]
"""Takes the model's output and the target, returns the scalar loss."""
Correct = Callable[[Any, Any], int]
"""Takes the model's output and the target, returns how many examples are right."""


class SizedLoader(Protocol):
    """A loader that can be iterated again and knows how many batches it has."""

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...


def one_cycle_scheduler(
    optimizer: torch.optim.Optimizer, config: TrainConfig, total_steps: int, ratios: Sequence[float] | None = None
) -> torch.optim.lr_scheduler.OneCycleLR:
    """torch's OneCycleLR as configured; with `ratios`, one for each parameter group, groups differ in their rate.

    Momentum is cycled only where it is in use: torch sets `momentum` even where it is 0, which would silently
    turn plain SGD into SGD with momentum, and raises for optimizers that have none.
    """
    cycles = all(group.get("momentum", 0) > 0 or "betas" in group for group in optimizer.param_groups)
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


def train(
    model: nn.Module,
    loader: SizedLoader,
    optimizer: torch.optim.Optimizer,
    criterion: Criterion,
    config: TrainConfig,
    control: Control | None = None,
    *,
    validation: Iterable[Any] | None = None,
    correct: Correct | None = None,
    device: torch.device | str = "cpu",
) -> Iterator[Event]:
    """Train `model` and yield its events; the last one is always an `EndEvent`.

    Batches are `(inputs, targets)`. The trained weights stay in the model, each module's train/eval mode is
    put back. A loss that is not finite, or stays far above its start, ends the training with the advice to take
    a tenth of the rate.
    """
    control = control or Control()
    modes = {module: module.training for module in model.modules()}
    per_epoch = len(loader)
    if per_epoch == 0:
        raise ValueError("The training data has no batch: use more examples or a smaller batch size.")
    scheduler = one_cycle_scheduler(optimizer, config, per_epoch * config.epochs)
    watch = TrainWatch(config.max_lr)
    clock = Stopwatch()
    clock.start()
    step, first, best, lr = 0, math.nan, math.inf, math.nan
    try:
        for epoch in range(1, config.epochs + 1):
            model.train()
            seen, right = 0, 0
            total = 0.0
            for inputs, targets in loader:
                yield from held(control, clock)
                if control.cancelled:
                    yield EndEvent(
                        "cancelled", f"Stopped in epoch {epoch} of {config.epochs}; what was measured stays."
                    )
                    return
                inputs, targets = to_device((inputs, targets), device)
                lr = float(optimizer.param_groups[0]["lr"])
                optimizer.zero_grad()
                output = model(inputs)
                value = criterion(output, targets)
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
                if step < per_epoch * config.epochs:  # the scheduler has no step after its last
                    scheduler.step()
                count = len(targets)
                seen += count
                total += number * count
                if correct is not None:
                    right += correct(output.detach(), targets)
            val_loss, val_accuracy = None, None
            if validation is not None:
                val_loss, val_accuracy = evaluate(model, validation, criterion, correct, device)
            accuracy = right / seen if correct is not None else None
            yield EpochEvent(epoch, total / seen, val_loss, accuracy, val_accuracy, lr, clock.seconds)
            stop = watch.epoch(total / seen)
            if stop is not None:
                yield EndEvent(stop.reason, stop.detail)
                return
            best = min(best, val_loss if val_loss is not None else total / seen)
        yield EndEvent("completed", _summary(config, first, best))
    finally:
        for module, training in modes.items():
            module.training = training


@torch.no_grad()
def evaluate(
    model: nn.Module,
    loader: Iterable[Any],
    criterion: Criterion,
    correct: Correct | None,
    device: torch.device | str,
) -> tuple[float, float | None]:
    """Mean loss over the examples and, where `correct` is given, the share of right answers (0…1)."""
    model.eval()
    total, right, seen = 0.0, 0, 0
    for batch in loader:
        inputs, targets = to_device(batch, device)
        output = model(inputs)
        count = len(targets)
        total += criterion(output, targets).item() * count
        right += correct(output, targets) if correct is not None else 0
        seen += count
    return total / max(seen, 1), right / max(seen, 1) if correct is not None else None


def _summary(config: TrainConfig, first: float, best: float) -> str:
    epochs = f"{config.epochs} epoch{'s' if config.epochs != 1 else ''}"
    if not math.isfinite(best) or best > first - 0.05 * abs(first):
        return (
            f"All {epochs} were trained, but the loss hardly fell (best {best:.3g}, start {first:.3g}): the network "
            f"may have died at too high a rate. Try max LR {short_lr(config.max_lr / 10, 2)}, or more epochs."
        )
    return f"All {epochs} were trained with max LR {short_lr(config.max_lr, 2)}; best loss {best:.3g}."
