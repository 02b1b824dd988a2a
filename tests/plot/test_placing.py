"""Words never overlap, are never cut and never leave the view."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF

from lrgui.core.zones import ZONE_NAMES, Zones
from lrgui.plot.placing import Wanted, place_labels, place_names, place_tag

NO_POINTS = np.empty((0, 2))


def seven(text: str) -> float:
    return 7.0 * len(text)


def test_names_take_the_longest_form_that_fits():
    spans = [("low", ZONE_NAMES["low"], 0, 300), ("optimal", ZONE_NAMES["optimal"], 300, 560)]
    spans += [("divergence", ZONE_NAMES["divergence"], 560, 600)]
    names = {name.key: name.text for name in place_names(spans, 600, seven, 6, 20)}
    assert names == {"low": ZONE_NAMES["low"][0], "optimal": ZONE_NAMES["optimal"][1]}


def test_names_are_centred_in_what_can_be_seen():
    [name] = place_names([("low", ("Too low",), -1000, 200)], 600, seven, 6, 20)
    assert name.rect.center().x() == pytest.approx(100)


@pytest.mark.parametrize("line", [0, 5, 90, 150, 250, 299, 300])
def test_the_tag_stays_in_the_view(line):
    left = place_tag(line, 180, 300)
    assert left >= 0 and left + 180 <= 300


def test_no_tag_where_there_is_no_room():
    assert place_tag(50, 180, 150) is None


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
