"""A run of Ray's on the node that computes it: the worker process, in the Python that Ray has there."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from lrgui.core.events import Event
from lrgui.runs.event_source import EventSource
from lrgui.runs.job import Job, Keeping
from lrgui.runs.launch import ChildProcess
from lrgui.runs.lines import encode
from lrgui.runs.script_source import script_source
from lrgui.runs.spare_pool import SparePool
from lrgui.tasks.user.code import FOLDER


def source_of(plain: dict[str, Any], current: str, kept: str, *, warm: bool) -> EventSource:
    """What computes the job of `to_dict`'s form. `current` is the folder in which its code runs, `kept` that of a
    training's checkpoints; "" for none.

    `warm`: by a process that imports torch once for all runs that Ray gives to this one of its own.
    """
    job = Job.from_dict(plain)
    os.environ.pop(FOLDER, None)  # of another run
    if current:
        os.environ[FOLDER] = current
    if kept:
        job = replace(job, keeping=Keeping(kept))
    if job.task.is_script:
        return script_source(job, sys.executable)
    if not warm:
        return ChildProcess(job, sys.executable)
    pool = _pool()
    pool.warm()
    child = pool.take()
    child.submit(job)
    return child


def lines_of(events: Sequence[Event]) -> list[str]:
    """Events as lines of a log."""
    return [encode(event) for event in events]


@cache
def _pool() -> SparePool:
    """The one of this process of Ray's, with which it ends."""
    return SparePool(sys.executable)
