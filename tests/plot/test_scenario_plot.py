"""The overlay of the three scenarios: nothing that is written covers a curve or something else written."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.scenarios import SCENARIOS, laid_over, noisy_loss, rates
from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.core.curve.zones import ZONE_NAMES, Zones
from lrgui.plot.scenario_plot import ScenarioCurve, ScenarioPlot
from lrgui.plot.theme import DARK, LIGHT

#: Lowest and highest of every slider on the tab.
EXTREMES = {"noise": (0.0, 0.3), "depth": (0.2, 2.0), "smoothness": (0.2, 2.0), "divergence": (0.4, 4.0)}
SIZES = [(1040, 720), (768, 480), (640, 520), (480, 400)]
FULL = {key: names[0] for key, names in ZONE_NAMES.items()}


def show(plot, chosen="well_behaved", seed=0, zones=None, **changes):
    """What the tab shows: the chosen curve changed, the others as they were."""
    scenarios = [replace(s, **changes) if s.key == chosen else s for s in SCENARIOS.values()]
    lr = rates()
    curves = [ScenarioCurve(s.key, s.label, lr, noisy_loss(s, lr, seed)) for s in scenarios]
    mine = next(c for c in curves if c.key == chosen)
    reading = read_sweep(Curve.measured(lr, mine.loss, len(lr), end_reason="completed"), zones=SCENARIOS[chosen].zones)
    plot.show_curves(curves, chosen, reading, zones or SCENARIOS[chosen].zones)
    return curves


@pytest.fixture
def make(qtbot):
    def made(size=(768, 480), palette=LIGHT, **kwargs):
        plot = ScenarioPlot(None, palette, **kwargs)
        qtbot.addWidget(plot)
        plot.resize(*size)
        show(plot)
        plot.show()
        qtbot.waitExposed(plot)
        plot.grab()  # the first paint settles the layout
        return plot

    return made


def pixels(plot):
    """Every quarter of a pixel that a curve passes in the view, computed on its own: shape (n, 2)."""
    rect, found = QRectF(plot.view.rect()), []
    (left, right), (bottom, top) = plot.view.viewRange()
    for line in plot._lines():
        x, y = line.points
        if not len(x):
            continue
        px = (x - left) / (right - left) * rect.width()
        py = (top - y) / (top - bottom) * rect.height()
        low, high = np.minimum(py[:-1], py[1:]), np.maximum(py[:-1], py[1:])
        seen = np.flatnonzero((high >= 0) & (low <= rect.height()))
        px, py, next_x, next_y = px[seen], py[seen], px[seen + 1], py[seen + 1]
        # The share of each segment that is in sight.
        rise = np.where(next_y == py, 1.0, next_y - py)
        edges = np.sort([(edge - py) / rise for edge in (0.0, rect.height())], axis=0)
        level = next_y == py
        a = np.where(level, 0.0, np.maximum(edges[0], 0.0))
        b = np.where(level, 1.0, np.minimum(edges[1], 1.0))
        counts = (4 * np.maximum(np.abs(next_x - px), np.abs(next_y - py)) * (b - a)).astype(int) + 2
        part = np.concatenate([np.linspace(0, 1, count) for count in counts])
        share = (np.repeat(a, counts) + np.repeat(b - a, counts) * part)[:, None]
        start, end = (np.repeat(np.column_stack(ends), counts, axis=0) for ends in ((px, py), (next_x, next_y)))
        found.append(start * (1 - share) + end * share)
    return np.vstack(found)


def covered(rect, points, margin=1.3):
    """True where a curve, half its pen's width included, touches the rectangle."""
    x, y = points.T
    inside = (x > rect.left() - margin) & (x < rect.right() + margin)
    return bool((inside & (y > rect.top() - margin) & (y < rect.bottom() + margin)).any())


def check(plot):
    """Nothing overlaps; returns what is written, by key."""
    notes, view, points = plot.notes, QRectF(plot.view.rect()), pixels(plot)
    for one, other in combinations(notes, 2):
        assert not one.rect.intersects(other.rect), (one, other)
    for note in notes:
        assert view.contains(note.rect), note
        assert not covered(note.rect, points), note
        assert note.text.replace("\n", " ") in [name.replace("\n", " ") for name in ZONE_NAMES[note.key]], note
        widest = max(plot.annotations._bold_metrics.horizontalAdvance(line) for line in note.text.split("\n"))
        assert widest <= note.rect.width()
        for label in plot.annotations.labels:
            assert not label.rect.intersects(note.rect), (label, note)
    for label in plot.annotations.labels:
        assert not covered(label.rect, points, 0.0), label
    return {note.key: note for note in notes}


@pytest.mark.parametrize(("size", "palette"), [*((size, LIGHT) for size in SIZES), (SIZES[1], DARK)])
def test_annotations_cover_nothing(make, size, palette):
    plot = make(size, palette)
    for chosen in SCENARIOS:
        for seed in range(4):
            show(plot, chosen, seed)
            plot.grab()
            written = check(plot)
            if size[0] >= 640:  # all three have a place there, in full
                assert {key: note.text.replace("\n", " ") for key, note in written.items()} == FULL


@pytest.mark.parametrize("chosen", SCENARIOS)
@pytest.mark.parametrize("size", [(1040, 720), (560, 420)], ids=str)
def test_annotations_cover_nothing_at_the_ends_of_the_sliders(make, size, chosen):
    plot = make(size)
    for noise in EXTREMES["noise"]:
        for depth in EXTREMES["depth"]:
            for smoothness in EXTREMES["smoothness"]:
                for divergence in EXTREMES["divergence"]:
                    show(plot, chosen, 1, noise=noise, depth=depth, smoothness=smoothness, divergence=divergence)
                    written = check(plot)
                    if size[0] > 1000:
                        assert set(written) == set(FULL), (noise, depth, smoothness, divergence)


