"""By what a race is judged: losses, metrics that rise and metrics that fall."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrgui.core.events import StandingEvent, TaskEvent, UntrainedEvent
from lrgui.core.judge import Judge, judge_of, other_judge
from lrgui.core.run_settings import HIGHEST, LOWEST, METRIC, RaceSettings
from lrgui.core.standings import Ranking, Standings

#: Losses and accuracies of three trainings, by place: the middle one is best by loss, the upper one by accuracy.
MEASURED = {2: (0.5, 0.7), 3: (0.2, 0.8), 4: (0.4, 0.9), 5: (0.9, 0.6)}


def ranked(config: RaceSettings, name: str = "accuracy", untrained: float | None = 0.1) -> Ranking:
    """A race of these trainings, as its events tell it."""
    standings = Standings(config)
    standings.add([TaskEvent("", "", 1, 1, 1, None, "cpu", 1, 1, metric_name=name), UntrainedEvent(2.3, untrained)])
    while (place := standings.following(0)) is not None:
        loss, metric = MEASURED[place]
        standings.add([StandingEvent(0, place, standings.lrs[place], loss, True, config.steps, metric)])
    return standings.ranking()


def test_the_loss_decides_unless_a_metric_is_to_and_who_would_choose_otherwise_is_said() -> None:
    by_loss, by_accuracy = ranked(RaceSettings(around=0.01)), ranked(RaceSettings(around=0.01, judge=METRIC))
    assert (by_loss.rows[0].candidate, by_accuracy.rows[0].candidate) == (3, 4)
    assert by_loss.judge == Judge() and by_accuracy.judge == Judge("accuracy", True)
    assert by_loss.rows[0].score == 0.2 and by_accuracy.rows[0].score == -0.9
    assert len(by_loss.rows) == 3 and len(by_accuracy.rows) == 4, "the neighbour of the best is trained, too"
    assert "By accuracy the best training was 2.4e-2 (90.0 %), 1e-2 ended at 80.0 %." in by_loss.reason
    assert "the best training was 2.4e-2 (accuracy 90.0 %)" in by_accuracy.reason
    assert "By loss the best training was 1e-2 (0.200), 2.4e-2 ended at 0.400." in by_accuracy.reason
    assert "below the highest point" in by_accuracy.reason and "below the lowest point" in by_loss.reason
    assert by_accuracy.smooth_figure.max() == pytest.approx(0.9, abs=0.02)
    assert by_accuracy.untrained == -0.1 and by_accuracy.judge.words(-0.1) == "10.0 %"


def test_nobody_would_choose_otherwise_within_the_noise_or_where_the_name_says_nothing() -> None:
    assert "By " not in ranked(RaceSettings(around=0.01), name="agreement").reason
    close = Standings(RaceSettings(around=0.01), "accuracy")
    close.add([UntrainedEvent(2.3, 0.1)])
    for place, (loss, metric) in {3: (0.2, 0.9), 2: (0.5, 0.91), 4: (0.4, 0.6)}.items():
        close.add([StandingEvent(0, place, close.lrs[place], loss, True, 160, metric)])
    assert "By accuracy" not in close.ranking().reason


def test_no_metric_is_better_than_before() -> None:
    ranking = ranked(RaceSettings(around=0.01, judge=METRIC), untrained=0.95)
    assert ranking.lr is None
    assert "worse than the untrained model (accuracy 95.0 %)" in ranking.reason and "at 90.0 %" in ranking.reason


@pytest.mark.parametrize(("judge", "best"), [(LOWEST, 0), (HIGHEST, 2)])
def test_where_the_name_says_nothing_the_setting_does(judge: str, best: int) -> None:
    standings = Standings(RaceSettings(around=0.01, judge=judge, trainings=3), "agreement")
    for place, loss, metric in ((0, 0.5, 1.0), (1, 0.2, 2.0), (2, 0.4, 3.0)):
        standings.add([StandingEvent(0, place, standings.lrs[place], loss, True, 160, metric)])
    assert standings.ranking().rows[0].candidate == best


def test_a_training_that_broke_or_has_no_metric_is_the_last() -> None:
    judge = judge_of(RaceSettings(judge=METRIC), "accuracy")
    assert judge.score(math.inf, 0.9) == math.inf == judge.score(0.1, None) == judge.score(0.1, math.nan)
    assert math.isnan(judge.score(math.nan, 0.9))
    assert judge.figure(math.inf) == math.inf and judge.figure(-0.9) == 0.9
    assert judge_of(RaceSettings(metric="loss: (.*)"), "").score(1.0, 0.3) == 0.3
    assert np.isfinite(Judge().score(1.0, None)) and other_judge(Judge(), "") is None
