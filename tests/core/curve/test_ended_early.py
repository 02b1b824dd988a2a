"""A run that ended early says so, and nothing else is read into what it measured."""

from __future__ import annotations

import numpy as np
import pytest

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.sweep_reading import SweepReading, read_sweep
from lrgui.core.engine.schedules import exponential
from lrgui.core.events import END_REASONS, WHOLE

#: Ends of sweeps that did not see everything; None where a log stops without an end, or still grows.
EARLY = [None, *(reason for reason in END_REASONS if reason not in WHOLE)]
RATES = exponential(1e-6, 1, 200)
LOSSES = np.interp(np.log10(RATES), [-6, -4, -2, -1, 0], [2.3, 2.3, 0.5, 0.5, 8.0])
LOSSES = LOSSES + np.random.default_rng(0).normal(0, 0.02, 200)


def ended(reason: str | None, points: int, losses: np.ndarray = LOSSES) -> SweepReading:
    curve = Curve.measured(RATES[:points], losses[:points], 200, end_reason=reason)
    return read_sweep(curve, planned_range=(1e-6, 1.0))


@pytest.mark.parametrize("points", [0, 5, 20, 60, 120, 150])
@pytest.mark.parametrize("reason", EARLY)
def test_no_pick_and_no_advice_on_the_range(reason: str | None, points: int) -> None:
    found = ended(reason, points)
    pick = found.recommendation
    assert (pick.lr, pick.best_guess, pick.confidence, pick.factor, pick.advice) == (None, None, "none", None, None)
    early = "only" if reason is None else "the run ended early ("
    assert pick.reason.startswith(f"No reliable pick: {early}")
    assert f"{points} of 200 steps{' are recorded' if reason is None else ')'}: " in pick.reason
    assert found.zones is None and found.selection is None
    said = " ".join([pick.reason, found.interpretation, *(check.text for check in found.checklist[:3])])
    assert found.interpretation.startswith(early[:1].upper() + early[1:])
    for word in ("extend", "sweep on", "lower", "Sweep more"):
        assert word not in said


@pytest.mark.parametrize("reason", EARLY)
def test_a_valley_that_was_seen_is_worth_a_guess(reason: str | None) -> None:
    found, whole = ended(reason, 190), ended("completed", 190)
    assert found.recommendation.lr is None
    assert found.recommendation.best_guess == pytest.approx(whole.recommendation.lr)
    assert found.zones is not None and found.zones.diverges


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("data_ended", "(the batches ended after 87 of 200 steps): let it train on more batches, or sweep 87 steps."),
        ("cancelled", "(stopped after 87 of 200 steps): let it run to its end."),
        ("failed", "(an error after 87 of 200 steps): fix that first."),
        ("out_of_memory", "(out of memory after 87 of 200 steps): fix that first."),
        ("killed", "(its process ended unexpectedly after 87 of 200 steps): fix that first."),
        ("loader_died", "(a DataLoader worker died after 87 of 200 steps): fix that first."),
        ("bad_batch", "(a batch whose loss is not finite after 87 of 200 steps): fix that first."),
    ],
)
def test_each_way_to_end_has_its_words(reason: str, words: str) -> None:
    assert ended(reason, 87).recommendation.reason == f"No reliable pick: the run ended early {words}"


def test_a_run_that_may_still_go_on_has_not_ended() -> None:
    found = ended(None, 87)
    assert found.recommendation.reason == "No reliable pick: only 87 of 200 steps are recorded: let it run to its end."
    texts = [check.text for check in found.checklist[:3]]
    assert texts[0] == "No fall to judge: only 87 of 200 steps are recorded"
    assert texts[1].endswith("; only 87 of 200 steps are recorded")
    assert texts[2] == "No rate to pick: only 87 of 200 steps are recorded"


def test_a_single_step_is_one() -> None:
    assert ended(None, 1).interpretation == "Only 1 of 200 steps is recorded: there is nothing to pick from."


def test_too_few_steps_are_not_asked_for() -> None:
    assert ended("data_ended", 5).recommendation.reason.endswith("5 of 200 steps): let it train on more batches.")


def test_a_record_that_stops_at_a_loss_that_is_not_finite_is_of_a_sweep_that_broke() -> None:
    losses = LOSSES.copy()
    losses[190] = np.nan
    found = ended(None, 191, losses)
    assert (found.curve.ended_early, found.curve.broke) == ("", True)
    assert found.recommendation.lr == ended("not_finite", 191, losses).recommendation.lr


