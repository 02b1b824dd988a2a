"""The small models that come with the program, made to fit the data they are for."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import nn

from lrgui.core.options import Scalar
from lrgui.tasks.task import Data


def small_cnn(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """Two convolutions, pooling, one linear layer over all that is left of an image: learns at once."""
    channels, height, width = data.inputs
    must_be_large(data, 2, "Small CNN")
    features = 16 * (height // 2) * (width // 2)
    return nn.Sequential(*_convolutions(channels), nn.Flatten(), nn.Linear(features, data.outputs))


def simple_net(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """The classic guide's SimpleNet: the same convolutions, but averaged over the image: learns slowly."""
    must_be_large(data, 2, "SimpleNet")
    layers = [*_convolutions(data.inputs[0]), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, data.outputs)]
    return nn.Sequential(*layers)


def mlp(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """Linear layers over all numbers of an example: `depth` hidden ones, each `width` wide."""
    width, depth = whole(options, "width"), whole(options, "depth")
    layers: list[nn.Module] = [nn.Flatten()]
    features = math.prod(data.inputs)
    for _ in range(depth):
        layers.append(nn.Linear(features, width))
        if options["batch_norm"]:
            layers.append(nn.BatchNorm1d(width))
        layers.append(nn.ReLU())
        features = width
    return nn.Sequential(*layers, nn.Linear(features, data.outputs))


def whole(options: Mapping[str, Scalar], name: str) -> int:
    """An option that is a whole number."""
    value = options[name]
    assert isinstance(value, int)
    return value


def must_be_large(data: Data, least: int, label: str) -> None:
    """Raise ValueError, with a sentence, where an image's shorter side has fewer than `least` pixels."""
    _, height, width = data.inputs
    if min(height, width) < least:
        raise ValueError(
            f"{label} needs images of {least}×{least} pixels or more, but these are {height}×{width}: "
            "choose the MLP, or larger images."
        )


def _convolutions(channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]
