"""What the window tells the person over the plot. Its widget is `banner.py`: whoever notices something knows none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Notice:
    """Something the person should know, shown over the plot until it is closed; what needs no doing goes by itself."""

    kind: str
    """`info`, `warning` or `error`."""
    text: str
    details: str = ""
    action: str = ""
    """Label of the button that mends it, empty where there is none."""
    act: Callable[[], object] | None = None
    tip: str = ""
    """What exactly the button does."""
    leads_to: str = ""
    """The tab that the button shows, where it does nothing else: no button while that is in sight."""
    holds: Callable[[], bool] | None = None
    """Where it is about settings, or what waits in the queue: False once they are others, and it holds no longer."""
    until_saved: bool = False
    """True where it is about the task's code as it was: gone once that is saved."""

    until_python: bool = False
    """True where it is about a run that could not begin: gone once another Python, or target, is chosen."""

    passing: bool = False
    """True where it says what goes on at this moment: nobody wants that again later."""

    def after(self, text: str) -> Notice:
        """This notice with another sentence before its own: there is one place for notices only."""
        kind = "warning" if self.kind == "info" else self.kind
        return replace(self, kind=kind, text=f"{text} {self.text}")
