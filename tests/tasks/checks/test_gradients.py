from __future__ import annotations

import pytest
import torch
from torch import nn

from lrgui.core.engine.objective import Supervised
from lrgui.tasks.checks.gradients import gradient_result, step_result
from lrgui.tasks.task import BuiltTask

PLACE = ("/home/me/task.py", 7)


def made(model: nn.Module, optimizer: torch.optim.Optimizer) -> BuiltTask:
    return BuiltTask("t", "", model, optimizer, [], None, Supervised(None), torch.device("cpu"))


def after_backward() -> nn.Linear:
    model = nn.Linear(3, 2)
    model(torch.randn(4, 3)).square().mean().backward()
    return model


def nothing() -> None:
    pass


def test_a_good_step() -> None:
    model = after_backward()
    assert gradient_result(model, PLACE, False).findings == []
    result = step_result(made(model, torch.optim.SGD(model.parameters(), 0.1)), PLACE, nothing)
    assert list(result.facts) == ["SGD at 1e-1", "2 of 2 parameter tensors changed"] and result.findings == []


def test_an_optimizer_of_another_model() -> None:
    model, other = after_backward(), after_backward()
    (finding,) = step_result(made(model, torch.optim.Adam(other.parameters(), 0.1)), PLACE, nothing).findings
    assert finding.bad and "Adam) has none of the model's parameters" in finding.sentence


@pytest.mark.parametrize(("rate", "words"), [(1e-30, "changed nothing"), (float("inf"), "is NaN")])
def test_a_step_that_does_nothing_or_too_much(rate: float, words: str) -> None:
    model = after_backward()
    result = step_result(made(model, torch.optim.SGD(model.parameters(), rate)), PLACE, nothing)
    assert [words in finding.sentence for finding in result.findings] == [True]
    assert (result.findings[0].file, result.findings[0].line) == PLACE


def test_without_any_gradient_nothing_can_be_learned() -> None:
    (finding,) = gradient_result(nn.Linear(3, 2), PLACE, False).findings
    assert finding.bad and "No parameter" in finding.sentence


def test_steep_gradients_have_a_cause() -> None:
    model = after_backward()
    assert model.weight.grad is not None
    model.weight.grad *= 1e6
    assert "clip gradients" in gradient_result(model, PLACE, False).findings[0].sentence
    assert "inputs are not normalised" in gradient_result(model, PLACE, True).findings[0].sentence


def test_sparse_gradients() -> None:
    model = nn.Embedding(10, 3, sparse=True)
    model(torch.tensor([1, 1, 2])).sum().backward()
    assert gradient_result(model, PLACE, False).findings == []
    assert step_result(made(model, torch.optim.SGD(model.parameters(), 0.1)), PLACE, nothing).findings == []
