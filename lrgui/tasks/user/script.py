"""A training script has its own loop: nothing can be built of it, and who tries is told so."""

from __future__ import annotations

from typing import Any, NoReturn

from lrgui.tasks.spec import TaskSpec


def build(spec: TaskSpec, _device: Any) -> NoReturn:
    """Raises ValueError: a script runs as it is."""
    raise ValueError(f"{spec.data_words} is a training script with its own loop: only “lrgui run” can run it.")
