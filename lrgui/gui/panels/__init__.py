"""The cards on both sides of the plot: one module and one row each."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtWidgets import QWidget

from lrgui.gui.panels.checklist import ChecklistPanel
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.panels.settings import SweepPanel, TrainingPanel
from lrgui.gui.panels.suggestions import SuggestionsPanel
from lrgui.gui.panels.task import TaskPanel
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session


class PanelRow(NamedTuple):
    """One card: its key, its side (`left` or `right`) and what makes it."""

    key: str
    side: str
    make: Callable[[Session, RunsOnScreen], QWidget]


PANELS: tuple[PanelRow, ...] = (
    PanelRow("task", "left", lambda session, _runs: TaskPanel(session)),
    PanelRow("sweep", "left", lambda session, _runs: SweepPanel(session)),
    PanelRow("training", "left", TrainingPanel),
    PanelRow("selection", "right", SelectionPanel),
    PanelRow("suggestions", "right", lambda _session, runs: SuggestionsPanel(runs)),
    PanelRow("checklist", "right", lambda _session, runs: ChecklistPanel(runs)),
)
