"""The files that a command writes: an option for each format, and none may take the place of what is read."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lrgui.cli.app import Status, complain, fail, say
from lrgui.cli.generated import in_place_of
from lrgui.export import USUAL, ExportError, Format, PictureStyle, write_atomically
from lrgui.export.style import PARTS, PRESETS, THEMES, read_size, read_without
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.target import Target

if TYPE_CHECKING:
    from lrgui.export.shown import Shown


def with_formats(formats: Iterable[Format]) -> Callable[[Callable[..., None]], Callable[..., None]]:
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


def with_style(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say how pictures look; it gets them as `style`, a `PictureStyle`."""

    def option(name: str, kind: Any, default: Any, words: str) -> inspect.Parameter:
        annotation = Annotated[kind, typer.Option(f"--{name}", help=words)]
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)

    sizes = ", ".join(PRESETS)
    options = [
        option("size", str, "figure", f"Size of a picture: 16x10cm, 8x5in, 1600x1000px, or one of: {sizes}."),
        option("dpi", int, USUAL.dpi, "Dots per inch of a PNG picture."),
        option("theme", str, USUAL.theme, f"Colours of a picture. One of: {', '.join(THEMES)}."),
        option("without", str, "", f"What a picture leaves out, separated by commas: {', '.join(PARTS)}."),
    ]

    def collect(values: dict[str, Any]) -> PictureStyle:
        try:
            size = read_size(values["size"], max(values["dpi"], 1))
            style = PictureStyle(size, values["dpi"], values["theme"], read_without(values["without"]))
        except ValueError as error:
            fail(str(error), Status.BAD_ARGUMENTS)
        if style.theme not in THEMES:
            fail(f"Unknown theme “{style.theme}”. Choose one of: {', '.join(THEMES)}.", Status.BAD_ARGUMENTS)
        if problem := style.problem():
            fail(problem, Status.BAD_ARGUMENTS)
        return style

    return in_place_of("style", options, collect)(command)


def write_files(
    thing: Shown,
    files: Mapping[str, Path],
    formats: Mapping[str, Format],
    style: PictureStyle = USUAL,
    *,
    quiet: bool = False,
) -> None:
    """Write the files, each whole or not at all, and say so unless `quiet`.

    Leaves with a sentence for each that fails, once the others are written.
    """
    failed = False
    for key, path in files.items():
        try:
            write_atomically(path, formats[key].render(thing, style))
        except ExportError as error:
            complain(str(error))
            failed = True
        else:
            if not quiet:
                say(f"Written: {path}")
    if failed:
        raise typer.Exit(Status.FAILED)


def wanted_words(formats: Iterable[Format]) -> str:
    """For sentences: "--png FILE, --csv FILE or --json FILE"."""
    *first, last = (f"--{row.key} FILE" for row in formats)
    return f"{', '.join(first)} or {last}"


def source_file(task: TaskSpec) -> Path | None:
    """The file that a task is read from: code, a table, a text, arrays; None where it is not a file."""
    place = Target.parse(task.path).file if task.is_code else Path(task.path) if task.path else None
    return place if place is not None and os.path.isfile(place) else None


def spare(outputs: Mapping[str, Path | None], source: Path | None) -> None:
    """Leave with a sentence where an output, by its option's name, is the file `source`, or another output.

    Said before anything runs: a log replaces its file at once. Pipes and devices may be named more than once.
    """
    taken: dict[str, str] = {}
    for name, path in outputs.items():
        if path is None or (os.path.exists(path) and not os.path.isfile(path)):
            continue
        if source is not None and os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
            fail(f"--{name} would replace {path}, which is read here: name another file.", Status.BAD_ARGUMENTS)
        other = taken.setdefault(os.path.realpath(path), name)
        if other != name:
            fail(f"--{other} and --{name} are the same file, {path}: name two.", Status.BAD_ARGUMENTS)
