from __future__ import annotations

import numpy as np

from lrgui.core.changed_plan import changed_plan
from lrgui.core.control import read_factor
from lrgui.core.events import RateEvent

PLAN = np.arange(1.0, 11.0)


def change(step: int, total: float, back_to: int | None = None) -> RateEvent:
    return RateEvent(step, 1.0, total, 1.0, "by hand", back_to)


def test_the_rest_of_the_plan_is_multiplied() -> None:
    assert changed_plan(PLAN, []).tolist() == PLAN.tolist()
    changed = changed_plan(PLAN, [change(3, 0.5), change(6, 2.0)])
    assert changed.tolist() == [1, 2, 3, 2, 2.5, 3, 14, 16, 18, 20]


def test_steps_that_were_taken_back_come_again() -> None:
    changed = changed_plan(PLAN, [change(5, 0.1, back_to=2)])
    np.testing.assert_allclose(changed, [1, 2, 3, 4, 5, *(0.1 * PLAN[2:])])
    twice = changed_plan(PLAN, [change(5, 0.1, back_to=2), change(8, 0.01, back_to=2)])
    np.testing.assert_allclose(twice, [1, 2, 3, 4, 5, 0.3, 0.4, 0.5, *(0.01 * PLAN[2:])])


def test_what_was_changed_before_the_schedule_began_again_counts_once() -> None:
    before = changed_plan(PLAN, [change(3, 0.5), change(6, 2.0)])
    both = np.concatenate([before, PLAN])
    changes = [change(3, 0.5), change(6, 2.0), change(10, 1.0), change(15, 4.0)]
    assert changed_plan(both, changes, 10).tolist() == [*before, *PLAN[:5], *(4 * PLAN[5:])]
    taken_back = changed_plan(PLAN, [change(5, 0.1, back_to=2)])  # 13 steps were told, 10 were made
    both = np.concatenate([taken_back, PLAN])
    again = changed_plan(both, [change(5, 0.1, back_to=2), change(13, 0.1), change(17, 0.01, back_to=12)], 13)
    np.testing.assert_allclose(again, [*taken_back, *(0.1 * PLAN[:4]), *(0.01 * PLAN[2:])])


def test_a_change_behind_the_end_of_a_plan_that_is_not_drawn() -> None:
    assert changed_plan(np.empty(0), [change(5, 0.1, back_to=2)]).tolist() == []


def test_factors_as_people_type_them() -> None:
    read = {
        "0.5": 0.5,
        " ×2 ": 2.0,
        "x3": 3.0,
        "2x": 2.0,
        "÷10": 0.1,
        "/4": 0.25,
        "1/8": 0.125,
        "0,3": 0.3,
        "1e-2": 0.01,
    }
    assert {text: read_factor(text) for text in read} == read
    assert [read_factor(text) for text in ("", "x", "0", "-2", "1/0", "nan", "inf", "1e12")] == [None] * 8
