"""What to tell the person when a run has ended, and what one click could change about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.curve.recommend import Recommendation
from lrgui.core.events import ERRORS, EndEvent, EndReason, OutputEvent, RunKind, Stream
from lrgui.gui.fixes import Repair, lower_rate, other_sweep, race_around, repair_for
from lrgui.gui.notice import Notice
from lrgui.runs.job import Job


def how_it_ended(
    kind: str, job: Job, end: EndEvent, output: Sequence[OutputEvent], pick: Recommendation | None
) -> tuple[Notice | None, Repair | None]:
    """What to say after a run of `job`, None where there is nothing to say; and what mends it, where something does.

    `kind` is what went on, `output` what it printed, `pick` what was read off it, where that was a sweep.
    """
    notes = " ".join(event.text.strip() for event in output if event.stream == Stream.NOTE)
    if end.reason in ERRORS:
        printed = "".join(event.text for event in output if event.stream != Stream.NOTE)
        repair = repair_for(end, job) if kind not in (RunKind.ASIDE, RunKind.COMPARE) else None
        return Notice("error", end.detail, f"{notes}\n\n{printed}".strip()), repair
    notice, repair = _of_a_good_end(kind, job, end, pick)
    if notes:
        notice = Notice("info", notes) if notice is None else replace(notice, details=notes)
    return notice, repair


def _of_a_good_end(
    kind: str, job: Job, end: EndEvent, pick: Recommendation | None
) -> tuple[Notice | None, Repair | None]:
    if end.reason == EndReason.DATA_ENDED:
        return Notice("info", end.detail), None
    if end.reason == EndReason.CANCELLED:
        return None, None  # who stopped it knows
    if end.reason in (EndReason.DIVERGED, EndReason.NOT_FINITE) and kind == RunKind.TRAIN:
        return Notice("warning", end.detail), lower_rate(job)
    if pick is None:
        return None, None
    change = pick.next_sweep
    if change is not None:
        return Notice("warning", pick.reason if pick.lr is None else change.why), other_sweep(change)
    if pick.lr is not None:
        return None, None
    maximum = pick.by_schedule.get(ONE_CYCLE)  # whatever is planned, the race is one of OneCycles
    return Notice("warning", pick.reason), None if maximum is None else race_around(maximum)
