"""A result in a notebook: the picture, the table of rules, the checklist, on a card that light and dark pages bear."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from lrgui.api.drawing import draw
from lrgui.api.figure import inline_svg
from lrgui.api.html_parts import card, folded, paragraph, pre, quoted, table_of
from lrgui.api.text import pick_words
from lrgui.core.curve.recommend import GUESS, confidence_words
from lrgui.core.curve.words import CLASSIC
from lrgui.core.events import ERRORS
from lrgui.core.learning_rate import format_lr
from lrgui.plot.theme import LIGHT

if TYPE_CHECKING:
    from lrgui.api.found import Found

_STATES = {"good": LIGHT.success, "bad": LIGHT.error, "open": LIGHT.warning}


def result_html(result: Found) -> str:
    """One `<div>` for the output of a notebook's cell; all that it needs is inside."""
    return card(_content(result))


def _content(result: Found) -> str:
    both = result.reading.both_rates
    parts = [
        _pick(result),
        *([paragraph(both)] if both else []),
        paragraph(result.reading.own_words, LIGHT.muted) if result.reading.own_words else "",
        inline_svg(partial(draw, result), f"{result.picture_title}. {result.interpretation}"),
        paragraph(f"{CLASSIC} {result.interpretation}"),
        _rules(result),
        "" if result.verified is None else table_of(*result.verified.table()),
        _checks(result),
    ]
    if result.end.reason in ERRORS:
        parts.append(paragraph(result.end.detail, LIGHT.error))
    elif result.end.detail:
        parts.append(paragraph(result.end.detail, LIGHT.muted))
    if result.end.traceback:
        parts.append(folded("Traceback", pre(result.end.traceback)))
    parts += [paragraph(f"Note: {note}") for note in result.notes]
    if result.groups:
        parts.append(_groups(result.groups))
    return "\n".join(part for part in parts if part)


def _pick(result: Found) -> str:
    """The number in large type, with what it is worth."""
    if result.lr is not None:
        number, words = format_lr(result.lr), confidence_words(result.reading.recommendation)
    elif result.best_guess is not None:
        number, words = "No reliable pick", f"{format_lr(result.best_guess)} is a {GUESS}"
    else:
        number, words = "No reliable pick", ""
    big = f"font-size:20px;font-weight:600;color:{LIGHT.accent if result.lr is not None else LIGHT.warning}"
    return (
        f"<div style={quoted(f'color:{LIGHT.text}')}>Learning rate <span style={quoted(big)}>{number}</span> "
        f"<span style={quoted(f'color:{LIGHT.muted}')}>{escape(words)}</span></div>"
    )


def _rules(result: Found) -> str:
    heads = ["rule", "learning rate", "over the repeats", "why"]
    table = [[row.label, row.rate, row.spread, row.reason] for row in result.reading.table]
    if len(result.curves) < 2:
        heads.pop(2)
        for row in table:
            row.pop(2)
    return table_of(heads, table)


def _groups(groups: Mapping[str, Found]) -> str:
    """Every group's pick in one table, and each group's own card content, folded."""
    table = table_of(["group", "learning rate", "why"], [[n, pick_words(r), r.reason] for n, r in groups.items()])
    return table + "".join(folded(f"Group {name}", _content(result)) for name, result in groups.items())


def _checks(result: Found) -> str:
    lines = "".join(
        f"<div style={quoted(f'color:{LIGHT.text};padding-left:18px;text-indent:-18px')}>"
        f"<span style={quoted(f'display:inline-block;width:18px;text-indent:0;color:{_STATES[c.state]}')}>"
        f"{c.sign}</span>{escape(c.text)}</div>"
        for c in result.checklist
    )
    return f"<div style={quoted('margin:8px 0')}>{lines}</div>"
