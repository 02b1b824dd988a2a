"""`Result.snippet`: code for the rate of a sweep from Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lrgui.api.find import find_lr
from lrgui.api.result import Result
from lrgui.core.learning_rate import format_lr

Make = Callable[..., Result]


def swept(optimizer: Any, **settings: Any) -> Result:
    """A short sweep of a task that is learned at once."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
    x = torch.randn(64, 4)
    loader = DataLoader(TensorDataset(x, (x.sum(1) > 0).long()), batch_size=16)
    made = optimizer(model) if callable(optimizer) else optimizer
    return find_lr(model, loader, nn.CrossEntropyLoss(), made, steps=60, progress=False, **settings)


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.8, nesterov=True)


def test_it_makes_the_optimizer_that_was_swept() -> None:
    result = swept(sgd, accumulation=2, clip_grad_norm=1.0)
    text = result.snippet("pytorch", lr=1.25e-2)
    names: dict[str, Any] = {"model": nn.Linear(4, 2), "train_loader": range(4), "epochs": 3}
    exec(text, names)
    made = names["optimizer"]
    assert type(made) is torch.optim.SGD
    assert (made.defaults["momentum"], made.defaults["nesterov"]) == (0.8, True)
    assert names["total_steps"] == 6
    assert made.param_groups[0]["max_lr"] == 1.25e-2
    assert "batch size 16, accumulation 2" in text
    assert "clip_grad_norm_(model.parameters(), 1)" in text
    assert "max_lr=1.25e-2," in result.snippet(lr=1.25e-2)


def test_the_planned_training_is_in_it() -> None:
    result = swept(sgd, planned_steps=500, planned_schedule="decay")
    text = result.snippet("pytorch", lr=1e-2)
    assert "total_steps = 500\n" in text
    assert "CosineAnnealingLR(optimizer, T_max=total_steps)" in text


def test_an_optimizer_that_cannot_be_imported_is_the_callers_to_make() -> None:
    class Here(torch.optim.SGD):
        pass

    text = swept(lambda model: Here(model.parameters(), lr=0.1)).snippet(lr=1e-2)
    assert "# Your code provides: model, make_optimizer, train_loader, epochs." in text
    assert "optimizer = make_optimizer(model)" in text


def test_only_a_recommendation_becomes_code_by_itself(make: Make, doubtful: Result) -> None:
    result = make()
    assert result.lr is not None
    assert format_lr(result.lr) in result.snippet()
    with pytest.raises(ValueError, match=r"There is no reliable learning rate"):
        doubtful.snippet()
    assert "5e-3" in doubtful.snippet(lr=5e-3)


def test_unknown_keys_and_impossible_ones_are_refused_in_a_sentence() -> None:
    result = swept(sgd)
    with pytest.raises(ValueError, match=r"Unknown snippet “keras”\. Choose one of: pytorch"):
        result.snippet("keras", lr=1e-2)
    with pytest.raises(ValueError, match="nanoGPT trains with AdamW"):
        result.snippet("nanogpt", lr=1e-2)


@pytest.mark.parametrize("lr", [0, -1, float("nan"), float("inf")])
def test_impossible_rates_are_refused(make: Make, lr: float) -> None:
    with pytest.raises(ValueError, match="A learning rate must be above 0 and finite, not "):
        make().snippet(lr=lr)
