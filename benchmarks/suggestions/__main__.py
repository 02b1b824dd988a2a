"""Prints how far every rule's suggestion is from the truth, and draws the explanation page's charts.

    python benchmarks/suggestions [--no-picture]

Reads truth.json, sweeps.json and lengths.json beside this file; nothing is trained. A minute or two.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from charts import draw_calibration, draw_cost
from finetuning import DEVELOPMENT as FINE_TUNING_DEVELOPMENT
from finetuning import HELD_OUT as FINE_TUNING_HELD_OUT
from picture import draw
from races import raced_by_default
from score import HERE, LENGTHS, Run, Truth, figures, known, load_runs, load_truth, moved, ours
from tasks import CONFIRMATION, DEVELOPMENT, HELD_OUT
from without_finder import regrets_without

from lrgui.core.curve.confidence import CONFIDENCES
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.repeats import recommend_repeats
from lrgui.core.curve.rules import RULES

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
HEAD = "| mean | median | p90 | worst | share above 0.2 |\n|---|---|---|---|---|---|"
PARTS = {
    name: {task.name for task in part}
    for name, part in (("development", DEVELOPMENT), ("held out", HELD_OUT), ("confirmation", CONFIRMATION))
}
FINE_TUNING = {
    name: {task.name for task in part}
    for name, part in (
        ("fine-tuning, development", FINE_TUNING_DEVELOPMENT),
        ("fine-tuning, held out", FINE_TUNING_HELD_OUT),
    )
}
#: Sweeps × steps that are compared.
COSTS = ((1, 60), (3, 60), (1, 100), (3, 100), (1, 200), (3, 200), (5, 200), (1, 1000))
Pick = Callable[[Curve], "float | None"]


def our_pick(curve: Curve) -> float | None:
    """Our pick, or best guess."""
    return ours(curve).best_guess


def rules_table(truth: dict[str, Truth], runs: Sequence[Run]) -> None:
    """Every rule on all 200-step sweeps of `runs`, best mean first."""
    picks: dict[str, Pick] = {rule.label: known(rule.key) for rule in RULES}
    picks["**ours**"] = our_pick
    regrets = {label: [truth[run.task].regret(pick(run.curve)) for run in runs] for label, pick in picks.items()}
    print(f"| rule {HEAD}")
    for label in sorted(regrets, key=lambda name: float(np.mean(regrets[name]))):
        print(f"| {label} | {figures(regrets[label])} |")


def kinds_table(truth: dict[str, Truth], runs: Sequence[Run]) -> None:
    """Ours by range and length of the sweep."""
    print(f"| sweep {HEAD}")
    for end in (1.0, 10.0):
        for steps in (60, 100, 200, 1000):
            chosen = [run for run in runs if run.end == end and run.curve.planned_steps == steps]
            first = "1e-6" if end == 1.0 else "1e-7"
            cells = figures(truth[run.task].regret(our_pick(run.curve)) for run in chosen)
            print(f"| {first} to {end:g}, {steps} steps | {cells} |")


def repeated(truth: dict[str, Truth], runs: Sequence[Run], count: int, steps: int) -> list[float]:
    """Regrets of ours over groups of `count` sweeps of `steps` steps of the same task and range."""
    regrets = []
    for name in dict.fromkeys(run.task for run in runs):
        for end in (1.0, 10.0):
            same = [r.curve for r in runs if r.task == name and r.end == end and r.curve.planned_steps == steps]
            groups = [same[i : i + count] for i in range(0, len(same) - count + 1, count)]
            regrets += [truth[name].regret(recommend_repeats(group).best_guess) for group in groups]
    return regrets


def cost_table(truth: dict[str, Truth], runs: Sequence[Run]) -> None:
    """Ours by what it costs: how many sweeps of how many steps, both ranges together."""
    print(f"| sweeps × steps | steps in all {HEAD.replace('|---|', '|---|---|', 1)}")
    for count, steps in COSTS:
        print(f"| {count} × {steps} | {count * steps} | {figures(repeated(truth, runs, count, steps))} |")


def methods_by_cost(
    truth: dict[str, Truth], runs: Sequence[Run], names: set[str]
) -> dict[str, list[tuple[float, float]]]:
    """(optimizer steps before the training, mean regret) of every method, best first: ours, the known rules on the same
    sweeps, a race, and what needs no finder."""
    usual = [run for run in runs if run.curve.planned_steps == 200]
    ours_by_steps = [(steps, float(np.mean(repeated(truth, runs, 1, steps)))) for steps in (60, 100, 200, 1000)]
    cost, raced = raced_by_default(truth, usual)
    found = {"LR Finder, one sweep": ours_by_steps, "LR Finder, sweep and Verify": [(200 + cost, raced)]}
    others = {
        rule.label: [(200.0, float(np.mean([truth[r.task].regret(known(rule.key)(r.curve)) for r in usual])))]
        for rule in RULES
    }
    others |= {label: [(0.0, float(np.mean(regrets)))] for label, regrets in regrets_without(truth, names).items()}
    return found | dict(sorted(others.items(), key=lambda row: row[1][0][1]))


def lengths_table(truth: dict[str, Truth], runs: Sequence[Run]) -> None:
    """How much the sweep's own length moves our recommendation: from the task's median over all lengths."""
    print("| steps | recommendations | mean regret | p90 | moved, decades: mean | p90 | median factor | covered |")
    print("|---|---|---|---|---|---|---|---|")
    for steps, rows in moved(runs).items():
        regrets = np.array([truth[row.task].regret(row.lr) for row in rows])
        away, factors = np.array([row.away for row in rows]), np.array([row.factor for row in rows])
        inside = np.mean(10 ** np.abs(away) <= factors)
        cells = f"{len(rows)} | {regrets.mean():.3f} | {np.percentile(regrets, 90):.3f} | {away.mean():+.2f}"
        cells += f" | {np.percentile(np.abs(away), 90):.2f}"
        print(f"| {steps:,} | {cells} | ×{np.median(factors):.1f} | {inside:.0%} |")


def words_table(truth: dict[str, Truth], runs: Sequence[Run]) -> None:
    """What the words and the factor are worth."""
    print("| word | share of the runs | mean regret | regret below 0.1 | median factor | nearly best within it |")
    print("|---|---|---|---|---|---|")
    found = [(ours(run.curve), truth[run.task]) for run in runs]
    for word in reversed(CONFIDENCES):
        rows = [(pick, task) for pick, task in found if pick.confidence == word and pick.best_guess is not None]
        if not rows:
            continue
        regrets = np.array([task.regret(pick.best_guess) for pick, task in rows])
        cells = f"{len(rows) / len(found):.0%} | {regrets.mean():.3f} | {np.mean(regrets < 0.1):.0%}"
        sure = [(pick, task) for pick, task in rows if pick.factor is not None and pick.best_guess is not None]
        if sure:
            factors = np.array([pick.factor for pick, _ in sure])
            inside = [10 ** task.away(pick.best_guess) <= pick.factor * 1.001 for pick, task in sure]
            cells += f" | ×{np.median(factors):.1f} | {np.mean(inside):.0%}"
        else:
            cells += " | – | –"
        print(f"| {word} | {cells} |")


def tasks_table(truth: dict[str, Truth], runs: Sequence[Run]) -> None:
    """Ours, task by task."""
    print("| task | best rate | our median rate | mean regret | worst |\n|---|---|---|---|---|")
    for name in dict.fromkeys(run.task for run in runs):
        picks = [our_pick(run.curve) for run in runs if run.task == name]
        regrets = [truth[name].regret(pick) for pick in picks]
        middle = np.median([pick for pick in picks if pick is not None])
        print(f"| {name} | {truth[name].best:.2g} | {middle:.2g} | {np.mean(regrets):.3f} | {max(regrets):.3f} |")


def report(truth: dict[str, Truth], everything: Sequence[Run], parts: dict[str, set[str]]) -> None:
    """All tables of each part of the tasks."""
    for part, names in parts.items():
        runs = [run for run in everything if run.task in names]
        usual = [run for run in runs if run.curve.planned_steps == 200]
        print(f"\n## {part}: {len(names)} tasks\n\nSweeps of 200 steps, {len(usual)} runs a rule\n")
        rules_table(truth, usual)
        print("\nOurs, by range and length\n")
        kinds_table(truth, runs)
        print("\nOurs, by cost\n")
        cost_table(truth, runs)
        print("\nConfidence, 200 steps\n")
        words_table(truth, usual)
        print("\nConfidence, all lengths\n")
        words_table(truth, runs)
        print("\nTask by task, 200 steps\n")
        tasks_table(truth, usual)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-picture", action="store_true", help="only print the tables")
    asked = parser.parse_args()
    truth, everything = load_truth(), load_runs()
    report(truth, everything, PARTS)
    report(load_truth(HERE / "truth-finetuning.json"), load_runs(HERE / "sweeps-finetuning.json"), FINE_TUNING)
    larger, larger_runs = load_truth(HERE / "truth-larger.json"), load_runs(HERE / "sweeps-larger.json")
    print(f"\n## larger: {len(larger)} tasks\n\nSweeps of 200 steps, {len(larger_runs)} runs a rule\n")
    rules_table(larger, larger_runs)
    words_table(larger, larger_runs)
    tasks_table(larger, larger_runs)
    unseen = PARTS["held out"] | PARTS["confirmation"]
    by_length = [run for run in everything if run.end == 10.0] + load_runs(LENGTHS)
    for part, names in (("development", PARTS["development"]), ("unseen", unseen)):
        print(f"\n## The sweep's own length: {part}\n")
        lengths_table(truth, [run for run in by_length if run.task in names])
    if not asked.no_picture:
        usual = [run for run in everything if run.curve.planned_steps == 200]
        draw(truth, usual, unseen, PICTURES / "suggested-vs-best.svg")
        runs = [run for run in everything if run.task in unseen]
        draw_calibration(truth, [run for run in usual if run.task in unseen], PICTURES / "calibration.svg")
        draw_cost(methods_by_cost(truth, runs, unseen), PICTURES / "regret-against-cost.svg")
        print(f"\nPictures: {PICTURES}")


if __name__ == "__main__":
    main()
