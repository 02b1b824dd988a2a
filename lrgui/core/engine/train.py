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
from lrgui.core.engine.batches import batch_size, to_device
from lrgui.core.engine.evaluation import Means, evaluate
from lrgui.core.engine.guards import Guards
from lrgui.core.engine.live_rate import LiveRate
from lrgui.core.engine.loader_position import Feed
from lrgui.core.engine.modes import has_modes, kept_in_eval, to_eval_mode, to_train_mode
from lrgui.core.engine.objective import Objective
from lrgui.core.engine.outcome import averaged_words, completed, epoch_event, finished_early, no_batch, stopped
from lrgui.core.engine.param_groups import largest
from lrgui.core.engine.passes import batches_in, planned_steps, steps_per_epoch
from lrgui.core.engine.pausing import Stopwatch, held
from lrgui.core.engine.precision import MOST_SKIPS, overflowed, scaler_for
from lrgui.core.engine.schedulers import Schedule
from lrgui.core.engine.snapshot import Snapshot
from lrgui.core.engine.step import Stepper
from lrgui.core.engine.team import Team
from lrgui.core.engine.training_state import put_back
from lrgui.core.events import (
    BROKE,
    BatchEvent,
    EndEvent,
    EndReason,
    Event,
    OutputEvent,
    RateEvent,
    ResumeEvent,
    Stream,
)
from lrgui.core.run_settings import TrainSettings
from lrgui.core.tensor_file import Contents

