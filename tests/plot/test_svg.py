"""Letters of an SVG become outlines that look like the letters."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator, QSvgRenderer

from lrgui.plot.font import plot_font
from lrgui.plot.svg import outline_text

WORDS = 'Too low → slow: <a> & "b" × 3 ÷ 10⁻³'


def write(words: str, bold: bool = True) -> str:
    """What Qt's generator makes of one line of text."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(400, 60))
    generator.setViewBox(QRectF(0, 0, 400, 60))
    generator.setResolution(96)
    painter = QPainter(generator)
    painter.setFont(plot_font(20, bold=bold))
    painter.setPen(QColor("#123456"))
    painter.drawText(QPointF(10, 40), words)
    painter.end()
    return bytes(data.data()).decode()


def ink(image: QImage) -> np.ndarray:
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return 255.0 - rows[:, : grey.width()]


def blank() -> QImage:
    image = QImage(400, 60, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    return image


@pytest.mark.parametrize("bold", [False, True])
def test_outlines_are_the_letters(qtbot, bold):
    direct = blank()
    painter = QPainter(direct)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setFont(plot_font(20, bold=bold))
    painter.setPen(QColor("#123456"))
    painter.drawText(QPointF(10, 40), WORDS)
    painter.end()
    outlined = blank()
    painter = QPainter(outlined)
    renderer = QSvgRenderer(QByteArray(outline_text(write(WORDS, bold)).encode()))
    assert renderer.isValid()
    renderer.render(painter, QRectF(0, 0, 400, 60))
    painter.end()
    one, other = ink(direct), ink(outlined)
    assert one.sum() > 0
    assert other.sum() == pytest.approx(one.sum(), rel=0.12)
    for axis in (0, 1):  # at the same place, as wide and as high
        a, b = (np.flatnonzero(i.sum(axis) > 100) for i in (one, other))
        assert (a[0], a[-1]) == pytest.approx((b[0], b[-1]), abs=1)


def test_no_text_is_left_and_the_words_can_still_be_found(qtbot):
    svg = outline_text(write(WORDS))
    assert "<text" not in svg and "font-family" in write(WORDS)
    root = ElementTree.fromstring(svg)
    titles = [e.text for e in root.iter("{http://www.w3.org/2000/svg}title")]
    assert WORDS.replace("\xa0", " ") in [(title or "").replace("\xa0", " ") for title in titles]
    assert 'fill="#123456"' in svg


def test_several_texts_and_the_rest_stay_apart(qtbot):
    one = write("one")
    text = re.search(r"<text.*?</text>", one, re.S)
    assert text is not None
    svg = outline_text(one.replace(text[0], text[0] + "<rect/>" + text[0]))
    assert svg.count("<title>one</title>") == 2
    assert svg.index("<title>one</title>") < svg.index("<rect/>") < svg.rindex("<title>one</title>")


def test_what_has_no_text_is_left_alone():
    assert outline_text("<svg><rect/></svg>") == "<svg><rect/></svg>"
