"""The small models that come with the program, for one-channel images and ten classes."""

from __future__ import annotations

from torch import nn


def small_cnn() -> nn.Module:
    """Two convolutions, pooling, one linear layer over all 4×4×16 features of an 8×8 image: learns at once."""
    return nn.Sequential(*_convolutions(), nn.Flatten(), nn.Linear(256, 10))


def simple_net() -> nn.Module:
    """The classic guide's SimpleNet: the same convolutions, but averaged over the image: learns slowly."""
    return nn.Sequential(*_convolutions(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))


def _convolutions() -> list[nn.Module]:
    return [
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]
