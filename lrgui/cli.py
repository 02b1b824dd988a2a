"""The command line: the same engine as the window's, in words and numbers."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from lrgui import __version__, frozen
from lrgui.core.confidence_words import confidence_words
from lrgui.core.config import SweepConfig, TrainConfig
from lrgui.core.events import ERRORS, EndEvent, EpochEvent, Event, OutputEvent, TaskEvent
from lrgui.core.learning_rate import format_lr, short_lr
from lrgui.core.several import Reading, read_curves
from lrgui.export import ExportError, Report, export
from lrgui.gui.settings import load_settings, settings_file
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.library import start_log
from lrgui.runs.log import LogWriter, read_log
from lrgui.runs.record import Record
from lrgui.runs.records import WHOLE, Records
from lrgui.runs.source import Source as RunSource
from lrgui.tasks.spec import TaskSpec


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

#: With --auto-range so many sweeps follow the first at most.
MOST_MENDED = 2

_TASK = TaskSpec()
_SWEEP = SweepConfig()
_TRAIN = TrainConfig()

Source = Annotated[str, typer.Argument(help="What to train: digits.")]
Model = Annotated[str, typer.Option(help="cnn or simplenet.")]
Optimizer = Annotated[str, typer.Option(help="sgd, adam or adamw.")]
Momentum = Annotated[float, typer.Option(help="SGD's momentum.")]
WeightDecay = Annotated[float, typer.Option(help="Weight decay.")]
BatchSize = Annotated[int, typer.Option(help="Examples per step.")]
Subset = Annotated[int | None, typer.Option(help="Train on the first so many examples only.", show_default="all")]
Workers = Annotated[int, typer.Option(help="Processes that load batches.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same weights and batches.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps, …")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]
Log = Annotated[Path | None, typer.Option("--log", help="Also write the run's events to this .lrrun file.")]


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


@app.command()
def find(
    source: Source = "digits",
    model: Model = _TASK.model,
    optimizer: Optimizer = _TASK.optimizer,
    momentum: Momentum = _TASK.momentum,
    weight_decay: WeightDecay = _TASK.weight_decay,
    batch_size: BatchSize = _TASK.batch_size,
    subset: Subset = None,
    loader_workers: Workers = 0,
    from_: Annotated[float, typer.Option("--from", help="Learning rate of the first step.")] = _SWEEP.start_lr,
    to: Annotated[float, typer.Option("--to", help="Learning rate of the last step.")] = _SWEEP.end_lr,
    steps: Annotated[int, typer.Option(help="Planned steps.")] = _SWEEP.steps,
    beta: Annotated[float, typer.Option(help="Smoothing of the classic average.")] = _SWEEP.beta,
    stop_factor: Annotated[
        float, typer.Option(help="End when the average is above this multiple of its best; 0: never.")
    ] = _SWEEP.stop_factor,
    schedule: Annotated[str, typer.Option(help="How the rate rises: exponential or linear.")] = _SWEEP.schedule,
    batches_per_lr: Annotated[
        int, typer.Option(help="Optimizer steps at each rate; a point is the mean of their losses.")
    ] = _SWEEP.batches_per_lr,
    accumulation: Annotated[
        int, typer.Option(help="Batches that make one step: 2 learns like twice the batch size, in the memory of one.")
    ] = _SWEEP.accumulation,
    clip_grad_norm: Annotated[
        float | None, typer.Option(help="Shorten gradients to this norm before each step.", show_default="off")
    ] = None,
    amp: Annotated[
        str | None,
        typer.Option(help="Mixed precision: bf16 or fp16 (slow on a CPU).", show_default="full precision"),
    ] = None,
    repeats: Annotated[
        int, typer.Option(help="Sweeps of the same weights, each with another order of the data: 3 show the spread.")
    ] = _SWEEP.repeats,
    auto_range: Annotated[
        bool, typer.Option("--auto-range", help="Where the range was wrong, mend it and sweep again, twice at most.")
    ] = False,
    seed: Seed = _TASK.seed,
    device: Device = _TASK.device,
    as_json: Json = False,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write the points to this file.")] = None,
    png: Annotated[Path | None, typer.Option("--png", help="Write the annotated picture to this file.")] = None,
    log: Log = None,
) -> None:
    """Sweep the learning rate and say which one to use.

    Exit status: 0 with a recommendation, 3 without a reliable one, 2 for bad arguments, 1 for a failure.
    """
    task = TaskSpec(source, model, optimizer, momentum, weight_decay, batch_size, subset, loader_workers, device, seed)
    sweep = SweepConfig(
        from_,
        to,
        steps,
        beta,
        stop_factor,
        schedule=schedule,
        batches_per_lr=batches_per_lr,
        accumulation=accumulation,
        clip_grad_norm=clip_grad_norm,
        amp=amp,
        repeats=repeats,
    )
    job, end, reading, unkept = _sweep(_checked(Job("sweep", task, sweep)), log, as_json, auto_range)
    report = Report.of_sweeps(job, reading, end=end)
    report = replace(report, more={"sweep": job.to_dict()["sweep"], **report.more})
    if as_json:
        print(json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False))
    else:
        _tell(report)
    for path, key in ((csv, "csv"), (png, "png")):
        if path is not None:
            _export(report, path, key)
    if end.reason in ERRORS:
        _fail(end.detail)
    if unkept:
        _fail(unkept)
    raise typer.Exit(Status.OK if report.analysis.recommendation.lr is not None else Status.NO_PICK)


@app.command()
def train(
    source: Source = "digits",
    max_lr: Annotated[float, typer.Option(help="Top of the OneCycle schedule.")] = ...,  # type: ignore[assignment]
    epochs: Annotated[int, typer.Option(help="Passes over the training examples.")] = _TRAIN.epochs,
    pct_start: Annotated[float, typer.Option(help="Share of the steps on which the rate rises.")] = _TRAIN.pct_start,
    div_factor: Annotated[float, typer.Option(help="First rate = max LR / this.")] = _TRAIN.div_factor,
    final_div_factor: Annotated[float, typer.Option(help="Last rate = first rate / this.")] = _TRAIN.final_div_factor,
    model: Model = _TASK.model,
    optimizer: Optimizer = _TASK.optimizer,
    momentum: Momentum = _TASK.momentum,
    weight_decay: WeightDecay = _TASK.weight_decay,
    batch_size: BatchSize = _TASK.batch_size,
    subset: Subset = None,
    loader_workers: Workers = 0,
    seed: Seed = _TASK.seed,
    device: Device = _TASK.device,
    as_json: Json = False,
    log: Log = None,
) -> None:
    """Train with OneCycle and say how well it went. Exit status: 0, or 1 where the training failed or diverged."""
    task = TaskSpec(source, model, optimizer, momentum, weight_decay, batch_size, subset, loader_workers, device, seed)
    config = TrainConfig(epochs, max_lr, pct_start, div_factor, final_div_factor)
    record, unkept = _run(_checked(Job("train", task, train=config)), log, quiet=as_json)
    end = _ended(record)
    if as_json:
        print(json.dumps(_training(record, end), ensure_ascii=False, allow_nan=False))
    else:
        table = Table("epoch", "training loss", "validation loss", "training acc.", "validation acc.", "LR at the end")
        for e in record.epochs:
            accuracies = (f"{100 * a:.1f} %" if a is not None else "–" for a in (e.train_accuracy, e.val_accuracy))
            val = "–" if e.val_loss is None else f"{e.val_loss:.4f}"
            table.add_row(str(e.epoch), f"{e.train_loss:.4f}", val, *accuracies, format_lr(e.lr))
        Console().print(table)
        Console().print(escape(end.detail), highlight=False, soft_wrap=True)
    if unkept:
        _fail(unkept)
    raise typer.Exit(Status.OK if end.reason in ("completed", "cancelled") else Status.FAILED)


@app.command()
def scenarios(
    png: Annotated[Path | None, typer.Option(help="Write the picture, 300 DPI, to this file.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Write the vector picture to this file.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the points to this file.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same noise.")] = 0,
    show: Annotated[bool, typer.Option("--show", help="Open the window on the scenarios.")] = False,
) -> None:
    """Draw the three synthetic curves that teach what a learning-rate curve says.

    Without any option the picture is written to learning_rate_finder_visualizations.png.
    """
    from lrgui.export.files import write_atomically
    from lrgui.export.scenarios import FILE_NAME, SCENE_FORMATS, Scene

    if png is None and svg is None and csv is None and not show:
        png = Path(f"{FILE_NAME}.png")
    scene = Scene(seed=seed)

    def write() -> None:
        for key, path in (("png", png), ("svg", svg), ("csv", csv)):
            if path is None:
                continue
            try:
                write_atomically(path, SCENE_FORMATS[key].render(scene))
            except ExportError as error:
                _fail(str(error))
            words.print(f"Written: {escape(str(path))}", highlight=False, soft_wrap=True)

    if not show:
        write()
        return
    from lrgui.gui.app import main as open_window

    raise typer.Exit(open_window(["--scenarios", str(seed)], before=write))


@app.command("export")
def export_run(
    run: Annotated[Path, typer.Argument(help="A run that was kept on disk (.lrrun).", show_default=False)],
    png: Annotated[Path | None, typer.Option(help="Write the annotated picture, 300 DPI, to this file.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the points to this file.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the whole run to this file.")] = None,
) -> None:
    """Write a sweep that was kept on disk as a picture, table or document.

    Exit status: 0 once all is written, 2 for bad arguments, 1 for a run that cannot be read or exported.
    """
    wanted = {key: path for key, path in (("png", png), ("csv", csv), ("json", as_json)) if path is not None}
    if not wanted:
        _fail("Say what to write: --png FILE, --csv FILE or --json FILE.", Status.BAD_ARGUMENTS)
    try:
        logged = read_log(run)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        _fail(f"{run} could not be opened: {why}")
    for warning in logged.warnings:
        words.print(escape(warning), highlight=False, soft_wrap=True)
    job, sweeps = logged.job, Records.of(logged.events)
    record = sweeps.first
    if job.kind != "sweep":
        _fail(f"{run} is a {'race' if job.kind == 'race' else 'training'}; only sweeps can be exported.")
    if not len(record):
        _fail(f"{run} has no points: the run ended before its first batch.")
    sweep = job.sweep
    reading = read_curves(sweeps.curves(sweep.beta), planned_range=(sweep.start_lr, sweep.end_lr))
    report = Report.of_sweeps(job, reading, end=record.end)
    for key, path in wanted.items():
        _export(report, path, key)
        words.print(f"Written: {escape(str(path))}", highlight=False, soft_wrap=True)


def _checked(job: Job) -> Job:
    problems = job.validate()
    if problems:
        for problem in problems:
            words.print(f"[red]lrgui:[/] {escape(str(problem))}", highlight=False, soft_wrap=True)
        raise typer.Exit(Status.BAD_ARGUMENTS)
    return job


def _sweep(job: Job, log: Path | None, quiet: bool, auto_range: bool) -> tuple[Job, EndEvent, Reading, str]:
    """Sweep, with `auto_range` again where the range was wrong. The last sweep's job, end and reading, and what
    `_run` says; leaves where nothing was measured."""
    again = 0
    while True:
        sweeps = Records()
        _, unkept = _run(job, log, quiet, sweeps)
        end = _ended(sweeps.first)
        if not len(sweeps.first):
            _fail(end.detail)
        config = job.sweep
        reading = read_curves(sweeps.curves(config.beta), planned_range=(config.start_lr, config.end_lr))
        advice = reading.analysis.recommendation.advice
        if not auto_range or advice is None or end.reason not in WHOLE or again == MOST_MENDED:
            return job, end, reading, unkept
        again += 1
        ends = f"{short_lr(advice.start_lr)} to {short_lr(advice.end_lr)}"
        words.print(escape(f"{advice.why} Sweeping again, from {ends}."), highlight=False, soft_wrap=True)
        job = _checked(replace(job, sweep=replace(config, start_lr=advice.start_lr, end_lr=advice.end_lr)))


def _run(job: Job, log: Path | None, quiet: bool, sweeps: Records | None = None) -> tuple[Record, str]:
    """Run the job, show how it goes on a terminal, keep it on disk. `sweeps` takes in all of a run's sweeps.

    Returns what was measured, and a sentence where `log` was asked for and could not be written.
    """
    record = Record() if sweeps is None else sweeps.first
    taking = record if sweeps is None else sweeps
    source = _source(job)
    journals = [start_log(job, origin="command line")]
    if log is not None:
        journals.append(LogWriter(log, job, origin="command line"))

    def tell(problem: str | None) -> None:
        if problem:
            words.print(escape(problem), highlight=False, soft_wrap=True)

    try:
        with _interruptible(source.cancel), _progress(job, quiet) as show:
            for events in source.chunks():
                taking.add(events)
                for journal in journals:
                    tell(journal.write(events))
                show(events, len(taking))
    finally:
        for journal in journals:
            tell(journal.close())
    lost = log is not None and journals[-1].problem is not None
    return record, f"{log} does not hold the whole run: it could not be written." if lost else ""


def _source(job: Job) -> RunSource:
    """Computes in this process; in another Python where one was named, or where there is no torch in here."""
    python = frozen.chosen_python(load_settings(settings_file())[0].python)
    if not frozen.computes_itself(python):
        return ChildProcess(job, python)
    try:
        from lrgui.runs.in_process import InProcess
    except ImportError as error:
        _fail(f"PyTorch could not be imported ({error}). Install it: pip install torch")
    return InProcess(job)


@contextmanager
def _interruptible(cancel: Callable[[], None]) -> Iterator[None]:
    """Inside, the first Ctrl+C ends the run in good order, the second one ends the process."""

    def stop(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        cancel()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(job: Job, quiet: bool) -> Iterator[Callable[[list[Event], int], None]]:
    """A progress bar where standard error is a terminal; what the run prints and how it fails in any case."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=words,
        transient=True,
        disable=not words.is_terminal,
    )
    with bar:
        line = bar.add_task("Sweep" if job.kind == "sweep" else "Training", total=None)

        def show(events: list[Event], done: int) -> None:
            for event in events:
                if isinstance(event, TaskEvent):
                    bar.update(line, total=event.steps * (job.sweep.repeats if job.kind == "sweep" else 1))
                    if not quiet:
                        detail = f"{event.name} · {event.detail} · {event.parameters:,} parameters · {event.device}"
                        words.print(escape(detail), highlight=False, soft_wrap=True)
                elif isinstance(event, OutputEvent):
                    words.print(escape(event.text.rstrip("\n")), highlight=False)
                elif isinstance(event, EpochEvent):
                    bar.update(line, description=f"Training · epoch {event.epoch} · loss {event.train_loss:.3g}")
            bar.update(line, completed=done)

        yield show


