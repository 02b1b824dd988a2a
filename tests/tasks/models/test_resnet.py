"""The small residual network is the one of the paper."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.data import TensorDataset

from lrgui.tasks.models.resnet import Block, small_resnet
from lrgui.tasks.task import Data

CIFAR = Data(TensorDataset(), None, "", 10, nn.functional.cross_entropy, None, (3, 32, 32), 10)


def test_three_blocks_a_stage_make_resnet_20() -> None:
    model = small_resnet(CIFAR, {"width": 16, "depth": 3})
    main = [m for name, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear) and "shortcut" not in name]
    assert len(main) == 20
    # The paper has 0.27 M; the two shortcuts that change the size are convolutions here.
    assert 0.26e6 < sum(p.numel() for p in model.parameters()) < 0.28e6


def test_each_later_stage_halves_the_image_and_doubles_the_channels() -> None:
    model = small_resnet(CIFAR, {"width": 8, "depth": 2})
    shapes, images = [], torch.zeros(1, 3, 32, 32)
    for layer in model:  # type: ignore[attr-defined]
        images = layer(images)
        if isinstance(layer, Block):
            shapes.append(tuple(images.shape[1:]))
    assert shapes == [(8, 32, 32)] * 2 + [(16, 16, 16)] * 2 + [(32, 8, 8)] * 2


def test_a_block_adds_what_came_in() -> None:
    block = Block(4, 4, 1).eval()
    nn.init.zeros_(block.inner[3].weight)  # type: ignore[arg-type]
    images = torch.rand(2, 4, 5, 5)
    assert torch.equal(block(images), images)
