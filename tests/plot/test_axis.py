"""What is written along an upright axis has places of its own."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QRectF
from pytestqt.qtbot import QtBot

from lrgui.plot.axis import LEFT_WIDTH, Axis, number_axis
from lrgui.plot.theme import LIGHT


@pytest.fixture
def axis(qtbot: QtBot) -> Axis:
    made = number_axis("left", "Loss", LIGHT)
    made.resize(LEFT_WIDTH, 200)
    return made


@pytest.mark.parametrize(("high", "last"), [(3.1, "3"), (45_000, "40,000"), (9e-5, "5×10⁻⁵"), (1e9, "10⁹")])
def test_the_title_stands_beside_the_numbers(axis: Axis, high: float, last: str) -> None:
    axis.setRange(0, high)
    (title, place), *numbers = axis.words()
    assert title == "Loss" and numbers[-1][0] == last
    boxes = [place, *(box for _, box in numbers)]
    assert not any(one.intersects(other) for one, other in itertools.combinations(boxes, 2))
    assert all(QRectF(0, -20, LEFT_WIDTH, 240).contains(box) for box in boxes)


def test_numbers_that_are_longer_take_the_titles_place(axis: Axis) -> None:
    axis.setRange(10_000, 10_002)
    (title, _), *numbers = axis.words()
    assert title == "" and "10,000.5" in [text for text, _ in numbers]
