"""What a loader remembers from one pass to the next: what of it can be put back, and what can't."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from lrgui.core.engine.cleanup import Action
from lrgui.core.engine.random_state import GENERATORS, generator_back, generator_state, set_generator

FOLLOWED = (
    *("sampler", "batch_sampler", "dataset", "datasets", "data_source"),
    *("loader", "data_loader", "dataloader", "base_dataloader"),
)
"""Attributes that lead to further objects with a state: samplers, data sets within data sets, wrapped loaders."""

COUNTERS = ("epoch", "iteration")
"""Whole numbers that decide on the order of the data (DistributedSampler and its like)."""


def loader_back(loader: object) -> list[Action]:
    """What puts a loader back: the generators that it, its samplers and its data set hold, and their epochs."""
    actions: list[Action] = []
    for place in _places(loader):
        held = _attributes(place)
        backs = [generator_back(value) for value in held.values() if isinstance(value, GENERATORS)]
        actions += [back for back in backs if back is not None]
        actions += [partial(setattr, place, name, held[name]) for name in _counters(held)]
    return actions


def loader_state(loader: object) -> list[dict[str, Any]]:
    """The same as data, for `set_loader` on a loader that is made alike: for each place generators and epochs by
    name."""
    found = []
    for place in _places(loader):
        held = _attributes(place)
        states = {name: generator_state(value) for name, value in held.items() if isinstance(value, GENERATORS)}
        found.append({"generators": states, "counters": {name: held[name] for name in _counters(held)}})
    return found


def set_loader(loader: object, state: list[dict[str, Any]]) -> None:
    """Give a loader what `loader_state` found. Raises ValueError where it is built in another way."""
    places = list(_places(loader))
    if len(places) != len(state):
        raise ValueError("The loader is built in another way than the one that was kept.")
    for place, known in zip(places, state, strict=True):
        held = _attributes(place)
        for name, one in known["generators"].items():
            if one is not None and name in held:
                set_generator(held[name], one)
        for name, number in known["counters"].items():
            setattr(place, name, number)


def _counters(held: dict[str, Any]) -> list[str]:
    return [name for name in COUNTERS if type(held.get(name)) is int]


def generators_of(loader: object) -> list[torch.Generator]:
    """Torch's generators that the loader, its samplers and its data set hold, each once."""
    found = [held for place in _places(loader) for held in _attributes(place).values()]
    return list({id(held): held for held in found if isinstance(held, torch.Generator)}.values())


def loader_notes(loader: object) -> tuple[str, ...]:
    """A sentence for each thing that can't be put back. Takes nothing from the loader."""
    # Not `iter(loader) is loader`: that would start workers, or begin a loader's pass.
    if not hasattr(type(loader), "__next__"):
        return ()
    return ("The loader is an iterator that can be read only once: the batches taken from it cannot be put back.",)


@contextmanager
def own_workers(loader: object) -> Iterator[None]:
    """Inside, loaders whose workers stay alive start new ones; then these end, and theirs are as they were.

    So neither the random state of those workers nor what they have fetched ahead is touched.
    """
    aside = [(place, place._iterator) for place in _places(loader) if _keeps_workers(place)]
    try:
        for place, _ in aside:
            place._iterator = None
        yield
    finally:
        for place, before in aside:
            ours, place._iterator = place._iterator, before
            if ours is not None and ours is not before:
                ours._shutdown_workers()


def _keeps_workers(place: Any) -> bool:
    return isinstance(place, DataLoader) and place.persistent_workers and place.num_workers > 0


def _places(loader: object) -> Iterator[Any]:
    """The loader and the objects behind it, each once."""
    waiting, seen = [loader], set()
    while waiting:
        place = waiting.pop()
        if place is None or id(place) in seen:
            continue
        seen.add(id(place))
        yield place
        held = _attributes(place)
        for name in FOLLOWED:
            found = held.get(name)
            waiting += found if isinstance(found, list | tuple) and name == "datasets" else [found]


def _attributes(place: object) -> dict[str, Any]:
    """An object's own attributes, and a `generator` that is a property. Nothing else is called."""
    held = dict(getattr(place, "__dict__", {}))
    if "generator" not in held:
        try:
            held["generator"] = getattr(place, "generator", None)
        except Exception:  # a property of somebody else's class
            held["generator"] = None
    return held


def seed_all(seed: int, loader: object = None) -> None:
    """Seed the generators of Python, numpy and torch, and those that the loader holds itself."""
    if not isinstance(seed, (int, np.integer)):
        raise ValueError(f"The seed must be an integer, not {seed!r}.")
    seed = int(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    for generator in generators_of(loader):
        generator.manual_seed(seed)
    for sampler in (getattr(loader, "sampler", None), getattr(loader, "batch_sampler", None)):
        if callable(getattr(sampler, "set_epoch", None)):  # DistributedSampler shuffles by a seed and epoch of its own
            sampler.set_epoch(seed % 2**31)  # type: ignore[union-attr]
