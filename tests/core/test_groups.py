"""The rates of parameter groups."""

from __future__ import annotations

import pytest
import torch

from lrgui.core.groups import largest, ratios


def test_the_largest_is_the_rate_and_the_others_are_shares_of_it() -> None:
    groups = [{"lr": 1e-4}, {"lr": torch.tensor(1e-2)}, {"lr": 5e-3}]
    assert largest(groups) == pytest.approx(1e-2)
    assert ratios(groups) == pytest.approx([0.01, 1.0, 0.5])


def test_rates_that_say_nothing_are_alike() -> None:
    assert ratios([{"lr": 0.0}, {"lr": 0.0}]) == [1.0, 1.0]


def test_a_warm_up_that_begins_at_0_hides_no_ratio() -> None:
    groups = [{"lr": 0.0, "initial_lr": 1e-4}, {"lr": torch.tensor(0.0), "initial_lr": 1e-3}]
    assert ratios(groups) == pytest.approx([0.1, 1.0])
    assert ratios([{"lr": 1e-5, "initial_lr": 1.0}, {"lr": 1e-4, "initial_lr": 1.0}]) == pytest.approx([0.1, 1.0])
