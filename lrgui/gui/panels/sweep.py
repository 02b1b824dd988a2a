"""How to sweep: range, steps, smoothing, stop."""

from __future__ import annotations

from PySide6.QtCore import Slot

from lrgui.core.learning_rate import parse_lr
from lrgui.gui.fields import number, whole
from lrgui.gui.panels.config_card import ConfigCard
from lrgui.gui.workspace import Workspace


def _factor(text: str) -> float:
    words = text.lower().replace("×", " ").replace("best loss", " ").strip()
    return 0.0 if words in ("", "off", "never") else number(words)


class SweepPanel(ConfigCard):
    """The sweep's fields. β stays open after a run: it only changes how the curve is read."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__("Sweep", "sweep", workspace)
        form = self.add_form()
        form.add_text("start_lr", "From", parse_lr, "{:g}".format, "Learning rate of the first step")
        form.add_text("end_lr", "To", parse_lr, "{:g}".format, "Learning rate of the last step")
        form.add_text("steps", "Steps", whole, str, "Batches, each with a higher rate; 200 is usual")
        form.add_text(
            "beta",
            "Smoothing β",
            number,
            "{:g}".format,
            "Of the classic average; can be changed after a run: everything is computed again from the raw losses",
        )
        form.add_text(
            "stop_factor",
            "Stop at",
            _factor,
            lambda value: "off" if value == 0 else f"{value:g} × best loss",
            "End the sweep when the average loss is above this multiple of its best, or “off”",
        )
        self.body.addWidget(form)
        self.show_job(workspace.job)

    @Slot(str)
    def _on_state(self, state: str) -> None:
        super()._on_state(state)
        self.forms[0].editors["beta"].setEnabled(True)
