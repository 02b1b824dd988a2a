"""What leaves the program: pictures, tables and documents of a run, one row per format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lrgui.export.document import document_bytes
from lrgui.export.files import ExportError, write_atomically
from lrgui.export.report import Report
from lrgui.export.table import table_bytes


@dataclass(frozen=True)
class Format:
    """One file format: how it is called, how its files end, and what is in them."""

    key: str
    label: str
    suffix: str
    render: Callable[[Report], bytes]


def _picture(report: Report) -> bytes:
    # Imported here: tables and documents must not need Qt.
    from lrgui.export.picture import picture_bytes

    return picture_bytes(report)


FORMATS: dict[str, Format] = {
    row.key: row
    for row in (
        Format("png", "Picture, 300 DPI (PNG)", ".png", _picture),
        Format("csv", "Points (CSV)", ".csv", table_bytes),
        Format("json", "Whole run (JSON)", ".json", document_bytes),
    )
}


def export(report: Report, path: Path, key: str) -> None:
    """Write `report` to `path` in the format `key`, all of it or nothing.

    Raises ExportError, with one sentence for people, where that fails.
    """
    write_atomically(path, FORMATS[key].render(report))


__all__ = ["FORMATS", "ExportError", "Format", "Report", "export"]
