"""Figures that are written or shown in a notebook: made apart from pyplot, in the program's font."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from lrgui.plot.theme import LIGHT
from lrgui.resources import resource

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches.
SIZE = (8.0, 5.0)
#: Of pixels in a written picture.
DPI = 300
#: Of what is an image within a vector picture: the dots of a long curve.
VECTOR_DPI = 150


def rendered(draw: Callable[[Axes], object], kind: str, size: tuple[float, float] = SIZE) -> bytes:
    """What `draw` draws on the axes of a new figure of `size` inches, as a file: `png` (300 DPI), `svg` or `pdf`.

    No window opens, whatever backend the caller's program uses, and the caller's `rcParams` have no part in it.
    """
    with _look():
        figure, axes = _new(size)
        draw(axes)
        file = io.BytesIO()
        # Without a date the same result gives the same file.
        dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        figure.savefig(file, format=kind, dpi=DPI if kind == "png" else VECTOR_DPI, metadata=dates.get(kind))
        return file.getvalue()


def inline_svg(draw: Callable[[Axes], object], spoken: str, size: tuple[float, float] = SIZE) -> str:
    """The same as one `<svg>` element for a page; `spoken` is read out to those who cannot see it."""
    from html import escape

    text = rendered(draw, "svg", size).decode()
    element = text[text.index("<svg") :]
    words = escape(spoken, quote=True)
    return element.replace("<svg", f'<svg role="img" aria-label="{words}" style="max-width:100%;height:auto"', 1)


def _new(size: tuple[float, float]) -> tuple[Figure, Axes]:
    # Not pyplot's: that keeps every figure, and asks for a display where a program has chosen such a backend.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


@contextmanager
def _look() -> Iterator[None]:
    """matplotlib's own defaults with our font and colours, for as long as one figure is made and drawn."""
    import matplotlib as mpl

    settings: Any = mpl.rcParams  # its type lists every name of one version
    style = {
        "font.family": [*families()] or ["DejaVu Sans"],
        "axes.edgecolor": LIGHT.axis,
        "axes.labelcolor": LIGHT.muted,
        "xtick.color": LIGHT.axis,
        "ytick.color": LIGHT.axis,
        "xtick.labelcolor": LIGHT.muted,
        "ytick.labelcolor": LIGHT.muted,
        "text.color": LIGHT.text,
        "legend.labelcolor": LIGHT.muted,
        "mathtext.default": "regular",
    }
    with mpl.rc_context():
        mpl.rcdefaults()
        settings.update(style)
        yield


@cache
def families() -> tuple[str, ...]:
    """The family of the shipped font, known to matplotlib from now on; none where its files are missing."""
    from matplotlib import font_manager

    try:
        files = sorted(resource("fonts").glob("*.otf"))
    except FileNotFoundError:
        return ()
    for file in files:
        font_manager.fontManager.addfont(str(file))
    names = (font_manager.FontProperties(fname=str(file)).get_name() for file in files)
    return tuple(dict.fromkeys(names))
