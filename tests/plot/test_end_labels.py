"""Words at the ends of lines."""

from __future__ import annotations

from itertools import combinations

from PySide6.QtCore import QRectF

from lrgui.plot.end_labels import EndLabel, EndLabels, spread


def label(text: str, x: float, y: float, strong: bool = True) -> EndLabel:
    return EndLabel(text, x, y, "#000000", "#808080", strong)


def test_a_label_stands_beside_its_end(canvas):
    labels = EndLabels(canvas.view, 0)
    labels.set_labels([label("1e-2", 100, 50)])
    [(_, end, box)] = labels.placed()
    assert (end.x(), end.y()) == (100, 150), "up is up"
    assert box.left() == end.x() + EndLabels.AWAY and abs(box.center().y() - end.y()) < 1


def test_ends_at_one_place_share_a_stack(canvas):
    labels = EndLabels(canvas.view, 0)
    labels.set_labels([label(str(n), 100, 50 + n) for n in range(5)])
    boxes = [box for _, _, box in labels.placed()]
    assert len(boxes) == 5
    assert not any(a.intersects(b) for a, b in combinations(boxes, 2))
    assert all(QRectF(0, 0, 300, 200).contains(box) for box in boxes)


def test_whoever_is_still_in_gets_the_better_place(canvas):
    labels = EndLabels(canvas.view, 0)
    labels.set_labels([label("out", 100, 51, strong=False), label("in", 100, 50)])
    placed = {one.text: abs(box.center().y() - end.y()) for one, end, box in labels.placed()}
    assert placed["in"] < 1 < placed["out"]


def test_what_has_no_room_or_is_out_of_sight_is_left_out(canvas):
    labels = EndLabels(canvas.view, 0)
    labels.set_labels([label("too far to the right", 295, 50), label("beyond", 400, 50)])
    assert labels.placed() == []
    assert labels.room > EndLabels.AWAY
    canvas.grab()


def test_the_order_is_that_of_the_ends_so_no_leaders_cross(canvas):
    labels = EndLabels(canvas.view, 0)
    ends = [60.0, 50.0, 58.0, 3.0, 52.0, 1.0]
    labels.set_labels([label(str(y), 100, y, strong=y != 58) for y in ends])
    placed = labels.placed()
    heights = {float(one.text): box.center().y() for one, _, box in placed}
    assert sorted(ends, reverse=True) == sorted(heights, key=lambda y: heights[y])
    assert not any(a.intersects(b) for (_, _, a), (_, _, b) in combinations(placed, 2))


def test_those_who_want_the_same_room_share_it():
    assert spread([10, 11, 50], 10, 0, 100) == [5.5, 15.5, 50]
    assert spread([0, 1, 2], 10, 5, 100) == [5, 15, 25]
    assert spread([98, 99], 10, 5, 95) == [85, 95]
    assert spread([10, 10], 10, 0, 100, [3, 1]) == [7.5, 17.5]
    assert spread([], 10, 0, 100) == []
