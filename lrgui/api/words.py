"""A result in plain text: one line, and a block for terminals and scripts."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from lrgui.core.confidence_words import confidence_words, pick_label
from lrgui.core.learning_rate import format_lr

if TYPE_CHECKING:
    from lrgui.api.result import Result

#: Columns of a block.
WIDTH = 100
SIGNS = {"good": "✓", "bad": "✗", "open": "!"}


def pick_words(result: Result) -> str:
    """The pick and how far to trust it: "1.6e-01 (confidence medium · within ×2)"."""
    if result.lr is not None:
        return f"{format_lr(result.lr)} ({confidence_words(result.analysis.recommendation)})"
    if result.best_guess is not None:
        return f"no reliable pick ({format_lr(result.best_guess)} is a guess)"
    return "no reliable pick"


def rows(result: Result) -> list[tuple[str, str, str, str]]:
    """The table of rules, ours first: label, rate, its spread over the repeats (empty for one), reason."""
    ours = result.lr if result.lr is not None else result.best_guess
    found = [(pick_label(result.analysis.recommendation), _rate(ours), spread_words(result, "ours"), result.reason)]
    shown = result.analysis.suggestions.values()
    found += [(s.label, _rate(s.lr), spread_words(result, s.key), s.reason) for s in shown]
    return found


def spread_words(result: Result, key: str) -> str:
    """Lowest and highest rate that a rule gave for the repeats: "1.2e-2 to 3e-2"."""
    if len(result.curves) < 2:
        return ""
    rates = [rate for rate in result.spread.get(key, ()) if rate is not None]
    if not rates:
        return "none"
    low, high = format_lr(min(rates)), format_lr(max(rates))
    words = low if low == high else f"{low} to {high}"
    return words if len(rates) == len(result.curves) else f"{words} ({len(rates)} of {len(result.curves)})"


def one_line(result: Result) -> str:
    """What an interactive session shows."""
    count = len(result.curve)
    points = f"{count} point{'s' if count != 1 else ''}" + (
        f" × {len(result.curves)}" if len(result.curves) > 1 else ""
    )
    title = " ".join(result.title.split())
    return f"<Result of {title}: {pick_words(result)}, {points}, {result.end.reason}>"


def block(result: Result) -> str:
    """Pick, sentence, table of rules, checklist and notes, at most about a hundred columns wide."""
    lines = [*_wrapped(result.picture_title), f"Learning rate: {pick_words(result)}", ""]
    table = rows(result)
    repeats = len(result.curves) > 1
    head = ("rule", "learning rate", "over the repeats" if repeats else "", "why")
    widths = [max(len(row[i]) for row in [head, *table]) for i in range(3)]
    for row in [head, *table]:
        cells = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True) if width]
        start = "  " + "  ".join(cells) + "  "
        lines += textwrap.wrap(row[3], WIDTH, initial_indent=start, subsequent_indent=" " * len(start))
    lines += ["", *_wrapped(result.interpretation)]
    for check in result.checklist:
        lines += _wrapped(check.text, f" {SIGNS[check.state]} ", "   ")
    lines += _wrapped(result.end.detail)
    for note in result.notes:
        lines += _wrapped(note, "Note: ", "      ")
    for name, group in result.groups.items():
        lines += _wrapped(f"{name}: {pick_words(group)}", "Group ", "      ")
    if result.end.traceback:
        lines += ["", result.end.traceback.rstrip()]
    return "\n".join(lines)


def _wrapped(text: str, first: str = "", next_lines: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=next_lines) or [first.rstrip()]


def _rate(lr: float | None) -> str:
    return "–" if lr is None else format_lr(lr)
