"""From a task's settings to its optimizer."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from typing import Any

import torch
from torch import nn

from lrgui.core.optimizers import EXCLUDED, OPTIMIZERS, OptimizerRow
from lrgui.errors.missing_modules import DISTRIBUTIONS
from lrgui.tasks.spec import TaskSpec

#: The rate that an optimizer is made with; every run sets its own.
FIRST_LR = 1e-3

#: What makes the optimizers that torch itself has no class for (see there for what they take), by key.
MADE_HERE = {
    "muon": "lrgui.tasks.optimizers.muon.muon_with_adamw",
    "timm": "lrgui.tasks.optimizers.other_optimizers.from_timm",
    "pytorch_optimizer": "lrgui.tasks.optimizers.other_optimizers.from_pytorch_optimizer",
}


def make_optimizer(spec: TaskSpec, model: nn.Module) -> torch.optim.Optimizer:
    """The optimizer that `spec` names, over the model's trainable parameters.

    Raises ValueError, with a sentence, where this Python has no such optimizer, where it does not suit the model,
    and for a model without trainable parameters.
    """
    row = OPTIMIZERS[spec.optimizer]
    _must_be_here(row)
    settings = {"momentum": spec.momentum, "weight_decay": spec.weight_decay}
    arguments = row.arguments(settings, spec.optimizer_options)
    trainable = [p for p in model.parameters() if p.requires_grad]
    if not trainable:
        raise ValueError("The model has no trainable parameters: set requires_grad to True for those to train.")
    return _maker(row)(model if row.takes_model else trainable, lr=FIRST_LR, **arguments)  # type: ignore[no-any-return]


def optimizer_called(name: str, model: nn.Module, lr: float) -> torch.optim.Optimizer:
    """The optimizer that people call `name` ("adam", "SGD"), over the trainable parameters, with its usual settings.

    Raises ValueError, with a sentence, for a name that is not known, or that cannot be swept.
    """
    key = re.sub(r"[^a-z0-9]", "", name.rsplit(".", 1)[-1].lower())
    row = OPTIMIZERS.get(key)
    if row is None or row.needs:
        if key in EXCLUDED:
            raise ValueError(f"{name} cannot be swept. {EXCLUDED[key]}")
        there = [key for key, one in OPTIMIZERS.items() if not one.needs]
        raise ValueError(
            f"Unknown optimizer “{name}”. Choose one of: {', '.join(there)}; or pass a class, such as torch.optim.Adam."
        )
    _must_be_here(row)
    arguments = row.own_arguments()
    if row.takes_model:
        return _maker(row)(model, lr=lr, weight_decay=0.0, **arguments)  # type: ignore[no-any-return]
    trainable = [p for p in model.parameters() if p.requires_grad]
    return _maker(row)(trainable, lr=lr, **arguments)  # type: ignore[no-any-return]


def _maker(row: OptimizerRow) -> Any:
    """What makes a row's optimizer: takes the parameters (or the model), `lr` and the row's arguments."""
    return named(row.dotted or MADE_HERE[row.key])


def named(dotted: str) -> Any:
    """What a dotted name in a row stands for."""
    module, name = dotted.rsplit(".", 1)
    return getattr(importlib.import_module(module), name)


def must_have(label: str, modules: tuple[str, ...]) -> None:
    """Raise ValueError, with the command that helps, where a row's modules are not all installed."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise ValueError(
            f"{label} needs {' and '.join(missing)}: install with “{sys.executable} -m pip install "
            f"{' '.join(DISTRIBUTIONS.get(name, name) for name in missing)}”, or choose another Python."
        )


def _must_be_here(row: OptimizerRow) -> None:
    must_have(row.label, row.needs)
    if row.since and not hasattr(torch.optim, row.label):
        raise ValueError(
            f"PyTorch {torch.__version__} in {sys.executable} has no {row.label}: it came with {row.since}. "
            f"Update it with “{sys.executable} -m pip install --upgrade torch torchvision”, or choose AdamW."
        )
