"""How to train: OneCycle with the selected learning rate."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot

from lrgui.core.learning_rate import format_lr, parse_lr
from lrgui.core.options import read_number
from lrgui.gui.cards import Fold
from lrgui.gui.fields import AUTO, whole
from lrgui.gui.panels.config_card import ConfigCard
from lrgui.gui.workspace import Workspace


def _percent(text: str) -> float:
    return read_number(text.replace("%", "")) / 100


class TrainingPanel(ConfigCard):
    """The training's fields; max LR is the selection, and typing it selects."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__("Training · OneCycle", "train", workspace)
        main, more = self.add_form(), self.add_form()
        main.add_text("epochs", "Epochs", whole, str, "Passes over the training examples")
        main.add_text("max_lr", "Max LR", parse_lr, format_lr, "The top of the cycle: the selected learning rate")
        main.add_text(
            "pct_start", "Warm-up", _percent, lambda v: f"{100 * v:g} %", "Share of the steps on which the rate rises"
        )
        more.add_text(
            "steps",
            "Steps",
            lambda text: None if text.strip().lower() in ("", AUTO) else whole(text),
            lambda value: AUTO if value is None else str(value),
            "Steps in all, for batches without an end: the epochs are equal parts of them; “auto”: whole passes",
        )
        more.add_text("div_factor", "Start ÷", read_number, "{:g}".format, "The first rate is max LR divided by this")
        more.add_text(
            "final_div_factor", "Final ÷", read_number, "{:g}".format, "The last rate is the first one divided by this"
        )
        self.body.addWidget(main)
        self.body.addWidget(Fold("More: start and final divisor, steps", more))
        self.show_job(workspace.job)

    @Slot(str, object)
    def _on_edited(self, name: str, value: Any) -> None:
        if name == "max_lr":
            self.workspace.select(value)
        else:
            super()._on_edited(name, value)
