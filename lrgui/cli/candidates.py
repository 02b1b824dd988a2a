"""`lrgui train --compare-lr` and `--seeds`: several trainings one after the other, and what came of them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import typer

from lrgui.cli.app import Status, checked, fail, say
from lrgui.cli.compare import tell_overlay
from lrgui.cli.place import Place
from lrgui.cli.running import Journals, Signals, ended, run
from lrgui.core.events import WELL, EndEvent
from lrgui.core.learning_rate import format_lr, parse_lr
from lrgui.runs.job import Job

#: As many seeds as anybody waits for.
MOST_SEEDS = 100


def read_rates(text: str) -> list[float]:
    """Rates with commas between them; leaves with a sentence where one cannot be read."""
    try:
        return [parse_lr(word) for word in text.split(",") if word.strip()]
    except ValueError as error:
        fail(f"--compare-lr: {error}", Status.BAD_ARGUMENTS)


def train_candidates(job: Job, rates: Sequence[float], seeds: int, as_json: bool, python: Place) -> None:
    """Train at the rate of `job` and at these, with so many seeds each; leaves with the exit status."""
    from lrgui.export.overlay import OverlayReport
    from lrgui.runs.overlaid import OverlaidRun
    from lrgui.runs.overlay import Overlay
    from lrgui.runs.queue import train_in_turn, training_jobs
    from lrgui.runs.record import Record
    from lrgui.runs.summary import optimizer_of

    if job.task.is_script:
        fail("A training script sets its own rate: --compare-lr and --seeds do not apply.", Status.BAD_ARGUMENTS)
    if not 1 <= seeds <= MOST_SEEDS:
        fail(f"--seeds cannot be “{seeds}”. Use 1 to {MOST_SEEDS}.", Status.BAD_ARGUMENTS)
    jobs = training_jobs(job, [job.train.max_lr, *rates], seeds)
    for each in jobs:
        checked(each)
    paths: list[Path | None] = []

    def train(each: Job) -> tuple[Record, EndEvent]:
        number = len(paths) + 1
        seed = f", seed {each.task.seed}" if seeds > 1 else ""
        say(f"Training {number} of {len(jobs)}: {format_lr(each.train.max_lr)}{seed}")
        record, _ = run(each, None, quiet=True, python=python)
        paths.append(Journals.kept)
        end = ended(record)
        if record.end is None:
            record.add([end])
        if end.reason not in WELL:
            say(end.detail)
        return record, end

    queue = train_in_turn(jobs, train, lambda: bool(Signals.ended_by))
    trained = queue.ended
    if left := len(queue.waiting):
        say(f"{left} of {len(jobs)} trainings {'was' if left == 1 else 'were'} not started.")
    places = [*paths, *[None] * (len(trained) - len(paths))]
    runs = [
        OverlaidRun(entry.job, entry.record, optimizer_of(entry.job, entry.record), path=path)
        for entry, path in zip(trained, places, strict=True)
        if len(entry.record)
    ]
    if runs:
        overlay = Overlay.of(runs)
        if as_json:
            print(json.dumps(OverlayReport(overlay).to_dict(), ensure_ascii=False, allow_nan=False))
        else:
            tell_overlay(overlay)
            kept = [str(path) for path in places if path is not None]
            if len(kept) > 1:
                say(f"Draw them: lrgui compare {shlex.join(kept)} --png compared.png")
    good = all(entry.record.end_reason in WELL for entry in trained)
    raise typer.Exit(Status.OK if runs and good else Status.FAILED)
