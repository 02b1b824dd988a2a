"""How the curves of several optimizers differ, in two sentences."""

from __future__ import annotations

import math

import numpy as np

from lrgui.core.curve.comparison import UNITS, Compared, how_to_read
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.core.formats import format_ratio
from lrgui.core.learning_rate import format_lr, shown_ratio


def _compared(key: str, label: str, middle: float, lowest: float = 0.5) -> Compared:
    """A textbook sweep whose fall is centred on 10^middle and ends at `lowest`."""
    lr = np.logspace(-6, 0, 200)
    x = np.log10(lr)
    loss = 2.3 - (2.3 - lowest) / (1 + np.exp(-6 * (x - middle))) + 2 * np.exp((x - middle - 1.6) * 9)
    noise = 0.005 * np.random.default_rng(0).standard_normal(200)
    curve = Curve.measured(lr, np.minimum(loss, 50) + noise, 200, end_reason="completed")
    return Compared(key, label, read_sweep(curve, planned_range=(1e-6, 1.0)))


SGD = _compared("sgd", "SGD, momentum 0.9", -1.7, 0.9)
ADAM = _compared("adam", "Adam", -2.7, 0.4)


def test_two_sentences_with_numbers() -> None:
    first, second = how_to_read([SGD, ADAM])
    assert SGD.pick is not None and ADAM.pick is not None
    assert 8 < SGD.pick / ADAM.pick < 12
    assert first.startswith("SGD's recommended rate, ")
    assert f"is {format_ratio(shown_ratio(SGD.pick, ADAM.pick))} times Adam's" in first
    assert "falls furthest with Adam, to 0.4" in first and "least with SGD, to 0.9" in first
    assert SGD.reading.zones is not None and ADAM.reading.zones is not None
    widths = [math.log10(each.reading.zones.high_start / each.reading.zones.low_end) for each in (SGD, ADAM)]
    assert second == f"Usable range: SGD {widths[0]:.1f}, Adam {widths[1]:.1f} decades. {UNITS}"


def test_the_order_does_not_matter() -> None:
    assert how_to_read([SGD, ADAM])[0] == how_to_read([ADAM, SGD])[0]


def test_equal_curves_are_called_equal() -> None:
    twin = Compared("adamw", "AdamW", ADAM.reading)
    first = how_to_read([ADAM, twin])[0]
    assert first.startswith("All recommended rates are about") and "fall about as far" in first


def test_a_curve_that_never_falls_has_nothing_to_compare() -> None:
    lr = np.logspace(-6, 0, 200)
    flat = Curve.measured(lr, 2.3 + 0.05 * np.random.default_rng(1).standard_normal(200), 200, end_reason="completed")
    dull = Compared("adamw", "AdamW", read_sweep(flat, planned_range=(1e-6, 1.0)))
    assert dull.lowest is None and dull.safe_decades is None
    assert "furthest" not in how_to_read([SGD, dull])[0]
    assert dull.pick is not None and dull.recommended is None, "a guess is no recommendation"
    assert how_to_read([dull, SGD])[0] == f"Only SGD has a recommended rate, {format_lr(SGD.pick or 0)}."
    assert how_to_read([dull, dull])[0] == "None has a recommendation: no loss fell clearly."
    assert how_to_read([SGD, ADAM, dull])[0] == how_to_read([SGD, ADAM])[0]
    assert "AdamW" not in how_to_read([SGD, ADAM, dull])[1].removesuffix(UNITS)


def test_fewer_than_two() -> None:
    assert how_to_read([]) == ()
    (only,) = how_to_read([SGD])
    assert "Only SGD, momentum 0.9 was measured" in only
