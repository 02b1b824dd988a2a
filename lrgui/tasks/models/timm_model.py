"""Any network of timm, by its name, made to fit the data."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from lrgui.core.options import Scalar
from lrgui.tasks.library_names import must_know
from lrgui.tasks.models.fitting import LEAST, Fitted, enlarged
from lrgui.tasks.models.named import timm_models
from lrgui.tasks.optimizers.optimizing import must_have
from lrgui.tasks.task import Data

#: What a network raises that does not take a size, or does not work with it.
MISFITS = (TypeError, ValueError, AssertionError, RuntimeError, IndexError, ZeroDivisionError)


def timm_model(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """The network that option `name` names ("name" or "name.tag"), with as many outputs as the data wants.

    With `pretrained` timm fetches the weights and fits the first and the last layer. Images are enlarged to the
    least size, of a few, that the network works with. Raises ValueError, with a sentence, for a name that there is
    not, and for weights that cannot be had.
    """
    must_have("A timm model", ("timm",))
    import timm

    name = str(options["name"]).strip()
    must_know("timm", "model", name.split(".", 1)[0], timm_models())
    channels = data.inputs[0]
    known = timm.get_pretrained_cfg(name)
    random = torch.get_rng_state()
    for taken in dict.fromkeys((channels, 3)):  # nearly all can be made for any number of channels
        made_with: dict[str, Any] = {}
        for size, more in _sizes(known, data.inputs):
            arguments = {"num_classes": data.outputs, "in_chans": taken, **more}
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of sizes that are only tried
                    if arguments != made_with:
                        torch.set_rng_state(random)  # the weights do not follow from how many were made
                        network, made_with = timm.create_model(name, **arguments), arguments
                    _try(network, (taken, *size))
            except MISFITS:
                continue
            if options["pretrained"]:
                network = _pretrained(name, arguments)
            return Fitted(network, 3 if taken == channels else channels, size)
    raise ValueError(
        f"timm's {name} works neither with images of {data.inputs[1]}×{data.inputs[2]} pixels nor with enlarged "
        "ones: choose another model."
    )


def _sizes(known: Any, inputs: tuple[int, ...]) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
    """Sizes (height, width) to try, the cheapest first, and the arguments that go with each."""
    _, height, width = inputs
    usual = tuple(known.input_size[1:]) if known is not None else (224, 224)
    if known is not None and known.fixed_input_size:
        side = _whole_times(max(height, width, LEAST))
        yield (side, side), {"img_size": (side, side)}
        yield (usual[0], usual[1]), {}
        return
    for least in (LEAST, 2 * LEAST, 4 * LEAST):
        size = enlarged(height, width, least)
        yield size, {}
        if any(side % LEAST for side in size):  # windows and patches want whole numbers of pixels
            yield (_whole_times(size[0]), _whole_times(size[1])), {}
    yield (usual[0], usual[1]), {}


def _whole_times(side: int) -> int:
    """The next multiple of `LEAST`."""
    return -(-side // LEAST) * LEAST


def _try(network: nn.Module, shape: tuple[int, ...]) -> None:
    """One image of zeros through the network, which then is in training mode."""
    network.eval()
    with torch.no_grad():
        scores = network(torch.zeros(1, *shape))
    if not isinstance(scores, torch.Tensor) or scores.ndim != 2:
        raise ValueError("no scores")
    network.train()


def _pretrained(name: str, arguments: Mapping[str, Any]) -> nn.Module:
    import timm

    logging.getLogger("timm").setLevel(logging.WARNING)
    try:
        network: nn.Module = timm.create_model(name, pretrained=True, **arguments)
    except Exception as error:  # each library on the way to the weights has errors of its own
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f"The weights of timm's {name} could not be downloaded ({lines[0].rstrip('.')}): "
            "try again with a connection to huggingface.co, or switch Pretrained off."
        ) from error
    return network