@pytest.mark.parametrize("selection", [1e-6, 3e-5, 7e-4, 2e-3, 9e-3, 0.5, 1.0])
@pytest.mark.parametrize("revealed", [False, True])
def test_annotations_give_way_to_selection_and_marks(make, selection, revealed):
    plot = make()
    plot.reveal(revealed)
    plot.set_selection(selection)
    plot.grab()
    written, tag = check(plot), plot.annotations.tag
    at = plot.view.pixel_x(np.log10(selection))
    assert tag is not None
    assert QRectF(plot.view.rect()).contains(tag.rect)
    if selection < 0.1:  # beyond, every place beside the line has a curve
        assert not covered(tag.rect, pixels(plot), 0.0)
    for note in written.values():
        assert not note.rect.left() <= at <= note.rect.right()
        assert not note.rect.intersects(tag.rect)
        for mark in plot.view.handles.marks:
            assert not note.rect.contains(plot.view.pixel_x(mark.x), plot.view.pixel_y(mark.y))


def test_annotations_give_way_to_the_real_curve(make):
    plot = make()
    lr = rates(150)
    loss = 2.3 - 1.9 / (1 + np.exp(-4 * (np.log10(lr) + 1.5))) + 4 * np.maximum(np.log10(lr) + 0.4, 0)
    plot.set_real(lr, laid_over(SCENARIOS["well_behaved"], loss))
    assert [entry.text for entry in plot.chart.legend.entries][-1] == "real digits"
    assert set(check(plot)) == set(FULL)
    plot.set_real(np.empty(0), np.empty(0))
    assert len(plot.chart.legend.entries) == 3


def test_names_of_zones_out_of_sight_are_not_shown(make):
    plot = make()
    plot.view.setRange(xRange=(-6, -4), yRange=(2.0, 3.0), padding=0)
    assert {note.key for note in plot.notes} == {"low"}
    plot.view.setRange(xRange=(-1.5, 0), yRange=(5.0, 80.0), padding=0)
    assert {note.key for note in plot.notes} <= {"divergence"}
    plot.reset_view()
    assert {note.key for note in plot.notes} == set(FULL)


def test_where_the_three_are(make):
    plot = make((1040, 720))
    written = check(plot)
    low, best, high = (written[key].rect.center() for key in ("low", "optimal", "divergence"))
    assert low.x() < best.x() < high.x()
    assert low.x() < plot.view.rect().width() / 3
    left, right = (plot.view.pixel_x(np.log10(2e-3 * factor)) for factor in (1 / 3, 3))
    assert left < best.x() < right
    assert best.y() > low.y()


def test_legend_and_axes(make):
    plot = make()
    assert [entry.text for entry in plot.chart.legend.entries] == [s.label for s in SCENARIOS.values()]
    assert len({(entry.colour, entry.dash) for entry in plot.chart.legend.entries}) == 3
    assert plot.view.viewRange()[0] == pytest.approx([-6.12, 0.12])


def test_the_chosen_curve_is_drawn_strongest(make):
    plot = make()
    for chosen in SCENARIOS:
        show(plot, chosen)
        widths = {key: line._pen.widthF() for key, line in plot._overlays.items()}
        assert max(widths, key=widths.get) == chosen
        assert sorted(widths.values()) == [1.4, 1.4, 2.4]


def test_the_curves_are_what_was_given(make):
    plot = make()
    for curve, line in zip(show(plot, seed=3), plot._overlays.values(), strict=True):
        assert np.array_equal(line.points[0], np.log10(curve.lr))
        assert np.array_equal(line.points[1], curve.loss)


def test_answers_are_hidden_until_they_are_revealed(make):
    plot = make()
    plot.set_selection(1e-3)
    assert plot.view.handles.marks == () and plot.annotations.labels == []
    show(plot, seed=1)
    assert plot.view.handles.marks == ()
    plot.reveal(True)
    assert len(plot.view.handles.marks) >= 4
    show(plot, seed=2)
    assert len(plot.view.handles.marks) >= 4
    plot.reveal(False)
    assert plot.view.handles.marks == ()


def test_revealing_leaves_dragged_zones_where_they_are(make):
    plot = make()
    dragged = Zones(1e-6, 1e-4, 3e-2, 1.0)
    plot.set_zones(dragged)
    plot.reveal(True)
    assert plot.zones == dragged


def test_a_new_curve_keeps_a_view_that_the_person_chose(make):
    plot = make()
    plot.view.setRange(xRange=(-4, -2), yRange=(0.5, 2.0), padding=0)
    plot.view.sigRangeChangedManually.emit([True, True])
    show(plot, depth=0.4)
    assert plot.view.viewRange()[0] == pytest.approx([-4, -2])
    plot.reset_view()
    assert plot.view.viewRange()[0] == pytest.approx([-6.12, 0.12])


def test_a_deeper_curve_stays_in_sight(make):
    plot = make()
    for depth in (0.2, 1.0, 2.0):
        curves = show(plot, depth=depth)
        bottom = plot.view.viewRange()[1][0]
        assert bottom < min(curve.loss.min() for curve in curves)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)
def test_colours_of_the_palette(make, palette):
    plot = make((1040, 720))
    plot.set_palette(palette)
    image = plot.grab().toImage()
    assert QColor(image.pixel(3, image.height() - 3)).name().upper() == palette.background.upper()
    assert [e.colour for e in plot.chart.legend.entries] == [palette.curve, "#E69F00", palette.optimal_line]
