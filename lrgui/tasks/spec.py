"""Which task to run: plain data that forms, command lines and run logs share."""

from __future__ import annotations

import math
import os
import re
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lrgui.core.formats import exact_number
from lrgui.core.optimizers import EXCLUDED, OPTIMIZERS, OptimizerRow
from lrgui.core.options import Scalar, filled, option_problems
from lrgui.core.run_settings import Problem, is_finite
from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.catalog_rows import ModelRow, PathRow, SourceRow
from lrgui.tasks.user.rows import OWN, SCRIPT, TASK, USER_SCRIPT
from lrgui.tasks.user.target import Target

#: What those fields are called whose names would not say it.
LABELS = {"subset": "Training examples", "loader_workers": "DataLoader workers", "pin_memory": "Pinned memory"}
#: The fields that hold settings by name.
_OPTIONS = ("options", "model_options", "optimizer_options")


@dataclass(frozen=True)
class TaskSpec:
    """What to train, on what, with what. Keys refer to the rows of `registry` and `optimizers`."""

    source: str = "digits"
    model: str = "cnn"
    optimizer: str = "sgd"
    momentum: float = 0.9
    """SGD only."""
    weight_decay: float = 1e-4
    batch_size: int = 64
    subset: int | None = None
    """Train on this many examples only; None is all."""
    loader_workers: int = 0
    """Processes that load batches; 0 loads in the run's own process."""
    device: str = "auto"
    """"auto", "cpu", "cuda", "cuda:1", "mps", …"""
    seed: int = 0
    path: str = ""
    """The file or folder of a source that reads one; for code also `package.module`, each with `:name` or without."""
    options: dict[str, Scalar] = field(default_factory=dict)
    """The source's own settings, or the arguments of a task file, by name; those left out take their default."""
    model_options: dict[str, Scalar] = field(default_factory=dict)
    """The model's own settings."""
    optimizer_options: dict[str, Scalar] = field(default_factory=dict)
    """The optimizer's own settings."""
    pin_memory: bool | None = None
    """Batches in page-locked memory; None is yes where the device is a CUDA one."""
    threads: int | None = None
    """Threads for the CPU's arithmetic; None leaves one core to the window."""
    arguments: str = ""
    """What code of the person's finds in `sys.argv` behind its file, as a shell would write it."""

    @property
    def row(self) -> SourceRow | None:
        """The source's row, None for an unknown one."""
        return SOURCES.get(self.source)

    @property
    def model_row(self) -> ModelRow | None:
        """The model's row, None for an unknown one and for code that brings its own."""
        return None if self.row is None else self.row.models.get(self.model)

    @property
    def optimizer_row(self) -> OptimizerRow | None:
        """The optimizer's row, None for an unknown one and for code that brings its own."""
        return OPTIMIZERS.get(self.optimizer)

    @property
    def is_code(self) -> bool:
        """True where a run executes what the person wrote."""
        return self.source in (TASK, SCRIPT)

    @property
    def is_script(self) -> bool:
        """True for a program that brings its own training loop."""
        return self.source == SCRIPT

    @property
    def script_options(self) -> dict[str, Any]:
        """All settings of a script's run, by name: given or usual."""
        return filled(USER_SCRIPT.options, self.options)

    @property
    def title(self) -> str:
        """For titles of windows and pictures: "digits · small CNN · SGD, momentum 0.9"."""
        words = [self.data_words]
        if not self.is_code:
            words.append(self._model_words())
        return " · ".join([*words, self.optimizer_words])

    @property
    def file_words(self) -> tuple[str, ...]:
        """For names of files: data, model and optimizer."""
        if self.is_code:
            return self.data_words, self.optimizer
        return self.data_words, self.model, self.optimizer

    @property
    def data_words(self) -> str:
        """The data for people: "digits", or the name of the person's file, folder, function or module."""
        if self.row is None:
            return self.source
        if self.row.path is None or not self.path or self.row.path.default:
            return self.row.short
        if not self.is_code:
            return Path(self.path).stem or self.row.short
        target = Target.parse(self.path)
        return target.name or (target.file.stem if target.file is not None else target.place)

    def _model_words(self) -> str:
        row = self.model_row
        if row is None:
            return self.model
        return str(filled(row.options, self.model_options).get("name") or row.short)

    @property
    def data_and_model(self) -> tuple[str, str, str]:
        """What a learning rate is for, its optimizer aside: that of another task says nothing of this one."""
        return self.source, self.path, self.model

    @property
    def batch_words(self) -> str:
        """ "batch 1,024"."""
        return f"batch {self.batch_size:,}"

    @property
    def optimizer_words(self) -> str:
        """The optimizer for people: "SGD, momentum 0.9"."""
        row = self.optimizer_row
        if row is None:
            return "own optimizer" if self.optimizer == OWN else self.optimizer
        words = str(filled(row.options, self.optimizer_options).get("name") or row.label)
        momentum = "momentum" in row.fields and self.momentum > 0
        return f"{words}, momentum {exact_number(self.momentum)}" if momentum else words

    @property
    def argv(self) -> list[str]:
        """`arguments`, word by word. Raises ValueError for a quote that is never closed."""
        return shlex.split(self.arguments)

    def validate(self) -> list[Problem]:
        """Every problem with these settings, an empty list where there is none."""
        found = [*self._choice_problems(), *self._number_problems()]
        known = {problem.field for problem in found}
        return [*found, *(problem for problem in self._not_finite() if problem.field not in known)]

    def made_finite(self) -> tuple[TaskSpec, list[Problem]]:
        """The same with usual numbers in place of those that are not finite, and a problem for each of these."""
        usual, changes = TaskSpec(), dict[str, Any]()
        for name in ("momentum", "weight_decay"):
            if not is_finite(getattr(self, name)):
                changes[name] = getattr(usual, name)
        for part in _OPTIONS:
            values = getattr(self, part)
            finite = {name: value for name, value in values.items() if is_finite(value)}
            if len(finite) < len(values):
                changes[part] = finite
        numbers = [problem for problem in self._number_problems() if problem.field in changes]
        return replace(self, **changes) if changes else self, [*numbers, *self._not_finite()]

    def _not_finite(self) -> list[Problem]:
        """Settings of source, model and optimizer, of code too, that a run file could not hold."""
        return [
            Problem(f"{part}.{name}", f"{name} cannot be {exact_number(value)}.", "Use a finite number.")
            for part in _OPTIONS
            for name, value in getattr(self, part).items()
            if isinstance(value, float) and not is_finite(value)
        ]

    def _choice_problems(self) -> list[Problem]:
        problems: list[Problem] = []
        source, model, optimizer = self.row, self.model_row, self.optimizer_row
        if source is None:
            fix = f"Choose one of: {', '.join(SOURCES)}."
            problems.append(Problem("source", f"Unknown data source “{self.source}”.", fix))
        else:
            if source.models and model is None:
                fix = f"Choose one of: {', '.join(source.models)}."
                problems.append(Problem("model", f"{source.label} has no model “{self.model}”.", fix))
            if source.path is not None:
                problems += _path_problems(source.path, self.path)
            if self.source != TASK:  # which arguments a task file has is known only to those who read it
                problems += option_problems(source.options, self.options, "options")
        if self.arguments:
            problems += self._argument_problems()
        if model is not None:
            problems += option_problems(model.options, self.model_options, "model_options")
        if optimizer is not None:
            problems += option_problems(optimizer.options, self.optimizer_options, "optimizer_options")
            shared = {"momentum": self.momentum, "weight_decay": self.weight_decay}
            problems += optimizer.problems(shared, self.optimizer_options)
        elif not (self.optimizer == OWN and self.is_code):
            fix = f"Choose one of: {', '.join(OPTIMIZERS)}; those of libraries are written timm:lion."
            why = EXCLUDED.get(self.optimizer.lower())
            what = (
                f"Unknown optimizer “{self.optimizer}”." if why is None else f"{self.optimizer} cannot be swept. {why}"
            )
            problems.append(Problem("optimizer", what, fix))
        return problems

    def _argument_problems(self) -> list[Problem]:
        if not self.is_code:
            what = f"{self.data_words} takes no arguments."
            return [Problem("arguments", what, "Only your own code reads them: remove them.")]
        try:
            self.argv  # noqa: B018 (whether it can be read)
        except ValueError:
            return [Problem("arguments", "A quote is not closed.", "Close it or remove it.")]
        return []

    def _number_problems(self) -> list[Problem]:
        problems: list[Problem] = []
        if not (math.isfinite(self.momentum) and 0 <= self.momentum < 1):
            problems.append(
                Problem(
                    "momentum",
                    f"A momentum of {exact_number(self.momentum)} is out of range.",
                    "Use 0 to 0.999; 0.9 is usual.",
                )
            )
        if not (math.isfinite(self.weight_decay) and 0 <= self.weight_decay < 1):
            problems.append(
                Problem(
                    "weight_decay",
                    f"A weight decay of {exact_number(self.weight_decay)} is out of range.",
                    "Use 0 to below 1; 1e-4 is usual.",
                )
            )
        size = self.row.train_size if self.row else None
        if self.subset is not None and (self.subset < 2 or (size is not None and self.subset > size)):
            problems.append(
                Problem(
                    "subset",
                    f"A subset of {self.subset:,} examples is not possible.",
                    "Use 2 or more, or all." if size is None else f"Use 2 to {size:,}, or all.",
                )
            )
        have = self.subset if self.subset is not None else size
        if self.batch_size < 1 or (have is not None and have >= 2 and self.batch_size > have):
            there, most = ("the", "or more") if have is None else (f"{have:,}", f"to {have:,}")
            problems.append(
                Problem(
                    "batch_size",
                    f"A batch of {self.batch_size:,} cannot be made from {there} training examples.",
                    f"Use 1 {most}; 64 is usual.",
                )
            )
        if not 0 <= self.loader_workers <= 64:
            problems.append(
                Problem(
                    "loader_workers",
                    f"{self.loader_workers} DataLoader workers cannot be started.",
                    "Use 0 to 64; 0 is safest.",
                )
            )
        if not re.fullmatch(r"auto|cpu|mps|(cuda|xpu)(:\d+)?", self.device):
            problems.append(
                Problem("device", f"Unknown device “{self.device}”.", "Use auto, cpu, cuda, cuda:0, mps or xpu.")
            )
        if not 0 <= self.seed < 2**63:
            problems.append(Problem("seed", f"The seed {self.seed} is out of range.", "Use 0 or a positive number."))
        if self.threads is not None and not 1 <= self.threads <= 1024:
            problems.append(
                Problem("threads", f"{self.threads} threads are not possible.", "Use 1 to the number of CPU cores.")
            )
        return problems


