"""The numbers and the printed lines of torch-lr-finder's range test: its rates, its smoothing, and when it stops."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable, Sequence

from lrgui.core.events import EndEvent, EndReason
from lrgui.core.formats import exact_number
from lrgui.core.learning_rate import format_lr


def checked_mode(step_mode: str, num_iter: int, smooth_f: float, accumulation_steps: int) -> str:
    """`step_mode` in small letters. Raises ValueError for settings that no test can have."""
    if step_mode.lower() not in ("exp", "linear"):
        raise ValueError(f"expected one of (exp, linear), got {step_mode}")
    if num_iter <= 1:
        raise ValueError(f"`num_iter` must be larger than 1, not {num_iter}")
    if not 0 <= smooth_f < 1:
        raise ValueError("smooth_f is outside the range [0, 1[")
    if accumulation_steps < 1:
        raise ValueError(f"`accumulation_steps` must be at least 1, not {accumulation_steps}")
    return step_mode.lower()


def rates_at(mode: str, starts: list[float], end: float, fraction: float) -> list[float]:
    """Each group's rate after this fraction of the way; past 1 it goes on."""
    if mode == "exp":
        return [start * (end / start) ** fraction for start in starts]
    return [start + fraction * (end - start) for start in starts]


def smoothed(loss: float, before: Sequence[float], weight: float) -> float:
    """The loss as the history keeps it: `weight` of the new one, the rest of the last one kept."""
    return weight * loss + (1 - weight) * before[-1] if before and weight > 0 else loss


def stopped(rate: float, loss: float, best: float | None, start: float, factor: float) -> EndEvent | None:
    """The end of a test whose smoothed loss at `rate` is `loss`; None where it goes on.

    `best` is the lowest loss so far (None before the first that is a number), `start` the first.
    """
    if best is None or math.isnan(loss):
        print("Stopping early, the loss is not a number")
        return EndEvent(EndReason.NOT_FINITE, f"The loss became NaN at {format_lr(rate)}.")
    if math.isinf(loss):
        end = EndEvent(EndReason.NOT_FINITE, f"The loss became infinite at {format_lr(rate)}.")
    elif _diverged(loss, best, start, factor):
        end = EndEvent(
            EndReason.DIVERGED, f"The loss rose above {exact_number(factor)} × its best at {format_lr(rate)}."
        )
    else:
        return None
    print("Stopping early, the loss has diverged")
    return end


def _diverged(loss: float, best: float, start: float, factor: float) -> bool:
    """True where the loss is above `factor` times its best.

    A multiple of what is not above 0 means nothing: there the rise is compared with the fall, or the start.
    """
    if best > 0:
        return loss > factor * best
    return loss - best > (factor - 1) * max(start - best, abs(start))


def data_ended(step: int, planned: int) -> EndEvent:
    """The end of a test whose loader has no more batches. Raises ValueError where it never had one."""
    if step == 0:
        raise ValueError("The training loader yielded no batches: use more examples or a smaller batch size.")
    print("Stopping early, the data has ended")
    return EndEvent(
        EndReason.DATA_ENDED, f"The data ended after {step} of {planned} steps, and its loader cannot be restarted."
    )


def with_bar(steps: int) -> Iterable[int]:
    """The steps, with a bar where tqdm is installed."""
    try:
        bar: Iterable[int] = importlib.import_module("tqdm.auto").tqdm(range(steps))
    except ImportError:
        return range(steps)
    return bar
