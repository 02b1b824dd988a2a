"""The scheduler of a training: torch's own, on the optimizer's rates as they are."""

from __future__ import annotations

import torch

from lrgui.core.engine.modes import has_modes
from lrgui.core.engine.param_groups import free_rates, inside, ratios
from lrgui.core.run_settings import TrainSettings


def one_cycle_scheduler(
    optimizer: torch.optim.Optimizer, config: TrainSettings, total_steps: int
) -> torch.optim.lr_scheduler.OneCycleLR:
    """torch's OneCycleLR as configured, on the rates as they are now: parameter groups keep their ratio.

    Schedule-free optimizers keep their first beta: they read the weights off it.
    """
    inner = inside(optimizer) or optimizer
    pct_start = config.pct_start
    if pct_start * total_steps == 1.0:  # a warm-up of no step at all: torch divides by its length
        pct_start *= 1 - 1e-12
    free_rates(optimizer.param_groups)
    return torch.optim.lr_scheduler.OneCycleLR(
        inner,
        max_lr=[config.max_lr * ratio for ratio in ratios(optimizer.param_groups)],
        total_steps=total_steps,
        pct_start=pct_start,
        anneal_strategy="cos",
        div_factor=config.div_factor,
        final_div_factor=config.final_div_factor,
        cycle_momentum=_has_momentum(inner) and not has_modes(optimizer),
    )


def _has_momentum(optimizer: torch.optim.Optimizer) -> bool:
    """True where a momentum (or first beta) is in use in all groups, under the name by which torch would cycle it.

    torch sets it even where it is 0, which would silently turn plain SGD into SGD with momentum, and raises for
    optimizers that have none among their defaults.
    """
    if "betas" in optimizer.defaults:
        found = [(group.get("betas") or (0,))[0] for group in optimizer.param_groups]
    else:
        found = [group.get("momentum") for group in optimizer.param_groups if "momentum" in optimizer.defaults]
    return bool(found) and all(one is not None and one > 0 for one in found)
