"""What a race would find, simulated from the recorded truth: whole trainings at rates around every recorded pick.

    python benchmarks/suggestions/races.py [--all]

Reads truth.json and sweeps.json beside this file; nothing is trained. A race runs on the trainings of one seed, between
the grid's rates their losses are linear in log LR, and what it finds is judged by the other two seeds. Every 200-step
sweep races once on each seed. Without `--all` only the development tasks, on which the numbers were chosen.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
from score import GRID, Run, Truth, figures, load_runs, load_truth, ours
from tasks import CONFIRMATION, DEVELOPMENT, HELD_OUT

from lrgui.core.bracket import best_place, next_place, parabola
from lrgui.core.curve.plan import Plan
from lrgui.core.curve.recommend import Recommendation
from lrgui.core.events import StandingEvent, UntrainedEvent
from lrgui.core.run_settings import BRACKET_DISTANCE, RaceSettings
from lrgui.core.standings import SAFE, Standings

#: log10 of a rate → the final validation loss of a training with it.
Training = Callable[[float], float]
#: A race: from a pick (its log10), its confidence, the trainings and the untrained loss to a rate and how many
#: trainings it took.
Race = Callable[[float, str, Training, float], tuple[float | None, int]]
SEEDS = 3
SAFE_DECADES = SAFE * math.log10(2)


def one_seed(truth: Truth, seed: int) -> Training:
    """The trainings of one seed; what diverged or got worse counts as untrained."""
    known = [truth.before if column[seed] is None else min(column[seed], truth.before) for column in truth.losses]
    # Beyond the grid nothing is known; its last rates are those that diverge.
    return lambda x: float(np.interp(x, GRID, known)) if x <= GRID[-1] + 0.25 else math.inf


def other_seeds(truth: Truth, seed: int) -> Truth:
    """The truth without one seed."""
    losses = tuple(tuple(loss for number, loss in enumerate(column) if number != seed) for column in truth.losses)
    return Truth(truth.before, losses, truth.steps)


def bracketing(distance: float, most: int, safe: float = SAFE_DECADES) -> Race:
    """The program's race, with another distance in decades, number of trainings or safety step in decades."""

    def run(pick: float, _confidence: str, training: Training, before: float) -> tuple[float | None, int]:
        losses: dict[int, float] = {}
        while (place := next_place(losses, 0, most)) is not None:
            losses[place] = training(pick + distance * place)
        best, fit = best_place(losses), parabola(losses, before)
        if losses[best] >= before:
            return None, len(losses)
        lowest = best if fit is None else -fit[1] / (2 * fit[0])
        return 10 ** (pick + distance * lowest - safe), len(losses)

    return run


def fixed_field(pick: float, _confidence: str, training: Training, _before: float) -> tuple[float | None, int]:
    """Seven rates half an octave apart, each trained to the end: the most that halving could find."""
    standings = Standings(RaceSettings(around=10**pick, rates=7, rounds=1))
    standings.add(StandingEvent(0, c, lr, training(math.log10(lr)), True, 160) for c, lr in enumerate(standings.lrs))
    return standings.ranking().lr, len(standings.lrs)


def where_not_high(race: Race) -> Race:
    """Race only where the pick's confidence is not high."""
    return lambda pick, word, *rest: (10**pick, 0) if word == "high" else race(pick, word, *rest)


def races() -> Iterator[tuple[str, Race]]:
    """What is compared."""
    yield "the sweep's recommendation", lambda pick, *_: (10**pick, 0)
    yield "7 rates, half an octave apart, all to the end", fixed_field
    for distance in (0.25, 0.3, BRACKET_DISTANCE, 0.5):
        for most in (3, 4, 5, 6):
            here = distance == BRACKET_DISTANCE and most == RaceSettings().trainings
            name = f"bracket, {distance:g} decades apart, at most {most}"
            yield f"**{name}**" if here else name, bracketing(distance, most)
    for safe in (0.0, 0.05, 0.1):
        yield f"the bold one, safety step {safe:g} decades", bracketing(BRACKET_DISTANCE, 5, safe)
    for most in (3, 5):
        name = f"at most {most}, only where confidence is not high"
        yield name, where_not_high(bracketing(BRACKET_DISTANCE, most))


def raced(
    truths: Mapping[str, Truth], picks: Iterable[tuple[str, Recommendation]], race: Race
) -> Iterator[tuple[float, int]]:
    """The regret of what a race finds and its trainings, from every pick on the trainings of each seed in turn."""
    known = {
        (name, seed): (one_seed(truth, seed), other_seeds(truth, seed))
        for name, truth in truths.items()
        for seed in range(SEEDS)
    }
    for name, pick in picks:
        for seed in range(SEEDS):
            training, judge = known[name, seed]
            guess, before = pick.best_guess, truths[name].before
            found = (None, 0) if guess is None else race(math.log10(guess), pick.confidence, training, before)
            yield judge.regret(found[0]), found[1]


