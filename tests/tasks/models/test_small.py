"""The small models fit the data, and those of the first version are to the bit what they were."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from lrgui.core.options import filled
from lrgui.tasks.models.rows import IMAGE_MODELS
from lrgui.tasks.models.small import mlp, simple_net, small_cnn
from lrgui.tasks.optimizers.optimizing import named
from lrgui.tasks.task import Data

OURS = [key for key, row in IMAGE_MODELS.items() if not row.needs]


def images(channels: int, height: int, width: int, outputs: int = 10) -> Data:
    return Data(
        TensorDataset(), None, "", outputs, nn.functional.cross_entropy, None, (channels, height, width), outputs
    )


def built(key: str, data: Data, **options: Any) -> nn.Module:
    row = IMAGE_MODELS[key]
    model: nn.Module = named(row.dotted)(data, filled(row.options, options))
    return model


def test_rows_have_their_own_keys_and_the_first_is_the_small_cnn() -> None:
    assert list(IMAGE_MODELS) == ["cnn", "simplenet", "mlp", "resnet", "vit", "torchvision", "timm"]
    assert all(row.key == key and row.short for key, row in IMAGE_MODELS.items())


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 64, 64), (2, 17, 9)], ids=str)
@pytest.mark.parametrize("key", OURS)
def test_a_model_fits_images_of_any_size_and_learns(key: str, shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    model = built(key, images(*shape, outputs=5))
    batch = torch.randn(4, *shape)
    scores = model(batch)
    assert scores.shape == (4, 5)
    nn.functional.cross_entropy(scores, torch.arange(4)).backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    # A shift of all keys changes no attention, and what ReLU cut off has no gradient.
    assert len(without) <= len(list(model.parameters())) / 10, without
    with torch.no_grad():
        assert model.eval()(batch[:1]).shape == (1, 5)


@pytest.mark.parametrize(("build", "last"), [(small_cnn, 256), (simple_net, 16)])
def test_shapes_of_the_first_models(build: Any, last: int) -> None:
    model = build(images(1, 8, 8), {})
    assert model(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
    assert model[-1].in_features == last


@pytest.mark.parametrize(
    ("build", "names"),
    [(small_cnn, ["0", "2", "6"]), (simple_net, ["0", "2", "7"])],
)
def test_the_first_models_draw_their_weights_in_the_same_order(build: Any, names: list[str]) -> None:
    torch.manual_seed(3)
    model = build(images(1, 8, 8), {})
    torch.manual_seed(3)
    layers = [nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)]
    layers.append(nn.Linear(256 if build is small_cnn else 16, 10))  # type: ignore[arg-type]
    expected = {
        f"{name}.{key}": value
        for name, layer in zip(names, layers, strict=True)
        for key, value in layer.state_dict().items()
    }
    assert digest(model.state_dict()) == digest(expected)


def digest(state: dict[str, torch.Tensor]) -> str:
    return hashlib.sha256(b"".join(key.encode() + value.numpy().tobytes() for key, value in state.items())).hexdigest()


def test_width_depth_and_batch_norm_of_the_mlp() -> None:
    model = mlp(images(1, 8, 8), {"width": 20, "depth": 3, "batch_norm": True})
    assert [m.out_features for m in model.modules() if isinstance(m, nn.Linear)] == [20, 20, 20, 10]
    assert sum(isinstance(m, nn.BatchNorm1d) for m in model.modules()) == 3
    linear = mlp(images(1, 8, 8), {"width": 20, "depth": 0, "batch_norm": False})
    assert [type(layer) for layer in linear.children()] == [nn.Flatten, nn.Linear]


@pytest.mark.parametrize("key", ["cnn", "simplenet"])
def test_an_image_of_one_pixel_is_refused_in_a_sentence(key: str) -> None:
    with pytest.raises(ValueError, match=r"needs images of 2×2 pixels or more, but these are 1×9: choose the MLP"):
        built(key, images(1, 1, 9))
