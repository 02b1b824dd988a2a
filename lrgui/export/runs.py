"""A run from disk as what can be exported."""

from __future__ import annotations

from lrgui.core.events import RunKind
from lrgui.export.race import RaceReport
from lrgui.export.report import Report
from lrgui.export.shown import Shown
from lrgui.export.training import TrainingReport
from lrgui.runs.opened import OpenedRun


def shown_run(opened: OpenedRun) -> Shown:
    """What the window would show of it. Its record must not be empty."""
    job = opened.job
    if job.kind == RunKind.RACE:
        assert opened.race is not None
        return RaceReport(job, opened.race, opened.created)
    if job.kind == RunKind.TRAIN:
        return TrainingReport(job, opened.record, opened.created)
    return Report(opened.sweeps.read(job.sweep), job, record=opened.record, made=opened.created)
