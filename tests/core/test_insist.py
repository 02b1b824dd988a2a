"""Actions that must all be done, and Ctrl+C that must wait for them."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from lrgui.core.insist import all_of, interrupts_later


def test_all_actions_are_done_and_the_first_error_is_raised() -> None:
    done: list[int] = []

    def fails(number: int) -> None:
        done.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match="2"):
        all_of([lambda: done.append(1), lambda: fails(2), lambda: fails(3), lambda: done.append(4)])
    assert done == [1, 2, 3, 4]


@pytest.mark.skipif(os.name == "nt", reason="a process can't send itself SIGINT there")
def test_an_interrupt_waits_until_everything_is_done() -> None:
    done: list[int] = []
    usual = signal.getsignal(signal.SIGINT)

    def interrupted() -> None:
        with interrupts_later():
            os.kill(os.getpid(), signal.SIGINT)
            done.append(1)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is usual


def test_other_threads_leave_signals_alone() -> None:
    found: list[object] = []

    def look() -> None:
        with interrupts_later():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]
