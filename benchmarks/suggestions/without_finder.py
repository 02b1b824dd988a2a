"""What people do without a finder: a usual rate, or an optimizer that needs none, for the same number of steps.

    python benchmarks/suggestions/without_finder.py             # the table, from truth.json and without_finder.json
    python benchmarks/suggestions/without_finder.py --train [--seeds 3] [TASK ...]      # train again, some minutes

Prodigy and D-Adaptation (`pip install 'lrgui[benchmarks]'`) replace the task's optimizer and run with rate 1, cosine
annealing and their defaults otherwise, as their authors advise; momentum and weight decay are the task's. D-Adaptation
has an SGD and an Adam; RMSprop's tasks get the Adam.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from score import Truth, figures, load_runs, load_truth, ours
from tasks import CONFIRMATION, DEVELOPMENT, HELD_OUT, TASKS, Task
from truth import train

RECORDED = Path(__file__).with_suffix(".json")
#: Known to tune themselves.
SELF_TUNING = ("Prodigy", "D-Adaptation")


def usual_rates(task: Task) -> dict[str, float]:
    """What people write without having looked, by what a table calls it."""
    first, sgd = torch.nn.Parameter(torch.zeros(1)), task.optimizer == "SGD"
    default = getattr(torch.optim, task.optimizer)([first], **task.arguments).defaults["lr"]
    return {
        "torch's default rate": float(default),
        "3e-4 (SGD: 0.1)": 0.1 if sgd else 3e-4,
        "1e-3 (SGD: 0.01)": 0.01 if sgd else 1e-3,
    }


def self_tuned(task: Task, kind: str, seed: int) -> tuple[float, float]:
    """Validation loss before and after a training with an optimizer of `SELF_TUNING`."""
    import dadaptation
    from prodigyopt import Prodigy

    def make(model: torch.nn.Module, lr: float) -> torch.optim.Optimizer:
        kept: dict[str, Any] = {k: v for k, v in task.arguments.items() if k == "weight_decay"}
        if kind == "Prodigy":
            made: torch.optim.Optimizer = Prodigy(model.parameters(), lr=lr, **kept)
        elif task.optimizer == "SGD":
            made = dadaptation.DAdaptSGD(
                model.parameters(), lr=lr, momentum=task.arguments.get("momentum", 0.0), **kept
            )
        else:
            made = dadaptation.DAdaptAdam(model.parameters(), lr=lr, **kept)
        return made

    return train(task, 1.0, seed, schedule="cosine", make=make)


def record(names: list[str], seeds: int) -> None:
    """Train, and keep what came of it."""
    torch.set_num_threads(1)
    found = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    for name in names:
        row = {kind: [self_tuned(TASKS[name], kind, seed)[1] for seed in range(1, seeds + 1)] for kind in SELF_TUNING}
        # JSON knows no infinity: null is a training that diverged.
        found[name] = {k: [round(x, 6) if math.isfinite(x) else None for x in losses] for k, losses in row.items()}
        RECORDED.write_text(json.dumps(found))
        print(name, found[name], flush=True)


def regret_of(truth: Truth, losses: list[float | None]) -> float:
    """The mean final loss of trainings as a regret: 0 is the best rate's, 1 that of not training."""
    capped = [truth.before if loss is None else min(loss, truth.before) for loss in losses]
    return float(np.clip((np.mean(capped) - truth.lowest) / (truth.before - truth.lowest), 0.0, 1.0))


def regrets_without(truth: Mapping[str, Truth], names: Iterable[str]) -> dict[str, list[float]]:
    """Regrets on these tasks, by what people do."""
    recorded = json.loads(RECORDED.read_text())
    rows: dict[str, list[float]] = {}
    for name in sorted(names):
        for label, rate in usual_rates(TASKS[name]).items():
            rows.setdefault(label, []).append(truth[name].regret(rate))
        for kind, losses in recorded.get(name, {}).items():
            rows.setdefault(kind, []).append(regret_of(truth[name], losses))
    return rows


def table(names: set[str]) -> None:
    """Ours against no finder at all, on the tasks of that name."""
    truth = load_truth()
    runs = [run for run in load_runs() if run.task in names and run.curve.planned_steps == 200]
    rows = {"**LR Finder**": [truth[run.task].regret(ours(run.curve).best_guess) for run in runs]}
    rows |= regrets_without(truth, names)
    print("| without a finder | mean | median | p90 | worst | share above 0.2 |\n|---|---|---|---|---|---|")
    for label, regrets in sorted(rows.items(), key=lambda row: float(np.mean(row[1]))):
        print(f"| {label} | {figures(regrets)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("tasks", nargs="*", default=list(TASKS))
    asked = parser.parse_intermixed_args()
    if asked.train:
        record(asked.tasks, asked.seeds)
    for part, chosen in (("development", DEVELOPMENT), ("unseen", HELD_OUT + CONFIRMATION)):
        print(f"\n{part}\n")
        table({task.name for task in chosen})


if __name__ == "__main__":
    main()
