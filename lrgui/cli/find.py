"""`lrgui find`: sweep the learning rate and say which one to use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from lrgui.cli.app import Json, Log, Status, checked, command, fail, results, say, tell
from lrgui.cli.format_options import with_formats, write_files
from lrgui.cli.loop_options import Accumulation, Amp, ClipGradNorm
from lrgui.cli.running import ended, run
from lrgui.cli.task_options import Python, changed, with_task
from lrgui.core.config import SweepConfig
from lrgui.core.events import ERRORS, WHOLE, EndEvent
from lrgui.core.learning_rate import format_lr, short_lr
from lrgui.export import FORMATS
from lrgui.runs.job import Job

if TYPE_CHECKING:
    from lrgui.core.several import Reading
    from lrgui.export.report import Report

#: With --auto-range so many sweeps follow the first at most.
MOST_MENDED = 2

_SWEEP = SweepConfig()


@command(of_task=True)
@with_task
@with_formats(row for row in FORMATS.values() if row.key != "json")  # that one goes to standard output
def find(
    base: Job,
    from_: Annotated[
        float | None,
        typer.Option("--from", help="Learning rate of the first step.", show_default=f"{_SWEEP.start_lr:g}"),
    ] = None,
    to: Annotated[
        float | None, typer.Option("--to", help="Learning rate of the last step.", show_default=f"{_SWEEP.end_lr:g}")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Planned steps.", show_default=f"{_SWEEP.steps:g}")] = None,
    beta: Annotated[
        float | None, typer.Option(help="Smoothing of the classic average.", show_default=f"{_SWEEP.beta:g}")
    ] = None,
    stop_factor: Annotated[
        float | None,
        typer.Option(
            help="End when the average is above this multiple of its best; 0: never.",
            show_default=f"{_SWEEP.stop_factor:g}",
        ),
    ] = None,
    schedule: Annotated[
        str | None, typer.Option(help="How the rate rises: exponential or linear.", show_default=_SWEEP.schedule)
    ] = None,
    batches_per_lr: Annotated[
        int | None,
        typer.Option(
            help="Optimizer steps at each rate; a point is the mean of their losses.",
            show_default=f"{_SWEEP.batches_per_lr:g}",
        ),
    ] = None,
    accumulation: Accumulation = None,
    clip_grad_norm: ClipGradNorm = None,
    amp: Amp = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            help="Sweeps of the same weights, each with another order of the data: 3 show the spread.",
            show_default=f"{_SWEEP.repeats:g}",
        ),
    ] = None,
    auto_range: Annotated[
        bool, typer.Option("--auto-range", help="Where the range was wrong, mend it and sweep again, twice at most.")
    ] = False,
    as_json: Json = False,
    files: dict[str, Path] = {},  # noqa: B006 (`with_formats` fills it)
    log: Log = None,
    python: Python = None,
) -> None:
    """Sweep the learning rate and say which one to use.

    Exit status: 0 with a recommendation, 3 without a reliable one, 2 for bad arguments, 1 for a failure.
    """
    from lrgui.export.report import Report

    sweep = changed(
        base.sweep,
        start_lr=from_,
        end_lr=to,
        steps=steps,
        beta=beta,
        stop_factor=stop_factor,
        schedule=schedule,
        batches_per_lr=batches_per_lr,
        accumulation=accumulation,
        clip_grad_norm=clip_grad_norm,
        amp=amp,
        repeats=repeats,
    )
    job, end, reading, unkept = _sweep(checked(replace(base, sweep=sweep)), log, as_json, auto_range, python)
    report = Report.of_sweeps(job, reading, end=end)
    report = replace(report, more={"sweep": job.to_dict()["sweep"], **report.more})
    if as_json:
        print(json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False))
    else:
        _tell(report)
    write_files(report, files, FORMATS, quiet=True)
    if end.reason in ERRORS:
        fail(end.detail)
    if unkept:
        fail(unkept)
    raise typer.Exit(Status.OK if report.analysis.recommendation.lr is not None else Status.NO_PICK)


def _sweep(
    job: Job, log: Path | None, quiet: bool, auto_range: bool, python: Path | None
) -> tuple[Job, EndEvent, Reading, str]:
    """Sweep, with `auto_range` again where the range was wrong. The last sweep's job, end and reading, and what
    `run` says; leaves where nothing was measured."""
    from lrgui.core.several import read_curves
    from lrgui.runs.records import Records

    again = 0
    while True:
        sweeps = Records()
        _, unkept = run(job, log, quiet, sweeps, python=python)
        end = ended(sweeps.first)
        if not len(sweeps.first):
            fail(end.detail)
        config = job.sweep
        reading = read_curves(sweeps.curves(config.beta), planned_range=(config.start_lr, config.end_lr))
        advice = reading.analysis.recommendation.advice
        if not auto_range or advice is None or end.reason not in WHOLE or again == MOST_MENDED:
            return job, end, reading, unkept
        again += 1
        ends = f"{short_lr(advice.start_lr)} to {short_lr(advice.end_lr)}"
        say(f"{advice.why} Sweeping again, from {ends}.")
        job = checked(replace(job, sweep=replace(config, start_lr=advice.start_lr, end_lr=advice.end_lr)))


def _tell(report: Report) -> None:
    """The result in words and a table, on standard output."""
    from lrgui.core.confidence_words import confidence_words, pick_label

    analysis = report.analysis
    pick = analysis.recommendation
    spread = report.more.get("spread", {})
    table = Table("rule", "learning rate", *(["of the repeats"] if spread else []), "why")

    def repeated(key: str) -> list[str]:
        """The lowest and the highest rate of the repeats."""
        rates = [lr for lr in spread.get(key, ()) if lr is not None]
        words = "–" if not rates else f"{short_lr(min(rates), 2)} to {short_lr(max(rates), 2)}"
        return [words] if spread else []

    rate = pick.lr if pick.lr is not None else pick.best_guess
    table.add_row(pick_label(pick), "–" if rate is None else format_lr(rate), *repeated("ours"), escape(pick.reason))
    for s in analysis.suggestions.values():
        table.add_row(s.label, "–" if s.lr is None else format_lr(s.lr), *repeated(s.key), escape(s.reason))
    results().print(table)
    tell(analysis.interpretation)
    signs = {"good": "✓", "bad": "✗", "open": "!"}
    for check in analysis.checklist:
        tell(f" {signs[check.state]} {check.text}")
    if analysis.zones is not None and analysis.zones.note:
        tell(analysis.zones.note)
    if report.end is not None:
        tell(report.end.detail)
    if pick.lr is not None:
        results().print(f"[bold]Learning rate: {format_lr(pick.lr)}[/] · {confidence_words(pick)}", highlight=False)
    else:
        results().print(f"[bold]{escape(pick.reason)}[/]", highlight=False, soft_wrap=True)
