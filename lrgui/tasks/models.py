"""The small models that come with the program, made to fit the data they are for."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from lrgui.core.options import Scalar
from lrgui.tasks.task import Data


def small_cnn(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """Two convolutions, pooling, one linear layer over all that is left of an image: learns at once."""
    channels, height, width = data.inputs
    features = 16 * (height // 2) * (width // 2)
    return nn.Sequential(*_convolutions(channels), nn.Flatten(), nn.Linear(features, data.outputs))


def simple_net(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """The classic guide's SimpleNet: the same convolutions, but averaged over the image: learns slowly."""
    layers = [*_convolutions(data.inputs[0]), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, data.outputs)]
    return nn.Sequential(*layers)


def _convolutions(channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]
