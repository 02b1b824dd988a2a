"""What leaves the program: pictures, tables, documents and code of what is on a tab, one row per format.

The rows need neither numpy nor Qt: what renders a format is imported once it is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lrgui import writing
from lrgui.export.errors import ExportError
from lrgui.export.style import PictureStyle

if TYPE_CHECKING:
    from lrgui.export.shown import Shown

#: As pictures are unless somebody chooses.
USUAL = PictureStyle()


def write_atomically(path: Path, data: writing.Data) -> None:
    """Write `data` to `path` as `lrgui.writing` does. Raises ExportError."""
    try:
        writing.write_atomically(path, data)
    except (OSError, ValueError) as error:  # ValueError: a name that no system allows
        why = getattr(error, "strerror", None) or str(error)
        raise ExportError(f"{path} could not be written ({why}). Choose another folder; your data is safe.") from error


class Format(NamedTuple):
    """One file format: how it is called, how its files end, and what is in them."""

    key: str
    """Also the command line's option."""
    label: str
    contents: str
    """For the command line's help: "Write … to this file."."""
    make: Callable[[Shown, PictureStyle], bytes]
    has_picture: bool = False
    """True where the style of pictures matters."""
    read_as: str = ""
    """The key of the format that has the same as text, of one that people cannot read; empty for the others."""
    is_program: bool = False
    """True where it is a program that does the run again: of a training script, which is one itself, there is none."""

    @property
    def suffix(self) -> str:
        """How its files end: ".png"."""
        return f".{self.key}"

    def text(self, thing: Shown) -> str:
        """What people can read of it; empty for a picture. Raises ExportError like `render`."""
        data = b"" if self.has_picture else self.render(thing)
        return FORMATS[self.read_as].text(thing) if self.read_as else data.decode(errors="replace")

    def render(self, thing: Shown, style: PictureStyle = USUAL) -> bytes:
        """The file's content. Raises ExportError, with a sentence, where this thing has none."""
        return self.make(thing, style)


def _png(thing: Shown, style: PictureStyle) -> bytes:
    from lrgui.export.pictures import png

    return png(thing, style)


def _svg(thing: Shown, style: PictureStyle) -> bytes:
    from lrgui.export.pictures import svg

    return svg(thing, style)


def _pdf(thing: Shown, style: PictureStyle) -> bytes:
    from lrgui.export.pictures import pdf

    return pdf(thing, style)


def _table(thing: Shown, _style: PictureStyle) -> bytes:
    from lrgui.export.documents import table_bytes

    return table_bytes(thing)


def _document(thing: Shown, _style: PictureStyle) -> bytes:
    from lrgui.export.documents import document_bytes

    return document_bytes(thing)


def _page(thing: Shown, style: PictureStyle) -> bytes:
    from lrgui.export.page import page_bytes

    return page_bytes(thing, style)


def _notebook(thing: Shown, _style: PictureStyle) -> bytes:
    from lrgui.export.notebook import notebook_bytes

    return notebook_bytes(thing)


def _program(thing: Shown, _style: PictureStyle) -> bytes:
    from lrgui.export.program import program_bytes

    return program_bytes(thing)


def _parquet(thing: Shown, _style: PictureStyle) -> bytes:
    from lrgui.export.documents import parquet_bytes

    return parquet_bytes(thing)


FORMATS: dict[str, Format] = {
    row.key: row
    for row in (
        Format("png", "Picture (PNG)", "the annotated picture, 300 DPI,", _png, True),
        Format("svg", "Vector picture (SVG)", "the picture as vectors", _svg, True),
        Format("pdf", "Vector picture (PDF)", "the picture as a PDF page", _pdf, True),
        Format("csv", "Points (CSV)", "the points", _table),
        Format("parquet", "Points (Parquet)", "the points as Parquet, which needs pyarrow,", _parquet, read_as="csv"),
        Format("json", "Whole run (JSON)", "the whole run", _document),
        Format("html", "Report (HTML)", "a report with picture, numbers and settings", _page, True),
        Format("ipynb", "Notebook (Jupyter)", "a notebook that reproduces it", _notebook, is_program=True),
        Format("py", "Python script", "a Python script that reproduces it", _program, is_program=True),
    )
}


def export(thing: Shown, path: Path, key: str, style: PictureStyle = USUAL) -> None:
    """Write `thing` to `path` in the format `key`, all of it or nothing.

    Raises ExportError, with one sentence for people, where that fails.
    """
    write_atomically(path, FORMATS[key].render(thing, style))


__all__ = [
    "FORMATS",
    "USUAL",
    "ExportError",
    "Format",
    "PictureStyle",
    "export",
    "write_atomically",
]
