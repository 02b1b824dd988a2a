"""Batches for as long as a run wants them: loaders that cycle, and those that can't."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def endless(loader: Iterable[Any]) -> Iterator[Any]:
    """Batches from `loader`, begun again whenever it ends.

    Ends only where the loader can't begin again: a one-shot iterator (`iter(loader) is loader`). Raises
    ValueError for a loader that has no batch at all.
    """
    one_shot = iter(loader) is loader
    while True:
        empty = True
        for batch in loader:
            empty = False
            yield batch
        if empty:
            if one_shot:
                return
            raise ValueError("The training data has no batch: use more examples or a smaller batch size.")
        if one_shot:
            return


def to_device(batch: Any, device: Any) -> Any:
    """`batch` with its tensors on `device`; tuples (named ones too), lists and dicts keep their type."""
    if hasattr(batch, "to"):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, dict):
        return {key: to_device(item, device) for key, item in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(to_device(item, device) for item in batch))
    if isinstance(batch, tuple | list):
        return type(batch)(to_device(item, device) for item in batch)
    return batch
