"""How good is the winner of a race? Regrets on the tasks of benchmarks/suggestions, before and after Verify.

    python benchmarks/verify_regret.py [--seeds 2] [--rates 7] [TASK ...]

With `--rates` a fixed field races by successive halving instead of bracketing the best rate. Each race starts from the
recommendation of a recorded 200-step sweep, has trainings of the task's own number of steps, and weights and data order
of its own. About ten seconds a task and seed on one core.
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

from lrgui.core.curve.plan import Plan
from lrgui.core.engine.race import race
from lrgui.core.engine.validation import Probe
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Standings

#: The recorded sweeps that are raced from.
STEPS, END = 200, 10.0


def raced(task: Task, run: Run, truth: Truth, seed: int, rates: int | None) -> tuple[float, float, float, float]:
    """Regrets of the pick, of the race's winner, and of its best single training; what it cost, in whole trainings."""
    recommendation = ours(run.curve, Plan(task.steps))
    pick = recommendation.lr if recommendation.lr is not None else recommendation.best_guess
    if pick is None:
        return 1.0, 1.0, 1.0, 0.0
    torch.manual_seed(seed)
    model = task.model()
    (x, y), (inputs, targets) = task.data()
    loader = DataLoader(TensorDataset(x, y), batch_size=task.batch, shuffle=True, drop_last=True)
    held_out = [(inputs[i : i + 500], targets[i : i + 500]) for i in range(0, len(inputs), 500)]
    config = RaceSettings(around=pick, steps=task.steps, rates=rates)
    standings = Standings(config)
    standings.add(
        race(
            model,
            loader,
            task.make_optimizer(model, pick),
            lambda net, batch: task.loss(net(batch[0]), batch[1]),
            config,
            probe=Probe(lambda net, batch: (task.loss(net(batch[0]), batch[1]), None), held_out),
        )
    )
    ranking = standings.ranking()
    # Where nothing is better than not training, the regret is that of not training: 1.
    single = ranking.leader.lr if ranking.leader is not None and ranking.lr is not None else None
    cost = standings.done / task.steps
    return truth.regret(pick), truth.regret(ranking.lr), truth.regret(single), cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rates", type=int, help="a fixed field of so many rates")
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
            rows.append(raced(TASKS[name], runs[number % len(runs)], truths[name], 21 + number, asked.rates))
            print(
                f"{name:28s} pick {rows[-1][0]:.3f}  winner {rows[-1][1]:.3f}  best single {rows[-1][2]:.3f}  "
                f"cost {rows[-1][3]:.2f}",
                flush=True,
            )
    table = np.array(rows)
    print(f"\n{len(rows)} races of {table[:, 3].mean():.2f} trainings | mean | median | p90 | worst")
    for words, column in zip(
        ("the sweep's pick", "the race's winner", "its best single training"), table.T[:3], strict=True
    ):
        print(
            f"{words} | {column.mean():.3f} | {np.median(column):.3f} | {np.percentile(column, 90):.3f} "
            f"| {column.max():.3f}"
        )


if __name__ == "__main__":
    main()
