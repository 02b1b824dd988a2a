from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lrgui.core.events import BatchEvent, EndEvent, Event
from lrgui.runs import log_writer
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter, read_log

EVENTS: list[Event] = [
    *(BatchEvent(0, step, 1e-3 + step, 2.0, 0.1 * step) for step in range(40)),
    EndEvent("completed", ""),
]

posix = pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be deleted there")


class Disk:
    """How many bytes there is room for."""

    def __init__(self, room: int) -> None:
        self.room = room

    def writer(self, write: Callable[[bytes], int]) -> Callable[[bytes], int]:
        def limited(data: bytes) -> int:
            if not self.room:
                raise OSError(errno.ENOSPC, "No space left on device")
            count = write(bytes(data)[: self.room])
            self.room -= count
            return count

        return limited


class File:
    """An open file on a disk that may be full."""

    def __init__(self, file: object, disk: Disk) -> None:
        self._file = file
        self.write = disk.writer(file.write)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(1 << 30)
    monkeypatch.setattr(log_writer, "open", lambda *a, **k: File(open(*a, **k), disk), raising=False)  # noqa: SIM115
    monkeypatch.setattr(log_writer, "AGAIN", 0.0)
    return disk


@pytest.mark.parametrize("room", [0, 1, 100, 1200, 1500, 2000])
def test_a_full_disk_is_tried_again_and_nothing_is_missing(tmp_path: Path, disk: Disk, room: int) -> None:
    disk.room = room
    log = LogWriter(tmp_path / "a.lrrun", Job())
    told = [log.write([event]) for event in EVENTS[:-1]]
    (failed,) = filter(None, told)
    assert "No space left on device" in failed and log.problem == failed
    disk.room = 1 << 30
    said = log.write(EVENTS[-1:])
    assert said is not None and said.endswith("again; nothing is missing.")
    assert log.problem is None and log.close() is None
    assert read_log(tmp_path / "a.lrrun").events == EVENTS


def test_what_could_not_be_written_is_tried_a_last_time_at_the_end(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_writer, "AGAIN", 1e9)
    disk.room = 1300
    log = LogWriter(tmp_path / "a.lrrun", Job())
    log.write(EVENTS)
    disk.room = 1 << 30
    assert log.write([]) is None and log.problem is not None
    assert log.close() is not None and log.problem is None
    assert read_log(tmp_path / "a.lrrun").events == EVENTS


@pytest.mark.parametrize("room", [0, 1, 500])
def test_a_file_without_a_header_does_not_stay(tmp_path: Path, disk: Disk, room: int) -> None:
    disk.room = room
    with LogWriter(tmp_path / "a.lrrun", Job()) as log:
        log.write(EVENTS)
    assert log.problem is not None and not (tmp_path / "a.lrrun").exists()
    assert "could not be saved completely" in log.problem and "No space left on device" in log.problem
    assert "retried" not in log.problem, "nobody tries again"


def test_what_waits_for_room_is_limited(tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "MOST_WAITING", 3000)
    disk.room = 1500
    log = LogWriter(tmp_path / "a.lrrun", Job())
    for _ in range(100):
        log.write(EVENTS[:10])
    assert len(log._waiting) < 5000
    disk.room = 1 << 30
    log.close()
    assert log.problem is not None, "it does not hold the whole run"


@posix
def test_a_file_that_cannot_be_opened_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "a.lrrun").write_text("mine")
    monkeypatch.setattr(log_writer, "open", refuse, raising=False)
    with LogWriter(tmp_path / "a.lrrun", Job()) as log:
        log.write(EVENTS)
    assert log.problem is not None and (tmp_path / "a.lrrun").read_text() == "mine"


@posix
def test_a_folder_that_is_deleted_during_the_run_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "runs"
    folder.mkdir(parents=True)
    log = LogWriter(folder / "a.lrrun", Job())
    for number, event in enumerate(EVENTS):
        if number in (7, 20):
            shutil.rmtree(tmp_path / "deep")
        assert log.write([event]) is None
    assert log.close() is None and log.problem is None
    assert read_log(folder / "a.lrrun").events == EVENTS


@posix
def test_a_file_that_is_deleted_last_is_made_again_at_the_end(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "a.lrrun", Job())
    log.write(EVENTS)
    os.unlink(log.path)
    assert log.close() is None
    assert read_log(log.path).events == EVENTS


@posix
def test_a_folder_that_cannot_be_made_again_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_writer, "AGAIN", 0.0)
    folder = tmp_path / "runs"
    folder.mkdir()
    log = LogWriter(folder / "a.lrrun", Job())
    log.write(EVENTS[:10])
    shutil.rmtree(folder)
    folder.write_text("in the way")
    told = log.write(EVENTS[10:20])
    assert told is not None and "kept in memory only" in told
    assert log.write(EVENTS[20:30]) is None
    folder.unlink()
    assert log.write(EVENTS[30:]) is not None and log.problem is None
    log.close()
    assert read_log(folder / "a.lrrun").events == EVENTS


@posix
def test_another_file_that_has_taken_the_place_is_not_overwritten(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "a.lrrun", Job())
    log.write(EVENTS[:10])
    log.path.unlink()
    log.path.write_text("mine")
    assert log.write(EVENTS[10:]) is not None
    log.close()
    assert log.problem is not None and log.path.read_text() == "mine"


def test_a_folder_that_could_not_be_made_is_tried_again(tmp_path: Path) -> None:
    refused = PermissionError(errno.EACCES, "Permission denied")
    log = LogWriter(tmp_path / "runs" / "a.lrrun", Job(), refused=refused)
    told = log.write(EVENTS)
    assert told is not None and "Permission denied" in told
    assert log.close() is not None and log.problem is None
    assert read_log(log.path).events == EVENTS
