"""Every optimizer on offer sweeps, is put back to the bit, trains with OneCycle, and races."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.engine.objective import Supervised
from lrgui.core.engine.race import race
from lrgui.core.engine.sweep import sweep
from lrgui.core.engine.train import train
from lrgui.core.events import BatchEvent, EndEvent
from lrgui.core.optimizers import OPTIMIZERS, OptimizerRow
from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings
from lrgui.tasks.optimizers.optimizing import make_optimizer, must_have
from lrgui.tasks.spec import TaskSpec

HERE = [key for key, row in OPTIMIZERS.items() if row.needs or hasattr(torch.optim, row.label)]
OBJECTIVE = Supervised(nn.functional.cross_entropy, None)


def made(key: str, **options: Any) -> tuple[nn.Module, torch.optim.Optimizer]:
    for module in OPTIMIZERS[key].needs:
        pytest.importorskip(module)
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(32, 8), nn.ReLU(), nn.Linear(8, 3)
    )
    return model, make_optimizer(TaskSpec(optimizer=key, optimizer_options=options), model)


def batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    random = torch.Generator().manual_seed(1)
    images = torch.randn(6, 16, 1, 4, 4, generator=random)
    return [(batch, batch.mean((1, 2, 3)).mul(8).long() % 3) for batch in images]


def state(model: nn.Module, optimizer: torch.optim.Optimizer) -> Any:
    """All values, as plain data."""

    def plain(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.tolist()
        if isinstance(value, dict):
            return {str(key): plain(inner) for key, inner in value.items()}
        return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value

    return plain([model.state_dict(), optimizer.state_dict()])


@pytest.mark.parametrize("key", HERE)
@pytest.mark.parametrize("warm", [False, True], ids=["new", "warm"])
def test_a_sweep_puts_all_back_and_is_the_same_again(key: str, warm: bool) -> None:
    model, optimizer = made(key)
    if warm:
        list(train(model, batches(), optimizer, OBJECTIVE, TrainSettings(epochs=1, max_lr=1e-4)))
    before = state(model, optimizer)
    config = SweepSettings(1e-6, 1e-2, 30)
    curves = []
    for _ in range(2):
        *points, end = sweep(model, batches(), optimizer, OBJECTIVE.loss, config)
        assert isinstance(end, EndEvent) and end.reason == "completed"
        curves.append([event.loss for event in points if isinstance(event, BatchEvent)])
        assert state(model, optimizer) == before
    assert curves[0] == curves[1] and len(set(curves[0])) > 6  # six batches: with more values something was learned


@pytest.mark.parametrize("key", HERE)
def test_a_training_and_a_race(key: str) -> None:
    model, optimizer = made(key)
    before = state(model, optimizer)
    *_, end = race(model, batches(), optimizer, OBJECTIVE.loss, RaceSettings(around=1e-3, rates=3, rounds=1, steps=4))
    assert isinstance(end, EndEvent) and end.reason == "completed"
    assert state(model, optimizer) == before
    *_, end = train(model, batches(), optimizer, OBJECTIVE, TrainSettings(epochs=1, max_lr=1e-3))
    assert isinstance(end, EndEvent) and end.reason == "completed"
    assert state(model, optimizer)[0] != before[0]


def test_options_arrive() -> None:
    _, adam = made("adam", beta1=0.8, amsgrad=True)
    assert adam.param_groups[0]["betas"] == (0.8, 0.999) and adam.param_groups[0]["amsgrad"]
    _, sgd = made("sgd", nesterov=True)
    assert sgd.param_groups[0]["nesterov"] and sgd.param_groups[0]["weight_decay"] == 1e-4
    _, rmsprop = made("rmsprop")
    assert rmsprop.param_groups[0]["momentum"] == 0.0  # the task's momentum is SGD's


def test_frozen_parameters_are_left_out() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[0].requires_grad_(False)
    optimizer = make_optimizer(TaskSpec(), model)
    assert [p.shape for p in optimizer.param_groups[0]["params"]] == [(2, 2), (2,)]
    with pytest.raises(ValueError, match="no trainable parameters"):
        make_optimizer(TaskSpec(), model.requires_grad_(False))


def test_what_is_not_installed_is_said_with_the_command_that_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError) as error:
        must_have("Something", ("no_such_module",))
    assert str(error.value) == (
        f"Something needs no_such_module: install with “{sys.executable} -m pip install no_such_module”, "
        "or choose another Python."
    )
    newer = OptimizerRow("adam", "Wonder", "torch.optim.Wonder", (), "near 1", since="9.9")
    monkeypatch.setitem(OPTIMIZERS, "adam", newer)
    with pytest.raises(ValueError, match=r"has no Wonder: it came with 9\.9\. Update it with “.*”, or choose AdamW\."):
        make_optimizer(TaskSpec(optimizer="adam"), nn.Linear(1, 1))
