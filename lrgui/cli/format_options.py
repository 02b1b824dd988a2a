"""The options that write files: one for each row of a table of formats."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from lrgui.cli.app import fail, say
from lrgui.export import ExportError, Format
from lrgui.export.files import write_atomically


def with_formats(formats: Iterable[Format[Any]]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for each format; it gets those that were given as `files`, paths by key."""
    rows = tuple(formats)
    options = [
        inspect.Parameter(
            f"{row.key}_file",
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[Path | None, typer.Option(f"--{row.key}", help=f"Write {row.contents} to this file.")],
        )
        for row in rows
    ]

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(command, include_extras=True)
        places: list[inspect.Parameter] = []
        for one in inspect.signature(command).parameters.values():
            places += options if one.name == "files" else [one.replace(annotation=hints[one.name])]

        def run(*words: Any, **values: Any) -> None:
            given = {row.key: values.pop(f"{row.key}_file", None) for row in rows}
            command(*words, files={key: path for key, path in given.items() if path is not None}, **values)

        kinds = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in places]
        run.__signature__ = inspect.Signature(kinds)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in places}
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        return run

    return wrap


def write_files(
    thing: Any, files: Mapping[str, Path], formats: Mapping[str, Format[Any]], *, quiet: bool = False
) -> None:
    """Write the files, each whole or not at all, and say so unless `quiet`; leaves with a sentence where one fails."""
    for key, path in files.items():
        try:
            write_atomically(path, formats[key].render(thing))
        except ExportError as error:
            fail(str(error))
        if not quiet:
            say(f"Written: {path}")


def wanted_words(formats: Iterable[Format[Any]]) -> str:
    """For sentences: "--png FILE, --csv FILE or --json FILE"."""
    *first, last = (f"--{row.key} FILE" for row in formats)
    return f"{', '.join(first)} or {last}"
