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
