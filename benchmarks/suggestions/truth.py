"""The truth: final validation loss of trainings over a grid of learning rates.

    python benchmarks/suggestions/truth.py OUT.json [--schedule onecycle] [--seeds 3] [--times 1] [TASK ...]

The rates are OneCycle's maximum, the `constant` rate, the first one of a linear or `cosine` `decay` to 0 or of a `step`
decay (÷10 after a half and three quarters), or the highest of a `warmup` over a tenth before a linear decay to 0.
Without names all tasks of `tasks.py` are trained, with `--finetuning` or `--larger` those of these files; `--times 4`
trains four times as long, `--coarse` with fewer rates. Seeds that OUT.json already holds are kept. About a minute a
task, one core.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from finetuning import FINE_TUNING, FineTuning
from larger import LARGER
from tasks import TASKS, Part, Task, batches
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler, MultiStepLR, OneCycleLR

#: 1e-5 to 10, a quarter of a decade apart.
GRID = [10 ** (k / 4) for k in range(-20, 5)]
#: With `--coarse`: 1e-4 to 10, half a decade apart.
COARSE = GRID[4::2]


def one_cycle(optimizer: torch.optim.Optimizer, lr: float, steps: int) -> LRScheduler:
    # Momentum is cycled only where it is in use: torch would turn plain SGD and RMSprop into something else.
    cycled = bool(optimizer.defaults.get("momentum")) or "betas" in optimizer.defaults
    rates = [lr * group.get("share", 1.0) for group in optimizer.param_groups]
    return OneCycleLR(
        optimizer, rates, steps, pct_start=0.3, div_factor=10, final_div_factor=100, cycle_momentum=cycled
    )


def warmed_up(optimizer: torch.optim.Optimizer, lr: float, steps: int) -> LRScheduler:
    first = max(1, round(0.1 * steps))
    return LambdaLR(optimizer, lambda step: min((step + 1) / first, (steps - step) / (steps - first)))


#: What makes the schedule of a training from its optimizer, rate and steps.
SCHEDULES: dict[str, Callable[[torch.optim.Optimizer, float, int], LRScheduler]] = {
    "onecycle": one_cycle,
    "constant": lambda optimizer, lr, steps: LambdaLR(optimizer, lambda step: 1.0),
    "decay": lambda optimizer, lr, steps: LambdaLR(optimizer, lambda step: 1 - step / steps),
    "warmup": warmed_up,
    "step": lambda optimizer, lr, steps: MultiStepLR(optimizer, [steps // 2, 3 * steps // 4]),
    "cosine": lambda optimizer, lr, steps: CosineAnnealingLR(optimizer, steps),
}


@torch.no_grad()
def evaluate(task: Task, model: torch.nn.Module, part: Part) -> float:
    """Mean validation loss, infinite where it is not a number."""
    model.eval()
    x, y = part
    parts = [(x[i : i + 500], y[i : i + 500]) for i in range(0, len(x), 500)]
    total = sum(task.loss(model(a), b).item() * len(a) for a, b in parts)
    model.train()
    return total / len(x) if math.isfinite(total) else math.inf


def guessing(task: Task) -> float | None:
    """Validation loss of a constant answer, the classes' frequencies in the training data; None without classes."""
    (_, y), (_, v) = task.data()
    if y.dtype != torch.int64:
        return None
    count = torch.bincount(y.flatten(), minlength=int(v.max()) + 1).float() + 1e-3
    return float(-(count / count.sum()).log()[v.flatten()].mean())


def train(
    task: Task,
    lr: float,
    seed: int,
    times: int = 1,
    losses: list[float] | None = None,
    schedule: str = "onecycle",
    make: Callable[[torch.nn.Module, float], torch.optim.Optimizer] | None = None,
) -> tuple[float, float]:
    """Validation loss before and after one training with learning rate `lr` under a schedule of `SCHEDULES`.

    `make` makes another optimizer than the task's.

    `losses` takes the loss of every batch; they end where the training diverged.
    """
    torch.manual_seed(seed)
    model = task.model()
    part, validation = task.data()
    before = evaluate(task, model, validation)
    optimizer = (make or task.make_optimizer)(model, lr)
    steps = task.steps * times
    scheduler = SCHEDULES[schedule](optimizer, lr, steps)
    for (x, y), _ in zip(batches(part, task.batch, seed), range(steps), strict=False):
        optimizer.zero_grad()
        loss = task.loss(model(x), y)
        if not math.isfinite(loss.item()) or loss.item() > 1e4:
            return before, math.inf
        if losses is not None:
            losses.append(loss.item())
        loss.backward()
        optimizer.step()
        scheduler.step()
    return before, evaluate(task, model, validation)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--coarse", action="store_true")
    parser.add_argument("--schedule", choices=SCHEDULES, default="onecycle")
    parser.add_argument("--finetuning", action="store_true", help="the tasks that begin with pretrained weights")
    parser.add_argument("--larger", action="store_true", help="larger models")
    parser.add_argument("tasks", nargs="*")
    asked = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    every = {**TASKS, **LARGER, **FINE_TUNING}
    grid = COARSE if asked.coarse else GRID
    found = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    for name in asked.tasks or (FINE_TUNING if asked.finetuning else LARGER if asked.larger else TASKS):
        began, task = time.perf_counter(), every[name]
        old = found.get(name, {"before": [], "losses": [[] for _ in grid]})
        for seed in range(len(old["before"]) + 1, asked.seeds + 1):
            runs = [train(task, lr, seed, asked.times, schedule=asked.schedule) for lr in grid]
            old["before"].append(round(runs[0][0], 6))
            for column, (_, after) in zip(old["losses"], runs, strict=True):
                # JSON knows no infinity: null is a training that diverged.
                column.append(round(after, 6) if math.isfinite(after) else None)
        found[name] = {"steps": task.steps * asked.times, **old}
        if isinstance(task, FineTuning) and (guess := guessing(task)) is not None:
            found[name]["guessing"] = round(guess, 6)
        asked.out.write_text(json.dumps(found))
        print(f"{name:28s} {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
