"""The sweep over a script's own training: its loop steps, the rate of its optimizer is set just before each step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import nn

from lrgui.core.control import Control
from lrgui.core.curve.landmarks import FEWEST_POINTS
from lrgui.core.curve.own_rate import OwnRate, following, following_note
from lrgui.core.engine.attached import attached
from lrgui.core.engine.bad_batches import Suspects, bad_batch, bad_data, holds_bad_data
from lrgui.core.engine.guessing import Guessing
from lrgui.core.engine.loss_graph import without_factors
from lrgui.core.engine.made_with import made_with
from lrgui.core.engine.own_rates import default_rate, own_rate
from lrgui.core.engine.param_groups import free_rates, largest, put_rate, ratios
from lrgui.core.engine.pausing import Stopwatch, held
from lrgui.core.engine.planned import planned, shape_of
from lrgui.core.engine.precision import MOST_SKIPS, overflowed
from lrgui.core.engine.readback import Readings, at_once, readings_for
from lrgui.core.engine.running_stats import start_again
from lrgui.core.engine.schedules import rising
from lrgui.core.engine.stopping import SweepWatch, stopped_where
from lrgui.core.engine.team import Team, team
from lrgui.core.events import (
    BROKE,
    BatchEvent,
    EndEvent,
    EndReason,
    Event,
    OutputEvent,
    RunState,
    ScriptEvent,
    StateEvent,
    Stream,
    TaskEvent,
)
from lrgui.core.learning_rate import exact_lr, format_lr
from lrgui.core.run_settings import SweepSettings
from lrgui.script.breaking import hardly_began, looks_broken
from lrgui.script.hooks import Hooks
from lrgui.script.idle import IdleSteps
from lrgui.script.seen import Seen

Say = Callable[[Event], None]

#: A rate above the script's own by this factor may be what a program that checks its own losses ended at.
BEYOND = 2.0
#: A schedule's highest step is often this near the rate it was made for: other factors fall meanwhile.
NEARLY = 1.05
#: So far below its own rate a script's sweep may begin where it must not begin lower.
NEARER = 100.0


class SweepOver(BaseException):
    """Ends a script whose curve is complete. No `Exception`: what a script does about errors is not meant."""


class _Point(NamedTuple):
    step: int
    lr: float
    seconds: float


@dataclass(frozen=True)
class Script:
    """The script that is followed, in the process that it runs in."""

    name: str
    number: int
    """Which of its optimizers is looked at, by first steps, from 0."""
    say: Say
    control: Control
    option: Callable[[float], str]
    """Finds the script's own option for a rate; "" where it has none."""
    claim: Callable[[], bool] = lambda: True
    """Asked before the sweep begins, in the process that leads: of several that train by themselves one is swept."""
    over: Callable[[], None] = lambda: None
    """Called when the sweep has ended, before the script is."""


