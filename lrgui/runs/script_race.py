"""A race of a training script: the program is run again for each rate, each time in a process of its own."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

from lrgui.core.events import (
    BROKE,
    BatchEvent,
    CandidateEvent,
    EndEvent,
    EndReason,
    Event,
    OutputEvent,
    RunState,
    ScriptEvent,
    StandingEvent,
    StateEvent,
    Stream,
    TaskEvent,
    UntrainedEvent,
)
from lrgui.core.learning_rate import format_lr, same_lr
from lrgui.core.standings import Standings, last_steps
from lrgui.runs.event_source import EventSource
from lrgui.runs.failures import ended_unexpectedly
from lrgui.runs.job import Job
from lrgui.runs.one_at_a_time import OneAtATime
from lrgui.runs.records import own_of

Heard = Callable[[bytes], None]
"""Is given what the script prints, as it comes."""
Open = Callable[[Job, Heard], EventSource]
"""Starts the script for one training."""

#: How a training ends that went as far as it was to, or as the script itself goes.
_WHOLE = (EndReason.COMPLETED, EndReason.DATA_ENDED)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class PrintedMetric:
    """The last number that a script prints in the form of a pattern: its first group."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self.value: float | None = None

    def feed(self, data: bytes) -> None:
        """Take in more of what was printed."""
        *lines, self._rest = re.split("[\r\n]", self._rest + self._decoder.decode(data))
        for line in lines:
            self._look(line)

    def end(self) -> None:
        """Nothing more comes."""
        self._look(self._rest)
        self._rest = ""

    def _look(self, line: str) -> None:
        for match in self._pattern.finditer(_COLOURS.sub("", line)):
            try:
                self.value = float(match[1])
            except (TypeError, ValueError):
                pass  # words in the place of a number


@dataclass
class _Training:
    """What one process came to."""

    losses: list[float] = field(default_factory=list)
    task: TaskEvent | None = None
    facts: ScriptEvent | None = None
    end: EndEvent = field(default_factory=ended_unexpectedly)
    metric: float | None = None


