"""Words never overlap, are never cut and never leave the view."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from rows import each_row

from lrgui.core.curve.zones import ZONE_NAMES, Zones
from lrgui.plot.placing import Wanted, _Room, place_boxes, place_far, place_labels, place_names, tag_places

NO_POINTS = np.empty((0, 2))


def seven(text: str) -> float:
    return 7.0 * len(text)


def test_names_take_the_longest_form_that_fits():
    spans = [("low", ZONE_NAMES["low"], 0, 300), ("optimal", ZONE_NAMES["optimal"], 300, 560)]
    spans += [("divergence", ZONE_NAMES["divergence"], 560, 600)]
    names = {name.key: name.text for name in place_names(spans[:2], 600, seven, 6, 20)}
    assert names == {"low": ZONE_NAMES["low"][0], "optimal": ZONE_NAMES["optimal"][1]}
    # A narrow zone has its name all the same, and its neighbour makes room.
    names = {name.key: name.text for name in place_names(spans, 600, seven, 6, 20)}
    assert names == {"low": ZONE_NAMES["low"][0], "optimal": ZONE_NAMES["optimal"][2], "divergence": "Divergence"}


@pytest.mark.parametrize("width", [200, 260, 420, 700, 1400])
@pytest.mark.parametrize("borders", [(0.3, 0.32), (0.02, 0.98), (0.94, 0.97), (0.01, 0.03), (0.5, 1.0)])
def test_names_never_overlap_and_stay_in_the_row(width, borders):
    stops = (0.0, *borders, 1.0)
    spans = [
        (key, ZONE_NAMES[key], width * a, width * b)
        for key, a, b in zip(ZONE_NAMES, stops[:-1], stops[1:], strict=True)
    ]
    placed = place_names(spans, width, seven, 6, 20)
    assert placed
    for one, other in combinations(placed, 2):
        assert not one.rect.intersects(other.rect)
    assert all(name.rect.left() >= 0 and name.rect.right() <= width for name in placed)
    if width >= 420:
        assert len(placed) == sum(right - left >= 3 for _, _, left, right in spans), "every zone that can be seen"


def test_names_are_centred_in_what_can_be_seen():
    [name] = place_names([("low", ("Too low",), -1000, 200)], 600, seven, 6, 20)
    assert name.rect.center().x() == pytest.approx(100)


@pytest.mark.parametrize("line", [0, 5, 90, 150, 250, 299, 300])
def test_the_tag_stays_in_the_view(line):
    places = tag_places(line, 180, 300)
    assert places
    assert all(left >= 0 and left + 180 <= 300 for left in places)


def test_no_tag_where_there_is_no_room():
    assert tag_places(50, 180, 150) == []


def test_labels_give_way_to_each_other_and_to_lines():
    wanted = [Wanted(str(i), "a rule", QPointF(150 + 4 * i, 100 + 3 * i)) for i in range(6)]
    curve = np.column_stack([np.arange(0, 300.0, 2), np.full(150, 100.0)])
    placed = place_labels(wanted, QRectF(0, 0, 300, 200), seven, 14, [], curve, walls=[200.0])
    assert 2 <= len(placed) <= 6
    for one, other in combinations(placed, 2):
        assert not one.rect.intersects(other.rect)
    for label in placed:
        assert QRectF(0, 0, 300, 200).contains(label.rect)
        assert not label.rect.left() <= 200 <= label.rect.right()
        assert not label.rect.top() <= 100 <= label.rect.bottom()


def test_a_label_without_a_place_is_left_out():
    assert place_labels([Wanted("a", "a rule", QPointF(5, 5))], QRectF(0, 0, 20, 20), seven, 14, [], NO_POINTS) == []


@pytest.mark.parametrize("size", [(1200, 800), (800, 600), (500, 500), (330, 300), (240, 180)])
@pytest.mark.parametrize("selection", [1e-6, 2e-5, 1e-3, 2e-2, 9e-2, 0.9])
def test_nothing_overlaps_in_the_plot(plot, size, selection):
    plot.set_zones(Zones(1e-6, 5e-4, 8e-2, 1.0))
    plot.set_selection(selection)
    plot.resize(*size)
    plot.grab()
    view = QRectF(plot.view.rect())
    written = [*plot.annotations.names, *plot.annotations.labels]
    if plot.annotations.tag is not None:
        written.append(plot.annotations.tag)
    for one, other in combinations(written, 2):
        assert not one.rect.intersects(other.rect), (one, other)
    for words in written:
        assert view.contains(words.rect), words


VIEW = QRectF(0, 0, 600, 300)


def clear_of(rect, points):
    x, y = points.T
    inside = (x >= rect.left() - 1) & (x <= rect.right() + 1) & (y >= rect.top() - 1) & (y <= rect.bottom() + 1)
    return not inside.any()


def test_boxes_are_in_the_middle_of_their_spans_at_the_top_or_the_bottom():
    wanted = [("a", ["left"], 0, 300), ("b", ["right"], 300, 600)]
    one, other = place_boxes(wanted, VIEW, seven, 16, [], NO_POINTS, from_below=frozenset({"b"}))
    assert one.rect.center().x() == pytest.approx(150, abs=4)
    assert other.rect.center().x() == pytest.approx(450, abs=4)
    assert one.rect.top() <= 4
    assert other.rect.bottom() >= 296 - 4
    assert (one.rect.width(), one.rect.height()) == (4 * 7 + 14, 16 + 7)


@pytest.mark.parametrize("seed", range(20))
def test_boxes_cover_neither_points_nor_obstacles_nor_each_other(seed):
    random = np.random.default_rng(seed)
    x = np.arange(0, 600, 2.0)
    y = 150 + 60 * np.sin(x / random.uniform(20, 90)) + random.normal(0, 12, len(x))
    points = np.column_stack([x, y])
    obstacle = QRectF(random.uniform(0, 500), random.uniform(0, 250), 80, 40)
    wanted = [
        (key, ["some long words", "some long\nwords", "some"], 200 * i, 200 * i + 200) for i, key in enumerate("abc")
    ]
    placed = place_boxes(wanted, VIEW, seven, 16, [obstacle], points, from_below=frozenset("b"))
    for one, other in combinations(placed, 2):
        assert not one.rect.intersects(other.rect)
    for box in placed:
        assert VIEW.contains(box.rect)
        assert not box.rect.intersects(obstacle)
        assert clear_of(box.rect, points), box


def test_a_box_takes_two_lines_before_it_takes_fewer_words():
    forms = ["twenty letters in one", "twenty letters\nin one", "twenty"]
    room = QRectF(0, 0, 130, 120)
    [box] = place_boxes([("a", forms, 0, 130)], room, seven, 16, [], NO_POINTS)
    assert box.text == forms[1]
    assert box.rect.height() == 2 * 16 + 7
    [box] = place_boxes([("a", forms, 0, 130)], QRectF(0, 0, 130, 40), seven, 16, [], NO_POINTS)
    assert box.text == "twenty"


def test_a_box_without_a_place_is_left_out():
    everywhere = np.array([(x, y) for x in range(0, 600, 3) for y in range(0, 300, 3)], dtype=float)
    assert place_boxes([("a", ["words"], 0, 600)], VIEW, seven, 16, [], everywhere) == []
    assert place_boxes([("a", ["words"], 0, 600)], VIEW, seven, 16, [VIEW], NO_POINTS) == []
    assert place_boxes([("a", ["words"], 0, 600)], QRectF(0, 0, 20, 10), seven, 16, [], NO_POINTS) == []


def test_a_box_leaves_its_span_rather_than_cover_something():
    wall = QRectF(0, 0, 200, 300)
    [box] = place_boxes([("a", ["words"], 0, 200)], VIEW, seven, 16, [wall], NO_POINTS)
    assert box.rect.left() >= 200


def test_points_out_of_sight_are_no_obstacle():
    away = np.array([[-50.0, 20.0], [700.0, 20.0], [300.0, -1e9], [300.0, 1e9]])
    [box] = place_boxes([("a", ["words"], 0, 600)], VIEW, seven, 16, [], away)
    assert box.rect.center().x() == pytest.approx(300, abs=4)


@pytest.mark.parametrize(
    ("line", "needed", "left"),
    [
        (50, 96, 2),  # as wide as fits at all
        (50, 96.5, None),
        (10, 80, 18),  # right of the line, up to 2 pixels from the view's edge
        (10.5, 80, 2),
        (90, 80, 2),  # left of it, as near
        (89.5, 80, 18),
        (50, 80, 10),  # neither: over the line
    ],
)
def test_a_tag_at_the_edges(line, needed, left):
    assert tag_places(line, needed, 100)[:1] == ([] if left is None else [left])


@pytest.mark.parametrize(("wall", "free"), [(104.9, True), (105, False), (153, False), (153.1, True)])
def test_labels_keep_off_walls_by_four_pixels(wall, free):
    [placed] = place_labels(
        [Wanted("a", "x", QPointF(100, 50))], QRectF(0, 0, 300, 200), lambda _: 40.0, 14, [], NO_POINTS, walls=[wall]
    )
    assert (placed.rect.left() == 109) == free


@pytest.mark.parametrize(("point", "free"), [(106.9, True), (107, False), (151, False), (151.1, True)])
def test_labels_keep_off_the_curve_by_two_pixels(point, free):
    points = np.array([[point, 50.0]])
    [placed] = place_labels(
        [Wanted("a", "x", QPointF(100, 50))], QRectF(0, 0, 300, 200), lambda _: 40.0, 14, [], points
    )
    assert (placed.rect.left() == 109) == free


PLACES = [  # left, top of a label of 50 × 14 beside (200, 100), in the order in which they are tried
    (209, 93), (141, 93), (207, 83), (143, 83), (207, 103), (143, 103), (175, 77), (175, 109), (221.6, 93), (128.4, 93),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(PLACES) + 1))
def test_a_label_tries_its_places_in_order(number):
    rects = [QRectF(left, top, 50, 14) for left, top in PLACES]
    mine = rects[number] if number < len(rects) else QRectF()
    taken = []
    for other in rects[:number]:
        spots = [QRectF(other.left() + dx, other.top() + dy, 0.5, 0.5) for dx in (0.5, 25, 49) for dy in (0.5, 7, 13)]
        taken.append(next(spot for spot in spots if not spot.intersects(mine)))
    found = place_labels(
        [Wanted("a", "x", QPointF(200, 100))], QRectF(0, 0, 400, 300), lambda _: 50.0, 14, taken, NO_POINTS
    )
    assert [placed.rect for placed in found] == ([] if mine.isNull() else [mine])


@pytest.mark.parametrize(
    ("away", "free"),
    [
        *(((0, 15), True), ((0, 14.5), False), ((0, -15), True), ((0, -14.5), False)),
        *(((52, 0), True), ((51.5, 0), False), ((-52, 0), True), ((-51.5, 0), False)),
    ],
)
def test_labels_keep_off_each_other(away, free):
    """The second label would stand right of its point as the first does: a pixel under or over it, two beside it."""
    wanted = [Wanted("a", "x", QPointF(200, 100)), Wanted("b", "x", QPointF(200, 100) + QPointF(*away))]
    _, second = place_labels(wanted, QRectF(0, 0, 400, 300), lambda _: 50.0, 14, [], NO_POINTS)
    assert (second.rect.topLeft() == QPointF(209, 93) + QPointF(*away)) == free


@pytest.mark.parametrize(("room", "text"), [(66, "long"), (65.9, "x")])
def test_names_have_eight_pixels_on_either_side(room, text):
    (found,) = place_names(
        [("a", ("long", "x"), 10, 10 + room)], 400, lambda form: 50.0 if form == "long" else 9.0, 5, 14
    )
    assert found.text == text
    if text == "long":
        assert found.rect == QRectF(10, 5, 66, 14)


def test_labels_without_a_place_beside_their_points_have_the_nearest_one():
    x = np.arange(0, 600, 2.0)
    points = np.column_stack([x, np.full(len(x), 150.0)])
    wall = [QRectF(260, 100, 80, 100)]
    wanted = [Wanted("a", "first", QPointF(300, 150)), Wanted("b", "second", QPointF(302, 150))]
    placed = place_far(wanted, VIEW, seven, 14, wall, points)
    assert [label.key for label in placed] == ["a", "b"]
    assert not placed[0].rect.intersects(placed[1].rect)
    for label in placed:
        assert clear_of(label.rect, points) and not label.rect.intersects(wall[0])
        assert abs(label.rect.center().y() - 150) < 100
    assert place_far(wanted, VIEW, seven, 14, [VIEW], points) == []


def test_boxes_are_as_wide_as_their_longest_line_with_seven_pixels_around():
    form = "four\nsixteen letters."
    wanted = [("a", (form,), 0, 400)]
    (placed,) = place_boxes(wanted, QRectF(0, 0, 400, 300), lambda text: 5.0 * len(text), 10, [], NO_POINTS)
    assert (placed.rect.width(), placed.rect.height()) == (5 * len("sixteen letters.") + 14, 27)


def cheapest(view, obstacles, points, size, span, from_below):
    """The box that `_Room` is to find, tried one by one on a raster of four pixels: near the middle of the span and
    to the edge, out of the span only for three times the way, a cell larger than the box for the curve's width."""
    columns, rows = int(view.width() // 4), int(view.height() // 4)
    cells = {(int(x - view.left()) // 4, int(y - view.top()) // 4) for x, y in points if view.contains(QPointF(x, y))}
    for rect in obstacles:
        left, top = rect.left() - view.left(), rect.top() - view.top()
        for column in range(int(left // 4), math.ceil((left + rect.width()) / 4)):
            cells |= {(column, row) for row in range(int(top // 4), math.ceil((top + rect.height()) / 4))}
    across, down = (math.ceil(length / 4) + 1 for length in size)
    best, place = math.inf, None
    for row in range(rows - down + 1):
        for column in range(columns - across + 1):
            if any(column <= c < column + across and row <= r < row + down for c, r in cells):
                continue
            x, y = view.left() + 4 * column, view.top() + 4 * row
            out = max(span[0] - x, 0) + max(x + size[0] - span[1], 0)
            away = view.bottom() - y - size[1] if from_below else y - view.top()
            cost = abs(x + size[0] / 2 - (span[0] + span[1]) / 2) + 1.5 * out + 0.8 * away
            if cost < best - 1e-9:
                best, place = cost, QRectF(x + 2, y + 2, *size)
    return place


@each_row((seed,) for seed in range(60))
def test_the_cheapest_free_place_of_a_box_is_found(seed):
    rng = np.random.default_rng(seed)
    view = QRectF(10, 20, float(rng.integers(60, 130)), float(rng.integers(50, 90)))
    obstacles = [
        QRectF(float(rng.integers(0, 130)), float(rng.integers(10, 100)), float(rng.integers(1, 40)), 9.0)
        for _ in range(rng.integers(0, 4))
    ]
    points = rng.uniform((0, 10), (150, 120), (int(rng.integers(0, 12)), 2))
    size = float(rng.integers(12, 50)), float(rng.integers(8, 30))
    left = float(rng.integers(10, 90))
    span = left, left + float(rng.integers(5, 60))
    for below in (False, True):
        found = _Room(view, obstacles, points).best(*size, span, below)
        assert found == cheapest(view, obstacles, points, size, span, below)


@pytest.mark.parametrize(("width", "height", "fits"), [(36, 16, True), (37, 16, False), (36, 17, False)])
def test_a_box_needs_one_cell_more_than_its_size(width, height, fits):
    found = _Room(QRectF(0, 0, 40, 20), (), NO_POINTS).best(width, height, (0, 40), False)
    assert found == (QRectF(2, 2, width, height) if fits else None)


@pytest.mark.parametrize(
    ("x", "y", "free"), [(0, 0, False), (-1, 0, True), (0, -1, True), (40, 0, True), (0, 20, True)]
)
def test_only_points_in_the_view_take_room(x, y, free):
    room = _Room(QRectF(0, 0, 40, 20), (), np.array([[float(x), float(y)]]))
    assert (room.best(36, 16, (0, 40), False) is not None) == free


def test_boxes_keep_a_cell_off_each_other():
    one = ("a", ("x",), 0.0, 400.0)
    first, second = place_boxes([one, ("b", *one[1:])], QRectF(0, 0, 400, 300), lambda _: 46.0, 9, [], NO_POINTS)
    assert first.rect == QRectF(170, 2, 60, 16)
    assert second.rect.top() == 26  # under it: 18 + 4 lie in the sixth cell, and two pixels for the curve's width
