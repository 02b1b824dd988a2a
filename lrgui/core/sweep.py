"""The learning-rate sweep: one step per rate, from very small to very large, and everything put back after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import nn

from lrgui.core.batches import endless, to_device
from lrgui.core.config import SweepConfig
from lrgui.core.control import Control
from lrgui.core.events import BatchEvent, EndEvent, Event
from lrgui.core.pausing import Stopwatch, held
from lrgui.core.restore import Snapshot, fresh_batch_norm
from lrgui.core.schedules import exponential
from lrgui.core.stopping import SweepWatch

Loss = Callable[[nn.Module, Any], torch.Tensor]
"""Takes the model and one batch on the device, returns the scalar loss."""


def sweep(
    model: nn.Module,
    loader: Iterable[Any],
    optimizer: torch.optim.Optimizer,
    loss: Loss,
    config: SweepConfig,
    control: Control | None = None,
    *,
    device: torch.device | str = "cpu",
    number: int = 0,
) -> Iterator[Event]:
    """Run one sweep and yield its events; the last one is always an `EndEvent`.

    The loss is recorded before the step, so it belongs to weights that the step's rate has *not yet* touched.
    However the generator ends (also by `close()` or an exception in the model), model, optimizer, BatchNorm
    and random generators are put back. Parameter groups keep the ratio of their learning rates.
    Exceptions of the model or the loader are not caught: the caller knows whose code that was.
    """
    control = control or Control()
    snapshot = Snapshot(model, optimizer)
    # Made outside the `try`: a generator left inside by `close()` must be closed before the state is put back.
    batches = endless(loader)
    watch = SweepWatch(config.steps, config.beta, config.stop_factor)
    rates = exponential(config.start_lr, config.end_lr, config.steps)
    ratios = _ratios(optimizer)
    clock = Stopwatch()
    try:
        model.train()
        with fresh_batch_norm(model):
            for step, lr in enumerate(map(float, rates)):
                yield from held(control, clock)
                if control.cancelled:
                    yield EndEvent(
                        "cancelled", f"Stopped after {step} of {config.steps} steps; what was measured stays."
                    )
                    return
                try:
                    batch = to_device(next(batches), device)
                except StopIteration:
                    yield EndEvent(
                        "data_ended",
                        f"The data ended after {step} of {config.steps} steps, and its loader can't begin again.",
                    )
                    return
                if step == 0:
                    clock.start()
                for group, ratio in zip(optimizer.param_groups, ratios, strict=True):
                    _set_lr(group, lr * ratio)
                optimizer.zero_grad()
                value = loss(model, batch)
                number_now = value.item()
                stop = watch.push(lr, number_now)
                yield BatchEvent(number, step, lr, number_now, clock.seconds)
                if stop is not None:
                    yield EndEvent(stop.reason, stop.detail)
                    return
                value.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        yield EndEvent(
            "completed", f"All {config.steps} steps from {config.start_lr:g} to {config.end_lr:g} were measured."
        )
    finally:
        batches.close()  # type: ignore[attr-defined]
        snapshot.restore()


def _ratios(optimizer: torch.optim.Optimizer) -> list[float]:
    """Each group's learning rate relative to the largest; all 1 where they say nothing."""
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    top = max(rates)
    return [rate / top if top > 0 else 1.0 for rate in rates]


def _set_lr(group: dict[str, Any], lr: float) -> None:
    """Set a group's rate in place where it is a tensor (capturable optimizers hold on to it)."""
    if isinstance(group["lr"], torch.Tensor):
        group["lr"].fill_(lr)
    else:
        group["lr"] = lr
