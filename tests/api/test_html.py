"""A result in a notebook."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html import escape, unescape

import numpy as np
import pytest

from lrgui.api.result import Result
from lrgui.core.learning_rate import format_lr
from lrgui.runs.record import Record

Make = Callable[..., Result]
Arrays = tuple[np.ndarray, np.ndarray]


def cells(html: str) -> list[list[str]]:
    """The rows of all tables, as text."""
    return [
        ["".join(cell.itertext()) for cell in row]
        for row in ET.fromstring(html).iter("tr")
        if row.find("td") is not None
    ]


@pytest.fixture
def no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty element where the curve would be: a drawing takes as long as a dozen of these tests."""
    monkeypatch.setattr(
        "lrgui.api.html.inline_svg",
        lambda _draw, spoken, *_size: f'<svg aria-label="{escape(spoken, quote=True)}"></svg>',
    )


def test_picture_pick_rules_and_checklist(make: Make) -> None:
    result = make(notes=["A note."])
    html = result._repr_html_()
    text = "".join(ET.fromstring(html).itertext())
    assert html.count("<svg ") == 1 and f'aria-label="{result.picture_title}. {escape(result.interpretation)}"' in html
    assert f"{format_lr(result.lr)}" in text and f"confidence {result.confidence} · within ×" in text
    rows = cells(html)
    assert rows[0] == ["★ recommended", f"{format_lr(result.lr)}", result.reason]
    assert [row[0] for row in rows[1:]] == [s.label for s in result.reading.suggestions.values()]
    assert [row[2] for row in rows[1:]] == [s.reason for s in result.reading.suggestions.values()]
    for check in result.checklist:
        assert check.text in text
    assert result.interpretation in text and result.end.detail in text and "Note: A note." in text


@pytest.mark.usefixtures("no_picture")
def test_repeats_have_a_column_for_their_spread(
    make: Make, scenario: Callable[..., Arrays], record: Callable[..., Record]
) -> None:
    lr, _ = scenario()
    result = make([record(lr, scenario("noisy", seed)[1], number=seed) for seed in range(3)])
    rows = cells(result._repr_html_())
    assert len(rows[0]) == 4 and re.fullmatch(r"[\d.]+e-\d( to [\d.]+e-\d)?", rows[0][2])


def test_words_of_others_are_text_not_markup(make: Make) -> None:
    bad = "<script>alert('x')</script> & \"quotes\""
    inner = make(title=bad)
    html = make(
        title=bad, notes=[bad], traceback=f"Traceback\n{bad}", reason="failed", groups={bad: inner}, metric_name=bad
    )._repr_html_()
    assert "<script" not in html
    ET.fromstring(html)
    assert html.count("&lt;script&gt;alert") >= 5


@pytest.mark.usefixtures("no_picture")
def test_a_failure_shows_its_lines(make: Make) -> None:
    html = make(reason="failed", traceback="File train.py, line 3\nRuntimeError: boom")._repr_html_()
    assert "<details" in html and "File train.py, line 3\nRuntimeError: boom" in unescape(html)
    assert "<details" not in make()._repr_html_()


@pytest.mark.usefixtures("no_picture")
def test_groups_come_one_by_one(make: Make, scenario: Callable[..., Arrays]) -> None:
    lr, _ = scenario()
    flat = make((lr, 2 + 0.01 * np.random.default_rng(0).standard_normal(200)))
    html = make(groups={"body": make(), "head": flat})._repr_html_()
    assert html.count("<svg ") == 3
    rows = {row[0]: row[1] for row in cells(html)}
    assert rows["head"].startswith("no reliable pick") and "confidence" in rows["body"]


@pytest.mark.usefixtures("no_picture")
def test_no_pick_says_so(doubtful: Result) -> None:
    text = "".join(ET.fromstring(doubtful._repr_html_()).itertext())
    assert "No reliable pick 2e-3 is a guess (no confidence)" in " ".join(text.split())
    assert cells(doubtful._repr_html_())[0] == ["☆ guess (no confidence)", "2e-3", doubtful.reason]


@pytest.mark.parametrize("points", [0, 1, 5])
def test_few_points(make: Make, scenario: Callable[..., Arrays], points: int) -> None:
    lr, loss = scenario()
    ET.fromstring(make((lr[:points], loss[:points]))._repr_html_())


@pytest.mark.usefixtures("no_picture")
def test_every_coloured_place_has_its_own_background(make: Make) -> None:
    """A dark notebook's own colours for tables and text never come through."""
    root = ET.fromstring(make(groups={"a": make()}, reason="failed", traceback="x")._repr_html_())
    assert "background:#FFFFFF" in root.get("style", "") and "color-scheme:light" in root.get("style", "")
    for element in root.iter():
        if element.tag in ("table", "tr"):
            assert "background:#FFFFFF" in element.get("style", "")
        if element.tag in ("td", "th", "pre"):
            assert re.search(r"(^|;)color:#", element.get("style", ""))
