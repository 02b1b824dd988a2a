"""Fits images to a network that was made for larger ones with three channels."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

#: Networks of other libraries halve an image five times: below this side their last stages would see one pixel.
LEAST = 32


class Fitted(nn.Module):
    """A network, and before it what its images need: three channels, and a size that it works with."""

    def __init__(self, network: nn.Module, channels: int, size: tuple[int, int] | None) -> None:
        """`channels` of the images: 1 is shown to all three, other numbers are mixed by a learned convolution.

        `size` (height, width) is what images are enlarged to; None leaves them as they are.
        """
        super().__init__()
        self.size = size
        self.spread = channels == 1
        self.mix = nn.Conv2d(channels, 3, 1) if channels not in (1, 3) else nn.Identity()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(examples, channels, height, width) to (examples, outputs)."""
        images = self.mix(images)
        if self.spread:
            images = images.expand(-1, 3, -1, -1)
        if self.size is not None and images.shape[2:] != self.size:
            images = functional.interpolate(images, size=self.size, mode="bilinear", align_corners=False)
        scores: torch.Tensor = self.network(images)
        return scores


def enlarged(height: int, width: int, least: int) -> tuple[int, int]:
    """The size with the same proportions whose shorter side has at least `least` pixels; large ones stay."""
    factor = max(1.0, least / min(height, width))
    return round(height * factor), round(width * factor)
