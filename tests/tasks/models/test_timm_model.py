"""Networks of timm by name, where it is installed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from lrgui.tasks.models.timm_model import timm_model
from lrgui.tasks.task import Data

timm = pytest.importorskip("timm")


def built(name: str, inputs: tuple[int, int, int], pretrained: bool = False) -> Any:
    data = Data(TensorDataset(), None, "", 5, nn.functional.cross_entropy, None, inputs, 5)
    return timm_model(data, {"name": name, "pretrained": pretrained})


@pytest.mark.parametrize(
    ("name", "inputs", "size"),
    [
        ("resnet10t", (1, 8, 8), (32, 32)),
        ("vit_tiny_patch16_224", (2, 28, 40), (64, 64)),
        ("mobilenetv3_small_050.lamb_in1k", (3, 20, 40), (32, 64)),
        ("regnetx_002", (3, 64, 48), (64, 48)),
        ("csatv2", (1, 28, 20), (96, 64)),  # takes three channels only
    ],
)
def test_a_network_is_fitted_to_the_images(name: str, inputs: tuple[int, int, int], size: object) -> None:
    model = built(name, inputs)
    assert model.size == size and model.training
    scores = model(torch.randn(2, *inputs))
    assert scores.shape == (2, 5)
    nn.functional.cross_entropy(scores, torch.zeros(2, dtype=torch.int64)).backward()


def test_weights_do_not_follow_from_the_sizes_tried() -> None:
    states = []
    for inputs in ((3, 8, 8), (3, 200, 200)):
        torch.manual_seed(0)
        states.append(built("inception_v3", inputs).network.state_dict())
    assert all(torch.equal(states[0][key], value) for key, value in states[1].items())


def test_an_unknown_name_is_told_the_closest() -> None:
    with pytest.raises(ValueError, match=r"^timm has no model “resnet19”\. Closest are resnet"):
        built("resnet19", (3, 8, 8))


def test_weights_that_cannot_be_had_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = timm.create_model

    def offline(name: str, pretrained: bool = False, **arguments: Any) -> Any:
        if pretrained:
            raise RuntimeError("no connection\nmore lines")
        return real(name, **arguments)

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(ValueError, match=r"^The weights of timm's resnet10t could not be downloaded \(no con"):
        built("resnet10t", (3, 8, 8), pretrained=True)
