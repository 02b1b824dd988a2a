"""The optimizers on offer: one row each, so that forms and command lines build themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OptimizerRow:
    """One optimizer: where its class lives (a dotted name: this file needs no torch) and which settings it takes."""

    key: str
    label: str
    dotted: str
    fields: tuple[str, ...]
    """Settings of a task that this optimizer takes, by name."""
    typical_lr: str
    """Where good rates usually lie, in words."""

    def arguments(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Those of `settings` that this optimizer takes."""
        return {name: settings[name] for name in self.fields}


OPTIMIZERS: dict[str, OptimizerRow] = {
    row.key: row
    for row in (
        OptimizerRow("sgd", "SGD", "torch.optim.SGD", ("momentum", "weight_decay"), "1e-2 to 1e-1 with momentum"),
        OptimizerRow("adam", "Adam", "torch.optim.Adam", ("weight_decay",), "near 1e-3"),
        OptimizerRow("adamw", "AdamW", "torch.optim.AdamW", ("weight_decay",), "near 1e-3"),
    )
}
