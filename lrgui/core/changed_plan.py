"""What a schedule's rates become where they are multiplied while the training runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lrgui.core.events import RateEvent

Floats = NDArray[np.float64]


def changed_plan(plan: Floats, changes: Sequence[RateEvent], begun: int = 0) -> Floats:
    """The rate of every step of a training, from its planned ones, shape (n,), and the changes in their order.

    Longer than the plan by the steps that were taken back. Before the step `begun`, where the schedule began again,
    `plan` has what became of the rates: only later changes count.
    """
    backs = [one.step - one.back_to for one in changes if one.step < begun and one.back_to is not None]
    skipped = backs[-1] if backs else 0  # of what was taken back before: steps of the plan are counted without it
    parts, done, at, total = [plan[:begun]], begun, begun, 1.0
    for change in changes:
        if change.step < begun:
            continue
        count = min(max(change.step - done, 0), max(len(plan) - at, 0))
        parts.append(total * plan[at : at + count])
        done, at, total = change.step, at + count, change.total
        if change.back_to is not None:
            at = change.back_to + skipped
    parts.append(total * plan[at:])
    return np.concatenate(parts)
