"""One optimizer step: the same numbers as a loop written by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.distributed import Team
from lrgui.core.stepping import Stepper, check_loss

CPU = torch.device("cpu")
BATCHES = [torch.randn(4, 3, generator=torch.Generator().manual_seed(n)) for n in range(6)]


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))


def loss(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    return (model(batch) - batch.sum(1, keepdim=True)).square().mean()


def weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_accumulated_batches_are_one_step_with_their_mean() -> None:
    model, plain = net(), net()
    optimizer, other = torch.optim.SGD(model.parameters(), 0.1), torch.optim.SGD(plain.parameters(), 0.1)
    stepper = Stepper(model, optimizer, loss, CPU, Team(), accumulation=3)
    for first in (0, 3):
        batches = BATCHES[first : first + 3]
        for number, batch in enumerate(batches):
            stepper.forward(batch, number)
        expected = loss(plain, torch.cat(batches))
        assert stepper.loss.item() == pytest.approx(expected.item(), rel=1e-5)
        assert stepper.step()
        other.zero_grad()
        expected.backward()
        other.step()
    torch.testing.assert_close(weights(model), weights(plain))


@pytest.mark.parametrize("accumulation", [1, 2])
def test_the_loss_is_a_number_too_and_holds_no_graph(accumulation: int) -> None:
    model = net()
    stepper = Stepper(model, torch.optim.SGD(model.parameters(), 0.1), loss, CPU, Team(), accumulation=accumulation)
    for number in range(accumulation):
        stepper.forward(BATCHES[number], number)
    assert not stepper.loss.requires_grad
    assert stepper.number == stepper.loss.item()


def test_gradients_are_clipped_to_the_norm() -> None:
    model = net()
    before = weights(model)
    stepper = Stepper(model, torch.optim.SGD(model.parameters(), 1.0), loss, CPU, Team(), clip_grad_norm=0.01)
    stepper.forward(BATCHES[0] * 100, 0)
    stepper.step()
    assert (weights(model) - before).norm().item() == pytest.approx(0.01, rel=1e-3)


def test_autocast_surrounds_the_forward_pass_only() -> None:
    seen: list[torch.dtype] = []

    def looked_at(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        output = model(batch)
        seen.append(output.dtype)
        return output.float().mean()

    model = net()
    stepper = Stepper(model, torch.optim.SGD(model.parameters(), 0.1), looked_at, CPU, Team(), amp="bf16")
    stepper.forward(BATCHES[0], 0)
    assert not torch.is_autocast_enabled("cpu")
    assert stepper.step()
    assert seen == [torch.bfloat16]


def test_a_skipped_step_of_the_scaler_is_told_and_changes_nothing() -> None:
    model = net()
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**15)
    sizes = [torch.tensor(1.0), torch.tensor(1e35)]  # a finite loss, but its gradients overflow once they are scaled

    def scaled(model: nn.Module, size: torch.Tensor) -> torch.Tensor:
        return model(BATCHES[0]).mean() * size

    stepper = Stepper(model, torch.optim.SGD(model.parameters(), 0.1), scaled, CPU, Team(), scaler=scaler)
    before = weights(model)
    stepper.forward(sizes[0], 0)
    assert stepper.step()
    after = weights(model)
    assert not torch.equal(before, after)
    stepper.forward(sizes[1], 0)
    assert torch.isfinite(stepper.loss)
    assert not stepper.step()
    assert torch.equal(weights(model), after)
    assert scaler.get_scale() == 2.0**14


def test_the_scaler_unscales_before_clipping() -> None:
    model = net()
    before = weights(model)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    stepper = Stepper(
        model, torch.optim.SGD(model.parameters(), 1.0), loss, CPU, Team(), clip_grad_norm=0.01, scaler=scaler
    )
    stepper.forward(BATCHES[0], 0)
    assert stepper.step()
    assert (weights(model) - before).norm().item() == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (1.5, "must be a tensor, not float"),
        (torch.ones(3, 2, requires_grad=True), "3×2 of them.*mean"),
        (torch.tensor(1), "floating-point"),
        (torch.tensor(1.0), "depends on no parameter"),
    ],
)
def test_what_is_no_loss_is_told_in_a_sentence(value: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check_loss(value)
