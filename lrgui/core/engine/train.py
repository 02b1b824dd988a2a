"""Training with OneCycle: the chosen rate at work."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from lrgui.core.control import Control
from lrgui.core.engine.bad_batches import Look, Suspects, bad_batch
from lrgui.core.engine.batches import NO_BATCH, batch_size, endless, is_one_shot, length, one_pass, to_device
from lrgui.core.engine.modes import has_modes, kept_in_eval, to_eval_mode, to_train_mode
from lrgui.core.engine.objective import Objective
from lrgui.core.engine.param_groups import free_rates, inside, largest, ratios
from lrgui.core.engine.pausing import Stopwatch, held
from lrgui.core.engine.precision import MOST_SKIPS, autocast, overflowed, scaler_for
from lrgui.core.engine.snapshot import Snapshot
from lrgui.core.engine.step import Stepper
from lrgui.core.engine.stopping import Stop, TrainWatch
from lrgui.core.engine.team import Team
from lrgui.core.events import ACCURACIES, BatchEvent, EndEvent, EndReason, EpochEvent, Event
from lrgui.core.formats import format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import TrainSettings

_MISSING = object()

#: The way out where an epoch has no end.
STEPS = "say how many steps to train (Steps in the window, --steps on the command line)"


def one_cycle_scheduler(
    optimizer: torch.optim.Optimizer, config: TrainSettings, total_steps: int
) -> torch.optim.lr_scheduler.OneCycleLR:
    """torch's OneCycleLR as configured, on the rates as they are now: parameter groups keep their ratio.

    Schedule-free optimizers keep their first beta: they read the weights off it.
    """
    inner = inside(optimizer) or optimizer
    pct_start = config.pct_start
    if pct_start * total_steps == 1.0:  # a warm-up of no step at all: torch divides by its length
        pct_start *= 1 - 1e-12
    free_rates(optimizer.param_groups)
    return torch.optim.lr_scheduler.OneCycleLR(
        inner,
        max_lr=[config.max_lr * ratio for ratio in ratios(optimizer.param_groups)],
        total_steps=total_steps,
        pct_start=pct_start,
        anneal_strategy="cos",
        div_factor=config.div_factor,
        final_div_factor=config.final_div_factor,
        cycle_momentum=_has_momentum(inner) and not has_modes(optimizer),
    )


def _has_momentum(optimizer: torch.optim.Optimizer) -> bool:
    """True where a momentum (or first beta) is in use in all groups, under the name by which torch would cycle it.

    torch sets it even where it is 0, which would silently turn plain SGD into SGD with momentum, and raises for
    optimizers that have none among their defaults.
    """
    if "betas" in optimizer.defaults:
        found = [(group.get("betas") or (0,))[0] for group in optimizer.param_groups]
    else:
        found = [group.get("momentum") for group in optimizer.param_groups if "momentum" in optimizer.defaults]
    return bool(found) and all(one is not None and one > 0 for one in found)


def batches_in(loader: Iterable[Any]) -> int:
    """How many batches a pass over `loader` has; one that does not know is gone through once.

    Raises ValueError, with a sentence, where there is none, or where the loader runs once only.
    """
    if is_one_shot(loader):
        raise ValueError(
            "A training reads the batches once per epoch, but this loader is an iterator that can be read only once: "
            f"return a DataLoader or a list, or {STEPS}."
        )
    count = length(loader)
    if count is None:
        count = sum(1 for _ in one_pass(loader, "training", f", or {STEPS}"))
    if count == 0:
        raise ValueError(NO_BATCH)
    return count


def steps_per_epoch(batches: int, accumulation: int) -> int:
    """Optimizer steps of a pass over so many batches: the last one takes what is left."""
    return -(-batches // accumulation)


def planned_steps(config: TrainSettings, per_pass: int) -> int:
    """Optimizer steps of the whole training, where a pass over the loader has so many batches."""
    return sum(steps_per_epoch(batches, config.accumulation) for batches in config.batches_of_epochs(per_pass))


def train(
    model: nn.Module,
    loader: Iterable[Any],
    optimizer: torch.optim.Optimizer,
    objective: Objective,
    config: TrainSettings,
    control: Control | None = None,
    *,
    validation: Iterable[Any] | None = None,
    metric_name: str = "accuracy",
    per_epoch: int | None = None,
    device: torch.device | str = "cpu",
) -> Iterator[Event]:
    """Train `model` and yield its events, one `BatchEvent` for each optimizer step; the last is always an `EndEvent`.

    The trained weights stay in the model, each module's train/eval mode is put back. A loss that is not finite,
    or stays far above its start, ends the training with the advice to take a tenth of the rate, unless it is not finite
    with the first weights either: then its batch is to blame. The first state is kept for that look, in memory.
    Parameter groups keep the ratio of their rates; the events' rate is that of the largest.

    Args:
        metric_name: what the objective's metric is; "accuracy" is a share, 0…1. A metric that is a mapping names
            itself: its first entry counts.
        per_epoch: batches of a pass over `loader`, where the caller knows it. What it gives beyond that is left out.
            Of no meaning where the config has `steps`.
    """
    control = control or Control()
    device = torch.device(device)
    modes = {module: module.training for module in model.modules()}
    in_eval = kept_in_eval(model)
    per_pass = 0 if config.steps is not None else per_epoch or batches_in(loader)
    epochs = config.batches_of_epochs(per_pass)
    total_steps = planned_steps(config, per_pass)
    scaler = scaler_for(config.amp, device)
    start = Snapshot(model, optimizer, scaler=scaler, loss=objective.loss)
    scheduler = one_cycle_scheduler(optimizer, config, total_steps)
    stepper = Stepper(
        model,
        optimizer,
        objective.loss,
        device,
        Team(),
        config,
        scaler=scaler,
        first=start.add_behind,
    )
    suspects = Suspects(1)  # each loss is looked at before anything is learned from its batch

    @contextmanager
    def at_first() -> Iterator[Callable[[Any], float]]:
        with start.for_a_moment():
            to_train_mode(model, in_eval, optimizer)
            yield lambda batch: stepper.only_loss(to_device(batch, device))

    watch = TrainWatch(config.max_lr)
    clock = Stopwatch()
    clock.start()
    step, skipped, first, best, lr = 0, 0, math.nan, math.inf, math.nan
    try:
        batches = endless(loader) if config.steps is not None else iter(())
        for epoch, per_epoch in enumerate(epochs, 1):
            to_train_mode(model, in_eval, optimizer)
            trained = Means(metric_name)
            batches, left = batches if config.steps is not None else iter(loader), per_epoch
            while left > 0:
                yield from held(control, clock)
                lr = largest(optimizer.param_groups)
                stepper.batches = min(config.accumulation, left)
                loss, count = _forward(stepper, batches, trained, objective, device, control, suspects)
                if control.cancelled:
                    yield EndEvent(
                        EndReason.CANCELLED,
                        f"Stopped in epoch {epoch} of {len(epochs)}; everything measured so far is kept.",
                    )
                    return
                if count == 0:  # fewer than the loader's length says
                    break
                left -= count
                first = loss if step == 0 else first
                stop = watch.push(loss)
                yield BatchEvent(0, step, lr, loss, clock.seconds)
                if stop is not None:
                    yield _to_blame(stop, suspects, at_first(), step) or EndEvent(stop.reason, stop.detail)
                    return
                step += 1
                if stepper.step():
                    skipped = 0
                    if step < total_steps:  # the scheduler has no step after its last
                        scheduler.step()
                else:
                    skipped += 1
                    if skipped == MOST_SKIPS:
                        yield EndEvent(EndReason.DIVERGED, f"Training diverged: {overflowed(lr)}. {watch.advice}")
                        return
            else:
                if config.steps is None:
                    next(batches, None)  # what a loader does after its last batch: count its epochs, shuffle anew
            if left == per_epoch:
                stepper.refuse_nothing()
                yield _no_batch(epoch)
                return
            held_out = None
            if validation is not None:
                held_out = evaluate(model, validation, objective, device, metric_name, config.amp, optimizer)
                held_out = None if held_out.empty else held_out  # a mean over nothing would be the best of all
            yield _epoch(epoch, trained, held_out, lr, clock.seconds)
            stop = watch.epoch(trained.loss)
            if stop is not None:
                yield EndEvent(stop.reason, stop.detail)
                return
            best = min(best, trained.loss if held_out is None else held_out.loss)
        yield EndEvent(EndReason.COMPLETED, _summary(config, first, best))
    finally:
        if has_modes(optimizer):
            to_eval_mode(model, optimizer)  # the weights that such a training is made for
        for module, training in modes.items():
            module.training = training
        start.close()


def _to_blame(stop: Stop, suspects: Suspects, look: Look, measured: int) -> EndEvent | None:
    """How the training ended where its last loss was not finite whatever the rate; None where the rate broke it."""
    return bad_batch(suspects.found(look, measured)) if stop.reason == EndReason.NOT_FINITE else None


def _forward(
    stepper: Stepper,
    batches: Iterator[Any],
    trained: Means,
    objective: Objective,
    device: torch.device,
    control: Control,
    suspects: Suspects,
) -> tuple[float, int]:
    """The loss of an optimizer step, the mean over its batches, and how many there were; each is added to `trained`.

    Fewer than the step takes where the data end, and once the run is cancelled. Not finite as soon as one of them is:
    what comes after it says nothing.
    """
    total, count = 0.0, 0
    while count < stepper.batches and not control.cancelled:
        batch = next(batches, _MISSING)
        if batch is _MISSING:
            if count:
                stepper.cut(count)
            break
        suspects.add(batch)
        batch = to_device(batch, device)
        value = stepper.forward(batch, count)
        if value is None:
            continue
        loss = value.item()
        total += loss
        count += 1
        if not math.isfinite(loss):
            break
        trained.add(loss, objective.measured() if objective.has_metric else None, batch_size(batch))
    return total / max(count, 1), count


def _no_batch(epoch: int) -> EndEvent:
    """The end of a training whose loader gave nothing in an epoch. Raises ValueError in the first one."""
    if epoch == 1:
        raise ValueError(NO_BATCH)
    return EndEvent(
        EndReason.DATA_ENDED, f"The data ended after epoch {epoch - 1}, and its loader cannot be restarted."
    )


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
    def empty(self) -> bool:
        """True before the first batch."""
        return self._seen == 0

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
    amp: str | None = None,
    optimizer: torch.optim.Optimizer | None = None,
) -> Means:
    """Mean loss and metric over the examples, with the model in eval mode, in which it stays.

    `amp` is the precision of the training, as in `TrainSettings`. A schedule-free `optimizer` gives the model its
    averaged weights. Batches without a loss are left out. Raises ValueError, with a sentence, for batches
    that do not come to an end.
    """
    to_eval_mode(model, optimizer)
    means = Means(metric_name)
    precision = autocast(amp, torch.device(device))
    for batch in one_pass(loader, "validation"):
        batch = to_device(batch, device)
        with precision:
            loss, metric = objective.both(model, batch)
        if loss is None:
            continue
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


def _summary(config: TrainSettings, first: float, best: float) -> str:
    done = "The epoch was" if config.epochs == 1 else f"All {config.epochs} epochs were"
    done = done if config.steps is None else f"All {config.steps:,} steps were"
    if not math.isfinite(best) or best > first - 0.05 * abs(first):
        return (
            f"{done} trained, but the loss hardly fell (best {format_loss(best)}, start {format_loss(first)}). "
            f"Where the sweep falls at higher rates, max LR {format_lr(config.max_lr)} is too low, or the "
            f"epochs too few; else the network may have died at too high a rate: try {format_lr(config.max_lr / 10)}."
        )
    return f"{done} trained with max LR {format_lr(config.max_lr)}; best loss {format_loss(best)}."
