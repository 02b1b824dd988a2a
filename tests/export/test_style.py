"""How pictures are described: sizes, parts, and what is remembered of them."""

from __future__ import annotations

import pytest

from lrgui.export.style import PRESETS, PictureStyle, read_size, read_without, style_from, style_to


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8x5in", (8.0, 5.0)),
        ("25.4 × 12.7 cm", (10.0, 5.0)),
        ("254*127mm", (10.0, 5.0)),
        ("1600x1000px", (16.0, 10.0)),
        ("1600x1000", (16.0, 10.0)),
        ("Column", PRESETS["column"][1]),
    ],
)
def test_sizes(text: str, size: tuple[float, float]) -> None:
    assert read_size(text, 100) == pytest.approx(size)


@pytest.mark.parametrize("text", ["", "8", "8x5 miles", "axb", "-1x2in"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a size\. Write 16x10cm"):
        read_size(text)


def test_parts() -> None:
    assert read_without(" zones, Marks ,") == {"zones", "marks"}
    with pytest.raises(ValueError, match="no part “grid”"):
        read_without("zones,grid")


@pytest.mark.parametrize(
    ("style", "words"),
    [
        (PictureStyle(), ""),
        (PictureStyle((1.0, 5.0)), "not possible"),
        (PictureStyle(dpi=7), "7 DPI is not possible"),
        (PictureStyle((60.0, 60.0), 1200), "too large"),
    ],
)
def test_problems(style: PictureStyle, words: str) -> None:
    assert (words in style.problem()) if words else style.problem() == ""


def test_what_is_remembered_comes_back_and_nonsense_does_not() -> None:
    style = PictureStyle((6.0, 4.0), 150, "dark", frozenset({"zones"}))
    assert style_from(style_to(style)) == style
    usual = PictureStyle()
    for kept in (
        None,
        [],
        {"size": [1, "a"]},
        {"size": [9]},
        {"dpi": "x"},
        {"theme": 3},
        {"without": ["?"]},
        {"dpi": 9},
    ):
        assert style_from(kept) == usual, kept