_MISSING = object()
#: Why the rate changes where a training gets more epochs.
NEW_SCHEDULE = "for the new schedule"


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
        self.rate = LiveRate(optimizer)
        self.guards = Guards(model, optimizer, config, self.rate)
        self.told = 0
        """Steps that were told: more than were made where some were taken back."""
        self.averaged = None if config.ema_decay is None else AveragedWeights(model, config.ema_decay)
        """The average of the weights, which is evaluated and kept, where one is wanted."""
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
        self.guards.begin(self.total_steps, self.scheduler, self.scaler, self.objective.loss, self.averaged)
        self.clock.start()
        try:
            if resumed is not None:
                yield from self._go_on(resumed, epochs)
            while self.end is None:
                if self.epoch == len(epochs):
                    self.end = completed(config, self.first, self.best, self.rate.factor)
                    break
                self.epoch += 1
                yield from self._one_epoch(epochs[self.epoch - 1], len(epochs))
                if self.end is not None and self.end.reason in BROKE:
                    yield from self._go_back(self.end)
                elif self.end is None:
                    self.guards.keep(self.step, self.epoch)
            if self.averaged is not None and config.ema_decay is not None and self.end.reason not in BROKE:
                self.averaged.put_in()
                self.end = replace(self.end, detail=f"{self.end.detail} {averaged_words(config.ema_decay)}")
            self.end = replace(self.end, detail=self.end.detail + self.guards.restore_best(self.epoch))
            if self.end.reason == EndReason.COMPLETED:
                self.over = True
                yield from self._keep(midway=False, over=True)
            yield self.end
        finally:
            self.guards.close()
            if has_modes(self.optimizer):
                to_eval_mode(model, self.optimizer)  # the weights that such a training is made for
            for module, training in modes.items():
                module.training = training
            self._start.close()

    def _go_on(self, resumed: Contents, epochs: list[int]) -> Iterator[Event]:
        """Go where the training was that `resumed` is of."""
        note = put_back(self, resumed)
        more = self.over and self.epoch < len(epochs)
        if more:
            self.over, self.begun = False, self.told
            left = sum(steps_per_epoch(batches, self.config.accumulation) for batches in epochs[self.epoch :])
            self.total_steps = self.step + left
            self.scheduler = Schedule(self.optimizer, self.config, left)
        before = self.rate.factor
        changed = more and self.rate.begin_again(self.guards.lowered)
        if self.midway:
            self.epoch -= 1  # the loop counts it again
        self.guards.go_on(self.scheduler, self.step, self.epoch, more)
        planned = self.told + self.total_steps - self.step
        yield ResumeEvent(self.told, self.epoch, planned, self.clock.seconds, self.begun, before)
        if changed:
            factor = self.rate.factor
            yield RateEvent(self.told, factor, factor, largest(self.optimizer.param_groups), NEW_SCHEDULE)
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
            if self.control.asked:
                yield from held(self.control, self.clock)
                if self.control.cancelled:
                    yield from self._keep(midway=True)
                    self.end = stopped(self.epoch, epochs)
                    return
                yield from self._change_rate()
            due = self.keeper is not None and self.keeper.due()
            if due:
                self.feed.look()
            self._stepper.batches = min(self.config.accumulation, self.left)
            looks = self.guards.looks(self.step)
            loss, count = self._forward(looks)
            if count < self._stepper.batches and self.control.cancelled:
                self.end = stopped(self.epoch, epochs)
                return
            if count == 0:  # fewer than the loader's length says
                break
            self.left -= count
            yield from self._one_step(loss, looks)
            if self.end is not None:
                return
            if due:
                yield from self._keep(midway=True)
        else:
            if self.config.steps is None:
                next(self.feed, None)  # what a loader does after its last batch: count its epochs, shuffle anew
        if self.left == batches:
            self._stepper.refuse_nothing()
            self.end = no_batch(self.epoch)
            return
        with self._to_look_at():
            held_out = self._evaluated()
        yield epoch_event(self.epoch, self.trained, held_out, self.lr, self.clock.seconds)
        with self.rate.planned():
            self.scheduler.epoch(self.trained.loss if held_out is None else held_out.loss)
        self.end = self.guards.epoch(self.trained.loss)
        if self.end is not None:
            return
        reached = self.trained.loss if held_out is None else held_out.loss
        if self.keeper is not None and reached < self.best:
            with self._to_look_at():
                self.keeper.keep_best(self)
        self.best = min(self.best, reached)
        if held_out is not None:
            for event in self.guards.validation(self.epoch, epochs, held_out.loss, self._to_look_at):
                if isinstance(event, EndEvent):
                    self.end = event
                else:
                    yield event
        if self.end is None and self.control.finishing and self.epoch < epochs:
            yield from self._keep(midway=False)
            self.end = finished_early(self.epoch, epochs)
        elif self.end is None and self.epoch < epochs and self.keeper is not None and self.keeper.due(epoch=True):
            yield from self._keep(midway=False)

    def _change_rate(self) -> Iterator[Event]:
        """Multiply the rate as it was asked for."""
        while (factor := self.control.take_factor()) is not None:
            self.rate.multiply(factor)
            self.guards.advise()
            lr = largest(self.optimizer.param_groups)
            yield RateEvent(self.told, factor, self.rate.factor, lr, "by hand")

    def _go_back(self, end: EndEvent) -> Iterator[Event]:
        """Go back to the last good state at a lower rate, and on from there; an end stays where that can't be done."""
        back = self.guards.go_back(end, self.told)
        if isinstance(back, EndEvent):
            self.end = back
            return
        good, events = back
        self.end = None
        self.step, self.epoch, self._skipped = good.step, good.epoch, 0
        yield from events

    def _one_step(self, loss: float, looks: bool) -> Iterator[Event]:
        """Tell the step's loss and learn from it. Sets `end` where the training is over."""
        self.lr = largest(self.optimizer.param_groups)
        self.first = loss if self.step == 0 else self.first
        stop = self.guards.watch.push(loss)
        yield BatchEvent(0, self.told, self.lr, loss, self.clock.seconds, momentum=self.scheduler.momentum)
        self.told += 1
        if stop is not None:
            self.end = self.guards.blame(stop, self._at_first(), self.step)
            return
        self._stepper.measures_gradients = looks
        made = self._stepper.step()
        if looks:
            seen, self.end = self.guards.look(self._stepper.norms, self.told - 1)
            if seen is not None:
                yield seen
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
            detail = f"Training diverged: {overflowed(self.lr)}. {self.guards.watch.advice}"
            self.end = EndEvent(EndReason.DIVERGED, detail)

    def _forward(self, looks: bool) -> tuple[float, int]:
        """The loss of an optimizer step, the mean over its batches, and how many there were; each is added to
        `trained`.

        Fewer than the step takes where the data end, and once the run is cancelled. Not finite as soon as one of them
        is: what comes after it says nothing.
        """
        stepper, objective = self._stepper, self.objective
        total, count = 0.0, 0
        while count < stepper.batches and not (self.control.asked and self.control.cancelled):
            batch = next(self.feed, _MISSING)
            if batch is _MISSING:
                if count:
                    stepper.cut(count)
                break
            self.guards.suspect(batch)
            batch = to_device(batch, self.device)
            if looks and count == 0:
                with self.guards.listening(batch):
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

    @contextmanager
    def _at_first(self) -> Iterator[Callable[[Any], float]]:
        with self._start.for_a_moment():
            to_train_mode(self.model, self._in_eval, self.optimizer)
            yield lambda batch: self._stepper.only_loss(to_device(batch, self.device))
