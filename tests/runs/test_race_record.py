from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from lrgui.core.events import BatchEvent, CandidateEvent, EndEvent, StandingEvent, TaskEvent, UntrainedEvent
from lrgui.core.run_settings import RaceSettings
from lrgui.runs.opened import open_run
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


def test_a_race_that_was_kept_before_races_bracketed_opens_as_it_was(tmp_path: Path) -> None:
    """Its settings are those of a fixed field, and nobody measured the untrained model."""
    path = tmp_path / "race.lrrun"
    race = {"around": 0.01, "rates": 5, "octaves": 0.5, "steps": 32, "rounds": 2, "pct_start": 0.3}
    lines: list[dict[str, object]] = [{"lrrun": 1, "job": {"kind": "race", "race": race}}]
    lrs = [0.01 * 2 ** (0.5 * (c - 2)) for c in range(5)]
    for number, racing, steps in ((0, (2, 1, 3, 0, 4), 16), (1, (2, 1, 3), 32)):
        for c in racing:
            loss = 1 / (number + 1) + 0.1 * (0.5 * (c - 2.2)) ** 2
            place = {"round": number, "candidate": c, "lr": lrs[c], "steps": steps}
            lines.append({"event": "candidate", **place, "step": 0, "loss": 2.0, "seconds": 0.1})
            lines.append({"event": "standing", **place, "loss": loss, "alive": True, "metric": None})
    lines.append({"event": "end", "reason": "completed", "detail": "The fitted curve suggests 9e-3."})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    opened = open_run(path)
    assert opened.race is not None and not opened.warnings
    standings = opened.race.standings
    assert (standings.config.rates, standings.config.stages, standings.done) == (5, 2, 8)
    ranking = standings.ranking()
    assert ranking.lr == pytest.approx(0.01 * 2**0.1 / 2**0.25) and ranking.untrained is None
    assert [row.words for row in ranking.rows] == ["round 2"] * 3 + ["out after round 1"] * 2
    assert ranking.confirmed, "it trained best"


def test_what_is_of_no_bracket_changes_nothing() -> None:
    """Places that no race would have run: a file can say anything."""
    config = RaceSettings(around=0.1, steps=8)
    record = RaceRecord(config)
    record.add([UntrainedEvent(math.nan)])
    record.add([StandingEvent(0, c, 0.1, loss, True, 8) for c, loss in ((0, 0.1), (4, 1e200), (6, math.nan), (7, 0.0))])
    ranking = record.standings.ranking()
    assert [row.candidate for row in ranking.rows] == [0, 4, 6] and ranking.untrained is None
    assert ranking.lr == pytest.approx(config.lrs()[0] / 2**0.25) and not len(ranking.smooth_lr)
