"""`lrgui compare`: sweep several optimizers on the same task and lay their curves over each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from lrgui import cli
from lrgui.core.comparison import Compared, how_to_read
from lrgui.core.confidence_words import confidence_words
from lrgui.core.config import SweepConfig
from lrgui.core.events import ERRORS, EndEvent, OutputEvent
from lrgui.core.learning_rate import format_lr, short_lr
from lrgui.core.optimizers import OPTIMIZERS
from lrgui.export import ExportError
from lrgui.export.comparison import comparison_bytes, comparison_dict
from lrgui.export.files import write_atomically
from lrgui.runs.in_turn import InTurn, compared_so_far, jobs_to_compare
from lrgui.runs.job import Job
from lrgui.runs.records import Records
from lrgui.tasks.spec import TaskSpec

_TASK = TaskSpec()
_SWEEP = SweepConfig()


def compare(
    source: cli.Source = "digits",
    optimizers: Annotated[str, typer.Option(help="Which ones, with commas.")] = ",".join(OPTIMIZERS),
    model: cli.Model = _TASK.model,
    momentum: cli.Momentum = _TASK.momentum,
    weight_decay: cli.WeightDecay = _TASK.weight_decay,
    batch_size: cli.BatchSize = _TASK.batch_size,
    subset: cli.Subset = None,
    loader_workers: cli.Workers = 0,
    from_: Annotated[float, typer.Option("--from", help="Learning rate of the first step.")] = _SWEEP.start_lr,
    to: Annotated[float, typer.Option("--to", help="Learning rate of the last step.")] = _SWEEP.end_lr,
    steps: Annotated[int, typer.Option(help="Planned steps of each sweep.")] = _SWEEP.steps,
    seed: cli.Seed = _TASK.seed,
    device: cli.Device = _TASK.device,
    as_json: cli.Json = False,
    png: Annotated[Path | None, typer.Option("--png", help="Write the picture of all curves to this file.")] = None,
) -> None:
    """Sweep several optimizers on the same task, one after the other, and say how their curves differ.

    All start from the same weights and see the same batches. Exit status: 0 where at least one has a reliable pick,
    3 where none has, 2 for bad arguments, 1 for a failure.
    """
    keys = [key.strip().lower() for key in optimizers.split(",") if key.strip()]
    if len(set(keys)) < 2:
        cli._fail("A comparison needs two optimizers or more: --optimizers sgd,adam", cli.Status.BAD_ARGUMENTS)
    task = TaskSpec(source, model, keys[0], momentum, weight_decay, batch_size, subset, loader_workers, device, seed)
    jobs = jobs_to_compare(Job("sweep", task, SweepConfig(from_, to, steps)), keys)
    for job in jobs:
        cli._checked(job)
    compared, end, unkept = _run(jobs)
    if as_json:
        print(json.dumps(comparison_dict(compared, jobs, end), ensure_ascii=False, allow_nan=False))
    else:
        _tell(compared, end)
    if png is not None and compared:
        try:
            write_atomically(png, comparison_bytes(compared, (from_, to), f"LR Finder: optimizers on {source}"))
        except ExportError as error:
            cli._fail(str(error))
    if end.reason in ERRORS:
        cli._fail(end.detail)
    if unkept:
        cli._fail(unkept)
    sure = any(each.analysis.recommendation.lr is not None for each in compared)
    raise typer.Exit(cli.Status.OK if sure else cli.Status.NO_PICK)


def _run(jobs: Sequence[Job]) -> tuple[list[Compared], EndEvent, str]:
    """Sweep all, show how it goes on a terminal; also a sentence where a run could not be kept on disk."""
    records, turn = Records(), InTurn(jobs, cli._source, origin="command line")
    steps = jobs[0].sweep.steps
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=cli.words,
        transient=True,
        disable=not cli.words.is_terminal,
    )
    with cli._interruptible(turn.cancel), bar:
        line = bar.add_task(jobs[0].task.optimizer_words, total=steps * len(jobs))
        for events in turn.chunks():
            records.add(events)
            for event in events:
                if isinstance(event, OutputEvent):
                    cli.words.print(escape(event.text.rstrip("\n")), highlight=False)
            bar.update(line, completed=len(records), description=jobs[records.last.sweep].task.optimizer_words)
    return compared_so_far(records, jobs), cli._ended(records.first), turn.problem or ""


def _tell(compared: Sequence[Compared], end: EndEvent) -> None:
    out = Console()
    table = Table("optimizer", "learning rate", "how sure", "lowest loss", "safe range")
    for each in compared:
        pick = each.analysis.recommendation
        rate = "–" if each.pick is None else format_lr(each.pick)
        zones = each.analysis.zones
        safe = "–" if zones is None else f"{short_lr(zones.low_end, 2)} to {short_lr(zones.high_start, 2)}"
        sure = (
            confidence_words(pick).removeprefix("confidence ")
            if pick.lr is not None
            else f"best guess only. {pick.reason}"
        )
        lowest = "–" if each.lowest is None else f"{each.lowest:.3g}"
        table.add_row(escape(each.label), rate, escape(sure), lowest, safe)
    if compared:
        out.print(table)
    for sentence in how_to_read(compared):
        out.print(escape(sentence), highlight=False, soft_wrap=True)
    if end.reason != "completed":
        out.print(escape(end.detail), highlight=False, soft_wrap=True)
