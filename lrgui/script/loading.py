"""How much data a script trains on, seen from its DataLoaders: how confident a pick can be depends on it."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from lrgui.core.engine.batches import length


class DataSeen(NamedTuple):
    """Of the data that steps are made of; 0 is what nobody knows."""

    examples: int = 0
    epoch_steps: int = 0
    """Optimizer steps of a pass."""


class LoadersSeen:
    """Notes which DataLoader gave the last batch, and how many it has given in this pass."""

    def __init__(self) -> None:
        self._last: weakref.ref[Any] | None = None
        self._given = 0
        self._over = False

    def wrapped(self, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """`__next__` of a loader's iterator, which is noted."""

        @functools.wraps(original)
        def given(iterator: Any) -> Any:
            try:
                batch = original(iterator)
            except StopIteration:
                self._over = True  # with workers that stay, the same iterator begins the next pass
                raise
            if self._over or self._last is None or self._last() is not iterator:
                self._last, self._given, self._over = weakref.ref(iterator), 0, False
            self._given += 1
            return batch

        return given

    def at_first_step(self, processes: int, passes: int = 0) -> DataSeen:
        """What the first optimizer step tells of the data, each of so many `processes` having its part of it, after so
        many backward `passes` (0: not known)."""
        iterator = None if self._last is None else self._last()
        if iterator is None:
            return DataSeen()
        with suppress(Exception):  # loaders of other packages may have anything
            batches = length(iterator)  # of an IterableDataset nobody knows
            if not batches:
                return DataSeen()
            ahead = passes > 0 and self._given == passes + 1  # accelerate takes the next batch before it gives one
            steps = max(1, batches // (self._given - ahead))
            if not iterator._auto_collation:  # the data set itself gives batches
                return DataSeen(0, steps)
            drawn = length(getattr(iterator._index_sampler, "sampler", None))
            known = [n for n in (length(iterator._dataset), drawn and drawn * processes) if n]
            return DataSeen(min(known, default=0), steps)
        return DataSeen()
