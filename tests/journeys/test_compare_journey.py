"""Kept runs compared in the window, by mouse and keyboard: laid over each other, hidden, aligned, divided, copied."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from program import Program, until
from scripted import race, sweep, training

from lrgui.plot.theme import LIGHT
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]

COLOURS = [LIGHT.look(number)[0] for number in range(4)]


def keep_runs(program: Program) -> None:
    """A sweep, two trainings and a race, the latest last."""
    program.runs_folder.mkdir()
    job = Job()
    slow, fast = (replace(job.training(), train=replace(job.train, max_lr=rate)) for rate in (1e-3, 1e-2))
    proof = job.verification()
    kept = (("a", job, sweep()), ("b", slow, training()), ("c", fast, training()), ("d", proof, race(proof.race)))
    for name, each, chunks in kept:
        with LogWriter(program.runs_folder / f"{name}.lrrun", each) as log:
            for events in chunks:
                log.write(events)


def in_legend(program: Program, colour: str) -> tuple[int, int]:
    """Where a run's entry in the legend is: its sample is the highest thing of its colour in the plot."""
    rows, columns = np.nonzero(program._pixels(colour))
    return int(columns[rows == rows.min()].mean()), int(rows.min())


def copied(program: Program) -> list[str]:
    """The lines of the points of what is on screen, by the dialog's Copy."""
    return program.copied("Points", "run,").strip().splitlines()


def test_runs_of_all_kinds_are_laid_over_each_other(program: Program) -> None:
    keep_runs(program)
    program.start()
    program.key("ctrl+r")
    until(lambda: program.key("Down") or program.count(LIGHT.selected_row) > 2000, "a run is selected")
    for key in ("ctrl+a", "Tab", "space"):
        program.key(key)
    until(lambda: all(program.count(colour) > 20 for colour in COLOURS), "four curves in four colours")
    heads, *lines = copied(program)
    assert heads == "run,curve,step,loss"
    names = list(dict.fromkeys(line.split(",")[0] for line in lines))
    assert names == ["Race", "Training · max LR 1e-2", "Training · max LR 1e-3", "Sweep"]

    hidden = COLOURS[3]
    before = program.count(hidden)
    program.click(in_legend(program, hidden))
    until(lambda: program.count(hidden) < before / 3, "a click on the legend hides a run")
    assert not any(line.startswith(names[3]) for line in copied(program))
    for _ in range(5):  # from the plot back to By
        program.key("shift+Tab")
    program.key("End")
    for key in ("Tab", "Tab", "Down"):
        program.key(key)
    until(lambda: copied(program)[0] == "run,curve,lr,loss ÷ first", "by rate, each divided by its first loss")
