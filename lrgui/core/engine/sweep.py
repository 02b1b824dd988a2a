"""The learning-rate sweep: one point per rate, from very small to very large, and everything put back after it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import nn

from lrgui.core.control import Control
from lrgui.core.engine.bad_batches import Suspects, bad_batch
from lrgui.core.engine.batches import endless, to_device
from lrgui.core.engine.cleanup import Assured
from lrgui.core.engine.guessing import Guessing
from lrgui.core.engine.modes import kept_in_eval, to_train_mode
from lrgui.core.engine.param_groups import free_rates, put_rate, ratios
from lrgui.core.engine.pausing import Stopwatch, held
from lrgui.core.engine.precision import MOST_SKIPS, overflowed, scaler_for
from lrgui.core.engine.readback import LAG, Readings, at_once, readings_for
from lrgui.core.engine.running_stats import FreshStats
from lrgui.core.engine.schedules import rising
from lrgui.core.engine.snapshot import Snapshot
from lrgui.core.engine.step import Loss, Stepper
from lrgui.core.engine.stopping import SweepWatch
from lrgui.core.engine.team import Team, settle
from lrgui.core.engine.validation import Probe
from lrgui.core.events import BROKE, BatchEvent, EndEvent, EndReason, Event
from lrgui.core.learning_rate import exact_lr
from lrgui.core.run_settings import SweepSettings

_MISSING = object()

_ELSEWHERE = EndEvent(
    EndReason.FAILED, "Another process of this run failed; see its output. Everything measured so far is kept."
)


def sweep(
    model: nn.Module,
    loader: Iterable[Any],
    optimizer: torch.optim.Optimizer,
    loss: Loss,
    config: SweepSettings,
    control: Control | None = None,
    *,
    device: torch.device | str = "cpu",
    number: int = 0,
    scaler: torch.amp.GradScaler | None = None,
    probe: Probe | None = None,
    metric: Callable[[], Any] | None = None,
    groups: Sequence[int] | None = None,
    keep_modes: bool = False,
    snapshot: Snapshot | None = None,
    team: Team | None = None,
) -> Iterator[Event]:
    """Run one sweep and yield its events; the last one is always an `EndEvent`.

    The loss is recorded before the step, so it belongs to weights that the step's rate has *not yet* touched;
    where a rate is held for several steps it is their mean. However the generator ends (also by `close()` or an
    exception in the model), everything that a `Snapshot` holds is put back. On accelerators losses arrive two
    steps late, so that the device never waits; points past a stop are not yielded.

    Args:
        number: which repeat this is; it stands in the events.
        scaler: the scaler of fp16's gradients; made where `config.amp` asks for one and none is given.
        probe: measures a validation loss (which then is the events' loss) and a metric at each rate.
        metric: gives a number that belongs to the batch whose loss was just computed.
        groups: indices of the parameter groups whose rate is swept, the others keep theirs; None sweeps all.
            Swept groups keep the ratio of their rates; the events' rate is that of the largest.
        keep_modes: every module stays in the mode that it is in. Else the model is put into train mode, as a training
            loop does it (see `core.engine.modes`).
        snapshot: taken by the caller and put back at the end; None takes one here.
        team: the processes of a distributed run, which step together; None is this process alone.

    Exceptions of the model or the loader are not caught: the caller knows whose code that was. What was
    measured is yielded before.
    """
    own = Snapshot(model, optimizer, loader=loader, scaler=scaler, loss=loss) if snapshot is None else None
    kept = snapshot or own
    assert kept is not None
    run = _Run(model, endless(loader), optimizer, loss, config, control or Control(), torch.device(device), number)
    run.scaler = scaler or scaler_for(config.amp, run.device)
    run.probe, run.metric = probe, metric
    # Its targets are the batches': of a validation loss it says nothing.
    run.guessing = Guessing() if probe is None else None
    run.team = team or Team()
    run.readings = readings_for(run.device, run.scaler is not None)
    run.first_loss, run.restore = kept.add_behind, kept.restore
    run.begin = partial(to_train_mode, None if keep_modes else model, kept_in_eval(model), optimizer)
    # A validation loss needs the statistics that the model has; without one nobody reads them, and a plain
    # average of them makes an accelerator wait in every BatchNorm.
    stats = FreshStats(model, plain_average=not run.readings.late) if probe is None else None
    # A pass over the data that is left in the middle must be over before the state is put back.
    last = Assured(run.batches.close, partial(settle, model), kept.restore, *([] if own is None else [own.close]))  # type: ignore[attr-defined]
    with last, last:
        kept.changed = True
        run.begin()
        if stats is not None:
            last.add(stats.leave)
            stats.begin()
            run.first_step = stats.settled
        yield from run.events(range(len(optimizer.param_groups)) if groups is None else groups)


def _nothing(*_: Any) -> None:
    """What is to be done where nobody asks for more."""


class _Point(NamedTuple):
    """What is known of a point before its numbers have arrived."""

    step: int
    lr: float
    seconds: float


class _Run:
    """The loop of a sweep."""

    def __init__(
        self,
        model: nn.Module,
        batches: Iterator[Any],
        optimizer: torch.optim.Optimizer,
        loss: Loss,
        config: SweepSettings,
        control: Control,
        device: torch.device,
        number: int,
    ) -> None:
        self.model = model
        self.batches = batches
        self.optimizer = optimizer
        self.loss = loss
        self.config = config
        self.control = control
        self.device = device
        self.number = number
        self.scaler: torch.amp.GradScaler | None = None
        self.probe: Probe | None = None
        self.metric: Callable[[], Any] | None = None
        self.guessing: Guessing | None = None
        self.team = Team()
        self.first_loss: Callable[[torch.Tensor], object] = _nothing
        """Gets the first batch's loss, before anything is done with it."""
        self.first_step: Callable[[], object] = _nothing
        """Called when the first step's losses are known."""
        self.readings: Readings[_Point] = Readings(at_once, 0)
        self.begin: Callable[[], object] = _nothing
        """Puts the model into the modes in which it is swept."""
        self.restore: Callable[[], None] = _nothing
        """Puts the first weights back, and all else that the sweep has changed."""
        self.clock = Stopwatch()
        self.watch = SweepWatch(config.steps, config.beta, config.stop_factor)
        self.end: EndEvent | None = None

    def events(self, groups: Sequence[int]) -> Iterator[Event]:
        """All events of the sweep."""
        config = self.config
        self._alone = self.team.size == 1
        self.stepper = Stepper(
            self.model,
            self.optimizer,
            self.loss,
            self.device,
            self.team,
            config,
            scaler=self.scaler,
            first=self.first_loss,
            each=None if self.guessing is None else self.guessing.add,
        )
        readings = self.readings
        late = LAG if readings.late else 0
        self.suspects = Suspects(config.accumulation * config.batches_per_lr * (1 + late))
        measured = self.probe is not None or self.metric is not None or config.batches_per_lr > 1
        plain = self._alone and self.scaler is None and not measured and not readings.late
        measure = self._plain_point if plain else self._point
        all_groups = self.optimizer.param_groups
        swept = [all_groups[index] for index in groups]
        kept = ratios(swept)
        free_rates(swept, [group for index, group in enumerate(all_groups) if index not in groups])
        try:
            rates = rising(config.schedule, config.start_lr, config.end_lr, config.steps)
            for step, lr in enumerate(rates.tolist()):
                for group, ratio in zip(swept, kept, strict=True):
                    put_rate(group, "lr", lr * ratio)
                yield from measure(step, lr)
                if self.end is not None:
                    break
        except Exception:
            # Nothing that was measured is lost; a device that is itself broken has nothing more to say.
            with suppress(RuntimeError):
                yield from self._arrived(readings.rest())
            raise
        if self.end is not None and self.end.reason in BROKE:
            guessing, uniform = (
                self._guessing()
            )  # of these batches alone: to find the one to blame, some are looked at again
            if self.end.reason == EndReason.NOT_FINITE:
                self.end = self._to_blame() or self.end
            yield replace(self.end, guessing=guessing, uniform=uniform)  # what was measured past it says nothing
            return
        asked, self.end = self.end, None
        yield from self._arrived(readings.rest())
        end = self.end or asked
        if end is None:
            detail = (
                f"All {config.steps:,} steps measured, from {exact_lr(config.start_lr)} to {exact_lr(config.end_lr)}."
            )
            end = EndEvent(EndReason.COMPLETED, detail)
        guessing, uniform = self._guessing()
        yield replace(end, guessing=guessing, uniform=uniform)

    def _guessing(self) -> tuple[float | None, float | None]:
        """What the end of the sweep says of it."""
        return (None, None) if self.guessing is None else (self.guessing.loss, self.guessing.uniform)

    def _plain_point(self, step: int, lr: float) -> Iterator[Event]:
        """What `_point` comes to where a point is one step's loss, known at once, of one process.

        That is nearly always, and the detours of all else show beside a small model.
        """
        if self.control.paused:
            yield from held(self.control, self.clock)
        self._forward(step)
        if self.end is not None:
            return
        loss = self.stepper.number
        yield BatchEvent(self.number, step, lr, loss, self.clock.seconds)
        self._judge(lr, loss)
        if self.end is None:
            self.stepper.step()

    def _point(self, step: int, lr: float) -> Iterator[Event]:
        """Measure one rate: `batches_per_lr` optimizer steps. Sets `end` where the sweep is over."""
        scaled = self.scaler is not None
        probed = None
        if self.probe is not None:
            with self._announced():
                probed = self.probe(self.model, self.optimizer)
            if self._deserted():
                return
        metric = None if probed is None else probed[1]
        total: torch.Tensor | None = None
        done, skipped = 0, 0
        while done < self.config.batches_per_lr:
            if self.control.paused:
                yield from held(self.control, self.clock)
            self._forward(step)
            if self.end is not None:
                return
            if self.metric is not None and done == 0:
                with self._announced():
                    metric = torch.as_tensor(self.metric(), device=self.device)
                if self._deserted():
                    return
            loss = self.stepper.loss if self._alone else self.team.mean(self.stepper.loss)
            seen = loss if total is None else total + loss
            if scaled:
                if not torch.isfinite(loss):
                    yield from self._sent(step, lr, loss, probed, metric)
                    # Judged is a validation loss where there is one: that may still be finite.
                    self._judge(lr, math.nan)
                    return
            elif done == self.config.batches_per_lr - 1:
                # Before the step, so that a loss that broke ends the sweep here; fp16 must step to know.
                yield from self._sent(step, lr, seen, probed, metric)
                if self.end is not None:
                    return
            stepped = self.stepper.step()
            if scaled and not self._alone:
                stepped = not self.team.agree(not stepped)[0]
            if stepped:
                total, done, skipped = seen, done + 1, 0
                continue
            skipped += 1
            if skipped == MOST_SKIPS:
                self.end = EndEvent(
                    EndReason.DIVERGED,
                    f"{overflowed(lr)}; everything before it is kept.",
                )
                return
        if scaled and total is not None:
            yield from self._sent(step, lr, total, probed, metric)

    def _forward(self, step: int) -> None:
        """The losses of one optimizer step. Sets `end` where there is none to be had."""
        control, alone, planned = self.control, self._alone, self.config.steps
        micro = 0
        while micro < self.config.accumulation:
            cancelled = control.cancelled
            try:
                batch = _MISSING if cancelled else next(self.batches, _MISSING)
            except BaseException:
                self.team.tell(False, False, True)
                raise
            ended = batch is _MISSING
            if not alone:
                # All processes leave together, or those that stay would wait for the others for ever.
                cancelled, ended, failed = self.team.agree(cancelled, ended, False)
                if failed:
                    self.end = _ELSEWHERE
                    return
            if cancelled:
                self.end = EndEvent(
                    EndReason.CANCELLED,
                    f"Stopped after {step:,} of {planned:,} steps; everything measured so far is kept.",
                )
                return
            if ended:
                self.stepper.refuse_nothing()
                self.end = EndEvent(
                    EndReason.DATA_ENDED,
                    f"The data ended after {step:,} of {planned:,} steps, and its loader cannot be restarted.",
                )
                return
            self.suspects.add(batch)
            if step == 0:
                self.clock.start()
            try:
                if self.stepper.forward(to_device(batch, self.device), micro) is not None:
                    micro += 1
            except BaseException:
                self.team.tell(True)
                raise
            if self._deserted():
                return
        if step == 0:
            self.first_step()

    def _to_blame(self) -> EndEvent | None:
        """How the sweep ended where its last loss was not finite whatever the rate; None where the rate broke it.

        Of several processes each only looks at what its batches hold: to forward one is for all to do.
        """
        why = self.suspects.found(self._at_first() if self._alone else None, self.watch.measured)
        if not self._alone and self.team.agree(bool(why))[0]:
            why = why or "A batch of another process contains NaN or infinite values: clean the data."
        return bad_batch(why)

    @contextmanager
    def _at_first(self) -> Iterator[Callable[[Any], float]]:
        self.restore()
        self.begin()
        yield lambda batch: self.stepper.only_loss(to_device(batch, self.device))

    @contextmanager
    def _announced(self) -> Iterator[None]:
        """Inside, a failure is told to the other processes, who ask in `_deserted`."""
        try:
            yield
        except BaseException:
            self.team.tell(True)
            raise

    def _deserted(self) -> bool:
        """True where another process failed in what all were to do, and the sweep is over; sets `end`."""
        if self._alone or not self.team.agree(False)[0]:
            return False
        self.end = _ELSEWHERE
        return True

    def _sent(
        self,
        step: int,
        lr: float,
        total: torch.Tensor,
        probed: tuple[torch.Tensor, torch.Tensor | None] | None,
        metric: torch.Tensor | None,
    ) -> Iterator[BatchEvent]:
        """Send a point's numbers off the device; gives the events of what has arrived. `total` is over its steps."""
        count = self.config.batches_per_lr
        mean = total if count == 1 else total / count
        point = _Point(step, lr, self.clock.seconds)
        if probed is None and metric is None:
            return self._arrived(self.readings.push(point, mean))
        numbers = [mean]
        numbers += [] if probed is None else [self.team.mean(probed[0])]
        numbers += [] if metric is None else [self.team.mean(metric.reshape(()))]
        wide = torch.float64 if any(value.dtype == torch.float64 for value in numbers) else torch.float32
        return self._arrived(self.readings.push(point, torch.stack([value.to(wide) for value in numbers])))

    def _arrived(self, numbers: Iterable[tuple[_Point, list[float]]]) -> Iterator[BatchEvent]:
        """The events of points whose numbers have arrived, up to the first that ends the sweep; sets `end`."""
        for point, values in numbers:
            loss = values[0]
            step, lr, seconds = point
            if len(values) == 1:
                yield BatchEvent(self.number, step, lr, loss, seconds)
            else:
                train_loss = None if self.probe is None else loss
                loss = loss if self.probe is None else values[1]
                metric = values[-1] if len(values) > 1 + (self.probe is not None) else None
                yield BatchEvent(self.number, step, lr, loss, seconds, train_loss, metric)
            self._judge(lr, loss)
            if self.end is not None:
                return

    def _judge(self, lr: float, loss: float) -> None:
        """Set `end` where this loss ends the sweep."""
        stop = self.watch.push(lr, loss)
        if stop is not None and self.end is None:
            self.end = EndEvent(stop.reason, stop.detail)
