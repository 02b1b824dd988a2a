"""The picture made of text: what is in it, that it is well-formed, and that no words lie over others."""

from __future__ import annotations

import itertools
import math
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from lrgui.api.lettering import text_width
from lrgui.api.result import Result
from lrgui.api.svg import HEIGHT, WIDTH, curve_svg
from lrgui.core.config import SweepConfig
from lrgui.core.scenarios import SCENARIOS, clean_loss
from lrgui.core.schedules import linear
from lrgui.core.zones import ZONE_NAMES
from lrgui.plot.theme import LIGHT
from lrgui.runs.record import Record

Make = Callable[..., Result]
Arrays = tuple[np.ndarray, np.ndarray]
SVG = "{http://www.w3.org/2000/svg}"


@dataclass
class Words:
    """One text of a picture, and where it lies: left, top, right, bottom."""

    text: str
    box: tuple[float, float, float, float]


def words_of(svg: str) -> list[Words]:
    """Every text with its place, read from the document."""
    found: list[Words] = []

    def walk(element: ET.Element, dx: float, dy: float, turned: bool) -> None:
        if element.tag == f"{SVG}svg":
            dx, dy = dx + float(element.get("x", 0)), dy + float(element.get("y", 0))
        if move := re.match(r"translate\(([-\d.]+),([-\d.]+)\) rotate\(-90\)", element.get("transform", "")):
            dx, dy, turned = dx + float(move[1]), dy + float(move[2]), True
        if element.tag == f"{SVG}text":
            text = "".join(element.itertext())
            size = float(element.get("font-size", 12))
            # The widths of the picture are an upper bound; here those of a usual font.
            width = 0.93 * text_width(text, size, element.get("font-weight") == "600")
            x = {"start": 0.0, "middle": -width / 2, "end": -width}[element.get("text-anchor", "start")]
            ascent, descent = 0.78 * size, 0.22 * size
            if turned:
                box = (dx - ascent, dy - x - width, dx + descent, dy - x)
            else:
                x, y = x + dx + float(element.get("x", 0)), dy + float(element.get("y", 0))
                box = (x, y - ascent, x + width, y + descent)
            found.append(Words(text, box))
        for child in element:
            walk(child, dx, dy, turned)

    walk(ET.fromstring(svg), 0.0, 0.0, False)
    return found


def check(svg: str) -> list[str]:
    """Well-formed, every number finite, all words inside the picture and apart from each other; the words."""
    assert not re.search(r"\b(nan|inf)\b", svg)
    words = words_of(svg)
    for one in words:
        left, top, right, bottom = one.box
        assert left >= -1 and top >= 0 and right <= WIDTH + 1 and bottom <= HEIGHT, one
    for one, other in itertools.combinations(words, 2):
        apart = (
            one.box[2] <= other.box[0]
            or other.box[2] <= one.box[0]
            or one.box[3] <= other.box[1]
            or other.box[3] <= one.box[1]
        )
        assert apart, (one, other)
    return [one.text for one in words]


def paths(svg: str, colour: str) -> list[str]:
    """The data of the paths with this line colour."""
    return [p.get("d", "") for p in ET.fromstring(svg).iter(f"{SVG}path") if p.get("stroke") == colour]


def places(data: str) -> np.ndarray:
    """The points of a path. Shape (n, 2)."""
    return np.array([[float(a), float(b)] for a, b in re.findall(r"(-?[\d.]+),(-?[\d.]+)", data)])


def test_everything_is_there(make: Make) -> None:
    result = make()
    svg = curve_svg(result)
    words = check(svg)
    assert "LR Finder: digits · small CNN" in words
    assert "Learning rate (log scale)" in words and "Smoothed loss" in words
    assert {"batch loss", "smoothed"} <= set(words)
    assert any(word.startswith(f"our pick {result.lr:.1e} · loss ") for word in words)
    assert {"10−6", "10−3", "100"} <= set(words)
    for forms in ZONE_NAMES.values():
        assert set(forms) & set(words)
    assert "steepest" in words and "minimum ÷ 2" in words


