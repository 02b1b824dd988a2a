"""The small vision transformer finds its patches by itself."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from lrgui.tasks.models.vit import VisionTransformer, patch_for, vit_tiny
from lrgui.tasks.task import Data


def images(channels: int, height: int, width: int) -> Data:
    return Data(TensorDataset(), None, "", 10, nn.functional.cross_entropy, None, (channels, height, width), 10)


@pytest.mark.parametrize(
    ("side", "patch"), [(1, 1), (8, 2), (28, 4), (32, 4), (64, 8), (96, 12), (224, 16), (1024, 16)]
)
def test_patches_follow_from_the_size(side: int, patch: int) -> None:
    assert patch_for(side) == patch


def test_what_is_left_over_is_seen_too() -> None:
    torch.manual_seed(0)
    model = VisionTransformer((1, 7, 9), 3, 4, 16, 1).eval()
    assert model.positions.shape[1] == 2 * 3
    plain = torch.zeros(1, 1, 7, 9)
    corner = plain.clone()
    corner[..., -1, -1] = 1
    with torch.no_grad():
        assert not torch.equal(model(plain), model(corner))


def test_places_matter_and_blocks_begin_differently() -> None:
    torch.manual_seed(0)
    model = vit_tiny(images(1, 8, 8), {"width": 32, "depth": 2, "patch": None}).eval()
    image = torch.randn(1, 1, 8, 8)
    with torch.no_grad():
        assert not torch.allclose(model(image), model(image.flip(-1).roll(2, -1)), atol=1e-6)
    first, second = model.blocks  # type: ignore[union-attr, misc]
    assert not torch.equal(first.linear1.weight, second.linear1.weight)


def test_heads_divide_any_width() -> None:
    for width in (8, 50, 97):
        assert vit_tiny(images(1, 8, 8), {"width": width, "depth": 1, "patch": 4})(torch.zeros(2, 1, 8, 8)).shape == (
            2,
            10,
        )


def test_a_patch_that_is_too_large_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"patch of 9×9 pixels is larger .* has 8: use 8 or less, or leave it auto"):
        vit_tiny(images(1, 8, 12), {"width": 32, "depth": 1, "patch": 9})
