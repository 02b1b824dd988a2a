"""`lrgui new`: begin a task of one's own from a commented template."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from lrgui.cli.app import Status, command, fail, results, say
from lrgui.tasks.user.templates import TEMPLATES, template_text


@command()
def new(
    template: Annotated[
        str | None, typer.Argument(help=f"One of: {', '.join(TEMPLATES)}.", show_default="list them")
    ] = None,
    file: Annotated[
        Path | None, typer.Argument(help="The file to write; it must not exist.", show_default="the template's name")
    ] = None,
) -> None:
    """Write a commented task to fill in; without a template: list them. Exit status: 0, 1 where nothing was written."""
    if template is None:
        table = Table("template", "for", "file", "needs")
        for row in TEMPLATES.values():
            table.add_row(row.key, escape(row.detail), row.file_name, ", ".join(row.needs) or "–")
        results().print(table)
        return
    if template not in TEMPLATES:
        fail(f"Unknown template “{template}”. Choose one of: {', '.join(TEMPLATES)}.", Status.BAD_ARGUMENTS)
    path = file or Path(TEMPLATES[template].file_name)
    name = shlex.quote(str(path))
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(template_text(template, name))
    except FileExistsError:
        fail(f"{path} already exists; not overwritten. Name another file.")
    except OSError as error:
        fail(f"{path} could not be written ({error.strerror or error}).")
    say(f"Written: {path}. Ready to run: lrgui check {name}, then lrgui find {name}.")
