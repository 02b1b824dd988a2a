"""`lrgui verify`, as a person or a script uses it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lrgui.cli.verify import Raced, tell_race
from lrgui.core.events import CandidateEvent, EndEvent
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Standings
from lrgui.runs.job import Job
from lrgui.runs.log import read_log

Command = Callable[..., subprocess.CompletedProcess[str]]


def test_a_race_brackets_and_keeps_what_it_measured(command: Command, tmp_path: Path) -> None:
    log = tmp_path / "race.lrrun"
    done = command("verify", "digits", "--around", 0.1, "--steps", 16, "--json", "--log", log)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["steps"]["planned"] == 80 and found["steps"]["made"] == 16 * len(found["ranking"])
    assert 3 <= len(found["ranking"]) <= 5 and found["lr"] == pytest.approx(found["lowest"] / 2**0.25)
    assert found["untrained"] > found["ranking"][0]["loss"]
    logged = read_log(log)
    assert not logged.warnings and logged.job.race.rates is None
    standings = Standings(logged.job.race)
    standings.add(logged.events)
    assert standings.ranking().lr == pytest.approx(found["lr"])
    assert standings.untrained == pytest.approx(found["untrained"])


def test_a_fixed_field_around_a_rate_as_json_and_its_log(command: Command, tmp_path: Path, own_folders: Path) -> None:
    log = tmp_path / "race.lrrun"
    race = ("--around", 0.1, "--rates", 5, "--steps", 24, "--amp", "bf16")
    done = command("verify", "digits", *race, "--json", "--log", log)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert 0.02 < found["lr"] < 0.3 and found["around"] == 0.1
    assert found["steps"] == {"planned": 5 * 6 + 3 * 12 + 3 * 24, "made": 5 * 6 + 3 * 12 + 3 * 24}
    assert [row["place"] for row in found["ranking"]] == [1, 2, 3, 4, 5]
    assert all(0 <= row["metric"] <= 1 for row in found["ranking"])
    logged = read_log(log)
    assert logged.job.kind == "race" and logged.job.race.around == 0.1 and not logged.warnings
    assert logged.job.race.amp == "bf16"
    assert sum(isinstance(event, CandidateEvent) for event in logged.events) == found["steps"]["made"]
    standings = Standings(logged.job.race)
    standings.add(logged.events)
    assert standings.ranking().lr == pytest.approx(found["lr"])
    assert isinstance(logged.events[-1], EndEvent)
    assert len(list((own_folders / "runs").glob("*.lrrun"))) == 1


def test_without_a_rate_a_sweep_is_made_first(command: Command, own_folders: Path) -> None:
    done = command("verify", "digits", "--trainings", 3, "--steps", 8)
    assert done.returncode == 0, done.stderr
    assert "The sweep recommends" in done.stderr and "3 trainings of 8 steps, 24 steps in all" in done.stderr
    assert "Learning rate: " in done.stdout and "%" in done.stdout
    assert len(list((own_folders / "runs").glob("*.lrrun"))) == 2


def test_where_all_diverge_there_is_no_winner(command: Command) -> None:
    done = command("verify", "digits", "--around", 1e5, "--trainings", 3, "--steps", 40, "--json")
    assert done.returncode == 3, done.stderr
    found = json.loads(done.stdout)
    assert found["lr"] is None and "race again around a lower one" in found["reason"]
    assert found["untrained"] > 2 and found["lowest"] is None and not found["confirmed"]
    assert all(row["diverged"] and row["loss"] is None for row in found["ranking"])


def test_bad_arguments_are_refused_before_anything_runs(command: Command, own_folders: Path) -> None:
    done = command("verify", "digits", "--rates", 2, "--around", -1)
    assert done.returncode == 2
    assert (
        "The rates of a fixed field cannot be “2”" in done.stderr and "The rate to race around cannot be" in done.stderr
    )
    assert not (own_folders / "runs").exists() or not list((own_folders / "runs").iterdir())


def test_where_nothing_was_trained_there_is_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    config = RaceSettings()
    standings, end = Standings(config), EndEvent("cancelled", "Stopped. No rate was measured.")
    tell_race(Raced(Job(race=config), standings, standings.ranking(), end, "", None, None))
    assert capsys.readouterr().out.splitlines() == ["Stopped. No rate was measured.", "Learning rate: none"]
