"""A race in a notebook: a bar for each candidate, the smooth through them, and the ranked table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lrgui.api.html import card, paragraph, table_of
from lrgui.api.svg_elements import FONT, SIZE, path, quoted, stroke, text
from lrgui.core.events import ERRORS
from lrgui.core.learning_rate import format_lr, short_lr
from lrgui.plot.theme import LIGHT

if TYPE_CHECKING:
    from lrgui.api.verified import Verified

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 16, 16, 26, 24


def verified_html(verified: Verified) -> str:
    """One `<div>` for the output of a notebook's cell; all that it needs is inside."""
    number = "No winner" if verified.lr is None else format_lr(verified.lr)
    colour = LIGHT.warning if verified.lr is None else LIGHT.accent
    parts = [
        paragraph(f"Learning rate {number}", colour, size=18),
        bars_svg(verified),
        table_of(*verified.table()),
        paragraph(verified.reason),
    ]
    if verified.reason not in verified.end.detail:
        parts.append(paragraph(verified.end.detail, LIGHT.error if verified.end.reason in ERRORS else LIGHT.muted))
    parts += [paragraph(f"Note: {note}") for note in verified.notes]
    return card("\n".join(parts))


def bars_svg(verified: Verified) -> str:
    """A bar with its loss for every candidate by rising rate, those that are out faded; the smooth and the winner."""
    rows = sorted(verified.rows, key=lambda row: row.candidate)
    losses = np.array([row.loss if math.isfinite(row.loss) else np.nan for row in rows])
    ranking, place = verified.ranking, (WIDTH - LEFT - RIGHT) / len(rows)
    heights = np.concatenate([losses[~np.isnan(losses)], ranking.smooth_loss])
    low = min(0.0, float(heights.min())) if len(heights) else 0.0
    high = float(np.nanmax(losses)) if len(heights) else 1.0
    room = HEIGHT - TOP - BOTTOM

    def y(loss: float) -> float:
        return TOP + room * (1 - (loss - low) / ((high - low) or 1.0))

    def x(lr: float) -> float:
        return LEFT + place * (math.log2(lr / rows[0].lr) / verified.config.octaves + 0.5)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'style="max-width:100%;height:auto" font-family={quoted(FONT)} font-size="{SIZE:g}" role="img" '
        f"aria-label={quoted(verified.reason)}>"
    ]
    numbers = []
    for row in rows:
        middle, faded = x(row.lr), "" if row.alive else ' fill-opacity="0.35"'
        if not math.isfinite(row.loss):
            parts.append(text("diverged" if row.diverged else "–", middle, HEIGHT - BOTTOM - 6, LIGHT.muted, "middle"))
        else:
            top, foot = y(max(row.loss, 0.0)), y(min(row.loss, 0.0))
            size = f'width="{0.62 * place:.1f}" height="{max(1.0, foot - top):.1f}"'
            parts.append(
                f'<rect x="{middle - 0.31 * place:.1f}" y="{top:.1f}" {size} rx="2" fill="{LIGHT.curve}"{faded}/>'
            )
            numbers.append(text(f"{row.loss:.3g}", middle, top - 5, LIGHT.text, "middle"))
        parts.append(text(short_lr(row.lr, 2), middle, HEIGHT - 8, LIGHT.muted, "middle"))
    if len(ranking.smooth_lr):
        points = np.array(
            [(x(lr), y(loss)) for lr, loss in zip(ranking.smooth_lr, ranking.smooth_loss, strict=True) if loss <= high]
        )
        if len(points) > 1:
            parts.append(f'<path d="{path(points)}" {stroke(LIGHT.divergence_line, 2)} stroke-dasharray="6 4"/>')
    if ranking.lr is not None:
        at = x(ranking.lr)
        parts.append(
            f'<path d="M{at:.1f},{TOP - 8}V{HEIGHT - BOTTOM}" {stroke(LIGHT.optimal_line, 2)}/>'
            + text(f"winner {short_lr(ranking.lr, 2)}", at, 12, LIGHT.optimal_text, "middle", bold=True)
        )
    # Last, with a rim: lines pass behind them.
    rim = f'paint-order="stroke" stroke="{LIGHT.background}" stroke-width="4" stroke-linejoin="round"'
    return "".join([*parts, f"<g {rim}>", *numbers, "</g></svg>"])
