"""Pretrained weights of torchvision: where they lie, and fetching them before a run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from lrgui.core.control import Control
from lrgui.core.events import StateEvent
from lrgui.core.options import filled
from lrgui.tasks.images.downloads import no_writing
from lrgui.tasks.images.fetching import RemoteFile, fetch
from lrgui.tasks.library_names import must_know
from lrgui.tasks.models.named import torchvision_models
from lrgui.tasks.optimizers.optimizing import must_have
from lrgui.tasks.spec import TaskSpec


def prepare(spec: TaskSpec, control: Control) -> Iterator[StateEvent]:
    """Download the weights of the torchvision model that `spec` names, where it wants them and they are missing.

    Ends early where `control` was cancelled; what was downloaded is taken up again. Raises ValueError, with a
    sentence, where they cannot be had.
    """
    row = spec.model_row
    assert row is not None
    options = filled(row.options, spec.model_options)
    if not options["pretrained"]:
        return
    must_have("A torchvision model", ("torchvision",))
    from torchvision import models

    name = str(options["name"]).strip()
    must_know("torchvision", "model", name, torchvision_models())
    wanted = file_of(models.get_model_weights(name).DEFAULT)
    if wanted.file.is_file():
        return
    try:
        reasons = yield from fetch(wanted, f"the weights of {name}", control)
    except OSError as error:
        raise ValueError(no_writing(error, wanted.file.parent)) from error
    if reasons:
        raise ValueError(
            f"The weights of {name} could not be downloaded: {'; '.join(reasons)}. Try again later, put "
            f"{wanted.urls[0]} into {wanted.file.parent} yourself, or switch Pretrained off."
        )


def file_of(weights: Any) -> RemoteFile:
    """The file of a torchvision `WeightsEnum` entry: where torch looks for it, with the checksum in its name."""
    url = str(weights.url)
    name = url.rsplit("/", 1)[1]
    digest = re.search(r"-([a-f0-9]{8,})\.", name)
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    return RemoteFile(folder / name, (url,), None, sha256=digest[1] if digest is not None else "")
