"""`lrgui verify`: measure the best learning rate by a race of short real trainings."""

from __future__ import annotations

import json
import math
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table

from lrgui.cli.app import Json, Log, Status, checked, command, fail, printed, results, say, tell, words
from lrgui.cli.generated import with_settings
from lrgui.cli.outputs import source_file, spare
from lrgui.cli.running import Journals, Signals, ended, progress_bar, run, source_of, task_words
from lrgui.cli.task_options import Python, with_task
from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.events import (
    ERRORS,
    CandidateEvent,
    EndEvent,
    EndReason,
    Event,
    OutputEvent,
    RunKind,
    TaskEvent,
)
from lrgui.core.formats import format_metric
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import RaceSettings
from lrgui.runs.job import Job

if TYPE_CHECKING:
    from lrgui.core.standings import Ranking, Standings


@command(of_task=True)
@with_task
@with_settings(RaceSettings, usual={"around": "sweep first, take its pick"})
def verify(
    base: Job,
    given: dict[str, Any] = {},  # noqa: B006 (`with_settings` fills it)
    as_json: Json = False,
    log: Log = None,
    python: Python = None,
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
    config = job.race
    if not as_json:
        words.print(f"Race around {format_lr(config.around)}: {config.price}", highlight=False)
    standings, end, unkept, metric = _raced(job, log, as_json, python)
    ranking = standings.ranking()
    if as_json:
        print(json.dumps(_document(config, ranking, standings.done, end), ensure_ascii=False, allow_nan=False))
    else:
        _tell(config, ranking, end, metric)
    if end.reason in ERRORS:
        fail(end.detail)
    if unkept:
        fail(unkept)
    raise typer.Exit(Status.OK if ranking.lr is not None else Status.NO_PICK)


def _swept(base: Job, quiet: bool, python: Path | None) -> float:
    """The pick of a sweep that is made first; its best guess where there is no reliable one."""
    from lrgui.runs.records import Records

    job = checked(replace(base, kind=RunKind.SWEEP, sweep=replace(base.sweep, repeats=1)))
    sweeps = Records()
    run(job, None, quiet, sweeps, python=python)
    end = ended(sweeps.first)
    if end.reason in ERRORS or not len(sweeps.first):
        fail(end.detail)
    if end.reason == EndReason.CANCELLED:
        fail("Stopped during the sweep before the race; nothing was trained.", Status.NO_PICK)
    pick = sweeps.read(job.sweep).recommendation
    rate = pick.by_schedule.get(ONE_CYCLE)  # whatever is planned, the race is one of OneCycles
    if rate is None:
        fail(f"{pick.reason} To race anyway, pass a rate: --around 1e-2", Status.NO_PICK)
    if not quiet:
        name = "The sweep recommends" if pick.lr is not None else "No reliable pick; the sweep's guess is"
        words.print(f"{name} {format_lr(rate)}.", highlight=False)
    return rate


def _raced(job: Job, log: Path | None, quiet: bool, python: Path | None) -> tuple[Standings, EndEvent, str, str]:
    """Run the race, show how it goes on a terminal, keep it on disk.

    Also a sentence where `log` was not written, and the name of the metric."""
    from lrgui.core.standings import Standings

    standings, source = Standings(job.race), source_of(job, python)
    end, metric = ended(None), ""
    bar = progress_bar()
    with Journals(job, log) as journals, bar, Signals(source), closing(source.chunks()) as chunks:
        line = bar.add_task("Race", total=job.race.total_steps())
        for events in chunks:
            standings.add(events)
            journals.write(events)
            end = next((event for event in events if isinstance(event, EndEvent)), end)
            for event in events:
                metric = event.metric_name if isinstance(event, TaskEvent) else metric
                _show(event, quiet)
            last = next((event for event in reversed(events) if isinstance(event, CandidateEvent)), None)
            if last is not None:
                where = f"{standings.place_in_race(last.round).capitalize()} · {format_lr(last.lr)}"
                bar.update(line, completed=standings.done, description=where)
    return standings, end, journals.lost, metric


def _show(event: Event, quiet: bool) -> None:
    if isinstance(event, TaskEvent) and not quiet:
        say(task_words(event))
    elif isinstance(event, OutputEvent):
        printed(event)


def _tell(config: RaceSettings, ranking: Ranking, end: EndEvent, name: str) -> None:
    """The ranking in a table and words, on standard output."""
    from lrgui.core.standings import loss_column

    metric = any(row.metric is not None for row in ranking.rows)
    table = Table("", "learning rate", "loss", *([name or "metric"] if metric else []), "steps", "status")
    for row, loss in zip(ranking.rows, loss_column(ranking.rows), strict=True):
        shown = format_metric(name, row.metric)
        table.add_row(
            str(row.place), format_lr(row.lr), loss, *([shown] if metric else []), f"{row.steps:,}", row.words
        )
    if ranking.rows:
        results().print(table)
    if ranking.reason not in end.detail:
        tell(ranking.reason)
    tell(end.detail)
    number = "none" if ranking.lr is None else format_lr(ranking.lr)
    results().print(f"[bold]Learning rate: {number}[/]", highlight=False)


def _document(config: RaceSettings, ranking: Ranking, done: int, end: EndEvent) -> dict[str, Any]:
    return {
        "lr": ranking.lr,
        "around": config.around,
        "lowest": ranking.lowest,
        "confirmed": ranking.confirmed,
        "untrained": ranking.untrained,
        "reason": ranking.reason,
        "steps": {"planned": config.total_steps(), "made": done},
        "ranking": [
            {
                "place": row.place,
                "lr": row.lr,
                "loss": row.loss if math.isfinite(row.loss) else None,
                "metric": row.metric,
                "round": row.round + 1,
                "steps": row.steps,
                "alive": row.alive,
                "diverged": row.diverged,
            }
            for row in ranking.rows
        ],
        "end": {"reason": end.reason, "detail": end.detail},
    }
