"""Many events of one kind in a row as arrays: the steps of a long run, without a Python object for each.

A million ordinary lines are parsed here in a quarter of the time that `json.loads` alone needs for them, since their
form is known: with the digits taken out, every line must be the same text. What looks otherwise in any way is left to
`lines.decode`, line by line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lrgui.core.events import BatchEvent, CandidateEvent, Event

#: What numbers are written with; "e" is also a letter of names, see `_Form`.
_NUMBERS = b"0123456789.eE+-"
#: Integers up to here are numbers of floating point, too.
_EXACT = 1 << 53


@dataclass(frozen=True, eq=False)
class EventArrays:
    """Events of one kind, `BatchEvent` or `CandidateEvent`, in the order in which they happened."""

    kind: type
    columns: dict[str, NDArray]  # type: ignore[type-arg]
    """By field, shape (n,): int64 for integers, else float64. Optional fields are there where each event has them."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, part: slice) -> EventArrays:
        return EventArrays(self.kind, {name: column[part] for name, column in self.columns.items()})

    def where(self, wanted: NDArray[np.bool_]) -> EventArrays:
        """Those for which `wanted`, shape (n,), is true."""
        return EventArrays(self.kind, {name: column[wanted] for name, column in self.columns.items()})

    def events(self) -> Iterator[Event]:
        """One by one."""
        names = list(self.columns)
        for values in zip(*(column.tolist() for column in self.columns.values()), strict=True):
            yield self.kind(**dict(zip(names, values, strict=True)))

    def runs_of(self, *names: str) -> Iterator[EventArrays]:
        """Cut where one of these columns changes."""
        changes = np.zeros(len(self) - 1, dtype=bool)
        for name in names:
            changes |= np.diff(self.columns[name]) != 0
        ends = [0, *(np.flatnonzero(changes) + 1).tolist(), len(self)]
        for begin, end in pairwise(ends):
            yield self[begin:end]


class _Form:
    """The one way in which an ordinary line of a kind is written, with these fields."""

    def __init__(self, name: str, kind: type, names: tuple[str, ...]) -> None:
        types = {field.name: str(field.type) for field in fields(kind)}
        self.kind, self.names = kind, names
        self.types = tuple(np.int64 if types[name] == "int" else np.float64 for name in names)
        keys = [f'{{"event":"{name}","{names[0]}":', *(f',"{key}":' for key in names[1:]), "}"]
        self.skeleton = "".join(keys).encode().translate(None, _NUMBERS)
        # One pass takes out every letter that no number has; of the names only some "e" stay, between blanks.
        text = "".join(keys).encode()
        self._letters = bytes(set(text) - set(_NUMBERS) - set(b":,"))
        words = (key.encode().translate(_BLANKS, self._letters) for key in keys)
        self._rests = sorted({word for word in words if word.strip()}, key=len, reverse=True)

    def numbers(self, block: bytes) -> list[float]:
        """All numbers of lines that have this skeleton. ValueError where something is none."""
        text = block.translate(_BLANKS, self._letters)
        for rest in self._rests:
            text = text.replace(rest, b" ")
        return list(map(float, text.split()))


_BLANKS = bytes.maketrans(b":,\n", b"   ")
_BATCH = ("sweep", "step", "lr", "loss", "seconds")
_FORMS = {
    form.skeleton: form
    for form in (
        *(
            _Form("batch", BatchEvent, (*_BATCH, *more))
            for more in ((), ("train_loss",), ("metric",), ("train_loss", "metric"), ("momentum",))
        ),
        _Form("candidate", CandidateEvent, tuple(field.name for field in fields(CandidateEvent))),
    )
}


def parse_lines(block: bytes) -> EventArrays | None:
    """The events of whole lines that all are ordinary ones of one kind; None where they are not.

    `block` ends with a line end. Numbers that are not finite, and integers that no run counts to, are not ordinary.
    """
    first = block[: block.find(b"\n")]
    form = _FORMS.get(first.translate(None, _NUMBERS))
    count = block.count(b"\n")
    if form is None or block.translate(None, _NUMBERS) != (form.skeleton + b"\n") * count:
        return None
    try:
        numbers = np.array(form.numbers(block))
    except ValueError:
        return None
    if len(numbers) != count * len(form.names) or not (np.abs(numbers) < np.inf).all():
        return None
    columns = {}
    for name, kind, column in zip(form.names, form.types, numbers.reshape(count, -1).T, strict=True):
        if kind is np.int64 and not ((column >= 0) & (column < _EXACT) & (column == np.floor(column))).all():
            return None
        columns[name] = column.astype(kind)
    return EventArrays(form.kind, columns)
