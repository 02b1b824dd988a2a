"""`lrgui train`: train with OneCycle and say how well it went."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from lrgui.cli.app import Json, Log, Status, checked, command, fail, results, tell
from lrgui.cli.loop_options import Accumulation, Amp, ClipGradNorm
from lrgui.cli.running import ended, run
from lrgui.cli.task_options import Python, changed, with_task
from lrgui.core.config import TrainConfig
from lrgui.core.events import EndEvent, EpochEvent
from lrgui.core.learning_rate import format_lr
from lrgui.runs.job import Job

if TYPE_CHECKING:
    from lrgui.runs.record import Record

_TRAIN = TrainConfig()


@command(of_task=True)
@with_task
def train(
    base: Job,
    max_lr: Annotated[float, typer.Option(help="Top of the OneCycle schedule.")] = ...,  # type: ignore[assignment]
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training examples.", show_default=f"{_TRAIN.epochs:g}")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            help="Optimizer steps in all, for batches without an end: the epochs are equal parts of them.",
            show_default="whole passes",
        ),
    ] = None,
    pct_start: Annotated[
        float | None,
        typer.Option(help="Share of the steps on which the rate rises.", show_default=f"{_TRAIN.pct_start:g}"),
    ] = None,
    div_factor: Annotated[
        float | None, typer.Option(help="First rate = max LR / this.", show_default=f"{_TRAIN.div_factor:g}")
    ] = None,
    final_div_factor: Annotated[
        float | None, typer.Option(help="Last rate = first rate / this.", show_default=f"{_TRAIN.final_div_factor:g}")
    ] = None,
    accumulation: Accumulation = None,
    clip_grad_norm: ClipGradNorm = None,
    amp: Amp = None,
    as_json: Json = False,
    log: Log = None,
    python: Python = None,
) -> None:
    """Train with OneCycle and say how well it went. Exit status: 0, or 1 where the training failed or diverged."""
    sweep = changed(base.sweep, accumulation=accumulation, clip_grad_norm=clip_grad_norm, amp=amp)
    job = replace(base, sweep=sweep).training()
    config = changed(
        job.train,
        epochs=epochs,
        steps=steps,
        max_lr=max_lr,
        pct_start=pct_start,
        div_factor=div_factor,
        final_div_factor=final_div_factor,
    )
    job = checked(replace(job, train=config))
    record, unkept = run(job, log, quiet=as_json, python=python)
    end = ended(record)
    if as_json:
        print(json.dumps(_training(record, end), ensure_ascii=False, allow_nan=False))
    else:
        name = (record.epochs[-1].metric_name if record.epochs else "") or "acc."
        table = Table(
            "epoch", "training loss", "validation loss", f"training {name}", f"validation {name}", "LR at the end"
        )
        for e in record.epochs:
            val = "–" if e.val_loss is None else f"{e.val_loss:.4f}"
            table.add_row(str(e.epoch), f"{e.train_loss:.4f}", val, *_metrics(e), format_lr(e.lr))
        if record.epochs:
            results().print(table)
        tell(end.detail)
    if unkept:
        fail(unkept)
    raise typer.Exit(Status.OK if end.reason in ("completed", "cancelled") else Status.FAILED)


def _metrics(epoch: EpochEvent) -> tuple[str, str]:
    """Training and validation metric of an epoch, for people."""
    if epoch.metric_name:
        return _shown(epoch.train_metric, "{:.4g}"), _shown(epoch.val_metric, "{:.4g}")
    return _shown(epoch.train_accuracy, "{:.1%}"), _shown(epoch.val_accuracy, "{:.1%}")


def _shown(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value).replace("%", " %")


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
