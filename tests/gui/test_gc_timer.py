"""Garbage is collected by the window's timer, and by nobody else meanwhile."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from lrgui.gui.gc_timer import Collector


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    gc.enable()  # as in the program
    collector = Collector()
    yield collector
    collector.close()
    assert gc.isenabled()


class Knot:
    """Keeps itself: only a collection lets it go."""

    def __init__(self) -> None:
        self.itself = self


def test_another_thread_makes_garbage_and_does_not_collect_it(collector: Collector, qtbot: QtBot) -> None:
    ended_in: list[threading.Thread] = []
    knots: list[weakref.finalize[..., Knot]] = []

    def work() -> None:
        for _ in range(5000):  # far more than what Python waits for
            knots.append(weakref.finalize(Knot(), lambda: ended_in.append(threading.current_thread())))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not ended_in
    qtbot.waitUntil(lambda: len(ended_in) == 5000)
    assert set(ended_in) == {threading.main_thread()}


def test_what_is_not_due_is_left(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(gc, "collect", asked.append)
    for counts in ((0, 0, 0), (10_000, 0, 0), (10_000, 1000, 0), (10_000, 1000, 1000)):
        monkeypatch.setattr(gc, "get_count", lambda counts=counts: counts)
        collector.look()
    assert asked[0] == 0
    assert asked == sorted(asked)


def test_what_was_there_before_is_not_looked_through(qtbot: QtBot) -> None:
    there = Knot()
    collector = Collector()
    later = Knot()
    try:
        looked_at = gc.get_objects()
        assert not any(one is there for one in looked_at)
        assert any(one is later for one in looked_at)
    finally:
        collector.close()
    assert any(one is there for one in gc.get_objects())
