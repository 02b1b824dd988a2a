"""A report as one HTML file: picture, numbers, tables, settings and code, in light or dark."""

from __future__ import annotations

import base64
from dataclasses import replace
from html import escape

from lrgui._version import __version__
from lrgui.export.shown import Section, Shown
from lrgui.export.style import PictureStyle
from lrgui.plot.theme import DARK, LIGHT, Palette

#: A vector picture that is larger has too many shapes for a page: it is drawn as pixels then.
MOST_VECTOR = 3_000_000
#: Of the picture as pixels.
PAGE_DPI = 192


def page_bytes(thing: Shown, style: PictureStyle) -> bytes:
    """A file that needs no other. The picture is there in light and in dark, whatever the style's theme."""
    parts = [_picture(thing, style), *(_section(section) for section in thing.sections())]
    words = escape(thing.summary)
    text = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="LR Finder {__version__}">
<title>{escape(thing.title)}</title>
<style>
{_style()}</style>
</head>
<body>
<main>
<h1>{escape(thing.title)}</h1>
{f"<p>{words}</p>" if words else ""}
{_NEW_LINE.join(parts)}
<footer>Written by LR Finder {__version__}</footer>
</main>
</body>
</html>
"""
    return text.encode(errors="replace")  # a path need not be UTF-8


_NEW_LINE = "\n"


def _picture(thing: Shown, style: PictureStyle) -> str:
    # The page says the title itself.
    style = replace(style, without=style.without | {"title"})
    light, dark = (_address(thing, replace(style, theme=theme)) for theme in ("light", "dark"))
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" alt="{escape(f"{thing.title}. {thing.summary}", quote=True)}"></picture>'
    )


def _address(thing: Shown, style: PictureStyle) -> str:
    """The picture within the page."""
    from lrgui.export.pictures import png, svg

    kind, data = "svg+xml", svg(thing, style)
    if len(data) > MOST_VECTOR:
        kind, data = "png", png(thing, replace(style, dpi=PAGE_DPI))
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _section(section: Section) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>"]
    if section.rows:
        parts.append(_table(section))
    parts += [f"<p>{escape(line)}</p>" for line in section.lines]
    if section.code:
        parts.append(f"<pre><code>{escape(section.code)}</code></pre>")
    return f"<section>{_NEW_LINE.join(parts)}</section>"


def _table(section: Section) -> str:
    head = ""
    if any(section.heads):
        head = "".join(f'<th scope="col">{escape(words)}</th>' for words in section.heads)
        head = f"<thead><tr>{head}</tr></thead>"
    rows = []
    for first, *rest in section.rows:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        rows.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
    return f'<div class="table"><table>{head}<tbody>{_NEW_LINE.join(rows)}</tbody></table></div>'


def _style() -> str:
    return f"""{_colours(":root", LIGHT)}
@media (prefers-color-scheme: dark) {{ {_colours(":root", DARK)} }}
body {{ margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 Inter, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }}
main {{ max-width: 60rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }}
h1 {{ font-size: 1.35rem; line-height: 1.3; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.05rem; margin: 2rem 0 .5rem; }}
picture img {{ display: block; width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px; }}
.table {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line); }}
thead th {{ color: var(--muted); font-weight: 600; }}
tbody th {{ font-weight: 500; white-space: nowrap; }}
pre {{ background: var(--code); padding: .8rem 1rem; overflow-x: auto; border-radius: 8px; font-size: 13px; }}
footer {{ margin-top: 2.5rem; color: var(--muted); font-size: 13px; }}
"""


def _colours(where: str, palette: Palette) -> str:
    names = {
        "page": palette.card,
        "text": palette.text,
        "muted": palette.muted,
        "line": palette.card_border,
        "code": palette.window,
    }
    values = " ".join(f"--{name}: {colour};" for name, colour in names.items())
    return f"{where} {{ {values} }}"
