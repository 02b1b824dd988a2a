"""Pause, resume, cancel, and the clock that leaves pauses out."""

from __future__ import annotations

import threading
import time

from lrgui.core.control import Control
from lrgui.core.events import StateEvent
from lrgui.core.pausing import Stopwatch, held


def test_verbs_are_idempotent() -> None:
    control = Control()
    assert not control.paused and not control.cancelled
    control.pause()
    control.pause()
    assert control.paused
    control.resume()
    control.resume()
    assert not control.paused
    control.cancel()
    control.cancel()
    assert control.cancelled


def test_cancel_wakes_and_cannot_be_paused_again() -> None:
    control = Control()
    control.pause()
    control.cancel()
    assert not control.paused
    control.pause()
    assert not control.paused


def test_hold_returns_when_another_thread_resumes() -> None:
    control = Control()
    control.pause()
    threading.Timer(0.05, control.resume).start()
    began = time.perf_counter()
    clock = Stopwatch()
    clock.start()
    assert list(held(control, clock)) == [StateEvent("paused"), StateEvent("running")]
    paused = time.perf_counter() - began
    assert paused > 0.03
    assert clock.seconds < paused - 0.03, "the pause does not count"


def test_a_run_that_is_not_paused_is_not_held() -> None:
    assert list(held(Control(), Stopwatch())) == []


def test_a_cancelled_run_does_not_go_on() -> None:
    control = Control()
    control.pause()
    threading.Timer(0.05, control.cancel).start()
    assert list(held(control, Stopwatch())) == [StateEvent("paused")]


def test_wait_gives_up_after_its_timeout() -> None:
    control = Control()
    control.pause()
    control.wait_while_paused(0.01)
    assert control.paused


def test_the_stopwatch_leaves_pauses_out() -> None:
    clock = Stopwatch()
    assert clock.seconds == 0.0
    clock.start()
    with clock.stopped():
        time.sleep(0.05)
    assert clock.seconds < 0.04
