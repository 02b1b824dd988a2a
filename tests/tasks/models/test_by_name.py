"""Networks of torchvision by name: fitted to the data, pretrained ones from files that execute nothing."""

from __future__ import annotations

import re
import urllib.error
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset
from torchvision import models

from lrgui.tasks.models.by_name import torchvision_model
from lrgui.tasks.models.named import torchvision_models
from lrgui.tasks.task import Data

#: One of each family that makes its last layer in another way.
FAMILIES = [
    *("resnet18", "mobilenet_v3_small", "efficientnet_b0", "densenet121", "squeezenet1_0", "shufflenet_v2_x0_5"),
    *("swin_t", "inception_v3", "googlenet", "convnext_tiny"),
]


def images(channels: int = 1, height: int = 8, width: int = 8, outputs: int = 5) -> Data:
    inputs = (channels, height, width)
    return Data(TensorDataset(), None, "", outputs, nn.functional.cross_entropy, None, inputs, outputs)


def built(name: str, data: Data | None = None, pretrained: bool = False) -> Any:
    return torchvision_model(data or images(), {"name": name, "pretrained": pretrained})


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that torch keeps downloaded weights in; nothing can be downloaded."""

    def no_network(url: str, *args: Any, **kwargs: Any) -> None:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", no_network)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def file_of(name: str, folder: Path) -> Path:
    return folder / str(models.get_model_weights(name).DEFAULT.url).rsplit("/", 1)[1]


def learns(model: nn.Module, data: Data) -> None:
    model.train()
    scores = model(torch.randn(2, *data.inputs))
    assert scores.shape == (2, data.outputs)
    nn.functional.cross_entropy(scores, torch.zeros(2, dtype=torch.int64)).backward()
    with torch.no_grad():
        assert model.eval()(torch.randn(1, *data.inputs)).shape == (1, data.outputs)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_takes_small_grey_images_and_has_as_many_outputs_as_wanted(name: str) -> None:
    learns(built(name), images())


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in torchvision_models() if name not in FAMILIES])
def test_every_network_of_torchvision(name: str) -> None:
    if models.get_model_weights(name).DEFAULT.meta["num_params"] > 2e8:
        pytest.skip("too large for this test")
    learns(built(name, images(3, 20, 40, 7)), images(3, 20, 40, 7))


@pytest.mark.parametrize(
    ("name", "shape", "size"),
    [
        ("resnet18", (1, 8, 8), (32, 32)),
        ("resnet18", (3, 40, 60), (40, 60)),
        ("inception_v3", (3, 64, 64), (75, 75)),
        ("vit_b_32", (3, 28, 40), (64, 64)),
    ],
)
def test_images_are_enlarged_as_little_as_possible(name: str, shape: tuple[int, int, int], size: object) -> None:
    assert built(name, images(*shape)).size == size


def test_two_channels_are_mixed() -> None:
    learns(built("shufflenet_v2_x0_5", images(2)), images(2))


def test_an_unknown_name_is_told_the_closest() -> None:
    with pytest.raises(ValueError, match=r"^torchvision has no model “resnet19”\. Closest are resnet18, "):
        built("resnet19")


@pytest.mark.parametrize("name", ["mnasnet0_5", "googlenet", "densenet121"])
def test_pretrained_weights_come_from_the_disk_and_only_the_head_is_fresh(name: str, checkpoints: Path) -> None:
    torch.manual_seed(0)
    arguments = {"init_weights": False} if name == "googlenet" else {}
    published = models.get_model(name, weights=None, **arguments)
    state = published.state_dict()
    if name == "densenet121":  # its file is so old that names in it have other dots
        renamed = ((re.sub(r"(denselayer\d+\.(?:norm|conv))([12]\.)", r"\1.\2", key), v) for key, v in state.items())
        state = OrderedDict(renamed)
        assert "features.denseblock1.denselayer1.norm.1.weight" in state
    torch.save(state, file_of(name, checkpoints))
    model = built(name, pretrained=True)
    own, before = model.network.state_dict(), published.state_dict()
    other = [key for key, value in own.items() if value.shape != before[key].shape]
    assert 1 <= len(other) <= 2 and all(own[key].shape[0] == 5 for key in other)
    assert all(torch.equal(value, before[key]) for key, value in own.items() if key not in other)
    learns(model, images())
    if name == "googlenet":
        assert model.network.transform_input


def test_weights_that_cannot_be_downloaded_name_address_and_folder(checkpoints: Path) -> None:
    with pytest.raises(ValueError) as error:
        built("squeezenet1_1", pretrained=True)
    file = file_of("squeezenet1_1", checkpoints)
    assert str(error.value) == (
        "The weights of squeezenet1_1 could not be downloaded (no route to host): put "
        f"https://download.pytorch.org/models/{file.name} into {checkpoints} yourself, or switch Pretrained off."
    )


class Trap:
    def __reduce__(self) -> Any:
        return exec, ("import builtins; builtins.lrgui_was_here = True",)


def test_a_file_of_weights_executes_nothing(checkpoints: Path) -> None:
    torch.save({"features.0.weight": Trap()}, file_of("squeezenet1_1", checkpoints))
    with pytest.raises(ValueError, match="cannot be read: delete that file"):
        built("squeezenet1_1", pretrained=True)
    import builtins

    assert not hasattr(builtins, "lrgui_was_here")


def test_a_file_that_is_cut_off_or_another_network_is_said_so(checkpoints: Path) -> None:
    file = file_of("squeezenet1_1", checkpoints)
    torch.save(models.get_model("squeezenet1_1").state_dict(), file)
    file.write_bytes(file.read_bytes()[:10_000])
    with pytest.raises(ValueError, match=rf"in {re.escape(str(file))} cannot be read: delete that file"):
        built("squeezenet1_1", pretrained=True)
    torch.save(nn.Linear(2, 2).state_dict(), file)
    with pytest.raises(ValueError, match="do not fit this torchvision's squeezenet1_1: update torchvision"):
        built("squeezenet1_1", pretrained=True)
    torch.save([1, 2], file)
    with pytest.raises(ValueError, match="cannot be read: delete that file"):
        built("squeezenet1_1", pretrained=True)
