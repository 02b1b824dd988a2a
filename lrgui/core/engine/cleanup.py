"""Doing everything on a list, whatever happens on the way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

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
    usual = _handler()
    if usual is None:
        yield
        return
    waiting: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: waiting.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if waiting:
            _take_effect(usual, *waiting[-1])


class Assured:
    """Actions that are done at the end of `with assured, assured:`, whatever happens.

    Twice, because Ctrl+C may come where the first end begins, before it can do anything about that; what the first
    has done the second leaves out. That no other Ctrl+C comes in between is what `OneInterrupt` is for.
    """

    def __init__(self, *actions: Action) -> None:
        self._actions = list(actions)

    def add(self, action: Action) -> None:
        """One more action, done before those that were there: the last change is undone first."""
        self._actions.insert(0, action)

    def __enter__(self) -> Assured:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with interrupts_later():
            all_of(self._one_by_one())

    def _one_by_one(self) -> Iterator[Action]:
        while self._actions:
            yield self._actions.pop(0)


class OneInterrupt:
    """Inside `with one, one:` Ctrl+C takes effect once; what `Assured` does after that is not disturbed again.

    A program that catches the interrupt and goes on says so by `again()`, from where on there may be another.
    """

    def __init__(self) -> None:
        self._usual: Any = None
        self._taken = False

    def __enter__(self) -> OneInterrupt:
        usual = _handler() if self._usual is None else None
        if usual is None:
            return self
        try:
            self._usual = usual
            signal.signal(signal.SIGINT, self._interrupted)
            return self
        except BaseException:
            signal.signal(signal.SIGINT, usual)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Only where nobody has put a handler of their own there in the meantime.
        if self._usual is not None and signal.getsignal(signal.SIGINT) == self._interrupted:
            signal.signal(signal.SIGINT, self._usual)

    def again(self) -> None:
        """From here on Ctrl+C may take effect once more."""
        self._taken = False
        around = getattr(self._usual, "__self__", None)
        if isinstance(around, OneInterrupt):
            around.again()

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if not self._taken:
            self._taken = True
            _take_effect(self._usual, number, frame)


def _handler() -> Any:
    """What Ctrl+C does now; None where it can't be changed from here, or does nothing (`nohup`, `command &`)."""
    if threading.current_thread() is not threading.main_thread():
        return None
    usual = signal.getsignal(signal.SIGINT)
    return None if usual is signal.SIG_IGN else usual


def _take_effect(handler: Any, number: int, frame: FrameType | None) -> None:
    if callable(handler):
        handler(number, frame)
    else:  # the system's own way, which ends the process
        signal.signal(signal.SIGINT, handler)
        signal.raise_signal(number)
