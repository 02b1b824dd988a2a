"""A program as a Jupyter notebook (format 4.5): one cell for each of its parts."""

from __future__ import annotations

import json
from typing import Any

from lrgui._version import __version__
from lrgui.export.shown import Shown
from lrgui.runs.task_files import visible


def notebook_bytes(thing: Shown) -> bytes:
    """A notebook without outputs. Raises ExportError where there is no program."""
    words = f"# {visible(thing.title)}\n\n{visible(thing.summary)}\n\nWritten by LR Finder {__version__}."
    cells = [_cell(0, "markdown", words)]
    cells += [_cell(number, "code", part) for number, part in enumerate(thing.program(), start=1)]
    document = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


def _cell(number: int, kind: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "id": f"part-{number}",
        "cell_type": kind,
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell
