"""Sweeps with a skorch net."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from lrgui.core.engine.batches import length
from lrgui.core.engine.scheduler_rates import Slot, rescale
from lrgui.core.learning_rate import format_lr
from lrgui.core.optimizers import optimizer_name
from lrgui.integrations.keeping import Kept
from lrgui.integrations.packages import package, refuse
from lrgui.integrations.rates import highest_followed, planned_by

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
        net: your NeuralNetClassifier, NeuralNetRegressor or NeuralNet.
        X: as for `net.fit`.
        y: as for `net.fit`.
        fit_params: as for `net.fit`.
        settings: settings of `lrgui.find_lr`, except those that the net decides. `planned_schedule` and
            `planned_steps` are the net's unless they are given: without an `LRScheduler` a constant rate.

    Raises:
        ValueError: the net has several optimizers, or a training step of its own.
    """
    from lrgui.api.find import find_lr as find

    refuse(settings, _TAKEN, "net")
    for name in ("train_step", "train_step_single"):
        if getattr(type(net), name) is not getattr(_SKORCH.NeuralNet, name):
            raise ValueError(
                f"{type(net).__name__} has its own {name}, which also makes the step: use lrgui.find_lr "
                "with a training_step that returns its loss."
            )
    given = dict(fit_params or {})
    kept = Kept(net, within=("skorch",))
    with kept, kept:
        if not net.initialized_:
            net.initialize()
        if len(net._optimizers) != 1:
            raise ValueError(
                f"The net has {len(net._optimizers)} optimizers, but a sweep has one rate: use lrgui.find_lr with "
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

        net._set_training(True)  # as the net does before every step
        optimizer = getattr(net, f"{net._optimizers[0]}_")
        batches = net.get_iterator(train, training=True)
        planned = _planned(net, optimizer, (length(batches) or 0) * net.max_epochs)
        return find(
            whole,
            batches,
            optimizer=optimizer,
            training_step=step,
            clip_grad_norm=_clipping(net),
            **{"title": f"{type(parts['module']).__name__} · {optimizer_name(optimizer)}", **planned, **settings},
        )


def _planned(net: Any, optimizer: Any, steps: int) -> dict[str, Any]:
    """The training that the net's callbacks and its number of epochs make."""
    # Schedulers leave a mark at the optimizer that they are made for.
    groups = [{"params": [torch.zeros(1)], "lr": float(group["lr"])} for group in optimizer.param_groups]
    name, stand_in = f"{net._optimizers[0]}_", torch.optim.SGD(groups, lr=1.0, momentum=0.9)
    history = net.history
    setattr(net, name, stand_in)
    net.history_ = type(history)()  # of a net that goes on a schedule would go on, too
    try:
        return planned_by(stand_in, _made_schedules(net), steps)
    except Exception:  # what is wrong with a scheduler, `fit` will say
        return {}
    finally:
        setattr(net, name, optimizer)
        net.history_ = history


def _clipping(net: Any) -> float | None:
    """The norm that the net's callback clips gradients to, None without one."""
    for _, callback in net.callbacks_:
        if isinstance(callback, _CALLBACKS.GradientNormClipping) and callback.gradient_clip_value is not None:
            if callback.gradient_clip_norm_type != 2:
                raise ValueError("GradientNormClipping is supported only with gradient_clip_norm_type=2.")
            return float(callback.gradient_clip_value)
    return None


_RATES = ("max_lr", "base_lr", "min_lr", "eta_min", "swa_lr")
"""What schedulers call their own rates."""


def apply_lr(net: Any, result: Result, lr: float | None = None) -> None:
    """Let `net.fit` train at the recommended rate of a sweep, or at `lr`: so high does its schedule go.

    Multiplies what skorch makes the rates from, by one number: `lr`, `optimizer__lr`, those in
    `optimizer__param_groups`, and those that an `LRScheduler` callback is given; where the net is initialized, also
    its optimizer's, with which `partial_fit` goes on. Raises ValueError, with the way out, where there is no reliable
    rate and none is given, and where the rates do not follow these settings; nothing is changed then.
    """
    rate = result.required_lr() if lr is None else lr
    top = _highest(net, result.swept)
    before = {
        name: getattr(net, name) for name in ("lr", "optimizer__lr", "optimizer__param_groups") if hasattr(net, name)
    }
    if "optimizer__param_groups" in before:  # the caller's own list stays as it is
        net.optimizer__param_groups = [(names, dict(group)) for names, group in net.optimizer__param_groups]
    slots: list[Slot] = [(vars(net), name) for name in ("lr", "optimizer__lr") if name in before]
    slots += [(group, "lr") for _, group in getattr(net, "optimizer__param_groups", ()) if "lr" in group]
    for holder in (vars(net), *(vars(callback) for callback in _schedules(net))):
        for name in holder:
            if name.rpartition("__")[2] in _RATES and (holder is not vars(net) or name.startswith("callbacks__")):
                value = holder[name]
                slots += [(value, i) for i in range(len(value))] if isinstance(value, list) else [(holder, name)]
    held = [(holder, key, holder[key]) for holder, key in slots]
    rescale(slots, rate, top)
    now = _highest(net, result.swept)
    if not math.isclose(now, rate, rel_tol=1e-3):
        for holder, key, value in held:
            holder[key] = value
        for name, value in before.items():
            setattr(net, name, value)
        raise ValueError(
            f"The highest rate of the net's optimizer does not follow its settings: it would be {format_lr(now)} "
            f"instead of {format_lr(rate)}. Set the value it is computed from."
        )
    if net.initialized_:
        result.apply(net.optimizer_, [], rate)


def _highest(net: Any, swept: Sequence[int] | None) -> float:
    """The highest rate of a training, as the net is set."""
    kept = Kept(net, within=("skorch",))
    with kept, kept, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what initializing has to say, `fit` will say
        net.set_params(verbose=0)
        net.initialize()
        optimizer = getattr(net, f"{net._optimizers[0]}_")
        return highest_followed(optimizer, _made_schedules(net), swept)


def _made_schedules(net: Any) -> list[Any]:
    """The schedulers that the callbacks of an initialized net make."""
    return [
        callback._get_scheduler(net, callback.policy_, **callback.kwargs)
        for _, callback in net.callbacks_
        if isinstance(callback, _CALLBACKS.LRScheduler)
    ]


def _schedules(net: Any) -> list[Any]:
    """The callbacks with a schedule that the net was given."""
    given = [callback[1] if isinstance(callback, tuple) else callback for callback in net.callbacks or ()]
    return [callback for callback in given if isinstance(callback, _CALLBACKS.LRScheduler)]
