"""The heat map of a study."""

from __future__ import annotations

import numpy as np
import pytest
from conftest_of_studies import drive, folder  # noqa: F401
from pytestqt.qtbot import QtBot

from lrgui.export import FORMATS
from lrgui.export.study import StudyReport
from lrgui.plot.heat_map import HeatMapPlot, cells_words, readable_on
from lrgui.plot.theme import DARK, LIGHT, Palette, contrast
from lrgui.studies.results import HeatMap
from lrgui.studies.spec import StudySpec

SPEC = StudySpec("digits", grid={"optimizer": ("sgd", "adamw"), "batch_size": (32, 64, 128)})


@pytest.fixture
def report(drive) -> StudyReport:  # noqa: F811
    return StudyReport(drive(SPEC))


def test_higher_rates_are_darker_and_every_cell_says_its_own(qtbot: QtBot, report: StudyReport) -> None:
    plot = HeatMapPlot(palette=LIGHT)
    qtbot.addWidget(plot)
    plot.resize(700, 400)
    plot.show()
    heat = report.results.heat_map()
    plot.show_map(heat)
    rates = [cell.lr for cell in heat.cells[0]]
    light = [int(plot.cells.colour(lr)[1:3], 16) for lr in rates]
    assert light == sorted(light, reverse=True) and light[0] > light[-1]
    first, last = plot.cells.box(0, 0), plot.cells.box(1, 2)
    assert first.right() < last.left() and first.bottom() < last.top(), "the first row is on top"
    assert plot.words_at(plot.chart, 0, 1).startswith("SGD · batch size 32 · ")
    assert plot.words_at(plot.chart, 2, 0).startswith("AdamW · batch size 128 · ")
    assert plot.words_at(plot.chart, 9, 0) == ""
    plot.set_palette(DARK)
    plot.show_map(HeatMap("", (), (), ()))
    assert plot.cells.ends is None


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_all_its_colours_are_seen_and_can_be_written_on(qtbot: QtBot, report: StudyReport, palette: Palette) -> None:
    plot = HeatMapPlot(palette=palette)
    qtbot.addWidget(plot)
    plot.show_map(report.results.heat_map())
    low, high = plot.cells.ends
    for lr in np.geomspace(low, high, 50):
        colour = plot.cells.colour(float(lr))
        assert contrast(colour, palette.background) >= 1.5, "the lowest rate's, too, in the legend"
        assert contrast(colour, readable_on(colour)) >= 4.5


def test_what_is_not_measured_has_no_rate(report: StudyReport) -> None:
    from dataclasses import replace

    cell = report.results.cells[0]
    empty = replace(cell, rows=tuple(replace(row, stages={}) for row in cell.rows))
    assert cells_words(empty) == ["–"]


@pytest.mark.parametrize("key", ["png", "svg", "pdf", "html"])
def test_it_is_exported(report: StudyReport, key: str) -> None:
    data = FORMATS[key].render(report)
    assert data[:4] in (b"\x89PNG", b"%PDF", b"<?xm", b"<!DO", b"<svg")
