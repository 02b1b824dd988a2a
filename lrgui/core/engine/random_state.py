"""Generators of random numbers: the global ones, and any that an object holds."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import numpy as np
import torch

from lrgui.core.engine.cleanup import Action, all_of

GENERATORS = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)
"""Kinds of generators that an object can hold."""


class RandomState:
    """The generators of Python, numpy and torch (CPU, and the CUDA, XPU and MPS devices in use), as they are now."""

    def __init__(self) -> None:
        self._actions: list[Action] = [
            partial(random.setstate, random.getstate()),
            partial(np.random.set_state, np.random.get_state(legacy=False)),
            partial(torch.set_rng_state, torch.get_rng_state()),
        ]
        for name in ("cuda", "xpu"):
            backend = getattr(torch, name, None)
            if backend is not None and backend.is_initialized():
                self._actions.append(partial(backend.set_rng_state_all, backend.get_rng_state_all()))
            elif backend is not None:
                self._actions.append(partial(_seed_again, backend, torch.initial_seed()))
        if torch.backends.mps.is_available():
            self._actions.append(partial(torch.mps.set_rng_state, torch.mps.get_rng_state()))

    def restore(self) -> None:
        """Set all generators back, each even if another fails."""
        all_of(self._actions)


def _seed_again(backend: Any, seed: int) -> None:
    """Set devices back that began to be used since: they had taken the seed that torch was given last."""
    if backend.is_initialized():
        backend.manual_seed_all(seed)


def generator_back(generator: object) -> Action | None:
    """What sets a generator (see `GENERATORS`) back to its state of now; None if it has no state."""
    if isinstance(generator, torch.Generator):
        return partial(generator.set_state, generator.get_state())
    if isinstance(generator, np.random.Generator):
        return partial(setattr, generator.bit_generator, "state", generator.bit_generator.state)
    if isinstance(generator, np.random.RandomState):
        return partial(generator.set_state, generator.get_state(legacy=False))
    if isinstance(generator, random.Random) and not isinstance(generator, random.SystemRandom):
        return partial(generator.setstate, generator.getstate())
    return None


def gradients_back() -> Action:
    """What lets gradients be computed again as they are now: Ctrl+C may come where a `no_grad` should have ended."""
    return partial(torch.set_grad_enabled, torch.is_grad_enabled())
