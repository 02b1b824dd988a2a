"""What of a batch goes into the model, and what is the target."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.objective import Supervised, own_loss

X, Z, Y = torch.randn(4, 3), torch.randn(4, 3), torch.tensor([0, 1, 2, 1])
cross_entropy = nn.functional.cross_entropy


class One(nn.Module):
    def forward(self, x: Any) -> torch.Tensor:
        return x * 2


class Two(nn.Module):
    def forward(self, x: torch.Tensor, z: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
        return (x + 10 * z) * scale


class Pair(nn.Module):
    def forward(self, pair: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return pair[0] + 10 * pair[1]


class Anything(nn.Module):
    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return inputs[0] + 10 * inputs[1]


class Own(nn.Module):
    """Computes its loss itself, as Hugging Face's models do."""

    def forward(self, input_ids: torch.Tensor, labels: torch.Tensor | None = None) -> Any:
        loss = None if labels is None else cross_entropy(input_ids, labels)
        return SimpleNamespace(loss=loss, logits=input_ids)


@dataclass
class Sample:
    x: torch.Tensor
    y: torch.Tensor


@pytest.mark.parametrize(
    ("model", "batch", "expected"),
    [
        (One(), (X, Y), cross_entropy(2 * X, Y)),
        (One(), [X, Y], cross_entropy(2 * X, Y)),
        (One(), namedtuple("Named", "x y")(X, Y), cross_entropy(2 * X, Y)),
        (One(), Sample(X, Y), cross_entropy(2 * X, Y)),
        (Two(), (X, Z, Y), cross_entropy(X + 10 * Z, Y)),
        (Two(), ((X, Z), Y), cross_entropy(X + 10 * Z, Y)),
        (Pair(), ((X, Z), Y), cross_entropy(X + 10 * Z, Y)),
        (Anything(), ((X, Z), Y), cross_entropy(X + 10 * Z, Y)),
        (nn.DataParallel(Two()), ((X, Z), Y), cross_entropy(X + 10 * Z, Y)),
        (Two(), {"z": Z, "x": X, "target": Y}, cross_entropy(X + 10 * Z, Y)),
        (One(), {"pixels": X, "label": Y}, cross_entropy(2 * X, Y)),
        (Own(), {"input_ids": X, "labels": Y}, cross_entropy(X, Y)),
    ],
)
def test_batches_of_every_usual_kind(model: nn.Module, batch: Any, expected: torch.Tensor) -> None:
    torch.testing.assert_close(Supervised(cross_entropy).loss(model, batch), expected)


def test_a_tensor_alone_is_its_own_target() -> None:
    mse = nn.functional.mse_loss
    torch.testing.assert_close(Supervised(mse).loss(One(), X), (X**2).mean())
    torch.testing.assert_close(Supervised(mse).loss(One(), [X]), (X**2).mean())


def test_a_model_that_computes_its_loss_needs_no_other() -> None:
    batch = {"input_ids": X, "labels": Y}
    torch.testing.assert_close(Supervised(None).loss(Own(), batch), cross_entropy(X, Y))
    torch.testing.assert_close(Supervised(None).loss(Own(), (X, Y)), cross_entropy(X, Y))
    assert own_loss({"loss": torch.tensor(2.0)}).item() == 2.0


def test_the_metric_is_that_of_the_last_batch_without_another_forward_pass() -> None:
    calls = []

    class Counting(One):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            calls.append(1)
            return super().forward(x)

    objective = Supervised(cross_entropy, lambda output, target: (output.argmax(1) == target).float().mean())
    objective.loss(Counting(), (X, Y))
    assert objective.measured().item() == (X.argmax(1) == Y).float().mean().item()
    assert len(calls) == 1
    loss, metric = objective.both(Counting(), (Z, Y))
    assert metric.item() == (Z.argmax(1) == Y).float().mean().item()
    torch.testing.assert_close(loss, cross_entropy(2 * Z, Y))


@pytest.mark.parametrize(
    ("loss", "model", "batch", "sentence"),
    [
        (None, One(), (X, Y), "No loss was given"),
        (cross_entropy, One(), {"pixels": X}, "No target was found.*“pixels”"),
        (cross_entropy, One(), {"a": X, "b": Z, "y": Y}, "does not take “a”, “b”"),
        (cross_entropy, One(), "words", "type str can't be split"),
    ],
)
def test_what_cannot_be_split_is_told_with_a_way_out(loss: Any, model: nn.Module, batch: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence + ".*training_step" if loss else sentence):
        Supervised(loss).loss(model, batch) if loss else Supervised(None).loss(OnlyTwo(), batch)


class OnlyTwo(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x
