"""Schedules: where they begin, end and how they get there."""

from __future__ import annotations

import pytest

from lrgui.core.engine.schedules import exponential


def test_exponential_starts_and_ends_where_asked_and_rises_by_one_factor() -> None:
    rates = exponential(1e-6, 1.0, 200)
    assert rates.shape == (200,)
    assert rates[0] == 1e-6
    assert rates[-1] == pytest.approx(1.0, rel=1e-12)
    assert rates[1:] / rates[:-1] == pytest.approx((1 / 1e-6) ** (1 / 199), rel=1e-12)


def test_exponential_of_one_step_is_the_start() -> None:
    assert exponential(1e-4, 1.0, 1).tolist() == [1e-4]


def test_exponential_of_two_steps_is_both_ends() -> None:
    assert exponential(1e-4, 1e-2, 2) == pytest.approx([1e-4, 1e-2])
