"""What of a batch goes into the model, and what is the target."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lrgui.core.engine.objective import Supervised
from lrgui.core.engine.output_loss import NO_LOSS, NO_LOSS_IN_EVAL, loss_in, own_loss

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
        (cross_entropy, One(), {"a": X, "b": Z, "y": Y}, "does not accept “a”, “b”"),
        (cross_entropy, One(), "words", "type str cannot be split"),
    ],
)
def test_what_cannot_be_split_is_told_with_a_way_out(loss: Any, model: nn.Module, batch: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence + ".*training_step" if loss else sentence):
        Supervised(loss).loss(model, batch) if loss else Supervised(None).loss(OnlyTwo(), batch)


class OnlyTwo(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x


# -- where the loss is, in what is returned
LOSS, OTHER = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0)


@pytest.mark.parametrize(
    "value",
    [
        LOSS,
        {"loss": LOSS, "accuracy": OTHER},
        SimpleNamespace(loss=LOSS, logits=X),
        (LOSS, {"accuracy": 0.5}),
        (X, LOSS),
        [LOSS, X],
        (OTHER, LOSS),  # what gradients go through is the loss
        (torch.ones(1, 1, requires_grad=True), LOSS),  # logits of a batch of one
        namedtuple("Output", "logits loss")(X, LOSS),
    ],
)
def test_the_loss_is_found_in_what_people_return(value: Any) -> None:
    assert loss_in(value) is LOSS


@pytest.mark.parametrize("value", [{"box": LOSS}, (X, Y), {}, "loss", 0.5, SimpleNamespace(loss=None)])
def test_what_has_no_loss_is_given_back(value: Any) -> None:
    assert loss_in(value) is value
    assert loss_in(None) is None


def test_a_models_several_losses_are_summed() -> None:
    assert own_loss({"classification": LOSS, "bbox_regression": OTHER}).item() == 5
    assert own_loss({"loss_box": LOSS, "loss_mask": OTHER, "accuracy": torch.tensor(0.5)}).item() == 5
    for nothing in ({"logits": X, "score": OTHER}, {"loss_box": X}, {}, X):
        with pytest.raises(ValueError, match="No loss was given"):
            own_loss(nothing)


@pytest.mark.parametrize(
    "criterion",
    [
        lambda o, t: (cross_entropy(o, t), {"accuracy": 0.5}),
        lambda o, t: {"loss": cross_entropy(o, t), "accuracy": 0.5},
        lambda o, t: (o, cross_entropy(o, t)),
    ],
)
def test_a_loss_function_may_return_more_than_the_loss(criterion: Any) -> None:
    torch.testing.assert_close(Supervised(criterion).loss(One(), (X, Y)), cross_entropy(2 * X, Y))


def test_a_loss_function_that_returns_nothing() -> None:
    with pytest.raises(ValueError, match="The loss function returned None: did you forget return"):
        Supervised(lambda output, target: None).loss(One(), (X, Y))


# -- models that compute their loss themselves
class Nano(nn.Module):
    def forward(self, idx: torch.Tensor, targets: torch.Tensor | None = None) -> Any:
        return idx, None if targets is None else cross_entropy(idx, targets)


class Scalars(nn.Module):
    def forward(self, x: torch.Tensor, gt: torch.Tensor) -> Any:
        return cross_entropy(x, gt), x


class Tokens(nn.Module):
    """Takes what Hugging Face's encoders and decoders take, and keeps what it got."""

    def forward(
        self,
        input_ids: torch.Tensor,
        past_key_values: Any = None,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        lm_labels: torch.Tensor | None = None,
    ) -> Any:
        assert past_key_values is None and token_type_ids is None
        self.mask = attention_mask
        return {} if lm_labels is None else {"loss": cross_entropy(input_ids, lm_labels), "logits": input_ids}


