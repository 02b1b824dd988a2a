"""Two charts of the explanation page: how well the stated confidence holds, and regret against cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from score import Run, Truth, ours

from lrgui.core.curve.confidence import CONFIDENCES, NINE_OF_TEN

#: Of Okabe and Ito's palette, which people with any colour vision tell apart; worst word first.
COLOURS = dict(zip(CONFIDENCES, ("#999999", "#D55E00", "#E69F00", "#009E73"), strict=True))
#: Regrets at which the shares are drawn.
REGRETS = np.linspace(0.0, 0.4, 201)
#: A rate is nearly the best up to this regret.
NEARLY = 0.05
#: Shares of the picks that a factor is meant to hold, and the standard deviations that hold so many.
CLAIMED = {0.5: 0.67, 0.6: 0.84, 0.7: 1.04, 0.8: 1.28, 0.9: NINE_OF_TEN, 0.95: 1.96}


def _save(figure: plt.Figure, path: Path) -> None:
    """As an SVG file that is the same for the same numbers."""
    with mpl.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def draw_calibration(truth: Mapping[str, Truth], runs: Sequence[Run], path: Path) -> None:
    """Left, for each word the share of its picks within a regret; right, how often the factor holds what it says."""
    found = [(ours(run.curve), truth[run.task]) for run in runs]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for word in reversed(CONFIDENCES):
        regrets = np.array([task.regret(pick.best_guess) for pick, task in found if pick.confidence == word])
        if len(regrets):
            shares = [np.mean(regrets <= regret) for regret in REGRETS]
            label = f"{word} ({len(regrets) / len(found):.0%} of the sweeps)"
            left.plot(REGRETS, shares, color=COLOURS[word], label=label, linewidth=2)
    left.set(xlabel="regret", ylabel="share of the picks within it", ylim=(0, 1.02), xlim=(0, REGRETS[-1]))
    left.legend(frameon=False, loc="lower right")
    left.grid(alpha=0.3)
    right.plot([0.45, 1], [0.45, 1], color="#bbbbbb", linewidth=1, label="as claimed")
    for word in reversed(CONFIDENCES[1:]):
        rows = [(pick, task) for pick, task in found if pick.confidence == word]
        if rows:
            away = np.array([task.away(pick.best_guess, NEARLY) for pick, task in rows])
            stated = np.array([np.log10(pick.factor) for pick, _ in rows])
            held = [np.mean(away <= stated * (z / NINE_OF_TEN) + 1e-3) for z in CLAIMED.values()]
            right.plot(list(CLAIMED), held, "o-", color=COLOURS[word], label=word)
    right.set(xlabel="share that the factor is meant to hold", ylabel="share that it holds", ylim=(0.45, 1.02))
    right.legend(frameon=False, loc="lower right")
    right.grid(alpha=0.3)
    _save(figure, path)


def draw_cost(methods: Mapping[str, Sequence[tuple[float, float]]], path: Path) -> None:
    """Mean regret against what it costs in optimizer steps, a line or a dot for every method.

    `methods` holds (steps, mean regret) by label; steps of 0 are drawn at the left edge.
    """
    figure, axes = plt.subplots(figsize=(8.6, 5), layout="constrained")
    colours = plt.get_cmap("tab20")
    for index, (label, points) in enumerate(methods.items()):
        steps, regrets = np.array(points, dtype=float).T
        loud = label.startswith("LR Finder")
        axes.plot(
            np.maximum(steps, 30),
            regrets,
            "o-" if loud else "s:",
            color=COLOURS["high"] if loud else colours(index % 20),
            markerfacecolor="white" if "Verify" in label else None,
            label=label,
            linewidth=2.5 if loud else 1,
            markersize=6 if loud else 5,
        )
    axes.set(xscale="log", yscale="log", xlabel="optimizer steps before the training", ylabel="mean regret")
    marks = [30, 60, 100, 200, 500, 1000]
    axes.set_xticks(marks, ["none", *map(str, marks[1:])])
    axes.minorticks_off()
    heights = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]
    axes.set_yticks(heights, [f"{height:g}" for height in heights])
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    _save(figure, path)
