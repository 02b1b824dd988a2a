"""Records what guessing costs in the batches of each task, as a sweep reads it off its losses. Nothing is trained.

    python benchmarks/suggestions/guessing.py benchmarks/suggestions/guessing.json

The recorded sweeps hold losses alone; with these two numbers a task they are what the program would have measured.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from finetuning import FINE_TUNING
from larger import LARGER
from sweeps import FIRST_SEED
from tasks import TASKS, Task, batches

from lrgui.core.engine.guessing import Guessing

STEPS = 200


def guessed(task: Task) -> list[float | None]:
    """The loss of guessing, and that of knowing nothing (`EndEvent`), None where they are not known."""
    torch.manual_seed(FIRST_SEED)
    model, seen = task.model(), Guessing()
    for (x, y), _ in zip(batches(task.data()[0], task.batch, FIRST_SEED), range(STEPS), strict=False):
        seen.add(task.loss(model(x), y))
    return [None if value is None else round(value, 6) for value in (seen.loss, seen.uniform)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found = {name: guessed(task) for name, task in {**TASKS, **FINE_TUNING, **LARGER}.items()}
    asked.out.write_text(json.dumps(found, indent=0) + "\n")


if __name__ == "__main__":
    main()