def test_lines_are_where_their_numbers_say(make: Make) -> None:
    result = make()
    svg = curve_svg(result)
    curve = result.curve
    line = places(paths(svg, LIGHT.curve)[-1])
    inner = next(e for e in ET.fromstring(svg) if e.tag == f"{SVG}svg")
    width, height = float(inner.get("width", 0)), float(inner.get("height", 0))
    share = (np.log10(curve.lr) + 6.12) / 6.24
    np.testing.assert_allclose(line[:, 0], share * width, atol=0.06)
    # y falls linearly with the smoothed loss, where it is in sight.
    seen = (line[:, 1] > 0) & (line[:, 1] < height)
    slope, offset = np.polyfit(curve.smoothed[seen], line[seen, 1], 1)
    np.testing.assert_allclose(line[seen, 1], slope * curve.smoothed[seen] + offset, atol=0.06)
    assert slope < 0
    dots = places(paths(svg, LIGHT.dots)[-1])
    expected = np.column_stack([share * width, slope * curve.loss + offset])
    expected = expected[(expected[:, 1] > -4) & (expected[:, 1] < height + 4)]
    np.testing.assert_allclose(dots, expected, atol=0.12)
    pick = places(paths(svg, LIGHT.selection)[0].replace("V", ","))  # the first is the line
    assert result.lr is not None
    assert pick[0, 0] == pytest.approx((math.log10(result.lr) + 6.12) / 6.24 * width, abs=0.06)


def test_nothing_of_the_users_words_is_markup(make: Make) -> None:
    title, name = "A <model> & \"B\" 'C'\x00\x1b", "<acc> & $x$"
    lr, loss = make().curve.lr, make().curve.loss
    result = make((lr, loss), title=title, metric_name=name)
    words = check(curve_svg(result))
    assert words[0] == "LR Finder: A <model> & \"B\" 'C'��"


def test_a_long_title_is_cut_with_an_ellipsis(make: Make) -> None:
    words = check(curve_svg(make(title="very long " * 40)))
    assert words[0].startswith("LR Finder: very long") and words[0].endswith("…")
    assert len(check(curve_svg(make(title="漢字 " * 80)))[0]) < 80


@pytest.mark.parametrize("key", SCENARIOS)
@pytest.mark.parametrize("seed", range(4))
def test_no_words_over_others_on_any_scenario(
    make: Make, scenario: Callable[..., Arrays], record: Callable[..., Record], key: str, seed: int
) -> None:
    _, loss = scenario(key, seed)
    rng = np.random.default_rng(seed)
    for start, end, scale in ((1e-6, 1.0, 1.0), (1e-9, 1e3, 1e-8), (1e-3, 1e-2, 1e7), (0.1, 0.13, -50.0)):
        rates = np.geomspace(start, end, 200)
        result = make(
            [record(rates, scale * loss, metric=rng.random(200) * 10.0 ** rng.integers(-6, 6))],
            config=SweepConfig(start_lr=start, end_lr=end),
            metric_name="a metric with a name",
        )
        check(curve_svg(result))


@pytest.mark.parametrize("shift", np.linspace(-2.4, 2.4, 9))
def test_narrow_zones(make: Make, shift: float) -> None:
    lr = np.geomspace(1e-6, 1, 200)
    loss = clean_loss(SCENARIOS["well_behaved"], lr * 10**shift)
    check(curve_svg(make((lr, loss))))


def test_a_linear_schedule(make: Make) -> None:
    lr = linear(1e-6, 1.0, 200)
    result = make((lr, clean_loss(SCENARIOS["stable"], lr)), config=SweepConfig(schedule="linear"))
    check(curve_svg(result))


@pytest.mark.parametrize("points", [0, 1, 2, 5, 9, 10])
def test_few_points(make: Make, scenario: Callable[..., Arrays], points: int) -> None:
    lr, loss = scenario()
    svg = curve_svg(make((lr[:points], loss[:points]), config=SweepConfig(), reason="cancelled"))
    words = check(svg)
    assert ("No points were measured." in words) == (points == 0)
    assert ("batch loss" in words) == (points > 0)
    if points:
        assert len(places(paths(svg, LIGHT.dots)[-1])) == points


@pytest.mark.parametrize("value", [0.0, 2.3, -1e9, 1e300, 1e-300])
def test_a_constant_loss(make: Make, value: float) -> None:
    lr = np.geomspace(1e-6, 1, 50)
    check(curve_svg(make((lr, np.full(50, value)))))


