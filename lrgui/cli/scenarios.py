"""`lrgui scenarios`: the three synthetic curves as files, or in the window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrgui.cli.app import Status, command, fail
from lrgui.cli.outputs import spare, wanted_words, with_formats, with_style, write_files
from lrgui.export import FORMATS, USUAL, PictureStyle


@command()
@with_formats(FORMATS.values())
@with_style
def scenarios(
    files: dict[str, Path] = {},  # noqa: B006 (`with_formats` fills it)
    style: PictureStyle = USUAL,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the noise.")] = 0,
    show: Annotated[bool, typer.Option("--show", help="Open the scenarios in the window.")] = False,
) -> None:
    """Draw the three synthetic curves that teach what a learning-rate curve says.

    Exit status: 0 once all is written, 2 for bad arguments, 1 where a file could not be written.
    """
    from lrgui.export.scenarios import Scene

    if not files and not show:
        fail(
            f"Nothing to write: add {wanted_words(FORMATS.values())}; or --show for the window.",
            Status.BAD_ARGUMENTS,
        )

    spare(files, None)

    def write() -> None:
        write_files(Scene(seed=seed), files, FORMATS, style)

    if not show:
        write()
        return
    from lrgui.gui.app import main as open_window

    raise typer.Exit(open_window(["--scenarios", str(seed)], before=write))
