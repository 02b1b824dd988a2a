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

    def __init__(self, states: dict[str, Any] | None = None) -> None:
        """`states` are those of another moment, as they were found here."""
        self.states = _states() if states is None else states
        """What `restore` sets: plain values and tensors by the generator's name."""

    def restore(self) -> None:
        """Set all generators back, each even if another fails."""
        states = self.states
        actions: list[Action] = [
            partial(random.setstate, states["python"]),
            partial(np.random.set_state, states["numpy"]),
            partial(torch.set_rng_state, states["torch"]),
        ]
        for name in _BACKENDS:
            backend = getattr(torch, name, None)
            if name in states and backend is not None and backend.is_initialized():
                actions.append(partial(backend.set_rng_state_all, states[name]))
            elif backend is not None:
                actions.append(partial(_seed_again, backend, states["seed"]))
        if "mps" in states and torch.backends.mps.is_available():
            actions.append(partial(torch.mps.set_rng_state, states["mps"]))
        all_of(actions)


_BACKENDS = ("cuda", "xpu")


def _states() -> dict[str, Any]:
    found: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": np.random.get_state(legacy=False),
        "torch": torch.get_rng_state(),
        "seed": torch.initial_seed(),
    }
    for name in _BACKENDS:
        backend = getattr(torch, name, None)
        if backend is not None and backend.is_initialized():
            found[name] = backend.get_rng_state_all()
    if torch.backends.mps.is_available():
        found["mps"] = torch.mps.get_rng_state()
    return found


def _seed_again(backend: Any, seed: int) -> None:
    """Set devices back that began to be used since: they had taken the seed that torch was given last."""
    if backend.is_initialized():
        backend.manual_seed_all(seed)


def generator_back(generator: object) -> Action | None:
    """What sets a generator (see `GENERATORS`) back to its state of now; None if it has no state."""
    state = generator_state(generator)
    return None if state is None else partial(set_generator, generator, state)


def generator_state(generator: object) -> Any:
    """The state of a generator (see `GENERATORS`) as it is now; None if it has none."""
    if isinstance(generator, torch.Generator):
        return generator.get_state()
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    if isinstance(generator, random.Random) and not isinstance(generator, random.SystemRandom):
        return generator.getstate()
    return None


def set_generator(generator: Any, state: Any) -> None:
    """Give a generator a state that `generator_state` gave."""
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    elif isinstance(generator, random.Random):
        generator.setstate(state)
    else:
        generator.set_state(state)


def gradients_back() -> Action:
    """What lets gradients be computed again as they are now: Ctrl+C may come where a `no_grad` should have ended."""
    return partial(torch.set_grad_enabled, torch.is_grad_enabled())
