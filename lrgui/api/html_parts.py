"""The parts that cards in notebooks are made of: frame, paragraph, table, fold."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from lrgui.plot.theme import LIGHT

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


def card(content: str) -> str:
    """The frame around what a cell shows."""
    return f"<div style={quoted(_CARD)}>\n{content}\n</div>"


def table_of(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table of words; the last column breaks its lines, the others don't."""
    top = "".join(f"<th style={quoted(_HEAD)}>{escape(head)}</th>" for head in heads)
    last = len(heads) - 1
    body = "".join(
        f"<tr style={quoted(_ROW)}>"
        + "".join(
            f"<td style={quoted(_CELL if i == last else _NUMBER)}>{escape(cell)}</td>" for i, cell in enumerate(row)
        )
        + "</tr>"
        for row in lines
    )
    # In a page without a doctype a table does not take on the size of the letters around it.
    style = f"border-collapse:collapse;margin:8px 0;width:100%;{_LETTERS};{_ROW}"
    return (
        f"<table style={quoted(style)}><thead><tr style={quoted(_ROW)}>{top}</tr></thead><tbody>{body}</tbody></table>"
    )


def paragraph(words: str, colour: str = LIGHT.text, size: int = 13) -> str:
    """One paragraph; `size` in pixels, large ones are bold."""
    large = f";font-size:{size}px;font-weight:600" if size > 13 else ""
    return f"<div style={quoted(f'margin:6px 0;color:{colour}{large}')}>{escape(words)}</div>"


def folded(title: str, content: str) -> str:
    """Content that is shown on a click."""
    style = quoted(f"margin:6px 0;color:{LIGHT.text}")
    return f"<details style={style}><summary style='cursor:pointer'>{escape(title)}</summary>{content}</details>"


def pre(words: str) -> str:
    """Words as they are, in letters of one width."""
    style = f"background:{LIGHT.window};color:{LIGHT.text};padding:8px;overflow-x:auto;white-space:pre;border:0"
    return f"<pre style={quoted(style)}>{escape(words)}</pre>"


def quoted(style: str) -> str:
    """A style as an attribute's value; font names in it have simple quotes."""
    return '"' + escape(style, quote=False).replace('"', "&quot;") + '"'
