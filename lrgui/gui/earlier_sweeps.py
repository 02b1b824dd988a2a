"""The sweeps that are drawn, faded, behind another one: which they are, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from lrgui.runs.job import Job

if TYPE_CHECKING:
    from lrgui.plot.curve_plot import CurvePlot, Earlier

#: So many sweeps on the same task are drawn, faded, behind the one that goes on.
MOST_EARLIER = 3
#: So many sweeps that have made room for others are remembered with what was behind them.
MOST_REMEMBERED = 8


def loss_of(job: Job) -> tuple[object, ...]:
    """What decides which loss a sweep measures: jobs with the same are curves of the same scale."""
    task = job.task
    return task.source, task.path, task.options, task.arguments


def what_differs(before: Job, now: Job) -> str:
    """An earlier sweep, in the words that tell it from the one `now`; empty where only the time does."""
    words = []
    if before.task.optimizer_words != now.task.optimizer_words:
        words.append(before.task.optimizer_words)
    if before.task.model != now.task.model:
        words.append(before.task.model)
    if before.task.batch_size != now.task.batch_size:
        words.append(before.task.batch_words)
    return " ".join(words)


def names_of_earlier(earlier: Sequence[tuple[Job, datetime]], now: Job, began: datetime) -> list[str]:
    """What earlier sweeps are called beside the one `now`, which began at `began`: what differs, and when each began,
    with seconds where two began in the same minute."""
    from lrgui.runs.headline import clock

    times = [clock(moment) for _, moment in earlier]
    every = [*times, clock(began)]
    times = [clock(moment, seconds=every.count(time) > 1) for time, (_, moment) in zip(times, earlier, strict=True)]
    words = [what_differs(job, now) for job, _ in earlier]
    return [" ".join(filter(None, pair)) for pair in zip(words, times, strict=True)]


class EarlierSweeps:
    """The sweeps that a plot draws, and what was behind those that it drew before: it comes back with them."""

    def __init__(self, plot: CurvePlot) -> None:
        self._plot = plot
        self.drawn: list[tuple[Job, datetime]] = []
        """The sweeps that are drawn, the last one first, and when each one began."""
        self._behind: dict[datetime, tuple[list[tuple[Job, datetime]], Earlier]] = {}

    def remember(self) -> None:
        """Another sweep takes the place of the one that is drawn."""
        curves = self._plot.look.earlier
        if len(self.drawn) < 2 or not self._plot.has_curve or len(curves) != len(self.drawn) - 1:
            return
        (_, began), *jobs = self.drawn
        self._behind.pop(began, None)
        self._behind[began] = (jobs, curves)
        while len(self._behind) > MOST_REMEMBERED:
            del self._behind[next(iter(self._behind))]

    def bring_back(self, job: Job, began: datetime) -> None:
        """The sweep is drawn again, alone: draw behind it what was there."""
        jobs, curves = self._behind.get(began, ([], ()))
        self.drawn = [(job, began), *jobs]
        self._plot.show_earlier(curves)
