"""What the program remembers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lrgui.core.run_settings import RaceSettings
from lrgui.gui.settings import Settings, load_settings, save_settings, settings_file
from lrgui.json_file import damaged
from lrgui.runs.job import Job


def test_they_come_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    settings = Settings(theme="dark", job={"kind": "sweep"}, folder="/somewhere")
    assert save_settings(settings, path) is None
    assert load_settings(path) == (settings, [])


def test_a_field_that_nobody_chose_makes_room_for_races_that_bracket(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    before = {"around": 0.1, "rates": 7, "octaves": 0.5, "rounds": 3, "steps": 320}
    path.write_text(json.dumps({"version": 1, "job": {"kind": "sweep", "race": before}}))
    settings, warnings = load_settings(path)
    assert (settings.job["race"], warnings) == ({"around": 0.1, "steps": 320}, [])
    assert Job.from_dict(settings.job).race.rates is None
    chosen = Settings(job=Job(race=RaceSettings(rates=9)).to_dict())
    save_settings(chosen, path)
    assert load_settings(path) == (chosen, [])


def test_nothing_there_is_no_trouble(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.json") == (Settings(), [])


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "null"])
def test_an_unreadable_file_gives_the_usual_ones_and_a_warning(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    settings, warnings = load_settings(path)
    assert settings == Settings()
    assert len(warnings) == 1
    assert "settings.json" in warnings[0]


def test_one_bad_field_is_dropped_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"version": 1, "theme": "mauve", "folder": "/kept", "unknown": 3}))
    settings, warnings = load_settings(path)
    assert (settings.theme, settings.folder) == ("system", "/kept")
    assert ["theme" in warning for warning in warnings] == [True]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    problem = save_settings(Settings(), tmp_path / "file" / "settings.json")
    assert problem is not None
    assert "could not be saved" in problem


def test_the_environment_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LRGUI_CONFIG", str(tmp_path))
    assert settings_file() == tmp_path / "settings.json"


def test_the_pythons_of_tasks_and_what_was_opened_come_back(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings = Settings(pythons={"/a/task.py": "/env/bin/python", "b.c": ""}, recent=["/a/task.py", "/images"])
    assert save_settings(settings, path) is None
    assert load_settings(path) == (settings, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pythons", []),
        ("pythons", {"/a/task.py": "python3"}),
        ("pythons", {"/a/task.py": None}),
        ("recent", "/a/task.py"),
        ("recent", ["/a/task.py", 3]),
        ("looked", "yesterday"),
        ("looked", True),
        ("looked", -1.0),
    ],
)
def test_what_is_unusable_is_dropped(tmp_path: Path, name: str, value: object) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"version": 1, name: value, "theme": "dark"}))
    settings, warnings = load_settings(path)
    assert settings == Settings(theme="dark")
    assert len(warnings) == 1 and name in warnings[0]


@pytest.mark.parametrize("text", ["{", "[]", "3"])
def test_settings_that_cannot_be_read_stay_beside_those_that_are_kept_next(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    settings, warnings = load_settings(path)
    (said,) = warnings
    assert settings == Settings()
    assert said.endswith("using the defaults, and what was there is kept as settings.json.damaged.")
    assert save_settings(settings, path) is None
    assert damaged(path).read_text() == text
    assert load_settings(path) == (settings, [])
