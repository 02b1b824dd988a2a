"""Words that lie neither over each other nor over a curve."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lrgui.api.label_places import Box, Label, Room, along
from lrgui.api.lettering import elided, text_width
from lrgui.api.thinning import columns, thinned

VIEW = Box(0, 0, 400, 300)
NOTHING = np.empty((0, 2))


@pytest.mark.parametrize("seed", range(20))
def test_labels_keep_apart_from_each_other_curve_and_lines(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 400, 60)
    curve = along(np.column_stack([x, 150 + 80 * np.sin(x / 40 + seed)]))
    walls = rng.uniform(0, 400, 2).tolist()
    labels = [Label(f"label {i}", *rng.uniform((0, 0), (400, 300)), 60, 15) for i in range(12)]
    placed = Room(VIEW, curve, walls).place(labels)
    assert len(placed) >= 4
    for one in placed:
        assert VIEW.holds(one.box)
        assert not any(one.box.left < wall < one.box.right for wall in walls)
        inside = (curve > (one.box.left, one.box.top)) & (curve < (one.box.right, one.box.bottom))
        assert not inside.all(axis=1).any()
    assert not any(a.box.meets(b.box) for a, b in itertools.combinations(placed, 2))


def test_a_label_stands_right_of_its_point_where_it_can() -> None:
    room = Room(VIEW, NOTHING)
    (label,) = room.place([Label("x", 100, 100, 60, 15)])
    assert (label.box.left, label.anchor) == (109, "start")
    (label,) = room.place([Label("x", 100, 100, 60, 15)])
    assert (label.box.right, label.anchor) == (91, "end")


def test_without_room_there_is_no_label() -> None:
    room = Room(VIEW, NOTHING)
    room.take(VIEW)
    assert room.place([Label("x", 100, 100, 60, 15)]) == []


def test_upright_words_avoid_line_and_curve() -> None:
    curve = along(np.array([[100.0, 0.0], [130.0, 300.0]]))
    place = Room(VIEW, curve, [150.0]).highest(100, 200, 60, 22, 90)
    assert place is not None and place.left >= 100 and place.right <= 200
    assert not place.left < 150 < place.right
    inside = (curve > (place.left, place.top)) & (curve < (place.right, place.bottom))
    assert not inside.all(axis=1).any()
    assert Room(VIEW, NOTHING).highest(100, 115, 60, 22, 90) is None, "too narrow"
    assert Room(VIEW, NOTHING, [110.0]).highest(98, 122, 60, 22, 90) is None, "a line through its middle"


def test_upright_words_cover_as_little_as_they_must() -> None:
    """Nothing is free between the two lines, but below there is less of them."""
    x = np.arange(100.0, 125.0)
    curve = np.array([(a, y) for a in x for y in np.arange(60.0, 300.0, 4.0)])
    thin = curve[(curve[:, 1] < 200) | (curve[:, 0] < 103)]
    place = Room(VIEW, thin).highest(100, 125, 60, 22, 90)
    assert place is not None and place.top >= 198


def test_points_along_a_line_lie_close_together() -> None:
    points = np.array([[0.0, 0.0], [10.0, 100.0], [11.0, 100.0]])
    dense = along(points, 3.0)
    assert np.abs(np.diff(dense, axis=0)).max() <= 3.0
    for point in points:
        assert (dense == point).all(axis=1).any()
    assert along(points[:1]).tolist() == [[0.0, 0.0]]


def test_text_is_wider_the_longer_larger_and_bolder_it_is() -> None:
    assert text_width("", 12) == 0
    assert text_width("steepest ÷ 10", 12) == pytest.approx(12 * 7.05, rel=0.1)  # as DejaVu Sans measures it
    assert text_width("ab", 12) < text_width("abc", 12) < text_width("abc", 12, bold=True) < text_width("abc", 24)
    assert text_width("漢字", 12) >= 24 and text_width("e\u0301", 12) == text_width("e", 12)


def test_what_is_too_wide_gets_an_ellipsis() -> None:
    assert elided("short", 12, 100) == "short"
    cut = elided("a long sentence that goes on", 12, 100)
    assert cut.endswith("…") and text_width(cut, 12) <= 100 < text_width(cut[:-1] + "wwww", 12)
    assert elided("anything", 12, 0) == "…"


def test_a_thinned_line_keeps_every_columns_ends_and_extremes() -> None:
    rng = np.random.default_rng(0)
    x, y = np.sort(rng.uniform(0, 50, 5000)), rng.standard_normal(5000)
    kept_x, kept_y = thinned(x, y)
    assert len(kept_x) <= 200 and (np.diff(kept_x) >= 0).all()
    for column in range(50):
        all_of, kept = y[np.floor(x) == column], kept_y[np.floor(kept_x) == column]
        assert (kept[0], kept[-1], kept.min(), kept.max()) == (all_of[0], all_of[-1], all_of.min(), all_of.max())
    assert thinned(x[:60], y[:60])[0] is not None
    short = np.arange(40.0)
    assert thinned(short, short)[0].tolist() == short.tolist()


def test_columns_of_dots_in_any_order() -> None:
    middle, top, bottom = columns(np.array([3.2, 1.1, 3.9, 3.5]), np.array([5.0, 7.0, -1.0, 2.0]))
    assert (middle.tolist(), top.tolist(), bottom.tolist()) == ([1.5, 3.5], [7.0, -1.0], [7.0, 5.0])
    assert [len(part) for part in columns(np.empty(0), np.empty(0))] == [0, 0, 0]
