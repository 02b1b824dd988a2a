"""Pause, resume, cancel, and the clock that leaves pauses out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from lrgui.core.control import Control
from lrgui.core.engine.pausing import Stopwatch, held
from lrgui.core.events import Event, StateEvent


class Now:
    """The time, as the stopwatch sees it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 100.0
        monkeypatch.setattr("lrgui.core.engine.pausing.time", SimpleNamespace(perf_counter=lambda: self.seconds))


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


@pytest.mark.parametrize("request_", ["pause", "cancel", "finish", "rate 0.5"])
def test_an_engine_need_not_look_before_something_was_asked_for(request_: str) -> None:
    control = Control()
    control.resume()
    assert not control.asked
    assert control.obey(request_) and control.asked


def test_cancel_wakes_and_cannot_be_paused_again() -> None:
    control = Control()
    control.pause()
    control.cancel()
    assert not control.paused
    control.pause()
    assert not control.paused


def _held_until(control: Control, asked: Callable[[], None]) -> list[Event]:
    """What is said while another thread asks for something once the run is held."""
    said: list[Event] = []
    for event in held(control, Stopwatch()):
        said.append(event)
        if event == StateEvent("paused"):
            threading.Timer(0.05, asked).start()
    return said


def test_hold_returns_when_another_thread_resumes() -> None:
    control = Control()
    control.pause()
    assert _held_until(control, control.resume) == [StateEvent("paused"), StateEvent("running")]


def test_a_pause_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now, control, clock = Now(monkeypatch), Control(), Stopwatch()
    clock.start()
    now.seconds += 3
    control.pause()

    def wait(_seconds: float) -> None:
        now.seconds += 1000
        control.resume()

    monkeypatch.setattr(control, "wait_while_paused", wait)
    assert list(held(control, clock)) == [StateEvent("paused"), StateEvent("running")]
    assert clock.seconds == 3


def test_a_run_that_is_not_paused_is_not_held() -> None:
    assert list(held(Control(), Stopwatch())) == []


def test_a_cancelled_run_does_not_go_on() -> None:
    control = Control()
    control.pause()
    assert _held_until(control, control.cancel) == [StateEvent("paused")]


def test_wait_gives_up_after_its_timeout() -> None:
    control = Control()
    control.pause()
    control.wait_while_paused(0.01)
    assert control.paused


def test_the_stopwatch_leaves_pauses_out(monkeypatch: pytest.MonkeyPatch) -> None:
    now, clock = Now(monkeypatch), Stopwatch()
    assert clock.seconds == 0.0
    clock.start()
    now.seconds += 1
    with clock.stopped():
        now.seconds += 50
    now.seconds += 2
    assert clock.seconds == 3
