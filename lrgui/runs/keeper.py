"""Keeping a training's state on disk while it goes on, with torch: for the process that computes."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from pathlib import Path

from lrgui.core.engine.train import Training
from lrgui.core.engine.training_state import STATE, state_of, weights_of
from lrgui.core.tensor_file import File, Tensor
from lrgui.runs.checkpoints import ABOUT, BEST, LAST, name_of, thin
from lrgui.writing import write_atomically

#: Of the time between two checkpoints, writing them may take one part in so many: short epochs are not slowed down.
SHARE = 50


class DiskKeeper:
    """Writes checkpoints (`runs/checkpoints.py`): at the end of an epoch, every few minutes within one, at the end.

    An epoch's end is passed over where the last checkpoint is so young that writing another would slow the training
    down. A training that cannot be kept goes on, and one sentence says why.
    """

    def __init__(self, folder: Path, minutes: float) -> None:
        """`minutes` between two checkpoints within an epoch."""
        self._folder = folder
        self._every = 60 * minutes
        self._next = time.monotonic() + self._every
        self._next_epoch = -math.inf
        self._best: tuple[int, File] | None = None
        self._told: set[str] = set()

    def due(self, epoch: bool = False) -> bool:
        """True where that time has passed; with an `epoch` that is over, where a checkpoint costs little."""
        return time.monotonic() >= (self._next_epoch if epoch else self._next)

    def keep_best(self, training: Training) -> None:
        """Copy the weights; they are written with the next checkpoint."""
        try:
            weights = weights_of(training.model)
        except ValueError:  # `keep` says it
            return
        said = {"step": training.told, "epoch": training.epoch}
        texts = {"format": "pt", ABOUT: json.dumps(said)}
        self._best = training.told, File({name: _copy(one) for name, one in weights.items()}, texts)

    def keep(self, training: Training, midway: bool, over: bool = False) -> str:
        """Write the best weights, where there are new ones, and the state. Returns a sentence to be told."""
        begin = time.monotonic()
        said = {"step": training.told, "epoch": training.epoch - midway, "over": over}
        trouble = ""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._best is not None:
                step, file = self._best
                write_atomically(self._folder / name_of(BEST, step), file)
                self._best = None
            tensors, text = state_of(training, midway)
            path = self._folder / name_of(LAST, training.told, over)
            if not path.exists():  # what follows a step is the same, whether its epoch's end is told already or not
                write_atomically(path, File(tensors, {ABOUT: json.dumps(said), STATE: text}))
            thin(self._folder, over)
        except OSError as error:
            why = error.strerror or str(error)
            trouble = f"No checkpoint could be written to {self._folder} ({why}). The training continues without."
        except (ValueError, TypeError, RuntimeError) as error:
            trouble = f"This training cannot be resumed: {str(error)[:300]}. Its best weights are kept where possible."
        took = time.monotonic() - begin
        self._next = time.monotonic() + max(self._every, SHARE * took)
        self._next_epoch = time.monotonic() + SHARE * took
        if not trouble or trouble in self._told:
            return ""
        self._told.add(trouble)
        return trouble


def _copy(one: Tensor) -> Tensor:
    data = b"".join(one.data())
    return replace(one, data=lambda: iter((data,)))
