"""What a row of the registry says of a data set or a model. No torch here: forms and command lines read rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lrgui.core.options import Option, Scalar

#: The groups of data sources, in the order in which they are shown.
GROUPS = ("Built-in", "Your code", "Your files", "Data sets")


@dataclass(frozen=True)
class PathRow:
    """The file or folder that a source reads."""

    label: str
    kind: str
    """`file`, `folder`, or `code` (a Python file or a dotted module, with `:function` or without)."""
    tip: str
    suffixes: tuple[str, ...] = ()
    """Endings of its files, with the dot; empty is any."""
    default: str = ""
    """Where a source needs no choice; empty: the person must choose."""


@dataclass(frozen=True)
class ModelRow:
    """One model. `dotted(data, options)` builds it with fresh weights for a `Data`; options are all filled in."""

    key: str
    label: str
    short: str
    """For titles."""
    dotted: str
    options: tuple[Option, ...] = ()
    detail: str = ""
    """A sentence for the tooltip."""
    needs: tuple[str, ...] = ()
    """Modules that must be installed beside torch and numpy."""
    prepare: str = ""
    """As a source's: dotted name of `prepare(spec, control) -> Iterator[StateEvent]`, run before anything is built."""


@dataclass(frozen=True)
class SourceRow:
    """One data source. `dotted(spec)` loads it and returns a `Data`.

    Where there are no models, the source is the person's own code: `dotted(spec, device)` returns a whole `BuiltTask`.
    """

    key: str
    label: str
    short: str
    """For titles."""
    detail: str
    dotted: str
    models: Mapping[str, ModelRow]
    """By key; the first is the default. Empty where the person's code brings its own."""
    train_size: int | None
    """Training examples, None where that is known only once they are loaded."""
    val_size: int | None
    group: str = "Built-in"
    """One of `GROUPS`."""
    options: tuple[Option, ...] = ()
    path: PathRow | None = None
    defaults: Mapping[str, Scalar] = field(default_factory=dict)
    """Fields of the `TaskSpec` that are set when a person chooses this source."""
    prepare: str = ""
    """Dotted name of `prepare(spec, control) -> Iterator[StateEvent]`, run before loading (downloads)."""
    needs: tuple[str, ...] = ()
    """Modules that must be installed beside torch and numpy."""


def by_key(*rows: ModelRow) -> dict[str, ModelRow]:
    """Models by key, in this order."""
    return {row.key: row for row in rows}
