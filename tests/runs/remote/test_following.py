from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from reading import Reading, steps_of, wait_for
from ssh_server import NAME, SshServer

from lrgui.core.events import BatchEvent, EndEvent, EndReason, RunState, StateEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.remote import following, tail
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.connection import Connection
from lrgui.runs.remote.following import Following

END = EndEvent(EndReason.COMPLETED, "Done.")


def batch(step: int) -> BatchEvent:
    return BatchEvent(0, step, 1e-5 * (1 + step), 2.0 + 1 / (1 + step), step / 100)


@pytest.fixture(params=["here", "there"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Address]:
    """A log here, and the same through ssh."""
    path = tmp_path / "a run.lrrun"
    if request.param == "here":
        yield Address.parse(str(path))
    else:
        request.getfixturevalue("ssh_server")
        yield Address.parse(f"ssh://{NAME}{path}")


def test_a_log_is_followed_while_it_grows(address: Address) -> None:
    with LogWriter(address.path, Job()) as log:
        log.write([StateEvent(RunState.RUNNING), batch(0)])
        reading = Reading(Following(address))
        reading.until(1)
        for step in range(1, 50):
            log.write([batch(step)])
        reading.until(50)
        log.write([END])
    assert reading.end() == END
    assert steps_of(reading.events) == list(range(50))
    assert reading.source.parser is not None and reading.source.parser.job == Job()


def test_lines_that_are_written_in_pieces_are_whole(address: Address) -> None:
    with LogWriter(address.path, Job()) as log:
        log.write([batch(0), batch(1), END])
    text = Path(address.path).read_bytes()
    with open(address.path, "wb", buffering=0) as file:
        file.write(text[:100])  # not even the header
        reading = Reading(Following(address))
        for cut in range(100, len(text), 97):
            file.write(text[cut : cut + 97])
            time.sleep(0.002)
    reading.end()
    assert steps_of(reading.events) == [0, 1]


def test_following_can_be_left_and_the_log_stays(address: Address) -> None:
    with LogWriter(address.path, Job()) as log:
        log.write([batch(0)])
        reading = Reading(Following(address))
        reading.until(1)
        reading.source.cancel()
        end = reading.end()
        assert end.reason == EndReason.LEFT and f"lrgui watch {address}" in end.detail
        log.write([END])


@pytest.mark.parametrize("how", ["closed", "refused by whoever takes the events", "no log of ours"])
def test_whoever_does_not_read_on_leaves_no_connection(
    ssh_server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    made: list[Connection] = []
    monkeypatch.setattr(following, "Connection", lambda *words: made.append(Connection(*words)) or made[-1])
    path = tmp_path / "run.lrrun"
    with LogWriter(path, Job()) as log:
        log.write([batch(0)])
    source = Following(Address.parse(f"ssh://{NAME}{path}"))
    if how == "closed":
        source.catch_up(lambda _events: None)
        assert made[0]._process.poll() is None
        source.close()
    elif how == "no log of ours":
        path.write_text("hello\n")
        with pytest.raises(ValueError, match="not an LR Finder run"):
            source.open()
    else:
        with pytest.raises(ZeroDivisionError):
            source.catch_up(lambda _events: 1 / 0)
    assert [one._process.poll() is not None for one in made] == [True]


def test_another_run_in_the_same_place_is_told(address: Address) -> None:
    with LogWriter(address.path, Job()) as log:
        log.write([batch(step) for step in range(100)])
        reading = Reading(Following(address))
        reading.until(100)
        LogWriter(address.path, Job(kind="train")).close()  # writes the same file anew, from its beginning
        end = reading.end()
    assert reading.source.replaced and "replaced by another run" in end.detail
    assert steps_of(reading.events) == list(range(100))


def test_a_longer_run_over_a_shorter_one_is_told(address: Address) -> None:
    with LogWriter(address.path, Job()) as log:
        log.write([batch(0)])
        reading = Reading(Following(address))
        reading.until(1)
    other = Path(address.path).with_name("other.lrrun")
    with LogWriter(other, Job(kind="train")) as log:
        log.write([batch(step) for step in range(100)])
    os.replace(other, address.path)
    reading.end()
    assert reading.source.replaced and steps_of(reading.events) == [0]


def test_a_training_that_goes_on_gets_another_header_after_its_lines_were_read(address: Address) -> None:
    """As where it was sent to another machine, whose process takes its time to begin."""
    with LogWriter(address.path, Job()) as log:
        log.write([batch(0), batch(1)])
    lines = Path(address.path).read_bytes().count(b"\n")
    source = Following(address, known=2, resumed_at=lines)
    reading = Reading(source)
    wait_for(lambda: source._up_to_date)
    with LogWriter(address.path, Job(sweep=SweepSettings(steps=321)), continues=True) as log:
        log.write([batch(2), END])
        assert reading.end() == END and steps_of(reading.events) == [2]
    assert source.parser is not None and source.parser.job.sweep.steps == 321


def test_a_log_that_is_deleted_and_written_again_goes_on(address: Address) -> None:
    """As `LogWriter` does it."""
    with LogWriter(address.path, Job()) as log:
        log.write([batch(0)])
        reading = Reading(Following(address))
        reading.until(1)
        os.unlink(address.path)
        log.write([batch(1)])
        reading.until(2)
        log.write([batch(2), END])
    assert reading.end() == END and steps_of(reading.events) == [0, 1, 2]


def test_the_last_lines_are_read_however_long_the_look_for_the_run_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "BEAT", -1.0)  # at each read it is time to see whether another log lies here
    path = tmp_path / "a.lrrun"
    path.write_bytes(b"one\n")
    log = tail.Tail(str(path))
    assert log.read() == (False, b"one\n") and log.read() == (False, b"")
    with path.open("ab") as file:
        file.write(b"two\n")
    assert log.read() == (False, b"two\n"), "a run that has ended since is not followed to this line otherwise"
    log.close()


def test_a_writer_that_was_killed_ends_the_following(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A paused run writes nothing for hours, and is there all the same."""
    pytest.importorskip("fcntl", reason="nobody can tell there")
    monkeypatch.setattr(tail, "BEAT", 0.05)
    address = Address.parse(str(tmp_path / "a.lrrun"))
    log = LogWriter(address.path, Job())
    log.write([batch(0), StateEvent(RunState.PAUSED)])
    reading = Reading(Following(address))
    reading.until(1)
    time.sleep(0.3)
    os.unlink(address.path)
    log.write([StateEvent(RunState.PAUSED)])  # it is held in its new place, too
    time.sleep(0.3)
    assert not any(isinstance(event, EndEvent) for event in reading.events)
    log.close()  # as the system closes it where its process dies
    end = reading.end()
    assert end.reason == EndReason.KILLED and "it was killed" in end.detail and steps_of(reading.events) == [0]


def test_a_run_that_was_sent_is_over_once_nobody_holds_it_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its keeper does, and says how it ended unless it was killed."""
    fcntl = pytest.importorskip("fcntl", reason="nobody can tell there")
    monkeypatch.setattr(tail, "BEAT", 0.05)
    address = Address.parse(str(tmp_path / "run.lrrun"))
    (tmp_path / tail.BESIDE).write_text('{"log": "run.lrrun", "patience": "0"}')
    with (tmp_path / "alive").open("wb") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        with LogWriter(address.path, Job()) as log:
            log.write([batch(0)])
        reading = Reading(Following(address, commands=True))
        reading.until(1)
        time.sleep(0.3)
        assert steps_of(reading.events) == [0] and not isinstance(reading.events[-1], EndEvent)
    end = reading.end()
    assert end.reason == EndReason.KILLED and f"ended without saying how: {tail.KILLED}" in end.detail


def test_a_log_that_nobody_writes_is_said_to_be_one_until_it_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fcntl", reason="nobody can tell there")
    monkeypatch.setattr(tail, "BEAT", 0.05)
    monkeypatch.setattr(tail, "QUIET", 0.1)
    address = Address.parse(str(tmp_path / "a.lrrun"))
    with LogWriter(address.path, Job()) as log:
        log.write([batch(0), StateEvent(RunState.RUNNING)])
    reading = Reading(Following(address))
    idle = StateEvent(RunState.STARTING, tail.NOBODY)
    wait_for(lambda: idle in reading.events)
    with LogWriter(address.path, Job(), continues=True) as log:
        log.write([batch(1)])
        wait_for(lambda: reading.events[-1] == StateEvent(RunState.RUNNING))
        log.write([END])
    assert reading.end() == END and steps_of(reading.events) == [0, 1]


def test_whoever_leaves_such_a_log_is_not_told_that_its_run_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fcntl", reason="nobody can tell there")
    monkeypatch.setattr(tail, "BEAT", 0.05)
    monkeypatch.setattr(tail, "QUIET", 0.1)
    address = Address.parse(str(tmp_path / "a.lrrun"))
    with LogWriter(address.path, Job()) as log:
        log.write([batch(0)])
    reading = Reading(Following(address))
    wait_for(lambda: StateEvent(RunState.STARTING, tail.NOBODY) in reading.events)
    reading.source.leave()
    assert reading.end().detail == f"Stopped following. To follow it again: lrgui watch {address}"


@pytest.mark.parametrize(
    ("contents", "said"), [(None, "No such file"), ("", None), ("hello\n", "is not an LR Finder run")]
)
def test_what_cannot_be_followed_is_told(address: Address, contents: str | None, said: str | None) -> None:
    if contents is not None:
        Path(address.path).write_text(contents)
    source = Following(address)
    if said is None:  # the header may still come
        threading.Timer(0.3, source.leave).start()
        said = "Stopped following"
    with pytest.raises(ValueError, match=said):
        source.open()


def test_a_lost_connection_is_made_again_at_the_byte_where_it_broke_off(
    ssh_server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "FIRST_WAIT", 0.1)
    path = tmp_path / "a.lrrun"
    with LogWriter(path, Job()) as log:
        log.write([StateEvent(RunState.RUNNING)])
        reading = Reading(Following(Address.parse(f"ssh://{NAME}{path}")))
        cuts, step = 0, 0
        for _ in range(3):
            log.write([batch(step + number) for number in range(500)])
            step += 500
            reading.until(step - 400)  # in the middle
            cuts += ssh_server.cut()
            log.write([batch(step + number) for number in range(500)])
            step += 500
        reading.until(step)
        log.write([END])
        assert reading.end() == END
    assert cuts >= 3
    assert steps_of(reading.events) == list(range(step))  # nothing lost, nothing twice
    states = [event for event in reading.events if isinstance(event, StateEvent)]
    lost = [event for event in states if "reconnecting in" in event.detail]
    assert len(lost) >= 3 and states[-1].state == RunState.RUNNING


def test_a_server_that_is_away_for_a_while_is_waited_for(
    ssh_server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "FIRST_WAIT", 0.05)
    path = tmp_path / "a.lrrun"
    with LogWriter(path, Job()) as log:
        log.write([batch(0)])
        reading = Reading(Following(Address.parse(f"ssh://{NAME}{path}")))
        reading.until(1)
        ssh_server.stop()
        log.write([batch(1)])
        wait_for(lambda: sum("cannot be reached" in getattr(event, "detail", "") for event in reading.events) >= 2)
        ssh_server.start()
        log.write([batch(2), END])
    assert reading.end() == END and steps_of(reading.events) == [0, 1, 2]
    waits = [event.detail.rpartition(" in ")[2] for event in reading.events if isinstance(event, StateEvent)]
    assert waits[0] != waits[1]  # each time longer


def trouble(address: str) -> str:
    with pytest.raises(ValueError) as told:
        Following(Address.parse(address)).open()
    return str(told.value)


def test_why_there_is_no_connection_is_one_sentence_with_the_way_out(
    ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "There is no host no-such-host.invalid" in trouble("ssh://no-such-host.invalid/x.lrrun")
    assert "cannot be reached (Connection refused)" in trouble("ssh://127.0.0.1:1/x.lrrun")
    ssh_server.authorized.write_text("")
    said = trouble(f"ssh://{NAME}/x.lrrun")
    assert "refuses the login" in said and "ssh-copy-id" in said
    ssh_server.known.write_text("")
    assert "host key is not known" in trouble(f"ssh://{NAME}/x.lrrun")
    monkeypatch.setenv("PATH", str(ssh_server.home))
    assert "install OpenSSH" in trouble(f"ssh://{NAME}/x.lrrun")
