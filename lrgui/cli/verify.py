"""`lrgui verify`: measure the best learning rate by a race of short real trainings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from lrgui.cli.app import Json, Log, Status, checked, command, fail, printed, results, say, tell, words
from lrgui.cli.generated import with_settings
from lrgui.cli.outputs import source_file, spare
from lrgui.cli.place import Place, with_place
from lrgui.cli.running import Journals, Signals, ended, progress_bar, source_of, task_words
from lrgui.cli.sweeping import sweep_of
from lrgui.cli.tables import print_table
from lrgui.cli.task_options import with_task
from lrgui.cli.tracking import Track
from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.events import (
    ERRORS,
    STOPPED,
    CandidateEvent,
    EndEvent,
    Event,
    OutputEvent,
    RunKind,
    ScriptEvent,
    TaskEvent,
)
from lrgui.core.formats import format_metric
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import RaceSettings
from lrgui.runs.job import Job

if TYPE_CHECKING:
    from lrgui.core.curve.measured import Race
    from lrgui.core.curve.plan import Plan
    from lrgui.core.curve.recommend import Recommendation
    from lrgui.core.standings import Ranking, Standings


@command(of_task=True)
@with_task
@with_settings(RaceSettings, usual={"around": "sweep first, take its pick"})
@with_place
def verify(
    base: Job,
    given: dict[str, Any] = {},  # noqa: B006 (`with_settings` fills it)
    as_json: Json = False,
    log: Log = None,
    track: Track = None,
    python: Place = None,
) -> None:
    """Measure the best learning rate by short OneCycle trainings around one.

    They bracket the best rate: three trainings, then neighbours of the best while that is at an end. All start from the
    same weights and see the same batches. Exit status: 0 with a winner, 3 where every rate diverged, none was better
    than no training or none was measured, 2 for bad arguments, 1 for a failure.
    """
    spare({"log": log}, source_file(base.task))
    base = base.with_shared(given)
    job = base.verification()
    job = checked(replace(job, race=replace(job.race, **given)))
    if "around" not in given:
        job = replace(job, race=replace(job.race, around=_swept(base, as_json, python)))
    leave(race_of(job, log, as_json, python), as_json)


@dataclass(frozen=True)
class Raced:
    """A race that a command ran."""

    job: Job
    standings: Standings
    ranking: Ranking
    end: EndEvent
    unkept: str
    """A sentence where the log that was asked for was not written, else empty."""
    task: TaskEvent | None
    """What was run; None where nothing was."""
    script: ScriptEvent | None
    """What was seen of a training script."""

    @property
    def metric(self) -> str:
        """What the numbers beside the losses are called."""
        return "" if self.task is None else self.task.metric_name

    @property
    def plan(self) -> Plan:
        """The training that a rate is for, as far as it shows."""
        from lrgui.runs.records import plan_of

        return plan_of(self.job.sweep, self.task, self.script)

    @property
    def result(self) -> Race:
        """What it measured."""
        from lrgui.core.curve.measured import Race

        return Race(self.job.race, self.ranking, self.standings.done, self.end)


def race_of(job: Job, log: Path | None, as_json: bool, python: Place) -> Raced:
    """Run the race, say what it takes, show how it goes on a terminal, keep it on disk."""
    from lrgui.core.standings import Standings

    config = job.race
    if not as_json:
        words.print(f"Race around {format_lr(config.around)}: {config.price}", highlight=False)
    standings, source = Standings(config), source_of(job, python)
    end, task, script = ended(None), None, None
    bar = progress_bar()
    with (
        Journals(job, log) as journals,
        bar,
        Signals(source),
        journals.steered(source),
        closing(source.chunks()) as chunks,
    ):
        line = bar.add_task("Race", total=config.total_steps())
        for events in chunks:
            standings.add(events)
            journals.write(events)
            end = next((event for event in events if isinstance(event, EndEvent)), end)
            for event in events:
                task = event if isinstance(event, TaskEvent) else task
                script = event if isinstance(event, ScriptEvent) else script
                _show(event, as_json)
            last = next((event for event in reversed(events) if isinstance(event, CandidateEvent)), None)
            if last is not None:
                where = f"{standings.place_in_race(last.round).capitalize()} · {format_lr(last.lr)}"
                bar.update(line, completed=standings.done, description=where)
    return Raced(job, standings, standings.ranking(), end, journals.lost, task, script)


def leave(
    raced: Raced, as_json: bool, more: Mapping[str, Any] | None = None, sentences: Iterable[str] = ()
) -> NoReturn:
    """Print the race's result, and `more` of it, and leave with its exit status."""
    if as_json:
        print(json.dumps({**raced.result.to_dict(), **(more or {})}, ensure_ascii=False, allow_nan=False))
    else:
        tell_race(raced)
        for sentence in sentences:
            tell(sentence)
    if raced.end.reason in ERRORS:
        fail(raced.end.detail)
    if raced.unkept:
        fail(raced.unkept)
    raise typer.Exit(Status.OK if raced.ranking.lr is not None else Status.NO_PICK)


