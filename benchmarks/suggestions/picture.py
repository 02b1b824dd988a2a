"""Suggested against best learning rates, one panel per rule, as an SVG file."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import numpy as np
from score import Run, Truth, known, ours

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.rules import RULES

#: Axes of all panels, in log10 of the rate.
LOW, HIGH = -5.0, 1.5
SIDE, GAP, LEFT, TOP, COLUMNS = 190, 26, 56, 74, 5
#: Regret up to which a dot has this colour, and its words.
COLOURS = ((0.05, "#1a7f5a", "up to 0.05"), (0.2, "#c98a00", "up to 0.2"), (1.1, "#c0392b", "above 0.2, or no answer"))


def draw(truth: dict[str, Truth], runs: Sequence[Run], held_out: set[str], path: Path) -> None:
    """Draw every rule's suggestions for `runs` into `path`; held-out tasks are rings, the others dots."""
    picks: dict[str, Callable[[Curve], float | None]] = {"ours": lambda curve: ours(curve).best_guess}
    picks |= {rule.label: known(rule.key) for rule in RULES}
    rows = math.ceil(len(picks) / COLUMNS)
    width, height = LEFT + COLUMNS * (SIDE + GAP), TOP + rows * (SIDE + GAP + 18) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12" fill="#222">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{LEFT}" y="26" font-size="17" font-weight="bold">Suggested against best learning rate</text>',
        _legend(),
    ]
    for index, (label, pick) in enumerate(picks.items()):
        x = LEFT + (index % COLUMNS) * (SIDE + GAP)
        y = TOP + (index // COLUMNS) * (SIDE + GAP + 18)
        parts.append(_panel(x, y, label, pick, truth, runs, held_out, index % COLUMNS == 0))
    parts.append(f'<text x="{width / 2:.0f}" y="{height - 14}" text-anchor="middle">best rate of the task</text>')
    middle = TOP + (height - TOP - 40) / 2
    parts.append(f'<text transform="translate(14 {middle:.0f}) rotate(-90)" text-anchor="middle">suggested rate</text>')
    path.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")


def _legend() -> str:
    parts, x = [f'<text x="{LEFT}" y="48">regret</text>'], LEFT + 52
    for _, colour, words in COLOURS:
        parts.append(f'<circle cx="{x}" cy="44" r="4" fill="{colour}"/><text x="{x + 9}" y="48">{words}</text>')
        x += 34 + 7 * len(words)
    parts.append(f'<circle cx="{x}" cy="44" r="4" fill="none" stroke="#222"/><text x="{x + 9}" y="48">held out</text>')
    parts.append(f'<text x="{x + 84}" y="48">bottom edge: below, or no answer; numbers: mean regret</text>')
    return "".join(parts)


def _panel(
    x: float,
    y: float,
    label: str,
    pick: Callable[[Curve], float | None],
    truth: dict[str, Truth],
    runs: Sequence[Run],
    held_out: set[str],
    numbered: bool,
) -> str:
    def place(value: float) -> float:
        return (min(max(value, LOW), HIGH) - LOW) / (HIGH - LOW) * SIDE

    regrets: list[float] = []
    dots: dict[tuple[bool, str], list[str]] = {}
    for run in runs:
        task, lr = truth[run.task], pick(run.curve)
        regrets.append(task.regret(lr))
        colour = next(colour for limit, colour, _ in COLOURS if regrets[-1] <= limit)
        # Dots of one task lie on one line: seeds a little apart.
        cx = x + place(math.log10(task.best)) + (run.seed % 5 - 2) * 1.1
        cy = y + SIDE - (place(math.log10(lr)) if lr is not None and lr > 0 else 0.0)
        dots.setdefault((run.task in held_out, colour), []).append(f"M{cx:.1f} {cy:.1f}h0")
    marks = [_dots(places, colour, ring) for (ring, colour), places in dots.items()]
    frame = f'<rect x="{x}" y="{y}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>'
    line = f'<line x1="{x}" y1="{y + SIDE}" x2="{x + SIDE}" y2="{y}" stroke="#bbb"/>'
    title = f'<text x="{x}" y="{y - 6}"><tspan font-weight="bold">{escape(label)}</tspan> {np.mean(regrets):.3f}</text>'
    ticks = []
    for power in range(-5, 2, 2):
        at = place(power)
        text = "1" if power == 0 else f"1e{power}" if power != 1 else "10"
        ticks.append(f'<text x="{x + at:.0f}" y="{y + SIDE + 14}" text-anchor="middle" font-size="10">{text}</text>')
        if numbered:
            ticks.append(
                f'<text x="{x - 5}" y="{y + SIDE - at + 4:.0f}" text-anchor="end" font-size="10">{text}</text>'
            )
    return "".join([frame, line, title, *ticks, *marks])


def _dots(places: Sequence[str], colour: str, ring: bool) -> str:
    """Many dots as one line of no length with round ends; a ring is a smaller white dot on a larger one."""
    line = f'<path d="{"".join(places)}" fill="none" stroke-linecap="round" stroke="'
    dot = f'{line}{colour}" stroke-width="5.6"/>'
    return f'{dot}{line}white" stroke-width="3"/>' if ring else dot
