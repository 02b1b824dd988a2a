"""Actions that must all be done, and Ctrl+C that must wait for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from lrgui.core.engine.cleanup import Assured, OneInterrupt, all_of, interrupts_later


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


@pytest.mark.skipif(os.name == "nt", reason="a process can't send itself SIGINT there")
def test_an_ignored_interrupt_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_later():
            os.kill(os.getpid(), signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        one = OneInterrupt()
        with one, one:
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl+C goes to the whole console there")
def test_where_the_system_ends_the_process_it_does_so_afterwards() -> None:
    code = (
        "import os, signal; from lrgui.core.engine.cleanup import interrupts_later\n"
        "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
        "with interrupts_later():\n"
        "    os.kill(os.getpid(), signal.SIGINT); print('put back', flush=True)\n"
        "print('not reached')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGINT, "put back\n")


def test_actions_are_assured_once_the_last_added_first() -> None:
    done: list[int] = []
    last = Assured(lambda: done.append(1), lambda: done.append(2))
    with last, last:
        last.add(lambda: done.append(0))
        assert done == []
    assert done == [0, 1, 2]


def test_an_action_that_fails_does_not_keep_others_from_being_done() -> None:
    done: list[int] = []

    def fails() -> None:
        raise ValueError("no")

    last = Assured(fails, lambda: done.append(1))
    with pytest.raises(ValueError, match="no"), last, last:
        done.append(0)
    assert done == [0, 1]


@pytest.mark.skipif(os.name == "nt", reason="a process can't send itself SIGINT there")
def test_an_interrupt_takes_effect_once_until_somebody_goes_on() -> None:
    usual = signal.getsignal(signal.SIGINT)
    one = OneInterrupt()
    with one, one:
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            one.again()
    assert signal.getsignal(signal.SIGINT) is usual


@pytest.mark.skipif(os.name == "nt", reason="a process can't send itself SIGINT there")
def test_a_handler_that_somebody_sets_inside_stays() -> None:
    before = signal.getsignal(signal.SIGINT)
    one = OneInterrupt()
    try:
        with one, one:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
