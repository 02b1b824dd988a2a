"""One line of a run log: an event as JSON and back.

A line is an object with `event` (the kind) and the fields of the event in `core.events`. A float that is not
finite is written as null, with `"finite": false` in the line and its name in `values` ("nan", "inf", "-inf"),
so that the file is plain JSON for every reader.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any, cast

from lrgui.core.events import (
    END_REASONS,
    STATES,
    BatchEvent,
    CandidateEvent,
    CheckEvent,
    EndEvent,
    EndReason,
    EpochEvent,
    Event,
    GradientEvent,
    OutputEvent,
    RateEvent,
    ResumeEvent,
    ScriptEvent,
    StandingEvent,
    StateEvent,
    Stream,
    SweepEndEvent,
    TaskEvent,
    UntrainedEvent,
)
from lrgui.runs.from_dict import from_plain, plain_fields

#: The ending of a run log everywhere.
SUFFIX = ".lrrun"
#: Number of this form; a reader of a higher one warns and reads what it knows.
SCHEMA = 1

#: Characters of a name or a sentence, and of what was printed at once: a window that shows more stands still.
MOST_TEXT, MOST_PRINTED = 10_000, 100_000

KINDS: dict[str, type] = {
    "task": TaskEvent,
    "state": StateEvent,
    "batch": BatchEvent,
    "sweep_end": SweepEndEvent,
    "epoch": EpochEvent,
    "gradient": GradientEvent,
    "rate": RateEvent,
    "resume": ResumeEvent,
    "candidate": CandidateEvent,
    "untrained": UntrainedEvent,
    "standing": StandingEvent,
    "check": CheckEvent,
    "script": ScriptEvent,
    "output": OutputEvent,
    "end": EndEvent,
}
_NAMES = {cls: name for name, cls in KINDS.items()}
#: Made now: the task's code may replace json.dumps.
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
#: What the line of an ordinary batch holds; what else a batch may say is written only where it says it.
_BATCH_KEYS = frozenset(("event", "sweep", "step", "lr", "loss", "seconds"))
#: The same, and with the momentum that a training's schedule changes.
_BATCHES = (_BATCH_KEYS, _BATCH_KEYS | {"momentum"})


def encode(event: Event) -> str:
    """`event` as one line of ASCII JSON, without a line end."""
    plain_batch = type(event) is BatchEvent and event.train_loss is None and event.metric is None
    if plain_batch:
        assert isinstance(event, BatchEvent)
        lr, loss, seconds = float(event.lr), float(event.loss), float(event.seconds)
        momentum = 0.0 if event.momentum is None else float(event.momentum)
        if math.isfinite(lr + loss + seconds + momentum):  # by far the most frequent line, and 3 times as fast this way
            end = "" if event.momentum is None else f',"momentum":{momentum!r}'
            return (
                f'{{"event":"batch","sweep":{event.sweep:d},"step":{event.step:d},'
                f'"lr":{lr!r},"loss":{loss!r},"seconds":{seconds!r}{end}}}'
            )
    line: dict[str, Any] = {"event": _NAMES[type(event)]}
    odd: dict[str, str] = {}
    for item in plain_fields(type(event)):
        value = getattr(event, item.name)
        if value is None and type(event) in (BatchEvent, EndEvent, SweepEndEvent):
            continue
        if item.type is float and value is not None:
            value = float(value)
            if not math.isfinite(value):
                odd[item.name], value = str(value), None
        line[item.name] = value
    if odd:
        line["finite"], line["values"] = False, odd
    return _ENCODER.encode(line)


def decode(line: str | bytes) -> Event | None:
    """The event of a line, None where its kind is unknown. Raises ValueError for anything else."""
    event = decoded(line)
    return None if isinstance(event, str) else event


def decoded(line: str | bytes) -> Event | str:
    """The event of a line, without fields that it does not know, or the name of its kind where that is unknown.

    Raises ValueError for anything else.
    """
    data = json.loads(line)
    if not isinstance(data, dict):
        raise ValueError("A line of a run log must be a JSON object.")
    if data.keys() in _BATCHES and data["event"] == "batch":
        sweep, step = data["sweep"], data["step"]
        lr, loss, seconds = data["lr"], data["loss"], data["seconds"]
        momentum = data.get("momentum", 0.0)
        numbers = type(lr) is type(loss) is type(seconds) is type(momentum) is float
        if type(sweep) is type(step) is int and numbers:
            return BatchEvent(sweep, step, lr, loss, seconds, momentum=data.get("momentum"))
    name = data.get("event")
    cls = KINDS.get(name) if isinstance(name, str) else None
    if cls is None:
        return str(name)
    known = plain_fields(cls)
    if data.get("finite") is False:
        values = data.get("values")
        words = values if isinstance(values, dict) else {}
        for item in known:
            odd = item.name in words or not item.optional
            if odd and item.type is float and data.get(item.name) is None:
                data[item.name] = _not_finite(words.get(item.name))
    return _known(cast(Event, from_plain(cls, data, f"The {name} event")))


def _known(event: Event) -> Event:
    """`event` with words that everybody knows and texts that can be shown: a file can say anything, and a newer
    program more."""
    if isinstance(event, EndEvent | SweepEndEvent) and event.reason not in END_REASONS:
        event = replace(event, reason=EndReason.FAILED)
    if isinstance(event, StateEvent) and event.state not in STATES:
        raise ValueError("The state event has an unknown state.")
    most = MOST_PRINTED if isinstance(event, OutputEvent) and event.stream != Stream.NOTE else MOST_TEXT
    long = {}
    for item in plain_fields(type(event)):
        if item.type is str and len(text := getattr(event, item.name)) > most:
            long[item.name] = text[: most - 1] + "…"
    return replace(event, **long) if long else event


def _not_finite(word: object) -> float:
    return {"inf": math.inf, "-inf": -math.inf}.get(str(word), math.nan)
