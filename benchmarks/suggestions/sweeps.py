"""Records raw sweeps of the tasks, so that rules can be judged without training.

    python benchmarks/suggestions/sweeps.py OUT.json [--finetuning | --larger] [--lengths] [TASK ...]

`--lengths` records longer sweeps, one of each length, to see how much the length moves a suggestion.

Every sweep goes on to its end or to the first loss that is not finite: where the program would have stopped follows
from the losses. Learning rates are not stored, they follow from the range.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import torch
from finetuning import FINE_TUNING
from larger import LARGER
from tasks import TASKS, Task, batches

from lrgui.core.engine.schedules import exponential

#: First rate, last rate, steps, how many seeds.
KINDS = tuple(
    (start, end, steps, seeds)
    for start, end in ((1e-6, 1.0), (1e-7, 10.0))
    for steps, seeds in ((60, 3), (100, 3), (200, 5), (1000, 1))
)
LENGTHS = tuple((1e-7, 10.0, steps, 1) for steps in (400, 800, 1500))
#: Those of larger models.
FEW = tuple((start, end, 200, 3) for start, end in ((1e-6, 1.0), (1e-7, 10.0)))
FIRST_SEED = 11


def record(task: Task, start: float, end: float, steps: int, seed: int) -> list[float | None]:
    """Raw losses, each before its step; None for a loss that is not finite, and the end."""
    torch.manual_seed(seed)
    model = task.model()
    optimizer = task.make_optimizer(model, start)
    losses: list[float | None] = []
    for lr, (x, y) in zip(exponential(start, end, steps), batches(task.data()[0], task.batch, seed), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = float(lr) * group.get("share", 1.0)
        optimizer.zero_grad()
        loss = task.loss(model(x), y)
        if not math.isfinite(loss.item()):
            return [*losses, None]
        losses.append(float(f"{loss.item():.5g}"))
        loss.backward()
        optimizer.step()
    return losses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--finetuning", action="store_true", help="the tasks that begin with pretrained weights")
    parser.add_argument("--larger", action="store_true", help="larger models: 200 steps, three seeds")
    parser.add_argument("--lengths", action="store_true", help="longer sweeps (lengths.json)")
    parser.add_argument("tasks", nargs="*")
    asked = parser.parse_intermixed_args()
    tasks: dict[str, Task] = {**FINE_TUNING} if asked.finetuning else LARGER if asked.larger else TASKS
    kinds = LENGTHS if asked.lengths else FEW if asked.larger else KINDS
    torch.set_num_threads(1)
    found: dict[str, list[dict[str, Any]]] = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    for name in asked.tasks or tasks:
        began = time.perf_counter()
        found[name] = [
            {
                "start": start,
                "end": end,
                "steps": steps,
                "seed": seed,
                "losses": record(tasks[name], start, end, steps, seed),
            }
            for start, end, steps, seeds in kinds
            for seed in range(FIRST_SEED, FIRST_SEED + seeds)
        ]
        asked.out.write_text(json.dumps(found, separators=(",", ":")))
        print(f"{name:28s} {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
