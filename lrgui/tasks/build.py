"""From plain data to a task: builds what a `TaskSpec` names."""

from __future__ import annotations

import importlib
import random
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from lrgui.core.optimizers import OPTIMIZERS
from lrgui.tasks.registry import SOURCES
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import Task


def build_task(spec: TaskSpec) -> Task:
    """Data, model with fresh weights, optimizer and loaders, on the device, all following from `spec.seed`.

    Seeds the generators of Python, numpy and torch. Raises ValueError, with the sentences of
    `spec.validate()`, where the spec cannot be built.
    """
    problems = spec.validate()
    if problems:
        raise ValueError(" ".join(str(problem) for problem in problems))
    device = pick_device(spec.device)
    random.seed(spec.seed)
    np.random.seed(spec.seed % 2**32)
    torch.manual_seed(spec.seed)
    source = SOURCES[spec.source]
    row = OPTIMIZERS[spec.optimizer]
    data = _named(source.dotted)(spec)
    model = _named(source.models[spec.model].dotted)().to(device)
    settings = {"momentum": spec.momentum, "weight_decay": spec.weight_decay}
    optimizer = _named(row.dotted)(model.parameters(), lr=1e-3, **row.arguments(settings))
    order = torch.Generator().manual_seed(spec.seed)
    pinned = device.type == "cuda"
    loader: DataLoader[Any] = DataLoader(
        data.train,
        batch_size=spec.batch_size,
        shuffle=True,
        drop_last=True,
        generator=order,
        num_workers=spec.loader_workers,
        pin_memory=pinned,
        multiprocessing_context="spawn" if spec.loader_workers else None,
        persistent_workers=spec.loader_workers > 0,
    )
    validation = None
    if data.validation is not None:
        validation = DataLoader(data.validation, batch_size=max(spec.batch_size, 256), pin_memory=pinned)
    return Task(spec.title, data, model, optimizer, loader, validation, device)


def pick_device(name: str) -> torch.device:
    """The device called `name`; `auto` takes the best there is. Raises ValueError where it is missing."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    device = torch.device(name)
    missing = {
        "cuda": not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count(),
        "mps": not torch.backends.mps.is_available(),
        "xpu": not hasattr(torch, "xpu") or not torch.xpu.is_available(),
    }
    if missing.get(device.type, False):
        raise ValueError(f"The device {name} is not there for this PyTorch ({torch.__version__}). Use cpu or auto.")
    return device


def _named(dotted: str) -> Any:
    module, name = dotted.rsplit(".", 1)
    return getattr(importlib.import_module(module), name)
