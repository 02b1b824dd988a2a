"""`verify`: a learning rate settled by short real trainings around it, in one call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import torch

from lrgui.api.arguments import check_places
from lrgui.api.end import End
from lrgui.api.keywords import takes
from lrgui.api.optimizer import MakeOptimizer
from lrgui.api.progress import Progress, interactive
from lrgui.api.request import Call
from lrgui.api.result import Result
from lrgui.api.setup import Model, precision, prepared
from lrgui.api.tracking import Tracking, Wanted
from lrgui.api.verified import Verified
from lrgui.core.control import Control
from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.engine.cleanup import Assured, OneInterrupt
from lrgui.core.engine.loader_state import seed_all
from lrgui.core.engine.race import race
from lrgui.core.engine.random_state import gradients_back
from lrgui.core.engine.snapshot import RandomState, Snapshot
from lrgui.core.engine.step import Loss
from lrgui.core.events import ERRORS, CandidateEvent, EndEvent, EndReason, Event, RunKind
from lrgui.core.formats import format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Standings
from lrgui.errors.diagnosis import explaining
from lrgui.errors.traces import folded
from lrgui.runs.failures import ended


@takes(RaceSettings, without=("around",), types={"amp": "str | torch.dtype | torch.amp.GradScaler | None"})
def verify(
    model: Model,
    loader: Iterable[Any] | Callable[[], Iterable[Any]],
    loss: Callable[[Any, Any], torch.Tensor] | None = None,
    optimizer: MakeOptimizer | None = None,
    *,
    lr: float | None = None,
    result: Result | None = None,
    config: RaceSettings,
    validation: Any = None,
    metric: Callable[[Any, Any], Any] | None = None,
    training_step: Loss | None = None,
    seed: int | None = None,
    device: torch.device | str | None = None,
    progress: bool = True,
    on_event: Callable[[Event], None] | None = None,
    track: Wanted = None,
    control: Control | None = None,
    snapshot_folder: str | None = None,
    title: str | None = None,
) -> Verified:
    """Measure the best learning rate around `lr` by short OneCycle trainings.

    The race brackets the best rate: it trains at `lr` and at 2.4 times less and more, then at a neighbour of the best
    as long as that is at an end, `trainings` times at most. Each starts from the same weights and sees the same
    batches. The rate is read off the parabola through the best and its neighbours, less a safety step. The cost is 3
    to 5 trainings of `steps` optimizer steps: at most 800 with the defaults (`RaceSettings.total_steps()`). Where
    every training ends worse than the untrained model, there is no winner. Everything is as it was afterwards,
    however the race ends.

    Args:
        model: as in `find_lr`, and so are `loader`, which must be one that can begin again, `loss`, `optimizer`,
            `training_step`, `seed`, `device`, `progress`, `on_event`, `track`, `control`, `snapshot_folder` and
            `title`.
        lr: the learning rate to race around.
        result: instead of `lr`, what `find_lr` gave: its recommendation, or its guess where it has none, as the maximum
            of a OneCycle whatever schedule is planned.
        {settings}
        validation: batches by whose loss the candidates are judged: an iterable, or `(iterable, k)` for the first
            k batches only. Without it they are judged by their last training losses.
        metric: `metric(output, target)` → number, shown in the table, and what decides with `judge="metric"` (or
            "highest", "lowest", where its name does not say which is better); with `training_step` (model, batch).
            Needs `validation`.

    Raises:
        ValueError: settings or data that can't be used.
        Exception: whatever your own code raises before the first step; later it ends the race, and the ranking so
            far is returned.
        KeyboardInterrupt: passes through, except in a notebook or at a prompt.
    """
    # `amp` may also be a torch dtype, or the caller's own scaler.
    name, scaler = precision(config.amp)
    config = replace(config, around=_pick(lr, result), amp=name)
    problems = [str(problem) for problem in config.validate()]
    if metric is not None and validation is None:
        problems.append("A metric needs validation batches: pass validation=…, or omit the metric.")
    several = torch.distributed.is_available() and torch.distributed.is_initialized()
    if several and torch.distributed.get_world_size() > 1:
        problems.append("A race runs in a single process: start it before torch.distributed is initialized.")
    if problems:
        raise ValueError(" ".join(problems))
    check_places(model, loader, loss, optimizer, training_step)
    one, last = OneInterrupt(), Assured(gradients_back(), RandomState().restore)
    tracking = Tracking(track)
    with tracking, one, one, last, last, explaining():
        if seed is not None:
            seed_all(seed, ())  # a model that is made here begins with the seed's weights
        ready, measured, batches = prepared(
            model,
            loader,
            loss,
            optimizer,
            config.around,
            device=device,
            training_step=training_step,
            validation=validation,
            metric=metric,
            config=config,
            last=last,
        )
        heard = tracking.heard(on_event)
        call = Call(ready, batches, measured, scaler, control or Control(), heard, snapshot_folder, title, tracking)
        verified = Racer(call, config, one).run(seed, progress)
    if verified.end.reason in ERRORS:
        print(f"The race ended early: {verified.end.detail}", file=sys.stderr)
    return verified


def _pick(lr: float | None, result: Result | None) -> float:
    if (lr is None) == (result is None):
        both = "" if lr is None else ", not both"
        raise ValueError(f"Pass the rate to race around: lr=… (a number) or result=… (from find_lr){both}.")
    if lr is not None:
        return float(lr)
    assert result is not None
    pick = result.by_schedule.get(ONE_CYCLE)  # whatever is planned, the race is one of OneCycles
    if pick is None:
        raise ValueError(f"There is no rate to race around. {result.reason} Or pass lr=….")
    return pick


class Racer:
    """Runs the race of one call."""

    def __init__(self, call: Call, config: RaceSettings, interrupts: OneInterrupt) -> None:
        self.call = call
        self.config = config
        self.keep_modes = False
        """Leave every module in the mode that it is in."""
        self._interrupts = interrupts
        self._seconds = 0.0

    def run(self, seed: int | None, progress: bool) -> Verified:
        """The whole race."""
        call, config = self.call, self.config
        standings = Standings(config, call.objective.metric_name or "")
        last = Assured(*call.loaders_back())
        call.tracking.begin(RunKind.RACE, call.title, config, **call.setup)
        with last, last:
            if seed is not None:
                # Each candidate begins as the snapshot says, so the seed must be in it.
                seed_all(seed, call.loader)
            snapshot = call.snapshot()
            last.add(snapshot.close)
            last.add(snapshot.restore_changed)
            end = self._race(snapshot, standings, Progress(progress, config.total_steps(), 1))
        verified = Verified(
            config=config,
            ranking=standings.ranking(),
            end=end,
            title=call.title,
            validation=call.objective.probe is not None,
            metric_name=call.objective.metric_name,
            steps=standings.done,
            seconds=self._seconds,
            notes=snapshot.notes,
        )
        call.tracking.raced(verified)
        return verified

    def _race(self, snapshot: Snapshot, standings: Standings, line: Progress) -> End:
        call, ready = self.call, self.call.ready
        call.tell(call.task(self.config.total_steps()))
        events = race(
            ready.model,
            call.loader,
            ready.optimizer,
            call.objective.loss,
            self.config,
            call.control,
            device=ready.device,
            scaler=call.scaler,
            metric_name=call.objective.metric_name or "",
            probe=call.objective.probe,
            keep_modes=self.keep_modes,
            snapshot=snapshot,
        )
        try:
            with closing(events):  # type: ignore[type-var]
                return self._listen(events, standings, line)
        except Exception as error:
            if not standings.done:
                raise  # nothing was measured: the caller's own exception says most
            how = ended(error, getattr(call.loader, "batch_size", None), self.config.accumulation)
            return self._ended(End(how.reason, how.detail, traceback=folded(error)))
        except KeyboardInterrupt:
            if not interactive() or not standings.done:
                raise
            words = f"Interrupted from the keyboard. {standings.ranking().reason}"
            return self._ended(End(EndReason.CANCELLED, words))
        finally:
            line.end()

    def _listen(self, events: Iterator[Event], standings: Standings, line: Progress) -> End:
        total, end = self.config.total_steps(), EndEvent(EndReason.FAILED, "The race ended unexpectedly.")
        for event in events:
            self._interrupts.again()  # the caller's code may have caught a Ctrl+C, and goes on
            standings.add((event,))
            self.call.tell(event)
            if isinstance(event, CandidateEvent):
                self._seconds = event.seconds
                if line.due():
                    where = standings.place_in_race(event.round)
                    line.write(
                        f"{where.capitalize()} · step {standings.done:,} of {total:,} · LR {format_lr(event.lr)} · "
                        f"loss {format_loss(event.loss)}"
                    )
            elif isinstance(event, EndEvent):
                end = event
        return End(end.reason, end.detail)

    def _ended(self, end: End) -> End:
        self.call.tell(EndEvent(end.reason, end.detail))
        return end
