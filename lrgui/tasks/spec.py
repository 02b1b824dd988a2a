"""Which task to run: plain data that forms, command lines and run logs share."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from lrgui.core.config import Problem
from lrgui.core.optimizers import OPTIMIZERS
from lrgui.tasks.registry import SOURCES


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

    @property
    def title(self) -> str:
        """For titles of windows and pictures: "digits · small CNN · SGD, momentum 0.9"."""
        source = SOURCES.get(self.source)
        model = source.models.get(self.model) if source else None
        optimizer = OPTIMIZERS.get(self.optimizer)
        words = optimizer.label if optimizer else self.optimizer
        if optimizer is not None and "momentum" in optimizer.fields and self.momentum > 0:
            words += f", momentum {self.momentum:g}"
        return f"{source.short if source else self.source} · {model.short if model else self.model} · {words}"

    def validate(self) -> list[Problem]:
        """Every problem with these settings, an empty list where there is none."""
        problems: list[Problem] = []
        source = SOURCES.get(self.source)
        if source is None:
            problems.append(
                Problem("source", f"There is no data set “{self.source}”.", f"Choose one of: {', '.join(SOURCES)}.")
            )
        elif self.model not in source.models:
            problems.append(
                Problem(
                    "model",
                    f"{source.label} has no model “{self.model}”.",
                    f"Choose one of: {', '.join(source.models)}.",
                )
            )
        if self.optimizer not in OPTIMIZERS:
            problems.append(
                Problem(
                    "optimizer",
                    f"There is no optimizer “{self.optimizer}”.",
                    f"Choose one of: {', '.join(OPTIMIZERS)}.",
                )
            )
        if not (math.isfinite(self.momentum) and 0 <= self.momentum < 1):
            problems.append(
                Problem(
                    "momentum", f"A momentum of {self.momentum:g} is out of range.", "Use 0 to 0.999; 0.9 is usual."
                )
            )
        if not (math.isfinite(self.weight_decay) and 0 <= self.weight_decay < 1):
            problems.append(
                Problem(
                    "weight_decay",
                    f"A weight decay of {self.weight_decay:g} is out of range.",
                    "Use 0 to below 1; 1e-4 is usual.",
                )
            )
        size = source.train_size if source else None
        if self.subset is not None and (self.subset < 2 or (size is not None and self.subset > size)):
            problems.append(
                Problem(
                    "subset",
                    f"A subset of {self.subset:,} examples cannot be taken.",
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
                    f"{self.loader_workers} loader workers cannot be started.",
                    "Use 0 to 64; 0 is safest.",
                )
            )
        if not re.fullmatch(r"auto|cpu|mps|(cuda|xpu)(:\d+)?", self.device):
            problems.append(
                Problem("device", f"There is no device “{self.device}”.", "Use auto, cpu, cuda, cuda:0, mps or xpu.")
            )
        if not 0 <= self.seed < 2**63:
            problems.append(Problem("seed", f"The seed {self.seed} is out of range.", "Use 0 or a positive number."))
        return problems
