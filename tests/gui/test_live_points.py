"""Points as they arrive."""

from __future__ import annotations

import numpy as np

from lrgui.gui.live_points import LivePoints


def test_points_are_kept_in_order_whenever_somebody_looks() -> None:
    points, lr = LivePoints(), np.geomspace(1e-6, 1, 5000)
    for step, rate in enumerate(lr):
        points.add(step, float(rate), float(step))
        if step % 700 == 0:
            assert len(points.points()[0]) == step + 1
    assert len(points) == 5000
    assert np.array_equal(points.points()[0], lr)
    assert np.array_equal(points.points()[1], np.arange(5000.0))


def test_steps_that_begin_again_are_another_sweep() -> None:
    points = LivePoints()
    for sweep in range(2):
        for step in range(3):
            points.add(step, 0.1 * (step + 1), float(sweep))
    assert points.sweep == 1
    assert points.before[1].tolist() == [0.0, 0.0, 0.0]
    assert points.points()[1].tolist() == [1.0, 1.0, 1.0]
    points.clear()
    assert (points.sweep, len(points), len(points.before[0])) == (0, 0, 0)


def test_arrays_that_were_handed_out_do_not_change() -> None:
    points = LivePoints()
    points.add(0, 0.1, 1.0)
    first = points.points()[1]
    for step in range(1, 3000):
        points.add(step, 0.1, 2.0)
    points.points()
    assert first.tolist() == [1.0]
