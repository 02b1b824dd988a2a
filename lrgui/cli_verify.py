"""`lrgui verify`: settle a learning rate by a race of short real trainings around it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from lrgui import cli
from lrgui.core.analysis import analyse
from lrgui.core.config import RaceConfig
from lrgui.core.events import ERRORS, CandidateEvent, EndEvent, Event, OutputEvent, TaskEvent
from lrgui.core.learning_rate import format_lr, short_lr
from lrgui.core.ranking import Ranking, Standings
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.log import LogWriter
from lrgui.tasks.spec import TaskSpec

_TASK = TaskSpec()
_RACE = RaceConfig()


def verify(
    source: cli.Source = "digits",
    around: Annotated[
        float | None,
        typer.Option(help="The learning rate to race around.", show_default="sweep first, take its pick"),
    ] = None,
    steps: Annotated[int, typer.Option(help="Optimizer steps of a training in the last round.")] = _RACE.steps,
    rates: Annotated[int, typer.Option(help="How many learning rates race.")] = _RACE.rates,
    octaves: Annotated[float, typer.Option(help="From each to the next, in factors of two.")] = _RACE.octaves,
    rounds: Annotated[int, typer.Option(help="Rounds; after each the worse half leaves.")] = _RACE.rounds,
    model: cli.Model = _TASK.model,
    optimizer: cli.Optimizer = _TASK.optimizer,
    momentum: cli.Momentum = _TASK.momentum,
    weight_decay: cli.WeightDecay = _TASK.weight_decay,
    batch_size: cli.BatchSize = _TASK.batch_size,
    subset: cli.Subset = None,
    loader_workers: cli.Workers = 0,
    seed: cli.Seed = _TASK.seed,
    device: cli.Device = _TASK.device,
    as_json: cli.Json = False,
    log: cli.Log = None,
) -> None:
    """Race short OneCycle trainings around a learning rate and say which one wins.

    All start from the same weights and see the same batches; the worse half leaves after each round. Exit status:
    0 with a winner, 3 where every rate diverged or none was measured, 2 for bad arguments, 1 for a failure.
    """
    task = TaskSpec(source, model, optimizer, momentum, weight_decay, batch_size, subset, loader_workers, device, seed)
    config = RaceConfig(
        around=_RACE.around if around is None else around, rates=rates, octaves=octaves, steps=steps, rounds=rounds
    )
    job = cli._checked(Job("race", task, race=config))
    if around is None:
        config = RaceConfig(around=_swept(task, as_json), rates=rates, octaves=octaves, steps=steps, rounds=rounds)
        job = Job("race", task, race=config)
    if not as_json:
        lrs = config.lrs()
        cli.words.print(
            f"Race of {config.rates} rates from {short_lr(lrs[0], 2)} to {short_lr(lrs[-1], 2)}: "
            f"{config.total_steps():,} steps in {config.rounds} round{'s' if config.rounds != 1 else ''}",
            highlight=False,
        )
    standings, end, unkept = _raced(job, log, as_json)
    ranking = standings.ranking()
    if as_json:
        print(json.dumps(_document(config, ranking, standings.done, end), ensure_ascii=False, allow_nan=False))
    else:
        _tell(config, ranking, end)
    if end.reason in ERRORS:
        cli._fail(end.detail)
    if unkept:
        cli._fail(unkept)
    raise typer.Exit(cli.Status.OK if ranking.lr is not None else cli.Status.NO_PICK)


def _swept(task: TaskSpec, quiet: bool) -> float:
    """The pick of a sweep that is made first; its best guess where there is no reliable one."""
    job = Job("sweep", task)
    record, _ = cli._run(job, None, quiet)
    end = cli._ended(record)
    if end.reason in ERRORS or not len(record):
        cli._fail(end.detail)
    if end.reason == "cancelled":
        raise typer.Exit(cli.Status.NO_PICK)
    pick = analyse(record.curve(), planned_range=(job.sweep.start_lr, job.sweep.end_lr)).recommendation
    rate = pick.lr if pick.lr is not None else pick.best_guess
    if rate is None:
        cli._fail(f"{pick.reason} To race all the same, name a rate: --around 1e-2", cli.Status.NO_PICK)
    if not quiet:
        name = "pick" if pick.lr is not None else "best guess"
        cli.words.print(f"The sweep's {name} is {format_lr(rate)}.", highlight=False)
    return rate


def _raced(job: Job, log: Path | None, quiet: bool) -> tuple[Standings, EndEvent, str]:
    """Run the race, show how it goes on a terminal, keep it on disk; also a sentence where `log` was not written."""
    standings, source = Standings(job.race), cli._source(job)
    journals = [start_log(job, origin="command line")]
    if log is not None:
        journals.append(LogWriter(log, job, origin="command line"))
    end = EndEvent("killed", "The run ended without a word. Start it again.")
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=cli.words,
        transient=True,
        disable=not cli.words.is_terminal,
    )

    def tell(problem: str | None) -> None:
        if problem:
            cli.words.print(escape(problem), highlight=False, soft_wrap=True)

    try:
        with cli._interruptible(source.cancel), bar:
            line = bar.add_task("Race", total=job.race.total_steps())
            for events in source.chunks():
                standings.add(events)
                for journal in journals:
                    tell(journal.write(events))
                end = next((event for event in events if isinstance(event, EndEvent)), end)
                for event in events:
                    _show(event, quiet)
                last = next((event for event in reversed(events) if isinstance(event, CandidateEvent)), None)
                if last is not None:
                    words = f"Round {last.round + 1} of {job.race.rounds} · {short_lr(last.lr, 2)}"
                    bar.update(line, completed=standings.done, description=words)
    finally:
        for journal in journals:
            tell(journal.close())
    lost = log is not None and journals[-1].problem is not None
    return standings, end, f"{log} does not hold the whole run: it could not be written." if lost else ""


def _show(event: Event, quiet: bool) -> None:
    if isinstance(event, TaskEvent) and not quiet:
        detail = f"{event.name} · {event.detail} · {event.parameters:,} parameters · {event.device}"
        cli.words.print(escape(detail), highlight=False, soft_wrap=True)
    elif isinstance(event, OutputEvent):
        cli.words.print(escape(event.text.rstrip("\n")), highlight=False)


def _tell(config: RaceConfig, ranking: Ranking, end: EndEvent) -> None:
    """The ranking in a table and words, on standard output."""
    out = Console()
    metric = any(row.metric is not None for row in ranking.rows)
    table = Table("", "learning rate", "loss", *(["accuracy"] if metric else []), "steps", "how far")
    for row in ranking.rows:
        loss = "–" if not math.isfinite(row.loss) else f"{row.loss:.4f}"
        accuracy = ["–" if row.metric is None else f"{100 * row.metric:.1f} %"] if metric else []
        table.add_row(str(row.place), format_lr(row.lr), loss, *accuracy, f"{row.steps:,}", row.words)
    out.print(table)
    if ranking.reason not in end.detail:
        out.print(escape(ranking.reason), highlight=False, soft_wrap=True)
    out.print(escape(end.detail), highlight=False, soft_wrap=True)
    if ranking.lr is not None:
        out.print(f"[bold]Learning rate: {format_lr(ranking.lr)}[/]", highlight=False)


def _document(config: RaceConfig, ranking: Ranking, done: int, end: EndEvent) -> dict[str, Any]:
    return {
        "lr": ranking.lr,
        "around": config.around,
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
