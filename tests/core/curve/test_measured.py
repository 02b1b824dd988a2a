"""What a race makes of a sweep's recommendation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.measured import Race
from lrgui.core.curve.plan import Plan
from lrgui.core.curve.recommend import Recommendation, confidence_words, pick_label
from lrgui.core.curve.sweep_reading import SweepReading, read_sweep
from lrgui.core.events import EndEvent, EndReason, StandingEvent, UntrainedEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Standings

READ = Recommendation(1e-2, 1e-2, "Read.", "low", 3.0, by_schedule={"onecycle": 1e-2})
WHOLE = EndEvent(EndReason.COMPLETED, "Done.")


def raced(
    loss: Callable[[float], float], *, steps: int = 300, end: EndEvent = WHOLE, most: int = 5, ran: int = 99
) -> Race:
    """A race around 1e-2 whose trainings end at `loss` of log10 of the rate; stopped after `ran` of them."""
    config = RaceSettings(around=1e-2, steps=steps, trainings=most)
    standings = Standings(config)
    standings.add([UntrainedEvent(2.3)])
    while (one := standings.following(0)) is not None and standings.judged < ran:
        value = loss(math.log10(standings.lrs[one]))
        standings.add([StandingEvent(0, one, standings.lrs[one], value, math.isfinite(value), steps)])
    return Race(config, standings.ranking(), standings.judged * steps, end)


def valley(lowest: float) -> Callable[[float], float]:
    return lambda x: 0.5 + (x - lowest) ** 2


def test_a_best_rate_with_worse_ones_on_both_sides_is_sure() -> None:
    found = raced(valley(-2.2)).recommendation(READ, Plan())
    assert found.measured and found.confidence == "high" and found.lr == pytest.approx(10**-2.2 / 2**0.25, rel=1e-3)
    assert confidence_words(found) == "measured · confidence high · within ×1.2" and pick_label(found) == "★ measured"
    assert found.reason.startswith("Measured: ")


def test_a_best_rate_at_an_end_is_not() -> None:
    found = raced(lambda x: -x, most=3).recommendation(READ, Plan())
    assert found.measured and found.confidence == "low" and found.factor == pytest.approx(2, rel=0.01)


def test_no_winner_is_no_recommendation() -> None:
    found = raced(lambda x: 2.5).recommendation(READ, Plan())
    assert (found.lr, found.best_guess, found.confidence, found.measured) == (None, None, "none", True)
    assert found.reason.startswith("No reliable pick: every training ended worse than the untrained model")


def test_much_shorter_trainings_than_planned_are_less_sure() -> None:
    assert raced(valley(-2), steps=60).recommendation(READ, Plan()).confidence == "medium"
    assert raced(valley(-2), steps=60).recommendation(READ, Plan(steps=100)).confidence == "high"


@pytest.mark.parametrize("ran", [0, 1, 2])
def test_a_race_that_was_stopped_before_it_compared_leaves_what_was_read(ran: int) -> None:
    stopped = EndEvent(EndReason.CANCELLED, "Stopped.")
    found = raced(valley(-2), ran=ran, end=stopped).recommendation(READ, Plan())
    assert (found.lr, found.confidence, found.measured) == (READ.lr, READ.confidence, False)
    assert raced(valley(-2), ran=3, end=stopped).recommendation(READ, Plan()).measured


def test_another_planned_training_gets_its_own_rate() -> None:
    race = raced(valley(-2))
    onecycle, constant = (race.recommendation(READ, Plan(schedule=key)) for key in ("onecycle", "constant"))
    assert onecycle.lr is not None and constant.lr is not None
    assert constant.lr == pytest.approx(constant.by_schedule["constant"])
    assert constant.lr == pytest.approx(onecycle.lr * Plan().share("constant"))
    assert onecycle.measured_lr == constant.measured_lr == onecycle.lr
    assert (pick_label(onecycle), pick_label(constant)) == ("★ measured", "★ derived")
    assert confidence_words(constant).startswith("derived from a measured rate · confidence ")
    assert "derived" not in onecycle.reason
    assert constant.reason.endswith(
        f" {format_lr(onecycle.lr)} is the maximum of a OneCycle of 300 steps; {format_lr(constant.lr)} is derived "
        "from it for a training at a constant rate."
    )
    long = race.recommendation(READ, Plan(steps=4800))
    assert long.lr is not None and long.lr < onecycle.lr
    assert long.derived and long.reason.endswith(" is derived from it for a training of 4,800 steps.")


def reading() -> SweepReading:
    lr = np.geomspace(1e-6, 1, 200)
    x = np.log10(lr)
    loss = 2.3 - 2 / (1 + np.exp(-4 * (x + 2.5))) + 3 * np.maximum(x + 1.0, 0) ** 2
    loss += 0.005 * np.random.default_rng(1).standard_normal(200)
    return read_sweep(Curve.measured(lr, loss, 200, end_reason="completed"))


def test_a_reading_shows_what_was_measured_beside_what_was_read() -> None:
    before = reading()
    after = before.with_race(raced(valley(-0.5)))
    assert after.read is before.recommendation and after.recommendation.measured
    assert after.selection == after.recommendation.lr, "it was the recommendation, and follows it"
    assert [row.label for row in after.table[:2]] == ["★ measured", "☆ read off the curve"]
    assert after.zones is not None and after.recommendation.lr is not None
    assert after.zones.low_end <= after.recommendation.lr <= after.zones.high_start
    assert all(check.state != "bad" for check in after.checklist if check.key == "pick")
    document = after.to_dict()
    assert document["measured"] is True and document["lr"] == after.recommendation.lr
    assert document["read"]["lr"] == before.recommendation.lr and len(document["race"]["ranking"]) >= 3
    assert before.to_dict()["measured"] is False and before.to_dict()["race"] is None


def test_a_rate_that_a_person_chose_stays_selected() -> None:
    chosen = reading().with_selection(3e-4, None)
    assert chosen.with_race(raced(valley(-2))).selection == 3e-4
