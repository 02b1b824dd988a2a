"""Pictures of what is on a tab, as pixels and as vectors; they need Qt, but no display."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lrgui.export.shown import Shown
from lrgui.export.style import PictureStyle
from lrgui.plot.picture import ensure_application, paint, paint_pdf, paint_svg, png_bytes

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from lrgui.plot.plots import Plot


def png(thing: Shown, style: PictureStyle) -> bytes:
    """A PNG file, with its resolution."""
    return png_bytes(image(thing, style))


def image(thing: Shown, style: PictureStyle) -> QImage:
    """The picture as pixels."""
    with _drawn(thing, style) as plot:
        return paint(plot, plot.canvas, style.palette, style.size, style.dpi, transparent=style.transparent)


def svg(thing: Shown, style: PictureStyle) -> bytes:
    """An SVG document; its letters are outlines, so that it looks the same everywhere."""
    with _drawn(thing, style) as plot:
        return paint_svg(plot, plot.canvas, style.palette, style.size, thing.title, transparent=style.transparent)


def pdf(thing: Shown, style: PictureStyle) -> bytes:
    """A PDF document with one page, as large as the picture."""
    with _drawn(thing, style) as plot:
        return paint_pdf(plot, plot.canvas, style.palette, style.size, thing.title, transparent=style.transparent)


@contextmanager
def _drawn(thing: Shown, style: PictureStyle) -> Iterator[Plot]:
    ensure_application()
    from shiboken6 import delete

    plot = thing.plot(style.palette)
    try:
        plot.set_title(thing.title)
        plot.leave_out(style.without)
        if style.views is not None:
            plot.show_views(style.views)
        yield plot
    finally:
        delete(plot)
