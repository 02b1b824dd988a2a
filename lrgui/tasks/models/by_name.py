"""Any network of torchvision that tells classes of images, by its name, made to fit the data."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lrgui.core.options import Scalar
from lrgui.tasks.library_names import must_know
from lrgui.tasks.models.fitting import LEAST, Fitted, enlarged
from lrgui.tasks.models.named import torchvision_models
from lrgui.tasks.optimizers.optimizing import must_have
from lrgui.tasks.task import Data

#: Those that put out a second, auxiliary score in training, and whose pretrained weights want other colours.
WITH_AUXILIARY = ("googlenet", "inception_v3")
#: Names in the files of the first DenseNets, whose dots modules cannot have any more.
_OLD_DENSENET = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\.\w+)$")
#: Those that take images of one size only; the other vision transformers are made for the size that there is.
ONE_SIZE = {"maxvit_t": 224}


def torchvision_model(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """The network that option `name` names, with as many outputs as the data wants, and fresh weights.

    With `pretrained` it has torchvision's default weights, all but the last layer where that does not fit. Images
    are enlarged to the least size that the network works with. Raises ValueError, with a sentence, for a name that
    there is not, and for weights that cannot be had.
    """
    must_have("A torchvision model", ("torchvision",))
    from torchvision import models

    name, pretrained = str(options["name"]).strip(), bool(options["pretrained"])
    must_know("torchvision", "model", name, torchvision_models())
    channels, height, width = data.inputs
    weights = models.get_model_weights(name).DEFAULT
    size = _size(name, height, width, weights.meta["min_size"] if pretrained else None)
    arguments: dict[str, Any] = {"num_classes": data.outputs}
    if name in WITH_AUXILIARY:
        arguments |= {"aux_logits": False, "init_weights": not pretrained, "transform_input": pretrained}
    if name.startswith("vit_"):
        arguments["image_size"] = size[0]
    network = models.get_model(name, weights=None, **arguments)
    if pretrained:
        arguments["num_classes"] = len(weights.meta["categories"])
        source = _with_state(models.get_model(name, weights=None, **arguments), _state(name, weights), name)
        _copy_all_but_the_head(network, source)
    return Fitted(network, channels, size)


def _size(name: str, height: int, width: int, trained_with: tuple[int, int] | None) -> tuple[int, int]:
    """What images are enlarged to; a vision transformer takes squares only, pretrained ones of its own size."""
    if name in ONE_SIZE:
        return (ONE_SIZE[name],) * 2
    if name.startswith("vit_"):
        patch = int(name.rsplit("_", 1)[1])
        return trained_with or (-(-max(height, width, LEAST) // patch) * patch,) * 2
    least = {"alexnet": 63, "inception_v3": 75}.get(name, LEAST + 1 if name.startswith("efficientnet_v2") else LEAST)
    return enlarged(height, width, least)


def _state(name: str, weights: Any) -> dict[str, Any]:
    """The pretrained weights from the disk, or else from the net. Nothing in the file is executed."""
    file = Path(torch.hub.get_dir()) / "checkpoints" / str(weights.url).rsplit("/", 1)[1]
    was_there = file.is_file()
    try:
        state = weights.get_state_dict(progress=False, check_hash=True, weights_only=True)
        if not isinstance(state, dict):
            raise TypeError(type(state).__name__)
    except Exception as error:  # what a spoiled file makes torch raise has many names
        if not was_there and not file.is_file():
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise ValueError(
                f"The weights of {name} could not be downloaded ({reason}): put {weights.url} into {file.parent} "
                "yourself, or switch Pretrained off."
            ) from error
        raise ValueError(
            f"The weights of {name} in {file} cannot be read: delete that file to download it again, "
            "or switch Pretrained off."
        ) from error
    return state


def _with_state(network: nn.Module, state: Mapping[str, torch.Tensor], name: str) -> nn.Module:
    """`network`, made as the pretrained one, with its weights. Raises ValueError where they do not fit."""
    known: Any = OrderedDict((_OLD_DENSENET.sub(r"\1\2", key), value) for key, value in state.items())
    for key in [key for key in known if key.lower().startswith("aux")]:
        del known[key]
    known._metadata = getattr(state, "_metadata", {})  # by the versions in it layers read files of older ones
    try:
        network.load_state_dict(known)
    except RuntimeError as error:
        raise ValueError(
            f"The pretrained weights do not fit this torchvision's {name}: update torchvision, or switch "
            "Pretrained off."
        ) from error
    return network


def _copy_all_but_the_head(network: nn.Module, source: nn.Module) -> None:
    """Give `network` the weights of `source` but those whose shape follows from the number of outputs."""
    own = network.state_dict()
    with torch.no_grad():
        for key, value in source.state_dict().items():
            if own[key].shape == value.shape:
                own[key].copy_(value)
