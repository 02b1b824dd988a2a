"""The loss of guessing, read off the losses themselves: against the numbers that it stands for."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

from lrgui.core.engine import guessing
from lrgui.core.engine.guessing import Guessing
from lrgui.core.engine.loss_graph import without_factors

DRAW = torch.Generator().manual_seed(0)
X = torch.randn(64, 5, generator=DRAW)
MODEL = nn.Linear(5, 3)


def labels(*weights: float, shape: tuple[int, ...] = (64,)) -> torch.Tensor:
    count = math.prod(shape)
    return torch.multinomial(torch.tensor(weights).float(), count, True, generator=DRAW).reshape(shape)


def of(loss: Callable[[], torch.Tensor], batches: int = 100) -> float | None:
    seen = Guessing()
    for _ in range(batches):
        seen.add(loss())
    return seen.loss


def entropy(*shares: float) -> float:
    return -sum(p * math.log(p) for p in shares)


def test_of_classes_it_is_the_entropy_of_their_frequencies() -> None:
    value = of(lambda: functional.cross_entropy(MODEL(X), labels(0.7, 0.2, 0.1)))
    assert value == pytest.approx(entropy(0.7, 0.2, 0.1), abs=0.02)


def test_at_every_place_of_a_sequence_those_to_be_ignored_left_out() -> None:
    scores = nn.Linear(5, 3 * 4)

    def loss() -> torch.Tensor:
        target = labels(0.7, 0.3, 1e-9, shape=(64, 4))
        target[:, 2:] = -100
        return functional.cross_entropy(scores(X).view(64, 3, 4), target)

    assert of(loss) == pytest.approx(entropy(0.7, 0.3), abs=0.02)


def test_weights_of_classes_count() -> None:
    weight = torch.tensor([1.0, 3.0, 0.0])
    value = of(lambda: functional.cross_entropy(MODEL(X), labels(0.6, 0.2, 0.2), weight))
    assert value == pytest.approx(entropy(0.5, 0.5), abs=0.02)


def test_of_yes_and_no_it_is_their_entropy() -> None:
    def loss() -> torch.Tensor:
        return functional.binary_cross_entropy_with_logits(MODEL(X)[:, 0], labels(0.9, 0.1).float())

    assert of(loss) == pytest.approx(entropy(0.9, 0.1), abs=0.02)


def test_each_output_has_its_own_frequency() -> None:
    def loss() -> torch.Tensor:
        target = torch.stack([labels(0.9, 0.1), labels(0.5, 0.5), labels(0.9, 0.1)], 1).float()
        return functional.binary_cross_entropy_with_logits(MODEL(X), target)

    assert of(loss) == pytest.approx((2 * entropy(0.9, 0.1) + entropy(0.5, 0.5)) / 3, abs=0.02)


def test_knowing_nothing_is_that_all_are_equally_likely() -> None:
    seen = Guessing()
    assert seen.uniform is None
    seen.add(functional.cross_entropy(MODEL(X), labels(0.7, 0.2, 0.1)))
    assert seen.uniform == pytest.approx(math.log(3))
    seen = Guessing()
    seen.add(functional.binary_cross_entropy_with_logits(MODEL(X)[:, 0], labels(0.9, 0.1).float()))
    assert seen.uniform == pytest.approx(math.log(2))


def test_few_examples_of_many_classes_are_judged_with_care() -> None:
    scores = nn.Linear(5, 1000)
    value = of(lambda: functional.cross_entropy(scores(X), torch.randint(1000, (64,), generator=DRAW)), batches=2)
    assert value is not None
    assert value >= math.log(1000)  # their own frequencies would say 4.8


@pytest.mark.parametrize(
    "loss",
    [
        lambda: functional.cross_entropy(MODEL(X), labels(1, 1, 1), label_smoothing=0.1),
        lambda: functional.cross_entropy(MODEL(X), labels(1, 1, 1)) + MODEL.weight.square().sum(),
        lambda: functional.cross_entropy(MODEL(X), labels(1, 1, 1), reduction="sum"),
        lambda: functional.nll_loss(MODEL(X), labels(1, 1, 1)),
        lambda: functional.l1_loss(MODEL(X), X[:, :3]),
        lambda: functional.mse_loss(MODEL(X), X[:, :3]),
        lambda: functional.mse_loss(MODEL(X), MODEL(X) * 2),
        lambda: MODEL(X).square().mean(),
    ],
)
def test_of_other_losses_nobody_knows(loss: Callable[[], torch.Tensor]) -> None:
    assert of(loss, batches=3) is None


def test_nor_where_it_is_another_one_from_batch_to_batch() -> None:
    seen = Guessing()
    seen.add(functional.cross_entropy(MODEL(X), labels(1, 1, 1)))
    seen.add(functional.mse_loss(MODEL(X), X[:, :3]))
    seen.add(functional.cross_entropy(MODEL(X), labels(1, 1, 1)))
    assert seen.loss is None
    assert Guessing().loss is None


def test_batches_are_summed_up_as_they_come_and_may_be_filled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    targets = [labels(0.7, 0.2, 0.1) for _ in range(7)]

    def value() -> float | None:
        seen, place = Guessing(), torch.empty(64, dtype=torch.int64)
        for target in targets:
            place.copy_(target)
            seen.add(functional.cross_entropy(MODEL(X), place))
        return seen.loss

    together = value()
    monkeypatch.setattr(guessing, "AT_ONCE", 2)
    assert value() == pytest.approx(together)
    monkeypatch.setattr(guessing, "MOST_WAITING", 10)
    assert value() == pytest.approx(together)


def test_the_loss_is_known_before_it_was_multiplied_or_divided_by_numbers() -> None:
    scores, labels = torch.randn(8, 3, requires_grad=True), torch.arange(8) % 3
    plain = torch.nn.functional.cross_entropy(scores, labels)
    for loss in (plain, plain / 4, plain * 65536.0, plain / 4 * torch.tensor(1024.0)):
        seen = Guessing()
        seen.add(without_factors(loss))
        assert seen.loss is not None and seen.uniform == pytest.approx(math.log(3))
    for other in (plain * scores.sum(), plain + plain, plain.detach().requires_grad_() / 2):
        seen = Guessing()
        seen.add(without_factors(other))
        assert seen.loss is None
