"""The rates of parameter groups."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lrgui.core.engine.param_groups import free_rates, largest, partly_held_note, put_rate, ratios


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


def test_a_rate_is_put_where_somebody_holds_on_to_it() -> None:
    rate = torch.tensor(0.5, requires_grad=True)
    group = {"lr": rate, "other": 1}
    put_rate(group, "lr", 0.25)
    assert group["lr"] is rate
    assert rate.item() == 0.25
    put_rate(group, "other", 0.125)
    assert group["other"] == 0.125


@pytest.mark.parametrize("dtype", [torch.int32, torch.bool, torch.float16, torch.bfloat16])
def test_a_tensor_that_cannot_hold_a_rate_is_replaced(dtype: torch.dtype) -> None:
    group = {"lr": torch.ones((), dtype=dtype)}
    put_rate(group, "lr", 1e-9)
    assert float(group["lr"]) == pytest.approx(1e-9)
    group = {"lr": torch.ones((), dtype=dtype)}
    free_rates([group])
    assert (group["lr"].dtype, group["lr"].item()) == (torch.float32, 1.0)


def test_a_shared_rate_becomes_the_groups_own() -> None:
    rate, double = torch.tensor(0.5), torch.tensor(1.0, dtype=torch.float64)
    first, second, third = {"lr": rate}, {"lr": rate}, {"lr": double}
    free_rates([first, third], [second])
    assert second["lr"] is rate
    assert first["lr"] is not rate
    assert third["lr"] is double


def test_parameters_that_the_optimizer_does_not_hold_are_noted() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    assert partly_held_note(model, torch.optim.SGD(model.parameters())) is None
    head = torch.optim.SGD(model[1].parameters())
    note = partly_held_note(model, head)
    assert note is not None
    assert "has 4 of the model's 13 trainable parameters; the other 9" in note
    model[0].requires_grad_(False)
    assert partly_held_note(model, head) is None
