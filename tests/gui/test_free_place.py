"""Where a message covers least of a picture."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from lrgui.gui.free_place import emptiest

WHOLE = QRect(0, 0, 400, 300)


@pytest.fixture
def picture(qtbot: QtBot) -> QImage:
    """White, all of it."""
    made = QImage(WHOLE.size(), QImage.Format.Format_RGB32)
    made.fill(Qt.GlobalColor.white)
    return made


def _hatch(picture: QImage, where: QRect, colour: str = "black") -> None:
    """Fill a part with lines, as dense as text."""
    painter = QPainter(picture)
    painter.setPen(QColor(colour))
    for x in range(where.left(), where.right() + 1, 6):
        painter.drawLine(x, where.top(), x, where.bottom())
    painter.end()


def test_of_places_that_are_as_empty_it_is_the_upper_left_one(picture: QImage) -> None:
    assert emptiest(picture, [QSize(100, 40)]) == QRect(0, 0, 100, 40)
    assert emptiest(picture, [QSize(100, 40), QSize(50, 50)], 8) == QRect(8, 8, 100, 40)


@pytest.mark.parametrize("free", [QRect(40, 200, 120, 60), QRect(272, 16, 120, 60), QRect(140, 120, 120, 60)])
def test_it_is_where_nothing_is_drawn(picture: QImage, free: QRect) -> None:
    _hatch(picture, WHOLE)
    painter = QPainter(picture)
    painter.fillRect(free.adjusted(-8, -8, 8, 8), Qt.GlobalColor.white)
    painter.end()
    found = emptiest(picture, [free.size()], 4)
    assert free.adjusted(-8, -8, 8, 8).contains(found) and found.size() == free.size()


def test_the_shape_that_fits_is_taken(picture: QImage) -> None:
    _hatch(picture, QRect(120, 0, 280, 300))
    wide, narrow = QSize(300, 40), QSize(100, 120)
    assert emptiest(picture, [wide, narrow], 4).size() == narrow
    assert emptiest(picture, [wide], 4).size() == wide, "there is no other"


def test_tints_and_faint_grids_may_be_covered(picture: QImage) -> None:
    painter = QPainter(picture)
    painter.fillRect(QRect(0, 0, 200, 300), QColor("#eef5fd"))
    painter.end()
    _hatch(picture, QRect(0, 0, 400, 100), "#f4f5f6")
    _hatch(picture, QRect(0, 100, 400, 200))
    assert emptiest(picture, [QSize(300, 80)], 4).bottom() < 100


def test_what_is_too_large_is_cut_to_the_picture(picture: QImage) -> None:
    assert emptiest(picture, [QSize(900, 900)], 8) == QRect(8, 8, 384, 284)
    assert emptiest(picture.copy(0, 0, 6, 6), [QSize(20, 20)], 6) == QRect(0, 0, 20, 20), "nothing is seen of that"
    with pytest.raises(ValueError, match="No size"):
        emptiest(picture, [])
