"""An optimizer's parameter groups: their learning rates (what is called the rate is the largest), what they hold."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from torch.optim import Optimizer


def largest(groups: Sequence[Mapping[str, Any]]) -> float:
    """The largest of the groups' rates."""
    if len(groups) == 1:
        return float(groups[0]["lr"])
    return max(float(group["lr"]) for group in groups)


def ratios(groups: Sequence[Mapping[str, Any]]) -> list[float]:
    """Each group's learning rate relative to the largest; all 1 where they say nothing.

    Where all are 0, as a warm-up begins and some schedules end, those count that the schedule was made with.
    """
    for name in ("lr", "initial_lr"):
        rates = [float(group.get(name, 0.0)) for group in groups]
        top = max(rates)
        if top > 0:
            return [rate / top for rate in rates]
    return [1.0 for _ in groups]


def partly_held_note(model: Any, optimizer: Any) -> str | None:
    """A sentence where the optimizer holds only part of the model's trainable parameters; None where it has all."""
    held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    total, left_out = sum(p.numel() for p in trainable), sum(p.numel() for p in trainable if id(p) not in held)
    if not left_out or left_out == total:
        return None
    return (
        f"The optimizer has {total - left_out:,} of the model's {total:,} trainable parameters; the other {left_out:,} "
        "are not trained in this sweep."
    )


def put_rate(holder: Any, key: Any, lr: float) -> None:
    """Set the rate that is in `holder[key]`, in place where it is a tensor: capturable optimizers hold on to it.

    A tensor that can't hold such a number (an integer, half precision) is replaced by one that can.
    """
    rate = holder[key]
    if not hasattr(rate, "fill_"):
        holder[key] = lr
    elif holds_rates(rate):
        rate.detach().fill_(lr)
    else:
        holder[key] = rate.detach().float().fill_(lr)


def free_rates(groups: Sequence[MutableMapping[str, Any]], others: Sequence[Mapping[str, Any]] = ()) -> None:
    """Let these groups have rates that can hold any number, and that the `others` do not share with them.

    One tensor may be the rate of several groups.
    """
    shared = {group["lr"].data_ptr() for group in others if hasattr(group["lr"], "data_ptr")}
    for group in groups:
        rate = group["lr"]
        if hasattr(rate, "data_ptr") and (rate.data_ptr() in shared or not holds_rates(rate)):
            group["lr"] = rate.detach().clone() if holds_rates(rate) else rate.detach().float()


def holds_rates(rate: Any) -> bool:
    """False for a tensor that can't hold any rate: of an integer or of half precision."""
    return bool(rate.is_floating_point()) and rate.element_size() >= 4


def inside(thing: Any) -> Optimizer | None:
    """The torch optimizer whose parameter groups `thing` shows as its own: itself, or what it is wrapped around.

    None for what can't take an optimizer's place: it must `step` and have `zero_grad` and `param_groups`.
    """
    if isinstance(thing, Optimizer):
        return thing
    groups = getattr(thing, "param_groups", None)
    if not isinstance(groups, list) or not all(callable(getattr(thing, name, None)) for name in ("step", "zero_grad")):
        return None
    held = vars(thing).values() if hasattr(thing, "__dict__") else ()
    return next((one for one in held if isinstance(one, Optimizer) and one.param_groups is groups), None)
