"""Trying a task: one batch, one forward pass, one backward pass, one step, each told with what it found.

`lrgui.tasks.checks.trial` knows how each is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import perf_counter

from lrgui.core.control import Control, Terminated
from lrgui.core.engine.pausing import Stopwatch, held
from lrgui.core.events import CheckEvent, CheckState, EndEvent, EndReason, Event, OutputEvent, Stream
from lrgui.core.formats import format_seconds
from lrgui.core.run_settings import SweepSettings
from lrgui.errors.diagnosis import Diagnosis, diagnose
from lrgui.errors.traces import folded, says_it_all
from lrgui.tasks.checks.step import STEPS, StepResult
from lrgui.tasks.checks.trial import Trial
from lrgui.tasks.spec import TaskSpec


def check_task(spec: TaskSpec, control: Control, steps: int = SweepSettings.steps) -> Iterator[Event]:
    """Check what `spec` names: `CheckEvent`s, and an `EndEvent` that says what came of it.

    Never raises for the task's own errors: the step at which one came is `bad`, those after it are `skipped`.
    Seeds the global random generators. Nothing is written to disk, and the task made here is thrown away.

    Args:
        steps: planned steps of the run that follows, to be compared with the batches that there are.
    """
    trial = Trial(spec, steps)
    clock = Stopwatch()
    clock.start()
    warnings = 0
    keys = list(STEPS)
    try:
        for number, key in enumerate(keys):
            yield from held(control, clock)
            if control.cancelled:
                yield EndEvent(EndReason.CANCELLED, f"Stopped before “{STEPS[key]}”.")
                return
            yield CheckEvent(key, CheckState.RUNNING)
            before = perf_counter()
            try:
                result = trial.make(key)
            except (Terminated, KeyboardInterrupt):
                raise
            except BaseException as error:  # the task's own, also one that is no Exception
                if not says_it_all(error):
                    yield OutputEvent(folded(error), Stream.TRACEBACK)
                found = trial.explained(key, error, diagnose(error))
                yield from _failed(keys, number, found, perf_counter() - before)
                return
            for note in result.notes:
                yield OutputEvent(note, Stream.NOTE)
            bad = next((finding for finding in result.findings if finding.bad), None)
            if bad is not None:
                # What was measured belongs to it, and so do the doubts that explain it.
                sentence = " ".join(dict.fromkeys([bad.sentence, *(f.sentence for f in result.findings)]))
                found = Diagnosis(sentence, bad.file, bad.line)
                yield from _failed(keys, number, found, perf_counter() - before)
                return
            warnings += bool(result.findings)
            yield _told(key, result, perf_counter() - before)
        yield EndEvent(EndReason.COMPLETED, _ready(trial.title, trial.step_seconds, warnings))
    finally:
        trial.close()


def _told(key: str, result: StepResult, seconds: float) -> CheckEvent:
    detail = " · ".join(result.facts)
    if result.skipped:
        return CheckEvent(key, CheckState.SKIPPED, detail)
    if not result.findings:
        return CheckEvent(key, CheckState.GOOD, detail, seconds)
    sentences = " ".join(finding.sentence for finding in result.findings)
    place = next((f for f in result.findings if f.file), result.findings[0])
    return CheckEvent(
        key, "warning", f"{detail}. {sentences}" if detail else sentences, seconds, place.file, place.line
    )


def _failed(keys: Sequence[str], number: int, found: Diagnosis, seconds: float) -> Iterator[Event]:
    yield CheckEvent(keys[number], CheckState.BAD, found.sentence, seconds, found.file, found.line)
    for key in keys[number + 1 :]:
        yield CheckEvent(key, CheckState.SKIPPED, f"Not tried: “{STEPS[keys[number]]}” failed.")
    yield EndEvent(EndReason.FAILED, found.words)


def _ready(title: str, seconds: float, warnings: int) -> str:
    time = f"a training step took {format_seconds(seconds)}"
    if not warnings:
        return f"{title} is ready: {time}."
    told = "a warning" if warnings == 1 else f"{warnings} warnings"
    return f"{title} can run, with {told} to read first; {time}."
