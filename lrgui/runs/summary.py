"""What a list of runs shows of one: read off its log once, small enough to keep thousands."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.events import RunKind
from lrgui.core.learning_rate import format_lr
from lrgui.runs.epochs import judged_loss
from lrgui.runs.headline import title_of
from lrgui.runs.job import Job
from lrgui.runs.opened import OpenedRun, open_run, why_not_opened
from lrgui.runs.race_record import RaceRecord
from lrgui.runs.record import Record
from lrgui.runs.words import VERBS, end_words
from lrgui.tasks.user.rows import OWN, SCRIPT

Floats = NDArray[np.float64]

#: Points of a thumbnail, one byte each: 0 is its bottom, `TOP` its top, `GAP` no point.
POINTS, TOP, GAP = 48, 254, 255
#: The top of a thumbnail stands so far above a curve's start, as a share of its fall: a blow-up is cut off there.
ABOVE = 0.25
#: What a guess has in the place of a confidence.
GUESSED = "none"


@dataclass(frozen=True)
class RunSummary:
    """One run. Plain values only: a row of the index."""

    file: str
    """Name of the log in the runs folder."""
    changed: int
    """When the log was last written, in nanoseconds since 1970."""
    size: int
    """Bytes of the log."""
    kind: str = ""
    """A `RunKind`; empty for a log that cannot be read."""
    task: str = ""
    """Data and model for people: "digits · small CNN"."""
    optimizer: str = ""
    batch_size: int = 0
    lr: float | None = None
    """The pick of a sweep or race, the maximum of a training's schedule."""
    confidence: str = ""
    """Of a sweep's pick, one of `core.curve.confidence.CONFIDENCES`; empty for other kinds and without a pick."""
    loss: float | None = None
    """The lowest (smoothed) loss of a sweep, the best of a training (of validation where it has one) or race."""
    end: str = ""
    """An `EndReason`; empty where the log has no end."""
    created: float = 0.0
    """When it began, in seconds since 1970."""
    seconds: float = 0.0
    """From its first batch to its last."""
    points: int = 0
    """Batches measured."""
    origin: str = ""
    """Who ran it: "window", "command line", …"""
    curve: bytes = b""
    """Its thumbnail: `POINTS` bytes, or none."""
    problem: str = ""
    """Why the log cannot be read, in a sentence; empty where it can."""

    @property
    def kind_words(self) -> str:
        """What it is: "Sweep"."""
        return VERBS.get(self.kind, self.kind.capitalize() or "Unreadable")

    @property
    def ended(self) -> str:
        """How it ended, in a few words."""
        return "cannot be read" if self.problem else end_words(self.kind, self.end)

    @property
    def rate(self) -> str:
        """Its rate for people, "–" without one."""
        return "–" if self.lr is None else format_lr(self.lr)

    @property
    def sure(self) -> str:
        """How far its rate can be relied on: "high", "a guess"; empty where nothing says."""
        return "a guess" if self.confidence == GUESSED else self.confidence


def summary_of(path: Path) -> RunSummary:
    """Read the run at `path`; never raises for a log that is gone, damaged or no log, whose `problem` says so."""
    try:
        facts = os.stat(path)
    except OSError as error:
        return RunSummary(path.name, 0, 0, problem=why_not_opened(path.name, error))
    blank = RunSummary(path.name, facts.st_mtime_ns, facts.st_size, created=facts.st_mtime)
    try:
        return summarized(blank, open_run(path))
    except (OSError, ValueError) as error:
        return replace(blank, problem=why_not_opened(path.name, error))
    except Exception as error:  # a file can say anything: one run must not hide all others
        return replace(blank, problem=f"{path.name} cannot be summarized: {error}")


def optimizer_of(job: Job, record: Record) -> str:
    """A run's optimizer for people: of one that the code brings the class, once that is known."""
    task, made = job.task, record.task
    brought = task.optimizer == OWN or task.source == SCRIPT
    return made.optimizer if brought and made is not None and made.optimizer else task.optimizer_words


