"""What to tell the person when a run has ended, and what one click could change about it."""

from __future__ import annotations

from dataclasses import replace

from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.curve.recommend import Recommendation
from lrgui.core.events import ERRORS, STOPPED, EndEvent, EndReason, RunKind, Stream
from lrgui.core.lower_rate import lower_rate
from lrgui.gui.fixes import Repair, other_sweep, race_around, repair_for, train_again
from lrgui.gui.notice import Notice
from lrgui.runs.job import Job
from lrgui.runs.race_record import RaceRecord
from lrgui.runs.record import Record
from lrgui.runs.records import plan_of
from lrgui.runs.remote.whereabouts import says_where
from lrgui.runs.script_answer import raced_rate, script_sentences


def how_it_ended(
    kind: str, job: Job, end: EndEvent, record: Record, pick: Recommendation | None, recommended: float | None = None
) -> tuple[Notice | None, Repair | None]:
    """What to say after a run of `job`, None where there is nothing to say; and what mends it, where something does.

    `kind` is what went on, `record` what it measured and printed, `pick` what was read off it, where that was a sweep.
    `recommended` is the highest rate that a sweep recommends for a training like this one, None without such a sweep.
    """
    said = (event.text.strip() for event in record.output if event.stream == Stream.NOTE)
    notes = " ".join(note for note in said if not says_where(note))  # where it was matters no more
    if end.reason in ERRORS:
        printed = "".join(event.text for event in record.output if event.stream != Stream.NOTE)
        repair = repair_for(end, job) if kind not in (RunKind.ASIDE, RunKind.COMPARE) else None
        return Notice("error", end.detail, f"{notes}\n\n{printed}".strip()), repair
    notice, repair = _of_a_good_end(kind, job, end, pick, recommended, record.rate_factor)
    if notes:
        notice = Notice("info", notes) if notice is None else replace(notice, details=notes)
    if words := "\n".join(_of_script(job, record, None if pick is None else pick.lr)):
        notice = Notice("info", words) if notice is None else notice.after(words)
    return notice, repair


def _of_a_good_end(
    kind: str, job: Job, end: EndEvent, pick: Recommendation | None, recommended: float | None, factor: float
) -> tuple[Notice | None, Repair | None]:
    if end.reason == EndReason.DATA_ENDED:
        return Notice("info", end.detail), None
    if end.reason in STOPPED:
        return None, None  # who stopped it knows
    if end.reason in (EndReason.DIVERGED, EndReason.NOT_FINITE) and kind == RunKind.TRAIN:
        lower = lower_rate(job.train.max_lr, factor, recommended)
        # Words and button advise one rate: the training itself knows nothing of the sweep.
        said = end.detail.replace(lower_rate(job.train.max_lr, factor).words, lower.words)
        return Notice("warning", said), train_again(lower, job.train.planned_schedule)
    if pick is None:
        return None, None
    change = pick.next_sweep
    if change is not None:
        return Notice("warning", pick.reason if pick.lr is None else change.why), other_sweep(change)
    if pick.lr is not None:
        return None, None
    maximum = pick.by_schedule.get(ONE_CYCLE)  # whatever is planned, the race is one of OneCycles
    return Notice("warning", pick.reason), None if maximum is None else race_around(maximum)


def _of_script(job: Job, record: Record, pick: float | None) -> list[str]:
    """What a run of a script says beside its curves; `pick` is the rate that was read off a sweep."""
    if not isinstance(record, RaceRecord):
        return script_sentences(job.task, record.script, pick)
    found, one_cycle = record.standings.ranking().lr, job.race.one_cycle
    lr = raced_rate(found, one_cycle, plan_of(job.sweep, record.task, record.script))
    return script_sentences(job.task, record.script, lr, found if one_cycle else None)