def raced_by_default(truths: Mapping[str, Truth], runs: Iterable[Run]) -> tuple[float, float]:
    """The optimizer steps that the program's race takes after a sweep, and the regret it leaves; both means."""
    runs = list(runs)
    picks = [(run.task, ours(run.curve, Plan(truths[run.task].steps))) for run in runs]
    regrets, trainings = zip(*raced(truths, picks, bracketing(BRACKET_DISTANCE, 5)), strict=True)
    steps = np.repeat([truths[run.task].steps for run in runs], SEEDS)
    return float(np.mean(steps * np.array(trainings))), float(np.mean(regrets))


def outcome(pick: Recommendation, training: Training, before: float) -> tuple[str, float | None]:
    """What the program's race comes to around a pick that is not sure, in a word, and its rate."""
    assert pick.best_guess is not None
    if pick.confidence == "high":
        return "kept, as read", pick.best_guess
    standings = Standings(RaceSettings(around=pick.best_guess))
    standings.add([UntrainedEvent(before)])
    while (one := standings.following(0)) is not None:
        standings.add([StandingEvent(0, one, standings.lrs[one], training(math.log10(standings.lrs[one])), True, 160)])
    ranking, ran = standings.ranking(), standings.contestants(0)
    if ranking.lr is None or ranking.leader is None:
        return "no winner", None
    if ranking.leader.candidate in (ran[0], ran[-1]):
        return "best at an end", ranking.lr
    return "confirmed" if ranking.confirmed else "bracketed elsewhere", ranking.lr


def outcomes_table(truths: Mapping[str, Truth], picks: Iterable[tuple[str, Recommendation]]) -> None:
    """What a race's outcomes are worth: regrets, and how far a nearly best rate is (decades, nine of ten)."""
    found: dict[str, list[tuple[float, float]]] = {}
    for name, pick in picks:
        for seed in range(SEEDS if pick.best_guess is not None else 0):
            judge = other_seeds(truths[name], seed)
            word, lr = outcome(pick, one_seed(truths[name], seed), truths[name].before)
            found.setdefault(word, []).append((judge.regret(lr), math.inf if lr is None else judge.away(lr)))
    print(
        "\n| outcome | races | mean | below 0.1 | worst | nearly best within, nine of ten |\n|---|---|---|---|---|---|"
    )
    for word, rows in sorted(found.items()):
        regrets, away = np.array(rows).T
        cells = f"{regrets.mean():.3f} | {np.mean(regrets < 0.1):.0%} | {regrets.max():.3f}"
        print(f"| {word} | {len(rows)} | {cells} | ×{10 ** np.percentile(away, 90):.2f} |")


def wavering(truth: Truth) -> float:
    """Standard deviation of the best rate's final loss over the seeds, as a share of the fall to it."""
    losses = np.array(
        [[truth.before if x is None else min(x, truth.before) for x in column] for column in truth.losses]
    )
    best = int(np.argmin(losses.mean(axis=1)))
    return float(losses[best].std(ddof=1) / (truth.before - losses[best].mean()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="also the tasks on which nothing was chosen")
    asked = parser.parse_args()
    truths = load_truth()
    picks = [
        (run.task, ours(run.curve, Plan(truths[run.task].steps)))
        for run in load_runs()
        if run.curve.planned_steps == 200
    ]
    parts = {"development": DEVELOPMENT, "unseen": (*HELD_OUT, *CONFIRMATION)}
    for part, tasks in parts.items() if asked.all else [("development", DEVELOPMENT)]:
        names = {task.name for task in tasks}
        noise = np.percentile([wavering(truths[name]) for name in names], [50, 75])
        chosen = [(name, pick) for name, pick in picks if name in names]
        print(f"\n## {part}: {len(names)} tasks, {len(chosen) * SEEDS} races each\n")
        print("| race | trainings | mean | median | p90 | worst | share above 0.2 |\n|---|---|---|---|---|---|---|")
        for label, race in races():
            regrets, costs = zip(*raced(truths, chosen, race), strict=True)
            print(f"| {label} | {np.mean(costs):.2f} | {figures(regrets)} |", flush=True)
        outcomes_table(truths, chosen)
        print(
            f"\nFrom seed to seed the best rate's final loss wavers by {noise[0]:.1%} of the fall (median), on one "
            f"task in four by {noise[1]:.1%} or more."
        )


if __name__ == "__main__":
    main()
