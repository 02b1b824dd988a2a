"""What a pick is multiplied by for the training to come, and how that is said."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from rows import each_row

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import find_landmarks
from lrgui.core.curve.plan import (
    BY_HEART_FLOOR,
    EXPONENTS,
    FACTORS,
    FAMILIES,
    FLOORS,
    LOWEST,
    NAMED,
    ONE_CYCLE,
    SCHEDULES,
    SHORT,
    USUAL,
    Plan,
    rates_words,
)
from lrgui.core.curve.recommend import recommend
from lrgui.core.engine.schedules import exponential

KINDS = (*FAMILIES, None)
RATES = exponential(1e-6, 1, 200)


@each_row(itertools.product([None, 1, SHORT, 4800, 10**9], [*SCHEDULES, None], KINDS))
def test_every_training_has_its_share(steps: int | None, schedule: str | None, family: str | None) -> None:
    plan = Plan(steps, schedule, family)
    key = schedule or ONE_CYCLE
    longer = 1.0 if steps is None or steps <= SHORT else max((steps / SHORT) ** EXPONENTS[family], LOWEST)
    assert plan.share() == pytest.approx(FACTORS[key][family] * longer)
    assert plan.share("constant") == Plan(steps, "constant", family).share()
    assert plan.floor == plan.floor_read(200) == FLOORS[key] and plan.at_most(200) == "high"
    assert plan.from_one_cycle(plan.as_one_cycle(3e-3)) == pytest.approx(3e-3)


def test_a_constant_rate_is_lower_than_the_maximum_of_a_cycle() -> None:
    for family in KINDS:
        plan = Plan(1000, "constant", family)
        assert plan.differs and plan.as_one_cycle(1e-3) > 1e-3 > plan.from_one_cycle(1e-3)
        assert not Plan(1000, ONE_CYCLE, family).differs and not Plan(1000, None, family).differs
    assert USUAL.as_one_cycle(0.1) == 0.1, "exactly: it is compared with what is selected"


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (USUAL, ""),
        (Plan(300, "onecycle"), ""),
        (Plan(4800), " Lowered to 44 % for a training of 4,800 steps."),
        (Plan(schedule="constant"), " Lowered to 40 % for a training at a constant rate."),
        (
            Plan(4800, "decay", "adam"),
            " Lowered to 20 % for a training of 4,800 steps whose rate decays from the start.",
        ),
        (Plan(4800, "warmup", "sgd"), " Lowered to 66 % for a training of 4,800 steps with warm-up."),
        (Plan(200, "step", "momentum"), " Lowered to 60 % for a training whose rate drops in steps."),
    ],
)
def test_it_says_what_the_pick_was_multiplied_by(plan: Plan, words: str) -> None:
    assert plan.remarks(200) == words


def test_a_rate_that_is_raised_is_not_said_to_be_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FACTORS, "decay", dict.fromkeys(KINDS, 1.5))
    assert Plan(schedule="decay").remarks(200).startswith(" Raised to 150 % for a training whose rate decays")


def test_a_memory_that_is_long_for_the_sweep_is_said() -> None:
    assert Plan(memory=None).remarks(60) == Plan(memory=10).remarks(60) == Plan(memory=50).remarks(200) == ""
    assert Plan(memory=100).remarks(200) == (
        " The optimizer averages gradients over about 100 steps, which is long for a sweep of 200: the loss answers "
        "late, and the pick may be too high. Sweep 400 steps."
    )
    assert "Sweep 4,000 steps." in Plan(memory=1000).remarks(200)


def test_few_examples_seen_often_may_be_learned_by_heart() -> None:
    """A curve of training losses cannot show it: the pick is never called high, and the sentence says what can."""
    plan = Plan(600, epoch_steps=20, examples=640, parameters=5000)
    assert plan.epochs == 30 and plan.by_heart
    assert plan.floor == BY_HEART_FLOOR > Plan(600).floor
    assert plan.remarks(200).endswith(
        " 600 steps are 30 epochs of 640 examples, for a model of 5,000 parameters: whether such a training overfits, "
        "a training loss cannot show. Verify by validation losses."
    )
    assert Plan(epoch_steps=10, examples=320, parameters=321).by_heart, "a short training is one of 300 steps"
    for known in (
        Plan(600),
        Plan(300, epoch_steps=20, examples=640, parameters=5000),
        Plan(600, epoch_steps=20, examples=640, parameters=640),
        Plan(600, examples=640, parameters=5000),
        Plan(600, epoch_steps=20, parameters=5000),
    ):
        assert not known.by_heart
        assert "epochs" not in known.remarks(200) and known.floor == Plan(600).floor


def test_a_memory_that_is_long_for_the_sweep_lowers_the_confidence() -> None:
    losses = np.interp(np.log10(RATES), [-6, -4, -3, -1.5, -1, 0], [2.3, 2.3, 0.5, 0.5, 4.0, 9.0])
    curve = Curve.measured(RATES, losses, 200, end_reason="completed")
    found = [recommend(curve, find_landmarks(curve), Plan(memory=steps)) for steps in (10, 100, 1000)]
    assert [each.confidence for each in found] == ["high", "medium", "low"]
    factors = [each.factor or 0 for each in found]
    assert factors[0] < 2 < 2.5 < factors[1] == factors[2]
    assert len({each.lr for each in found}) == 1, "the pick is what it is"
    assert [("averages gradients" in each.reason) for each in found] == [False, True, True]


def test_an_optimizer_that_finds_its_steps_itself_is_low_at_most() -> None:
    losses = np.interp(np.log10(RATES), [-6, -4, -3, -1.5, -1, 0], [2.3, 2.3, 0.5, 0.5, 4.0, 9.0])
    curve = Curve.measured(RATES, losses, 200, end_reason="completed")
    usual, found = (recommend(curve, find_landmarks(curve), Plan(own_steps=own)) for own in (False, True))
    assert (usual.confidence, found.confidence) == ("high", "low")
    assert found.factor == 1000 and "Its default, 1, is mostly right." in found.reason
    assert found.lr == usual.lr and "curvature" not in usual.reason


def test_both_rates_are_named_in_one_sentence() -> None:
    rates = {key: 1.6e-2 * Plan().share(key) for key in SCHEDULES}
    assert rates_words(rates) == "As OneCycle's maximum 1.6e-2; as a constant rate 6.4e-3."
    assert NAMED.keys() <= SCHEDULES.keys()