def _swept(base: Job, quiet: bool, python: Place) -> float:
    """The pick of a sweep that is made first; its best guess where there is no reliable one."""
    swept = sweep_of(
        checked(replace(base, kind=RunKind.SWEEP, sweep=replace(base.sweep, repeats=1))), None, quiet, "", python
    )
    pick = swept.reading.recommendation
    # Whatever is planned, the race is one of OneCycles.
    return rate_to_race(ended(swept.record), pick, pick.by_schedule.get(ONE_CYCLE), quiet)


def rate_to_race(end: EndEvent, pick: Recommendation, rate: float | None, quiet: bool) -> float:
    """The `rate` that is read off a sweep that ended so, and say so; leaves where it is none to race around."""
    if end.reason in ERRORS:
        fail(end.detail)
    if end.reason in STOPPED:
        fail("Stopped during the sweep before the race; nothing was trained.", Status.NO_PICK)
    if rate is None:
        fail(f"{pick.reason} To race anyway, pass a rate: --around 1e-2", Status.NO_PICK)
    if not quiet:
        name = "The sweep recommends" if pick.lr is not None else "No reliable pick; the sweep's guess is"
        words.print(f"{name} {format_lr(rate)}.", highlight=False)
    return rate


def _show(event: Event, quiet: bool) -> None:
    if isinstance(event, TaskEvent) and not quiet:
        say(task_words(event))
    elif isinstance(event, OutputEvent):
        printed(event)


def tell_race(raced: Raced, alone: bool = True) -> None:
    """The ranking in a table and words, on standard output; where it is not `alone`, a sweep tells the rate."""
    from lrgui.core.standings import loss_column

    ranking, end, name = raced.ranking, raced.end, raced.metric
    metric = any(row.metric is not None for row in ranking.rows)
    heads = ("", "learning rate", "loss", *([name or "metric"] if metric else []), "steps", "status")
    rows = [
        (
            str(row.place),
            format_lr(row.lr),
            loss,
            *([format_metric(name, row.metric)] if metric else []),
            f"{row.steps:,}",
            row.words,
        )
        for row, loss in zip(ranking.rows, loss_column(ranking.rows), strict=True)
    ]
    if rows:
        print_table(heads, rows)
    if ranking.reason not in end.detail and (ranking.lr is not None or end.reason not in ERRORS):
        tell(ranking.reason)  # no rate is to blame for a script that failed at all of them
    if not alone or end.reason not in ERRORS:  # an error's sentence is the last, from `leave`
        tell(end.detail)
    if alone:
        number = "none" if ranking.lr is None else format_lr(ranking.lr)
        results().print(f"[bold]Learning rate: {number}[/]", highlight=False)
