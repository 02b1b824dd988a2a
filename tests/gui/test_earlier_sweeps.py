"""What sweeps are called that are faded behind another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lrgui.gui.earlier_sweeps import names_of_earlier
from lrgui.runs.job import Job


def test_earlier_sweeps_of_the_same_minute_have_seconds() -> None:
    noon, job = datetime(2026, 1, 1, 12, 0, 5).astimezone(), Job()
    earlier = [(job, noon.replace(second=40)), (replace(job, task=replace(job.task, batch_size=8)), noon)]
    names = names_of_earlier(earlier, job, noon.replace(minute=5))
    assert [name.rsplit(" ", 1)[-1] for name in names] == ["12:00:40", "12:00:05"] and "batch 8" in names[1]
    assert names_of_earlier(earlier[1:], job, noon.replace(minute=5))[0].endswith(" 12:00")
    assert names_of_earlier(earlier[1:], job, noon)[0].endswith(" 12:00:05"), "nor like the one that is shown"
