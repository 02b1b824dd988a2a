"""A study's plan in a file: its folder can be opened where the task, its data and its code are not, or not any more.

The settings of the first run are there whole, of each other one what differs from them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from lrgui.json_file import read_json
from lrgui.runs.from_dict import from_plain
from lrgui.runs.job import Job
from lrgui.studies.plan import Plan, Stage, StudyRun, job_of
from lrgui.studies.spec import StudySpec
from lrgui.writing import write_atomically

#: The parts of a job in which runs can differ.
PARTS = ("task", "sweep", "train", "race")


def write_plan(plan: Plan, path: Path) -> None:
    """Keep `plan`, in the place of what was kept. Raises OSError."""
    runs = plan.runs
    base = runs[0].stages[0].job if runs else Job()
    data = {
        "study": plan.spec.to_dict(),
        "code": plan.code,
        "job": base.to_dict(),
        "runs": [
            {
                "values": run.values,
                "seed": run.seed,
                "changed": _differing(base, run.stages[0].job),
                "stages": [_plain(stage) for stage in run.stages],
                "proof": _plain(run.proof),
            }
            for run in runs
        ],
    }
    write_atomically(path, json.dumps(data, separators=(",", ":"), allow_nan=False).encode())


def read_plan(path: Path, spec: StudySpec) -> Plan | None:
    """The plan that is kept of `spec`; None where there is none of it, or the file is damaged."""
    try:
        data, _ = read_json(path)
        if data["study"] != json.loads(json.dumps(spec.to_dict())):
            return None  # of the study as it was before
        base = Job.from_dict(data["job"])
        runs = tuple(_run(each, base) for each in data["runs"])
        return Plan(spec, runs, (), str(data["code"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _plain(stage: Stage) -> list[str]:
    return [stage.key, str(stage.kind), stage.name]


def _differing(base: Job, job: Job) -> dict[str, dict[str, Any]]:
    """By part of the job, the fields that are others."""
    found: dict[str, dict[str, Any]] = {}
    for part in PARTS:
        one, other = getattr(base, part), getattr(job, part)
        for field in fields(one):
            value = getattr(other, field.name)
            if value != getattr(one, field.name):
                plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
                found.setdefault(part, {})[field.name] = plain
    return found


def _run(data: dict[str, Any], base: Job) -> StudyRun:
    job = base
    for part, changed in data["changed"].items():
        settings: Any = getattr(job, part)
        read = from_plain(type(settings), changed, "The plan")
        whole: dict[str, Any] = {part: replace(settings, **{name: getattr(read, name) for name in changed})}
        job = replace(job, **whole)
    *stages, proof = (Stage(key, kind, job_of(job, kind), name) for key, kind, name in (*data["stages"], data["proof"]))
    return StudyRun(dict(data["values"]), int(data["seed"]), tuple(stages), proof)
