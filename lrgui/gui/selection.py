"""What a person chooses on a curve, and the steps by which it can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtGui import QUndoCommand, QUndoStack

from lrgui.core.curve.zones import Zones


@dataclass(frozen=True)
class Choices:
    """Selection and zones; None where there is none."""

    selection: float | None
    zones: Zones | None
    by_hand: bool = False
    """True where the person chose the selection; False for what the program recommends."""
    candidates: tuple[float, ...] = ()
    """Rates that are marked to be trained, rising."""
    chosen_for: tuple[str, ...] = ()
    """What these rates are for (`chosen_for` of a job); empty where nobody said."""

    @property
    def without_rates(self) -> Choices:
        """The same zones, and no rate."""
        return Choices(None, self.zones)


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


class Selection:
    """What is chosen now, and how it changes: in steps that can be undone, of which a drag is one."""

    def __init__(self, show: Callable[[Choices], None], steps: QUndoStack, first: Choices) -> None:
        """`show` puts a choice on screen; it is called whenever another one is taken."""
        self.now = first
        self._show, self._steps = show, steps
        self._before_drag: Choices | None = None
        """What was chosen when the drag began that is going on."""

    def begin(self, first: Choices) -> None:
        """Another curve, on which nothing was chosen yet: there is nothing to undo, and nothing to show."""
        self._steps.clear()
        self.now, self._before_drag = first, None

    def forget_drag(self) -> None:
        """Another curve begins: no release of a drag will come."""
        self._before_drag = None

    def take(self, choices: Choices) -> None:
        """Choose and show; no step of the person's."""
        self.now, self._before_drag = choices, None
        self._show(choices)

    def change(self, text: str, nudge: bool = False, **changes: Any) -> None:
        """Change `selection` or `zones`, as one step that can be undone, called `text`."""
        after = replace(self.now, **changes)
        if after != self.now:
            self._steps.push(ChoiceStep(self.take, text, self.now, after, nudge))

    def preview(self, **changes: Any) -> None:
        """Follow a drag: show `selection` or `zones`, nothing to undo yet."""
        self._before_drag = self._before_drag or self.now
        self.now = replace(self.now, **changes)
        self._show(self.now)

    @property
    def dragging(self) -> bool:
        """True from the first move of a drag to its end."""
        return self._before_drag is not None

    def commit(self, text: str, name: str, old: Any, new: Any, **also: Any) -> None:
        """A drag of `selection` or `zones` ended: make it one step that can be undone.

        Undo goes back to what was chosen before the drag. That is not always `old`, where the plot began: a rate
        that its axis does not reach stands at the edge there. `also` changes with it.
        """
        before, self._before_drag = self._before_drag, None
        began = {name: old} if before is None else {key: getattr(before, key) for key in (name, *also)}
        self.now = replace(self.now, **began)
        self.change(text, **{name: new}, **also)
