"""Images are fitted to networks that were made for larger ones in colour."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lrgui.tasks.models.fitting import Fitted, enlarged


@pytest.mark.parametrize(
    ("given", "least", "size"),
    [((8, 8), 32, (32, 32)), ((28, 20), 32, (45, 32)), ((64, 48), 32, (64, 48)), ((1, 3), 32, (32, 96))],
)
def test_the_shorter_side_grows_and_the_proportions_stay(given: tuple[int, int], least: int, size: object) -> None:
    assert enlarged(*given, least) == size


def test_grey_is_shown_to_all_three_channels() -> None:
    model = Fitted(nn.Identity(), 1, (4, 4))
    grey = torch.rand(2, 1, 4, 4)
    assert torch.equal(model(grey), grey.expand(-1, 3, -1, -1))
    assert not list(model.parameters())


def test_colours_of_the_right_size_stay_as_they_are() -> None:
    colours = torch.rand(2, 3, 6, 4)
    assert torch.equal(Fitted(nn.Identity(), 3, (6, 4))(colours), colours)
    assert torch.equal(Fitted(nn.Identity(), 3, None)(colours), colours)


def test_other_numbers_of_channels_are_mixed_and_images_enlarged() -> None:
    model = Fitted(nn.Identity(), 5, (8, 6))
    assert model(torch.rand(2, 5, 4, 3)).shape == (2, 3, 8, 6)
    assert [p.shape for p in model.parameters()] == [(3, 5, 1, 1), (3,)]
