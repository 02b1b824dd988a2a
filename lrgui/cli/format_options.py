"""The options that write files: one for each row of a table of formats."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from lrgui.cli.app import Status, complain, say
from lrgui.cli.generated import in_place_of
from lrgui.export import ExportError, Format
from lrgui.export.files import write_atomically


def with_formats(formats: Iterable[Format[Any]]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for each format; it gets those that were given as `files`, paths by key."""
    options = [
        inspect.Parameter(
            f"{row.key}_file",
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[Path | None, typer.Option(f"--{row.key}", help=f"Write {row.contents} to this file.")],
        )
        for row in formats
    ]

    def collect(values: dict[str, Path | None]) -> dict[str, Path]:
        return {name.removesuffix("_file"): path for name, path in values.items() if path is not None}

    return in_place_of("files", options, collect)


def write_files(
    thing: Any, files: Mapping[str, Path], formats: Mapping[str, Format[Any]], *, quiet: bool = False
) -> None:
    """Write the files, each whole or not at all, and say so unless `quiet`.

    Leaves with a sentence for each that fails, once the others are written.
    """
    failed = False
    for key, path in files.items():
        try:
            write_atomically(path, formats[key].render(thing))
        except ExportError as error:
            complain(str(error))
            failed = True
        else:
            if not quiet:
                say(f"Written: {path}")
    if failed:
        raise typer.Exit(Status.FAILED)


def wanted_words(formats: Iterable[Format[Any]]) -> str:
    """For sentences: "--png FILE, --csv FILE or --json FILE"."""
    *first, last = (f"--{row.key} FILE" for row in formats)
    return f"{', '.join(first)} or {last}"
