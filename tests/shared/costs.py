"""What work costs, whatever the machine: compared with other work there."""

from __future__ import annotations

import time
from collections.abc import Callable

#: So many rounds are made at least, and at most.
ROUNDS, MOST = 7, 60


def costs_less(work: Callable[[], object], times: float, reference: Callable[[], object]) -> bool:
    """Whether `work` takes less than so many times the processor time of `reference`, each at its quickest.

    They are measured in turn. What else the machine does in these moments only adds to either, so a few rounds may all
    be slow ones: more are made as long as the answer is no.
    """
    quickest = [float("inf")] * 2
    for number in range(MOST):
        for which, each in enumerate((work, reference)):
            began = time.process_time()
            each()
            quickest[which] = min(quickest[which], time.process_time() - began)
        if number + 1 >= ROUNDS and quickest[0] < times * quickest[1]:
            return True
    return False