def _ended(record: Record) -> EndEvent:
    return record.end or EndEvent("killed", "The run ended without a word. Start it again.")


def _tell(report: Report) -> None:
    """The result in words and a table, on standard output."""
    out = Console()
    analysis = report.analysis
    pick = analysis.recommendation
    spread = report.more.get("spread", {})
    table = Table("rule", "learning rate", *(["of the repeats"] if spread else []), "why")

    def repeated(key: str) -> list[str]:
        """The lowest and the highest rate of the repeats."""
        rates = [lr for lr in spread.get(key, ()) if lr is not None]
        words = "–" if not rates else f"{short_lr(min(rates), 2)} to {short_lr(max(rates), 2)}"
        return [words] if spread else []

    label = "★ recommended" if pick.lr is not None else "☆ best guess"
    rate = pick.lr if pick.lr is not None else pick.best_guess
    table.add_row(label, "–" if rate is None else format_lr(rate), *repeated("ours"), escape(pick.reason))
    for s in analysis.suggestions.values():
        table.add_row(s.label, "–" if s.lr is None else format_lr(s.lr), *repeated(s.key), escape(s.reason))
    out.print(table)
    out.print(escape(analysis.interpretation), highlight=False, soft_wrap=True)
    signs = {"good": "✓", "bad": "✗", "open": "!"}
    for check in analysis.checklist:
        out.print(f" {signs[check.state]} {escape(check.text)}", highlight=False, soft_wrap=True)
    if analysis.zones is not None and analysis.zones.note:
        out.print(escape(analysis.zones.note), highlight=False, soft_wrap=True)
    if report.end is not None:
        out.print(escape(report.end.detail), highlight=False, soft_wrap=True)
    if pick.lr is not None:
        out.print(f"[bold]Learning rate: {format_lr(pick.lr)}[/] · {confidence_words(pick)}", highlight=False)
    else:
        out.print(f"[bold]{escape(pick.reason)}[/]", highlight=False, soft_wrap=True)


