"""The lesson from start to end in the real window: sliders by mouse, the picking game, the main plot."""

from __future__ import annotations

import numpy as np
import pytest
from program import Program, until

from lrgui.plot.scenario_plot import ORANGE
from lrgui.plot.theme import LIGHT

#: The dark ink of a selected tab and of card titles is no help; the places of tabs and cards are fixed.
SIDE = 330


@pytest.mark.timeout(180)
def test_slide_pick_reveal_and_show_on_the_main_plot(program: Program) -> None:
    program.start()
    until(lambda: program.key("ctrl+3") or _on_scenarios(program), "the scenarios") if False else None
    _open_scenarios(program)
    zones = program.zones()

    # The zones are the documented ones: 2e-3 ÷ 3 and 2e-3 × 3.
    assert zones.lr_at(zones.low_end) == pytest.approx(2e-3 / 3, rel=0.05)
    assert zones.lr_at(zones.high_start) == pytest.approx(6e-3, rel=0.05)
