"""Everything about one curve in one go, and the default tasks measured for ten seeds."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from lrgui.core.analysis import TIPS, Analysis, analyse
from lrgui.core.config import SweepConfig
from lrgui.core.curve import Curve
from lrgui.core.events import BatchEvent, EndEvent
from lrgui.core.schedules import exponential
from lrgui.core.sweep import sweep
from lrgui.core.zones import Zones
from lrgui.tasks.build import build_task
from lrgui.tasks.spec import TaskSpec


@functools.cache
def measured(model: str, seed: int) -> Analysis:
    """The default sweep of a built-in model on the digits."""
    task = build_task(TaskSpec(model=model, seed=seed, device="cpu"))
    *events, end = sweep(task.model, task.loader, task.optimizer, task.loss, SweepConfig())
    assert isinstance(end, EndEvent)
    points = [e for e in events if isinstance(e, BatchEvent)]
    rates, losses = np.array([p.lr for p in points]), np.array([p.loss for p in points])
    return analyse(Curve.measured(rates, losses, 200, end_reason=end.reason), planned_range=(1e-6, 1.0))


@pytest.mark.parametrize("seed", range(10))
def test_the_default_task_gives_a_textbook_curve(seed: int) -> None:
    analysis = measured("cnn", seed)
    marks, zones, lr = analysis.marks, analysis.zones, analysis.recommendation.lr
    assert marks is not None and marks.falls
    assert marks.fall >= 0.5 * marks.level
    assert zones is not None and zones.diverges
    assert 1e-6 == zones.start < zones.low_end < zones.high_start < zones.end == 1.0
    assert lr is not None
    assert zones.low_end < lr < zones.high_start
    assert analysis.selection == lr
    assert all(s.lr is not None or s.reason for s in analysis.suggestions.values())
    assert analysis.interpretation.startswith("The loss begins to fall at ")
    assert analysis.checklist[0].state == "good"


@pytest.mark.parametrize("seed", range(10))
def test_simplenet_learns_a_little_but_clearly_and_its_picks_agree(seed: int) -> None:
    """A tenth of the loss, several times the noise: how much that is of what can be learned no curve says."""
    analysis = measured("simplenet", seed)
    found, marks = analysis.recommendation, analysis.marks
    assert marks is not None and marks.fall < 0.2 * marks.level
    assert found.confidence in ("medium", "high")
    assert found.lr is not None and 0.1 < found.lr < 0.5
    assert analysis.selection == found.lr
    assert analysis.checklist[0].state == "good"


def test_a_selection_changes_only_the_checklist() -> None:
    before = measured("cnn", 0)
    assert before.zones is not None
    zones = Zones(before.zones.start, before.zones.low_end * 2, before.zones.high_start / 2, before.zones.end)
    after = before.with_selection(1e-6, zones)
    assert (after.selection, after.zones) == (1e-6, zones)
    for part in ("curve", "marks", "suggestions", "recommendation", "interpretation"):
        assert getattr(after, part) is getattr(before, part)
    assert after.checklist != before.checklist
    assert "too-low zone" in after.checklist[2].text
    assert before.selection != 1e-6


def test_given_zones_and_selection_are_kept() -> None:
    curve = measured("cnn", 0).curve
    zones = Zones(1e-6, 1e-4, 1e-2, 1.0)
    analysis = analyse(curve, selection=0.005, zones=zones)
    assert analysis.zones is zones
    assert analysis.selection == 0.005


def test_without_a_planned_range_the_zones_span_what_was_measured() -> None:
    curve = measured("cnn", 0).curve
    zones = analyse(curve).zones
    assert zones is not None
    assert (zones.start, zones.end) == (curve.lr[0], curve.lr[-1])


def test_another_beta_moves_the_named_rules_and_nothing_else() -> None:
    before = measured("cnn", 0)
    after = analyse(before.curve.with_beta(0.5), planned_range=(1e-6, 1.0))
    assert after.suggestions["minimum_div10"].lr != before.suggestions["minimum_div10"].lr
    assert after.zones == before.zones
    assert after.recommendation == before.recommendation


@pytest.mark.parametrize("n", [0, 1, 9])
def test_short_curves_are_analysed_without_complaint(n: int) -> None:
    analysis = analyse(Curve.measured(exponential(1e-6, 1, 200)[:n], np.full(n, 2.3), 200))
    assert analysis.marks is None and analysis.zones is None and analysis.selection is None
    assert len(analysis.checklist) == 5


@pytest.mark.parametrize("seed", range(30))
def test_wild_curves_are_analysed_without_complaint(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(10, 60))
    losses = rng.normal(0, 1, n).cumsum() * 10.0 ** rng.integers(-6, 7)
    losses[int(rng.integers(0, n)) :] *= 10.0 ** rng.integers(0, 30)
    analysis = analyse(Curve.measured(exponential(1e-8, 10, n), losses, n, end_reason="completed"))
    assert analysis.interpretation
    assert len(analysis.suggestions) == 5


def test_the_tips_are_sentences() -> None:
    assert len(TIPS) >= 4
    assert all(tip.endswith(".") for tip in TIPS)
