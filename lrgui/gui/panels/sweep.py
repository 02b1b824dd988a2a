"""How to sweep: range, steps, smoothing, stop; behind a fold how one point is measured."""

from __future__ import annotations

from PySide6.QtCore import Slot

from lrgui.core.run_settings import SweepSettings
from lrgui.gui.panels.settings_card import SettingsCard
from lrgui.gui.workspace import Workspace


class SweepPanel(SettingsCard):
    """The sweep's fields. β stays open after a run: it only changes how the curve is read."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__("Sweep", "sweep", SweepSettings, workspace)

    @Slot(str)
    def _on_state(self, state: str) -> None:
        super()._on_state(state)
        self.forms[0].editors["beta"].setEnabled(True)
