"""`lrgui snippet`: code that trains with the rate of a run that was kept on disk; and the option of other commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from lrgui.cli.app import Status, command, fail
from lrgui.cli.opening import leave_empty, opened_run, place_of
from lrgui.core.curve.plan import Plan
from lrgui.core.events import RunKind
from lrgui.core.learning_rate import format_lr, parse_lr
from lrgui.export.snippets import SNIPPETS, Facts, SnippetError, facts_of_job, facts_of_sweep, snippet
from lrgui.runs.job import Job
from lrgui.tasks.user.rows import SCRIPT

if TYPE_CHECKING:
    from lrgui.core.curve.sweep_reading import SweepReading
    from lrgui.runs.record import Record


def _known(key: str | None) -> str | None:
    if key is not None and key not in SNIPPETS:
        fail(f"Unknown snippet “{key}”. Choose one of: {', '.join(SNIPPETS)}.", Status.BAD_ARGUMENTS)
    return key


def _rate(text: str | None) -> float | None:
    try:
        return None if text is None else parse_lr(text)
    except ValueError as error:
        fail(str(error), Status.BAD_ARGUMENTS)


_ONE_OF = f"One of: {', '.join(SNIPPETS)}."
#: The option of a command that ends in a rate.
Snippet = Annotated[
    str | None, typer.Option("--snippet", callback=_known, help=f"Also print code that trains with the rate. {_ONE_OF}")
]


@command("snippet")
def print_snippet(
    run: Annotated[Path, typer.Argument(help="A saved run (.lrrun) of a sweep or a training.", show_default=False)],
    key: Annotated[str, typer.Option("--for", callback=_known, help=f"What the code is for. {_ONE_OF}")] = "pytorch",
    lr: Annotated[str | None, typer.Option("--lr", help="A learning rate instead of the recommended one.")] = None,
) -> None:
    """Print code that trains with the learning rate of a saved run.

    Exit status: 0 with a snippet, 3 where the run has no reliable rate and none is given, 2 for bad arguments, 1 for a
    run that cannot be read, or code that cannot do what was swept.
    """
    from lrgui.runs.records import plan_of
    from lrgui.runs.script_answer import sweep_command

    chosen = _rate(lr)
    run = place_of(run)
    opened = opened_run(run)
    job, record = opened.job, opened.record
    if job.kind == RunKind.RACE:
        fail(f"{run} is a race; only sweeps and trainings have a snippet.")
    if chosen is None and job.kind == RunKind.SWEEP and not len(record):
        leave_empty(run)
    plan = plan_of(job.sweep, record.task, record.script)
    if chosen is None and job.kind == RunKind.TRAIN and job.task.source == SCRIPT:
        own = "" if record.script is None else f" (at most {format_lr(record.script.highest_lr)})"
        fail(
            f"This training was only watched: the script trained with its own rate{own}, and no other was found. "
            f"Find one: {sweep_command(job.task)}, or pass one: --lr 1e-3",
            Status.NO_PICK,
        )
    if job.kind == RunKind.TRAIN and job.task.source != SCRIPT:
        rate = job.train.max_lr if chosen is None else chosen
        plan = Plan(schedule=job.train.planned_schedule)
        text = _made(lambda: facts_of_job(rate, job, record, plan=plan, trains=True), key)
    elif chosen is not None:
        text = _made(lambda: facts_of_job(chosen, job, record, plan=plan), key)
    else:
        reading = opened.sweeps.read(job.sweep)
        text = _made(lambda: facts_of_sweep(reading, job, record), key)
        if reading.recommendation.lr is None:
            fail(f"{text.why} Pass one: --lr 1e-3", Status.NO_PICK)
    if text.why:
        fail(text.why)
    print(text.code, end="")


class Made(NamedTuple):
    """A snippet, or why there is none, in a sentence."""

    code: str = ""
    why: str = ""

    @property
    def document(self) -> dict[str, str]:
        """For `--json`: nothing where there is no code."""
        return {"snippet": self.code} if self.code else {}

    def show(self) -> None:
        """Print the code after the answer."""
        if self.code:
            print(f"\n{self.code}", end="")


def snippet_of(reading: SweepReading, job: Job, record: Record, key: str | None) -> Made:
    """The code for `key` with the recommended rate of a sweep; nothing where no key is given."""
    return Made() if key is None else _made(lambda: facts_of_sweep(reading, job, record), key)


def _made(facts: Callable[[], Facts], key: str) -> Made:
    try:
        return Made(code=snippet(facts(), key))
    except SnippetError as error:
        return Made(why=str(error))
