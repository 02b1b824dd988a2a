"""`lrgui scenarios`: the three synthetic curves as files, or in the window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrgui.cli.app import app, fail, say


@app.command()
def scenarios(
    png: Annotated[Path | None, typer.Option(help="Write the picture, 300 DPI, to this file.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Write the vector picture to this file.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the points to this file.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same noise.")] = 0,
    show: Annotated[bool, typer.Option("--show", help="Open the window on the scenarios.")] = False,
) -> None:
    """Draw the three synthetic curves that teach what a learning-rate curve says.

    Without any option the picture is written to learning_rate_finder_visualizations.png.
    """
    from lrgui.export.files import ExportError, write_atomically
    from lrgui.export.scenarios import FILE_NAME, SCENE_FORMATS, Scene

    if png is None and svg is None and csv is None and not show:
        png = Path(f"{FILE_NAME}.png")
    scene = Scene(seed=seed)

    def write() -> None:
        for key, path in (("png", png), ("svg", svg), ("csv", csv)):
            if path is None:
                continue
            try:
                write_atomically(path, SCENE_FORMATS[key].render(scene))
            except ExportError as error:
                fail(str(error))
            say(f"Written: {path}")

    if not show:
        write()
        return
    from lrgui.gui.app import main as open_window

    raise typer.Exit(open_window(["--scenarios", str(seed)], before=write))
