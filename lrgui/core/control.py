"""Requests to a run: pause, resume, cancel, change the rate, stop after the epoch; and being asked to go."""

from __future__ import annotations

import math
import threading
from collections import deque

from lrgui.core.formats import exact_number, format_ratio

#: What the request to multiply the rate begins with; the factor follows.
RATE = "rate"
#: The request to stop when the epoch is over.
FINISH = "finish"
#: The factor that is offered, and taken, where a rate is too high.
LOWER = 0.1
#: Further from 1 no factor is taken: a typo should not cost a training.
MOST_FACTOR = 1e6
#: What a factor can be, a sentence without its stop.
FACTORS = f"A factor of the learning rate lies between {exact_number(1 / MOST_FACTOR)} and {format_ratio(MOST_FACTOR)}"


def rate_request(factor: float) -> str:
    """The request to multiply every rate from now on. Raises ValueError for what is no factor."""
    return f"{RATE} {_checked(factor)!r}"


def read_factor(text: str) -> float | None:
    """The factor that somebody typed: "0.5", "×2", "2x", "÷10", "1/10"; None where it is none."""
    text = text.strip().replace(",", ".").strip("×xX* ")
    over, parts = text.startswith(("÷", "/")), text.lstrip("÷ /").split("/")
    try:
        numbers = [float(part) for part in parts]
        value = numbers[0] if len(numbers) == 1 else numbers[0] / numbers[1]
        return _checked(1 / value if over else value)
    except (ValueError, ZeroDivisionError, IndexError):
        return None


def _checked(factor: float) -> float:
    if not (math.isfinite(factor) and 1 / MOST_FACTOR <= factor <= MOST_FACTOR):
        raise ValueError(f"{FACTORS}.")
    return float(factor)


class Control:
    """Carries requests into a running engine, which looks at them between batches.

    All verbs are idempotent and may be called from any thread. A cancelled run stays cancelled, and
    cancelling wakes a paused one.
    """

    def __init__(self) -> None:
        self.asked = False
        """True once anything was asked for: until then an engine need not look at the rest in every step."""
        self._go = threading.Event()
        self._go.set()
        self._cancelled = threading.Event()
        self._finishing = threading.Event()
        self._factors: deque[float] = deque()

    def obey(self, request: str) -> bool:
        """Do what a request says in words: "pause", "resume", "cancel", "finish", "rate 0.5". False for no request."""
        verb, _, rest = request.strip().partition(" ")
        verbs = {"pause": self.pause, "resume": self.resume, "cancel": self.cancel, FINISH: self.finish}
        if verb in verbs and not rest:
            verbs[verb]()
            return True
        if verb != RATE:
            return False
        try:
            self.multiply_rate(float(rest))
        except ValueError:
            return False
        return True

    def pause(self) -> None:
        """Hold the run before its next batch."""
        if not self.cancelled:
            self._go.clear()
            self.asked = True

    def resume(self) -> None:
        """Let a held run go on."""
        self._go.set()

    def cancel(self) -> None:
        """End the run before its next batch; everything measured so far is kept."""
        self._cancelled.set()
        self._go.set()
        self.asked = True

    def finish(self) -> None:
        """End a training when its epoch is over, with what is measured at an epoch's end."""
        self._finishing.set()
        self.asked = True

    def multiply_rate(self, factor: float) -> None:
        """Multiply every rate of a training from its next step on. Raises ValueError for what is no factor."""
        self._factors.append(_checked(factor))
        self.asked = True

    def take_factor(self) -> float | None:
        """The factor that was asked for next, once; None where none was."""
        return self._factors.popleft() if self._factors else None

    @property
    def finishing(self) -> bool:
        """True once the training was asked to end with its epoch."""
        return self._finishing.is_set()

    @property
    def paused(self) -> bool:
        """True while the run is asked to hold."""
        return not self._go.is_set()

    @property
    def cancelled(self) -> bool:
        """True once the run was asked to end."""
        return self._cancelled.is_set()

    def wait_while_paused(self, timeout: float | None = None) -> None:
        """Block until the run may go on (or was cancelled), at most `timeout` seconds."""
        self._go.wait(timeout)


class Terminated(BaseException):
    """The process was asked to go (SIGTERM); passes through everything, so that `finally` blocks run."""
