"""How to train: OneCycle with the selected learning rate."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot

from lrgui.core.run_settings import LOOP, TrainSettings
from lrgui.gui.panels.settings_card import SettingsCard
from lrgui.gui.workspace import Workspace


class TrainingPanel(SettingsCard):
    """The training's fields; max LR is the selection, and typing it selects. The loop's settings are the sweep's."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__("Training · OneCycle", "train", TrainSettings, workspace, without=LOOP)

    @Slot(str, object)
    def _on_edited(self, name: str, value: Any) -> None:
        if name == "max_lr":
            self.workspace.select(value)
        else:
            super()._on_edited(name, value)
