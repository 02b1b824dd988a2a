"""Schedules: where they begin, end and how they get there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lrgui.core.engine.schedules import exponential, one_cycle


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


@pytest.mark.parametrize("total", [2, 5, 10, 11, 37, 100, 252, 500])
@pytest.mark.parametrize("pct_start", [0.1, 0.25, 0.3, 0.5, 0.85])
@pytest.mark.parametrize(("div", "final_div"), [(10.0, 100.0), (25.0, 1e4), (1.0, 1.0)])
def test_one_cycle_equals_torch(total: int, pct_start: float, div: float, final_div: float) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    if pct_start * total == 1.0:  # torch divides by zero there
        pct_start *= 1 - 1e-12
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=0.03,
        total_steps=total,
        pct_start=pct_start,
        anneal_strategy="cos",
        div_factor=div,
        final_div_factor=final_div,
        cycle_momentum=False,
    )
    theirs = []
    for step in range(total):
        theirs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < total - 1:
            scheduler.step()
    ours = one_cycle(0.03, total, pct_start, div, final_div)
    assert ours.shape == (total,)
    assert np.max(np.abs(ours - np.array(theirs))) < 1e-12


def test_one_cycle_of_one_step_is_finite_and_at_most_the_top() -> None:
    rates = one_cycle(0.1, 1)
    assert rates.shape == (1,)
    assert 0 < rates[0] <= 0.1
