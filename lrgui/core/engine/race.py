"""The race: short real trainings at rates around a pick, one after the other, until the best rate is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch
from torch import nn

from lrgui.core.control import Control
from lrgui.core.engine.bad_batches import VALIDATION, Suspects, bad_batch
from lrgui.core.engine.batches import endless, is_one_shot, to_device
from lrgui.core.engine.cleanup import Assured
from lrgui.core.engine.modes import kept_in_eval, to_train_mode
from lrgui.core.engine.pausing import Stopwatch, held
from lrgui.core.engine.precision import MOST_SKIPS, scaler_for
from lrgui.core.engine.readback import LAG, Readings, readings_for
from lrgui.core.engine.schedulers import Schedule
from lrgui.core.engine.snapshot import Snapshot
from lrgui.core.engine.step import Loss, Stepper
from lrgui.core.engine.stopping import TrainWatch
from lrgui.core.engine.team import Team
from lrgui.core.engine.validation import Probe
from lrgui.core.events import CandidateEvent, EndEvent, EndReason, Event, StandingEvent, UntrainedEvent
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Standings, last_steps

_MISSING = object()


def race(
    model: nn.Module,
    loader: Iterable[Any],
    optimizer: torch.optim.Optimizer,
    loss: Loss,
    config: RaceSettings,
    control: Control | None = None,
    *,
    device: torch.device | str = "cpu",
    scaler: torch.amp.GradScaler | None = None,
    probe: Probe | None = None,
    keep_modes: bool = False,
    snapshot: Snapshot | None = None,
    metric_name: str = "",
) -> Iterator[Event]:
    """Run a race and yield its events; the last one is always an `EndEvent`. `Standings` reads them.

    Each candidate is a OneCycle training of its own: from the same weights, with the same random numbers, hence
    the same order of the data. However the generator ends (also by `close()` or an exception in the model),
    everything that a `Snapshot` holds is put back.

    Args:
        probe: measures the validation loss by which candidates are judged; None judges them by their last
            training losses.
        scaler: the scaler of fp16's gradients; made where `config.amp` asks for one and none is given.
        keep_modes: every module stays in the mode that it is in, as in a sweep.
        snapshot: taken by the caller; None takes one here.
        metric_name: what the probe measures beside the loss.

    Raises ValueError, before anything is trained, for batches that can't be gone through again, and for a race that is
    to be judged by a metric where there is none, or whose name does not say whether higher is better. Exceptions of
    the model or the loader are not caught: the caller knows whose code that was.
    """
    if is_one_shot(loader):
        raise ValueError(
            "A race trains on the same batches repeatedly, but this loader is an iterator that can be read only once: "
            "pass a DataLoader or a list."
        )
    _refuse_judge(config, probe is not None, metric_name)
    scaler = scaler or scaler_for(config.amp, torch.device(device))
    own = None if snapshot is not None else Snapshot(model, optimizer, loader=loader, scaler=scaler, loss=loss)
    start = snapshot or own
    assert start is not None
    run = _Race(
        model, loader, optimizer, loss, config, control or Control(), torch.device(device), scaler, probe, start
    )
    run.keep_modes = keep_modes
    run.standings.metric_name = metric_name
    last = Assured(run.leave, start.restore, *([] if own is None else [own.close]))
    with last, last:
        start.changed = True
        yield from run.events()


def _refuse_judge(config: RaceSettings, validation: bool, metric_name: str) -> None:
    if not config.by_metric:
        return
    if not validation or not metric_name:
        what = "no metric" if validation else "no validation data"
        raise ValueError(f"A race can't be judged by the metric here: there is {what}. Judge by the loss.")
    if config.higher(metric_name) is None:
        raise ValueError(
            f"The name “{metric_name}” does not say whether a higher one is better: judge by “highest” or “lowest”."
        )


class _Race:
    """The loops of a race."""

    def __init__(
        self,
        model: nn.Module,
        loader: Iterable[Any],
        optimizer: torch.optim.Optimizer,
        loss: Loss,
        config: RaceSettings,
        control: Control,
        device: torch.device,
        scaler: torch.amp.GradScaler | None,
        probe: Probe | None,
        start: Snapshot,
    ) -> None:
        self.model = model
        self.loader = loader
        self.optimizer = optimizer
        self.loss = loss
        self.config = config
        self.control = control
        self.device = device
        self.scaler = scaler
        self.probe = probe
        self._start = start
        self.keep_modes = False
        self.clock = Stopwatch()
        self.standings = Standings(config)
        self.end: EndEvent | None = None
        self._batches: Iterator[Any] = iter(())
        self._in_eval: list[nn.Module] = []
        self._losses: list[float] = []
        self._sound_at_first = True

    def events(self) -> Iterator[Event]:
        """All events of the race."""
        standings = self.standings
        self._in_eval = kept_in_eval(self.model)
        self._begin_again()
        yield from self._untrained()
        for number in range(self.config.stages):
            while self.end is None and (candidate := standings.following(number)) is not None:
                self.leave()
                self._begin_again()
                yield from self._training(number, candidate)
            if self.end is not None:
                yield self.end
                return
            over = standings.settled(number)
            yield from over
            if not any(event.alive for event in over):
                break
        yield EndEvent(EndReason.COMPLETED, standings.ranking().reason)

    def leave(self) -> None:
        """Close a pass over the data that is not at its end: its processes go, its generator is let go."""
        close = getattr(self._batches, "close", None)
        if close is not None:
            close()

    def _stepper(self) -> Stepper:
        return Stepper(
            self.model,
            self.optimizer,
            self.loss,
            self.device,
            Team(),
            self.config,
            scaler=self.scaler,
            first=self._start.add_behind,
        )

    def _untrained(self) -> Iterator[UntrainedEvent]:
        """Measure what the first weights are judged by, as each candidate is. Nothing where the race is cancelled."""
        if self.control.cancelled:
            return
        value, metric = math.nan, None
        if self.probe is not None:
            loss, other = self.probe(self.model, self.optimizer)
            value, metric = float(loss), None if other is None else float(other)
        else:
            stepper, self._batches, losses = self._stepper(), endless(self.loader), []
            for batch in islice(self._batches, last_steps(self.config.steps) * self.config.accumulation):
                if self.control.cancelled:
                    return
                losses.append(stepper.loss_if_any(to_device(batch, self.device)))
            known = [loss for loss in losses if loss is not None]
            value = sum(known) / len(known) if known else math.nan
        self._sound_at_first = math.isfinite(value)
        event = UntrainedEvent(value, metric)
        self.standings.add([event])
        yield event

    def _training(self, number: int, candidate: int) -> Iterator[Event]:
        """One candidate's training and its standing. Sets `end` where the race is over."""
        config, lr, steps = self.config, self.standings.lrs[candidate], self.config.budget(number)
        self._batches = endless(self.loader)
        schedule = Schedule(self.optimizer, config.cycle(lr), steps)
        stepper = self._stepper()
        readings: Readings[tuple[int, float]] = readings_for(self.device, self.scaler is not None)
        self._suspects = Suspects(config.accumulation * (1 + (LAG if readings.late else 0)))
        watch, self._losses = TrainWatch(lr), []
        skipped, sound = 0, True

        def arrived(numbers: Iterable[tuple[tuple[int, float], list[float]]]) -> Iterator[Event]:
            nonlocal sound
            for (step, seconds), (value,) in numbers:
                yield CandidateEvent(number, candidate, lr, step, steps, value, seconds)
                self._losses.append(value)
                # fp16's scaler looks after overflows itself: it skips such steps.
                broken = not math.isfinite(value) or watch.push(value) is not None
                if broken:
                    sound = False
                    return

        for step in range(steps):
            yield from held(self.control, self.clock)
            if not self._forward(stepper):
                return
            yield from arrived(readings.push((step, self.clock.seconds), stepper.loss))
            if not sound:
                break
            if stepper.step():
                skipped = 0
                if step + 1 < steps:  # the schedule has no step after its last
                    schedule.step()
            else:
                skipped += 1
                if skipped == MOST_SKIPS:
                    sound = False
                    break
        if sound:
            yield from arrived(readings.rest())
        if self._losses and not math.isfinite(self._losses[-1]):
            self.end = bad_batch(self._suspects.found(self._at_first(stepper), len(self._losses) - 1))
            if self.end is not None:
                return
        yield from self._judged(number, candidate, sound)

    @contextmanager
    def _at_first(self, stepper: Stepper) -> Iterator[Callable[[Any], float]]:
        self._begin_again()
        yield lambda batch: stepper.only_loss(to_device(batch, self.device))

    def _begin_again(self) -> None:
        """Put the first weights back, and all else, as each candidate finds them."""
        self._start.restore()
        self._start.changed = True
        to_train_mode(None if self.keep_modes else self.model, self._in_eval, self.optimizer)

    def _forward(self, stepper: Stepper) -> bool:
        """The losses of one optimizer step. False, with `end` set, where there is none to be had."""
        micro = 0
        while micro < self.config.accumulation:
            if self.control.cancelled:
                done, total = self.standings.done, self.config.total_steps()
                self.end = EndEvent(
                    EndReason.CANCELLED,
                    f"Stopped after {done:,} of {total:,} steps. {self.standings.ranking().reason}",
                )
                return False
            batch = next(self._batches, _MISSING)
            if batch is _MISSING:
                self.end = EndEvent(
                    EndReason.DATA_ENDED, "The data ended during the race, and its loader cannot be restarted."
                )
                return False
            self._suspects.add(batch)
            if self.clock.seconds == 0.0:
                self.clock.start()
            if stepper.forward(to_device(batch, self.device), micro) is not None:
                micro += 1
        self.standings.done += 1
        return True

    def _judged(self, number: int, candidate: int, sound: bool) -> Iterator[StandingEvent]:
        """Measure what a candidate came to. Sets `end` where there is no telling, because of the validation data."""
        value, metric = math.inf, None
        if sound and self.probe is not None:
            loss, other = self.probe(self.model, self.optimizer)
            value, metric = float(loss), None if other is None else float(other)
            if not math.isfinite(value):
                self.end = bad_batch("" if self._sound_at_first else VALIDATION)
                if self.end is not None:
                    return
        elif sound:
            last = self._losses[-last_steps(len(self._losses)) :]
            value = sum(last) / len(last)
        value = value if math.isfinite(value) else math.inf
        event = StandingEvent(
            number,
            candidate,
            self.standings.lrs[candidate],
            value,
            math.isfinite(value),
            self.config.budget(number),
            metric,
        )
        self.standings.add([event])
        yield event
