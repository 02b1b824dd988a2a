"""`lrgui train`: train and say how well it went."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from lrgui.cli.app import Json, Log, Status, checked, command, fail, tell
from lrgui.cli.candidates import read_rates, train_candidates
from lrgui.cli.generated import refuse_without_effect, with_settings
from lrgui.cli.outputs import source_file, spare
from lrgui.cli.place import Place, with_place
from lrgui.cli.running import ended, run
from lrgui.cli.tables import print_table
from lrgui.cli.task_options import with_task
from lrgui.cli.tracking import Track
from lrgui.core.events import WELL, EndEvent, EpochEvent
from lrgui.core.formats import NOTHING, format_losses, format_metrics
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import TrainSettings
from lrgui.runs.job import Job

if TYPE_CHECKING:
    from lrgui.runs.record import Record

#: A table of a training's epochs has at most so many rows.
MOST_ROWS = 30
#: So many epochs may lie between two rows.
_APART = [digit * 10**power for power in range(9) for digit in (1, 2, 5)]


@command(of_task=True)
@with_task
@with_settings(TrainSettings, required={"max_lr": "“lrgui find” recommends one"})
@with_place
def train(
    base: Job,
    given: dict[str, Any] = {},  # noqa: B006 (`with_settings` fills it)
    as_json: Json = False,
    log: Log = None,
    track: Track = None,
    python: Place = None,
    compare_lr: Annotated[
        str, typer.Option(help="Train at these maximum rates, too, one after the other: 1e-3,3e-3.", show_default=False)
    ] = "",
    seeds: Annotated[int, typer.Option(help="Train with so many seeds, from --seed on.")] = 1,
) -> None:
    """Train on a schedule, OneCycle unless another is chosen, and say how well it went.

    Several trainings (--compare-lr, --seeds) are compared in a table; one that fails does not end the others. Exit
    status: 0 once it is trained or stopped, 1 where it failed or diverged, 2 for bad arguments.
    """
    spare({"log": log}, source_file(base.task))
    job = base.with_shared(given).training()
    job = checked(replace(job, train=replace(job.train, **given)))
    refuse_without_effect(job.train, given)
    if compare_lr or seeds != 1:
        if log is not None:
            fail("--log keeps one training; several are kept in the folder of runs.", Status.BAD_ARGUMENTS)
        train_candidates(job, read_rates(compare_lr), seeds, as_json, python)
    finish(*run(job, log, quiet=as_json, python=python), as_json)


def finish(record: Record, unkept: str, as_json: bool) -> NoReturn:
    """Tell what a training came to, and leave; `unkept` says what could not be kept of it."""
    end = ended(record)
    if as_json:
        print(json.dumps(_training(record, end), ensure_ascii=False, allow_nan=False))
    else:
        tell_training(record, end)
    if unkept:
        fail(unkept)
    raise typer.Exit(Status.OK if end.reason in WELL else Status.FAILED)


def tell_training(record: Record, end: EndEvent) -> None:
    """The epochs of a training in a table, of many those that show its course, and how it ended, on standard output."""
    epochs, every = told_epochs(record.epochs), len(record.epochs)
    name = (epochs[-1].metric_name if epochs else "") or "acc."
    kinds = name if epochs and epochs[-1].metric_name else "accuracy"
    metrics = list(zip(*map(_metrics, epochs), strict=True)) or [(), ()]
    measured = {
        f"training {name}": format_metrics(kinds, metrics[0]),
        f"validation {name}": format_metrics(kinds, metrics[1]),
    }
    columns = {
        "epoch": [str(e.epoch) for e in epochs],
        "training loss": format_losses([e.train_loss for e in epochs]),
        "validation loss": format_losses([e.val_loss for e in epochs]),
        **measured,
        "LR at the end": [format_lr(e.lr) for e in epochs],
    }
    columns = {head: cells for head, cells in columns.items() if set(cells) - {NOTHING}}
    if epochs:
        print_table(list(columns), list(zip(*columns.values(), strict=True)))
    if len(epochs) < every:
        from lrgui.runs.epochs import best_epoch

        best = best_epoch(record.epochs)
        which = "" if best is None else f", the best among them ({best.epoch})"
        tell(f"{len(epochs)} of {every:,} epochs{which}; --json has them all.")
    tell(end.detail)


def told_epochs(epochs: Sequence[EpochEvent]) -> list[EpochEvent]:
    """All epochs, or of many the first, each fifth, tenth, twentieth …, the best and the last."""
    if len(epochs) <= MOST_ROWS:
        return list(epochs)
    from lrgui.runs.epochs import best_epoch  # it needs numpy, which help does not

    apart = next(n for n in _APART if len(epochs) / n <= MOST_ROWS - 3)
    best = best_epoch(epochs)
    return [e for e in epochs if e.epoch % apart == 0 or e in (epochs[0], best, epochs[-1])]


def _metrics(epoch: EpochEvent) -> tuple[float | None, float | None]:
    """Training and validation metric of an epoch."""
    if epoch.metric_name:
        return epoch.train_metric, epoch.val_metric
    return epoch.train_accuracy, epoch.val_accuracy


def _training(record: Record, end: EndEvent) -> dict[str, Any]:
    epochs = [
        {
            "epoch": e.epoch,
            "train_loss": e.train_loss,
            "val_loss": e.val_loss,
            "train_accuracy": e.train_accuracy,
            "val_accuracy": e.val_accuracy,
            **(
                {"train_metric": e.train_metric, "val_metric": e.val_metric, "metric": e.metric_name}
                if e.metric_name
                else {}
            ),
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
