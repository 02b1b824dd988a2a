"""One optimizer step: the same numbers as a loop written by hand."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.engine.step import MOST_WITHOUT_LOSS, Stepper, check_loss
from lrgui.core.engine.team import Team
from lrgui.core.run_settings import LoopSettings

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
    stepper = Stepper(model, optimizer, loss, CPU, Team(), LoopSettings(accumulation=3))
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
    stepper = Stepper(
        model, torch.optim.SGD(model.parameters(), 0.1), loss, CPU, Team(), LoopSettings(accumulation=accumulation)
    )
    for number in range(accumulation):
        stepper.forward(BATCHES[number], number)
    assert not stepper.loss.requires_grad
    assert stepper.number == stepper.loss.item()


def test_gradients_are_clipped_to_the_norm() -> None:
    model = net()
    before = weights(model)
    stepper = Stepper(
        model, torch.optim.SGD(model.parameters(), 1.0), loss, CPU, Team(), LoopSettings(clip_grad_norm=0.01)
    )
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
    stepper = Stepper(model, torch.optim.SGD(model.parameters(), 0.1), looked_at, CPU, Team(), LoopSettings(amp="bf16"))
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

    stepper = Stepper(
        model, torch.optim.SGD(model.parameters(), 0.1), scaled, CPU, Team(), LoopSettings(), scaler=scaler
    )
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
        model,
        torch.optim.SGD(model.parameters(), 1.0),
        loss,
        CPU,
        Team(),
        LoopSettings(clip_grad_norm=0.01),
        scaler=scaler,
    )
    stepper.forward(BATCHES[0], 0)
    assert stepper.step()
    assert (weights(model) - before).norm().item() == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (1.5, "must be a tensor, not float"),
        (torch.ones(3, 2, requires_grad=True), "3×2 numbers.*mean"),
        (torch.tensor(1), "floating-point"),
        (torch.tensor(1.0), "does not depend on any trainable parameter"),
    ],
)
def test_what_is_no_loss_is_told_in_a_sentence(value: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check_loss(value)


def test_a_batch_without_a_loss_is_left_out_of_its_step() -> None:
    """The step is that of the other batches: another one takes the place of the one that was left out."""
    model, twin = nn.Linear(3, 1), nn.Linear(3, 1)
    twin.load_state_dict(model.state_dict())
    losses = iter([loss, nothing, nothing, loss])
    for net, how, batches in (
        (twin, lambda m, b: loss(m, b), [BATCHES[0], BATCHES[2]]),
        (model, lambda m, b: next(losses)(m, b), [BATCHES[0], BATCHES[1], BATCHES[1], BATCHES[2]]),
    ):
        stepper = Stepper(net, torch.optim.SGD(net.parameters(), 0.1), how, CPU, Team(), LoopSettings(accumulation=2))
        number = 0
        for batch in batches:
            number += stepper.forward(batch, number) is not None
        assert number == 2
        stepper.step()
    assert torch.equal(model.weight, twin.weight)


def nothing(model: nn.Module, batch: Any) -> None:
    return None


def test_a_step_that_never_has_a_loss_is_told() -> None:
    model = nn.Linear(3, 1)
    stepper = Stepper(model, torch.optim.SGD(model.parameters(), 0.1), nothing, CPU, Team(), LoopSettings())
    stepper.refuse_nothing()
    for _ in range(MOST_WITHOUT_LOSS - 1):
        assert stepper.forward(BATCHES[0], 0) is None
    with pytest.raises(ValueError, match="None for 19 batches in a row: did you forget return"):
        stepper.refuse_nothing()  # the data ended here
    with pytest.raises(ValueError, match="None for 20 batches in a row: did you forget return"):
        stepper.forward(BATCHES[0], 0)


def test_a_loss_in_between_counts_anew() -> None:
    model = nn.Linear(3, 1)
    losses = iter([*[nothing] * (MOST_WITHOUT_LOSS - 1), loss] * 2)
    stepper = Stepper(
        model, torch.optim.SGD(model.parameters(), 0.1), lambda m, b: next(losses)(m, b), CPU, Team(), LoopSettings()
    )
    found = [stepper.forward(BATCHES[0], 0) is not None for _ in range(2 * MOST_WITHOUT_LOSS)]
    assert sum(found) == 2
    stepper.refuse_nothing()


def test_among_several_processes_none_can_leave_a_batch_out() -> None:
    model = nn.Linear(3, 1)
    stepper = Stepper(model, torch.optim.SGD(model.parameters(), 0.1), nothing, CPU, Team(2), LoopSettings())
    with pytest.raises(ValueError, match="works only in a single process"):
        stepper.forward(BATCHES[0], 0)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "not float: return it without .item()"),
        ({"ce": torch.tensor(1.0)}, "A dict without “loss” was returned"),
        ((1, 2), "A tuple without a loss was returned"),
    ],
)
@pytest.mark.parametrize("sound", [0, 2])
def test_what_is_no_loss_is_told_at_whatever_step(value: Any, words: str, sound: int) -> None:
    model = nn.Linear(3, 1)
    losses = iter([*[loss] * sound, lambda m, b: value])
    stepper = Stepper(
        model, torch.optim.SGD(model.parameters(), 0.1), lambda m, b: next(losses)(m, b), CPU, Team(), LoopSettings()
    )
    for _ in range(sound):
        stepper.forward(BATCHES[0], 0)
        stepper.step()
    with pytest.raises(ValueError, match=re.escape(words)):
        stepper.forward(BATCHES[0], 0)
