"""The sweep on screen: read, read anew, and as it is exported."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripted import task

from lrgui.core.curve.plan import Plan
from lrgui.core.curve.scenarios import SCENARIOS
from lrgui.core.curve.zones import Zones
from lrgui.core.events import BatchEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.export.scenarios import Scene
from lrgui.gui.selection import Choices
from lrgui.gui.shown_sweep import ShownSweep
from lrgui.runs.job import Job
from lrgui.runs.records import Records
from lrgui.tasks.user.rows import OWN, SCRIPT

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


def test_it_holds_for_the_optimizer_that_the_code_makes(sweep: ShownSweep) -> None:
    spec = replace(Job().task, source=SCRIPT, path="train.py", optimizer=OWN)
    made = replace(task(), optimizer="Adam, betas 0.9 and 0.95")
    record = sweep.sweeps.first
    batches = [BatchEvent(0, i, lr, loss, 0.0) for i, (lr, loss) in enumerate(zip(record.lr, record.loss, strict=True))]
    own = replace(sweep, job=replace(sweep.job, task=spec), synthetic="")
    for events, named in (([made, *batches], "For Adam, betas 0.9 and 0.95 · "), (batches, "For own optimizer · ")):
        assert replace(own, sweeps=Records.of(events)).read(ZONES).holds_for.startswith(named)


def test_what_is_chosen_goes_along_into_another_average(sweep: ShownSweep) -> None:
    chosen = Choices(2e-3, ZONES)
    read = sweep.read().with_choice(chosen)
    assert read.reading is not None and (read.reading.selection, read.reading.zones) == (2e-3, ZONES)
    other = read.read_as(SweepSettings(beta=0.5))
    other = other.with_choice(other.choice_after(read, chosen))
    assert other.job.sweep.beta == 0.5 and other.reading is not None
    assert (other.reading.selection, other.reading.zones) == (2e-3, ZONES)
    assert other.reading.curve.beta == 0.5 != read.reading.curve.beta


def test_an_average_chosen_before_the_sweep_is_over_is_the_one_that_is_read(sweep: ShownSweep) -> None:
    read = sweep.read_as(SweepSettings(beta=0.5)).read()
    assert read.reading is not None and read.reading.curve.beta == 0.5


def test_what_nobody_touched_follows_the_planned_training(sweep: ShownSweep) -> None:
    before = sweep.read()
    assert before.reading is not None
    pick, zones = before.reading.recommendation.lr, before.reading.zones
    assert pick is not None and zones is not None
    after = before.read_as(SweepSettings(planned_schedule="constant", planned_steps=4800))
    assert after.job.sweep.planned_schedule == "constant" and after.job.sweep.steps == before.job.sweep.steps
    assert after.reading is not None and after.reading.recommendation.lr == pytest.approx(
        pick * Plan(4800, "constant").share()
    )
    followed = after.choice_after(before, Choices(pick, zones))
    assert followed == Choices(after.reading.recommendation.lr, after.reading.measured_zones)
    own = Choices(2e-3, ZONES)
    assert after.choice_after(before, own) == own


def test_a_made_up_curve_says_nothing_about_other_settings(sweep: ShownSweep) -> None:
    assert sweep.read().carried_over(Job()) is None


def test_an_estimate_outside_the_sweep_is_no_offer(sweep: ShownSweep) -> None:
    shown = replace(sweep, synthetic="").read()
    assert shown.reading is not None
    pick = shown.reading.recommendation.lr
    assert pick is not None
    curve, job = shown.reading.curve, shown.job
    less = replace(job, task=replace(job.task, batch_size=job.task.batch_size // 2))
    near = shown.carried_over(less, pytest.fail)  # of built-in data there is no code to look at
    assert near is not None and near.lr == pytest.approx(pick / 2)
    kept = curve.lr > 0.8 * pick
    short = replace(shown, reading=replace(shown.reading, curve=replace(curve, lr=curve.lr[kept])))
    far = short.carried_over(less)
    assert far is not None and far.lr is None and "lies outside the sweep" in far.reason
