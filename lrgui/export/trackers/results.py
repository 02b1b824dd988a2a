"""What a kept run comes to, for a tracker."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lrgui.core.events import EndEvent, EndReason
from lrgui.core.options import Scalar
from lrgui.core.standings import Ranking
from lrgui.export import FORMATS, ExportError, PictureStyle
from lrgui.export.race import RaceReport
from lrgui.export.report import Report
from lrgui.export.runs import shown_run
from lrgui.export.shown import Shown
from lrgui.export.trackers.tracked_run import Ending
from lrgui.export.training import TrainingReport
from lrgui.runs.opened import OpenedRun
from lrgui.runs.record import Record

#: The picture on a tracker's page; the one that is exported has more pixels than such a page needs.
PICTURE = PictureStyle(dpi=150)
PICTURE_NAME = "picture.png"
#: What is kept beside numbers and picture where a tracker keeps files: file name by format.
FILES = {"csv": "points.csv", "html": "report.html"}

INTERRUPTED = EndEvent(EndReason.KILLED, "The run was interrupted.")


def ending_of(opened: OpenedRun, files: bool) -> Ending:
    """How a run ended, with its results and picture, and with its `files`; of one without a point only why."""
    end = opened.record.end or INTERRUPTED
    if not len(opened.record):
        return Ending(end)
    thing = shown_run(opened)
    return ending(thing, end, _files(thing, files))


def ending(thing: Shown, end: EndEvent, files: Mapping[str, bytes]) -> Ending:
    """The results of what would be exported."""
    if isinstance(thing, Report):
        found = _of_sweep(thing)
    elif isinstance(thing, RaceReport):
        return of_ranking(thing.ranking, end, files)
    elif isinstance(thing, TrainingReport):
        found = _of_training(thing.record)
    else:
        found = {}
    return _ending(found, end, files)


def of_ranking(ranking: Ranking, end: EndEvent, files: Mapping[str, bytes]) -> Ending:
    """The results of a race."""
    best, confirmed = ranking.leader, "yes" if ranking.confirmed else "no"
    loss = None if best is None else best.loss
    return _ending(
        {"best_lr": ranking.lr, "best_loss": loss, "confirmed": confirmed, "reason": ranking.reason}, end, files
    )


def _ending(found: Mapping[str, Scalar], end: EndEvent, files: Mapping[str, bytes]) -> Ending:
    numbers = {name: float(value) for name, value in found.items() if isinstance(value, int | float)}
    words = {name: value for name, value in found.items() if isinstance(value, str) and value}
    return Ending(end, {name: value for name, value in numbers.items() if math.isfinite(value)}, words, files)


def _of_sweep(report: Report) -> dict[str, Scalar]:
    reading = report.reading
    pick, span = reading.recommendation, reading.range
    return {
        "recommended_lr": pick.lr,
        "guessed_lr": pick.best_guess if pick.lr is None else None,
        "conservative_lr": None if span is None else span.low,
        "highest_lr": None if span is None else span.high,
        "factor": pick.factor,
        **{f"{key}_lr": suggestion.lr for key, suggestion in reading.suggestions.items()},
        "confidence": pick.confidence,
        "reason": pick.reason,
        "reading": reading.interpretation,
    }


def _of_training(record: Record) -> dict[str, Scalar]:
    """The last epoch, and the one with the lowest validation loss."""
    if not record.epochs:
        return {"final_loss": float(record.loss[-1])}
    last, name = record.epochs[-1], record.epochs[-1].metric_name
    held_out = [epoch for epoch in record.epochs if epoch.val_loss is not None and math.isfinite(epoch.val_loss)]
    best = min(held_out, key=lambda epoch: epoch.val_loss or 0.0, default=None)
    return {
        "final_train_loss": last.train_loss,
        "final_val_loss": last.val_loss,
        "final_val_accuracy": last.val_accuracy,
        f"final_val_{name or 'metric'}": last.val_metric,
        "best_val_loss": None if best is None else best.val_loss,
        "best_epoch": None if best is None else best.epoch,
    }


def _files(thing: Shown, every: bool) -> dict[str, bytes]:
    found = {}
    for key, name in {"png": PICTURE_NAME, **(FILES if every else {})}.items():
        try:
            found[name] = FORMATS[key].render(thing, PICTURE)
        except ExportError:
            continue  # this run has none
    return found
