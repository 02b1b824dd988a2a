"""What a person chooses on a curve, and the steps by which it can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QUndoCommand

from lrgui.core.zones import Zones


@dataclass(frozen=True)
class Choices:
    """Selection and zones; None where there is none."""

    selection: float | None
    zones: Zones | None


class ChoiceStep(QUndoCommand):
    """A change from one choice to another; `show` puts a choice on screen."""

    def __init__(
        self, show: Callable[[Choices], None], text: str, before: Choices, after: Choices, nudge: bool = False
    ) -> None:
        super().__init__(text)
        self._show, self._before, self._after = show, before, after
        self._nudge = nudge

    def id(self) -> int:
        """Small steps that follow each other are one change; everything else stands alone."""
        return 1 if self._nudge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take a later small step in."""
        assert isinstance(other, ChoiceStep)
        self._after = other._after
        return True

    def redo(self) -> None:
        """Show what was chosen."""
        self._show(self._after)

    def undo(self) -> None:
        """Show what was there before."""
        self._show(self._before)
