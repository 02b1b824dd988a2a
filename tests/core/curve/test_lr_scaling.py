"""A pick carried over to another batch or optimizer."""

from __future__ import annotations

import math

import pytest

from lrgui.core.curve.lr_scaling import transfer
from lrgui.core.optimizers import OPTIMIZERS


@pytest.mark.parametrize(
    ("optimizer", "power"),
    [
        *((name, 1.0) for name in ("sgd", "SGD", "asgd")),
        *((name, 0.5) for name in ("adam", "AdamW", "radam", "nadam", "adamax", "rmsprop", "adafactor", "Lamb")),
    ],
)
@pytest.mark.parametrize("to_batch", [16, 32, 128, 512])
def test_the_batch_scales_the_rate(optimizer: str, power: float, to_batch: int) -> None:
    found = transfer(0.12, optimizer=optimizer, batch=64, to_batch=to_batch)
    assert found is not None
    assert found.lr == pytest.approx(0.12 * (to_batch / 64) ** power)
    assert found.source
    assert "estimate" in found.reason and "batch 64" in found.reason and f"{to_batch}" in found.reason
    assert ("linear scaling" if power == 1 else "square-root scaling") in found.reason


def test_there_and_back_is_the_same_rate() -> None:
    there = transfer(3e-3, optimizer="adam", batch=64, to_batch=256)
    assert there is not None and there.lr is not None
    back = transfer(there.lr, optimizer="adam", batch=256, to_batch=64)
    assert back is not None and back.lr is not None
    assert math.isclose(back.lr, 3e-3)


def test_the_sentence_of_the_window() -> None:
    found = transfer(0.12, optimizer="sgd", batch=64, to_batch=128)
    assert found is not None
    assert found.reason == "The sweep was made with batch 64; for 128 an estimate is 2.4e-1 (linear scaling)."


def test_nothing_changed() -> None:
    assert transfer(0.1, optimizer="sgd", batch=64) is None
    assert transfer(0.1, optimizer="SGD", batch=64, to_optimizer="sgd", to_batch=64) is None


def test_another_optimizer_has_no_number_but_a_usual_range() -> None:
    found = transfer(0.1, optimizer="sgd", batch=64, to_optimizer="adam", to_batch=128)
    assert found is not None and found.lr is None
    assert "Adam" in found.reason and "1e-3" in found.reason and "sweep again" in found.reason
    unknown = transfer(0.1, optimizer="sgd", batch=64, to_optimizer="Lion")
    assert unknown is not None and unknown.lr is None and "Lion" in unknown.reason


def test_an_optimizer_without_a_rule_has_no_number() -> None:
    found = transfer(0.1, optimizer="LBFGS", batch=64, to_batch=128)
    assert found is not None and found.lr is None and "sweep again" in found.reason


@pytest.mark.parametrize(("key", "label"), [("adagrad", "Adagrad"), ("muon", "Muon"), ("lion", "lion")])
def test_rules_that_nobody_has_settled_are_not_made_up(key: str, label: str) -> None:
    found = transfer(1e-3, optimizer=key, batch=64, to_batch=128)
    assert found is not None and found.lr is None and found.source == ""
    assert f"how {label}'s rate scales with the batch size is unknown" in found.reason


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_every_optimizer_on_offer_has_an_answer(key: str) -> None:
    found = transfer(1e-3, optimizer=key, batch=64, to_batch=128)
    assert found is not None and (found.lr is None) == (found.source == "")
    other = transfer(1e-3, optimizer="sgd", batch=64, to_optimizer=key)
    assert (other is None) == (key == "sgd")
    assert other is None or OPTIMIZERS[key].typical_lr in other.reason


def test_a_change_beyond_the_rule_says_so() -> None:
    near = transfer(0.1, optimizer="sgd", batch=64, to_batch=512)
    far = transfer(0.1, optimizer="sgd", batch=64, to_batch=2048)
    assert near is not None and "further" not in near.reason
    assert far is not None and "32-fold" in far.reason


@pytest.mark.parametrize(("lr", "batch", "to"), [(0.0, 64, 128), (math.nan, 64, 128), (0.1, 0, 128), (0.1, 64, 0)])
def test_numbers_that_cannot_be(lr: float, batch: int, to: int) -> None:
    with pytest.raises(ValueError, match=r"above 0|at least 1"):
        transfer(lr, optimizer="sgd", batch=batch, to_batch=to)
