"""The optimizer in what people's functions return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


def first_optimizer(made: Any) -> tuple[torch.optim.Optimizer | None, bool]:
    """The optimizer in what people return, and whether a schedule came with it; Lightning's forms are known."""
    if isinstance(made, torch.optim.Optimizer):
        return made, False
    if isinstance(made, Mapping):
        optimizer = made.get("optimizer")
        schedule = made.get("lr_scheduler", made.get("scheduler")) is not None
        return (optimizer if isinstance(optimizer, torch.optim.Optimizer) else None), schedule
    if isinstance(made, tuple | list):
        read = [first_optimizer(one) for one in made]
        optimizer = next((one for one, _ in read if one is not None), None)
        # (optimizer, schedule) and ([optimizer, …], [schedule, …]): whatever is no optimizer is a schedule.
        rest = any(schedule for _, schedule in read) or any(
            one is None and made[index] not in (None, [], ()) for index, (one, _) in enumerate(read)
        )
        return optimizer, rest
    return None, False
