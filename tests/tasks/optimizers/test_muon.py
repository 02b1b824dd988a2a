"""Muon and AdamW as one optimizer."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.engine.schedulers import Schedule
from lrgui.core.run_settings import TrainSettings

if not hasattr(torch.optim, "Muon"):
    pytest.skip("this PyTorch has no Muon", allow_module_level=True)

from lrgui.tasks.optimizers.muon import hidden_matrices, muon_with_adamw

SETTINGS: dict[str, Any] = {
    "momentum": 0.95,
    "nesterov": True,
    "ns_steps": 5,
    "adjust_lr_fn": "match_rms_adamw",
    "weight_decay": 0.01,
}


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Embedding(7, 6), nn.Flatten(), nn.Linear(18, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3)
    )


def optimizer_of(model: nn.Module) -> Any:
    return muon_with_adamw(model, lr=0.01, betas=(0.9, 0.999), **SETTINGS)


def train(model: nn.Module, optimizer: Any, steps: int = 3, begin: int = 0) -> list[torch.Tensor]:
    for step in range(begin, begin + steps):
        words = torch.randint(0, 7, (16, 3), generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(words), words[:, 0] % 3).backward()
        optimizer.step()
    return [p.detach().clone() for p in model.parameters()]


def same(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_hidden_matrices_are_neither_embeddings_nor_the_last_layer() -> None:
    model = net()
    assert [id(p) for p in hidden_matrices(model)] == [id(model[2].weight), id(model[4].weight)]
    model[2].weight.requires_grad_(False)
    assert [id(p) for p in hidden_matrices(model)] == [id(model[4].weight)]


def test_a_model_without_hidden_matrices_is_refused() -> None:
    with pytest.raises(ValueError, match=r"choose a model with hidden layers.*or AdamW\."):
        optimizer_of(nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(16, 3)))


def test_it_steps_as_the_two_of_torch_do_side_by_side() -> None:
    model, other = net(), net()
    both = train(model, optimizer_of(model))
    matrices = hidden_matrices(other)
    own = {id(p) for p in matrices}
    muon = torch.optim.Muon(matrices, lr=0.01, **SETTINGS)
    adamw = torch.optim.AdamW([p for p in other.parameters() if id(p) not in own], lr=0.01, weight_decay=0.01)

    class Pair:
        def zero_grad(self) -> None:
            muon.zero_grad()
            adamw.zero_grad()

        def step(self) -> None:
            muon.step()
            adamw.step()

    assert same(both, train(other, Pair()))


def test_its_own_groups_hold_the_rates() -> None:
    model = net()
    optimizer = optimizer_of(model)
    before = train(model, optimizer, 1)
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    assert same(before, train(model, optimizer, 1, 1))
    optimizer.param_groups[0]["lr"] = 0.01
    after = train(model, optimizer, 1, 2)
    moved = [not torch.equal(a, b) for a, b in zip(before, after, strict=True)]
    assert moved == [False, True, False, True, False, False, False]


def test_one_cycle_moves_both_momenta() -> None:
    model = net()
    optimizer = optimizer_of(model)
    schedule = Schedule(optimizer, TrainSettings(epochs=1, max_lr=0.02), 10)
    seen = []
    for step in range(10):
        train(model, optimizer, 1, step)
        muon, adamw = optimizer.param_groups
        assert muon["lr"] == adamw["lr"] and muon["momentum"] == adamw["momentum"] == adamw["betas"][0]
        seen.append(muon["momentum"])
        if step < 9:
            schedule.step()
    assert min(seen) == pytest.approx(0.85) and max(seen) == pytest.approx(0.95)


def test_a_saved_state_goes_on_alike() -> None:
    model = net()
    optimizer = optimizer_of(model)
    train(model, optimizer)
    file = io.BytesIO()
    torch.save([model.state_dict(), optimizer.state_dict()], file)
    file.seek(0)
    weights, state = torch.load(file, weights_only=True)
    other = net()
    other.load_state_dict(weights)
    loaded = optimizer_of(other)
    loaded.load_state_dict(state)
    assert same(train(model, optimizer, 3, 3), train(other, loaded, 3, 3))
    assert len(loaded.state) == len(list(other.parameters()))


def test_a_copy_goes_on_alike_and_by_itself() -> None:
    model = net()
    optimizer = optimizer_of(model)
    train(model, optimizer)
    other, copied = copy.deepcopy((model, optimizer))
    before = [p.detach().clone() for p in model.parameters()]
    ahead = train(other, copied, 3, 3)
    assert same(before, list(model.parameters()))
    assert same(ahead, train(model, optimizer, 3, 3))


def test_a_closure_is_called_and_its_loss_returned() -> None:
    model = net()
    optimizer = optimizer_of(model)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = model(torch.zeros(2, 3, dtype=torch.int64)).square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() > optimizer.step(closure).item()


def test_parameters_that_come_later_are_adamws() -> None:
    model = net()
    optimizer = optimizer_of(model)
    late = nn.Parameter(torch.ones(2, 2))
    optimizer.add_param_group({"params": [late], "lr": 0.1})
    late.sum().backward()
    optimizer.step()
    assert torch.allclose(late, torch.full((2, 2), 0.9), atol=2e-3)
