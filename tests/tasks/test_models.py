"""The small models take one-channel images and give ten scores."""

from __future__ import annotations

import pytest
import torch

from lrgui.tasks.models import simple_net, small_cnn


@pytest.mark.parametrize(("build", "last"), [(small_cnn, 256), (simple_net, 16)])
def test_shapes(build: object, last: int) -> None:
    model = build()  # type: ignore[operator]
    assert model(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
    assert model[-1].in_features == last


def test_simple_net_takes_images_of_any_size() -> None:
    assert simple_net()(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
