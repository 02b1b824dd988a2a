"""The picture of the three scenarios: pixels and vectors are the same picture, and every word is on it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from lrgui.core.curve.scenarios import SCENARIOS
from lrgui.core.curve.zones import ZONE_NAMES
from lrgui.export import pictures
from lrgui.export.scenarios import TITLE, Scene
from lrgui.export.style import PictureStyle
from lrgui.plot.scenario_plot import ORANGE
from lrgui.plot.theme import DARK, LIGHT

SVG = "{http://www.w3.org/2000/svg}"
#: Left, top, right and bottom of the view, in logical pixels, of a picture of 768 × 480.
VIEW = (66, 56, 752, 434)


def image_of(seed=0, chosen="well_behaved", **style):
    return pictures.image(Scene(seed=seed, chosen=chosen), PictureStyle(**style))


def svg_of(seed=0, chosen="well_behaved", theme="light"):
    return pictures.svg(Scene(seed=seed, chosen=chosen), PictureStyle(theme=theme))


def numbers(image):
    rgb = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.width(), 4)[:, :, 2::-1].astype(np.int16)


def near(pixels, colour, reach=40):
    """Where the picture's `numbers` have (almost) this colour."""
    channels = zip(np.moveaxis(pixels, 2, 0), QColor(colour).getRgb(), strict=False)
    return np.logical_and.reduce([np.abs(channel - wanted) <= reach for channel, wanted in channels])


def column(image, lr):
    """The pixel column of a learning rate: the axis spans 2 % more than the sweep on either side."""
    share = (np.log10(lr) + 6.12) / 6.24
    return round((VIEW[0] + share * (VIEW[2] - VIEW[0])) * image.width() / 768)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)
def test_title_curves_zones_and_annotations_are_on_it(qtbot, palette):
    image = image_of(theme=palette.name)
    scale = image.width() / 768
    assert (image.width(), image.height()) == (2400, 1500)
    pixels = numbers(image)
    title = near(pixels, palette.text)[: round(32 * scale)]
    assert title.sum() > 2000
    assert abs(np.flatnonzero(title.any(0)).mean() / image.width() - 0.5) < 0.05
    for key, names in ZONE_NAMES.items():
        ink = near(pixels, palette.zone(key)[2], 24)
        ink[: round(VIEW[1] * scale)] = False
        assert ink.sum() > 60 * len(names[0]), key
    for colour in (palette.curve, ORANGE, palette.optimal_line):
        assert near(pixels, colour).sum() > 2000, colour
    y = round((VIEW[3] - 40) * scale)
    for lr, key in ((3e-6, "low"), (0.4, "divergence")):
        tint = palette.zone(key)[1].upper()
        assert image.pixelColor(column(image, lr), y).name().upper() == tint
    for lr, key in ((2e-3 / 3, "optimal"), (6e-3, "divergence")):  # the dashed lines
        at = column(image, lr)
        line = near(pixels, palette.zone(key)[0])[round(VIEW[1] * scale) : round(VIEW[3] * scale), at - 2 : at + 3]
        dashes = line.any(1)
        assert 0.3 < dashes.mean() < 0.95, lr


def test_the_same_seed_gives_the_same_picture_and_another_one_another(qtbot):
    first, again, other = (pictures.png(Scene(seed=seed), PictureStyle(dpi=100)) for seed in (3, 3, 4))
    assert first == again
    assert first != other
    assert svg_of(3) == svg_of(3)
    assert svg_of(3) != svg_of(4)


@pytest.mark.parametrize("dpi", [72, 96, 300])
def test_any_size(qtbot, dpi):
    image = image_of(size=(6, 4), dpi=dpi)
    assert (image.width(), image.height()) == (6 * dpi, 4 * dpi)
    assert image.dotsPerMeterX() == round(dpi / 0.0254)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)
@pytest.mark.parametrize("chosen", SCENARIOS)
def test_the_vectors_look_like_the_pixels(qtbot, palette, chosen):
    renderer = QSvgRenderer(QByteArray(svg_of(chosen=chosen, theme=palette.name)))
    assert renderer.isValid()
    drawn = QImage(1536, 960, QImage.Format.Format_RGB32)
    drawn.fill(QColor("#FF00FF"))  # a background that is not painted would be seen
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, 0, 1536, 960))
    painter.end()
    picture = image_of(chosen=chosen, theme=palette.name, dpi=192)
    one, other = numbers(drawn), numbers(picture)
    difference = np.abs(one - other).max(axis=2)
    assert difference.mean() < 2.0
    assert (difference > 60).mean() < 0.02
    # Tile by tile, so that no word and no piece of a curve is missing.
    tiles = difference[:960, :1536].reshape(24, 40, 24, 64).mean(axis=(1, 3))
    assert tiles.max() < 25


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)
def test_the_document_is_whole_and_has_no_text_to_lay_out(qtbot, palette):
    data = svg_of(theme=palette.name)
    root = ElementTree.fromstring(data)
    assert root.get("viewBox") == "0 0 768 480"
    assert root.find(f"{SVG}title").text == TITLE
    assert not list(root.iter(f"{SVG}text"))
    words = {(e.text or "").replace("\xa0", " ") for e in root.iter(f"{SVG}title")}
    assert {s.label for s in SCENARIOS.values()} <= words
    assert {"Loss", "Learning rate (log scale)", TITLE} <= words
    for names in ZONE_NAMES.values():
        assert names[0] in words or set(names[0].replace("→ ", "→\n").split("\n")) <= words


@pytest.mark.parametrize("seed", range(3))
def test_no_curve_leaves_the_view(qtbot, seed):
    left, top, right, bottom = VIEW
    root, found = ElementTree.fromstring(svg_of(seed)), 0
    for group in root.iter(f"{SVG}g"):
        shift = [float(v) for v in re.findall(r"[-\d.e]+", (group.get("transform") or "matrix(1,0,0,1,0,0)"))]
        for line in group.findall(f"{SVG}polyline"):
            points = np.array([pair.split(",") for pair in line.get("points").split()], dtype=float)
            x, y = points[:, 0] * shift[0] + shift[4], points[:, 1] * shift[3] + shift[5]
            assert (x >= 0).all() and (x <= 768).all() and (y >= 0).all() and (y <= 480).all()
            if len(points) > 20:
                found += 1
                assert (x >= left - 0.01).all() and (x <= right + 0.01).all()
                assert (y >= top - 0.01).all() and (y <= bottom + 0.01).all()
    assert found >= 3


def test_nothing_is_left_behind(qtbot):
    before = len(QApplication.allWidgets())
    for _ in range(2):
        image_of(dpi=96)
        svg_of()
    assert len(QApplication.allWidgets()) == before
