"""The picture of torch-lr-finder's interface: smoothed losses against learning rates, the steepest fall marked."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np


def plot_history(
    history: Mapping[str, Any],
    skip_start: int,
    skip_end: int,
    log_lr: bool,
    show_lr: float | None,
    ax: Any,
    suggest_lr: bool,
) -> Any:
    """Draw `history["loss"]` against `history["lr"]`: see `LRFinder.plot`."""
    for name, skip in (("skip_start", skip_start), ("skip_end", skip_end)):
        if skip < 0:
            raise ValueError(f"{name} cannot be negative")
    if show_lr is not None and not isinstance(show_lr, float):
        raise ValueError("show_lr must be float")
    count, needed = len(history["lr"]), skip_start + skip_end + 2
    if suggest_lr and count < needed:
        raise RuntimeError(f"Need at least {needed} iterations to suggest a learning rate. Got {count}")
    shown = slice(skip_start, -skip_end or None)
    lrs, losses = history["lr"][shown], history["loss"][shown]
    pyplot = None if ax is not None else _pyplot()
    if pyplot is not None:
        _, ax = pyplot.subplots()
    ax.plot(lrs, losses)
    steepest = None
    if suggest_lr:
        at = _steepest(losses)
        steepest = lrs[at]
        print("LR suggestion: steepest gradient")
        print(f"Suggested LR: {steepest:.2E}")
        ax.scatter(steepest, losses[at], s=75, marker="o", color="red", zorder=3, label="steepest gradient")
        ax.legend()
    if log_lr:
        ax.set_xscale("log")
    ax.set_xlabel("Learning rate")
    ax.set_ylabel("Loss")
    if show_lr is not None:
        ax.axvline(x=show_lr, color="red")
    if pyplot is not None:
        pyplot.show()
    return (ax, steepest) if suggest_lr else ax


def _steepest(losses: Any) -> int:
    """The index of the steepest fall from point to point, passing over what is not finite."""
    with np.errstate(invalid="ignore"):
        gradient = np.gradient(np.asarray(losses, dtype=np.float64))
    return int(np.where(np.isfinite(gradient), gradient, np.inf).argmin())


def _pyplot() -> Any:
    try:
        return importlib.import_module("matplotlib.pyplot")
    except ImportError:
        raise ImportError(
            "plot() draws with matplotlib, which is not installed: pip install matplotlib. (result() needs none.)"
        ) from None
