"""The numbers of torch-lr-finder's range test."""

from __future__ import annotations

import math

import pytest

from lrgui.api.range_test import checked_mode, data_ended, rates_at, smoothed, stopped


def test_rates_rise_by_a_factor_or_a_summand_and_go_on_past_the_end() -> None:
    assert rates_at("exp", [1e-4, 1e-2], 1.0, 0.5) == pytest.approx([1e-2, 1e-1])
    assert rates_at("linear", [0.0, 0.5], 1.0, 0.5) == pytest.approx([0.5, 0.75])
    assert rates_at("exp", [1e-4], 1.0, 1.25) == pytest.approx([10.0])


def test_the_first_loss_and_a_weight_of_zero_are_not_smoothed() -> None:
    assert smoothed(2.0, [], 0.1) == 2.0
    assert smoothed(2.0, [1.0], 0.0) == 2.0
    assert smoothed(2.0, [5.0, 1.0], 0.25) == pytest.approx(1.25)


@pytest.mark.parametrize(
    ("loss", "best", "start", "reason"),
    [
        (4.9, 1.0, 2.0, None),
        (5.1, 1.0, 2.0, "diverged"),
        (5.0, 1.0, 2.0, None),  # the factor itself is not above it
        (-1.0, -2.0, -1.5, None),  # of a loss below 0 the rise counts
        (5.0, -2.0, -1.0, "diverged"),
        (math.inf, 1.0, 2.0, "not_finite"),
        (math.nan, 1.0, 2.0, "not_finite"),
        (math.nan, None, math.nan, "not_finite"),
    ],
)
def test_when_it_stops(
    loss: float, best: float | None, start: float, reason: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    end = stopped(0.1, loss, best, start, 5)
    assert (None if end is None else end.reason) == reason
    said = capsys.readouterr().out
    assert said == (
        "" if end is None else f"Stopping early, the loss {'is not a number' if math.isnan(loss) else 'has diverged'}\n"
    )


def test_data_that_ended_and_data_that_never_began(capsys: pytest.CaptureFixture[str]) -> None:
    assert "after 3 of 10 steps" in data_ended(3, 10).detail
    assert capsys.readouterr().out == "Stopping early, the data has ended\n"
    with pytest.raises(ValueError, match="yielded no batches"):
        data_ended(0, 10)


@pytest.mark.parametrize(
    "wrong", [("cosine", 100, 0.05, 1), ("exp", 1, 0.05, 1), ("exp", 100, 1.0, 1), ("exp", 100, 0.05, 0)]
)
def test_settings_that_no_test_can_have(wrong: tuple[str, int, float, int]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        checked_mode(*wrong)


def test_the_mode_in_any_letters() -> None:
    assert checked_mode("EXP", 2, 0.0, 1) == "exp"
