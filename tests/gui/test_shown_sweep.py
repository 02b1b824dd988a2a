"""The sweep on screen: read, read anew, and as it is exported."""

from __future__ import annotations

import pytest

from lrgui.core.curve.scenarios import SCENARIOS
from lrgui.core.curve.zones import Zones
from lrgui.export.scenarios import Scene
from lrgui.gui.selection import Choices
from lrgui.gui.shown_sweep import ShownSweep
from lrgui.runs.job import Job
from lrgui.runs.records import Records

ZONES = Zones(1e-6, 1e-3, 1e-1, 1.0)


@pytest.fixture(scope="module")
def sweep() -> ShownSweep:
    scene = Scene(chosen=next(iter(SCENARIOS)))
    return ShownSweep.made_up("a scenario", scene.curve(), scene.scenario.zones, Job())


def test_it_has_nothing_to_say_before_it_is_read(sweep: ShownSweep) -> None:
    assert (sweep.reading, sweep.report(), sweep.carried_over(Job())) == (None,) * 3
    assert sweep.with_choice(Choices(1e-2, ZONES)) is sweep
    empty = ShownSweep(Job(), Records()).read()
    assert (empty.reading, empty.report()) == (None, None)


def test_read_it_keeps_the_zones_that_were_known(sweep: ShownSweep) -> None:
    read = sweep.read(ZONES)
    assert read.reading is not None and read.reading.zones == ZONES
    report = read.report()
    assert report is not None and report.reading is read.reading and report.synthetic == "a scenario"
    assert read.reading.end is not None and "Nothing was trained" in read.reading.end.detail


def test_what_is_chosen_goes_along_into_another_average(sweep: ShownSweep) -> None:
    chosen = Choices(2e-3, ZONES)
    read = sweep.read().with_choice(chosen)
    assert read.reading is not None and (read.reading.selection, read.reading.zones) == (2e-3, ZONES)
    other = read.with_beta(0.5, chosen)
    assert other.job.sweep.beta == 0.5 and other.reading is not None
    assert (other.reading.selection, other.reading.zones) == (2e-3, ZONES)
    assert other.reading.curve.beta == 0.5 != read.reading.curve.beta


def test_an_average_chosen_before_the_sweep_is_over_is_the_one_that_is_read(sweep: ShownSweep) -> None:
    read = sweep.with_beta(0.5, Choices(None, None)).read()
    assert read.reading is not None and read.reading.curve.beta == 0.5


def test_a_made_up_curve_says_nothing_about_other_settings(sweep: ShownSweep) -> None:
    assert sweep.read().carried_over(Job()) is None
