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
    skipped = taken_back([one for one in changes if one.step < begun])
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


def taken_back(changes: Sequence[RateEvent], begun: int = 0) -> int:
    """How many of a training's steps were taken back since the step `begun`: they were told, and were made again."""
    found = [(one.step, one.step - one.back_to) for one in changes if one.back_to is not None]
    before = [steps for step, steps in found if step < begun]
    return (found[-1][1] if found else 0) - (before[-1] if before else 0)
