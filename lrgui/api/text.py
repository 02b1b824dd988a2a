"""A result in plain text: one line, and a block for terminals and scripts."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from lrgui.api.text_lines import WIDTH, table_lines, wrapped
from lrgui.core.curve.recommend import confidence_words
from lrgui.core.curve.words import CLASSIC
from lrgui.core.learning_rate import format_lr

if TYPE_CHECKING:
    from lrgui.api.found import Found


def pick_words(result: Found) -> str:
    """The pick and how far to trust it: "1.6e-01 (confidence medium · within ×2)"."""
    if result.lr is not None:
        return f"{format_lr(result.lr)} ({confidence_words(result.reading.recommendation)})"
    if result.best_guess is not None:
        return f"no reliable pick ({format_lr(result.best_guess)} is a guess)"
    return "no reliable pick"


def one_line(result: Found) -> str:
    """What an interactive session shows."""
    count = len(result.curve)
    points = f"{count} point{'s' if count != 1 else ''}" + (
        f" × {len(result.curves)}" if len(result.curves) > 1 else ""
    )
    title = " ".join(result.title.split())
    return f"<Result of {title}: {pick_words(result)}, {points}, {result.end.reason}>"


def block(result: Found) -> str:
    """Pick, sentence, table of rules, checklist and notes, at most about a hundred columns wide."""
    lines = [*wrapped(result.picture_title), f"Learning rate: {pick_words(result)}"]
    for said in (result.reading.both_rates, result.reading.own_words):
        lines += wrapped(said) if said else []
    lines.append("")
    table = [(row.label, row.rate, row.spread, row.reason) for row in result.reading.table]
    repeats = len(result.curves) > 1
    head = ("rule", "learning rate", "over the repeats" if repeats else "", "why")
    widths = [max(len(row[i]) for row in [head, *table]) for i in range(3)]
    for row in [head, *table]:
        cells = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True) if width]
        start = "  " + "  ".join(cells) + "  "
        lines += textwrap.wrap(row[3], WIDTH, initial_indent=start, subsequent_indent=" " * len(start))
    lines += ["", *wrapped(f"{CLASSIC} {result.interpretation}")]
    for check in result.checklist:
        lines += wrapped(check.text, f" {check.sign} ", "   ")
    if result.verified is not None:
        lines += ["", *table_lines(*result.verified.table()), ""]
    lines += wrapped(result.end.detail)
    for note in result.notes:
        lines += wrapped(note, "Note: ", "      ")
    for name, group in result.groups.items():
        lines += wrapped(f"{name}: {pick_words(group)}", "Group ", "      ")
    if result.end.traceback:
        lines += ["", result.end.traceback.rstrip()]
    return "\n".join(lines)
