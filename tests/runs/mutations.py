"""Logs of runs of all kinds, and ways in which a file is damaged."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lrgui.core.events import (
    BatchEvent,
    CandidateEvent,
    EndEvent,
    EpochEvent,
    Event,
    OutputEvent,
    StandingEvent,
    StateEvent,
    SweepEndEvent,
    TaskEvent,
)
from lrgui.core.run_settings import RaceSettings, SweepSettings
from lrgui.runs.job import Job
from lrgui.runs.lines import SCHEMA, encode

POINTS = 60


def log_of(kind: str) -> bytes:
    """The log of a run: `find`, `repeats`, `validated` (with a validation loss), `train` or `race`."""
    job, events = {"train": _training, "race": _race}.get(kind, lambda: _sweep(kind))()
    header = {"lrrun": SCHEMA, "created": "2026-11-22T04:17:33+00:00", "lrgui": "0.1.0", "origin": "window"}
    return ("\n".join([json.dumps({**header, "job": job.to_dict()}), *map(encode, events)]) + "\n").encode()


KINDS = ("find", "repeats", "validated", "train", "race")


def _curve(seed: int) -> np.ndarray:  # type: ignore[type-arg]
    x = np.linspace(-6, 1, POINTS)
    fall, rise = 1.7 / (1 + np.exp(-3 * (x + 2.5))), np.exp(np.clip(4 * (x - 0.2), None, 6))
    return 2.3 - fall + rise + np.random.default_rng(seed).normal(0, 0.03, POINTS)


def _task(steps: int) -> list[Event]:
    return [
        StateEvent("starting", "Loading the data"),
        TaskEvent("digits · CNN", "8×8", 1347, 450, 3818, 10, "cpu", 21, steps, 1, "accuracy"),
        StateEvent("running"),
    ]


def _sweep(kind: str) -> tuple[Job, list[Event]]:
    count = 3 if kind == "repeats" else 1
    events = _task(POINTS)
    lr = np.geomspace(1e-6, 10, POINTS).tolist()
    for sweep in range(count):
        beside = {"train_loss": 2.0, "metric": 0.5} if kind == "validated" else {}
        for step, loss in enumerate(_curve(sweep).tolist()):
            events.append(BatchEvent(sweep, step, lr[step], loss, 0.01 * (sweep * POINTS + step), **beside))
        if count > 1:
            events.append(SweepEndEvent(sweep, "completed", "All steps were measured."))
    events[-1:-1] = [OutputEvent("seen “ä”\n"), OutputEvent("skipped 3 files", "note")]
    config = SweepSettings(1e-6, 10.0, POINTS, repeats=count)
    return Job(sweep=config), [*events, EndEvent("completed", "All 60 steps measured, from 1e-6 to 10.")]


def _training() -> tuple[Job, list[Event]]:
    events = _task(POINTS)
    for step in range(POINTS):
        events.append(BatchEvent(0, step, 1e-3 * (1 + step), 2.3 - 0.03 * step, 0.01 * step))
        if step % 20 == 19:
            metrics = (0.5, 0.6, "accuracy")
            events.append(EpochEvent(1 + step // 20, 2.3, 2.2, 0.5, 0.6, 1e-3, 0.01 * step, *metrics))
    return replace(Job(), kind="train"), [*events, EndEvent("completed", "Trained for 3 epochs.")]


def _race() -> tuple[Job, list[Event]]:
    config = RaceSettings(rates=5, rounds=2, steps=12)
    events, racing, lrs = _task(config.total_steps()), list(range(5)), config.lrs()
    for round_ in range(config.rounds):
        steps = config.budget(round_)
        for one in racing:
            for step in range(steps):
                events.append(CandidateEvent(round_, one, lrs[one], step, steps, 2.3 - 0.1 * step, 0.01 * step))
            judged = math.inf if one == 4 else 1.0 + 0.1 * one
            events.append(StandingEvent(round_, one, lrs[one], judged, one != 4, steps, 0.5))
        racing = racing[:3]
    return replace(Job(), kind="race", race=config), [*events, EndEvent("completed", "The race is over.")]


#: What a number or a text may be replaced by.
ODD = (
    *("1e400", "-1e400", "NaN", "Infinity", "-1", "0", "-0.0", "0.5", "1e-320", "1e308", "-1e308", "1e30", "1e200"),
    *("9007199254740993", "99999999999999999999", "1" + "0" * 400, "true", "null", '"x"', '""', "[]", "{}", "[[1]]"),
    *('{"a":null}', '"\\ud800"', '"<img src=x>"', '"' + "y" * 5000 + '"', "999", "1000", "2147483648"),
)


def _lines(change: Callable[[list[bytes], random.Random], None]) -> Callable[[bytes, random.Random], bytes]:
    def mutate(data: bytes, dice: random.Random) -> bytes:
        lines = data.splitlines(keepends=True)
        if len(lines) > 2:
            change(lines, dice)
        return b"".join(lines)

    return mutate


def _at(lines: list[bytes], dice: random.Random) -> int:
    return 0 if dice.random() < 0.1 else dice.randrange(len(lines))


def _swap(lines: list[bytes], dice: random.Random) -> None:
    one, other = _at(lines, dice), _at(lines, dice)
    lines[one], lines[other] = lines[other], lines[one]


def _drop(lines: list[bytes], dice: random.Random) -> None:
    del lines[1 + dice.randrange(len(lines) - 1)]


def _drop_many(lines: list[bytes], dice: random.Random) -> None:
    begin = 1 + dice.randrange(len(lines) - 1)
    del lines[begin : begin + dice.randrange(len(lines))]


def _value(lines: list[bytes], dice: random.Random) -> None:
    """Another value for some key of a line, however deep."""
    at = _at(lines, dice)
    try:
        data = json.loads(lines[at])
    except ValueError:
        return
    places = list(_places(data))
    if not places:
        return
    parent, key = dice.choice(places)
    parent[key] = "@ODD@"
    lines[at] = json.dumps(data).replace('"@ODD@"', dice.choice(ODD)).encode() + b"\n"


def _key(lines: list[bytes], dice: random.Random) -> None:
    at = _at(lines, dice)
    try:
        data = json.loads(lines[at])
    except ValueError:
        return
    places = list(_places(data))
    if places:
        parent, key = dice.choice(places)
        value = parent.pop(key)
        if dice.random() < 0.3:
            parent[key + "_"] = value
    lines[at] = json.dumps(data).encode() + b"\n"


def _places(data: object) -> list[tuple[dict[str, object], str]]:
    found = []
    if isinstance(data, dict):
        for key, value in data.items():
            found += [(data, key), *_places(value)]
    return found


def _flip(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(1 + dice.randrange(4)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _digit(data: bytes, dice: random.Random) -> bytes:
    """Another digit, point or sign somewhere: the line stays a line."""
    changed = bytearray(data)
    places = [index for index, byte in enumerate(changed) if byte in b"0123456789.-"]
    if places:
        changed[dice.choice(places)] = dice.choice(b"0123456789.-e")
    return bytes(changed)


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip,
    _digit,
    lambda data, dice: data[: dice.randrange(len(data))],
    lambda data, dice: data[: (at := dice.randrange(len(data)))] + dice.randbytes(dice.randrange(300)) + data[at:],
    _lines(_swap),
    _lines(_drop),
    _lines(_drop_many),
    _lines(lambda lines, dice: lines.insert(_at(lines, dice), lines[_at(lines, dice)])),
    _lines(lambda lines, dice: lines[1:].reverse()),
    _lines(lambda lines, dice: dice.shuffle(lines)),
    *(3 * [_lines(_value)]),
    _lines(_key),
)


def mutated(number: int) -> bytes:
    """A damaged log; the same one for the same number."""
    dice = random.Random(number)
    data = log_of(KINDS[number % len(KINDS)])
    for _ in range(dice.choice((1, 1, 1, 2, 5))):
        data = dice.choice(MUTATIONS)(data, dice) or b"\n"
    return data
