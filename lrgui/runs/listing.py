"""Searching and sorting a list of runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from lrgui.runs.index import KeptRun

#: The orders in which runs can be listed, by what they are called; each begins with what is looked for most.
LATEST = "Latest first"
SORTS: dict[str, Callable[[KeptRun], tuple[object, ...]]] = {
    LATEST: lambda run: (-run.summary.created,),
    "Oldest first": lambda run: (run.summary.created,),
    "Starred first": lambda run: (not run.notes.star, -run.summary.created),
    "Name": lambda run: (run.name.casefold(), -run.summary.created),
    "Optimizer": lambda run: (run.summary.optimizer.casefold(), -run.summary.created),
    "Learning rate": lambda run: (math.inf if run.summary.lr is None else run.summary.lr, -run.summary.created),
    "Lowest loss": lambda run: (math.inf if run.summary.loss is None else run.summary.loss, -run.summary.created),
    "Longest": lambda run: (-run.summary.seconds,),
}


def ordered(runs: Iterable[KeptRun], sort: str) -> list[KeptRun]:
    """The runs in one of the `SORTS`."""
    return sorted(runs, key=SORTS[sort])


def matching(runs: Iterable[KeptRun], words: str) -> list[KeptRun]:
    """The runs that have all of the words, separated by spaces."""
    wanted = words.casefold().split()
    return [run for run in runs if not wanted or all(word in run.searched for word in wanted)]
