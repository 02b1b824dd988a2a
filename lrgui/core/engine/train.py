"""Training: the chosen rate at work."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Protocol

import torch
from torch import nn

from lrgui.core.control import Control
from lrgui.core.engine.averaging import AveragedWeights
from lrgui.core.engine.bad_batches import Suspects, bad_batch
from lrgui.core.engine.batches import NO_BATCH, batch_size, to_device
from lrgui.core.engine.dead_network import DeadNetwork
from lrgui.core.engine.early_stopping import EarlyStopping
from lrgui.core.engine.evaluation import Means, evaluate
from lrgui.core.engine.gradients import norm_of
from lrgui.core.engine.live_rate import LiveRate
from lrgui.core.engine.loader_position import Feed
from lrgui.core.engine.modes import has_modes, kept_in_eval, to_eval_mode, to_train_mode
from lrgui.core.engine.objective import Objective
from lrgui.core.engine.param_groups import largest
from lrgui.core.engine.passes import batches_in, planned_steps, steps_per_epoch
from lrgui.core.engine.pausing import Stopwatch, held
from lrgui.core.engine.precision import MOST_SKIPS, overflowed, scaler_for
from lrgui.core.engine.recovery import Recovery
from lrgui.core.engine.schedulers import Schedule
from lrgui.core.engine.snapshot import Snapshot
from lrgui.core.engine.step import Stepper
from lrgui.core.engine.stopping import Stop, TrainWatch
from lrgui.core.engine.team import Team
from lrgui.core.engine.training_state import put_back
from lrgui.core.events import (
    BROKE,
    BatchEvent,
    EndEvent,
    EndReason,
    EpochEvent,
    Event,
    GradientEvent,
    OutputEvent,
    RateEvent,
    ResumeEvent,
    Stream,
)
from lrgui.core.formats import exact_number, format_factor, format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import TrainSettings
from lrgui.core.tensor_file import Contents
from lrgui.core.validation_watch import ValidationWatch

_MISSING = object()
#: Gradients and answers are looked at each so many steps, and at most so many times: beside a small model's step they
#: would show, and so would their lines in a long log.
LOOK_EACH, MOST_LOOKS = 10, 2000


class Keeper(Protocol):
    """Keeps a training's state, so that another process can go on with it. Never raises."""

    def due(self, epoch: bool = False) -> bool:
        """True where the state is to be kept after the next step, or now that an `epoch` is over."""

    def keep(self, training: Training, midway: bool, over: bool = False) -> str:
        """Keep it as it is, `midway` in an epoch or after one, and where the training is `over`. Returns a sentence to
        be told, or an empty text."""

    def keep_best(self, training: Training) -> None:
        """These weights are the best so far."""


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
    keeper: Keeper | None = None,
    resumed: Contents | None = None,
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
        keeper: is given the state again and again.
        resumed: a state that a keeper kept: the training goes on from there. With more epochs than it was planned for
            its schedule begins again for those. Raises ValueError, with a sentence, where it is that of another model.
    """
    training = Training(
        model, loader, optimizer, objective, config, control or Control(), validation, metric_name, torch.device(device)
    )
    training.keeper = keeper
    yield from training.events(per_epoch, resumed)


class Training:
    """The loop of a training, and where it stands."""

    def __init__(
        self,
        model: nn.Module,
        loader: Iterable[Any],
        optimizer: torch.optim.Optimizer,
        objective: Objective,
        config: TrainSettings,
        control: Control,
        validation: Iterable[Any] | None,
        metric_name: str,
        device: torch.device,
    ) -> None:
        self.model = model
        self.loader = loader
        self.optimizer = optimizer
        self.objective = objective
        self.config = config
        self.control = control
        self.validation = validation
        self.metric_name = metric_name
        self.device = device
        self.clock = Stopwatch()
        self.watch = TrainWatch(config.max_lr)
        self.scaler = scaler_for(config.amp, device)
        self.step = 0
        """Optimizer steps that were made."""
        self.total_steps = 0
        self.epoch = 0
        """The epoch that is under way, from 1."""
        self.left = 0
        """Batches that it has still to take."""
        self.trained = Means(metric_name)
        """Of that epoch."""
        self.first, self.best = math.nan, math.inf
        """The first batch's loss; the best of an epoch."""
        self.lr = math.nan
        """The rate of the last step, the largest of the groups'."""
        self.end: EndEvent | None = None
        """How the training ended, once it has."""
        self._skipped = 0  # steps in a row that fp16's scaler left out
        self._in_eval = kept_in_eval(model)
        self._suspects = Suspects(1)  # each loss is looked at before anything is learned from its batch
        self.rate = LiveRate(optimizer)
        self.told = 0
        """Steps that were told: more than were made where some were taken back."""
        self._dead = DeadNetwork(model)
        self._rising = ValidationWatch()
        self.averaged = None if config.ema_decay is None else AveragedWeights(model, config.ema_decay)
        """The average of the weights, which is evaluated and kept, where one is wanted."""
        self._patient = None if config.patience is None else EarlyStopping(model, config.patience)
        self._recovery: Recovery | None = None
        self._look_each = LOOK_EACH
        self.feed = Feed(loader, config.steps is None)
        self.midway = False
        """True for a training that is resumed within an epoch, until it goes on there."""
        self.begun = 0
        """The step with which its schedule began: not the first where the training got more epochs."""
        self.over = False
        """True once it is complete."""
        self.keeper: Keeper | None = None

    def events(self, per_epoch: int | None = None, resumed: Contents | None = None) -> Iterator[Event]:
        """All events of the training, `EndEvent` the last; the arguments as in `train`."""
        config, model = self.config, self.model
        modes = {module: module.training for module in model.modules()}
        per_pass = 0 if config.steps is not None else per_epoch or batches_in(self.loader)
        epochs = config.batches_of_epochs(per_pass)
        self.total_steps = planned_steps(config, per_pass)
        self._start = Snapshot(model, self.optimizer, scaler=self.scaler, loss=self.objective.loss)
        self.scheduler = Schedule(self.optimizer, config, self.total_steps)
        self._stepper = Stepper(
            model,
            self.optimizer,
            self.objective.loss,
            self.device,
            Team(),
            config,
            scaler=self.scaler,
            first=self._start.add_behind,
        )
        self._look_each = max(LOOK_EACH, self.total_steps // MOST_LOOKS)
        if config.recover:
            self._recovery = Recovery(
                model,
                self.optimizer,
                self.scaler,
                self.scheduler,
                self.objective.loss,
                self.rate,
                self.averaged,
            )
            self._recovery.keep(0, 0)
        self.clock.start()
        try:
            if resumed is not None:
                yield from self._go_on(resumed, epochs)
            while self.end is None:
                if self.epoch == len(epochs):
                    self.end = EndEvent(EndReason.COMPLETED, _summary(config, self.first, self.best))
                    break
                self.epoch += 1
                yield from self._one_epoch(epochs[self.epoch - 1], len(epochs))
                if self.end is not None and self.end.reason in BROKE:
                    yield from self._go_back(self.end)
                elif self.end is None and self._recovery is not None and self.watch.good and self._dead.lives:
                    self._recovery.keep(self.step, self.epoch)
            if self.averaged is not None and config.ema_decay is not None and self.end.reason not in BROKE:
                self.averaged.put_in()
                self.end = replace(self.end, detail=f"{self.end.detail} {_averaged_words(config.ema_decay)}")
            if self._patient is not None:
                self.end = replace(self.end, detail=self.end.detail + self._patient.restore(self.epoch))
            if self.end.reason == EndReason.COMPLETED:
                self.over = True
                yield from self._keep(midway=False, over=True)
            yield self.end
        finally:
            if self._recovery is not None:
                self._recovery.close()
            if has_modes(self.optimizer):
                to_eval_mode(model, self.optimizer)  # the weights that such a training is made for
            for module, training in modes.items():
                module.training = training
            self._start.close()

    def _go_on(self, resumed: Contents, epochs: list[int]) -> Iterator[Event]:
        """Go where the training was that `resumed` is of."""
        note = put_back(self, resumed)
        if self.over and self.epoch < len(epochs):  # it got more epochs
            self.over, self.begun = False, self.told
            left = sum(steps_per_epoch(batches, self.config.accumulation) for batches in epochs[self.epoch :])
            self.total_steps = self.step + left
            self.scheduler = Schedule(self.optimizer, self.config, left)
            if self.config.patience is not None:
                self._patient = EarlyStopping(self.model, self.config.patience)
        if self.midway:
            self.epoch -= 1  # the loop counts it again
        if self._recovery is not None:
            self._recovery.schedule = self.scheduler
            self._recovery.keep(self.step, self.epoch)
        yield ResumeEvent(
            self.told, self.epoch, self.told + self.total_steps - self.step, self.clock.seconds, self.begun
        )
        if note:
            yield OutputEvent(note, Stream.NOTE)

    def _keep(self, midway: bool, over: bool = False) -> Iterator[Event]:
        """Let the keeper have the state."""
        note = self.keeper.keep(self, midway, over) if self.keeper is not None else ""
        if note:
            yield OutputEvent(note, Stream.NOTE)

    def _one_epoch(self, batches: int, epochs: int) -> Iterator[Event]:
        """The steps of an epoch and what it came to. Sets `end` where the training is over."""
        to_train_mode(self.model, self._in_eval, self.optimizer)
        if self.midway:  # of an epoch that was begun in another process
            self.midway = False
        else:
            self.trained = Means(self.metric_name)
            if self.config.steps is None:
                self.feed.begin()
            self.left = batches
        while self.left > 0:
            yield from held(self.control, self.clock)
            if self.control.cancelled:
                yield from self._keep(midway=True)
                self.end = self._stopped(epochs)
                return
            yield from self._change_rate()
            due = self.keeper is not None and self.keeper.due()
            if due:
                self.feed.look()
            self._stepper.batches = min(self.config.accumulation, self.left)
            loss, count = self._forward()
            if self.control.cancelled and count < self._stepper.batches:
                self.end = self._stopped(epochs)
                return
            if count == 0:  # fewer than the loader's length says
                break
            self.left -= count
            yield from self._one_step(loss)
            if self.end is not None:
                return
            if due:
                yield from self._keep(midway=True)
        else:
            if self.config.steps is None:
                next(self.feed, None)  # what a loader does after its last batch: count its epochs, shuffle anew
        if self.left == batches:
            self._stepper.refuse_nothing()
            self.end = _no_batch(self.epoch)
            return
        with self._to_look_at():
            held_out = self._evaluated()
        yield _epoch(self.epoch, self.trained, held_out, self.lr, self.clock.seconds)
        with self.rate.planned():
            self.scheduler.epoch(self.trained.loss if held_out is None else held_out.loss)
        stop = self.watch.epoch(self.trained.loss)
        if stop is not None:
            self.end = EndEvent(stop.reason, stop.detail)
            return
        reached = self.trained.loss if held_out is None else held_out.loss
        if self.keeper is not None and reached < self.best:
            with self._to_look_at():
                self.keeper.keep_best(self)
        self.best = min(self.best, reached)
        if held_out is not None:
            yield from self._judge(held_out.loss, epochs)
        if self.end is None and self.control.finishing and self.epoch < epochs:
            detail = f"Stopped after epoch {self.epoch} of {epochs}, as asked; everything measured so far is kept."
            yield from self._keep(midway=False)
            self.end = EndEvent(EndReason.CANCELLED, detail)
        elif self.end is None and self.epoch < epochs and self.keeper is not None and self.keeper.due(epoch=True):
            yield from self._keep(midway=False)

    def _stopped(self, epochs: int) -> EndEvent:
        detail = f"Stopped in epoch {self.epoch} of {epochs}; everything measured so far is kept."
        return EndEvent(EndReason.CANCELLED, detail)

    def _judge(self, val_loss: float, epochs: int) -> Iterator[Event]:
        """Say that the validation loss rises. Sets `end` where it is time to stop."""
        rises = self._rising.push(self.epoch, val_loss)
        with self._to_look_at():
            why = None if self._patient is None else self._patient.push(self.epoch, val_loss)
        if why is not None and self.epoch < epochs:
            detail = f"Stopped early, after epoch {self.epoch} of {epochs}: {why}."
            self.end = EndEvent(EndReason.COMPLETED, detail)
        elif rises is not None:
            yield OutputEvent(rises, Stream.NOTE)

    def _change_rate(self) -> Iterator[Event]:
        """Multiply the rate as it was asked for."""
        while (factor := self.control.take_factor()) is not None:
            self.rate.multiply(factor)
            lr = largest(self.optimizer.param_groups)
            yield RateEvent(self.told, factor, self.rate.factor, lr, "by hand")

    def _go_back(self, end: EndEvent) -> Iterator[Event]:
        """Go back to the last good state at a lower rate, and on from there; `end` stays where that can't be done."""
        before = self.rate.factor
        good = None if self._recovery is None else self._recovery.go_back()
        if good is None:
            if self._recovery is not None and self._recovery.made:
                self.end = replace(end, detail=f"{end.detail} It went back {self._recovery.made} times before.")
            return
        self.end = None
        self.step, self.epoch, self._skipped = good.step, good.epoch, 0
        self.watch.go_on(self.config.max_lr * self.rate.factor)
        self._dead = DeadNetwork(self.model)
        lr = largest(self.optimizer.param_groups)
        factor = self.rate.factor
        yield RateEvent(self.told, factor / before, factor, lr, f"back to {good.words}", good.step)
        why = end.detail.partition(". ")[0]
        yield OutputEvent(f"{why}. Back at {good.words}, LR {format_factor(factor)}.", Stream.NOTE)

    def _look(self) -> Iterator[Event]:
        """Tell how large the gradients are. Sets `end` where the network has died."""
        norms = self._stepper.norms
        if norms is None:
            return
        each, at = [], 0
        for group in self.optimizer.param_groups:
            count = len(group["params"])
            each.append(norm_of(norms[at : at + count]))
            at += count
        groups = {str(i): norm if math.isfinite(norm) else None for i, norm in enumerate(each)}
        yield GradientEvent(self.told - 1, norm_of(norms), groups if len(groups) > 1 else None)
        weights = (p for group in self.optimizer.param_groups for p in group["params"])
        matrices = [norm for p, norm in zip(weights, norms, strict=True) if p.dim() > 1]
        stop = self._dead.look(matrices, self.watch.learned, self.watch.advice)
        if stop is not None:
            self.end = EndEvent(stop.reason, stop.detail)

    def _one_step(self, loss: float) -> Iterator[Event]:
        """Tell the step's loss and learn from it. Sets `end` where the training is over."""
        self.lr = largest(self.optimizer.param_groups)
        self.first = loss if self.step == 0 else self.first
        stop = self.watch.push(loss)
        yield BatchEvent(0, self.told, self.lr, loss, self.clock.seconds, momentum=self.scheduler.momentum)
        self.told += 1
        if stop is not None:
            self.end = self._to_blame(stop) or EndEvent(stop.reason, stop.detail)
            return
        looks = self._stepper.measures_gradients = self.step % self._look_each == 0
        made = self._stepper.step()
        if looks:
            yield from self._look()
        self.step += 1
        if self.end is not None:
            return
        if made:
            self._skipped = 0
            if self.averaged is not None:
                self.averaged.update()
            if self.step < self.total_steps:  # the schedule has no step after its last
                with self.rate.planned():
                    self.scheduler.step()
            return
        self._skipped += 1
        if self._skipped == MOST_SKIPS:
            detail = f"Training diverged: {overflowed(self.lr)}. {self.watch.advice}"
            self.end = EndEvent(EndReason.DIVERGED, detail)

    def _forward(self) -> tuple[float, int]:
        """The loss of an optimizer step, the mean over its batches, and how many there were; each is added to
        `trained`.

        Fewer than the step takes where the data end, and once the run is cancelled. Not finite as soon as one of them
        is: what comes after it says nothing.
        """
        stepper, objective = self._stepper, self.objective
        total, count = 0.0, 0
        while count < stepper.batches and not self.control.cancelled:
            batch = next(self.feed, _MISSING)
            if batch is _MISSING:
                if count:
                    stepper.cut(count)
                break
            self._suspects.add(batch)
            batch = to_device(batch, self.device)
            if count == 0 and self.step % self._look_each == 0:
                with self._dead.listening(batch_size(batch)):
                    value = stepper.forward(batch, count)
            else:
                value = stepper.forward(batch, count)
            if value is None:
                continue
            loss = value.item()
            total += loss
            count += 1
            if not math.isfinite(loss):
                break
            self.trained.add(loss, objective.measured() if objective.has_metric else None, batch_size(batch))
        return total / max(count, 1), count

    def _to_look_at(self) -> AbstractContextManager[None]:
        """Inside the model has the weights that are evaluated and kept: their average where there is one."""
        return nullcontext() if self.averaged is None else self.averaged.inside()

    def _evaluated(self) -> Means | None:
        """Loss and metric of the validation data; None where there are none, or no batch of them has a loss."""
        if self.validation is None:
            return None
        means = evaluate(
            self.model, self.validation, self.objective, self.device, self.metric_name, self.config.amp, self.optimizer
        )
        return None if means.empty else means  # a mean over nothing would be the best of all

    def _to_blame(self, stop: Stop) -> EndEvent | None:
        """How the training ended where its last loss was not finite whatever the rate; None where the rate broke it."""
        if stop.reason != EndReason.NOT_FINITE:
            return None
        return bad_batch(self._suspects.found(self._at_first(), self.step))

    @contextmanager
    def _at_first(self) -> Iterator[Callable[[Any], float]]:
        with self._start.for_a_moment():
            to_train_mode(self.model, self._in_eval, self.optimizer)
            yield lambda batch: self._stepper.only_loss(to_device(batch, self.device))


def _averaged_words(decay: float) -> str:
    return f"The weights are their average (EMA, decay {exact_number(decay)})."


def _no_batch(epoch: int) -> EndEvent:
    """The end of a training whose loader gave nothing in an epoch. Raises ValueError in the first one."""
    if epoch == 1:
        raise ValueError(NO_BATCH)
    return EndEvent(
        EndReason.DATA_ENDED, f"The data ended after epoch {epoch - 1}, and its loader cannot be restarted."
    )


def _epoch(epoch: int, trained: Means, held_out: Means | None, lr: float, seconds: float) -> EpochEvent:
    """What an epoch came to: an accuracy has a place of its own, any other metric goes by its name."""
    own, other = trained.metric, None if held_out is None else held_out.metric
    val_loss = None if held_out is None else held_out.loss
    named = trained if own is not None or held_out is None else held_out
    several = trained.several, None if held_out is None else held_out.several
    if named.is_accuracy or (own is None and other is None):
        return EpochEvent(epoch, trained.loss, val_loss, own, other, lr, seconds, None, None, "", *several)
    name = named.name or "metric"
    return EpochEvent(epoch, trained.loss, val_loss, None, None, lr, seconds, own, other, name, *several)


def _summary(config: TrainSettings, first: float, best: float) -> str:
    done = "The epoch was" if config.epochs == 1 else f"All {config.epochs} epochs were"
    done = done if config.steps is None else f"All {config.steps:,} steps were"
    if not math.isfinite(best) or best > first - 0.05 * abs(first):
        return (
            f"{done} trained, but the loss hardly fell (best {format_loss(best)}, start {format_loss(first)}). "
            f"Where the sweep falls at higher rates, max LR {format_lr(config.max_lr)} is too low, or the "
            f"epochs too few; else the network may have died at too high a rate: try {format_lr(config.max_lr / 10)}."
        )
    how = f"{config.schedule_words}, max LR {format_lr(config.max_lr)}"
    return f"{done} trained with {how}; best loss {format_loss(best)}."
