"""What a loader remembers from one pass to the next: what of it can be put back, and what can't."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from lrgui.core.insist import Action
from lrgui.core.random_state import GENERATORS, generator_back

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
        actions += [partial(setattr, place, name, held[name]) for name in COUNTERS if type(held.get(name)) is int]
    return actions


def generators_of(loader: object) -> list[torch.Generator]:
    """Torch's generators that the loader, its samplers and its data set hold, each once."""
    found = [held for place in _places(loader) for held in _attributes(place).values()]
    return list({id(held): held for held in found if isinstance(held, torch.Generator)}.values())


def loader_notes(loader: object) -> tuple[str, ...]:
    """A sentence for each thing that can't be put back. Takes nothing from the loader."""
    notes = []
    # Not `iter(loader) is loader`: that would start workers, or begin a loader's pass.
    if hasattr(type(loader), "__next__"):
        notes.append("The loader is an iterator that runs once: the batches that are taken from it can't be put back.")
    for place in _places(loader):
        if getattr(place, "persistent_workers", False) is True:
            notes.append(
                "The loader's workers stay alive (persistent_workers=True): their own random state and the batches "
                "that they have fetched ahead can't be put back."
            )
            break
    return tuple(notes)


def _places(loader: object) -> Iterator[object]:
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
