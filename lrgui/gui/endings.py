"""What to tell the person when a run has ended, and the button that mends it where there is one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lrgui.core.confidence import RangeAdvice
from lrgui.core.events import ERRORS, EndEvent
from lrgui.core.learning_rate import format_lr, short_lr
from lrgui.gui.notice import Notice
from lrgui.gui.repairs import Repair, repair_for
from lrgui.runs.job import Job
from lrgui.runs.record import Record

if TYPE_CHECKING:
    from lrgui.gui.workspace import Workspace


def how_it_ended(workspace: Workspace, end: EndEvent, record: Record, job: Job) -> Notice | None:
    """What to say after the run of `job`, None where there is nothing to say."""
    kind = workspace.kind
    notes = " ".join(event.text.strip() for event in record.output if event.stream == "note")
    if end.reason in ERRORS:
        printed = "".join(event.text for event in record.output if event.stream != "note")
        details = f"{notes}\n\n{printed}".strip()
        repair = repair_for(end, job) if kind not in ("aside", "compare") else None
        if repair is None:
            return Notice("error", end.detail, details)
        return Notice("error", end.detail, details, repair.label, lambda: _mend(workspace, repair), repair.tip)
    notice = _of_a_good_end(workspace, end, record)
    if notes:
        return Notice("info", notes) if notice is None else replace(notice, details=notes)
    return notice


def _of_a_good_end(workspace: Workspace, end: EndEvent, record: Record) -> Notice | None:
    if end.reason == "data_ended":
        return Notice("info", end.detail)
    if end.reason == "cancelled":
        return None  # who stopped it knows
    if end.reason in ("diverged", "not_finite") and workspace.kind == "train":
        lower = workspace.job.train.max_lr / 10
        return Notice("warning", end.detail, action=f"Select {format_lr(lower)}", act=lambda: workspace.select(lower))
    read = workspace.analysis if workspace.kind == "sweep" and record is workspace.sweep else None
    if read is None:
        return None
    pick = read.recommendation
    if pick.advice is not None:
        return _advice(workspace, pick.advice, pick.reason if pick.lr is None else pick.advice.why)
    return Notice("warning", pick.reason) if pick.lr is None else None


def _advice(workspace: Workspace, advice: RangeAdvice, text: str) -> Notice:
    """The range was wrong: one button sets a better one and sweeps again."""
    words = f"{short_lr(advice.start_lr)} to {short_lr(advice.end_lr)}"
    tip = f"Set From and To of the sweep to {words} and start it"

    def sweep_again() -> None:
        # Whatever is being typed there is given up: other values come.
        ends = replace(workspace.job.sweep, start_lr=advice.start_lr, end_lr=advice.end_lr)
        workspace.set_job(replace(workspace.job, sweep=ends))
        workspace.find()

    return Notice("warning", text, action=f"Sweep {words} instead", act=sweep_again, tip=tip)


def _mend(workspace: Workspace, repair: Repair) -> None:
    """Change the settings so that the run that failed can go through."""
    job = workspace.job
    task, sweep = replace(job.task, **repair.task), replace(job.sweep, **repair.sweep)
    workspace.set_job(replace(job, task=task, sweep=sweep))
    workspace.noticed.emit(Notice("info", repair.done))
