"""A network that died is seen, and none that lives is called dead."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.engine.dead_network import LOOKS, DeadNetwork, all_the_same, answer_in
from lrgui.core.engine.stopping import Stop
from lrgui.core.run_settings import TrainSettings
from lrgui.core.schedule_shapes import planned_lr


def mlp(activation: Callable[[], nn.Module]) -> nn.Module:
    return nn.Sequential(nn.Linear(8, 16), activation(), nn.Linear(16, 16), activation(), nn.Linear(16, 4))


def train(model: nn.Module, lr: float, steps: int = 80, seed: int = 0) -> Stop | None:
    """A OneCycle of SGD with momentum on four clusters, looked at every fifth step."""
    data = torch.Generator().manual_seed(seed)
    centres = 2 * torch.randn(4, 8, generator=data)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    watch = DeadNetwork(model)
    weights = [p for p in model.parameters() if p.dim() > 1]
    for step, rate in enumerate(planned_lr(TrainSettings(max_lr=lr), steps, steps).tolist()):
        optimizer.param_groups[0]["lr"] = rate
        target = torch.randint(0, 4, (32,), generator=data)
        batch = centres[target] + 0.3 * torch.randn(32, 8, generator=data)
        optimizer.zero_grad()
        with watch.listening(32):
            loss = nn.functional.cross_entropy(model(batch), target)
        loss.backward()
        if not torch.isfinite(loss):
            return None
        optimizer.step()
        if step % 5 == 0:
            learned = loss.item() < 1.0
            norms = [None if p.grad is None else float(p.grad.norm()) for p in weights]
            if (stop := watch.look(norms, learned, "Lower it.")) is not None:
                return stop
    return None


@pytest.mark.parametrize(("activation", "lr"), [(nn.ReLU, 10.0), (nn.GELU, 3.0), (nn.Tanh, 100.0)])
def test_networks_that_die_are_seen_and_those_that_learn_are_not(
    activation: Callable[[], nn.Module], lr: float
) -> None:
    """Of six each; of the others at such a rate some merely jump about."""
    dead = living = 0
    for seed in range(6):
        torch.manual_seed(seed)
        dead += train(mlp(activation), lr, seed=seed) is not None
        living += train(mlp(activation), 0.1, seed=seed) is not None
    assert living == 0
    assert dead >= 4


def test_what_is_said_of_a_dead_network() -> None:
    watch = DeadNetwork(nn.Linear(1, 1))
    stop = [watch.look([0.0], False, "Lower it.") for _ in range(LOOKS)][-1]
    assert stop is not None and stop.reason == "diverged"
    assert stop.detail == "The network died: no gradient reaches its weights, and the loss is where it began. Lower it."


def looks(watch: DeadNetwork, answers: list[torch.Tensor | None], learned: bool = False) -> int | None:
    """The number of the look that finds it dead, from 1."""
    for number, answer in enumerate(answers, 1):
        watch._answer = answer
        if watch.look([1.0, 1.0], learned, "") is not None:
            return number
    return None


VARIED, SAME = torch.randn(8, 3), torch.full((8, 3), 0.3)


def test_a_head_that_begins_at_zero_gives_the_same_answers_at_first() -> None:
    model = nn.Linear(1, 1)
    assert looks(DeadNetwork(model), [SAME, SAME, VARIED] * 3) is None
    assert looks(DeadNetwork(model), [VARIED, *[SAME] * LOOKS], learned=True) == 1 + LOOKS


def test_a_model_that_never_looks_at_its_inputs_is_judged_by_its_loss() -> None:
    assert looks(DeadNetwork(nn.Linear(1, 1)), [SAME] * 9, learned=True) is None
    assert looks(DeadNetwork(nn.Linear(1, 1)), [SAME] * 9) == LOOKS


def test_roundings_are_no_answer_but_small_differences_are() -> None:
    model, large = nn.Linear(1, 1), 1000 + torch.rand(8, 3)
    assert looks(DeadNetwork(model), [large] * 9) is None
    assert looks(DeadNetwork(model), [VARIED, *[SAME + 3e-8 * torch.randn(8, 3)] * 9]) == 1 + LOOKS


@pytest.mark.parametrize(
    ("answer", "same"),
    [
        ([1.0, 1.0, 1.0], True),
        ([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]], True),
        ([[1.0, 2.0], [1.0, 2.1], [1.0, 2.0]], False),  # the one in the middle alone
        ([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]], True),
        ([[1.0, math.inf], [1.0, 2.0], [1.0, math.inf]], False),
        ([[math.nan], [math.nan], [math.nan]], False),
        ([[]], False),
    ],
)
def test_answers_are_the_same_where_all_rows_are_and_finite(answer: list[Any], same: bool) -> None:
    assert all_the_same(torch.tensor(answer)) is same


@pytest.mark.parametrize(
    ("norms", "dead"),
    [
        ([0.0, 0.0, 0.0], True),
        ([0.0, 0.0, 1e-12], True),  # what is constant before the last layer still moves its weights
        ([0.0, 1.0, 1e-3], False),
        ([None, 0.0, None], True),
        ([None, None], False),
        ([], False),
        ([1.0], False),
    ],
)
def test_weights_that_no_gradient_reaches(norms: list[float | None], dead: bool) -> None:
    watch = DeadNetwork(nn.Linear(1, 1))
    found = [watch.look(norms, False, "") for _ in range(LOOKS)]
    assert (found[-1] is not None) == dead and found[:-1] == [None] * (LOOKS - 1)
    learned = DeadNetwork(nn.Linear(1, 1))
    assert all(learned.look(norms, True, "") is None for _ in range(9))  # nothing is left to learn


@dataclass
class Output:
    scores: torch.Tensor


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (VARIED, True),
        ({"loss": torch.tensor(1.0), "logits": VARIED}, True),
        ((torch.tensor(1.0), [VARIED]), True),
        (Output(VARIED), True),
        (VARIED[:7], False),
        (VARIED.bfloat16(), False),
        (VARIED.long(), False),
        (torch.tensor(1.0), False),
        ("words", False),
    ],
)
def test_the_answer_in_what_a_model_returns(output: Any, found: bool) -> None:
    assert (answer_in(output, 8) is not None) == found


def test_the_model_keeps_no_hook_and_one_example_is_no_batch() -> None:
    model = nn.Linear(3, 3)
    watch = DeadNetwork(model)
    with watch.listening(1):
        model(torch.randn(1, 3))
    assert watch._answer is None
    with pytest.raises(RuntimeError), watch.listening(8):
        model(torch.randn(8, 4))
    assert not model._forward_hooks and watch._answer is None
