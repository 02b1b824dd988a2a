from __future__ import annotations

import pytest

from lrgui.core.lower_rate import lower_rate


@pytest.mark.parametrize(
    ("factor", "recommended", "rate", "words"),
    [
        (1.0, None, 1.0, "Lower max LR to 1, a tenth, and train again."),
        (1.0, 0.04, 0.04, "Lower max LR to 4e-2, which the sweep recommends, and train again."),
        (1.0, 20.0, 1.0, "Lower max LR to 1, a tenth, and train again."),
        (0.1, None, 0.1, "Lower max LR to 1e-1, a tenth of 1, and train again."),
        (1000.0, 0.04, 10.0, "The learning rate was ×1,000 the planned one, by hand: train again with the planned"),
    ],
)
def test_one_rate_is_advised(factor: float, recommended: float | None, rate: float, words: str) -> None:
    found = lower_rate(10.0, factor, recommended)
    assert found.max_lr == pytest.approx(rate)
    assert found.words.startswith(words)
