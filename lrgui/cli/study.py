"""`lrgui study`: many runs over a grid, on this machine or on a Ray cluster."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lrgui.cli.app import Json, Status, command, fail, printed, say, tell
from lrgui.cli.generated import with_settings
from lrgui.cli.outputs import spare, with_formats, write_files
from lrgui.cli.running import Signals, progress_bar, source_of
from lrgui.cli.tables import print_table
from lrgui.cli.task_options import Python, named
from lrgui.export import FORMATS
from lrgui.studies.execution import ExecutionSettings, check_place
from lrgui.studies.spec import FIND, MEASURES, seeds_in, singular, value_in, values_in, with_values

if TYPE_CHECKING:
    from lrgui.studies.driver import Progress
    from lrgui.studies.executor import Executor
    from lrgui.studies.results import StudyResults


@command()
@with_settings(ExecutionSettings)
@with_formats(row for row in FORMATS.values() if row.key != "json")  # that one goes to standard output
def study(
    what: Annotated[
        str,
        typer.Argument(
            metavar="STUDY",
            help="A study's file (.toml, .yaml) or folder, or what to train, as for lrgui find; the options then say "
            "what varies.",
        ),
    ],
    optimizers: Annotated[
        str | None, typer.Option(help="Optimizers, separated by commas.", show_default="the task's own")
    ] = None,
    batch_sizes: Annotated[
        str | None, typer.Option(help="Batch sizes, separated by commas.", show_default="the task's")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(help="How many seeds (3), or which ones (0,1,7).", show_default="0 alone")
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid",
            metavar="NAME=VALUES",
            help="Values of a setting of data, model, optimizer or task, separated by commas; may be repeated.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A setting that all runs share, also sweep.steps, race.steps, train.epochs; may be repeated.",
        ),
    ] = None,
    measure: Annotated[
        str | None,
        typer.Option(
            help=f"What is done for each combination. {'; '.join(f'{key}: {does}' for key, does in MEASURES.items())}.",
            show_default=FIND,
        ),
    ] = None,
    prove_best: Annotated[
        int | None, typer.Option(help="Prove so many of the best combinations by races.", show_default="0")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the study; one that is there goes on where it stopped.",
            show_default="NAME.study, beside the study's file or in the current folder",
        ),
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Make runs that failed again.")] = False,
    given: dict[str, Any] = {},  # noqa: B006 (`with_settings` fills it, and `with_formats` the other)
    as_json: Json = False,
    files: dict[str, Path] = {},  # noqa: B006
    overlay: Annotated[
        Path | None, typer.Option(help="Write a picture of all curves to this file (.png, .svg or .pdf).")
    ] = None,
    python: Python = None,
) -> None:
    """Measure a grid of settings: optimizers, batch sizes, models, seeds; each combination by a run of its own.

    Every run is kept in the study's folder as it goes on. The same command again goes on with what is missing, also
    after a crash, and with a larger grid makes only what is new. Exit status: 0 once all is measured, 1 where a run
    failed or is missing, 2 for bad arguments.
    """
    from lrgui.studies.plan import planned
    from lrgui.studies.start import described

    spare({**files, "overlay": overlay}, Path(what) if Path(what).is_file() else None)
    if overlay is not None and overlay.suffix.lower().lstrip(".") not in ("png", "svg", "pdf"):
        fail(f"--overlay writes .png, .svg or .pdf, not {overlay.name}.", Status.BAD_ARGUMENTS)
    try:
        spec, how, usual = described(what)
        pairs = [named(each, "--grid", "width=64,128") for each in grid or ()]
        shared = [named(each) for each in settings or ()]
        varied = {singular(name): values_in(values) for name, values in pairs}
        for name, values in (("optimizer", optimizers), ("batch_size", batch_sizes)):
            if values is not None:
                varied[name] = values_in(values)
        spec = with_values(
            spec,
            measure=measure,
            prove_best=prove_best,
            seeds=None if seeds is None else seeds_in(seeds),
            grid={**spec.grid, **varied},
            fixed={**spec.fixed, **{singular(name): value_in(text.strip()) for name, text in shared}},
        )
        how = replace(how, **given)
        if wrong := how.validate():
            raise ValueError(" ".join(map(str, wrong)))
        if "on" in given:
            check_place(how)
        plan = planned(spec)
    except (ValueError, OSError) as error:
        fail(str(error), Status.BAD_ARGUMENTS)
    for note in plan.notes:
        say(note)
    found = _run(plan, how, folder or usual, retry_failed, as_json, python)
    _tell(found, as_json)
    if found.rows:
        from lrgui.export.study import StudyReport

        write_files(StudyReport(found), files, FORMATS, quiet=True)
        if overlay is not None:
            _write_overlay(found, overlay)
    raise typer.Exit(Status.FAILED if found.missing or found.failed else Status.OK)


def _run(plan: Any, how: ExecutionSettings, place: Path, retry: bool, quiet: bool, python: Path | None) -> StudyResults:
    """Measure what is missing, and show how it goes on."""
    from lrgui.studies.driver import Watch, ended_words
    from lrgui.studies.folder import HeldError
    from lrgui.studies.opened import open_study
    from lrgui.studies.start import driver_of, executor_of

    bar = progress_bar()
    line = bar.add_task("Study", total=None)

    def show(progress: Progress) -> None:
        words = f"Study · {progress.running} running · {progress.points:,} batches"
        bar.update(line, total=progress.total, completed=progress.done, description=words)

    def ended(run: Any, stage: Any, result: Any) -> None:
        if not quiet:
            say(ended_words(run, stage, result))

    def opened(executor: Executor) -> None:
        if not quiet:
            say(f"{len(plan.runs):,} runs on {executor.words}; the study's folder is {place}.")

    watch = Watch(show, ended, say, lambda run, event: printed(event))
    try:
        # In processes of their own, also what this one could compute: several at once, each with its random numbers.
        executor = executor_of(how, lambda job: source_of(job, python, always_child=True), opened)
        with closing(executor), bar:
            driver = driver_of(plan, how, place, executor, watch, retry_failed=retry)
            with Signals(driver):
                return driver.run()
    except HeldError as error:
        say(str(error))
        return open_study(place)  # as far as that one is
    except (ValueError, OSError) as error:
        fail(str(error))


def _tell(found: StudyResults, as_json: bool) -> None:
    if as_json:
        from lrgui.export.study import StudyReport

        print(json.dumps(StudyReport(found).to_dict(), ensure_ascii=False, allow_nan=False))
        return
    print_table(*found.table())
    for sentence in found.sentences():
        tell(sentence)


def _write_overlay(found: StudyResults, path: Path) -> None:
    from lrgui.export.study import overlay_of

    report = overlay_of(found)
    if report is None:
        say("No curves to draw: no sweep of the study was measured.")
    else:
        key = path.suffix.lower().lstrip(".")
        write_files(report, {key: path}, FORMATS, quiet=True)
