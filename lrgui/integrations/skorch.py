"""Sweeps with a skorch net."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from lrgui.core.optimizers import optimizer_name
from lrgui.integrations.keeping import Kept
from lrgui.integrations.packages import package, refuse

if TYPE_CHECKING:
    from lrgui.api.result import Result

_SKORCH = package("skorch", pip="skorch")
_CALLBACKS = package("skorch.callbacks", pip="skorch")
_DATASET = package("skorch.dataset", pip="skorch")

_TAKEN = ("optimizer", "loss", "training_step", "device", "accumulation", "clip_grad_norm", "fresh_init")
"""What the net decides; skorch itself knows no mixed precision."""


def find_lr(net: Any, X: Any, y: Any = None, *, fit_params: Mapping[str, Any] | None = None, **settings: Any) -> Result:
    """Sweep the learning rate as `net.fit(X, y)` would train.

    A net that is not initialized is, and put back; one that is goes on from its weights. Swept are the batches
    of the training part that `train_split` leaves. Callbacks do not take part, except the norm that
    `GradientNormClipping` clips to.

    Args:
        net: your NeuralNetClassifier, NeuralNetRegressor or NeuralNet. X, y, fit_params: as for `net.fit`.
        settings: settings of `lrgui.find_lr`, except those that the net decides.

    Raises:
        ValueError: the net has several optimizers, or a training step of its own.
    """
    from lrgui.api.find import find_lr as find

    refuse(settings, _TAKEN, "net")
    for name in ("train_step", "train_step_single"):
        if getattr(type(net), name) is not getattr(_SKORCH.NeuralNet, name):
            raise ValueError(
                f"{type(net).__name__} has a {name} of its own, which also makes the step: use lrgui.find_lr "
                "with a training_step that returns its loss."
            )
    given = dict(fit_params or {})
    with Kept(net, within=("skorch",)):
        if not net.initialized_:
            net.initialize()
        if len(net._optimizers) != 1:
            raise ValueError(
                f"The net has {len(net._optimizers)} optimizers, and a sweep has one rate: use lrgui.find_lr with "
                "a training_step, once for each."
            )
        net.check_data(X, y)
        train, _ = net.get_split_datasets(X, y, **given)
        # Whatever learns or has statistics, the criterion too.
        parts = {name: getattr(net, f"{name}_") for name in net._modules + net._criteria}
        whole = torch.nn.ModuleDict({name: part for name, part in parts.items() if isinstance(part, torch.nn.Module)})

        def step(_: torch.nn.Module, batch: Any) -> torch.Tensor:
            inputs, target = _DATASET.unpack_data(batch)
            loss: torch.Tensor = net.get_loss(net.infer(inputs, **given), target, X=inputs, training=whole.training)
            return loss

        optimizer = getattr(net, f"{net._optimizers[0]}_")
        return find(
            whole,
            net.get_iterator(train, training=True),
            optimizer=optimizer,
            training_step=step,
            clip_grad_norm=_clipping(net),
            **{"title": f"{type(parts['module']).__name__} · {optimizer_name(optimizer)}", **settings},
        )


def _clipping(net: Any) -> float | None:
    """The norm that the net's callback clips gradients to, None without one."""
    for _, callback in net.callbacks_:
        if isinstance(callback, _CALLBACKS.GradientNormClipping) and callback.gradient_clip_value is not None:
            if callback.gradient_clip_norm_type != 2:
                raise ValueError("GradientNormClipping is swept with gradient_clip_norm_type=2 only.")
            return float(callback.gradient_clip_value)
    return None
