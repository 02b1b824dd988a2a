"""What one run of a study found: small enough to keep in the journal, so that no log has to be read again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.events import EndReason, RunKind
from lrgui.runs.opened import open_run
from lrgui.runs.summary import GUESSED, RunSummary, summarized

#: Ends after which a run is made again when its study goes on: nothing was wrong with it.
UNFINISHED = (EndReason.CANCELLED, EndReason.KILLED)


@dataclass(frozen=True)
class StageResult:
    """How a run of a study ended, and what it found."""

    reason: str
    """An `EndReason`."""
    detail: str = ""
    """The sentence that goes with it."""
    lr: float | None = None
    """The pick of a sweep (its best guess where there is none) or race, the highest rate of a training."""
    confidence: str = ""
    """Of a sweep's pick, one of `core.curve.confidence.CONFIDENCES`; empty for other kinds and without a pick."""
    one_cycle: float | None = None
    """Of a sweep: the rate that a OneCycle training is to be made at."""
    loss: float | None = None
    """The lowest smoothed loss of a sweep, the best one of a training (of validation where it has one) or race."""
    seconds: float = 0.0
    """From its first batch to its last."""
    points: int = 0
    """Batches measured."""

    @property
    def sure(self) -> bool:
        """True where the rate is a pick and not only a guess."""
        return self.lr is not None and self.confidence != GUESSED

    @property
    def finished(self) -> bool:
        """True where it need not be run again, whatever came of it."""
        return self.reason not in UNFINISHED

    @property
    def good(self) -> bool:
        """True where it was measured to its end."""
        return self.reason in (
            EndReason.COMPLETED,
            EndReason.DIVERGED,
            EndReason.NOT_FINITE,
            EndReason.DATA_ENDED,
        )


def result_of(path: Path) -> StageResult | None:
    """What the log at `path` says; None where it has no end. Raises OSError and ValueError, with a sentence, where it
    cannot be read."""
    run = open_run(path)
    end = run.record.end
    if end is None:
        return None
    reading = run.sweeps.read(run.job.sweep) if run.job.kind == RunKind.SWEEP and len(run.record) else None
    found = summarized(RunSummary(path.name, 0, 0), run, reading)
    # Whatever is planned, races and trainings are OneCycles.
    one_cycle = None if reading is None else reading.recommendation.by_schedule.get(ONE_CYCLE)
    return StageResult(
        str(end.reason),
        end.detail,
        found.lr,
        found.confidence,
        one_cycle,
        found.loss,
        found.seconds,
        found.points,
    )
