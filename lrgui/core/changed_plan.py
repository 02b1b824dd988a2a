"""What a schedule's rates become where they are multiplied while the training runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lrgui.core.events import RateEvent

Floats = NDArray[np.float64]


def changed_plan(plan: Floats, changes: Sequence[RateEvent]) -> Floats:
    """The rate of every step of a training, from its planned ones, shape (n,), and the changes in their order.

    Longer than the plan by the steps that were taken back.
    """
    parts, done, at, total = [], 0, 0, 1.0
    for change in changes:
        count = min(max(change.step - done, 0), max(len(plan) - at, 0))
        parts.append(total * plan[at : at + count])
        done, at, total = change.step, at + count, change.total
        if change.back_to is not None:
            at = change.back_to
    parts.append(total * plan[at:])
    return np.concatenate(parts)
