from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import pytest

from lrgui.runs.pipes import MOST, Pipes, SelectedPipes, ThreadedPipes


class Ends:
    """The writing ends of two pipes, and what reads them."""

    def __init__(self, kind: type[SelectedPipes] | type[ThreadedPipes]) -> None:
        reading, writing = zip(*(os.pipe() for _ in range(2)), strict=True)
        self.events, self.printed = (os.fdopen(number, "wb", buffering=0) for number in writing)
        self.pipes: Pipes = kind(*(os.fdopen(number, "rb", buffering=0) for number in reading))


@pytest.fixture(params=[SelectedPipes, ThreadedPipes])
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    threads = threading.active_count()
    ends = Ends(request.param)
    yield ends
    ends.events.close()
    ends.printed.close()
    ends.pipes.close()
    assert threading.active_count() == threads


def read_until(pipes: Pipes, length: int, ended: bool = False, seconds: float = 60.0) -> tuple[bytes, bytes]:
    """What comes, until there are so many bytes of both together, and where it is said the end of the events."""
    events, printed = b"", b""
    until = time.monotonic() + seconds
    while len(events) + len(printed) < length or (ended and not pipes.ended):
        assert time.monotonic() < until, (events, printed)
        new = pipes.read(0.1)
        events, printed = events + new[0], printed + new[1]
    return events, printed


def test_both_pipes_are_read_apart(ends: Ends) -> None:
    assert ends.pipes.read(0) == (b"", b"")
    ends.events.write(b"event")
    ends.printed.write(b"text")
    assert read_until(ends.pipes, len(b"eventtext")) == (b"event", b"text")
    assert not ends.pipes.ended


def test_waiting_ends_with_the_first_bytes(ends: Ends) -> None:
    timer = threading.Timer(0.1, ends.events.write, args=(b"x",))
    timer.start()
    assert ends.pipes.read(600) == (b"x", b"")  # else the suite's own limit ends it
    timer.join()


def test_the_end_of_the_events_is_seen_and_text_still_comes(ends: Ends) -> None:
    ends.events.write(b"last")
    ends.events.close()
    assert read_until(ends.pipes, len(b"last"), ended=True) == (b"last", b"")
    ends.printed.write(b"crashed")
    ends.printed.close()
    assert read_until(ends.pipes, len(b"crashed")) == (b"", b"crashed")
    assert ends.pipes.read(0.01) == (b"", b"")


def test_a_torrent_comes_in_bounded_pieces_and_complete(ends: Ends) -> None:
    data = os.urandom(1 << 16) * 40
    writer = threading.Thread(target=lambda: (ends.printed.write(data), ends.printed.close(), ends.events.close()))
    writer.start()
    got = b""
    while not ends.pipes.ended or len(got) < len(data):
        piece = ends.pipes.read(1)[1]
        assert len(piece) < MOST + (1 << 16)
        got += piece
    writer.join()
    assert got == data
