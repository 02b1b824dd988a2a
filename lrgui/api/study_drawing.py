"""The heat map of a study, drawn with matplotlib."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lrgui.core.learning_rate import format_lr
from lrgui.plot.theme import LIGHT
from lrgui.studies.plan import axis_words
from lrgui.studies.results import HeatMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_heat_map(heat: HeatMap, ax: Axes | None = None) -> Axes:
    """Draw the rates on `ax`, or on a new figure of pyplot's: a stronger colour is higher, guesses are named."""
    from matplotlib.colors import LinearSegmentedColormap

    if ax is None:
        import matplotlib.pyplot as plt

        size = 2.0 + 0.9 * max(3, len(heat.columns)), 1.2 + 0.5 * max(2, len(heat.rows))
        _, ax = plt.subplots(figsize=size, layout="constrained")
    rates = np.array(
        [[math.log10(cell.lr) if cell is not None and cell.lr else math.nan for cell in row] for row in heat.cells]
    )
    colours = LinearSegmentedColormap.from_list("rates", [LIGHT.low_tint, LIGHT.curve])
    ax.imshow(rates, cmap=colours, aspect="auto")
    there = rates[np.isfinite(rates)]
    middle = float(there.min() + there.max()) / 2 if len(there) else 0.0
    for number, row in enumerate(heat.cells):
        for column, cell in enumerate(row):
            if cell is None or cell.lr is None:
                continue
            dark = len(there) > 1 and rates[number, column] > middle
            words = format_lr(cell.lr) + ("" if cell.sure else "\na guess")
            ax.text(column, number, words, ha="center", va="center", color="white" if dark else LIGHT.text)
    ax.set_xticks(range(len(heat.columns)), heat.columns)
    ax.set_yticks(range(len(heat.rows)), heat.rows)
    ax.set_xlabel(axis_words(heat.across))
    ax.set_title("Learning rate")
    return ax
