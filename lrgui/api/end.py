"""How a sweep or a race that was run from Python ended."""

from __future__ import annotations

from dataclasses import dataclass

from lrgui.core.events import EndEvent


@dataclass(frozen=True)
class End(EndEvent):
    """Why it ended: reason, detail, and the traceback where the task's code failed."""

    traceback: str = ""
