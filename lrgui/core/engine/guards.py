"""What watches over a training: its losses, its gradients, its validation loss; and the way back where it broke."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.averaging import AveragedWeights
from lrgui.core.engine.bad_batches import Look, Suspects, bad_batch
from lrgui.core.engine.batches import batch_size
from lrgui.core.engine.dead_network import DeadNetwork
from lrgui.core.engine.early_stopping import EarlyStopping
from lrgui.core.engine.gradients import norm_of
from lrgui.core.engine.live_rate import LiveRate
from lrgui.core.engine.param_groups import largest
from lrgui.core.engine.recovery import GoodState, Recovery
from lrgui.core.engine.schedulers import Schedule
from lrgui.core.engine.stopping import Stop, TrainWatch
from lrgui.core.events import EndEvent, EndReason, Event, GradientEvent, OutputEvent, RateEvent, Stream
from lrgui.core.formats import format_factor
from lrgui.core.lower_rate import lower_rate
from lrgui.core.run_settings import TrainSettings
from lrgui.core.validation_watch import ValidationWatch

#: Gradients and answers are looked at each so many steps of the first so many, in which most networks die that do.
LOOK_EACH, LOOKED_AT = 10, 100
#: Of the others each so many, and at most so many times: beside a small model's step a look shows, and so does its line
#: in a long log.
LOOK_LATER, MOST_LOOKS = 25, 2000


class Guards:
    """Says when a training is over because it broke, or because it is at its best, and brings it back."""

    def __init__(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, config: TrainSettings, rate: LiveRate
    ) -> None:
        # Called as the training calls them: they are not the state of the guards (`training_state.py`).
        self.model, self.optimizer, self.config, self.rate = model, optimizer, config, rate
        self.watch = TrainWatch(config.max_lr)
        self._suspects = Suspects(1)  # each loss is looked at before anything is learned from its batch
        self._dead = DeadNetwork(model)
        self._rising = ValidationWatch()
        self._patient = self._new_patience()
        self._recovery: Recovery | None = None
        self._look_later = LOOK_LATER

    def begin(
        self, total_steps: int, schedule: Schedule, scaler: Any, loss: Any, averaged: AveragedWeights | None
    ) -> None:
        """A training of so many steps begins: what its state consists of beside model and optimizer."""
        self._look_later = max(LOOK_LATER, total_steps // MOST_LOOKS)
        if self.config.recover:
            self._recovery = Recovery(self.model, self.optimizer, scaler, schedule, loss, self.rate, averaged)
            self._recovery.keep(0, 0)

    def go_on(self, schedule: Schedule, step: int, epoch: int, more_epochs: bool) -> None:
        """The training was resumed, where it had got `more_epochs` on a new schedule."""
        if more_epochs:
            self._patient = self._new_patience()
        self.advise()
        if self._recovery is not None:
            self._recovery.schedule = schedule
            self._recovery.keep(step, epoch)

    @property
    def lowered(self) -> float:
        """By what the training has lowered its rate, where it broke and went back: no schedule is safe above that."""
        return 1.0 if self._recovery is None else self._recovery.lowered

    def advise(self) -> None:
        """The schedule's rates have another factor now: what to do if the training breaks follows it."""
        self.watch.advice = lower_rate(self.config.max_lr, self.rate.factor).words

    def close(self) -> None:
        """Let go of the state to go back to."""
        if self._recovery is not None:
            self._recovery.close()

    def suspect(self, batch: Any) -> None:
        """The next loss is that of this batch, as it came from the loader."""
        self._suspects.add(batch)

    def looks(self, step: int) -> bool:
        """True for a step whose answers and gradients are looked at."""
        return step % (LOOK_EACH if step < LOOKED_AT else self._look_later) == 0

    def listening(self, batch: Any) -> AbstractContextManager[None]:
        """Inside, what the model answers to this batch is kept for `look`."""
        return self._dead.listening(batch_size(batch))

    def blame(self, stop: Stop, at_first: Look, step: int) -> EndEvent:
        """How the training ended after a `stop` of the watch: a loss that is not finite may be its batch's fault.

        `at_first` computes losses with the first weights.
        """
        if stop.reason == EndReason.NOT_FINITE:
            found = bad_batch(self._suspects.found(at_first, step))
            if found is not None:
                return found
        return _ended(stop)

    def look(self, norms: list[float | None] | None, told: int) -> tuple[GradientEvent | None, EndEvent | None]:
        """How large the gradients of the step `told` are, by the `norms` of the parameters', and how the training ended
        where the network has died."""
        if norms is None:
            return None, None
        groups = self.optimizer.param_groups
        each, at = [], 0
        for group in groups:
            count = len(group["params"])
            each.append(norm_of(norms[at : at + count]))
            at += count
        named = {str(i): norm if math.isfinite(norm) else None for i, norm in enumerate(each)}
        seen = GradientEvent(told, norm_of(norms), named if len(named) > 1 else None)
        weights = (p for group in groups for p in group["params"])
        matrices = [norm for p, norm in zip(weights, norms, strict=True) if p.dim() > 1]
        stop = self._dead.look(matrices, self.watch.learned, self.watch.advice)
        return seen, None if stop is None else _ended(stop)

    def epoch(self, train_loss: float) -> EndEvent | None:
        """Look at an epoch's mean loss."""
        stop = self.watch.epoch(train_loss)
        return None if stop is None else _ended(stop)

    def validation(
        self, epoch: int, epochs: int, loss: float, weights: Callable[[], AbstractContextManager[None]]
    ) -> Iterator[OutputEvent | EndEvent]:
        """Look at an epoch's validation loss: a note where it rises, the end where it is time to stop early.

        Inside `weights()` the model has those that the loss was measured with.
        """
        rises = self._rising.push(epoch, loss)
        with weights() if self._patient is not None else nullcontext():
            why = None if self._patient is None else self._patient.push(epoch, loss)
        if why is not None and epoch < epochs:
            yield EndEvent(EndReason.COMPLETED, f"Stopped early, after epoch {epoch} of {epochs}: {why}.")
        elif rises is not None:
            yield OutputEvent(rises, Stream.NOTE)

    def restore_best(self, epoch: int) -> str:
        """Put the weights of the best epoch back, where somebody wants them; a sentence of it, empty where those of
        `epoch`, the last, are the best."""
        return "" if self._patient is None else self._patient.restore(epoch)

    def keep(self, step: int, epoch: int) -> None:
        """An epoch is over: it may be one to go back to."""
        if self._recovery is not None and self.watch.good and self._dead.lives:
            self._recovery.keep(step, epoch)

    def go_back(self, end: EndEvent, told: int) -> tuple[GoodState, list[Event]] | EndEvent:
        """Go back to the last good state at a lower rate, for which there are events; `end`, which was to be the
        training's, with a word more where that can't be done."""
        before = self.rate.factor
        good = None if self._recovery is None else self._recovery.go_back()
        if good is None:
            if self._recovery is not None and self._recovery.made:
                return replace(end, detail=f"{end.detail} It went back {self._recovery.made} times before.")
            return end
        factor = self.rate.factor
        self.watch.go_on()
        self.advise()
        self._dead = DeadNetwork(self.model)
        lr = largest(self.optimizer.param_groups)
        why = end.detail.partition(". ")[0]
        return good, [
            RateEvent(told, factor / before, factor, lr, f"back to {good.words}", good.step),
            OutputEvent(f"{why}. Back at {good.words}, LR {format_factor(factor)}.", Stream.NOTE),
        ]

    def _new_patience(self) -> EarlyStopping | None:
        return None if self.config.patience is None else EarlyStopping(self.model, self.config.patience)


def _ended(stop: Stop) -> EndEvent:
    return EndEvent(stop.reason, stop.detail)
