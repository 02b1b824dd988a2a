"""What computes a script's run: one process, of a race one after the other."""

from __future__ import annotations

from pathlib import Path

from lrgui.core.events import RunKind
from lrgui.runs.event_source import EventSource
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess


def script_source(job: Job, python: str | Path | None = None) -> EventSource:
    """Where the events of a script's run come from."""
    if job.kind == RunKind.RACE:
        from lrgui.runs.script_race import ScriptRace  # it needs numpy, which a Python on a target may lack

        return ScriptRace(job, lambda one, heard: ChildProcess(one, python, heard=heard))
    return ChildProcess(job, python)
