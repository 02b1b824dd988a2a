"""A small vision transformer."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from lrgui.core.options import Scalar
from lrgui.tasks.models.small import whole
from lrgui.tasks.task import Data

#: Channels of each attention head, where the width allows it.
HEAD = 32


def vit_tiny(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """Dosovitskiy et al. 2021 (arXiv:2010.11929) in small: patches, `depth` blocks of `width` channels, their mean.

    Raises ValueError, with a sentence, for patches that are larger than the image.
    """
    given = options["patch"]
    side = min(data.inputs[1:])
    patch = patch_for(side) if given is None else whole(options, "patch")
    if patch > side:
        raise ValueError(
            f"A patch of {patch}×{patch} pixels is larger than the image, whose shorter side has {side}: "
            f"use {side} or less, or leave it automatic."
        )
    return VisionTransformer(data.inputs, data.outputs, patch, whole(options, "width"), whole(options, "depth"))


def patch_for(side: int) -> int:
    """The side of a patch, in pixels, for an image whose shorter side has `side`: about 8 patches, 2…16 pixels."""
    return min(side, max(2, min(16, round(side / 8))))


class VisionTransformer(nn.Module):
    """Patches with learned positions, blocks that normalise first, and a linear layer over the patches' mean."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, patch: int, width: int, depth: int) -> None:
        super().__init__()
        channels, height, breadth = inputs
        rows, columns = -(-height // patch), -(-breadth // patch)
        # What is left over at the right and at the bottom becomes patches, too.
        self.pad = nn.ZeroPad2d((0, columns * patch - breadth, 0, rows * patch - height))
        self.patches = nn.Conv2d(channels, width, patch, stride=patch)
        self.positions = nn.Parameter(torch.zeros(1, rows * columns, width))
        nn.init.trunc_normal_(self.positions, std=0.02)
        heads = next(count for count in range(max(1, width // HEAD), 0, -1) if width % count == 0)
        # One by one: torch's own stack of blocks would begin with the same weights in each.
        self.blocks = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
                )
                for _ in range(depth)
            )
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, outputs)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(examples, channels, height, width) to (examples, outputs)."""
        tokens = self.patches(self.pad(images)).flatten(2).transpose(1, 2) + self.positions
        scores: torch.Tensor = self.head(self.norm(self.blocks(tokens)).mean(dim=1))
        return scores
