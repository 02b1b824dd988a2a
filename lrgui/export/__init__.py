"""What leaves the program: pictures, tables and documents of a run, one row per format.

The rows need neither numpy nor Qt: what renders a format is imported once it is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from lrgui import writing

if TYPE_CHECKING:
    from lrgui.export.report import Report
    from lrgui.export.scenarios import Scene

Thing = TypeVar("Thing")


class ExportError(Exception):
    """A file could not be written; the message is a sentence for people."""


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` as `lrgui.writing` does. Raises ExportError."""
    try:
        writing.write_atomically(path, data)
    except (OSError, ValueError) as error:  # ValueError: a name that no system allows
        why = getattr(error, "strerror", None) or str(error)
        raise ExportError(f"{path} could not be written ({why}). Choose another folder; your data is safe.") from error


@dataclass(frozen=True)
class Format(Generic[Thing]):
    """One file format: how it is called, how its files end, and what is in them."""

    key: str
    """Also the command line's option."""
    label: str
    suffix: str
    contents: str
    """For the command line's help: "Write … to this file."."""
    render: Callable[[Thing], bytes]


def _picture(report: Report) -> bytes:
    from lrgui.export.pictures import picture_bytes

    return picture_bytes(report)


def _table(report: Report) -> bytes:
    from lrgui.export.documents import table_bytes

    return table_bytes(report)


def _document(report: Report) -> bytes:
    from lrgui.export.documents import document_bytes

    return document_bytes(report)


FORMATS: dict[str, Format[Report]] = {
    row.key: row
    for row in (
        Format("png", "Picture, 300 DPI (PNG)", ".png", "the annotated picture, 300 DPI,", _picture),
        Format("csv", "Points (CSV)", ".csv", "the points", _table),
        Format("json", "Whole run (JSON)", ".json", "the whole run", _document),
    )
}


def _scenes_png(scene: Scene) -> bytes:
    from lrgui.export.scenarios import scenarios_png

    return scenarios_png(scene)


def _scenes_svg(scene: Scene) -> bytes:
    from lrgui.export.scenarios import scenarios_svg

    return scenarios_svg(scene)


def _scenes_csv(scene: Scene) -> bytes:
    from lrgui.export.scenarios import scenarios_csv

    return scenarios_csv(scene)


#: Those of the three synthetic scenarios.
SCENE_FORMATS: dict[str, Format[Scene]] = {
    row.key: row
    for row in (
        Format("png", "Picture, 300 DPI (PNG)", ".png", "the picture, 300 DPI,", _scenes_png),
        Format("svg", "Vector picture (SVG)", ".svg", "the vector picture", _scenes_svg),
        Format("csv", "Points (CSV)", ".csv", "the points", _scenes_csv),
    )
}


def export(report: Report, path: Path, key: str) -> None:
    """Write `report` to `path` in the format `key`, all of it or nothing.

    Raises ExportError, with one sentence for people, where that fails.
    """
    write_atomically(path, FORMATS[key].render(report))


__all__ = ["FORMATS", "SCENE_FORMATS", "ExportError", "Format", "export", "write_atomically"]
