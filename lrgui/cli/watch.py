"""`lrgui watch`: look on while a training script trains, as it is."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lrgui.cli.app import Json, Log, Status, checked, command, fail, printed, say, tell, words
from lrgui.cli.outputs import source_file, spare
from lrgui.cli.run import Module, Script
from lrgui.cli.running import Journals, Signals, ended, source_of, task_words
from lrgui.cli.script_job import script_job
from lrgui.cli.task_options import Python
from lrgui.core.events import BatchEvent, EndReason, Event, OutputEvent, RunKind, TaskEvent
from lrgui.core.formats import format_figure, format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.runs.job import Job

if TYPE_CHECKING:
    from lrgui.runs.record import Record

#: The speed is that of the last so many steps.
RECENT = 50


@command("watch", of_script=True)
def watch_script(
    script: Script,
    module: Module = False,
    optimizer: Annotated[
        int, typer.Option(help="Which of the script's optimizers to watch, from 0, in the order in which they step.")
    ] = 0,
    as_json: Json = False,
    log: Log = None,
    python: Python = None,
) -> None:
    """Run your training script as it is, and show loss, rate, gradient norm and speed of each step.

    Nothing is changed, and the script runs to its end; Ctrl+C stops it as without LR Finder. The window opens the log
    as a training. Exit status: 0 where it ended or was stopped, 1 where it failed, 2 for bad arguments.
    """
    base = script_job(script, module, {"optimizer": optimizer})
    spare({"log": log}, source_file(base.task))
    record, unkept = _watched(checked(replace(base, kind=RunKind.TRAIN)), log, as_json, python)
    end = ended(record)
    if as_json:
        print(json.dumps(_document(record), ensure_ascii=False, allow_nan=False))
    else:
        tell(end.detail)
    if unkept:
        fail(unkept)
    if end.reason not in (EndReason.COMPLETED, EndReason.CANCELLED):
        raise typer.Exit(Status.FAILED)


def _watched(job: Job, log: Any, quiet: bool, python: Any) -> tuple[Record, str]:
    """Run the script, show its steps in a line that is kept up to date where there is a terminal, keep them on disk."""
    from rich.live import Live
    from rich.text import Text

    from lrgui.runs.record import Record

    record, source, recent = Record(), source_of(job, python), deque[BatchEvent](maxlen=RECENT)
    line = Live(Text(), console=words, refresh_per_second=8, transient=True) if words.is_terminal else None
    with Journals(job, log) as journals, Signals(source), closing(source.chunks()) as chunks:
        if line is not None:
            line.start()
        try:
            for events in chunks:
                record.add(events)
                journals.write(events)
                recent.extend(event for event in events if isinstance(event, BatchEvent))
                _show(events, quiet)
                if line is not None and recent:
                    line.update(Text(step_words(recent, record.task)))
        finally:
            if line is not None:
                line.stop()
    return record, journals.lost


def _show(events: Sequence[Event], quiet: bool) -> None:
    for event in events:
        if isinstance(event, OutputEvent):
            printed(event)
        elif isinstance(event, TaskEvent) and not quiet:
            say(task_words(event))


def step_words(recent: Sequence[BatchEvent], task: TaskEvent | None) -> str:
    """The last steps in a line: "step 1,234 · loss 0.512 · LR 3.2e-4 · gradient norm 1.3 · 82 steps/s".

    The loss is the median of the last of them.
    """
    last = recent[-1]
    losses = sorted(event.loss for event in list(recent)[-9:])
    parts = [f"step {last.step + 1:,}", f"loss {format_loss(losses[len(losses) // 2])}", f"LR {format_lr(last.lr)}"]
    if last.metric is not None and task is not None:
        parts.append(f"{task.metric_name} {format_figure(last.metric)}")
    seconds = last.seconds - recent[0].seconds
    if seconds > 0:
        parts.append(f"{format_figure((last.step - recent[0].step) / seconds)} steps/s")
    return " · ".join(parts)


def _document(record: Record) -> dict[str, Any]:
    end = ended(record)
    metric = record.metric
    columns = {"lr": record.lr, "loss": record.loss, "seconds": record.seconds}
    if metric is not None and record.task is not None:
        columns[record.task.metric_name.replace(" ", "_")] = metric
    steps = {name: [x if math.isfinite(x) else None for x in values.tolist()] for name, values in columns.items()}
    return {"steps": steps, "end": {"reason": end.reason, "detail": end.detail}}
