"""Doing everything on a list, whatever happens on the way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

Action = Callable[[], object]


def all_of(actions: Iterable[Action]) -> None:
    """Call every action; the first error is raised when all have had their turn."""
    first: BaseException | None = None
    for action in actions:
        try:
            action()
        except BaseException as error:
            first = first or error
    if first is not None:
        raise first


@contextmanager
def interrupts_later() -> Iterator[None]:
    """Inside, Ctrl+C waits; it takes effect at the end. Other threads than the main one never see it anyway."""
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield
        return
    waiting: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: waiting.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if waiting:
            usual(*waiting[-1])