class ScriptRace(OneAtATime):
    """An `EventSource`: trainings of one script, one after the other, as `core.engine.race` has them of a model.

    Each is the program from its start, with its own seed and data. A first, short one at rate 0 measures the untrained
    model, unless the trainings are judged by what the script prints.
    """

    def __init__(self, job: Job, open_source: Open) -> None:
        super().__init__()
        self._job = job
        self._config = job.race
        self._open = open_source
        self._standings = Standings(job.race)
        self._seconds = 0.0
        self._task: TaskEvent | None = None
        self._facts: ScriptEvent | None = None
        self._own = job.race.own_lr
        self._crash = ""
        self._noted = False

    def chunks(self) -> Generator[list[Event], None, None]:
        """The events of the race."""
        standings, config = self._standings, self._config
        end: EndEvent | None = None
        if not config.metric:
            end = yield from self._untrained()
        for number in range(config.stages):
            while end is None and (candidate := standings.following(number)) is not None:
                end = yield from self._candidate(number, candidate)
            if end is not None:
                break
            over = standings.settled(number)
            yield list(over)
            if not any(event.alive for event in over):
                if self._crash:  # no rate was low enough for what is no matter of rates
                    end = EndEvent(EndReason.FAILED, self._crash)
                break
        last: list[Event] = [] if self._facts is None else [self._facts]
        yield [*last, end or EndEvent(EndReason.COMPLETED, standings.ranking().reason)]

    # -- trainings

    def _untrained(self) -> Generator[list[Event], None, EndEvent | None]:
        """Run the script at rate 0; how the race ends where it cannot begin."""
        steps = last_steps(self._config.steps)
        run = yield from self._train(0.0, steps, lambda event: None)
        known = [loss for loss in run.losses if math.isfinite(loss)]
        if run.end.reason == EndReason.CANCELLED or not run.losses:
            return self._stopped(run)
        if not known:
            return EndEvent(EndReason.FAILED, "The loss is not finite before anything is trained: check the data.")
        whole = run.end.reason in _WHOLE
        yield self._taken(UntrainedEvent(sum(known) / len(known) if whole else math.nan))
        return None

    def _candidate(self, number: int, candidate: int) -> Generator[list[Event], None, EndEvent | None]:
        """Train one candidate; how the race ends where it does."""
        lr, steps = self._standings.lrs[candidate], self._config.budget(number)
        begin = self._seconds

        def step(event: BatchEvent) -> CandidateEvent:
            self._seconds = begin + event.seconds
            return CandidateEvent(number, candidate, lr, event.step, steps, event.loss, self._seconds)

        run = yield from self._train(lr, steps, step)
        reason = run.end.reason
        if reason == EndReason.FAILED and run.losses:
            self._crash = self._crash or run.end.detail
            yield [OutputEvent(f"{format_lr(lr)} counts as diverged: {run.end.detail}", Stream.NOTE)]
        elif reason not in (*_WHOLE, *BROKE):
            return self._stopped(run)
        loss = math.inf
        if reason in _WHOLE:
            if self._config.metric and run.metric is None:
                return EndEvent(EndReason.DATA_ENDED, self._no_metric(len(run.losses)))
            loss = self._loss(run)
        if reason == EndReason.COMPLETED and (words := self._not_reached(run)):
            return EndEvent(EndReason.DATA_ENDED, words)
        note = self._beyond(run)
        if note:
            yield [OutputEvent(note, Stream.NOTE)]
        loss = loss if math.isfinite(loss) else math.inf
        yield self._taken(StandingEvent(number, candidate, lr, loss, math.isfinite(loss), steps, run.metric))
        return None

    def _train(
        self, lr: float, steps: int, step: Callable[[BatchEvent], Event | None]
    ) -> Generator[list[Event], None, _Training]:
        """Run the script once at `lr`; `step` makes of each of its steps what is told."""
        run = _Training()
        if self._cancelled:
            run.end = EndEvent(EndReason.CANCELLED, "")
            return run
        metric = PrintedMetric(self._config.metric) if self._config.metric else None
        config = replace(self._config, around=lr, steps=steps, rates=None, own_lr=self._own)
        job = replace(self._job, race=config)
        source = self._open(job, metric.feed if metric else lambda printed: None)
        if not self._turns_to(source):
            run.end = EndEvent(EndReason.CANCELLED, "")
            return run
        for events in source.chunks():
            told: list[Event] = []
            for event in events:
                if isinstance(event, BatchEvent):
                    run.losses.append(event.loss)
                    shown = step(event)
                    told += [] if shown is None else [shown]
                elif isinstance(event, TaskEvent):
                    run.task = event
                    if self._task is None:
                        self._task = replace(
                            event, steps=self._config.total_steps(), metric_name=self._config.metric_name
                        )
                        told.append(self._task)
                elif isinstance(event, ScriptEvent):
                    run.facts = self._facts = event
                elif isinstance(event, EndEvent):
                    run.end = event
                elif not (isinstance(event, StateEvent) and event.state == RunState.STARTING and self._task):
                    told.append(event)
            self._standings.add(told)
            if told:
                yield told
        if metric is not None:
            metric.end()
            run.metric = metric.value
        if self._own is None and (own := own_of(run.task, run.facts)) is not None:
            self._own = own.lr
        return run

    def _taken(self, event: Event) -> list[Event]:
        self._standings.add([event])
        return [event]

    def _loss(self, run: _Training) -> float:
        """What a whole training is judged by, where no metric decides."""
        last = run.losses[-last_steps(len(run.losses)) :]
        return sum(last) / len(last)

    # -- in words

    def _stopped(self, run: _Training) -> EndEvent:
        if run.end.reason != EndReason.CANCELLED:
            return run.end
        done, total = self._standings.done, self._config.total_steps()
        words = f"Stopped after {done:,} of {total:,} steps. {self._standings.ranking().reason}"
        return EndEvent(EndReason.CANCELLED, words)

    def _no_metric(self, steps: int) -> str:
        return (
            f"The script printed nothing like “{self._config.metric}” in {steps:,} steps: train for more steps "
            "(--verify-steps), or correct the pattern."
        )

    def _not_reached(self, run: _Training) -> str:
        """Why there is no answer where the script's schedule, in these steps, did not go up to what was scaled to the
        rates; else empty. What is ended by the script itself is all that it does."""
        facts, own = run.facts, self._own
        if self._config.one_cycle or facts is None or not own or not _is_below(facts.highest_lr, own):
            return ""
        return (
            f"No answer: the script's own rate went only up to {format_lr(facts.highest_lr)} in these {facts.steps:,} "
            f"steps, of {format_lr(own)}, so the trainings do not reach the rates that they stand for. Train for more "
            "steps (--verify-steps), or race under OneCycle (--verify-schedule onecycle)."
        )

    def _beyond(self, run: _Training) -> str:
        """A sentence where the script's schedule went higher than what was scaled to the rates."""
        if self._noted or self._config.one_cycle or run.facts is None or not self._own:
            return ""
        highest = run.facts.highest_lr
        if highest <= self._own or same_lr(highest, self._own):
            return ""
        self._noted = True
        part = f"{format_lr(highest)} in these {run.facts.steps:,} steps"
        return f"The script's own rate went up to {part}: the rates raced stand for {format_lr(self._own)} of it."


def _is_below(lr: float, other: float) -> bool:
    return lr < other and not (lr > 0 and same_lr(lr, other))
