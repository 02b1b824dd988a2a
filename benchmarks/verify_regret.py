"""How good is the winner of a race? Regrets on the tasks of benchmarks/suggestions, before and after Verify.

    python benchmarks/verify_regret.py [--seeds 2] [--again] [TASK ...]

With `--again` a race whose best training stands at the edge of the field is run a second time, around its winner.
Each race starts from the recommendation of a recorded 200-step sweep, has the task's own number of steps in its last
round, and weights and data order of its own. About ten seconds a task and seed on one core.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "suggestions"))

import numpy as np
import torch
from score import Run, Truth, load_runs, load_truth, ours
from tasks import TASKS, Task
from torch.utils.data import DataLoader, TensorDataset

from lrgui.core.engine.race import race
from lrgui.core.engine.validation import Probe
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Standings

#: The recorded sweeps that are raced from.
STEPS, END = 200, 10.0


def raced(task: Task, run: Run, truth: Truth, seed: int, again: bool) -> tuple[float, float, float]:
    """Regrets of the pick, of the race's winner, and of its best single training."""
    recommendation = ours(run.curve, task.steps)
    pick = recommendation.lr if recommendation.lr is not None else recommendation.best_guess
    if pick is None:
        return 1.0, 1.0, 1.0
    torch.manual_seed(seed)
    model = task.model()
    (x, y), (inputs, targets) = task.data()
    loader = DataLoader(TensorDataset(x, y), batch_size=task.batch, shuffle=True, drop_last=True)
    held_out = [(inputs[i : i + 500], targets[i : i + 500]) for i in range(0, len(inputs), 500)]
    around: float | None = pick
    for _ in range(2 if again else 1):
        assert around is not None
        config = RaceSettings(around=around, steps=task.steps)
        standings = Standings(config)
        standings.add(
            race(
                model,
                loader,
                task.make_optimizer(model, around),
                lambda net, batch: task.loss(net(batch[0]), batch[1]),
                config,
                probe=Probe(lambda net, batch: (task.loss(net(batch[0]), batch[1]), None), held_out),
            )
        )
        ranking = standings.ranking()
        around, single = ranking.lr, ranking.leader
        if single is None or single.candidate not in (0, config.rates - 1):
            break
    return truth.regret(pick), truth.regret(ranking.lr), truth.regret(single.lr if single is not None else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("tasks", nargs="*", default=list(TASKS))
    asked = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    truths, sweeps = load_truth(), [r for r in load_runs() if r.curve.planned_steps == STEPS and r.end == END]
    rows = []
    for name in asked.tasks:
        runs = [run for run in sweeps if run.task == name]
        if name not in truths or not runs:
            continue
        for number in range(asked.seeds):
            rows.append(raced(TASKS[name], runs[number % len(runs)], truths[name], 21 + number, asked.again))
            print(
                f"{name:28s} pick {rows[-1][0]:.3f}  winner {rows[-1][1]:.3f}  best single {rows[-1][2]:.3f}",
                flush=True,
            )
    table = np.array(rows)
    print(f"\n{len(rows)} races | mean | median | p90 | worst")
    for words, column in zip(
        ("the sweep's pick", "the race's winner", "its best single training"), table.T, strict=True
    ):
        print(
            f"{words} | {column.mean():.3f} | {np.median(column):.3f} | {np.percentile(column, 90):.3f} "
            f"| {column.max():.3f}"
        )


if __name__ == "__main__":
    main()
