"""Where the person wrote what makes a step of a check: file and line, for what the step finds."""

from __future__ import annotations

import re
import warnings
from typing import Any

import torch
from torch.utils.data import Subset

from lrgui.core.engine.objective import Objective
from lrgui.errors.traces import defined_at, is_persons
from lrgui.tasks.checks.step import Place
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import BuiltTask
from lrgui.tasks.user.outline import outline


class TaskPlaces:
    """Finds the places of one task."""

    def __init__(self, spec: TaskSpec) -> None:
        self.task: BuiltTask | None = None
        """What was built, None before."""
        self._spec = spec

    def of(self, key: str) -> Place:
        """Where the person wrote what makes this step: their data set, the loss, the model's forward.

        Of torch's own classes it is the line where the task's file makes them.
        """
        if self.task is None:
            return "", 0
        if key == "batch":
            examples = getattr(self.task.loader, "dataset", None)
            while isinstance(examples, Subset):
                examples = examples.dataset
            place = defined_at(getattr(type(examples), "__getitem__", None))
            return place if place[0] else self.of_role("train_loader")
        if key in ("loss", "backward"):
            place = defined_at(_function(self.task.objective))
            return place if place[0] else self.of_role("loss")
        if key == "forward":
            place = defined_at(getattr(type(written(self.task.model)), "forward", None))  # TorchScript has none there
            return place if place[0] else self.of_role("model")
        if key == "validation":
            return self.of_role("val_loader")
        return "", 0

    def of_role(self, role: str) -> Place:
        """The line of the task's file where its part of that name is made; "" and 0 where that is not known."""
        if not self._spec.is_code:
            return "", 0
        found = outline(self._spec.path)
        line = found.lines.get(role, 0)
        return (str(found.file), line) if found.file is not None and line else ("", 0)


def changed_in_place(task: BuiltTask, batch: Any) -> Place:
    """The person's line whose result was changed later: torch remembers lines where it is asked to."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            with torch.autograd.detect_anomaly(check_nan=False):
                task.certain_loss(task.model, batch).backward()  # type: ignore[no-untyped-call]
        except RuntimeError:
            pass
    lines = re.findall(r'File "(.+?)", line (\d+)', "\n".join(str(message.message) for message in said))
    own = [(file, int(line)) for file, line in lines if is_persons(file)]
    return own[-1] if own else ("", 0)


def written(model: torch.nn.Module) -> torch.nn.Module:
    """The person's model within what torch.compile made of it."""
    inner = getattr(model, "_orig_mod", model)
    return inner if isinstance(inner, torch.nn.Module) else model


def _function(objective: Objective) -> Any:
    return getattr(objective, "criterion", None) or getattr(objective, "training_step", None)
