"""How far suggestions are from the truth: regrets on recorded sweeps, without training anything."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import find_landmarks
from lrgui.core.curve.plan import USUAL, Plan
from lrgui.core.curve.recommend import Recommendation, recommend
from lrgui.core.curve.rules import RULES
from lrgui.core.engine.schedules import exponential
from lrgui.core.engine.stopping import SweepWatch

HERE = Path(__file__).parent
#: Longer sweeps, to see how much their length moves a suggestion.
LENGTHS = HERE / "lengths.json"
#: log10 of the rates of truth.json: a quarter of a decade apart.
GRID = np.arange(-20, 5) / 4
#: Those of a coarse one.
COARSE = GRID[4::2]


@dataclass(frozen=True)
class Truth:
    """What a task's trainings came to: the regret of every rate of the grid."""

    before: float
    """Validation loss before training; or that of a constant answer, where pretrained weights begin worse."""
    losses: tuple[tuple[float | None, ...], ...]
    """Per rate, the final validation loss of each seed; None for one that diverged."""
    steps: int

    @cached_property
    def smooth(self) -> np.ndarray:
        """Mean final loss of every rate of the grid. Shape of `GRID`.

        A rate is only as good as its neighbours a quarter of a decade away: lucky single runs don't count.
        """
        seeds = [[self.before if x is None else min(x, self.before) for x in column] for column in self.losses]
        mean = np.array([np.mean(column) for column in seeds])
        return np.convolve(np.pad(mean, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")

    @property
    def lowest(self) -> float:
        """The final loss of the best rate."""
        return float(self.smooth.min())

    @cached_property
    def regrets(self) -> np.ndarray:
        """(loss − best) / (loss before training − best), 0 to 1. Shape of `GRID`."""
        return np.clip((self.smooth - self.lowest) / (self.before - self.lowest), 0.0, 1.0)

    @property
    def best(self) -> float:
        """The best rate of the grid."""
        return float(10 ** GRID[int(np.argmin(self.regrets))])

    def regret(self, lr: float | None) -> float:
        """Regret of a rate, linear in log LR between the grid's; 1 for none and for rates far above the grid."""
        if lr is None or not math.isfinite(lr) or lr <= 0 or math.log10(lr) > GRID[-1] + 0.25:
            return 1.0
        return float(np.interp(math.log10(lr), GRID, self.regrets))

    def away(self, lr: float, tolerance: float = 0.05) -> float:
        """Decades from `lr` to the nearest rate whose regret is at most `tolerance`."""
        fine = np.linspace(GRID[0], GRID[-1], 601)
        good = fine[np.interp(fine, GRID, self.regrets) <= tolerance]
        return float(np.min(np.abs(good - math.log10(lr))))


@dataclass(frozen=True)
class Run:
    """One recorded sweep."""

    task: str
    end: float
    """Last planned rate."""
    seed: int
    curve: Curve


def load_truth(path: Path = HERE / "truth.json") -> dict[str, Truth]:
    """Truth by task. What a coarse grid leaves out lies on the line between its neighbours."""
    return {name: _truth(entry) for name, entry in json.loads(path.read_text()).items()}


def _truth(entry: dict[str, Any]) -> Truth:
    before, losses = min(float(np.mean(entry["before"])), entry.get("guessing", math.inf)), entry["losses"]
    if len(losses) == len(COARSE):
        known = np.array([[before if x is None else min(x, before) for x in column] for column in losses])
        losses = np.stack([np.interp(GRID, COARSE, seed) for seed in known.T], axis=1).tolist()
    return Truth(before, tuple(map(tuple, losses)), entry["steps"])


def load_runs(path: Path = HERE / "sweeps.json") -> list[Run]:
    """All recorded sweeps, each ended where the program would have ended it."""
    known = json.loads((HERE / "guessing.json").read_text())
    return [
        Run(name, run["end"], run["seed"], stopped(run["start"], run["end"], run["steps"], run["losses"], *known[name]))
        for name, runs in json.loads(path.read_text()).items()
        for run in runs
    ]


def stopped(
    start: float,
    end: float,
    steps: int,
    losses: list[float | None],
    guessing: float | None = None,
    uniform: float | None = None,
) -> Curve:
    """A recorded sweep as the program would have measured it, with its stop rules."""
    watch, reason, count = SweepWatch(steps, 0.98, 4.0), "completed", len(losses)
    raw = np.array([math.nan if loss is None else loss for loss in losses])
    rates = exponential(start, end, steps)[: len(raw)]
    for index, (lr, loss) in enumerate(zip(rates, raw, strict=True)):
        stop = watch.push(float(lr), float(loss))
        if stop is not None:
            reason, count = stop.reason, index + 1
            break
    return Curve.measured(rates[:count], raw[:count], steps, end_reason=reason, guessing=guessing, uniform=uniform)


def ours(curve: Curve, plan: Plan = USUAL) -> Recommendation:
    """Our recommendation."""
    return recommend(curve, find_landmarks(curve), plan)


@dataclass(frozen=True)
class Moved:
    """Our recommendation from one sweep, beside those from sweeps of other lengths."""

    task: str
    lr: float
    factor: float
    away: float
    """Decades from the median of the task's, every length counted once."""


def moved(runs: Iterable[Run]) -> dict[int, list[Moved]]:
    """How far the recommendations from `runs` of one range lie from those of other lengths, by steps. Guesses don't
    count."""
    picks: dict[str, dict[int, list[tuple[float, float]]]] = {}
    for run in runs:
        pick = ours(run.curve)
        if pick.lr is not None and pick.factor is not None:
            picks.setdefault(run.task, {}).setdefault(run.curve.planned_steps, []).append((pick.lr, pick.factor))
    found: dict[int, list[Moved]] = {}
    for task, lengths in picks.items():
        middle = float(np.median([np.median(np.log10([lr for lr, _ in same])) for same in lengths.values()]))
        for steps, same in lengths.items():
            found.setdefault(steps, []).extend(Moved(task, lr, factor, math.log10(lr) - middle) for lr, factor in same)
    return dict(sorted(found.items()))


def known(key: str) -> Callable[[Curve], float | None]:
    """What a known rule says, whatever the noise; None for its reasons."""
    rule = next(rule for rule in RULES if rule.key == key)

    def find(curve: Curve) -> float | None:
        answer = rule.find(curve)
        return None if isinstance(answer, str) else answer / rule.divisor

    return find


def figures(regrets: Iterable[float]) -> str:
    """Mean, median, 90th percentile, worst and the share above 0.2, as cells of a table."""
    a = np.array(list(regrets))
    return f"{a.mean():.3f} | {np.median(a):.3f} | {np.percentile(a, 90):.3f} | {a.max():.3f} | {np.mean(a > 0.2):.2f}"
