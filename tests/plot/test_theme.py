"""Everything can be read, and nothing is told by colour alone."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from lrgui.plot.theme import DARK, LIGHT, contrast

PALETTES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@PALETTES
def test_every_text_has_contrast(palette):
    surfaces = ("window", "card", "field", "button", "hover", "background")
    pairs = [(text, on) for text in ("text", "muted", "accent", "error", "success", "warning") for on in surfaces]
    pairs += [
        ("text", "pressed"),
        ("text", "selected_row"),
        ("accent_text", "accent"),
        ("accent_text", "accent_hover"),
    ]
    pairs += [("selection_text", "selection")]
    for zone in ("low", "optimal", "divergence"):
        pairs += [(f"{zone}_text", f"{zone}_tint"), (f"{zone}_text", "background")]
        pairs += [("text", f"{zone}_tint"), ("muted", f"{zone}_tint")]
    poor = {
        pair: round(ratio, 2)
        for pair in pairs
        if (ratio := contrast(getattr(palette, pair[0]), getattr(palette, pair[1]))) < 4.5
    }
    assert poor == {}


@PALETTES
def test_lines_stand_out(palette):
    for name in ("curve", "average", "validation", "selection", "mark"):
        assert contrast(getattr(palette, name), palette.background) >= 3, name


@PALETTES
def test_every_colour_is_complete(palette):
    for field in fields(palette):
        if field.name != "name":
            assert re.fullmatch("#[0-9A-F]{6}", getattr(palette, field.name)), field.name


def test_light_zone_lines_are_okabe_ito():
    assert (LIGHT.low_line, LIGHT.optimal_line, LIGHT.divergence_line) == ("#56B4E9", "#009E73", "#D55E00")
    assert LIGHT.accent == "#0072B2"
