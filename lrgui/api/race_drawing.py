"""A race drawn with matplotlib: a bar for each candidate, the smooth through them, its lowest point, the winner."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lrgui.core.formats import format_figure
from lrgui.core.learning_rate import format_lr
from lrgui.core.standings import SAFE_FACTOR, Ranking
from lrgui.plot.theme import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches of a new figure.
SIZE = (7.0, 2.8)


def draw_race(ranking: Ranking, step: float, name: str, ax: Axes | None = None) -> Axes:
    """Draw on `ax`, or on a new figure of pyplot's, what each candidate was judged by in its last round.

    Candidates that left early were judged after a shorter training: their bars are hollow. `step` is the factor
    between neighbouring candidates' rates, `name` what it is judged by.
    """
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=SIZE, layout="constrained")
    rows = sorted(ranking.rows, key=lambda row: row.candidate)
    judge = ranking.judge
    heights = np.array([judge.figure(row.score) if math.isfinite(row.score) else np.nan for row in rows])
    ax.set_xscale("log", base=2)
    for row, height in zip(rows, heights, strict=True):
        left, right = row.lr / step**0.31, row.lr * step**0.31
        if math.isnan(height):
            ax.annotate(
                "diverged" if row.diverged else "not run",
                (row.lr, 0.02),
                xycoords=ax.get_xaxis_transform(),
                ha="center",
                fontsize=8,
                color=LIGHT.muted,
            )
            continue
        ax.bar(
            left,
            height,
            width=right - left,
            align="edge",
            color=LIGHT.curve if row.alive else "none",
            edgecolor=LIGHT.curve,
            label="training" if row.alive else "left after a shorter round",
            zorder=2,
        )
        ax.annotate(
            judge.words(row.score),
            (row.lr, height),
            xytext=(0, 3 if height >= 0 else -3),
            textcoords="offset points",
            ha="center",
            va="bottom" if height >= 0 else "top",
            fontsize=9,
            color=LIGHT.text,
            # Lines pass behind the numbers.
            bbox={"boxstyle": "square,pad=0.1", "facecolor": LIGHT.background, "edgecolor": "none"},
            zorder=4,
        )
    if len(ranking.smooth_lr):
        shown = ranking.smooth_figure <= np.nanmax(heights)
        ax.plot(
            ranking.smooth_lr[shown],
            ranking.smooth_figure[shown],
            color=LIGHT.divergence_line,
            linestyle="--",
            label="parabola",
            zorder=3,
        )
    ax.margins(y=0.2)
    if ranking.untrained is not None:
        seen = ax.get_ylim()  # the bars stay readable: a line far above them is only named
        ax.axhline(
            judge.figure(ranking.untrained),
            color=LIGHT.muted,
            linestyle=":",
            label=f"untrained: {judge.words(ranking.untrained)}",
            zorder=1,
        )
        ax.set_ylim(seen)
    if ranking.lr is not None and ranking.lowest is not None:
        ax.axvline(ranking.lowest, color=LIGHT.divergence_line, linewidth=1, linestyle=":", zorder=3)
        ax.lines[-1].set_label(f"{judge.best_end}: {format_lr(ranking.lowest)}")
        ax.axvline(ranking.lr, color=LIGHT.optimal_line, linewidth=2, zorder=3)
        ax.lines[-1].set_label(f"measured: {format_lr(ranking.lr)} (safety step ÷{format_figure(SAFE_FACTOR)})")
    if rows:
        ax.set_xlim(rows[0].lr / step**0.6, rows[-1].lr * step**0.6)
    ax.set_xticks([row.lr for row in rows], [format_lr(row.lr) for row in rows])
    ax.set_xticks([], minor=True)
    ax.set_xlabel("Max learning rate")
    ax.set_ylabel(name)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        once = dict(zip(labels, handles, strict=True))
        ax.legend(
            once.values(), once.keys(), loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize=9, frameon=False
        )
    return ax
