"""Batches from whatever a person's function returned: a loader, a data set, a list, a generator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, SequentialSampler, Subset

from lrgui.core.engine.batches import length
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.calling import Calls, Part, described

_KNOWN = ("a DataLoader", "a Dataset", "a list of batches", "a generator of batches")


class Repeated:
    """A generator that begins anew for every pass: the person's function is called again."""

    def __init__(self, first: Iterator[Any], again: Callable[[], Any]) -> None:
        self._first: Iterator[Any] | None = first
        self._again = again

    def __iter__(self) -> Iterator[Any]:
        first, self._first = self._first, None
        batches: Iterator[Any] = self._again() if first is None else first
        return batches


@dataclass(frozen=True)
class Batches:
    """Batches, and what is to be told of them."""

    loader: Iterable[Any]
    examples: int
    """0 where that is not known."""
    size: int | None
    """Examples in a batch, None where the loader does not say."""
    notes: tuple[str, ...] = ()


def batches(spec: TaskSpec, part: Part, calls: Calls, device: torch.device, *, training: bool) -> Batches:
    """The batches of a `train_loader` or `val_loader`. Raises TaskError for what is none."""
    if (isinstance(part.thing, Iterable) and not isinstance(part.thing, type)) or _is_data_set(part.thing):
        made = part.thing
    elif not callable(part.thing):
        raise part.error(f"{{}} is {described(part.thing)}: it must be a function (batch_size), or {_listed()}.")
    else:
        made = calls.made(part)
    if made is None:
        raise part.error("{} returned None: did you forget return?")
    _refuse(made, part)
    if isinstance(made, Iterator) and callable(part.thing) and not isinstance(part.thing, Iterator):
        made = Repeated(made, lambda: calls.made(part))
    found = loaded(spec, made, device, training=training)
    if length(found.loader) == 0:
        raise part.error(_empty(found))
    asked = {field for role, field in calls.taken if role == part.role}
    return Batches(found.loader, found.examples, found.size, (*found.notes, *_unused(spec, part, found, asked, made)))


def loaded(spec: TaskSpec, made: Any, device: torch.device, *, training: bool) -> Batches:
    """A loader of `made`: data sets are put into one, as the spec says; of training data a subset where asked."""
    notes: tuple[str, ...] = ()
    if _is_data_set(made):
        if training:
            made, notes = _cut(spec, made)
        made = _wrapped(spec, made, device, training)
    elif training and spec.subset is not None:
        made, notes = _cut_loader(spec, made)
    return Batches(made, _examples(made), getattr(made, "batch_size", None), notes)


def batches_words(found: Batches, kind: str) -> str:
    """For people: "1,000 training batches of 32"."""
    of = f" of {found.size:,}" if isinstance(found.size, int) else ""
    count = length(found.loader)
    if count is None:
        return f"{kind} batches{of}"
    return f"{count:,} {kind} batch{'' if count == 1 else 'es'}{of}"


def _is_data_set(made: Any) -> bool:
    """True for what gives single examples: torch's data sets and those of Hugging Face's `datasets`."""
    return isinstance(made, Dataset) or type(made).__module__.split(".")[0] == "datasets"


def _refuse(made: Any, part: Part) -> None:
    """Raise TaskError for what gives no batches."""
    if isinstance(made, tuple) and any(isinstance(one, DataLoader) or _is_data_set(one) for one in made):
        raise part.error(
            f"{{}} returned {len(made)} things: return the training batches alone; val_loader(batch_size) returns "
            "those for validation."
        )
    if isinstance(made, tuple) and len(made) == 2 and are_inputs_and_targets(*made):
        raise part.error(
            "{} returned two arrays and no batches: return TensorDataset(x, y), made of tensors, which is then batched."
        )
    if isinstance(made, type):
        raise part.error(f"{{}} returned the class {made.__name__}: return {made.__name__}(…).")
    wrong = isinstance(made, str | bytes | Mapping | torch.Tensor) or not (
        isinstance(made, Iterable) or _is_data_set(made) or hasattr(made, "__getitem__")
    )
    if wrong:
        raise part.error(f"{{}} returned {described(made)}: it must return {_listed()}.")


def are_inputs_and_targets(one: Any, other: Any) -> bool:
    """True for two arrays of as many entries, each of its own kind: two batches of one kind would be alike."""
    first, second = (tuple(getattr(thing, "shape", ())) for thing in (one, other))
    return bool(first and second) and first[0] == second[0] and first != second


