"""What to train: data, model, optimizer, batch size, device."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Slot

from lrgui.core.events import TaskEvent
from lrgui.core.optimizers import OPTIMIZERS
from lrgui.gui.cards import Fold, muted
from lrgui.gui.fields import number, whole
from lrgui.gui.panels.config_card import ConfigCard
from lrgui.gui.workspace import Workspace
from lrgui.runs.job import Job
from lrgui.tasks.registry import SOURCES

DEVICES = {"auto": "Automatic", "cpu": "CPU", "cuda": "CUDA (NVIDIA)", "mps": "MPS (Apple)"}


def _subset(text: str) -> int | None:
    return None if text.strip().lower() in ("", "all") else whole(text)


class TaskPanel(ConfigCard):
    """The task's fields; rarely used ones are folded."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__("Task", "task", workspace)
        main, more = self.add_form(), self.add_form()
        main.add_choice("source", "Data", {r.key: r.label for r in SOURCES.values()}, "The examples to train on")
        main.add_choice("model", "Model", {}, "The network, always with fresh weights")
        main.add_choice(
            "optimizer",
            "Optimizer",
            {row.key: row.label for row in OPTIMIZERS.values()},
            "The optimizer that you train with: a learning rate holds for it only",
        )
        main.add_text("batch_size", "Batch size", whole, str, "Examples per step: a learning rate holds for it only")
        main.add_choice("device", "Device", DEVICES, "Where the arithmetic runs; automatic takes the best there is")
        more.add_text("momentum", "Momentum", number, "{:g}".format, "SGD's momentum; 0 is none")
        more.add_text("weight_decay", "Weight decay", number, "{:g}".format, "Pulls weights towards zero")
        more.add_text(
            "subset",
            "Subset",
            _subset,
            lambda value: "all" if value is None else str(value),
            "Train on the first so many examples only, or “all”",
        )
        more.add_text("loader_workers", "Loaders", whole, str, "Processes that load batches; 0 is safest")
        more.add_text("seed", "Seed", whole, str, "The same seed gives the same weights and batches")
        self._main, self._more = main, more
        self._detail = muted()
        self._detail_of: tuple[object, ...] = ()
        """What the detail of the last run was about; it stays until something of that changes."""
        self.body.addWidget(main)
        self.body.addWidget(self._detail)
        self.body.addWidget(Fold("More: momentum, decay, subset, seed", more))
        workspace.task_known.connect(self._on_task)
        self.show_job(workspace.job)

    @Slot(object)
    def show_job(self, job: Job) -> None:
        source = SOURCES.get(job.task.source)
        if source is not None:
            self._main.set_options("model", {m.key: m.label for m in source.models.values()})
            if self._detail_of != (job.task.source, job.task.model, job.task.subset):
                self._detail.setText(source.detail)
        super().show_job(job)
        row = OPTIMIZERS.get(job.task.optimizer)
        self._more.set_row_visible("momentum", row is not None and "momentum" in row.fields)

    @Slot(str, object)
    def _on_edited(self, name: str, value: Any) -> None:
        if name == "source" and self.workspace.job.task.model not in SOURCES[value].models:
            model = next(iter(SOURCES[value].models))
            self.workspace.edit(task=replace(self.workspace.job.task, source=value, model=model))
            return
        super()._on_edited(name, value)

    @Slot(object)
    def _on_task(self, task: TaskEvent) -> None:
        shown = self.workspace.job.task
        self._detail_of = (shown.source, shown.model, shown.subset)
        self._detail.setText(f"{task.detail} · {task.parameters:,} parameters · {task.device}")
