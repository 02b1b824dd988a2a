"""The index of all runs."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lrgui.core.events import BatchEvent, EndEvent, EpochEvent, Event, TaskEvent
from lrgui.runs import index as index_module
from lrgui.runs.index import NAME, RunIndex
from lrgui.runs.job import Job
from lrgui.runs.listing import LATEST, SORTS, matching, ordered
from lrgui.runs.log import LogWriter
from lrgui.runs.notes import Notes, notes_path, write_notes
from lrgui.runs.summary import GAP, POINTS, RunSummary, thumbnail


def fall(steps: int = 120) -> list[Event]:
    """A textbook curve over the rates of a usual sweep, to its end."""
    points: list[Event] = []
    for step in range(steps):
        x = -6 + 6 * step / (steps - 1)
        loss = 2.3 - 2 / (1 + 10 ** (-2 * (x + 2.5))) + 3 * max(x + 1, 0) ** 2 + 0.005 * ((step * 7) % 5 - 2)
        points.append(BatchEvent(0, step, 10**x, loss, 0.01 * step))
    return [*points, EndEvent("completed", "Done.")]


def written(path: Path, job: Job | None = None, events: Sequence[Event] | None = None) -> Path:
    """A log."""
    with LogWriter(path, job or Job(), origin="test") as log:
        log.write(fall() if events is None else events)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of three runs."""
    monkeypatch.setenv("LRGUI_CONFIG", str(tmp_path / "config"))
    place = tmp_path / "runs"
    place.mkdir()
    written(place / "sweep.lrrun")
    losses = [BatchEvent(0, i, 0.01, 2.3 - 0.04 * i, 0.01 * i) for i in range(40)]
    end = EndEvent("cancelled", "Stopped.")
    written(place / "training.lrrun", Job("train"), [*losses, EpochEvent(1, 2.0, 1.5, 0.4, 0.45, 0.01, 0.2), end])
    written(place / "cut.lrrun", events=fall()[:5])
    return place


