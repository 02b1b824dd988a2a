"""One seed for everything that draws random numbers."""

from __future__ import annotations

import random

import numpy as np
import torch

from lrgui.core.engine.loader_state import generators_of


def seed_all(seed: int, loader: object = None) -> None:
    """Seed the generators of Python, numpy and torch, and those that the loader holds itself."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    for generator in generators_of(loader):
        generator.manual_seed(seed)
    for sampler in (getattr(loader, "sampler", None), getattr(loader, "batch_sampler", None)):
        if callable(getattr(sampler, "set_epoch", None)):  # DistributedSampler shuffles by a seed and epoch of its own
            sampler.set_epoch(seed % 2**31)  # type: ignore[union-attr]
