"""A result in a notebook: the picture, the table of rules, the checklist, on a card that light and dark pages bear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from lrgui.api.drawing import draw
from lrgui.api.figure import inline_svg
from lrgui.api.text import pick_words
from lrgui.core.curve.recommend import GUESS, confidence_words
from lrgui.core.events import ERRORS
from lrgui.core.learning_rate import format_lr
from lrgui.plot.theme import LIGHT

if TYPE_CHECKING:
    from lrgui.api.found import Found

FONT = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
# Notebooks colour tables and text for their own background: every element here names its own colours.
_LETTERS = f"font:13px/1.45 {FONT}"
_CARD = (
    f"background:{LIGHT.card};color:{LIGHT.text};border:1px solid {LIGHT.card_border};border-radius:8px;"
    f"padding:12px 14px;max-width:796px;{_LETTERS};color-scheme:light"
)
_CELL = f"text-align:left;vertical-align:top;padding:3px 12px 3px 0;border:0;color:{LIGHT.text};white-space:normal"
_NUMBER = f"{_CELL};white-space:nowrap;font-variant-numeric:tabular-nums"
_HEAD = f"{_CELL};color:{LIGHT.muted};font-weight:600;border-bottom:1px solid {LIGHT.card_border};white-space:nowrap"
_ROW = f"background:{LIGHT.card};color:{LIGHT.text};border:0"
_STATES = {"good": LIGHT.success, "bad": LIGHT.error, "open": LIGHT.warning}


def result_html(result: Found) -> str:
    """One `<div>` for the output of a notebook's cell; all that it needs is inside."""
    return card(_content(result))


def card(content: str) -> str:
    """The frame around what a cell shows."""
    return f"<div style={_quoted(_CARD)}>\n{content}\n</div>"


def _content(result: Found) -> str:
    both = result.reading.both_rates
    parts = [
        _pick(result),
        *([paragraph(both)] if both else []),
        paragraph(result.reading.own_words, LIGHT.muted) if result.reading.own_words else "",
        inline_svg(partial(draw, result), f"{result.picture_title}. {result.interpretation}"),
        paragraph(result.interpretation),
        _rules(result),
        "" if result.verified is None else table_of(*result.verified.table()),
        _checks(result),
    ]
    if result.end.reason in ERRORS:
        parts.append(paragraph(result.end.detail, LIGHT.error))
    elif result.end.detail:
        parts.append(paragraph(result.end.detail, LIGHT.muted))
    if result.end.traceback:
        parts.append(_folded("Traceback", _pre(result.end.traceback)))
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
        f"<div style={_quoted(f'color:{LIGHT.text}')}>Learning rate <span style={_quoted(big)}>{number}</span> "
        f"<span style={_quoted(f'color:{LIGHT.muted}')}>{escape(words)}</span></div>"
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
    return table + "".join(_folded(f"Group {name}", _content(result)) for name, result in groups.items())


def table_of(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table of words; the last column breaks its lines, the others don't."""
    top = "".join(f"<th style={_quoted(_HEAD)}>{escape(head)}</th>" for head in heads)
    last = len(heads) - 1
    body = "".join(
        f"<tr style={_quoted(_ROW)}>"
        + "".join(
            f"<td style={_quoted(_CELL if i == last else _NUMBER)}>{escape(cell)}</td>" for i, cell in enumerate(row)
        )
        + "</tr>"
        for row in lines
    )
    # In a page without a doctype a table does not take on the size of the letters around it.
    style = f"border-collapse:collapse;margin:8px 0;width:100%;{_LETTERS};{_ROW}"
    return (
        f"<table style={_quoted(style)}><thead><tr style={_quoted(_ROW)}>{top}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _checks(result: Found) -> str:
    lines = "".join(
        f"<div style={_quoted(f'color:{LIGHT.text};padding-left:18px;text-indent:-18px')}>"
        f"<span style={_quoted(f'display:inline-block;width:18px;text-indent:0;color:{_STATES[c.state]}')}>"
        f"{c.sign}</span>{escape(c.text)}</div>"
        for c in result.checklist
    )
    return f"<div style={_quoted('margin:8px 0')}>{lines}</div>"


def paragraph(words: str, colour: str = LIGHT.text, size: int = 13) -> str:
    """One paragraph; `size` in pixels, large ones are bold."""
    large = f";font-size:{size}px;font-weight:600" if size > 13 else ""
    return f"<div style={_quoted(f'margin:6px 0;color:{colour}{large}')}>{escape(words)}</div>"


def _folded(title: str, content: str) -> str:
    style = _quoted(f"margin:6px 0;color:{LIGHT.text}")
    return f"<details style={style}><summary style='cursor:pointer'>{escape(title)}</summary>{content}</details>"


def _pre(words: str) -> str:
    style = f"background:{LIGHT.window};color:{LIGHT.text};padding:8px;overflow-x:auto;white-space:pre;border:0"
    return f"<pre style={_quoted(style)}>{escape(words)}</pre>"


def _quoted(style: str) -> str:
    """A style as an attribute's value; font names in it have simple quotes."""
    return '"' + escape(style, quote=False).replace('"', "&quot;") + '"'
