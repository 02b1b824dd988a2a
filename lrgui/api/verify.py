"""`verify`: a learning rate settled by short real trainings around it, in one call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

import torch
from torch import nn

from lrgui.api.progress import Progress, interactive
from lrgui.api.result import End, Result
from lrgui.api.setup import Made, MakeOptimizer, Model, Objective, elsewhere, made, objective, precision
from lrgui.api.verified import Verified
from lrgui.core.batches import length
from lrgui.core.config import RaceConfig
from lrgui.core.control import Control
from lrgui.core.events import ERRORS, CandidateEvent, EndEvent, Event, TaskEvent
from lrgui.core.insist import all_of
from lrgui.core.learning_rate import short_lr
from lrgui.core.loader_state import loader_back
from lrgui.core.race import race
from lrgui.core.ranking import Standings
from lrgui.core.restore import RandomState, Snapshot
from lrgui.core.seeding import seed_all
from lrgui.core.stepping import Loss
from lrgui.runs.failures import ended
from lrgui.tasks.checks.traces import folded

_DEFAULT = RaceConfig()


def verify(
    model: Model,
    loader: Iterable[Any],
    loss: Callable[[Any, Any], torch.Tensor] | None = None,
    optimizer: MakeOptimizer | None = None,
    *,
    lr: float | None = None,
    result: Result | None = None,
    steps: int = _DEFAULT.steps,
    rates: int = _DEFAULT.rates,
    octaves: float = _DEFAULT.octaves,
    rounds: int = _DEFAULT.rounds,
    pct_start: float = _DEFAULT.pct_start,
    div_factor: float = _DEFAULT.div_factor,
    final_div_factor: float = _DEFAULT.final_div_factor,
    validation: Any = None,
    metric: Callable[[Any, Any], Any] | None = None,
    training_step: Loss | None = None,
    seed: int | None = None,
    device: torch.device | str | None = None,
    amp: str | torch.dtype | torch.amp.GradScaler | None = None,
    accumulation: int = 1,
    clip_grad_norm: float | None = None,
    progress: bool = True,
    on_event: Callable[[Event], None] | None = None,
    control: Control | None = None,
    snapshot_folder: str | None = None,
    title: str | None = None,
) -> Verified:
    """Race short OneCycle trainings at `rates` learning rates around `lr`, and say which one wins.

    Each candidate starts from the same weights and sees the same batches. After each round the worse half leaves
    and the others train anew, twice as long. The cost is `RaceConfig.total_steps()`: 1,080 optimizer steps with
    the defaults. Everything is as it was afterwards, however the race ends.

    Args:
        lr: the pick to race around; or `result`, what `find_lr` gave (its best guess where it has no pick).
        steps: optimizer steps of a training in the last round; the nearer to the real training the better.
        rates: how many race, `octaves` (factors of two) apart from each other, in `rounds` rounds.
        pct_start, div_factor, final_div_factor: the cycle, as in torch's OneCycleLR.
        validation: batches by whose loss the candidates are judged: an iterable, or `(iterable, k)` for the first
            k batches only. Without it they are judged by their last training losses.
        metric: `metric(output, target)` → number, shown in the table; with `training_step` (model, batch). Needs
            `validation`.
        model, loader, loss, optimizer, training_step, seed, device, amp, accumulation, clip_grad_norm, progress,
        on_event, control, snapshot_folder, title: as in `find_lr`. The loader must be one that can begin again.

    Raises:
        ValueError: settings or data that can't be used. Exceptions of your own code pass through before the
        first step; later they end the race, and the ranking so far is returned. KeyboardInterrupt passes through,
        except in a notebook or at a prompt.
    """
    name, scaler = precision(amp)
    config = RaceConfig(
        around=_pick(lr, result),
        rates=rates,
        octaves=octaves,
        steps=steps,
        rounds=rounds,
        pct_start=pct_start,
        div_factor=div_factor,
        final_div_factor=final_div_factor,
        accumulation=accumulation,
        clip_grad_norm=clip_grad_norm,
        amp=name,
    )
    problems = [str(problem) for problem in config.validate()]
    if metric is not None and validation is None:
        problems.append("A metric is measured on validation batches: pass validation=…, or leave the metric out.")
    several = torch.distributed.is_available() and torch.distributed.is_initialized()
    if several and torch.distributed.get_world_size() > 1:
        problems.append("A race runs in one process: start it before torch.distributed is initialised.")
    if problems:
        raise ValueError(" ".join(problems))
    random_state = RandomState()
    try:
        if seed is not None:
            seed_all(seed, ())  # a model that is made here begins with the seed's weights
        ready = made(model, optimizer, device, config.around)
        with elsewhere(ready, device if isinstance(model, nn.Module) else None) as ready:
            verifier = _Verifier(ready, loader, config, control or Control(), on_event)
            verifier.objective = objective(loss, training_step, validation, metric, ready.device, name)
            verifier.scaler, verifier.snapshot_folder = scaler, snapshot_folder
            verifier.title = title or f"{type(ready.model).__name__} · {type(ready.optimizer).__name__}"
            verifier.metric_name = None if metric is None else getattr(metric, "__name__", "metric")
            verified = verifier.run(seed, progress)
    finally:
        random_state.restore()
    if verified.end.reason in ERRORS:
        print(f"The race ended early: {verified.end.detail}", file=sys.stderr)
    return verified


def _pick(lr: float | None, result: Result | None) -> float:
    if (lr is None) == (result is None):
        raise ValueError("Say what to race around: lr=… (a number) or result=… (what find_lr gave).")
    if lr is not None:
        return float(lr)
    assert result is not None
    pick = result.lr if result.lr is not None else result.best_guess
    if pick is None:
        raise ValueError(f"There is no rate to race around. {result.reason} Or pass lr=….")
    return pick


class _Verifier:
    """Runs the race of one call."""

    def __init__(
        self,
        ready: Made,
        loader: Iterable[Any],
        config: RaceConfig,
        control: Control,
        on_event: Callable[[Event], None] | None,
    ) -> None:
        self.ready = ready
        self.loader = loader
        self.config = config
        self.control = control
        self.on_event = on_event
        self.objective: Objective
        self.scaler: torch.amp.GradScaler | None = None
        self.snapshot_folder: str | None = None
        self.title = ""
        self.metric_name: str | None = None
        self._seconds = 0.0

    def run(self, seed: int | None, progress: bool) -> Verified:
        """The whole race."""
        ready, config = self.ready, self.config
        standings = Standings(config)
        back = loader_back(self.loader)
        if seed is not None:
            # Each candidate begins as the snapshot says, so the seed must be in it.
            seed_all(seed, self.loader)
        try:
            with Snapshot(
                ready.model, ready.optimizer, loader=self.loader, scaler=self.scaler, folder=self.snapshot_folder
            ) as snapshot:
                end = self._race(snapshot, standings, Progress(progress, config.total_steps(), 1))
        finally:
            all_of(back)
        return Verified(
            config=config,
            ranking=standings.ranking(),
            end=end,
            title=self.title,
            validation=self.objective.probe is not None,
            metric_name=self.metric_name,
            steps=standings.done,
            seconds=self._seconds,
            notes=snapshot.notes,
        )

    def _race(self, snapshot: Snapshot, standings: Standings, line: Progress) -> End:
        ready = self.ready
        self._tell(self._task())
        events = race(
            ready.model,
            self.loader,
            ready.optimizer,
            self.objective.loss,
            self.config,
            self.control,
            device=ready.device,
            scaler=self.scaler,
            probe=self.objective.probe,
            snapshot=snapshot,
        )
        try:
            with closing(events):  # type: ignore[type-var]
                return self._listen(events, standings, line)
        except Exception as error:
            if not standings.done:
                raise  # nothing was measured: the caller's own exception says most
            how = ended(error, getattr(self.loader, "batch_size", None))
            return self._ended(End(how.reason, how.detail, folded(error)))
        except KeyboardInterrupt:
            if not interactive() or not standings.done:
                raise
            words = f"Interrupted from the keyboard. {standings.ranking().reason}"
            return self._ended(End("cancelled", words))
        finally:
            line.end()

    def _listen(self, events: Iterator[Event], standings: Standings, line: Progress) -> End:
        total, end = self.config.total_steps(), EndEvent("failed", "The race stopped without saying why.")
        for event in events:
            standings.add((event,))
            self._tell(event)
            if isinstance(event, CandidateEvent):
                self._seconds = event.seconds
                if line.due():
                    line.write(
                        f"Round {event.round + 1} of {self.config.rounds} · step {standings.done:,} of {total:,} · "
                        f"LR {short_lr(event.lr, 2)} · loss {event.loss:.4g}"
                    )
            elif isinstance(event, EndEvent):
                end = event
        return End(end.reason, end.detail)

    def _ended(self, end: End) -> End:
        self._tell(EndEvent(end.reason, end.detail))
        return end

    def _tell(self, event: Event) -> None:
        if self.on_event is not None:
            self.on_event(event)

    def _task(self) -> TaskEvent:
        parameters = sum(p.numel() for p in self.ready.model.parameters() if p.requires_grad)
        return TaskEvent(
            name=self.title,
            detail="",
            train_size=length(getattr(self.loader, "dataset", None)) or 0,
            val_size=0,
            parameters=parameters,
            classes=None,
            device=str(self.ready.device),
            batches_per_epoch=length(self.loader) or 0,
            steps=self.config.total_steps(),
        )
