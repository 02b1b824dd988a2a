"""`find_lr`: a learning-rate sweep of the caller's own model and data, in one call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from lrgui.api.arguments import check_places
from lrgui.api.budgeted import proven
from lrgui.api.keywords import takes
from lrgui.api.optimizer import MakeOptimizer, is_made
from lrgui.api.progress import Progress, interactive
from lrgui.api.request import Call
from lrgui.api.result import Result
from lrgui.api.setup import (
    Made,
    Model,
    chosen_groups,
    give_sizes,
    group_names,
    made,
    precision,
    prepared,
)
from lrgui.api.tracking import Tracking, Wanted
from lrgui.core.budget import Budget
from lrgui.core.control import Control
from lrgui.core.curve.own_rate import OwnRate, following, following_note
from lrgui.core.engine.batches import NO_BATCH
from lrgui.core.engine.cleanup import Assured, OneInterrupt
from lrgui.core.engine.loader_state import seed_all
from lrgui.core.engine.modes import modes_note
from lrgui.core.engine.own_rates import own_rate, own_rate_of_maker
from lrgui.core.engine.param_groups import partly_held_note
from lrgui.core.engine.random_state import gradients_back
from lrgui.core.engine.snapshot import RandomState, Snapshot
from lrgui.core.engine.step import Loss
from lrgui.core.engine.sweep import sweep
from lrgui.core.engine.team import Team, team
from lrgui.core.events import ERRORS, BatchEvent, EndEvent, EndReason, Event, RunKind
from lrgui.core.optimizers import optimizer_name
from lrgui.core.run_settings import SweepSettings
from lrgui.errors.diagnosis import explaining
from lrgui.errors.traces import folded
from lrgui.runs.failures import ended
from lrgui.runs.record import Record
from lrgui.runs.records import whole
from lrgui.tasks.optimizers.hidden_layers import hidden_layers

#: So many sweeps are made at most where one after the other turns out to be wrong.
MOST_SWEEPS = 3


@takes(SweepSettings, types={"amp": "str | torch.dtype | torch.amp.GradScaler | None"})
def find_lr(
    model: Model,
    loader: Iterable[Any] | Callable[[], Iterable[Any]],
    loss: Callable[[Any, Any], torch.Tensor] | None = None,
    optimizer: MakeOptimizer | None = None,
    *,
    config: SweepSettings,
    seed: int | None = None,
    device: torch.device | str | None = None,
    validation: Any = None,
    metric: Callable[[Any, Any], Any] | None = None,
    param_groups: Sequence[int | str] | str | None = None,
    training_step: Loss | None = None,
    auto: bool = False,
    auto_range: bool = False,
    budget: float | str | None = None,
    progress: bool = True,
    on_event: Callable[[Event], None] | None = None,
    track: Wanted = None,
    control: Control | None = None,
    fresh_init: bool = False,
    snapshot_folder: str | None = None,
    keep_modes: bool = False,
    title: str | None = None,
) -> Result:
    """Sweep the learning rate of `model` on `loader`'s batches and say which one to train with.

    Everything is as it was afterwards, however the sweep ends: weights, buffers, optimizer, random generators.

    Args:
        model: a module, or a function that makes one (then nothing of the caller's is touched at all).
        loader: any iterable of batches, not a Dataset; one that can be iterated again is begun again when it ends.
        loss: `loss(output, target)`; may be left out where the model's output has a `loss` of its own, or where
            `training_step` is given. How a batch is split is said in `core.engine.objective.Supervised`.
        optimizer: an optimizer of the model's parameters, its class, its name, or a function of `params` or `model`,
            and `lr`; what `configure_optimizers` returns will do as well. None is AdamW.
        {settings}
        seed: seeds the generators of Python, numpy, torch and the loader for the sweep (they are put back). None
            lets the first sweep go on from where they are.
        device: where to compute; None is where the model is (or the best there is, for a model made here).
        validation: batches whose loss is measured at each rate instead of the training batch's, in eval mode:
            an iterable, or `(iterable, k)` for the first k batches only.
        metric: `metric(output, target)` → number, drawn as a second curve; with `training_step` it takes
            `(model, batch)`. Measured on the validation batches where there are such.
        param_groups: indices or names of the parameter groups that are swept (others keep their rate);
            None sweeps all, at the ratio of their rates; "each" adds a sweep for every group by itself.
        training_step: `training_step(model, batch)` → loss, for everything else; None leaves the batch out.
            `core.engine.objective.loss_in` says where in a dict or a tuple the loss is found.
        auto: if the range turns out to be wrong, or noise hides the fall, sweep again with another range or with more
            steps at each rate, at most twice.
        auto_range: the same for the range alone.
        budget: what sweep and proof together may take: seconds, or "30s", "2m", "500 steps". Where the sweep's
            confidence is not high, short trainings measure the best rate around its recommendation, or guess, as far as
            the budget allows (three to five, of at least 40 steps); `result.verified` has their table. Where every
            training ends worse than the untrained model, there is no recommendation.
        progress: one line that says how far it is, in a terminal or a notebook.
        on_event: called with every event (`core.events`) as it happens.
        track: experiment trackers that record the run: "tensorboard", "mlflow" or "wandb", with "=" and a folder or
            without, several of these in a list, or a dict of folders.
        control: to pause or cancel from there.
        fresh_init: with a function as model each repeat begins with weights of its own.
        snapshot_folder: where a state above 4 GiB is kept in a private temporary file instead of in memory.
        keep_modes: leave every module in the mode that it is in. Else the model is put into train mode, as a training
            loop does it; parts that stand in eval mode in a model that is in train mode stay so.
        title: what the picture is called; None is the model's and the optimizer's class.

    Returns:
        The result. If the sweep ended early, `result.end` says why.

    Raises:
        ValueError: settings that can't be used, or data without a batch.
        Exception: whatever your own code raises before the first point, with a note on its probable cause; later it
            ends the sweep, and the result has what was measured.
        KeyboardInterrupt: passes through, except in a notebook or at a prompt, where the result is returned.
    """
    # `amp` may also be a torch dtype, or the caller's own scaler.
    name, scaler = precision(config.amp)
    config = replace(config, amp=name)
    problems = [str(problem) for problem in config.validate()]
    if fresh_init and isinstance(model, nn.Module):
        problems.append("Fresh weights require a function that returns the model: pass it instead of the model.")
    if problems:
        raise ValueError(" ".join(problems))
    check_places(model, loader, loss, optimizer, training_step)
    allowed = None if budget is None else Budget.read(budget)
    one, last = OneInterrupt(), Assured(gradients_back(), RandomState().restore)
    together = team()
    # Loaders that deal out one shuffled order to all processes need the same seed in each.
    first_seed = together.led(seed if seed is not None else torch.initial_seed() % 2**63)
    tracking = Tracking(track if together.leads else None)
    with tracking, one, one, last, last, explaining():
        if seed is not None:
            seed_all(seed, ())  # a model that is made here begins with the seed's weights
        ready, measured, batches = prepared(
            model,
            loader,
            loss,
            optimizer,
            config.start_lr,
            device=device,
            training_step=training_step,
            validation=validation,
            metric=metric,
            config=config,
            last=last,
        )
        heard = tracking.heard(on_event)
        call = Call(ready, batches, measured, scaler, control or Control(), heard, snapshot_folder, title, tracking)
        whole = None if param_groups == "each" else chosen_groups(ready.optimizer, param_groups)
        own = _own_rate(ready, optimizer, config.start_lr, whole)
        followed = following(config, own)
        finder = _Finder(call, followed, together)
        finder.range_note = following_note(config, followed)
        finder.interrupts = one
        finder.keep_modes = keep_modes
        finder.progress = progress and together.leads
        finder.seeds = [None if seed is None and r == 0 else first_seed + r for r in range(config.repeats)]
        if fresh_init:

            def fresh() -> Made:
                again = made(model, optimizer, device, config.start_lr)
                give_sizes(again, batches, measured.loss)
                return again.trained_as(config, measured.loss, last)

            finder.fresh = fresh
        finder.mends = "all" if auto else "range" if auto_range else ""
        result = finder.find(whole, own)
        if allowed is not None and not finder.over:
            result = proven(
                result,
                call,
                allowed,
                made=finder.made,
                seconds=finder.seconds,
                processes=together.size,
                interrupts=one,
                seed=seed,
                progress=finder.progress,
                keep_modes=keep_modes,
            )
        if param_groups == "each" and not finder.over:
            names = group_names(ready.optimizer)
            parts = {}
            for index, part in enumerate(names):
                if finder.over:
                    break
                own = _own_rate(ready, optimizer, config.start_lr, [index])
                parts[part] = finder.find([index], own, f"{call.title} · {part}")
            result = replace(result, groups=parts)
    if result.end.reason in ERRORS and together.leads:
        print(f"The sweep ended early: {result.end.detail}", file=sys.stderr)
    return result


def _own_rate(ready: Made, given: Any, lr: float, groups: list[int] | None) -> OwnRate | None:
    """The rate of the caller's optimizer, of the `groups` that are swept; one that is made here was made with `lr`."""
    if is_made(given):
        return own_rate(ready.optimizer, groups)
    if given is None:
        return None  # nobody chose it
    return own_rate_of_maker(type(ready.optimizer) if isinstance(given, str) else given, ready.optimizer, lr)


class _Finder:
    """Runs the sweeps of one call and makes results of them."""

    def __init__(self, call: Call, config: SweepSettings, together: Team) -> None:
        self.call = call
        self.config = config
        self.team = together
        self.mends = ""
        """What is changed for another sweep where it was wrong: the "range", or "all" that can be."""
        self.range_note: str | None = None
        """What is to be said of a range that follows the optimizer."""
        self.progress = False
        self.seeds: list[int | None] = [None]
        self.fresh: Callable[[], Made] | None = None
        self.keep_modes = False
        self.interrupts = OneInterrupt()
        self.made, self.seconds = 0, 0.0
        """Optimizer steps of all sweeps so far, and the time that they took."""
        self.over = False
        """True once a sweep ended in a way after which none should follow."""
        self._notes: list[str] = []
        self._snapshot: Snapshot | None = None
        self._traceback = ""

    def find(self, groups: list[int] | None, own: OwnRate | None = None, title: str | None = None) -> Result:
        """Sweep, as often as the repeats ask for, and what is to be mended about the sweep."""
        call, config = self.call, self.config
        changes: list[str] = [] if self.range_note is None else [self.range_note]
        most = len(changes) + MOST_SWEEPS - 1
        while True:
            self._notes = []
            call.tracking.begin(RunKind.SWEEP, title or call.title, config, **call.setup, batch_size=self._batch_size())
            records, end = self._repeats(config, groups)
            result = Result.of(
                records,
                config,
                title=title or call.title,
                end=end,
                notes=(*changes, *self._notes),
                traceback=self._traceback,
                metric_name=call.objective.metric_name,
                validation=call.objective.probe is not None,
                swept=groups,
                optimizer=optimizer_name(call.ready.optimizer),
                batch_size=self._batch_size(),
                own=own,
            )
            call.tracking.swept(result)
            pick = result.reading.recommendation
            change = pick.next_sweep if self.mends == "all" else pick.advice if self.mends else None
            if change is None or self.over or len(changes) == most:
                return result
            changes.append(f"{change.why} Swept again, {change.words}.")
            config = replace(config, **change.settings)

    def _repeats(self, config: SweepSettings, groups: list[int] | None) -> tuple[list[Record], EndEvent]:
        call, ready = self.call, self.call.ready
        line = Progress(self.progress, config.steps, len(self.seeds))
        records: list[Record] = []
        end = EndEvent(EndReason.FAILED, "No sweep was run.")
        self._take(ready)
        notes = [*ready.notes, partly_held_note(ready.model, ready.optimizer)]
        notes += [sentence for sentence, _ in hidden_layers(ready.model, ready.optimizer)]
        if not self.keep_modes:
            notes.append(modes_note(ready.model))
        # In this order: what a sweep has left open is put back before its snapshot goes.
        last = Assured(line.end, self._put_back, *call.loaders_back())
        with last, last:
            for number, seed in enumerate(self.seeds):
                if self._snapshot is not None:
                    self._snapshot.changed = True
                anew = self.fresh if number > 0 else None
                if anew is not None:
                    self._put_back()
                if seed is not None:
                    seed_all(seed, call.loader)
                if anew is not None:
                    ready = anew()
                    self._take(ready)
                assert self._snapshot is not None
                record = Record(number)
                records.append(record)
                end = self._sweep(ready, self._snapshot, config, groups, record, line)
                if not len(record) and number == 0 and end.reason == EndReason.DATA_ENDED:
                    raise ValueError(NO_BATCH)
                if self.over:
                    break
        self._notes += [note for note in notes if note is not None]
        found = whole(records)
        if len(found) < len(records) and len(records) > 1:
            self._notes.append(
                f"Sweep {len(records)} of {len(self.seeds)} did not finish ({len(records[-1])} of {config.steps} "
                "steps) and is ignored."
            )
        return found, end

    def _take(self, ready: Made) -> None:
        self._snapshot = self.call.snapshot(ready)

    def _put_back(self) -> None:
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            try:
                snapshot.restore_changed()
            finally:
                self._notes = list(snapshot.notes)
                snapshot.close()

    def _sweep(
        self,
        ready: Made,
        snapshot: Snapshot,
        config: SweepSettings,
        groups: list[int] | None,
        record: Record,
        line: Progress,
    ) -> EndEvent:
        call = self.call
        task = call.task(config.steps, config.batches_per_lr)
        record.add([task])
        call.tell(task)
        events = sweep(
            ready.model,
            call.loader,
            ready.optimizer,
            call.objective.loss,
            config,
            call.control,
            device=ready.device,
            number=record.sweep,
            scaler=call.scaler,
            probe=call.objective.probe,
            metric=call.objective.metric,
            groups=groups,
            keep_modes=self.keep_modes,
            snapshot=snapshot,
            team=self.team,
        )
        try:
            with closing(events):  # type: ignore[type-var]
                self._listen(events, record, line)
        except Exception as error:
            if self.team.size > 1:
                raise  # the other processes may wait where they can't be told: this run must end
            if not len(record) and record.sweep == 0:
                raise  # nothing was measured: the caller's own exception says most
            self._end(record, ended(error, getattr(call.loader, "batch_size", None), self.config.accumulation), error)
        except KeyboardInterrupt as error:
            if not interactive() or not len(record):
                raise
            self._end(
                record,
                EndEvent(EndReason.CANCELLED, "Interrupted from the keyboard; everything measured so far is kept."),
                error,
            )
        assert record.end is not None
        self.made += len(record) * config.batches_per_lr
        self.seconds += float(record.seconds[-1]) if len(record) else 0.0
        self.over = record.end.reason in (EndReason.CANCELLED, EndReason.DATA_ENDED, *ERRORS)
        return record.end

    def _listen(self, events: Iterator[Event], record: Record, line: Progress) -> None:
        tell, add, show, shown = self.call.on_event, record.add, line.batch, line.on
        again = self.interrupts.again
        for event in events:
            again()  # the caller's code may have caught a Ctrl+C, and goes on
            add((event,))
            if shown and type(event) is BatchEvent:
                show(event.sweep, event.step, event.lr, event.loss)
            if tell is not None:
                tell(event)

    def _end(self, record: Record, end: EndEvent, error: BaseException) -> None:
        self._traceback = folded(error)
        record.add([end])
        self.call.tell(end)

    def _batch_size(self) -> int | None:
        """Examples per optimizer step, of all processes together; None where the loader does not say."""
        size = getattr(self.call.loader, "batch_size", None)
        return size * self.config.accumulation * self.team.size if isinstance(size, int) and size > 0 else None
