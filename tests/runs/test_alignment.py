from __future__ import annotations

import numpy as np

from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.core.events import BatchEvent, EndEvent, Event, SweepEndEvent
from lrgui.runs.alignment import align, in_order
from lrgui.runs.records import Records

RATES = np.geomspace(1e-6, 1, 40)
STEPS = np.arange(40)


def sweeps(count: int) -> list[list[Event]]:
    return [
        [BatchEvent(i, s, float(RATES[s]), 2.0 - s / 30 + i / 100, 0.1 * s) for s in range(40)] for i in range(count)
    ]


def records(parts: list[list[Event]]) -> Records:
    ends = [[SweepEndEvent(number, "completed", "")] for number in range(len(parts))]
    events = [event for part, end in zip(parts, ends, strict=True) for event in [*part, *end]]
    return Records.of([*events, EndEvent("completed", "")])


def test_points_in_order_stay_as_they_are() -> None:
    assert in_order(STEPS, RATES) is None
    assert in_order(STEPS[:0], RATES[:0]) is None
    assert in_order(STEPS, np.full(40, 0.1)) is None


def test_points_are_put_in_order_and_each_step_is_taken_once() -> None:
    dice = np.random.default_rng(0)
    order = np.concatenate((dice.permutation(40), [3, 9]))
    found = in_order(STEPS[order], RATES[order])
    assert found is not None
    assert (STEPS[order][found] == STEPS).all() and (found < 40).all()


def test_a_damaged_rate_costs_its_own_point_only() -> None:
    for value in (1e-9, 1e9, RATES[20]):
        rates = RATES.copy()
        rates[7] = value
        found = in_order(STEPS, rates)
        assert found is not None and found.tolist() == [*range(7), *range(8, 40)]


def test_what_one_sweep_lacks_is_left_out_of_all() -> None:
    parts = sweeps(3)
    del parts[1][17]
    read = records(parts)
    curves = read.curves()
    assert [len(curve) for curve in curves] == [39, 39, 39]
    assert all((curve.lr == np.delete(RATES, 17)).all() for curve in curves)
    assert read.left_out() == ["Ignored: 1 step that is not in every sweep."]
    assert read_sweep(curves).band is not None


def test_a_sweep_that_ended_early_takes_no_step_from_the_others() -> None:
    parts = sweeps(3)
    del parts[2][25:], parts[0][4]
    assert [len(curve) for curve in records(parts).curves()] == [39, 39, 24]


def test_a_sweep_with_other_rates_is_left_out() -> None:
    parts = sweeps(3)
    parts[0] = [BatchEvent(0, e.step, 2 * e.lr, e.loss, e.seconds) for e in parts[0] if isinstance(e, BatchEvent)]
    read = records(parts)
    assert [curve.loss[0] for curve in read.curves()] == [2.01, 2.02]
    assert read.left_out() == ["Ignored: sweep 1, whose learning rates differ from the others."]


def test_of_two_sweeps_the_second_is_left_out() -> None:
    parts = sweeps(2)
    parts[1] = [BatchEvent(1, e.step, 2 * e.lr, e.loss, e.seconds) for e in parts[1] if isinstance(e, BatchEvent)]
    assert [curve.loss[0] for curve in records(parts).curves()] == [2.0]


def test_whole_sweeps_are_taken_as_they_are() -> None:
    read = records(sweeps(3))
    assert [len(curve) for curve in read.curves()] == [40, 40, 40] and read.left_out() == []


def test_one_wrong_rate_in_one_sweep_costs_one_step() -> None:
    rates = [RATES.copy() for _ in range(3)]
    rates[1][5] *= 1.001
    found, lacking = align([STEPS] * 3, rates)
    assert lacking == 1
    assert all(points is not None and points.tolist() == [*range(5), *range(6, 40)] for points in found)


def test_sweeps_that_share_nothing_are_one_sweep() -> None:
    parts: list[list[Event]] = [
        [BatchEvent(i, s, float(10**i * RATES[s]), 2.0, 0.1) for s in range(i, 40, 3)] for i in range(3)
    ]
    read = records(parts)
    (curve,) = read.curves()
    assert len(curve) == 14 and len(read.left_out()) == 1
