"""How far a sweep is, in one line that is written over: in a terminal, and below a notebook's cell."""

from __future__ import annotations

import sys
import time
from typing import Any

from lrgui.core.formats import format_loss
from lrgui.core.learning_rate import format_lr

#: Seconds between two lines, so that they can be read and cost nothing.
EVERY = 0.25


class Progress:
    """Tells how far a run is, where a person can see it; silent in files and pipes."""

    def __init__(self, wanted: bool, steps: int, sweeps: int) -> None:
        self._steps = steps
        self._sweeps = sweeps
        self._next = 0.0
        self._width = 0
        self._notebook = _notebook_line() if wanted else None
        #: True where somebody can see it.
        self.on = self._notebook is not None or (wanted and sys.stderr is not None and sys.stderr.isatty())

    def batch(self, sweep: int, step: int, lr: float, loss: float) -> None:
        """One more point; most of them are passed over."""
        if not self.due():
            return
        which = f"Sweep {sweep + 1} of {self._sweeps}: step" if self._sweeps > 1 else "Step"
        self.write(f"{which} {step + 1:,} of {self._steps:,} · LR {format_lr(lr)} · loss {format_loss(loss)}")

    def due(self) -> bool:
        """True where the line is seen and old enough to be written over; then it counts as written."""
        if not self.on:
            return False
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + EVERY
        return True

    def end(self) -> None:
        """Take the line away."""
        if self._notebook is not None:
            self._notebook.update({"text/plain": ""}, raw=True)
        elif self.on and self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
        self._width = 0

    def write(self, text: str) -> None:
        """Write this over the line that is there, once it is `due`."""
        if self._notebook is not None:
            self._notebook.update({"text/plain": text}, raw=True)
            return
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)


def in_notebook() -> bool:
    """True in a Jupyter kernel."""
    shell = _shell()
    return shell is not None and hasattr(shell, "kernel")


def interactive() -> bool:
    """True where a person types the next line: a notebook, IPython, Python's own prompt."""
    return _shell() is not None or hasattr(sys, "ps1")


def _shell() -> Any:
    # Whoever runs in IPython has imported it; looking it up imports nothing.
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def _notebook_line() -> Any:
    if not in_notebook():
        return None
    from IPython.display import display  # type: ignore[import-not-found, unused-ignore]

    return display({"text/plain": ""}, raw=True, display_id=True)
