"""Ticks and their words."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from lrgui.plot.ticks import decade_ticks, linear_ticks, loss_ticks, power_of_ten, upright_decade_ticks


def words(ticks):
    return [tick.text for tick in ticks if tick.text]


def test_powers_of_ten():
    assert power_of_ten(-5) == "10⁻⁵"
    assert power_of_ten(0) == "10⁰"
    assert power_of_ten(12) == "10¹²"


def test_decades_are_labelled_and_steps_between_are_not():
    ticks = decade_ticks(-6.1, 0.1, 700)
    assert words(ticks) == ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"]
    assert any(t.position == pytest.approx(math.log10(2e-4)) and not t.text for t in ticks)


def test_a_narrow_plot_leaves_decades_out():
    assert words(decade_ticks(-6.1, 0.1, 200)) == ["10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]


def test_less_than_two_decades_show_the_steps_between():
    assert "2×10⁻³" in words(decade_ticks(-3.2, -1.9, 600))
    assert "5×10⁻³" in words(decade_ticks(-3.2, -1.9, 600))


def test_a_small_part_of_a_decade_is_labelled_finely():
    assert words(decade_ticks(math.log10(2.0e-3), math.log10(2.4e-3), 600)) == [
        "2.0×10⁻³",
        "2.1×10⁻³",
        "2.2×10⁻³",
        "2.3×10⁻³",
        "2.4×10⁻³",
    ]


def test_fine_labels_across_a_power_of_ten():
    assert "10⁻²" in words(decade_ticks(math.log10(0.8e-2), math.log10(1.3e-2), 600))


def test_linear():
    assert words(linear_ticks(0, 3.1, 400)) == ["0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]
    assert words(linear_ticks(-1.2, 1.2, 200)) == ["−1", "0", "1"]
    assert words(linear_ticks(0, 2e5, 200)) == ["0", "50,000", "10⁵", "1.5×10⁵", "2×10⁵"]


def test_numbers_have_their_thousands_marked_as_in_texts():
    assert words(linear_ticks(0, 45_000, 200)) == ["0", "20,000", "40,000"]
    assert words(linear_ticks(-3000, 1000, 200)) == ["−3,000", "−2,000", "−1,000", "0", "1,000"]


def test_large_numbers_that_lie_close_together_are_told_apart():
    assert words(linear_ticks(1e6, 1.000_02e6, 240)) == [
        "10⁶",
        "1.000005×10⁶",
        "1.00001×10⁶",
        "1.000015×10⁶",
        "1.00002×10⁶",
    ]
    assert words(linear_ticks(2.1e-5, 2.3e-5, 200)) == ["2.1×10⁻⁵", "2.15×10⁻⁵", "2.2×10⁻⁵", "2.25×10⁻⁵", "2.3×10⁻⁵"]


@pytest.mark.parametrize("span", [(0, 0), (math.nan, 1), (0, math.inf)])
def test_no_ticks_for_what_is_no_range(span):
    assert decade_ticks(*span, 100) == []
    assert linear_ticks(*span, 100) == []


@pytest.mark.parametrize(
    ("low", "high", "some"),
    [(-0.3, 0.5, {"1", "2"}), (-2.0, 0.5, {"0.01", "0.1", "1"}), (-5.0, 1.0, {"10⁻⁴", "10⁰"}), (0.3, 0.34, {"2.10"})],
)
def test_losses_on_a_logarithmic_axis_read_as_plain_numbers(low, high, some):
    ticks = loss_ticks(low, high, 400)
    labelled = [tick for tick in ticks if tick.text]
    assert some <= {tick.text for tick in labelled}
    assert all(low <= tick.position <= high for tick in ticks)
    places = sorted(tick.position for tick in labelled)
    assert all((b - a) * 400 / (high - low) >= 20 for a, b in pairwise(places))


def test_an_upright_axis_has_room_for_more_decades() -> None:
    low, high, pixels = -7.6, -1.1, 47
    assert not [tick for tick in decade_ticks(low, high, pixels) if tick.text]
    assert [tick.text for tick in upright_decade_ticks(low, high, pixels) if tick.text] == ["10⁻⁶", "10⁻³"]


def test_a_short_axis_whose_numbers_would_be_one_has_finer_ones() -> None:
    """A rate that was multiplied by 1,000 in a chart of 52 pixels had nothing but "0" at its axis."""
    ticks = linear_ticks(-0.06 * 39, 1.12 * 39, 52)
    assert [tick.text for tick in ticks] == ["0", "20", "40"]
