"""How to sweep: range, steps, smoothing, stop; behind a fold how one point is measured."""

from __future__ import annotations

from PySide6.QtCore import Slot

from lrgui.core.config import Problem, SweepConfig
from lrgui.core.learning_rate import parse_lr
from lrgui.core.options import read_number
from lrgui.gui.fields import Form, whole
from lrgui.gui.panels.config_card import ConfigCard
from lrgui.gui.panels.more_settings import MoreSettings
from lrgui.gui.workspace import Workspace
from lrgui.runs.job import Job

SCHEDULES = {"exponential": "Exponential", "linear": "Linear"}
PRECISIONS = {None: "Full", "bf16": "bf16", "fp16": "fp16"}


def _factor(text: str) -> float:
    words = text.lower().replace("×", " ").replace("best loss", " ").strip()
    return 0.0 if words in ("", "off", "never") else read_number(words)


def _norm(text: str) -> float | None:
    return None if text.strip().lower() in ("", "off", "none") else read_number(text)


class SweepPanel(ConfigCard):
    """The sweep's fields. β stays open after a run: it only changes how the curve is read."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__("Sweep", "sweep", workspace)
        form = self.add_form()
        form.add_text("start_lr", "From", parse_lr, "{:g}".format, "Learning rate of the first step")
        form.add_text("end_lr", "To", parse_lr, "{:g}".format, "Learning rate of the last step")
        form.add_text("steps", "Steps", whole, str, "Points of the curve, each at a higher rate; 200 is usual")
        form.add_text(
            "beta",
            "Smoothing β",
            read_number,
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
        more = self._form_of_the_loop()
        self.body.addWidget(form)
        self._loop, self.more = more, MoreSettings("sweep", more)
        self.body.addWidget(self.more)
        workspace.about_to_run.connect(self._hide_no_problem)
        self.show_job(workspace.job)

    def _form_of_the_loop(self) -> Form:
        """What most people don't need: the settings of the training loop that the sweep imitates."""
        form = self.add_form()
        form.add_choice(
            "schedule",
            "Schedule",
            SCHEDULES,
            "How the rate rises from step to step: by the same factor (exponential) or by the same amount (linear)",
        )
        form.add_text(
            "repeats",
            "Repeats",
            whole,
            str,
            "Sweeps of the same weights, each with another order of the data: 3 show how sure the pick is; 1 is usual",
        )
        form.add_text(
            "batches_per_lr",
            "Steps per rate",
            whole,
            str,
            "Steps at each rate; a point is the mean of their losses, so that more give less noise and take longer",
        )
        form.add_text(
            "accumulation",
            "Accumulation",
            whole,
            str,
            "Batches that make one step: 2 learns like twice the batch size, in the memory of one; 1 is usual",
        )
        form.add_text(
            "clip_grad_norm",
            "Clip gradients",
            _norm,
            lambda value: "off" if value is None else f"{value:g}",
            "Shorten gradients to this norm before each step, if your training does; empty or “off” leaves them",
        )
        form.add_choice(
            "amp",
            "Precision",
            PRECISIONS,
            "Mixed precision saves time and memory on a GPU; bf16 is the safer one, fp16 is slow on a CPU",
        )
        return form

    @Slot(object)
    def show_job(self, job: Job) -> None:
        super().show_job(job)
        usual = SweepConfig()
        changed = [name for name in self._loop.editors if getattr(job.sweep, name) != getattr(usual, name)]
        self.more.set_changed([self._loop.words(name) for name in changed])

    @Slot(object)
    def show_problems(self, problems: list[Problem]) -> None:
        super().show_problems(problems)
        self._hide_no_problem()

    @Slot()
    def _hide_no_problem(self) -> None:
        if self._loop.has_problem:
            self.more.open()

    @Slot(str)
    def _on_state(self, state: str) -> None:
        super()._on_state(state)
        self.forms[0].editors["beta"].setEnabled(True)
