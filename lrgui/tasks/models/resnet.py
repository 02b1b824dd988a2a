"""A small residual network with BatchNorm, for images of any size."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from lrgui.core.options import Scalar
from lrgui.tasks.models.small import whole
from lrgui.tasks.task import Data


def small_resnet(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """He et al. 2016's network for CIFAR (arXiv:1512.03385): three stages of `depth` blocks, `width` channels first.

    With width 16 it has 6 × depth + 2 layers. Each stage after the first halves the image and doubles the channels.
    """
    width, depth = whole(options, "width"), whole(options, "depth")
    channels = data.inputs[0]
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    before = width
    for stage in range(3):
        after = width * 2**stage
        for block in range(depth):
            layers.append(Block(before, after, 2 if stage > 0 and block == 0 else 1))
            before = after
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, data.outputs))


class Block(nn.Module):
    """Two convolutions, added to what came in."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )
        alike = stride == 1 and before == after
        self.shortcut = (
            nn.Identity()
            if alike
            else nn.Sequential(nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after))
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(examples, before, height, width) to (examples, after, height / stride, width / stride)."""
        total: torch.Tensor = self.inner(images) + self.shortcut(images)
        return torch.relu(total)
