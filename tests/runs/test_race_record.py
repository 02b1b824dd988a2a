from __future__ import annotations

import pytest

from lrgui.core.events import BatchEvent, CandidateEvent, EndEvent, StandingEvent, TaskEvent
from lrgui.core.run_settings import RaceSettings
from lrgui.runs.race_record import RaceRecord

CONFIG = RaceSettings(around=0.1, rates=3, rounds=2, steps=8)


def test_every_training_has_its_own_curve() -> None:
    record = RaceRecord(CONFIG)
    record.add([TaskEvent("t", "", 1, 0, 1, None, "cpu", 1, CONFIG.total_steps())])
    for number, candidate in ((0, 1), (0, 0), (0, 2), (1, 1)):
        steps = CONFIG.budget(number)
        lr = record.standings.lrs[candidate]
        record.add([CandidateEvent(number, candidate, lr, i, steps, number + i / 10, 0.1 * i) for i in range(steps)])
        record.add([StandingEvent(number, candidate, lr, 0.1 * candidate, True, steps)])
    record.add([EndEvent("cancelled", "Stopped.")])
    legs = [(leg.round, leg.candidate, leg.count) for leg in record.legs]
    assert legs == [(0, 1, 4), (0, 0, 4), (0, 2, 4), (1, 1, 8)]
    assert record.losses(record.legs[-1]).tolist() == pytest.approx([1 + i / 10 for i in range(8)])
    assert len(record) == 20 == record.standings.done and record.steps.tolist() == list(range(20))
    latest = record.latest(1)
    assert latest is record.legs[3] and record.latest(0) is record.legs[1]
    assert RaceRecord(CONFIG).latest(0) is None
    assert record.end is not None and record.standings.ranking().lr is not None


def test_what_is_of_no_race_is_passed_over() -> None:
    """A run's file can say anything."""
    record = RaceRecord(CONFIG)
    record.add([BatchEvent(0, 0, 0.1, 1.0, 0.0), CandidateEvent(0, 3, 0.1, 0, 4, 1.0, 0.0)])
    record.add([CandidateEvent(2, 0, 0.1, 0, 4, 1.0, 0.0), StandingEvent(0, 10**9, 0.1, 0.5, True, 4)])
    assert len(record) == 0 == record.standings.done and record.legs == [] and record.standings.judged == 0
