"""`lrgui rerun`: run a saved run again, and say whether it measured the same."""

from __future__ import annotations

import json

import typer

from lrgui.cli.app import Json, Status, command, fail, tell
from lrgui.cli.opening import may_run, opened_run, place_of
from lrgui.cli.place import Place, with_place
from lrgui.cli.resume import SavedRun, Trusted
from lrgui.cli.running import Journals, run
from lrgui.core.events import ERRORS, EndEvent, RunKind
from lrgui.runs.job import Job


@command()
@with_place
def rerun(
    saved: SavedRun,
    trust: Trusted = False,
    as_json: Json = False,
    python: Place = None,
) -> None:
    """Run a saved sweep, race or training again with its settings, and compare the numbers.

    On the CPU they are the same; where they are not, what has changed since is told: code, data, versions, device.
    Exit status: 0 where they are the same, 1 where they differ or the run fails, 2 for bad arguments.
    """
    from lrgui.runs.repeating import compared

    path = place_of(saved)
    job = opened_run(path, quiet=True).job
    may_run(job, path, trust)
    end = _run(job, as_json, python)
    if end.reason in ERRORS:
        fail(end.detail)
    if Journals.kept is None:
        fail("The run was not kept, so it cannot be compared.")
    repeat = compared(path, Journals.kept)
    if as_json:
        document = {"same": repeat.same, "sentence": repeat.sentence, "changed": repeat.reasons}
        print(json.dumps({**document, "log": str(Journals.kept)}, ensure_ascii=False))
    else:
        tell(repeat.sentence)
    raise typer.Exit(Status.OK if repeat.same else Status.FAILED)


def _run(job: Job, quiet: bool, python: Place) -> EndEvent:
    """Run it, and tell the result as its own command does."""
    from lrgui.cli.running import ended
    from lrgui.cli.sweeping import tell_reading
    from lrgui.cli.training import tell_training
    from lrgui.cli.verify import race_of, tell_race
    from lrgui.runs.records import Records

    if job.kind == RunKind.RACE:
        raced = race_of(job, None, quiet, python)
        if not quiet:
            tell_race(raced)
        return raced.end
    sweeps = Records()
    record, _ = run(job, None, quiet, sweeps, python=python)
    end = ended(record)
    if not quiet and job.kind == RunKind.TRAIN:
        tell_training(record, end)
    elif not quiet and len(record):
        tell_reading(sweeps.read(job.sweep))
    return end
