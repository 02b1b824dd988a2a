"""The cards on both sides of the plot: one module and one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from lrgui.gui.panels.checklist import ChecklistPanel
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.panels.suggestions import SuggestionsPanel
from lrgui.gui.panels.sweep import SweepPanel
from lrgui.gui.panels.task import TaskPanel
from lrgui.gui.panels.training import TrainingPanel
from lrgui.gui.workspace import Workspace


@dataclass(frozen=True)
class PanelRow:
    """One card: its key, its side (`left` or `right`) and what makes it."""

    key: str
    side: str
    make: Callable[[Workspace], QWidget]


PANELS: tuple[PanelRow, ...] = (
    PanelRow("task", "left", TaskPanel),
    PanelRow("sweep", "left", SweepPanel),
    PanelRow("training", "left", TrainingPanel),
    PanelRow("selection", "right", SelectionPanel),
    PanelRow("suggestions", "right", SuggestionsPanel),
    PanelRow("checklist", "right", ChecklistPanel),
)
