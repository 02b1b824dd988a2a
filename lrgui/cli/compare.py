"""`lrgui compare`: sweep several optimizers on the same task, or lay saved runs of any kinds over each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lrgui.cli.app import Json, Status, checked, command, fail, printed, say, tell
from lrgui.cli.generated import with_settings
from lrgui.cli.opening import leave_empty, opened_run, place_of
from lrgui.cli.outputs import source_file, spare, with_formats, write_files
from lrgui.cli.place import Place, with_place
from lrgui.cli.running import Signals, ended, progress_bar, source_of
from lrgui.cli.tables import print_table
from lrgui.cli.task_options import with_task
from lrgui.cli.tracking import Track, follow
from lrgui.core.events import ERRORS, EndEvent, EndReason, OutputEvent
from lrgui.core.optimizers import OPTIMIZERS
from lrgui.core.run_settings import SweepSettings
from lrgui.export import FORMATS
from lrgui.runs.job import Job
from lrgui.runs.library import SUFFIX
from lrgui.tasks.user.rows import OWN

if TYPE_CHECKING:
    from lrgui.core.curve.comparison import Compared
    from lrgui.export.comparison import ComparisonReport
    from lrgui.runs.overlay import Overlay, View

_USUAL = [key for key, row in OPTIMIZERS.items() if row.compared]


@command(of_task=True)
@with_task
@with_settings(SweepSettings, without=["repeats"])
@with_formats(row for row in FORMATS.values() if row.key != "json")  # that one goes to standard output
@with_place
def compare(
    base: Job | None,
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN", help="More saved runs.", show_default=False)
    ] = None,
    optimizers: Annotated[
        str | None,
        typer.Option(help="Which ones, separated by commas.", show_default=f"{', '.join(_USUAL)}, and the task's own"),
    ] = None,
    by: Annotated[
        str, typer.Option(help="Lay saved runs over each other by: lr, step, epoch or time.", show_default="what suits")
    ] = "",
    loss: Annotated[str, typer.Option(help="Divide the losses of each saved run: raw, first or best.")] = "raw",
    show: Annotated[str, typer.Option(help="What of saved runs: loss, validation or metric.")] = "loss",
    given: dict[str, Any] = {},  # noqa: B006 (`with_settings` fills it, and `with_formats` the other)
    as_json: Json = False,
    files: dict[str, Path] = {},  # noqa: B006
    track: Track = None,
    python: Place = None,
) -> None:
    """Sweep several optimizers on the same task and say how their curves differ, or compare saved runs.

    Optimizers are swept one after the other, from the same weights and on the same batches. Saved sweeps, trainings and
    races are laid over each other: what differs between them, their final and best losses, and over several seeds mean
    and standard deviation. Exit status: 0 where at least one has a reliable pick, 3 where none has, 2 for bad
    arguments, 1 for a failure; of saved runs 0, 1 or 2.
    """
    from lrgui.export.comparison import ComparisonReport
    from lrgui.runs.overlay import View
    from lrgui.runs.sequential import jobs_to_compare

    if base is None:
        if given or optimizers is not None:
            fail("Saved runs are compared as they are: leave the settings of a sweep out.", Status.BAD_ARGUMENTS)
        _compare_runs(runs or [], View(by, loss, show), files, as_json)
        return
    spare(files, source_file(base.task))
    own = [OWN] if base.task.optimizer == OWN else []
    wanted = [*own, *_USUAL] if optimizers is None else optimizers.split(",")
    keys = [key.strip().lower() for key in wanted if key.strip()]
    if len(set(keys)) < 2:
        fail("A comparison needs at least two optimizers: --optimizers sgd,adam", Status.BAD_ARGUMENTS)
    sweep = replace(base.sweep, **given)
    jobs = jobs_to_compare(replace(base, sweep=sweep), keys)
    for job in jobs:
        checked(job)
    compared, end, unkept = _run(jobs, python)
    if unkept:
        say(unkept)  # no log was asked for, so it is no failure
    report = ComparisonReport(tuple(compared), tuple(jobs), end)
    if as_json:
        print(json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False))
    else:
        _tell(report, end)
    if compared:
        write_files(report, files, FORMATS, quiet=True)
    if end.reason in ERRORS:
        fail(end.detail)
    sure = any(each.reading.recommendation.lr is not None for each in compared)
    raise typer.Exit(Status.OK if sure else Status.NO_PICK)


def _compare_runs(paths: Sequence[Path], view: View, files: dict[str, Path], as_json: bool) -> None:
    """Lay these over each other."""
    from lrgui.export.overlay import OverlayReport
    from lrgui.runs.overlaid import Align, OverlaidRun, Quantity
    from lrgui.runs.overlay import Overlay, Scale

    if len(paths) < 2:
        fail("A comparison needs at least two saved runs.", Status.BAD_ARGUMENTS)
    for option, value, kind in (
        ("by", view.align, Align),
        ("loss", view.scale, Scale),
        ("show", view.quantity, Quantity),
    ):
        if value and value not in list(kind):
            fail(f"--{option} cannot be “{value}”. Choose one of: {', '.join(kind)}.", Status.BAD_ARGUMENTS)
    paths = [place_of(path) for path in paths]
    for path in paths:
        if path.suffix != SUFFIX:
            fail(f"{path} is not a saved run ({SUFFIX}): name saved runs only, or one task.", Status.BAD_ARGUMENTS)
        spare(files, path)
    opened = [(path, opened_run(path)) for path in paths]
    for path, run in opened:
        if not len(run.record):
            leave_empty(path)
    overlay = Overlay.of([OverlaidRun.of(run, path) for path, run in opened], view)
    report = OverlayReport(overlay)
    for wanted, used, what in (
        (view.align, overlay.align, "--by"),
        (view.scale, overlay.scale, "--loss"),
        (view.quantity, overlay.quantity, "--show"),
    ):
        if wanted and wanted != used:
            say(f"{what} {wanted} does not apply to these runs: {used} is shown.")
    if as_json:
        print(json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False))
    else:
        tell_overlay(overlay)
    write_files(report, files, FORMATS, quiet=as_json)


def tell_overlay(overlay: Overlay) -> None:
    """Print the table of runs that are compared, and how to read it."""
    print_table(*overlay.table(), overlay.dispensable())
    tell(overlay.summary)


def _run(jobs: Sequence[Job], python: Place) -> tuple[list[Compared], EndEvent, str]:
    """Sweep all, show how it goes on a terminal; also a sentence where a run could not be kept on disk."""
    from lrgui.runs.records import Records
    from lrgui.runs.sequential import InTurn, compared_so_far

    turn = InTurn(jobs, lambda job: source_of(job, python), origin="command line", follow=follow())
    records = Records()
    steps = jobs[0].sweep.steps
    bar = progress_bar()
    with bar, Signals(turn), closing(turn.chunks()) as chunks:
        line = bar.add_task(jobs[0].task.optimizer_words, total=steps * len(jobs))
        for events in chunks:
            records.add(events)
            for event in events:
                if isinstance(event, OutputEvent):
                    printed(event)
            bar.update(line, completed=len(records), description=jobs[records.last.sweep].task.optimizer_words)
    return compared_so_far(records, jobs), ended(records.first), turn.problem or ""


def _tell(report: ComparisonReport, end: EndEvent) -> None:
    from lrgui.core.curve.comparison import how_to_read
    from lrgui.export.comparison import HEADS

    if report.compared:
        print_table(HEADS, report.rows())
    for sentence in how_to_read(report.compared):
        tell(sentence)
    if end.reason != EndReason.COMPLETED:
        tell(end.detail)
