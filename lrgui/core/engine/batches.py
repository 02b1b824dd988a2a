"""Batches for as long as a run wants them, and their way to the device."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import torch

from lrgui.core.engine.loader_state import own_workers

#: A pass over a loader without a length that gives more is taken for one that never ends.
MOST_BATCHES = 100_000

#: More mappings, or dataclasses, than this in a row are examples; fewer may be the parts of a batch.
MOST_PARTS = 3
#: What is wrong where a loader gives nothing at all.
NO_BATCH = "The training data yields no batches: use more examples or a smaller batch size."


def endless(loader: Iterable[Any], begins: Callable[[], object] = lambda: None) -> Iterator[Any]:
    """Batches from `loader`, begun again whenever it ends.

    Ends only where the loader can't begin again: a one-shot iterator (`iter(loader) is loader`), or one that
    gives nothing the second time. Raises ValueError for a loader that has no batch at all. Workers that stay alive
    (`persistent_workers`) are started for these batches, and those that the loader has wait. `begins` is called before
    each pass.
    """
    one_shot = is_one_shot(loader)
    first = True
    with own_workers(loader):
        while True:
            empty = True
            begins()
            for batch in loader:
                empty = False
                yield batch
            if empty and first and not one_shot:
                raise ValueError(NO_BATCH)
            if empty or one_shot:
                return
            first = False


def one_pass(loader: Iterable[Any], what: str, way_out: str = "") -> Iterator[Any]:
    """The batches of one pass over `loader`; `what` says in the error whose they are ("validation"), `way_out` what
    else would help.

    Raises ValueError, with a sentence, where they do not come to an end.
    """
    most = max(MOST_BATCHES, length(loader) or 0)
    for number, batch in enumerate(loader):
        if number == most:
            raise ValueError(f"The {what} batches never end: give the loader a length, or data that end{way_out}.")
        yield batch


def is_one_shot(loader: object) -> bool:
    """True where `iter(loader) is loader`: found without calling `iter`, which may start a loader's processes."""
    return isinstance(loader, Iterator)


def to_device(batch: Any, device: Any) -> Any:
    """`batch` with its tensors on `device`, wherever they are.

    Tuples (named ones too), lists, mappings and dataclasses keep their type; an object with a `to` method of its
    own (Hugging Face's BatchEncoding, PackedSequence, PyTorch Geometric's batches) is asked to move itself. What
    is none of these stays as it is. Copies from pinned memory do not wait.
    """
    if isinstance(batch, torch.Tensor):
        return batch if batch.device == device else batch.to(device, non_blocking=True)
    if type(batch) in (list, tuple):  # before all else: nearly every batch is one
        moved = [
            item if isinstance(item, torch.Tensor) and item.device == device else to_device(item, device)
            for item in batch
        ]
        return moved if type(batch) is list else tuple(moved)
    if callable(getattr(batch, "to", None)) and not isinstance(batch, type):
        return _asked(batch, device)
    if isinstance(batch, tuple):
        moved = [to_device(item, device) for item in batch]
        return type(batch)(*moved) if hasattr(batch, "_fields") else type(batch)(moved)
    if isinstance(batch, list):
        return type(batch)(to_device(item, device) for item in batch)
    if isinstance(batch, Mapping):
        return _mapping(batch, device)
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        twin = copy.copy(batch)
        for field in dataclasses.fields(batch):
            if hasattr(batch, field.name):
                # Past `__setattr__`, which frozen dataclasses refuse.
                object.__setattr__(twin, field.name, to_device(getattr(batch, field.name), device))
        return twin
    return batch


def length(things: object) -> int | None:
    """How many there are, None where that is not known: a loader of a data set without a length says so by raising."""
    try:
        return len(things)  # type: ignore[arg-type]
    except (TypeError, NotImplementedError):
        return None


def batch_size(batch: Any) -> int:
    """How many examples a batch holds: as many as are listed one by one (graphs, images of different sizes), else the
    length of its first tensor with a dimension, 1 where there is none."""
    if type(batch) in (list, tuple) and batch:  # nearly every batch, and asked for in every step
        first = batch[0]
        if isinstance(first, torch.Tensor) and first.dim() > 0:
            return first.shape[0]
        if listed := _listed(batch):
            return listed
    for tensor in tensors_of(batch):
        if tensor.dim() > 0:
            return len(tensor)
    return 1


def _listed(batch: Sequence[Any]) -> int:
    """How many examples a batch lists one by one; 0 where its items are parts that hold all of them."""
    first, few = batch[0], len(batch) <= MOST_PARTS
    if type(first) in (list, tuple) and first:
        if len({_kind(part) for part in first}) > 1 or not few:
            return len(batch)  # examples of several parts each
        columns = {length(part) for part in batch}  # as `zip(*examples)` makes them
        return len(first) if len(batch) > 1 and len(columns) == 1 else 0
    named = isinstance(first, Mapping) or (isinstance(first, tuple) and hasattr(first, "_fields"))
    if named or (dataclasses.is_dataclass(first) and not isinstance(first, type)):
        lengths = [{len(tensor) if tensor.dim() else 0 for tensor in tensors_of(part)} for part in batch]
        parts = (
            few and not _has_numbers(first) and all(0 not in one for one in lengths) and len(set.union(*lengths)) < 2
        )
        return 0 if parts else len(batch)
    return 0


def _has_numbers(part: Any) -> bool:
    values: Iterable[Any]
    if isinstance(part, Mapping):
        values = part.values()
    elif isinstance(part, tuple):
        values = part
    else:
        values = [getattr(part, field.name, None) for field in dataclasses.fields(part)]
    return any(isinstance(value, int | float) for value in values)


def _kind(item: Any) -> tuple[Any, ...]:
    return (type(item), item.dim(), item.dtype) if isinstance(item, torch.Tensor) else (type(item),)


def tensors_of(batch: Any) -> Iterator[torch.Tensor]:
    """The tensors of a batch in the order in which they stand in it, however deep."""
    if isinstance(batch, torch.Tensor):
        yield batch
    elif isinstance(batch, Mapping):
        for item in batch.values():
            yield from tensors_of(item)
    elif isinstance(batch, tuple | list):
        for item in batch:
            yield from tensors_of(item)
    elif dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        for field in dataclasses.fields(batch):
            yield from tensors_of(getattr(batch, field.name, None))


def _asked(batch: Any, device: Any) -> Any:
    try:
        return batch.to(device, non_blocking=True)
    except TypeError:  # many a `to` takes the device alone
        return batch.to(device)


def _mapping(batch: Mapping[Any, Any], device: Any) -> Any:
    moved = {key: to_device(item, device) for key, item in batch.items()}
    if type(batch) is dict:
        return moved
    if isinstance(batch, MutableMapping):  # keeps what else the type holds (a default factory, an order)
        twin = copy.copy(batch)
        twin.update(moved)
        return twin
    return type(batch)(moved)  # type: ignore[call-arg]