def _empty(found: Batches) -> str:
    if found.examples and found.size and found.examples < found.size:
        return (
            f"{{}} has no batch: its {found.examples:,} examples are fewer than a batch of {found.size:,}, and the "
            "last, short one is dropped. Use a smaller batch size, or drop_last=False."
        )
    return "{} has no batches: check that its data was found."


def _wrapped(spec: TaskSpec, data: Any, device: torch.device, training: bool) -> DataLoader[Any]:
    endless = isinstance(data, IterableDataset)
    shuffle = training and not endless
    size = spec.batch_size
    if not endless and isinstance(data, Sized):
        size = max(1, min(size, len(data)))
    pinned = spec.pin_memory if spec.pin_memory is not None else device.type == "cuda"
    return DataLoader(
        data,
        batch_size=size,
        shuffle=shuffle,
        drop_last=shuffle,
        generator=torch.Generator().manual_seed(spec.seed) if training else None,
        num_workers=spec.loader_workers if training else 0,
        pin_memory=pinned and device.type == "cuda",
        multiprocessing_context="spawn" if training and spec.loader_workers else None,
        persistent_workers=training and spec.loader_workers > 0,
    )


def _cut(spec: TaskSpec, data: Any) -> tuple[Any, tuple[str, ...]]:
    """So many examples as the spec wants, drawn by its seed: many a data set is sorted by class."""
    if spec.subset is None:
        return data, ()
    if isinstance(data, IterableDataset) or not hasattr(data, "__len__"):
        return data, ("The subset setting is not used: the training data has no length.",)
    count: int = len(data)
    if spec.subset >= count:
        return data, ()
    order = torch.randperm(count, generator=torch.Generator().manual_seed(spec.seed))
    return Subset(data, order[: spec.subset].tolist()), ()


def _cut_loader(spec: TaskSpec, made: Any) -> tuple[Any, tuple[str, ...]]:
    """A loader like `made` over a part of its data, where it is one of torch's usual kind."""
    refused = (
        "The subset setting is not used: it needs a Dataset or a plain DataLoader; "
        "or give train_loader() an argument “subset”, which receives the number."
    )
    plain = type(made) is DataLoader and type(made.sampler) in (RandomSampler, SequentialSampler)
    if not plain or made.batch_size is None or getattr(made.sampler, "replacement", False):
        return made, (refused,)
    data, notes = _cut(spec, made.dataset)
    if data is made.dataset:
        return made, notes
    more: dict[str, Any] = {}
    if made.num_workers:
        more = {
            "prefetch_factor": made.prefetch_factor,
            "persistent_workers": made.persistent_workers,
            "multiprocessing_context": made.multiprocessing_context,
        }
    shuffled = type(made.sampler) is RandomSampler
    return (
        DataLoader(
            data,
            batch_size=min(made.batch_size, len(data)),
            shuffle=shuffled,
            num_workers=made.num_workers,
            collate_fn=made.collate_fn,
            pin_memory=made.pin_memory,
            drop_last=made.drop_last,
            timeout=made.timeout,
            worker_init_fn=made.worker_init_fn,
            generator=made.generator,
            **more,
        ),
        notes,
    )


def _examples(loader: Any) -> int:
    data = getattr(loader, "dataset", None)
    if data is None or isinstance(data, IterableDataset) or not isinstance(data, Sized):
        return 0
    return len(data)


def _unused(spec: TaskSpec, part: Part, found: Batches, asked: set[str], made: Any) -> Iterator[str]:
    """Sentences about fields of the form that this loader passes over."""
    if part.role != "train_loader" or _is_data_set(made):
        return
    if "batch_size" not in asked and found.size not in (None, spec.batch_size):
        yield (
            f"The batch size setting is not used: {part.words} makes batches of {found.size:,}. "
            "Give it an argument “batch_size”."
        )
    workers = getattr(found.loader, "num_workers", None)
    if "loader_workers" not in asked and spec.loader_workers and workers != spec.loader_workers:
        yield (
            f"The DataLoader workers setting is not used: {part.words} makes its own loader. "
            "Give it an argument “num_workers”, or return the data set."
        )


def _listed() -> str:
    return f"{', '.join(_KNOWN[:-1])} or {_KNOWN[-1]}"
