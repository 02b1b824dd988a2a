"""Pretrained weights of torchvision: where they lie, and downloading them before a run."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from lrgui.core.control import Control
from lrgui.core.events import StateEvent
from lrgui.core.options import filled
from lrgui.tasks.data.images.progress import is_of_disk, no_writing, why, with_progress
from lrgui.tasks.library_names import must_know
from lrgui.tasks.models.named import torchvision_models
from lrgui.tasks.optimizers.optimizing import must_have
from lrgui.tasks.spec import TaskSpec


def prepare(spec: TaskSpec, control: Control) -> Iterator[StateEvent]:
    """Download the weights of the torchvision model that `spec` names, where it wants them and they are missing.

    Ends early where `control` was cancelled; nothing half is left. Raises ValueError, with a sentence, where they
    cannot be had.
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
    url, file, digest = file_of(models.get_model_weights(name).DEFAULT)
    if file.is_file():
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        yield from with_progress(
            lambda: torch.hub.download_url_to_file(url, str(file), digest),
            torch.hub,
            f"the weights of {name}",
            file.parent,
            control,
        )
    except (RuntimeError, http.client.HTTPException, ValueError, OSError) as error:
        if isinstance(error, OSError) and is_of_disk(error):
            raise ValueError(no_writing(error, file.parent)) from error
        raise ValueError(
            f"The weights of {name} could not be downloaded: {why(error)}. Try again later, put {url} into "
            f"{file.parent} yourself, or switch Pretrained off."
        ) from error


def file_of(weights: Any) -> tuple[str, Path, str | None]:
    """Of a torchvision `WeightsEnum` entry: its address, where torch looks for the file, and the checksum's begin."""
    url = str(weights.url)
    name = url.rsplit("/", 1)[1]
    digest = re.search(r"-([a-f0-9]{8,})\.", name)
    return url, Path(torch.hub.get_dir()) / "checkpoints" / name, digest[1] if digest is not None else None
