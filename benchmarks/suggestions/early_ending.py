"""What it would save to end a race's training that is clearly worse than the best one so far at the same step.

    python benchmarks/suggestions/early_ending.py [TASK ...]

Trains every rate that a race around a recorded pick can reach once, with its loss at each step, and races on those
curves with several rules. A quarter of an hour on one core.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from score import Run, Truth, figures, load_runs, load_truth, ours
from tasks import DEVELOPMENT, TASKS, Task
from truth import train

from lrgui.core.bracket import best_place, next_place, parabola
from lrgui.core.curve.plan import Plan
from lrgui.core.run_settings import BRACKET_DISTANCE, RaceSettings
from lrgui.core.standings import SAFE

Floats = NDArray[np.float64]
#: From the smoothed losses of a training and of the best one so far, at the same steps: where it is given up.
Rule = Callable[[Floats, Floats], NDArray[np.bool_]]
SEED = 31
MOST = RaceSettings().trainings


@dataclass(frozen=True)
class Raced:
    """The trainings of one task that a race can reach."""

    pick: float
    before: float
    steps: int
    losses: dict[int, list[float]]
    """Batch losses by place; they end where the training diverged."""
    final: dict[int, float]
    """Validation loss by place, infinite where it diverged."""


def recorded(task: Task, pick: float) -> Raced:
    """All that a race around `pick` can reach."""
    losses: dict[int, list[float]] = {place: [] for place in range(2 - MOST, MOST - 1)}
    ends = {p: train(task, pick * 10 ** (BRACKET_DISTANCE * p), SEED, losses=taken) for p, taken in losses.items()}
    return Raced(pick, ends[0][0], task.steps, losses, {place: after for place, (_, after) in ends.items()})


def smoothed(losses: list[float], steps: int) -> Floats:
    """Running median over a tenth of the steps, infinite from where the training diverged. Shape (steps,)."""
    width = max(5, steps // 10)
    medians = [float(np.median(losses[max(0, i - width + 1) : i + 1])) for i in range(len(losses))]
    return np.array(medians + [math.inf] * (steps - len(losses)))


def given_up(share: float, ratio: float) -> Rule:
    """From `share` of the steps on, a loss above the best one's by more than `ratio` of what that one has fallen."""

    def rule(own: Floats, best: Floats) -> NDArray[np.bool_]:
        late = np.arange(len(own)) >= share * len(own)
        with np.errstate(invalid="ignore"):
            return late & (own - best > ratio * np.maximum(best[0] - best, 1e-12))

    return rule


def raced(task: Raced, rule: Rule | None) -> tuple[float | None, float]:
    """The race's rate, and its cost in whole trainings; a training that is given up counts as no training."""
    losses: dict[int, float] = {}
    curves: dict[int, Floats] = {}
    cost = 0.0
    while (place := next_place(losses, 0, MOST)) is not None:
        curve, final, steps = smoothed(task.losses[place], task.steps), task.final[place], len(task.losses[place])
        if rule is not None and losses:
            worse = np.flatnonzero(rule(curve, curves[best_place(losses)]))
            if len(worse) and worse[0] + 1 < steps:
                steps, final = int(worse[0]) + 1, math.inf
        losses[place], curves[place] = final, curve
        cost += steps / task.steps
    best, fit = best_place(losses), parabola(losses, task.before)
    if losses[best] >= task.before:
        return None, cost
    lowest = best if fit is None else -fit[1] / (2 * fit[0])
    return task.pick * 10 ** (BRACKET_DISTANCE * lowest) / 2**SAFE, cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=list(TASKS))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    truths: dict[str, Truth] = load_truth()
    sweeps: dict[str, Run] = {}
    for run in load_runs():
        if run.curve.planned_steps == 200 and run.end == 10.0:
            sweeps.setdefault(run.task, run)
    known: dict[str, Raced] = {}
    for name in asked.tasks:
        pick = ours(sweeps[name].curve, Plan(truths[name].steps)).best_guess
        if pick is not None:
            known[name] = recorded(TASKS[name], pick)
            print(name, flush=True)
    rules: dict[str, Rule | None] = {"none": None}
    for share in (0.3, 0.5, 0.7):
        for ratio in (0.3, 0.5, 1.0):
            rules[f"from {share:.0%} of the steps, {ratio:g} of the fall"] = given_up(share, ratio)
    development = {task.name for task in DEVELOPMENT}
    for part, names in (("development", known.keys() & development), ("unseen", known.keys() - development)):
        if not names:
            continue
        print(f"\n## {part}: {len(names)} races\n\n| given up | trainings | mean | median | p90 | worst | above 0.2 |")
        print("|---|---|---|---|---|---|---|")
        for label, rule in rules.items():
            found = {name: raced(known[name], rule) for name in sorted(names)}
            regrets = figures(truths[name].regret(lr) for name, (lr, _) in found.items())
            print(f"| {label} | {np.mean([cost for _, cost in found.values()]):.2f} | {regrets} |")


if __name__ == "__main__":
    main()
