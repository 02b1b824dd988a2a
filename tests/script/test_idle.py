"""An optimizer whose parameters get no gradient is no sweep's, and is named."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from lrgui.core.events import EndReason
from lrgui.core.run_settings import SweepSettings
from lrgui.script.idle import MOST
from lrgui.script.watching import ScriptWatch

CONFIG = SweepSettings(start_lr=1e-4, end_lr=1e-2, steps=8)


def test_an_optimizer_of_another_model_is_named_with_its_line(
    follow: Any, model: nn.Module, batches: list[Any]
) -> None:
    steps = 0

    def script() -> None:
        nonlocal steps
        optimizer = torch.optim.Adam(nn.Linear(3, 3).parameters())
        for _ in range(2 * MOST):
            x, y = batches[0]
            functional.cross_entropy(model(x), y).backward()
            steps += 1
            optimizer.step()

    done = follow(script, CONFIG)
    assert done.end.reason == EndReason.FAILED
    assert done.end.detail.startswith("No gradient reaches any parameter of Adam (test_idle.py, line ")
    assert steps == MOST
    assert done.points == []


@pytest.mark.parametrize("idle", [1, MOST - 1])
def test_what_is_trained_later_is_swept_from_its_first_gradient_on(
    follow: Any, model: nn.Module, batches: list[Any], idle: int
) -> None:
    def script() -> None:
        optimizer = torch.optim.SGD(model[-1].parameters(), lr=0.1)
        body = nn.Sequential(*list(model)[:-1])
        for index in range(idle + CONFIG.steps + 1):
            x, y = batches[0]
            loss = body(x).square().mean() if index < idle else functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()

    done = follow(script, CONFIG)
    assert done.end.reason == EndReason.COMPLETED
    assert len(done.points) == CONFIG.steps
    assert done.facts.own_lr == 0.1
    assert not done.sweep.idle.sentence


def test_a_watched_training_shows_all_its_steps(followed: Any, model: nn.Module, batches: list[Any]) -> None:
    one = followed(CONFIG)
    one.sweep = ScriptWatch(one.sweep._script)

    def script() -> None:
        optimizer = torch.optim.Adam(nn.Linear(3, 3).parameters())
        for _ in range(MOST + 5):
            x, y = batches[0]
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()

    one.run(script)
    assert len(one.points) == MOST + 5
