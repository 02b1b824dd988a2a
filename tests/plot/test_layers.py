"""Lines, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from lrgui.plot.layers import Line, circle_radius, inside_pieces, pen


def test_a_line_to_a_huge_value_keeps_its_direction(canvas, dark_at):
    line = Line(canvas.view, 0)
    line.set_pen(pen("#000000", 3))
    line.set_data(np.array([0.0, 100.0, 101.0]), np.array([50.0, 50.0, 1e300]))
    assert dark_at(50, 50)
    assert dark_at(100, 150)


def test_a_long_line_is_thinned_and_keeps_its_ends(canvas):
    line = Line(canvas.view, 0)
    line.set_data(np.linspace(0, 300, 100_000), np.linspace(0, 200, 100_000))
    px, py = line.visible_pixels()
    assert len(px) <= 300
    assert (px[0], px[-1]) == pytest.approx((0, 300))
    assert (py[0], py[-1]) == pytest.approx((200, 0))


def test_dash_patterns_do_not_depend_on_the_width():
    thin, thick = pen("#000000", 1, "dash"), pen("#000000", 2, "dash")
    assert [d * 2 for d in thick.dashPattern()] == pytest.approx(list(thin.dashPattern()))
    assert pen("#123456").color() == QColor("#123456")


BOX = QRectF(0, 0, 100, 50)


def test_a_line_inside_is_one_whole_piece():
    x, y = np.array([10.0, 40.0, 90.0]), np.array([10.0, 45.0, 5.0])
    [(xs, ys)] = inside_pieces(x, y, BOX)
    assert np.array_equal(xs, x) and np.array_equal(ys, y)


def test_a_line_is_cut_exactly_at_the_edges():
    x, y = np.array([-10.0, 10.0, 30.0, 70.0]), np.array([25.0, 25.0, -15.0, 65.0])
    pieces = inside_pieces(x, y, BOX)
    assert len(pieces) == 2
    assert np.allclose(pieces[0], [[0, 10, 22.5], [25, 25, 0]])
    assert np.allclose(pieces[1], [[37.5, 62.5], [0, 50]])


def test_a_line_outside_leaves_nothing():
    assert inside_pieces(np.array([-5.0, -1.0]), np.array([0.0, 50.0]), BOX) == []
    assert inside_pieces(np.array([0.0, 100.0]), np.array([60.0, 60.0]), BOX) == []
    assert inside_pieces(np.array([-30.0, 40.0]), np.array([30.0, 130.0]), BOX) == []  # past a corner
    assert inside_pieces(np.array([5.0]), np.array([5.0]), BOX) == []


def test_a_huge_value_is_cut_where_the_line_leaves():
    [(xs, ys)] = inside_pieces(np.array([10.0, 20.0, 30.0]), np.array([25.0, 25.0, -1e9]), BOX)
    assert (xs[-1], ys[-1]) == pytest.approx((20.0, 0.0), abs=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_the_pieces_are_those_of_the_line(seed):
    random = np.random.default_rng(seed)
    x, y = np.sort(random.uniform(-40, 140, 60)), random.uniform(-60, 110, 60)
    pieces = inside_pieces(x, y, BOX)
    for xs, ys in pieces:
        assert (xs >= -1e-9).all() and (xs <= 100 + 1e-9).all()
        assert (ys >= -1e-9).all() and (ys <= 50 + 1e-9).all()
        assert np.allclose(np.interp(xs, x, y), ys, atol=1e-6)  # on the line
    # Nothing that is inside is missing: as long as what a fine walk along the line counts.
    fine = np.linspace(x[0], x[-1], 200_001)
    level = np.interp(fine, x, y)
    seen = ((fine >= 0) & (fine <= 100) & (level >= 0) & (level <= 50)).mean() * (x[-1] - x[0])
    assert sum(xs[-1] - xs[0] for xs, _ in pieces) == pytest.approx(seen, rel=1e-2)


def test_circles_that_shrink_little_by_little_are_painted_anew_in_the_end(canvas, monkeypatch: pytest.MonkeyPatch):
    """Those that are there keep their size as long as the new ones have nearly the same."""
    line = Line(canvas.view, 0)
    line.set_circles("#000000", "#ffffff")
    x = np.cumsum(11.0 * 0.995 ** np.arange(60))
    x = x / x[-1] * 280
    line.extend(x[:20], np.full(20, 50.0))
    line.extend(x[:21], np.full(21, 50.0))
    canvas.grab()
    painted: list[tuple[object, ...]] = []
    monkeypatch.setattr(line, "update", lambda *where: painted.append(where))
    radii = [circle_radius(line.to_pixels(x[:end], x[:end])[0]) for end in range(21, 61)]
    assert abs(np.diff(radii)).max() < 0.02 < 0.1 < radii[0] - radii[-1]
    for end in range(22, 61):
        line.extend(x[:end], np.full(end, 50.0))
    assert () in painted


def test_circles_leave_the_line_in_sight() -> None:
    assert circle_radius(np.array([5.0])) == circle_radius(np.arange(0.0, 200.0, 20.0)) == 3.4
    assert 1.2 < circle_radius(np.arange(0.0, 200.0, 5.0)) < 2.5
    assert circle_radius(np.arange(0.0, 200.0, 3.0)) == 0
