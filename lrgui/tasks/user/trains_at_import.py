"""A script that trains when it is imported is told so after a few seconds, and not after all its epochs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from torch.optim.optimizer import register_optimizer_step_post_hook

from lrgui.tasks.user.target import TaskError

#: So many seconds, and so many optimizer steps, are no preparation any more but a training.
SECONDS, STEPS = 5.0, 20


@contextmanager
def no_training(file: Path) -> Iterator[None]:
    """Inside, an optimizer that steps on and on raises TaskError, with the line of `file` that it was reached from."""
    begun, steps = 0.0, 0

    def look(_optimizer: Any, _arguments: Any, _named: Any) -> None:
        nonlocal begun, steps
        begun = begun or monotonic()
        steps += 1
        if steps >= STEPS and monotonic() - begun >= SECONDS:
            raise TaskError(
                f'{file.name} trains when it is imported: put the training under if __name__ == "__main__":, leaving '
                "only model, batches and loss.",
                str(file),
                _line_in(file),
            )

    handle = register_optimizer_step_post_hook(look)
    try:
        yield
    finally:
        handle.remove()


def _line_in(file: Path) -> int:
    """The line of the file's own level that is being run."""
    line, frame = 0, sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename == str(file) and frame.f_code.co_name == "<module>":
            line = frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return line
