"""Deleting runs, and putting them back."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from lrgui.runs import trash
from lrgui.runs.checkpoints import LAST, folder_of, name_of, size_of
from lrgui.runs.notes import Notes, read_notes, write_notes
from lrgui.runs.trash import KEPT_DAYS, TRASH, delete, empty, restore

TODAY = date(2026, 11, 30)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with notes."""
    path = tmp_path / "a.lrrun"
    path.write_text("first")
    write_notes(path, Notes("A", star=True))
    return path


def test_there_and_back(log: Path) -> None:
    deleted = delete(log, TODAY)
    assert not log.exists() and read_notes(log) == Notes()
    assert deleted.now == log.parent / TRASH / "2026-11-30" / "a.lrrun"
    assert restore(deleted) == log and log.read_text() == "first" and read_notes(log) == Notes("A", star=True)


def test_nothing_takes_the_place_of_another(log: Path) -> None:
    first = delete(log, TODAY)
    log.write_text("second")
    second = delete(log, TODAY)
    log.write_text("third")
    assert restore(first).name == "a-2.lrrun" and restore(second).name == "a-3.lrrun"
    assert log.read_text() == "third" and (log.parent / "a-2.lrrun").read_text() == "first"
    assert read_notes(log.parent / "a-2.lrrun").name == "A"


def test_notes_that_cannot_be_moved_keep_the_log(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = trash.os.rename

    def refuse(one: Path, other: Path) -> None:
        if str(one).endswith(".json"):
            raise PermissionError(13, "Permission denied")
        real(one, other)

    monkeypatch.setattr(trash.os, "rename", refuse)
    with pytest.raises(PermissionError):
        delete(log, TODAY)
    assert log.read_text() == "first" and read_notes(log).star


def test_it_is_emptied_after_a_month_and_of_nothing_else(log: Path) -> None:
    delete(log, TODAY)
    folder = log.parent
    (folder / TRASH / "mine").mkdir()
    (folder / TRASH / "mine" / "b.lrrun").write_text("")
    (folder / TRASH / "2026-11-30" / "thesis.txt").write_text("")
    assert empty(folder, date.fromordinal(TODAY.toordinal() + KEPT_DAYS)) == 0
    assert empty(folder, date.fromordinal(TODAY.toordinal() + KEPT_DAYS + 1)) == 1
    left = sorted(path.name for path in (folder / TRASH).rglob("*") if path.is_file())
    assert left == ["b.lrrun", "thesis.txt"]
    assert empty(folder / "none") == 0


def test_checkpoints_go_with_their_run_and_come_back(log: Path) -> None:
    folder = folder_of(log)
    folder.mkdir()
    (folder / name_of(LAST, 7)).write_bytes(b"weights")
    deleted = delete(log, TODAY)
    assert not folder.exists() and size_of(deleted.now) == 7
    log.write_text("another")
    back = restore(deleted)
    assert back.name == "a-2.lrrun" and size_of(back) == 7 and size_of(log) == 0
    last = delete(back, TODAY)
    (folder_of(last.now) / "mine.txt").write_text("not ours")
    assert empty(log.parent, TODAY + timedelta(days=KEPT_DAYS + 1)) == 1
    assert [path.name for path in folder_of(last.now).iterdir()] == ["mine.txt"]