def _path_problems(row: PathRow, path: str) -> list[Problem]:
    """What is wrong with the file or folder of a source."""
    if not path and not row.default:
        return [Problem("path", f"No {'task' if row.kind == 'code' else row.kind} is chosen.", f"{row.tip}.")]
    place = Target.parse(path).file if row.kind == "code" else Path(os.path.expanduser(path or row.default))
    if place is None:
        return []  # package.module: whether it is there is known to the Python that computes
    if row.kind == "folder":
        if row.default or os.path.isdir(place):
            return []  # a data set's root folder is made where it is not there
        return [Problem("path", f"There is no folder {place}.", "Choose an existing one.")]
    if not os.path.isfile(place):  # also for names that no system allows
        return [Problem("path", f"There is no file {place}.", "Choose an existing one.")]
    if row.kind == "code" and place.suffix.lower() == ".ipynb" and ".ipynb" not in row.suffixes:
        fix = f"Make a script of it with “jupyter nbconvert --to script {place.name}”."
        return [Problem("path", f"{place.name} is a notebook.", fix)]
    if row.suffixes and not place.name.lower().endswith(row.suffixes):
        return [
            Problem("path", f"{place.name} cannot be read.", f"Choose a file that ends in {', '.join(row.suffixes)}.")
        ]
    return []
