"""What all commands share: the program, its exit statuses, and how it speaks.

Commands import what needs NumPy where they use it: help and a wrong argument are not to wait for it.
"""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from lrgui import __version__
from lrgui.runs.job import Job
from lrgui.runs.task_files import visible

if TYPE_CHECKING:
    from lrgui.export import Report


class Status(IntEnum):
    """What the process returns."""

    OK = 0
    FAILED = 1
    BAD_ARGUMENTS = 2
    NO_PICK = 3


app = typer.Typer(
    name="lrgui",
    help="Find a good learning rate by looking at a curve. Without a command: open the window.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

#: Words go to standard error, so that standard output holds results alone.
words = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]
Log = Annotated[Path | None, typer.Option("--log", help="Also write the run's events to this .lrrun file.")]


def say(sentence: str) -> None:
    """A sentence on standard error, as it is; signs that would steer the terminal are spelt out."""
    words.print(escape(visible(sentence)), highlight=False, soft_wrap=True)


def complain(sentence: str) -> None:
    """A sentence about what went wrong."""
    words.print(f"[red]lrgui:[/] {escape(visible(sentence))}", highlight=False, soft_wrap=True)


def fail(sentence: str, status: Status = Status.FAILED) -> NoReturn:
    """Say what went wrong and leave."""
    complain(sentence)
    raise typer.Exit(status)


def checked(job: Job) -> Job:
    """The job; leaves where it has problems, each said in a sentence."""
    problems = job.validate()
    for problem in problems:
        complain(str(problem))
    if problems:
        raise typer.Exit(Status.BAD_ARGUMENTS)
    return job


def write(report: Report, path: Path, key: str) -> None:
    """Export to a file, or leave with a sentence."""
    from lrgui.export import ExportError, export

    try:
        export(report, path, key)
    except ExportError as error:
        fail(str(error))


def _version(wanted: bool) -> None:
    if wanted:
        print(f"lrgui {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _window(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find a good learning rate by looking at a curve. Without a command: open the window."""
    if context.invoked_subcommand is None:
        from lrgui.gui.app import main as open_window

        raise typer.Exit(open_window([]))
