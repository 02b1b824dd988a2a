"""A disk that is full there: told while the run goes on, waited for at its end, and left without litter."""

from __future__ import annotations

import fcntl
import io
import tarfile
import threading
from itertools import islice
from pathlib import Path

import pytest

from lrgui.core.events import EndEvent, EndReason
from lrgui.runs.job import Job
from lrgui.runs.log import read_log
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.remote import detached, tail, there

END = EndEvent(EndReason.COMPLETED, "Done.")


@pytest.fixture
def trouble(tmp_path: Path) -> Path:
    file = tmp_path / tail.TROUBLE
    file.write_text(" " * tail.TROUBLE_BYTES)
    return file


def test_a_run_that_is_over_waits_for_room_and_loses_nothing(
    tmp_path: Path, trouble: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detached, "AGAIN", 0.01)
    monkeypatch.setattr("lrgui.runs.log_writer.AGAIN", 0.0)
    path, told = tmp_path / "later" / "run.lrrun", detached._Trouble(trouble)
    log = LogWriter(path, Job())
    log.write([END])
    told.tell(log)
    assert trouble.read_text().strip() == "The run's log there cannot be written (No such file or directory); retrying"
    assert trouble.stat().st_size == tail.TROUBLE_BYTES
    timer = threading.Timer(0.05, path.parent.mkdir)
    timer.start()
    detached._wait_for_room(log, told, threading.Event())
    log.close()
    assert log.problem is None and not trouble.read_text().strip()
    assert read_log(path).events == [END]


def test_whoever_stops_it_again_need_not_wait(tmp_path: Path, trouble: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, stopped = LogWriter(tmp_path / "never" / "run.lrrun", Job()), threading.Event()
    monkeypatch.setattr(detached, "AGAIN", 60.0)
    threading.Timer(0.1, stopped.set).start()
    detached._wait_for_room(log, detached._Trouble(trouble), stopped)
    assert log.problem is not None


def test_followers_are_told(tmp_path: Path, trouble: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "BEAT", 0.01)
    (tmp_path / tail.BESIDE).write_text('{"log": "run.lrrun"}')
    words = "The run's log there cannot be written (No space left on device); retrying"
    trouble.write_text(words.ljust(tail.TROUBLE_BYTES))
    with open(tmp_path / "alive", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        frames = tail.Follower(str(tmp_path / "run.lrrun")).frames()
        assert [kind for kind, _ in islice(frames, 2)] == [tail.HEARS, tail.STATUS]
    *_, (kind, said) = frames
    assert kind == tail.GONE and said.decode() == "its process has ended; its log could not be written"


def test_a_package_that_has_no_room_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz"):
        pass

    def full(self: tarfile.TarFile, path: str, **_: object) -> None:
        Path(path, "half").write_text("written")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "extractall", full)
    with pytest.raises(OSError, match="No space left on device") as told:
        there.unpack(archive.getvalue(), str(tmp_path / "sources" / "digest"))
    assert told.value.filename == str(tmp_path / "sources")
    assert list((tmp_path / "sources").iterdir()) == []
