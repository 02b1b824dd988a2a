from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from lrgui.core.events import EndEvent
from lrgui.runs.job import Job
from lrgui.runs.library import new_path, runs_folder, start_log
from lrgui.runs.log import read_log
from lrgui.tasks.spec import TaskSpec

NOW = datetime(2026, 11, 22, 14, 15, 3)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LRGUI_RUNS", str(tmp_path / "my runs"))
    return tmp_path / "my runs"


def test_the_folder_is_the_platforms_unless_told_otherwise(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runs_folder() == folder
    monkeypatch.delenv("LRGUI_RUNS")
    assert runs_folder().name == "runs" and "lrgui" in runs_folder().parts


def test_names_tell_when_and_what_and_are_unique(folder: Path) -> None:
    assert [new_path(Job(), NOW).name for _ in range(3)] == [
        "2026-11-22_141503_digits-cnn-sgd.lrrun",
        "2026-11-22_141503_digits-cnn-sgd-2.lrrun",
        "2026-11-22_141503_digits-cnn-sgd-3.lrrun",
    ]
    assert new_path(Job("train"), NOW).name == "2026-11-22_141503_digits-cnn-sgd-training.lrrun"


def test_names_are_harmless_whatever_the_task_is_called(folder: Path) -> None:
    odd = Job(task=TaskSpec(source="../my data/ü", model="a:b*", optimizer="…"))
    assert new_path(odd, NOW) == folder / "2026-11-22_141503_my-data-u-a-b-task.lrrun"
    assert len(new_path(Job(task=TaskSpec(source="x" * 500)), NOW).name) < 120
    houses = Job(task=TaskSpec(source="häuser größe", model="数据", optimizer="sgd"))
    assert new_path(houses, NOW) == folder / "2026-11-22_141503_hauser-gro-e-task-sgd.lrrun"


def test_two_runs_never_share_a_file(folder: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        paths = list(pool.map(lambda _: new_path(Job(), NOW), range(64)))
    assert len(set(paths)) == 64


def test_start_log_writes_into_the_folder(folder: Path) -> None:
    with start_log(Job(), "command line") as log:
        log.write([EndEvent("completed", "Done.")])
    assert log.path.parent == folder and log.problem is None
    assert read_log(log.path).origin == "command line"


def test_a_folder_that_cannot_be_made_is_a_problem_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LRGUI_RUNS", str(tmp_path / "file" / "runs"))
    with pytest.raises(OSError):
        new_path(Job())
    log = start_log(Job())
    assert log.problem is not None and "Not a directory" in log.problem


def test_a_folder_that_may_not_be_made_says_why_and_not_that_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "runs"))

    monkeypatch.setenv("LRGUI_RUNS", str(tmp_path / "locked" / "runs"))
    monkeypatch.setattr(Path, "mkdir", refuse)  # as root nothing is refused
    log = start_log(Job())
    assert log.problem is not None and "(Permission denied)" in log.problem
    assert log.write([EndEvent("completed", "Done.")]) == log.problem and not log.path.exists()