def test_thousands_of_steps_are_told_apart() -> None:
    rates = exponential(1e-6, 1, 20_000)
    losses = np.interp(np.log10(rates), [-6, -4, -2, -1, 0], [2.3, 2.3, 0.5, 0.5, 8.0])
    curve = Curve.measured(rates[:1_038], losses[:1_038], 20_000, end_reason="data_ended")
    said = "the run ended early (the batches ended after 1,038 of 20,000 steps)"
    reason = read_sweep(curve).recommendation.reason
    assert reason == f"No reliable pick: {said}: let it train on more batches, or sweep 1,038 steps."


@pytest.mark.parametrize("points", [20, 87])
def test_no_fall_is_claimed_of_a_sweep_that_ended_early(points: int) -> None:
    found = ended("cancelled", points)
    assert found.landmarks is not None and found.landmarks.rises_at is None
    (falls,) = (check for check in found.checklist if check.key == "falls")
    assert falls.state == "bad"
    assert falls.text == f"No fall to judge: the run ended early (stopped after {points} of 200 steps)"


@pytest.mark.parametrize("reason", ["not_finite", "diverged"])
def test_a_loss_that_was_never_finite_did_not_break_because_of_its_rate(reason: str) -> None:
    found = ended(reason, 1, np.full(200, np.nan))
    assert found.recommendation.advice is None
    assert "the loss was not finite from the first batch on): fix that first." in found.recommendation.reason


def test_a_few_points_and_then_a_break_ask_for_lower_rates() -> None:
    losses = LOSSES.copy()
    losses[5] = np.nan
    found = ended("not_finite", 6, losses).recommendation
    assert found.advice is not None and found.advice.start_lr == pytest.approx(1e-9)
    assert (
        found.reason
        == "No reliable pick: only 5 points were measured. Training diverged at once: start the sweep lower, at 1e-9."
    )


def test_a_short_sweep_asks_for_more_steps() -> None:
    curve = Curve.measured(RATES[:5], LOSSES[:5], 5, end_reason="not_finite")
    assert read_sweep(curve).recommendation.reason.endswith("Sweep more steps.")


@pytest.mark.parametrize("reason", EARLY)
def test_a_run_that_got_to_its_last_step_is_whole(reason: str | None) -> None:
    assert ended(reason, 200).recommendation == ended("completed", 200).recommendation


@pytest.mark.parametrize("reason", WHOLE)
def test_other_ends_are_read(reason: str) -> None:
    found = ended(reason, 190)
    assert found.curve.ended_early == ""
    assert found.recommendation.lr is not None
    assert found.curve.broke == (reason in ("diverged", "not_finite"))


def test_repeats_that_all_ended_early() -> None:
    curves = [Curve.measured(RATES[:60], LOSSES[:60], 200, end_reason="failed") for _ in range(3)]
    pick = read_sweep(curves).recommendation
    assert (pick.lr, pick.best_guess, pick.advice) == (None, None, None)
    assert "ended early (an error after 60 of 200 steps)" in pick.reason


@pytest.mark.parametrize("last", [120, 150, 173, 200])
def test_a_flat_curve_that_breaks_late_did_not_diverge_at_once(last: int) -> None:
    for seed in range(20):
        flat = 0.25 + np.random.default_rng(seed).gamma(2, 0.05, 200)
        flat[last - 4 :] *= 30.0
        found = ended("diverged", last, flat).recommendation
        if found.lr is None:
            assert "at once" not in found.reason and found.advice is None


def test_a_linear_sweep_that_breaks_soon_is_not_started_lower() -> None:
    lr = np.linspace(1e-6, 1.0, 200)[:30]
    curve = Curve.measured(lr, 2.3 * np.exp(np.linspace(0, 5, 30)), 200, end_reason="diverged")
    assert "at once" not in read_sweep(curve).recommendation.reason


@pytest.mark.parametrize(("at", "at_once"), [(20, True), (45, True), (56, False), (150, False)])
def test_at_once_is_the_first_quarter(at: int, at_once: bool) -> None:
    losses = np.full(200, 2.3)
    losses[at:] = 2.3 * np.exp(np.arange(1, 201 - at) / 2)
    found = ended("diverged", at + 8, losses).recommendation
    assert ("at once" in found.reason) == at_once
    assert (found.advice is not None) == at_once