def summarized(blank: RunSummary, run: OpenedRun, reading: SweepReading | None = None) -> RunSummary:
    """What `run` holds, in the place of what `blank` does not know; `reading` is a sweep's that was read before."""
    job, record = run.job, run.record
    words = title_of(job.task, record.task).removesuffix(f" · {job.task.optimizer_words}")
    counted = record if run.race is not None else run.sweeps
    seconds = (float(record.seconds[-1]) if len(record) else 0.0) if run.race is not None else float(run.sweeps.seconds)
    filled = replace(
        blank,
        kind=str(job.kind),
        task=words,
        optimizer=optimizer_of(job, record),
        batch_size=0 if job.task.source == SCRIPT else job.task.batch_size,  # of a script nobody knows it
        end=str(record.end.reason) if record.end is not None else "",
        created=run.created.timestamp() if run.created is not None else blank.created,
        seconds=seconds,
        points=len(counted),
        origin=run.origin,
    )
    if run.race is not None:
        return _of_race(filled, run.race)
    if not len(record):
        return replace(filled, lr=_trained_at(run)) if job.kind == RunKind.TRAIN else filled
    return _of_training(filled, run) if job.kind == RunKind.TRAIN else _of_sweep(filled, run, reading)


def _of_sweep(blank: RunSummary, run: OpenedRun, reading: SweepReading | None) -> RunSummary:
    reading = reading or run.sweeps.read(run.job.sweep)
    pick, marks, curve = reading.recommendation, reading.landmarks, reading.curve
    sure = "" if pick.best_guess is None else GUESSED if pick.lr is None else str(pick.confidence)
    lowest = None if marks is None else _finite(marks.lowest)
    drawn = thumbnail(curve.log_lr, curve.smoothed)
    return replace(blank, lr=pick.best_guess, confidence=sure, loss=lowest, curve=drawn)


def _of_training(blank: RunSummary, run: OpenedRun) -> RunSummary:
    record = run.record
    finite = [loss for each in record.epochs if math.isfinite(loss := judged_loss(each))]
    curve = thumbnail(np.arange(len(record), dtype=np.float64), averaged(record.loss))
    return replace(blank, lr=_trained_at(run), loss=min(finite, default=None), curve=curve)


def _of_race(blank: RunSummary, race: RaceRecord) -> RunSummary:
    ranking = race.standings.ranking()
    rows = sorted((row for row in ranking.rows if row.round >= 0), key=lambda row: row.lr)
    lr = np.log10([row.lr for row in rows]) if rows else np.empty(0)
    leader = ranking.leader
    curve = thumbnail(lr, np.array([row.loss for row in rows], dtype=np.float64))
    return replace(blank, lr=ranking.lr, loss=None if leader is None else _finite(leader.loss), curve=curve)


def averaged(losses: Floats, planned: int = 0) -> Floats:
    """A training's batch losses, averaged over about a twentieth of it, of `planned` steps or those it made. Shape
    (batches,)."""
    loss = np.where(np.isfinite(losses), losses, np.nan)
    width = max(1, max(planned, len(loss)) // 20)
    there = np.isfinite(loss)
    sums, counts = (np.cumsum(np.concatenate(([0.0], row))) for row in (np.where(there, loss, 0.0), there * 1.0))
    last = np.arange(1, len(loss) + 1)
    first = np.maximum(last - width, 0)
    count = counts[last] - counts[first]
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, (sums[last] - sums[first]) / np.maximum(count, 1), np.nan)


def thumbnail(x: Floats, y: Floats) -> bytes:
    """A curve, `x` rising, as `POINTS` bytes; empty where fewer than two of its points are finite. Shapes (n,)."""
    there = np.isfinite(x) & np.isfinite(y)
    if there.sum() < 2:
        return b""
    x, y = x[there], y[there]
    low = float(y.min())
    start = float(np.median(y[: max(1, len(y) // 10)]))
    span = (start - low) * (1 + ABOVE)
    high = low + span if span > 0.05 * (float(y.max()) - low) else float(y.max())
    values = np.interp(np.linspace(x[0], x[-1], POINTS), x, y)
    share = np.clip((values - low) / (high - low), 0, 1) if high > low else np.full(POINTS, 0.5)
    points = np.round(share * TOP).astype(np.uint8)
    cut = values > high
    cut &= np.logical_or.accumulate(~cut)  # where a curve falls fast, it begins above the top
    points[cut & np.concatenate(([False], cut[:-1]))] = GAP  # a blow-up leaves the picture where it passes the top
    return points.tobytes()


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _trained_at(run: OpenedRun) -> float | None:
    """The rate of a training: the highest, of a script the highest that it set itself."""
    if run.job.task.source != SCRIPT:
        return run.job.train.max_lr
    return float(run.record.lr.max()) if len(run.record) else None
