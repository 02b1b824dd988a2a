"""The optimizers on offer: one row each, so that forms and command lines build themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lrgui.core.options import Option, Scalar, filled


@dataclass(frozen=True)
class OptimizerRow:
    """One optimizer: where its class lives (a dotted name: this file needs no torch) and which settings it takes."""

    key: str
    label: str
    dotted: str
    fields: tuple[str, ...]
    """Settings of every task that this optimizer takes, by name: `momentum`, `weight_decay`."""
    typical_lr: str
    """Where good rates usually lie, in words."""
    options: tuple[Option, ...] = ()
    """Settings that are its own; their names are those of the class' arguments."""

    def arguments(self, settings: Mapping[str, Any], options: Mapping[str, Scalar] | None = None) -> dict[str, Any]:
        """Those of `settings` that this optimizer takes, and its own options: a given one, else the default."""
        return {**{name: settings[name] for name in self.fields}, **filled(self.options, options or {})}


OPTIMIZERS: dict[str, OptimizerRow] = {
    row.key: row
    for row in (
        OptimizerRow("sgd", "SGD", "torch.optim.SGD", ("momentum", "weight_decay"), "1e-2 to 1e-1 with momentum"),
        OptimizerRow("adam", "Adam", "torch.optim.Adam", ("weight_decay",), "near 1e-3"),
        OptimizerRow("adamw", "AdamW", "torch.optim.AdamW", ("weight_decay",), "near 1e-3"),
    )
}
