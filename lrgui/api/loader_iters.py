"""The loader iterators of torch-lr-finder's interface: how a batch becomes a pair of inputs and labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch.utils.data import DataLoader

from lrgui.core.engine.batches import length


class DataLoaderIter:
    """Walks through `data_loader` (any iterable of batches) and gives pairs of inputs and labels."""

    def __init__(self, data_loader: Any) -> None:
        self.data_loader = data_loader
        # Begun here and not at the first batch: so random numbers are drawn in the order old notebooks know.
        self._iterator: Iterator[Any] = iter(data_loader)

    @property
    def dataset(self) -> Any:
        """The loader's data set."""
        return self.data_loader.dataset

    def inputs_labels_from_batch(self, batch_data: Any) -> tuple[Any, Any]:
        """What goes into the model and what the criterion compares with; override it for batches of another form.

        Lists and tuples give their first two items. Raises ValueError for anything else.
        """
        if not isinstance(batch_data, list | tuple):
            raise ValueError(
                f"A batch of type {type(batch_data).__name__} cannot be split into inputs and labels: subclass "
                "TrainDataLoaderIter "
                "or ValDataLoaderIter, override inputs_labels_from_batch so that it returns (inputs, labels), and pass "
                "an instance instead of the loader."
            )
        inputs, labels, *_ = batch_data
        return inputs, labels

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return self

    def __next__(self) -> tuple[Any, Any]:
        return self.inputs_labels_from_batch(next(self._iterator))


class TrainDataLoaderIter(DataLoaderIter):
    """Begins again when the loader has ended, unless `auto_reset` is false (or it is a one-shot iterator)."""

    def __init__(self, data_loader: Any, auto_reset: bool = True) -> None:
        super().__init__(data_loader)
        self.auto_reset = auto_reset

    def __next__(self) -> tuple[Any, Any]:
        try:
            batch = next(self._iterator)
        except StopIteration:
            if not self.auto_reset:
                raise
            self._iterator = iter(self.data_loader)
            batch = next(self._iterator)
        return self.inputs_labels_from_batch(batch)


class ValDataLoaderIter(DataLoaderIter):
    """One pass over the loader; the next begins with `iter()` (a `for` does that), never by itself."""

    def __init__(self, data_loader: Any) -> None:
        super().__init__(data_loader)
        self.run_limit = length(data_loader)
        """Batches of a pass, None where the loader can't say."""
        self.run_counter = 0
        """Batches asked for in this pass."""
        self._ended = False

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        if self._ended or (self.run_limit is not None and self.run_counter >= self.run_limit):
            self._iterator = iter(self.data_loader)
            self.run_counter = 0
            self._ended = False
        return self

    def __next__(self) -> tuple[Any, Any]:
        self.run_counter += 1
        try:
            return super().__next__()
        except StopIteration:
            self._ended = True
            raise


def train_iter_of(loader: Any) -> TrainDataLoaderIter:
    """`loader` as an iterator for training. Raises ValueError for another type."""
    if isinstance(loader, DataLoader):
        return TrainDataLoaderIter(loader)
    if isinstance(loader, TrainDataLoaderIter):
        return loader
    raise ValueError(
        f"`train_loader` has unsupported type: {type(loader)}. Pass a `torch.utils.data.DataLoader`, or wrap any other "
        "iterable of batches: TrainDataLoaderIter(loader)."
    )


def val_iter_of(loader: Any) -> ValDataLoaderIter | None:
    """`loader`, where there is one, as an iterator for validation. Raises ValueError for another type."""
    if loader is None or isinstance(loader, ValDataLoaderIter):
        return loader
    if isinstance(loader, DataLoader):
        return ValDataLoaderIter(loader)
    raise ValueError(
        f"`val_loader` has unsupported type: {type(loader)}. Pass a `torch.utils.data.DataLoader`, or wrap any other "
        "iterable of batches: ValDataLoaderIter(loader)."
    )