def test_a_loss_that_ends_in_nan(make: Make, scenario: Callable[..., Arrays], record: Callable[..., Record]) -> None:
    lr, loss = scenario()
    loss[150:] = np.nan
    loss[149] = 1e199  # nearly the largest that is not taken for infinite
    svg = curve_svg(make([record(lr, loss, reason="not_finite")], reason="not_finite"))
    check(svg)
    assert len(places(paths(svg, LIGHT.curve)[-1])) == 150


def test_no_pick_is_not_drawn_as_one(doubtful: Result) -> None:
    svg = curve_svg(doubtful)
    words = check(svg)
    assert "best guess 2.0e-03 · not reliable" in words
    assert not any(word.startswith("our pick") for word in words)
    line = next(p for p in ET.fromstring(svg).iter(f"{SVG}path") if p.get("stroke") == LIGHT.selection)
    assert line.get("stroke-dasharray")


def test_the_metric_has_an_axis_of_its_own(make: Make, record: Callable[..., Record]) -> None:
    lr, loss = make().curve.lr, make().curve.loss
    accuracy = np.linspace(0.1, 0.9, 200)
    accuracy[:5] = np.nan
    svg = curve_svg(make([record(lr, loss, metric=accuracy)], metric_name="accuracy"))
    words = check(svg)
    assert words.count("accuracy") == 2 and {"0.2", "0.4", "0.6", "0.8"} <= set(words)
    line = places(paths(svg, LIGHT.average)[1])
    assert len(line) == 195 and (np.diff(line[:, 1]) < 0).all()


def test_repeats_have_a_band(make: Make, scenario: Callable[..., Arrays], record: Callable[..., Record]) -> None:
    lr, _ = scenario()
    losses = [scenario("noisy", seed)[1] for seed in range(3)]
    result = make([record(lr, loss, number=i) for i, loss in enumerate(losses)], config=SweepConfig())
    svg = curve_svg(result)
    assert {"median, smoothed", "range of 3 sweeps"} <= set(check(svg))
    bands = [p for p in ET.fromstring(svg).iter(f"{SVG}path") if p.get("fill") == LIGHT.curve and p.get("opacity")]
    assert len(bands) == 1 and len(places(bands[0].get("d", ""))) == 400
    assert len(places(paths(svg, LIGHT.dots)[-1])) > 400, "the dots of all three"


@pytest.mark.parametrize("repeats", [1, 5])
def test_long_curves_are_thinned_without_losing_their_peaks(
    make: Make, record: Callable[..., Record], repeats: int
) -> None:
    lr = np.geomspace(1e-6, 1, 100_000)
    clean = clean_loss(SCENARIOS["well_behaved"], lr)
    records = []
    for number in range(repeats):
        loss = clean + 0.05 * np.random.default_rng(number).standard_normal(len(lr))
        loss[10_000] = 1.5  # one outlier, in the flat part
        quick = Record(number)
        quick._numbers, quick._steps = np.stack([lr, loss, 1e-3 * np.arange(len(lr))]), np.arange(len(lr))
        quick._count = len(lr)
        records.append(quick)
    result = make(records)
    start = time.perf_counter()
    svg = curve_svg(result)
    assert time.perf_counter() - start < 20
    assert len(svg.encode()) < 300_000
    check(svg)
    strokes = re.findall(r"M([\d.]+),([-\d.]+)V([-\d.]+)", paths(svg, LIGHT.dots)[-1])
    inner = next(e for e in ET.fromstring(svg) if e.tag == f"{SVG}svg")
    column = math.floor((math.log10(lr[10_000]) + 6.12) / 6.24 * float(inner.get("width", 0))) + 0.5
    longest = max(strokes, key=lambda s: float(s[2]) - float(s[1]) if float(s[0]) < 300 else 0)
    assert float(longest[0]) == pytest.approx(column)


def test_it_is_kept_as_a_file(make: Make, tmp_path: Path) -> None:
    path = make().save_svg(tmp_path / "curve.svg")
    root = ET.parse(path).getroot()
    assert (root.tag, root.get("viewBox")) == (f"{SVG}svg", "0 0 768 480")
    assert make().interpretation in root.get("aria-label", "")


def test_it_is_the_same_every_time(make: Make) -> None:
    assert curve_svg(make()) == curve_svg(make())
