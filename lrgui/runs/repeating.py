"""A run that was run again: whether it measured the same, and if not, why, as far as is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from lrgui.core.events import (
    BatchEvent,
    CandidateEvent,
    EpochEvent,
    Event,
    GradientEvent,
    RateEvent,
    ResumeEvent,
    StandingEvent,
    SweepEndEvent,
    TaskEvent,
    UntrainedEvent,
)
from lrgui.core.phrases import listed
from lrgui.runs.lines import encode
from lrgui.runs.log import LoggedRun, read_log

#: What is measured: everything else of a log tells of it.
_MEASURED = (BatchEvent, CandidateEvent, EpochEvent, GradientEvent, StandingEvent, SweepEndEvent, UntrainedEvent)
#: What a run was made in (`made_in.py`), in words; what only a digest is known of has changed.
LABELS = {
    "code": "the task's code",
    "data": "the data",
    "torch": "PyTorch",
    "python": "Python",
    "numpy": "NumPy",
    "lrgui": "LR Finder",
    "device": "device",
    "threads": "CPU threads",
    "system": "system",
}
_DIGESTS = ("code", "data")


@dataclass(frozen=True)
class Repeat:
    """What comes of comparing a run with the one that it repeats."""

    same: bool
    """True where every number is the same, times left out."""
    sentence: str
    reasons: tuple[str, ...] = ()
    """What differs of what is recorded, where numbers do."""


def compared(earlier: Path, later: Path) -> Repeat:
    """Compare two logs of one job. Raises as `read_log`."""
    one, other = read_log(earlier), read_log(later)
    was, now = _lines(one), _lines(other)
    equal = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(was, now, strict=False)))
    if equal == len(was) == len(now):
        return Repeat(True, f"The same as {earlier.name}: all {equal:,} measurements are equal.")
    if equal == min(len(was), len(now)) and equal:
        shorter = "the earlier run" if len(was) < len(now) else "this run"
        return Repeat(
            True, f"The same as {earlier.name}: the {equal:,} measurements are equal, as far as {shorter} went."
        )
    reasons = tuple(_reasons(one, other))
    begin = "from the first measurement on" if not equal else f"after {equal:,} equal measurements"
    if reasons:
        why = f"Changed since: {listed(reasons, 8)}."
    elif _device(other).startswith("cpu"):
        why = (
            "Nothing that is recorded has changed: the code may depend on the clock, the network, the order of a set, "
            "or data that changed."
        )
    else:
        why = "Nothing that is recorded has changed: many kernels of a GPU add in no fixed order."
    return Repeat(False, f"Not the same as {earlier.name}, {begin}. {why}", reasons)


def changes(then: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> list[str]:
    """What differs between the facts of two runs, in words: "PyTorch 2.3.0, now 2.4.1"."""
    if then is None or now is None:
        return []
    found = []
    for name, label in LABELS.items():
        if name in then and name in now and then[name] != now[name]:
            found.append(label if name in _DIGESTS else f"{label} {then[name]}, now {now[name]}")
    return found


def _reasons(one: LoggedRun, other: LoggedRun) -> list[str]:
    found = changes(*(_made_in(run) for run in (one, other)))
    if any(isinstance(event, RateEvent) and event.why == "by hand" for event in one.events):
        found.append("the rate was changed by hand while the earlier run went on")
    if any(isinstance(event, ResumeEvent) and event.begun for event in one.events):
        found.append("the earlier run got more epochs after its end")
    return found


def _made_in(run: LoggedRun) -> Mapping[str, Any] | None:
    return next((event.made_in for event in run.events if isinstance(event, TaskEvent)), None)


def _device(run: LoggedRun) -> str:
    return next((event.device for event in run.events if isinstance(event, TaskEvent)), "")


def _lines(run: LoggedRun) -> list[str]:
    """What was measured, without times; of a run that was resumed what counts."""
    found: list[tuple[Any, int]] = []
    """Each with the step that was next when it was told."""
    step = 0
    for event in run.events:
        if isinstance(event, ResumeEvent):
            found = [(each, at) for each, at in found if _counts(each, at, event)]
            step = event.step
        elif isinstance(event, _MEASURED):
            step = event.step + 1 if isinstance(event, BatchEvent) else step
            found.append((event, step))
    return [encode(replace(each, seconds=0.0) if hasattr(each, "seconds") else each) for each, _ in found]


def _counts(event: Event, step: int, resumed: ResumeEvent) -> bool:
    if isinstance(event, EpochEvent):
        return resumed.counts_epoch(event.epoch, step)
    return not isinstance(event, BatchEvent | GradientEvent) or event.step < resumed.step
