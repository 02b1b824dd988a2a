from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from lrgui.core.engine.loss_graph import LossKind, data_of, loss_kind

X, Y = torch.randn(4, 5), torch.tensor([0, 1, 2, 0])


def scores() -> torch.Tensor:
    return nn.Linear(5, 3)(X)  # type: ignore[no-any-return]


def seen(kind: LossKind) -> tuple[str, int | None, int, bool, str, bool, bool]:
    return kind.kind, kind.classes, kind.count, kind.summed, kind.squashed, kind.raw, kind.weighted


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (functional.cross_entropy(scores(), Y), ("classes", 3, 4, False, "", False, False)),
        (functional.cross_entropy(scores(), Y, reduction="none").mean(), ("classes", 3, 4, False, "", False, False)),
        # With something added or scaled: what they begin with nobody knows, but how they were made is seen.
        (functional.cross_entropy(scores(), Y, label_smoothing=0.1), ("", None, 1, False, "", False, False)),
        (
            functional.mse_loss(scores(), torch.zeros(4, 3), reduction="sum") + scores().square().sum(),
            ("", None, 12, True, "", False, False),
        ),
        (functional.cross_entropy(scores(), Y, reduction="sum") / 4, ("", None, 1, False, "", False, False)),
        (functional.cross_entropy(scores().softmax(1), Y) * 2, ("", None, 1, False, "softmax", False, False)),
        (functional.cross_entropy(scores(), Y, reduction="sum"), ("classes", 3, 4, True, "", False, False)),
        # A mean is divided by the weights of its classes; a sum is not, nor is a mean that is taken later.
        (functional.cross_entropy(scores(), Y, torch.ones(3)), ("classes", 3, 4, False, "", False, False)),
        (
            functional.cross_entropy(scores(), Y, torch.ones(3), reduction="sum"),
            ("classes", 3, 4, True, "", False, True),
        ),
        (
            functional.cross_entropy(scores(), Y, torch.ones(3), reduction="none").mean(),
            ("classes", 3, 4, False, "", False, True),
        ),
        (functional.cross_entropy(scores().softmax(1), Y), ("classes", 3, 4, False, "softmax", False, False)),
        (
            functional.cross_entropy(scores().softmax(1).view(4, 3), Y),
            ("classes", 3, 4, False, "softmax", False, False),
        ),
        (functional.nll_loss(scores().log_softmax(1), Y), ("classes", 3, 4, False, "", False, False)),
        (functional.nll_loss(scores().softmax(1).log(), Y), ("classes", 3, 4, False, "", False, False)),
        (functional.nll_loss(scores(), Y), ("classes", 3, 4, False, "", True, False)),
        (
            functional.cross_entropy(scores().reshape(2, 2, 3).transpose(1, 2), Y.view(2, 2)),
            ("classes", 3, 4, False, "", False, False),
        ),
        (
            functional.binary_cross_entropy_with_logits(scores()[:, 0].sigmoid(), Y.float()),
            ("binary", None, 4, False, "sigmoid", False, False),
        ),
        (
            functional.binary_cross_entropy(scores()[:, 0].sigmoid(), Y.clamp(0, 1).float()),
            ("binary", None, 4, False, "", False, False),
        ),
        (functional.mse_loss(scores().tanh(), torch.zeros(4, 3)), ("squared", None, 12, False, "", False, False)),
        (functional.huber_loss(scores(), torch.zeros(4, 3)), ("", None, 1, False, "", False, False)),
        (scores().mean(), ("", None, 1, False, "", False, False)),
        # Two losses in one: what their sum begins with nobody knows.
        (
            functional.cross_entropy(scores(), Y) + functional.mse_loss(scores(), torch.zeros(4, 3)),
            ("", None, 1, False, "", False, False),
        ),
    ],
)
def test_the_graph_tells_which_loss_it_is(loss: torch.Tensor, expected: tuple[object, ...]) -> None:
    assert seen(loss_kind(loss)) == expected


def test_a_loss_of_very_many_terms() -> None:
    loss = functional.mse_loss(scores(), torch.zeros(4, 3), reduction="sum")
    more = sum(torch.ones(1, requires_grad=True) for _ in range(2000))
    assert loss_kind(more + loss).summed and loss_kind(loss + more).summed


def test_a_loss_in_a_persons_own_function_and_without_a_graph() -> None:
    def mine(output: torch.Tensor) -> torch.Tensor:
        return nn.CrossEntropyLoss()(output, Y)

    kind = loss_kind(mine(scores()))
    assert (kind.kind, kind.classes) == ("classes", 3) and kind.target is not None
    assert loss_kind(torch.tensor(1.0)) == LossKind("")


def test_the_target_is_what_no_weight_made() -> None:
    """An autoencoder is written mse_loss(x, x_hat) as often as the other way round."""
    x, weight = torch.rand(6, 4), torch.randn(4, 4, requires_grad=True)
    for loss in (
        functional.mse_loss(x @ weight, x),
        functional.mse_loss(x, x @ weight),
        functional.mse_loss(x, x @ weight, reduction="sum"),
    ):
        kind = loss_kind(loss)
        assert kind.kind == "squared" and kind.target is not None and torch.equal(kind.target, x)
        assert not kind.target.requires_grad and kind.count == 24
    both = loss_kind(functional.mse_loss(x @ weight, x @ weight.t()))
    assert both.kind == "squared" and both.target is None and both.count == 24
    swapped = loss_kind(functional.binary_cross_entropy(x, (x @ weight).sigmoid()))
    assert swapped.kind == "binary" and swapped.target is not None and torch.equal(swapped.target, x)


def test_a_loss_of_several_terms_may_be_a_cross_entropy_only_where_there_are_log_probabilities() -> None:
    x, weight, labels = torch.rand(6, 4), torch.randn(4, 4, requires_grad=True), torch.tensor([0, 1, 2, 3, 0, 1])
    output = x @ weight
    penalty = weight.pow(2).mean()
    assert loss_kind(functional.cross_entropy(output, labels) + penalty).entropy
    assert loss_kind(functional.cross_entropy(output, x.softmax(1))).entropy
    assert loss_kind(functional.cross_entropy(output, labels) + functional.cross_entropy(2 * output, labels)).entropy
    assert not loss_kind(functional.binary_cross_entropy_with_logits(output, x, reduction="sum") + penalty).entropy
    assert not loss_kind(((output - x) ** 2).mean()).entropy
    assert not loss_kind(functional.mse_loss(output, x) + functional.mse_loss(output, 2 * x)).entropy


def test_the_data_behind_a_loss_is_its_inputs_and_targets() -> None:
    target = torch.rand(4, 3)
    net = nn.Sequential(nn.Linear(5, 3), nn.LayerNorm(3))
    loss = 0.5 * functional.mse_loss(net(X), target)
    found = {data.data_ptr() for data in data_of(loss)}
    assert {X.data_ptr(), target.data_ptr()} <= found
    assert not found & {parameter.data_ptr() for parameter in net.parameters()}
    assert all(data.dim() for data in data_of(loss))