def _training(record: Record, end: EndEvent) -> dict[str, Any]:
    epochs = [
        {
            "epoch": e.epoch,
            "train_loss": e.train_loss,
            "val_loss": e.val_loss,
            "train_accuracy": e.train_accuracy,
            "val_accuracy": e.val_accuracy,
            "lr": e.lr,
        }
        for e in record.epochs
    ]
    numbers = [[x if abs(x) < float("inf") else None for x in values.tolist()] for values in (record.lr, record.loss)]
    return {
        "epochs": epochs,
        "batches": {"lr": numbers[0], "loss": numbers[1]},
        "end": {"reason": end.reason, "detail": end.detail},
    }


def _export(report: Report, path: Path, key: str) -> None:
    try:
        export(report, path, key)
    except ExportError as error:
        _fail(str(error))


def _fail(sentence: str, status: Status = Status.FAILED) -> NoReturn:
    words.print(f"[red]lrgui:[/] {escape(sentence)}", highlight=False, soft_wrap=True)
    raise typer.Exit(status)


def main() -> None:
    """The `lrgui` command."""
    if sys.argv[1:2] == ["--worker"]:
        from lrgui.runs.worker import main as work

        raise SystemExit(work())
    from lrgui.cli_compare import compare  # they use what stands above
    from lrgui.cli_verify import verify

    app.command()(verify)
    app.command()(compare)
    # A pipe that is closed early (head, less) is no failure worth a traceback.
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(Status.FAILED) from None
    except Exception:
        traceback.print_exc()
        words.print(
            "[red]lrgui:[/] This should not have happened: a mistake in the program, not in your input. Please "
            "report the lines above. What was measured is kept in the runs folder.",
            highlight=False,
        )
        raise SystemExit(Status.FAILED) from None


if __name__ == "__main__":
    main()
