"""What all commands share: the program, its exit statuses, and how it speaks.

Commands import what needs NumPy where they use it: help and a wrong argument are not to wait for it.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO, TypeVar, cast

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

from lrgui._version import __version__
from lrgui.cli.usage import UsageError, usage_words
from lrgui.core.events import OutputEvent
from lrgui.runs.job import Job
from lrgui.runs.task_files import visible

Function = TypeVar("Function", bound=Callable[..., Any])

#: Columns of the results where no terminal limits them: whoever reads a file or a pipe wants whole lines.
UNLIMITED = 100_000


class Status(IntEnum):
    """What the process returns; a run that a signal ended returns 128 + its number, see `running.Signals`."""

    OK = 0
    FAILED = 1
    BAD_ARGUMENTS = 2
    NO_PICK = 3


def _without_types_of_flags(parameters: list[Any]) -> list[Any]:
    """A flag takes no value, so its help shows no type."""
    for one in parameters:
        if getattr(one, "is_flag", False):
            one.metavar = ""
    return parameters


class Command(TyperCommand):
    """A command that may be told what the task's own code finds in `sys.argv`: the words behind “--”."""

    takes_arguments = False

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types_of_flags(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep what follows “--” from being read as this program's own."""
        if self.takes_arguments and "--" in args:
            cut = args.index("--")
            ctx.meta[ARGUMENTS] = args[cut + 1 :]
            args = args[:cut]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The usage line tells of “--”, too."""
        pieces: list[str] = super().collect_usage_pieces(ctx)
        return [*pieces, "[-- ARGUMENTS...]"] if self.takes_arguments else pieces


class TaskCommand(Command):
    """A command that runs a task."""

    takes_arguments = True


class ScriptCommand(Command):
    """A command that runs a script: what follows the script's name is the script's."""

    allow_interspersed_args = False


class _Commands(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types_of_flags(super().get_params(ctx))

    def make_context(self, *words: Any, **extra: Any) -> Any:
        """As typer's, but what cannot be read is said in a sentence."""
        with _in_a_sentence():
            return super().make_context(*words, **extra)

    def invoke(self, ctx: Any) -> Any:
        """As typer's; commands read their words in here."""
        with _in_a_sentence():
            return super().invoke(ctx)


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    """Inside, a wrong command line is one sentence like every other error, not a box."""
    try:
        yield
    except UsageError as error:
        fail(usage_words(error), Status.BAD_ARGUMENTS)


#: Where a context keeps the words behind “--”.
ARGUMENTS = "lrgui.arguments"

app = typer.Typer(
    name="lrgui",
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Find a good learning rate by looking at a curve. Without a command, the window opens.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def command(
    name: str | None = None, *, of_task: bool = False, of_script: bool = False
) -> Callable[[Function], Function]:
    """Register a command; one `of_task` takes the arguments of the task's code behind “--”, one `of_script` those of
    the script behind its name."""
    return app.command(name, cls=TaskCommand if of_task else ScriptCommand if of_script else Command)


class _StandardError:
    """Standard error as it is at the moment; what a closed terminal no longer takes is let go."""

    def write(self, text: str) -> int:
        try:
            return sys.stderr.write(text)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return len(text)

    def flush(self) -> None:
        try:
            sys.stderr.flush()
        except OSError as error:
            if error.errno != errno.EIO:
                raise

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


#: Words go to standard error, so that standard output holds results alone.
words = Console(file=cast(TextIO, _StandardError()), emoji=False)  # “INFO:train:” names no train


def results() -> Console:
    """Standard output, for results: as wide as they are where it is no terminal, and COLUMNS names no width."""
    out = Console(emoji=False)
    if not out.is_terminal and "COLUMNS" not in os.environ:
        out.width = UNLIMITED
    return out


def tell(sentence: str) -> None:
    """A sentence of the results, on standard output."""
    results().print(escape(sentence), highlight=False, soft_wrap=True)


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Log = Annotated[Path | None, typer.Option("--log", help="Also write the run's events to this .lrrun file.")]


def say(sentence: str) -> None:
    """A sentence on standard error, as it is; signs that would steer the terminal are spelt out."""
    words.print(escape(visible(sentence)), highlight=False, soft_wrap=True)


def printed(event: OutputEvent) -> None:
    """What a run's code printed, and its traceback, line by line as they are."""
    words.print(escape(event.text.rstrip("\n")), highlight=False, soft_wrap=True)


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
    """Find a good learning rate by looking at a curve. Without a command, the window opens."""
    if context.invoked_subcommand is None:
        from lrgui.gui.app import main as open_window

        raise typer.Exit(open_window([]))


def was_given(context: typer.Context, name: str | None) -> bool:
    """True for an option that stands on the command line."""
    source = None if name is None else context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