def by_name(folder: Path) -> dict[str, RunSummary]:
    """The summaries of all runs."""
    return {run.path.name: run.summary for run in RunIndex(folder).all()}


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The logs that are read from now on."""
    read: list[str] = []
    real = index_module.summary_of
    monkeypatch.setattr(index_module, "summary_of", lambda path: (read.append(path.name), real(path))[1])
    return read


def test_what_is_listed(folder: Path) -> None:
    found = by_name(folder)
    sweep, training, cut = found["sweep.lrrun"], found["training.lrrun"], found["cut.lrrun"]
    assert (sweep.task, sweep.optimizer, sweep.batch_size) == ("digits · small CNN", "SGD, momentum 0.9", 64)
    assert sweep.lr is not None and 1e-3 < sweep.lr < 1e-1 and sweep.confidence in ("high", "medium", "low")
    assert sweep.points == 120 and len(sweep.curve) == POINTS and sweep.curve[0] > sweep.curve[30]
    assert (sweep.ended, training.ended, cut.ended) == ("finished", "stopped", "incomplete")
    assert training.kind_words == "Training" and training.loss == 1.5 and training.lr == Job().train.max_lr
    assert sweep.origin == "test" and sweep.seconds == pytest.approx(1.19)


def test_a_second_time_no_log_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = by_name(folder)
    read = counted(monkeypatch)
    assert by_name(folder) == first and not read
    written(folder / "new.lrrun")
    os.remove(folder / "cut.lrrun")
    written(folder / "training.lrrun", Job("train"), [EndEvent("failed", "It broke.")])
    found = by_name(folder)
    assert sorted(read) == ["new.lrrun", "training.lrrun"]
    assert sorted(found) == ["new.lrrun", "sweep.lrrun", "training.lrrun"] and found["training.lrrun"].end == "failed"
    rows = sqlite3.connect(folder / NAME).execute("SELECT file FROM runs").fetchall()
    assert {bytes(name) for (name,) in rows} == {b"new.lrrun", b"sweep.lrrun", b"training.lrrun"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda place: place.write_bytes(b"no index at all" * 100),
        lambda place: place.write_bytes(place.read_bytes()[:5000]),
        lambda place: place.write_bytes(b""),
        lambda place: place.unlink(),
        lambda place: _sql(place, "DROP TABLE runs"),
        lambda place: _sql(place, "DROP TABLE runs", "CREATE TABLE runs (file PRIMARY KEY, other)"),
        lambda place: _sql(place, "UPDATE about SET value = 'another program'"),
        lambda place: _sql(place, "UPDATE runs SET lr = 'high', curve = 3"),
    ],
    ids=["text", "cut", "empty", "gone", "no table", "other columns", "other version", "wrong types"],
)
def test_an_index_that_is_wrong_is_built_again(folder: Path, damage: object, monkeypatch: pytest.MonkeyPatch) -> None:
    first = by_name(folder)
    damage(folder / NAME)  # type: ignore[operator]
    assert by_name(folder) == first
    read = counted(monkeypatch)
    assert by_name(folder) == first and not read, "it is in order again"


def _sql(place: Path, *statements: str) -> None:
    connection = sqlite3.connect(place)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_folder_of_another_owner_has_its_index_among_the_settings(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = index_module._connect

    def refuse(place: Path) -> sqlite3.Connection:
        if place.parent == folder:
            raise sqlite3.OperationalError("attempt to write a readonly database")  # as root nothing is refused
        return real(place)

    monkeypatch.setattr(index_module, "_connect", refuse)
    first = by_name(folder)
    assert not (folder / NAME).exists() and len(list((tmp_path / "config").glob("runs-*.sqlite"))) == 1
    read = counted(monkeypatch)
    assert by_name(folder) == first and not read


def test_an_index_that_another_program_holds_is_done_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = by_name(folder)
    monkeypatch.setattr(index_module, "PATIENCE", 0.01)
    holder = sqlite3.connect(folder / NAME)
    holder.execute("BEGIN EXCLUSIVE")
    assert by_name(folder) == first
    holder.rollback()
    holder.close()
    read = counted(monkeypatch)
    assert by_name(folder) == first and not read, "and left as it was"


def test_two_programs_at_once(folder: Path) -> None:
    for number in range(12):
        written(folder / f"{number}.lrrun")
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(len(RunIndex(folder).all()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [15] * 4


def test_notes_outlive_the_index(folder: Path) -> None:
    index = RunIndex(folder)
    run = next(run for run in index.all() if run.path.name == "sweep.lrrun")
    write_notes(run.path, Notes("Baseline", "the good one", True))
    changed = index.annotated(run)
    assert changed.name == "Baseline" and changed.notes.star
    (folder / NAME).unlink()
    again = next(run for run in RunIndex(folder).all() if run.path.name == "sweep.lrrun")
    assert again.notes == Notes("Baseline", "the good one", True)
    write_notes(run.path, Notes())
    assert not notes_path(run.path).exists() and not index.annotated(run).notes.star
    assert all(run.notes == Notes() for run in RunIndex(folder).all())


def test_damaged_notes_are_none(folder: Path) -> None:
    for text in ("{", "[]", '{"name": 3}', '{"star": true}'):
        notes_path(folder / "sweep.lrrun").write_text(text)
        run = next(run for run in RunIndex(folder).all() if run.path.name == "sweep.lrrun")
        assert run.notes == Notes(star="star" in text)


def test_what_is_no_log_is_listed_with_the_reason(folder: Path) -> None:
    (folder / "other.lrrun").write_text("nonsense\n")
    (folder / "folder.lrrun").mkdir()
    found = by_name(folder)
    assert found["other.lrrun"].ended == "cannot be read" and "not an LR Finder run" in found["other.lrrun"].problem
    assert found["folder.lrrun"].problem


def test_a_name_that_is_no_text(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = os.fsdecode(b"caf\xe9.lrrun")
    try:
        written(folder / odd)
    except OSError:
        pytest.skip("this file system takes no such name")
    assert odd in by_name(folder)
    read = counted(monkeypatch)
    assert odd in by_name(folder) and not read


def test_a_folder_that_is_not_there_has_no_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRGUI_CONFIG", str(tmp_path / "config"))
    assert RunIndex(tmp_path / "none").all() == [] and not (tmp_path / "none").exists()


def test_a_build_that_is_broken_off_is_not_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = RunIndex(folder)
    _, stale = index.look()
    reading = index.read(stale)
    next(reading)
    reading.close()
    read = counted(monkeypatch)
    RunIndex(folder).all()
    assert len(read) == 2


def test_searching_and_sorting(folder: Path) -> None:
    write_notes(folder / "training.lrrun", Notes("Zebra", "with Mixup", True))
    runs = RunIndex(folder).all()
    assert [run.path.name for run in matching(runs, "mixup TRAINING")] == ["training.lrrun"]
    assert len(matching(runs, "digits momentum")) == 2 + 1 and not matching(runs, "digits nowhere")
    assert ordered(runs, "Starred first")[0].path.name == "training.lrrun"
    assert ordered(runs, "Name")[-1].name == "Zebra"
    lone = replace(runs[0], summary=replace(runs[0].summary, created=1.0))
    assert ordered([lone, *runs[1:]], LATEST)[-1] is lone
    for sort in SORTS:
        assert len(ordered(runs, sort)) == 3


def test_a_training_that_learns_fast_has_its_picture_to_the_end() -> None:
    steps = np.arange(2000.0)
    fallen = thumbnail(steps, 0.05 + 2.3 * np.exp(-steps / 30))
    assert GAP not in fallen and fallen[0] > 200 and fallen[-1] < 5
    blown_up = thumbnail(steps, np.where(steps < 1800, 2.0 - steps / 1000, 10.0))
    assert GAP in blown_up[40:] and GAP not in blown_up[:40]


def test_a_sweep_that_goes_on_or_was_cut_off_has_no_rate(tmp_path: Path) -> None:
    """Half a curve has neither a pick nor a guess."""
    told = TaskEvent("digits", "", 100, 0, 10, None, "cpu", 2, steps=120)
    written(tmp_path / "whole.lrrun", events=[told, *fall()])
    written(tmp_path / "part.lrrun", events=[told, *fall()[:70]])
    found = by_name(tmp_path)
    assert found["whole.lrrun"].lr is not None
    assert (found["part.lrrun"].rate, found["part.lrrun"].sure, found["part.lrrun"].points) == ("–", "", 70)
