"""How far the settings of a run may go, whichever run it is."""

from __future__ import annotations

import math
from typing import Any

from lrgui.core.settings import setting

#: The longest sweep and training that a form or a command line accepts; a typo should not run for a week.
MOST_STEPS = 1_000_000
MOST_EPOCHS = 100_000
#: The longest training that is planned elsewhere.
MOST_PLANNED = 1_000_000_000
MOST_REPEATS = 50
#: Beyond these a rate and its tenfold cannot be drawn; weights cannot follow by far. A run's file can hold them.
LOWEST_LR, HIGHEST_LR = 1e-30, 1e30
#: What a person may set: rates beyond are slips of the keyboard, also where the loss is scaled by millions.
LOWEST_SET, HIGHEST_SET = 1e-15, 1e6
#: The steepest OneCycle, the most patient stop rule and the loosest clipping that make sense.
MOST_DIVISOR, MOST_STOP_FACTOR, MOST_NORM = 1_000_000, 10_000, 1_000_000
#: A larger loss counts as infinite: sums of squares of such numbers are, and pictures of them crash Qt.
MOST_LOSS = 1e150


def counted(loss: float) -> float:
    """A loss as it counts: infinite beyond `MOST_LOSS`; NaN stays."""
    return math.copysign(math.inf, loss) if abs(loss) > MOST_LOSS else loss


def rate_setting(default: float, **words: Any) -> Any:
    """A setting that is a learning rate, as `settings.setting` makes them."""
    return setting(default, kind="rate", minimum=LOWEST_SET, maximum=HIGHEST_SET, unit="learning rate", **words)
