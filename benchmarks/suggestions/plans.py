"""How near the pick is to the truth of other trainings than a short OneCycle: other schedules, and longer ones.

    python benchmarks/suggestions/plans.py [--fit]

Reads the truths beside this file (`truth-constant.json` and so on; `truth-4x.json` is four times as long) and the
recorded 200-step sweeps; nothing is trained. `--fit` also shows what other factors would give, by optimizer family.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
import torch
from score import HERE, Truth, figures, load_runs, load_truth, ours
from tasks import CONFIRMATION, DEVELOPMENT, HELD_OUT, TASKS

from lrgui.core.curve.plan import FAMILIES, Plan
from lrgui.core.optimizer_traits import family

#: File, schedule, words.
TRUTHS = (
    ("truth-constant.json", "constant", "constant rate"),
    ("truth-decay.json", "decay", "linear decay, no warm-up"),
    ("truth-step.json", "step", "÷10 after 1/2 and 3/4"),
    ("truth-warmup.json", "warmup", "warm-up, then linear decay"),
    ("truth-4x.json", "onecycle", "OneCycle, 4 times as long"),
    ("truth-16x.json", "onecycle", "OneCycle, 16 times as long"),
)
PARTS = {"development": DEVELOPMENT, "unseen": HELD_OUT + CONFIRMATION}
FACTORS = 10 ** (np.arange(-10, 3) / 8)


@cache
def family_of(name: str) -> str | None:
    """The optimizer family of a task."""
    task = TASKS[name]
    optimizer = task.make_optimizer(torch.nn.Linear(1, 1), 0.1)
    return family(task.optimizer, optimizer.param_groups[0])


@cache
def picks() -> tuple[tuple[str, float], ...]:
    """Task and the pick for a short OneCycle, of every 200-step sweep that has one or a guess."""
    read = [(run.task, ours(run.curve).best_guess) for run in load_runs() if run.curve.planned_steps == 200]
    return tuple((name, pick) for name, pick in read if pick is not None)


def regrets(truth: Mapping[str, Truth], names: Iterable[str], schedule: str) -> tuple[list[float], list[float]]:
    """Of the picks as they are, and of those for the plan."""
    names = set(names) & set(truth)
    rows = [(truth[name], name, pick) for name, pick in picks() if name in names]
    plain = [task.regret(pick) for task, _, pick in rows]
    meant = [task.regret(pick * Plan(task.steps, schedule, family_of(name)).share()) for task, name, pick in rows]
    return plain, meant


def fit_table(truth: Mapping[str, Truth], names: set[str]) -> None:
    """Mean regret with the picks multiplied by each factor, by family."""
    print("| family | " + " | ".join(f"{factor:.2f}" for factor in FACTORS) + " |")
    for kind in FAMILIES:
        rows = [(truth[name], pick) for name, pick in picks() if name in names & set(truth) and family_of(name) == kind]
        if rows:
            means = [np.mean([task.regret(pick * factor) for task, pick in rows]) for factor in FACTORS]
            print(f"| {kind} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true", help="show other factors too")
    asked = parser.parse_args()
    for part, tasks in PARTS.items():
        names = {task.name for task in tasks}
        print(f"\n## {part}\n")
        print(
            "| training | tasks | pick | mean | median | p90 | worst | share above 0.2 |\n"
            "|---|---|---|---|---|---|---|---|"
        )
        for file, schedule, words in TRUTHS:
            truth = load_truth(HERE / file)
            if not names & set(truth):
                continue
            plain, meant = regrets(truth, names, schedule)
            print(f"| {words} | {len(names & set(truth))} | for a short OneCycle | {figures(plain)} |")
            print(f"| | | **for this training** | {figures(meant)} |")
        for file, _, words in TRUTHS if asked.fit else ():
            print(f"\n{words}\n")
            fit_table(load_truth(HERE / file), names)


if __name__ == "__main__":
    main()
