"""The studies that the window offers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.folder import SPEC, StudyFolder
from lrgui.studies.known import MOST, known_studies, remember
from lrgui.studies.results import StudyResults


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LRGUI_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def made(folder: Path) -> Path:
    folder.mkdir()
    (folder / SPEC).write_text("{}")
    return folder


def test_the_last_one_comes_first_and_what_is_gone_is_left_out(tmp_path: Path) -> None:
    assert known_studies() == []
    one, two = made(tmp_path / "one.study"), made(tmp_path / "two.study")
    for each in (one, two, one):
        remember(each)
    assert known_studies() == [one, two]
    shutil.rmtree(one)
    assert known_studies() == [two]


def test_only_so_many_are_kept(tmp_path: Path) -> None:
    for number in range(MOST + 3):
        remember(made(tmp_path / f"{number}.study"))
    assert len(known_studies()) == MOST and known_studies()[0].name == f"{MOST + 2}.study"


@pytest.mark.parametrize("text", ["", "{}", "[1, null]", "nonsense"])
def test_a_damaged_file_is_no_trouble(config: Path, tmp_path: Path, text: str) -> None:
    config.mkdir()
    (config / "studies.json").write_text(text)
    assert known_studies() == []
    remember(made(tmp_path / "a.study"))
    assert known_studies() == [tmp_path / "a.study"]


def test_a_folder_that_cannot_be_written_ends_no_study(config: Path, tmp_path: Path) -> None:
    config.write_text("a file")
    remember(tmp_path)
    assert known_studies() == []


def test_a_study_that_is_run_is_known(drive: Callable[..., StudyResults], folder: StudyFolder) -> None:
    drive(how=ExecutionSettings())
    assert known_studies() == [folder.path]