class ScriptSweep:
    """A `Follower` that sweeps one of a script's optimizers and keeps the rates of all others.

    A point's loss is that of the backward passes before its step, so it belongs to weights that the point's rate has
    not yet touched, as in `core.engine.sweep`. After each step the script finds the rates that it had set itself:
    its schedulers go on as if nobody had been there.
    """

    _metric_name = ""
    """What is measured beside each loss."""

    def __init__(self, script: Script, config: SweepSettings) -> None:
        self.hooks = Hooks(self)
        self.end: EndEvent | None = None
        """How the sweep ended; None while it goes on."""
        self.facts: ScriptEvent | None = None
        """What was seen of the script, once the sweep has ended."""
        self.idle = IdleSteps()
        self._script = script
        self._config = config
        self._number = script.number
        self._say = script.say
        self._clock = Stopwatch()
        self._watch = SweepWatch(config.steps, config.beta, config.stop_factor)
        self._rates = self._planned_rates()
        self._step = 0
        self._total: Any = None
        self._swept: Seen | None = None
        self._team = Team()
        self._readings: Readings[_Point] = Readings(at_once, 0)
        self._ratios: list[float] = []
        self._own: list[float] = []
        self._trace: list[float] = []
        self._losses: list[float] = []
        self._skips = 0
        self._guessing = Guessing()
        self._bad_data = False
        """True where the last loss that was not finite came of its data."""
        self._before = self._meanwhile = 0
        """Steps of other optimizers before the sweep began, and from then on up to the swept one's last."""
        self._found: OwnRate | None = None
        self._known: ScriptEvent | None = None
        """What was seen of the script when the sweep began."""

    # -- what the script does

    def before_step(self, seen: Seen, closure: bool) -> None:
        """See `Follower`."""
        if seen.number != self._number:
            return
        if self._swept is None and (self._is_idle(seen, closure) or not self._begin(seen)):
            return
        self._meanwhile = self.hooks.counts.steps - seen.steps - self._before
        if self.end is not None:
            raise SweepOver
        if self._script.control.paused:
            for event in held(self._script.control, self._clock):
                self._say(event)
        if self._team.agree(self._script.control.cancelled)[0]:
            self.finish(self.stopped())
        groups = seen.groups
        self._own = [float(group["lr"]) for group in groups]
        self._trace.append(max(self._own))
        lr = self._lr
        if not closure:
            self._measure(seen)
        self._put_rates(groups, lr)

    def after_step(self, seen: Seen, closure: bool) -> None:
        """See `Follower`."""
        if seen is not self._swept:
            return
        for group, own in zip(seen.groups, self._own, strict=False):
            put_rate(group, "lr", own)
        if closure:
            self._measure(seen)
        self._skips = 0

    def skipped(self, seen: Seen) -> None:
        """See `Follower`."""
        if seen is not self._swept and not (self._swept is None and self._number == 0):
            return
        lr = self._lr
        self._skips += 1
        loss = seen.losses.take()
        if loss is not None and not math.isfinite(value := float(loss)):
            self._record(lr, value)
        elif self._skips >= MOST_SKIPS:
            self.finish(EndEvent(EndReason.DIVERGED, f"{overflowed(lr)}; everything before it is kept."))

    def goes_back(self, loss: torch.Tensor) -> None:
        """See `Follower`: what guessing costs in these batches, as in a sweep of ours."""
        if self.end is not None or loss.dim():
            return
        self._guessing.add(without_factors(loss))
        # Elsewhere than on the CPU its value is read later, when its graph is gone.
        if loss.device.type == "cpu" and not math.isfinite(loss.item()):
            calm = not looks_broken(self._losses, len(self._rates))
            weights = [] if self._swept is None else self._swept.parameters
            self._bad_data = calm and holds_bad_data(loss, weights)

    def by_hand(self) -> None:
        """See `Follower`."""
        words = f"{self._script.name} changes its weights itself ({self.hooks.counts.words})"
        way_out = "use an optimizer of torch.optim, so that there is a rate to set"
        self.finish(EndEvent(EndReason.FAILED, f"{words}: {way_out}."))

    def met(self, module: nn.Module) -> None:
        """See `Follower`: norms start their statistics again, as in a sweep of ours."""
        if module.training and torch.is_grad_enabled():
            start_again(module)

    # -- the sweep

    @property
    def _lr(self) -> float:
        return self._rates[min(self._step // self._config.batches_per_lr, len(self._rates) - 1)]

    @property
    def points(self) -> int:
        """How many points were measured."""
        return len(self._losses)

    def _planned_rates(self) -> list[float]:
        config = self._config
        rates: list[float] = rising(config.schedule, config.start_lr, config.end_lr, config.steps).tolist()
        return rates

    def _is_idle(self, seen: Seen, closure: bool) -> bool:
        """True where a step belongs to no point: nothing that it trains has a gradient."""
        if not self.idle.is_one(seen, closure):
            return False
        if self.idle.enough and self.hooks.counts.backward:
            self.finish(EndEvent(EndReason.FAILED, self.idle.sentence))
        return True

    def _begin(self, seen: Seen) -> bool:
        """Begin the sweep; False where another process is swept."""
        groups = seen.groups
        if not all("lr" in group for group in groups):
            self.finish(
                EndEvent(EndReason.FAILED, f"{seen.name} has no learning rate: its parameter groups have no “lr”.")
            )
        self._team = team()
        if not self._team.leads:
            self._say = _nothing
        elif not self._script.claim():
            self._number = -1
            return False
        self._swept = self.hooks.focus = seen
        self._before = self.hooks.counts.steps - seen.steps
        self._ratios = ratios(groups)
        free_rates(groups)
        parameters = seen.parameters
        device = next((p.device for p in parameters if isinstance(p, torch.Tensor)), torch.device("cpu"))
        self._readings = readings_for(device)
        own = self._found = own_rate_of(seen)
        asked, self._config = self._config, following(self._config, own)
        self._rates = self._planned_rates()
        data = self.hooks.loaders.at_first_step(self._team.size, self.hooks.counts.backward)
        words = [] if own is None else [f"own rate {format_lr(own.lr)}"]
        words += [f"{len(groups)} parameter groups"] if len(groups) > 1 else []
        words += [f"{self._team.size} processes"] if self._team.size > 1 else []
        self._say(
            TaskEvent(
                name=f"{self._script.name} · {seen.name}",
                detail=", ".join(words),
                train_size=data.examples,
                val_size=0,
                parameters=sum(p.numel() for p in parameters if isinstance(p, torch.Tensor) and p.requires_grad),
                classes=None,
                device=str(device),
                batches_per_epoch=data.epoch_steps,
                steps=self._config.steps,
                steps_per_point=self._config.batches_per_lr,
                metric_name=self._metric_name,
                own_lr=None if own is None else own.lr,
                own_chosen=own is None or own.chosen,
                optimizer="" if own is None else own.optimizer,
                end_lr=None if self._config == asked else self._config.end_lr,
                **_planned(seen),
                **made_with(seen.optimizer()),
            )
        )
        if note := following_note(asked, self._config):
            self._say(OutputEvent(note, Stream.NOTE))
        self._say(StateEvent(RunState.RUNNING))
        self._clock.start()
        self._known = self.seen_facts()
        return True

    def _put_rates(self, groups: Sequence[Any], lr: float) -> None:
        if len(groups) != len(self._ratios):  # unfrozen layers come as a group of their own
            self._ratios = ratios(groups)
        for group, ratio in zip(groups, self._ratios, strict=True):
            put_rate(group, "lr", lr * ratio)

    def _measure(self, seen: Seen) -> None:
        """Take in the losses behind a step; raises where they end the sweep."""
        loss = seen.losses.take()
        if loss is None:
            if self._team.size > 1:  # all must take part in the mean
                loss = math.nan
            else:
                return
        if self._team.size > 1:
            loss = self._team.mean(torch.as_tensor(loss))
        each, step = self._config.batches_per_lr, self._step
        self._total = loss if self._total is None else self._total + loss
        if (step + 1) % each == 0:
            mean, self._total = self._total / each if each > 1 else self._total, None
            self._send(step // each, mean)
        self._step = step + 1
        if self._step == len(self._rates) * each:
            self._arrived(self._readings.rest())
            self._complete()

    def _complete(self) -> None:
        """All steps are measured."""
        first, last = exact_lr(self._config.start_lr), exact_lr(self._config.end_lr)
        self.finish(EndEvent(EndReason.COMPLETED, f"All {len(self._rates):,} steps measured, from {first} to {last}."))

    def _send(self, number: int, loss: Any) -> None:
        point = _Point(number, self._rates[number], self._clock.seconds)
        if isinstance(loss, torch.Tensor) and self._readings.late:
            self._arrived(self._readings.push(point, loss.detach().reshape(())))
        else:
            self._arrived([(point, [float(loss)])])

    def _arrived(self, numbers: Iterable[tuple[_Point, Sequence[float]]]) -> None:
        for (step, lr, seconds), (loss, *_) in numbers:
            self._say(BatchEvent(0, step, lr, loss, seconds))
            self._judge(lr, loss)

    def _record(self, lr: float, loss: float) -> None:
        """A loss that no step followed."""
        step = self._step // self._config.batches_per_lr
        self._arrived(self._readings.rest())
        self._say(BatchEvent(0, step, lr, loss, self._clock.seconds))
        self._judge(lr, loss)

    def _judge(self, lr: float, loss: float) -> None:
        self._losses.append(loss)
        stop = self._watch.push(lr, loss)
        if stop is None or self.end is not None:
            return
        end: EndEvent | None = None
        if stop.reason == EndReason.NOT_FINITE:
            step = f"The data of step {self._step + 1:,}"
            end = bad_batch(bad_data(step) if self._bad_data else Suspects(1).found(None, self._watch.measured))
        self.finish(end or EndEvent(stop.reason, stop.detail))

    def finish(self, end: EndEvent) -> None:
        """The sweep is over: raises `SweepOver`, which ends the script."""
        if self.end is None:
            self.end = self._with_guessing(end)
            self.facts = self.seen_facts()
            self._script.over()
        raise SweepOver

    # -- how it ended

    def _with_guessing(self, end: EndEvent) -> EndEvent:
        """`end` with what guessing costs; of several optimizers it is not known whose batches these were."""
        if self.hooks.steppers != 1:
            return end
        return replace(end, guessing=self._guessing.loss, uniform=self._guessing.uniform)

    def stopped(self) -> EndEvent:
        """The end of a sweep that the person stopped."""
        done = f"{self.points} of {len(self._rates)} steps"
        return EndEvent(EndReason.CANCELLED, f"Stopped after {done}; everything measured so far is kept.")

    @property
    def how_far(self) -> str:
        """ "after 7 of 200 steps"."""
        return f"after {self.points:,} of {self._config.steps:,} steps"

    def ran_out(self) -> EndEvent:
        """The end of a run whose script came to its own end, after some steps."""
        fewer = f", or sweep fewer steps (--steps {self.points})" if self.points >= FEWEST_POINTS else ""
        where, way_out = "", f"let it train for longer{fewer}"
        own = max(self._trace, default=0.0)
        if hardly_began(self._losses, len(self._rates), self.last_lr, own):
            where = f", at {format_lr(self.last_lr)}, where the loss had not fallen yet"
            way_out = (
                "if it stops by itself when the loss does not fall, switch that off for the sweep or begin nearer to "
                f"its own rate (--from {format_lr(own / NEARER)}); else {way_out}"
            )
        return self._with_guessing(
            EndEvent(EndReason.DATA_ENDED, f"{self._script.name} ended {self.how_far}{where}: {way_out}.")
        )

    def broke(self, how: str) -> EndEvent:
        """The end of a run whose script broke because of the rate."""
        words = stopped_where(how, self.last_lr, self.points, self._config.steps)
        return self._with_guessing(EndEvent(EndReason.DIVERGED, words))

    def rest(self) -> None:
        """Give what is still on its way from the device; a device that is broken has nothing more to say."""
        if self.end is not None and self.end.reason in BROKE:
            return
        try:
            self._arrived(self._readings.rest())
        except (SweepOver, RuntimeError):
            pass

    @property
    def leads(self) -> bool:
        """True for the process that reports."""
        return self._team.leads

    @property
    def looks_broken(self) -> bool:
        """True where the last losses are far above where they began: what happens to the script then is the rate's."""
        return looks_broken(self._losses, len(self._rates))

    @property
    def is_beyond(self) -> bool:
        """True where the rate is above the script's own by then."""
        return bool(self._trace) and self.points > 0 and self._lr > BEYOND * max(self._trace)

    @property
    def last_lr(self) -> float:
        """The rate of the last point."""
        return self._rates[min(max(self.points - 1, 0), len(self._rates) - 1)]

    def seen_facts(self) -> ScriptEvent | None:
        """What was seen of the script so far; None before its optimizer stepped."""
        seen = self._swept
        if seen is None:
            return None
        if seen.optimizer() is None:  # the function that made it has returned
            known, own = self._known, self._trace
            if known is None or not own:
                return known
            return replace(
                known,
                optimizers=self.hooks.steppers,
                steps=seen.steps,
                meanwhile=self._meanwhile,
                last_lr=own[-1],
                highest_lr=max(own),
                **self._peak(seen, own, bool(known.schedule)),
            )
        own = self._trace or [largest(seen.groups)]
        file, line = seen.made_at
        try:
            schedules = [type(one).__name__ for one in attached(seen.optimizer())]
        except Exception:  # somebody's objects may be in any state
            schedules = []
        return ScriptEvent(
            optimizer=seen.name,
            number=seen.number,
            optimizers=self.hooks.steppers,
            groups=len(seen.groups),
            steps=seen.steps,
            losses=seen.counts,
            own_lr=own[0],
            last_lr=own[-1],
            highest_lr=max(own),
            schedule=", ".join(dict.fromkeys(schedules)),
            planned="" if schedules else shape_of(own)[0] or "constant",
            meanwhile=self._meanwhile,
            file=file,
            line=line,
            **self._peak(seen, own, bool(schedules)),
        )

    def _peak(self, seen: Seen, own: Sequence[float], scheduled: bool) -> dict[str, Any]:
        """What a `ScriptEvent` says of the highest rate of the whole training: `peak_lr`, `rising`, `option`."""
        peak, rising = max(own), False
        found = 0.0 if self._found is None else self._found.lr
        if scheduled and found > own[0]:  # its scheduler tells
            peak = max(found, peak)
        else:
            rising = rises_still(own)
            made = max(found, seen.made_lr)
            if made >= peak and (rising or made <= NEARLY * peak):  # a warm-up towards the rate it was made with
                peak, rising = made, False
        return {"peak_lr": peak, "rising": rising, "option": self._script.option(peak)}


def _planned(seen: Seen) -> dict[str, Any]:
    """What a `TaskEvent` says of the training that the script's optimizer was made for."""
    try:
        return planned(seen.optimizer())
    except Exception:
        return {}


def own_rate_of(seen: Seen) -> OwnRate | None:
    """The rate that the script has set itself, of its schedule the highest as far as that can be seen."""
    optimizer = seen.optimizer()
    lr = largest(seen.groups)
    try:
        found = own_rate(optimizer)
    except Exception:  # somebody's schedulers may do anything when they are copied
        found = None
    if seen.made_lr > max(lr, found.lr if found else 0.0) and seen.made_lr != default_rate(type(optimizer)):
        return OwnRate(seen.made_lr, optimizer=seen.name)  # the script has set a lower one: a warm-up of its own
    return found or (OwnRate(lr, optimizer=seen.name) if math.isfinite(lr) and lr > 0 else None)


def rises_still(rates: Sequence[float]) -> bool:
    """True where rates rose, and the last rise is no longer ago than there was between two of them."""
    rises = [0, *(i for i in range(1, len(rates)) if rates[i] > rates[i - 1])]
    if len(rises) < 2 or rates[-1] < max(rates):
        return False
    longest = max(after - before for before, after in pairwise(rises))
    return len(rates) - 1 - rises[-1] <= longest


def _nothing(_event: Event) -> None:
    """What a process says that does not lead."""
