"""What is read off a curve does not depend on the unit of the loss, nor on a constant that is part of it."""

from __future__ import annotations

import itertools
import json
import math
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from rows import each_row

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import Landmarks
from lrgui.core.curve.sweep_reading import SweepReading, read_sweep
from lrgui.core.engine.schedules import exponential

RECORDED = json.loads((Path(__file__).parents[3] / "benchmarks" / "suggestions" / "sweeps.json").read_text())
#: Factor and constant, in units of the curve's own fall.
CHANGES = [(1.0, 100.0), (1.0, -100.0), (1e-13, 0.0), (1e9, 0.0), (3.0, -1.0)]
#: Rates, indices and words of the landmarks; what is left are losses.
LOSSES = {"level", "lowest", "fall", "residual_noise"}


def recorded(task: str, run: int) -> Curve:
    found = RECORDED[task][run]
    raw = np.array([math.nan if loss is None else loss for loss in found["losses"]])
    reason = "not_finite" if np.isnan(raw[-1]) else "completed"
    lr = exponential(found["start"], found["end"], found["steps"])[: len(raw)]
    return Curve.measured(lr, raw, found["steps"], end_reason=reason)


def synthetic(name: str) -> Curve:
    shapes = {
        "valley": ([-6, -4, -2, -1, 0], [2.3, 2.3, 0.5, 0.5, 8.0], 0.02),
        "clean": ([-6, -4, -2, -1, 0], [2.3, 2.3, 0.5, 0.5, 8.0], 0.0),
        "rises again": ([-6, -4, -2, -1, 0], [0.0, 0.0, -0.98, -0.98, -0.7], 0.01),
        "still falling": ([-6, -2, 0], [2.3, 2.3, 1.0], 0.02),
        "noise": ([-6, 0], [2.3, 2.3], 0.3),
        "constant": ([-6, 0], [2.3, 2.3], 0.0),
        "rising": ([-6, -4, 0], [2.3, 2.3, 9.0], 0.05),
    }
    x, y, noise = shapes[name]
    lr = exponential(1e-6, 1, 200)
    losses = np.interp(np.log10(lr), x, y) + noise * np.random.default_rng(0).standard_normal(200)
    return Curve.measured(lr, losses, 200, end_reason="completed")


CURVES = {
    name: lambda name=name: synthetic(name)
    for name in ("valley", "clean", "rises again", "still falling", "noise", "constant", "rising")
}
# Every fourth task, one of its sweeps: explosions, bad ends, noise and small falls of all kinds.
CURVES |= {
    task: lambda task=task, run=run: recorded(task, run)
    for run, task in zip([0, 3, 6, 8, 10, 11, 14, 17, 19, 22, 23], list(RECORDED)[::4], strict=True)
}


def changed(curve: Curve, factor: float, constant: float) -> Curve:
    span = float(np.percentile(curve.loss, 75) - np.min(curve.loss)) or 1.0
    losses = factor * (curve.loss + constant * span)
    return Curve(curve.lr, losses, curve.planned_steps, curve.beta, curve.end_reason, curve.dropped)


def without_losses(text: str) -> str:
    """`text` without the numbers that are losses: "(2.3 to 0.5, …", "(loss 0.5)"."""
    return re.sub(r"\(loss [^)]*\)", "", re.sub(r"\(\S+ to [-\d.,e]*\d", "(", text))


@each_row(itertools.product(CURVES, CHANGES))
def test_reading_is_the_same(name: str, change: tuple[float, float]) -> None:
    curve = CURVES[name]()
    one, other = read_sweep(curve), read_sweep(changed(curve, *change))
    _same_marks(one.landmarks, other.landmarks, change[0])
    a, b = one.recommendation, other.recommendation
    assert (a.confidence, a.reason, a.advice) == (b.confidence, b.reason, b.advice)
    for x, y in ((a.lr, b.lr), (a.best_guess, b.best_guess), (a.factor, b.factor)):
        assert x == (None if y is None else pytest.approx(y, rel=1e-3))
    _same_zones(one, other)
    assert one.interpretation == other.interpretation
    assert [c.state for c in one.checklist] == [c.state for c in other.checklist]
    assert [without_losses(c.text) for c in one.checklist] == [without_losses(c.text) for c in other.checklist]
    assert [s.reason for s in one.suggestions.values()] == [s.reason for s in other.suggestions.values()]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_reading_of_repeats_is_the_same(change: tuple[float, float]) -> None:
    curves = [recorded("digits-cnn-sgd", run) for run in (6, 7, 8)]
    one, other = (read_sweep(these) for these in (curves, [_together(c, curves[0], change) for c in curves]))
    assert one.recommendation.reason == other.recommendation.reason
    assert one.recommendation.confidence == other.recommendation.confidence
    _same_zones(one, other)


def _together(curve: Curve, first: Curve, change: tuple[float, float]) -> Curve:
    span = float(np.percentile(first.loss, 75) - np.min(first.loss))
    return changed(curve, change[0], change[1] * span / float(np.percentile(curve.loss, 75) - np.min(curve.loss)))


def _same_marks(one: Landmarks | None, other: Landmarks | None, factor: float) -> None:
    assert one is not None and other is not None
    for field in fields(Landmarks):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if field.name in LOSSES - {"level", "lowest"}:
            assert b == pytest.approx(factor * a, rel=1e-4, abs=1e-9 * factor), field.name
        elif field.name not in LOSSES:
            assert b == (pytest.approx(a, rel=1e-4) if type(a) is float else a), field.name


def _same_zones(one: SweepReading, other: SweepReading) -> None:
    assert (one.zones is None) == (other.zones is None)
    if one.zones is not None and other.zones is not None:
        a, b = one.zones, other.zones
        assert (b.low_end, b.high_start, b.end) == pytest.approx((a.low_end, a.high_start, a.end), rel=1e-4)
        assert a.note == b.note
