"""Language models: shapes, and no look into the future."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from lrgui.tasks.data.texts.models import gru, transformer
from lrgui.tasks.task import Data

DATA = Data(
    torch.utils.data.TensorDataset(torch.zeros(1)), None, "", 11, nn.CrossEntropyLoss(), None, inputs=(6,), outputs=11
)


@pytest.mark.parametrize("build", [gru, transformer])
@pytest.mark.parametrize("layers", [1, 2])
def test_shapes_and_causality(build: Any, layers: int) -> None:
    torch.manual_seed(0)
    model = build(DATA, {"width": 16, "layers": layers, "dropout": 0.5}).eval()
    tokens = torch.randint(11, (3, 6))
    scores = model(tokens)
    assert scores.shape == (3, 11, 6)
    assert model(tokens[:, :4]).shape == (3, 11, 4)
    changed = tokens.clone()
    changed[:, 3] = (changed[:, 3] + 1) % 11
    others = model(changed)
    assert torch.allclose(scores[:, :, :3], others[:, :, :3], atol=1e-6)
    assert not torch.allclose(scores[:, :, 3:], others[:, :, 3:], atol=1e-4)


@pytest.mark.parametrize("build", [gru, transformer])
def test_dropout_works_in_training_only(build: Any) -> None:
    model = build(DATA, {"width": 16, "dropout": 0.5})
    tokens = torch.randint(11, (3, 6))
    assert not torch.equal(model(tokens), model(tokens))
    model.eval()
    assert torch.equal(model(tokens), model(tokens))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="width of 10 cannot be divided among 4 heads: use a width of 12"):
        transformer(DATA, {"width": 10})
