"""The data sets and models on offer: rows with dotted names, so that this file needs no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelRow:
    """One model: a function without arguments at `dotted` builds it with fresh weights."""

    key: str
    label: str
    short: str
    """For titles."""
    dotted: str


@dataclass(frozen=True)
class SourceRow:
    """One data set: a function at `dotted` takes a TaskSpec and returns a `Data`."""

    key: str
    label: str
    short: str
    """For titles."""
    detail: str
    dotted: str
    models: dict[str, ModelRow]
    """By key; the first is the default."""
    train_size: int
    val_size: int


def _models(*rows: ModelRow) -> dict[str, ModelRow]:
    return {row.key: row for row in rows}


SOURCES: dict[str, SourceRow] = {
    row.key: row
    for row in (
        SourceRow(
            key="digits",
            label="Built-in · Digits",
            short="digits",
            detail="1,797 images 8×8 · 10 classes",
            dotted="lrgui.tasks.digits.load",
            models=_models(
                ModelRow("cnn", "Small CNN", "small CNN", "lrgui.tasks.models.small_cnn"),
                ModelRow("simplenet", "SimpleNet", "SimpleNet", "lrgui.tasks.models.simple_net"),
            ),
            train_size=1347,
            val_size=450,
        ),
    )
}
