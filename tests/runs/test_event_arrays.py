from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from lrgui.core.events import BatchEvent, CandidateEvent, Event
from lrgui.runs.event_arrays import EventArrays, parse_lines
from lrgui.runs.lines import decode, encode
from lrgui.runs.record import Record
from lrgui.runs.records import Records


def batches(count: int, **beside: float) -> list[Event]:
    dice = np.random.default_rng(0)
    loss = (dice.normal(0, 1, count) * 10.0 ** dice.integers(-300, 200, count)).tolist()
    lr = np.geomspace(1e-30, 1e30, count).tolist()
    return [BatchEvent(step % 3, step, lr[step], loss[step], step / 7, **beside) for step in range(count)]


def block(events: list[Event]) -> bytes:
    return "".join(encode(event) + "\n" for event in events).encode()


@pytest.mark.parametrize(
    "beside", [{}, {"train_loss": 1.5}, {"metric": 0.25}, {"train_loss": -2.0, "metric": 1e-9}, {"momentum": 0.95}]
)
def test_batches_come_back_bit_by_bit(beside: dict[str, float]) -> None:
    events = batches(500, **beside)
    rows = parse_lines(block(events))
    assert rows is not None and len(rows) == 500
    assert list(rows.events()) == events


def test_steps_of_races_come_back() -> None:
    events: list[Event] = [CandidateEvent(1, 3, 1e-3, step, 9, 2.5 - step, step / 3) for step in range(9)]
    rows = parse_lines(block(events))
    assert rows is not None and rows.kind is CandidateEvent
    assert list(rows.events()) == events


@pytest.mark.parametrize(
    "line",
    [
        b'{"event":"batch","sweep":0,"step":7,"loss":2.0,"lr":0.1,"seconds":1.0}\n',  # another order
        b'{"event":"batch","sweep":0,"step":7,"lr":0.1,"loss":2.0.1,"seconds":1.0}\n',
        b'{"event":"batch","sweep":0,"step":7,"lr":,"loss":2.0,"seconds":1.0}\n',
        b'{"event":"batch","sweep":0,"step":7,"lr":1e400,"loss":2.0,"seconds":1.0}\n',
        b'{"event":"batch","sweep":0.5,"step":7,"lr":0.1,"loss":2.0,"seconds":1.0}\n',
        b'{"event":"batch","sweep":-1,"step":7,"lr":0.1,"loss":2.0,"seconds":1.0}\n',
        b'{"event":"batch","sweep":0,"step":9007199254740993,"lr":0.1,"loss":2.0,"seconds":1.0}\n',
        b'{"event":"batch","sweep":0,"step1":7,"lr":0.1,"loss":2.0,"seconds":1.0}\n',
        b'{"evee3nt":"batch","sweep":0,"step":7,"lr":0.1,"loss":2.0,"seconds":1.0}\n',
        b'{"event":"batch","sweep":0,"step":7,"lr":0.1,"loss":null,"seconds":1.0}\n',
        b'{"event":"end","reason":"completed","detail":""}\n',
        b"\n",
        b"\xff\n",
    ],
)
def test_everything_that_is_not_ordinary_is_left_to_the_other_way(line: bytes) -> None:
    usual = block(batches(20))
    assert parse_lines(line) is None
    assert parse_lines(usual + line) is None
    assert parse_lines(line + usual) is None


def test_a_byte_changed_anywhere_is_read_as_json_reads_it_or_not_at_all() -> None:
    line = encode(BatchEvent(1, 17, 1.25e-05, 2.302585092994046, 0.5)).encode() + b"\n"
    dice = random.Random(0)
    for at, _ in itertools.product(range(len(line) - 1), range(12)):
        changed = line[:at] + bytes([dice.choice(b'0123456789.-+eE",:{} x')]) + line[at + 1 :]
        rows = parse_lines(changed)
        if rows is None:
            continue
        try:
            assert list(rows.events()) == [decode(changed)]
        except ValueError:  # a number such as 01 or .5, which JSON does not write
            assert all(np.isfinite(column).all() for column in rows.columns.values())


@pytest.mark.parametrize("beside", [{}, {"metric": 0.5}])
def test_records_take_rows_as_they_take_events(beside: dict[str, float]) -> None:
    before, events = batches(5), batches(300, **beside)
    rows = parse_lines(block(events))
    assert rows is not None
    packed: list[Event | EventArrays] = [*before, rows, *before]
    wanted = [*before, *events, *before]
    mine, theirs = [*Records.of(packed).all, Record.of(packed, 1)], [*Records.of(wanted).all, Record.of(wanted, 1)]
    for one, other in zip(mine, theirs, strict=True):
        for name in ("lr", "loss", "seconds", "steps", "train_loss", "metric"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
