"""What may be spent, read and shared out."""

from __future__ import annotations

import pytest

from lrgui.core.budget import FEWEST_STEPS, Budget, cost_words, race_to_prove
from lrgui.core.curve.plan import Plan
from lrgui.core.curve.recommend import Recommendation
from lrgui.core.run_settings import RaceSettings, SweepSettings

BASE = RaceSettings(around=0.05, accumulation=2, rates=7)


@pytest.mark.parametrize(
    ("written", "budget", "words"),
    [
        (30.0, Budget(30.0), "30 s"),
        (30, Budget(30.0), "30 s"),
        ("30s", Budget(30.0), "30 s"),
        ("30", Budget(30.0), "30 s"),
        ("2m", Budget(120.0), "2 min"),
        ("2 min", Budget(120.0), "2 min"),
        ("1.5 hours", Budget(5400.0), "1.5 h"),
        ("500 steps", Budget(steps=500), "500 steps"),
        ("1,500steps", Budget(steps=1500), "1,500 steps"),
        (Budget(steps=5), Budget(steps=5), "5 steps"),
    ],
)
def test_it_is_read_as_people_write_it(written: object, budget: Budget, words: str) -> None:
    assert Budget.read(written) == budget
    assert budget.words == words


@pytest.mark.parametrize("wrong", ["", "soon", "0", "-5s", "nan", "inf", "2.5 steps", "0 steps", "3 days", True, None])
def test_what_is_none_is_refused_in_a_sentence(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"^The budget cannot be “.*”\. Write a time or a number of steps: 30s, 2m"):
        Budget.read(wrong)


@pytest.mark.parametrize(
    ("steps", "trainings", "each"),
    [(200 + 5000, 5, 300), (200 + 500, 5, 100), (200 + 200, 5, 40), (200 + 199, 4, 49), (200 + 120, 3, 40)],
)
def test_what_is_left_is_shared_out(steps: int, trainings: int, each: int) -> None:
    race = Budget(steps=steps).race(BASE, Plan(), 200, 2.0)
    assert race is not None and (race.trainings, race.steps) == (trainings, each)
    assert (race.around, race.accumulation, race.rates) == (0.05, 2, None), "brackets, with the sweep's own loop"
    assert 200 + race.total_steps() <= steps


def test_a_time_is_worth_as_many_steps_as_the_sweep_was_fast() -> None:
    race = Budget(seconds=10.0).race(BASE, Plan(), 200, 2.0)
    assert race is not None and (race.trainings, race.steps) == (5, 160), "8 s are left, of 10 ms a step"
    assert cost_words(race, 200, 2.0) == "3 to 5 trainings of 160 steps, at most about 8 s"


def test_no_training_is_longer_than_the_planned_one() -> None:
    for planned in (100, 2000):
        race = Budget(steps=100_000).race(BASE, Plan(steps=planned), 200, 0.0)
        assert race is not None and race.steps == planned


def test_too_small_a_budget_is_said() -> None:
    for budget in (Budget(steps=319), Budget(steps=100), Budget(seconds=0.5)):
        assert budget.race(BASE, Plan(), 200, 2.0) is None
    words = Budget(steps=319).too_small(200, 2.0)
    assert words.startswith("The budget of 319 steps is too small to measure: after the sweep it leaves 119 steps")
    assert f"three trainings of {FEWEST_STEPS} need {3 * FEWEST_STEPS}" in words


@pytest.mark.parametrize(
    ("budget", "took"), [(Budget(steps=10), "200 steps"), (Budget(steps=200), "200 steps"), (Budget(1.0), "2 s")]
)
def test_a_budget_that_the_sweep_alone_uses_up(budget: Budget, took: str) -> None:
    assert f"is used up: the sweep alone took {took}. Nothing is measured." in budget.too_small(200, 2.0)
    sure = Recommendation(1e-2, 1e-2, "", confidence="high")
    config, why = race_to_prove(budget, sure, Plan(), BASE, 200, 2.0)
    assert config is None
    assert why == f"The confidence is high: nothing was measured; the sweep alone took {took}."
    if budget.steps is not None:
        assert budget.plan_words(SweepSettings()) == "the sweep alone takes 200 steps, so nothing is measured after it."


def test_what_it_is_for_is_said_before() -> None:
    sweep = SweepSettings(steps=100, repeats=2)
    assert Budget(steps=800).plan_words(sweep) == (
        "a sweep of 200 steps, then, where its confidence is not high, 3 to 5 trainings of 120 steps."
    )
    assert Budget(30.0).plan_words(sweep).endswith("short trainings in the rest of the time.")
    assert Budget(steps=250).plan_words(sweep).endswith("which leaves nothing to measure with.")
