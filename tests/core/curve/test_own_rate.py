"""Where an optimizer's own rate lies, and how far a sweep reaches because of it."""

from __future__ import annotations

import numpy as np
import pytest

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.own_rate import OwnRate, following, following_note, where_it_lies
from lrgui.core.curve.recommend import Recommendation
from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.core.curve.zones import Zones
from lrgui.core.run_settings import HIGHEST_SET, SweepSettings

RATES = np.geomspace(1e-6, 1, 200)
CURVE = Curve.measured(RATES, 2.3 - np.exp(-((np.log10(RATES) + 2) ** 2)), 200, end_reason="completed")
PICK = Recommendation(1e-2, 1e-2, "", "high", 1.4)


@pytest.mark.parametrize(("own", "end"), [(20.0, 200.0), (1.0, 10.0), (0.3, 3.0), (0.1, 1.0), (1e-3, 1.0)])
def test_a_range_that_nobody_chose_reaches_ten_times_the_optimizers_own_rate(own: float, end: float) -> None:
    assert following(SweepSettings(), OwnRate(own)).end_lr == pytest.approx(end)


def test_a_range_that_somebody_chose_stays() -> None:
    chosen = SweepSettings().with_given({"end_lr": 1.0})
    assert following(chosen, OwnRate(20.0)) == chosen
    other = SweepSettings(end_lr=0.1)  # from a file, or of a task's defaults
    assert following(other, OwnRate(20.0)) == other
    assert following(SweepSettings(), None) == SweepSettings()


def test_the_start_alone_is_no_choice_of_the_end() -> None:
    started = SweepSettings().with_given({"start_lr": 1e-3, "steps": 50})
    assert following(started, OwnRate(20.0)).end_lr == pytest.approx(200)


def test_the_end_stays_a_rate_that_can_be_drawn() -> None:
    assert following(SweepSettings(), OwnRate(1e30)).end_lr == HIGHEST_SET


def test_what_was_changed_is_said() -> None:
    before = SweepSettings()
    note = following_note(before, following(before, OwnRate(20.0)))
    assert note == "The sweep goes up to 200: ten times the optimizer's own learning rate."
    assert following_note(before, before) is None


@pytest.mark.parametrize(
    ("own", "pick", "words"),
    [
        (OwnRate(1e-3), PICK, "Your optimizer's 1e-3 is 10 times lower than recommended."),
        (OwnRate(5e-2), PICK, "Your optimizer's 5e-2 is 5 times higher than recommended."),
        (
            OwnRate(1e-3, so_far=True),
            PICK,
            "Your optimizer's 1e-3, as far as it has risen by then, is 10 times lower than recommended.",
        ),
        (OwnRate(1.001e-2), PICK, "Your optimizer's 1e-2 is the recommended rate."),
        (
            OwnRate(20.0),
            PICK,
            "Your optimizer's 20 is 2,000 times higher than recommended and lies beyond what the sweep saw (up to 1).",
        ),
        (
            OwnRate(1e-8),
            Recommendation(None, None, ""),
            "Your optimizer's 1e-8 lies below what the sweep saw (from 1e-6).",
        ),
        # Without a reliable pick nothing says which rates are good.
        (OwnRate(1e-3), Recommendation(None, 2e-3, ""), "Your optimizer's 1e-3 lies within the range of the sweep."),
        (OwnRate(2e-2), Recommendation(None, 2e-3, ""), "Your optimizer's 2e-2 lies within the range of the sweep."),
        (OwnRate(0.5), Recommendation(None, 2e-3, ""), "Your optimizer's 5e-1 lies in the divergence zone."),
        (OwnRate(1e-3, False, "AdamW"), PICK, "AdamW's default, 1e-3, is 10 times lower than recommended."),
    ],
)
def test_where_it_lies(own: OwnRate, pick: Recommendation, words: str) -> None:
    assert where_it_lies(own, pick, CURVE, Zones(1e-6, 5e-3, 5e-2, 1.0, True)) == words


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert where_it_lies(None, PICK, CURVE, None) == ""
    assert where_it_lies(OwnRate(1.0), PICK, Curve.measured(RATES[:0], RATES[:0], 200), None) == ""


def test_a_reading_tells_it_in_words_and_in_the_document() -> None:
    reading = read_sweep(CURVE, own=OwnRate(1e-3))
    assert reading.own_words.startswith("Your optimizer's 1e-3 ")
    assert reading.to_dict()["own_lr"] == 1e-3 and reading.to_dict()["own_lr_words"] == reading.own_words
    assert read_sweep(CURVE).to_dict()["own_lr"] is None