class Between(nn.Module):
    """The target stands before the last input."""

    def forward(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return cross_entropy(x + 10 * z, y)


class Detector(nn.Module):
    """Images and targets in, losses out; boxes in eval mode."""

    def forward(self, images: list[torch.Tensor], targets: list[Any] | None = None) -> Any:
        if not self.training:
            return [{"boxes": image} for image in images]
        assert targets is not None
        return {"classification": images[0].mean(), "bbox_regression": targets[0]["boxes"].mean()}


class Questions(nn.Module):
    def forward(self, input_ids: Any, attention_mask: Any = None, token_type_ids: Any = None, start: Any = None) -> Any:
        raise AssertionError("a target must not become token types")


@pytest.mark.parametrize(
    ("model", "batch", "expected"),
    [
        (Nano(), (X, Y), cross_entropy(X, Y)),
        (Nano(), {"idx": X, "label": Y, "text": ["a"] * 4}, cross_entropy(X, Y)),
        (Tokens(), {"input_ids": X, "label": Y}, cross_entropy(X, Y)),
        (Scalars(), (X, Y), cross_entropy(X, Y)),
        (Tokens(), (X, Y), cross_entropy(X, Y)),
        (Tokens(), (X, Z, Y), cross_entropy(X, Y)),
        (Between(), (X, Z, Y), cross_entropy(X + 10 * Z, Y)),
        (Detector(), ([X, Z], [{"boxes": Z}, {"boxes": Z}]), X.mean() + Z.mean()),
        (Detector(), ((X, Z), ({"boxes": Z}, {"boxes": Z})), X.mean() + Z.mean()),
    ],
)
def test_a_target_goes_into_the_model_by_name(model: nn.Module, batch: Any, expected: torch.Tensor) -> None:
    torch.testing.assert_close(Supervised(None).loss(model, batch), expected)
    if isinstance(model, Tokens):
        assert model.mask is (Z if len(batch) == 3 else None)


def test_a_target_without_a_place_is_told() -> None:
    with pytest.raises(ValueError, match=r"no argument called labels or the like.*training_step"):
        Supervised(None).loss(Questions(), (X, Z, Y))


def test_a_model_without_a_loss_in_eval_mode_is_told_so() -> None:
    batch = ([X], [{"boxes": Z}])
    with pytest.raises(ValueError, match="In eval mode") as caught:
        Supervised(None).both(Detector().eval(), batch)
    assert str(caught.value) == NO_LOSS_IN_EVAL
    with pytest.raises(ValueError, match="No loss was given") as caught:
        Supervised(None).both(One(), X)
    assert str(caught.value) == NO_LOSS


# -- what else batches hold
@pytest.mark.parametrize(
    ("model", "batch"),
    [
        (One(), {"x": X, "y": Y}),
        (One(), {"image": X, "mask": Y}),
        (One(), {"img": X, "masks": Y, "path": ["a.png"] * 4, "id": "b"}),
        (One(), {"image": X, "label": Y, "name": ["a"] * 4}),
        (One(), (X.numpy(), Y.numpy())),
        (One(), [X.numpy(), Y]),
        (One(), {"x": X.numpy(), "y": Y.numpy()}),
    ],
)
def test_masks_names_of_files_and_arrays(model: nn.Module, batch: Any) -> None:
    torch.testing.assert_close(Supervised(cross_entropy).loss(model, batch), cross_entropy(2 * X, Y))


def test_texts_stay_texts_and_an_array_alone_is_its_own_target() -> None:
    seen = []
    Supervised(lambda output, target: seen.append(target) or X.mean()).loss(One(), [X.numpy(), np.array(["a", "b"])])
    assert isinstance(seen[0], np.ndarray)
    mse = nn.functional.mse_loss
    torch.testing.assert_close(Supervised(mse).loss(One(), X.numpy()), (X**2).mean())


def test_the_inputs_of_another_model_are_read_anew() -> None:
    objective = Supervised(None)
    torch.testing.assert_close(objective.loss(Nano(), (X, Y)), cross_entropy(X, Y))
    torch.testing.assert_close(objective.loss(Tokens(), (X, Y)), cross_entropy(X, Y))
