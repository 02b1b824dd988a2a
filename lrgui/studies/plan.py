"""The runs of a study: which jobs there are, by which key each is known, and what follows from what was measured."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lrgui.core.events import RunKind
from lrgui.core.formats import exact_number
from lrgui.core.optimizers import OPTIMIZERS
from lrgui.core.options import NOTHING, Scalar
from lrgui.core.run_settings import LOOP, RaceSettings, SweepSettings, TrainSettings
from lrgui.core.settings import settings_of
from lrgui.runs.defaults import PARTS, apply_defaults
from lrgui.runs.from_dict import from_plain
from lrgui.runs.job import Job, switched
from lrgui.runs.library import SUFFIX
from lrgui.runs.task_files import code_of
from lrgui.runs.task_settings import places, with_choice, with_setting
from lrgui.runs.words import VERBS
from lrgui.studies.spec import FIND, PROVE, SEED, TRAIN, StudySpec, Values
from lrgui.tasks.recognise import recognise
from lrgui.tasks.spec import LABELS, TaskSpec
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.target import Target
from lrgui.tasks.user.task_outline import Outline

#: Fields of a task that are settings by themselves.
FIELDS = ("model", *PARTS["task"], "arguments")
#: The settings of a run, by the word in front of their name.
CONFIGS: dict[str, type] = {"sweep": SweepSettings, "train": TrainSettings, "race": RaceSettings}
#: Nothing of these changes what is measured.
_HOW = ("threads", "loader_workers", "pin_memory")
#: Characters of a key in a file's name: 10^12 of them, for at most some 10^5 runs.
_SHORT = 10


@dataclass(frozen=True)
class Stage:
    """One run of a study: a sweep, a race or a training. Its key says all that decides what is measured."""

    key: str
    kind: str
    """A `RunKind`."""
    job: Job
    """What is run; of a race or a training that follows a sweep, still without the sweep's rate."""
    name: str
    """What its log is called, without the ending."""

    @property
    def log(self) -> str:
        """Name of its log."""
        return f"{self.name}-{self.key[:_SHORT]}{SUFFIX}"


@dataclass(frozen=True)
class StudyRun:
    """One combination with one seed."""

    values: Values
    """The settings that vary, by name, without the seed."""
    seed: int
    stages: tuple[Stage, ...]
    """In their order; each needs what the one before it found."""
    proof: Stage
    """The race that proves it where it is one of the best; not one of `stages` where these have it already."""

    @property
    def every(self) -> tuple[Stage, ...]:
        """All runs that there can be of it."""
        known = any(stage.key == self.proof.key for stage in self.stages)
        return self.stages if known else (*self.stages, self.proof)

    @property
    def words(self) -> str:
        """For people: "AdamW · batch size 64 · seed 0"."""
        return " · ".join([*words_of(self.values), f"seed {self.seed}"])


@dataclass(frozen=True)
class Plan:
    """All runs of a study."""

    spec: StudySpec
    runs: tuple[StudyRun, ...]
    notes: tuple[str, ...]
    """What should be known before they run, in sentences."""
    code: str = ""
    """A digest of the task's code, part of every key; empty for a task without code."""


def axis_words(name: str) -> str:
    """An axis for people, in the words of the forms: "batch size", "sweep steps", "clip gradients"."""
    part, _, inner = name.rpartition(".")
    if part in CONFIGS or name in LOOP:
        labels = {option.name: option.label for option in settings_of(CONFIGS[part or "sweep"])}
        words = [*([VERBS[part]] if part else []), labels.get(inner, inner)]
    else:
        words = [LABELS.get(name, name)]
    return " ".join(_small(word) for word in words).replace("_", " ")


def _small(label: str) -> str:
    """A label within a line: "steps", but "DataLoader workers"."""
    return label[:1].lower() + label[1:] if label.split(" ")[0][1:].islower() else label


def words_of(values: Mapping[str, Scalar]) -> list[str]:
    """Settings for people, one by one: "AdamW", "batch size 64"."""
    return [
        value_words(name, value) if isinstance(value, str) else f"{axis_words(name)} {value_words(name, value)}"
        for name, value in values.items()
    ]


def value_words(name: str, value: Scalar) -> str:
    """A value of the axis `name` for people: an optimizer as it is usually written."""
    if name == "optimizer" and (row := OPTIMIZERS.get(str(value).lower())) is not None:
        return row.label
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return exact_number(value) if isinstance(value, int | float) else value


def planned(spec: StudySpec, code: str | None = None) -> Plan:
    """The runs of `spec`; `code` is the digest of the task's code as it was then, None takes it as it is now.

    Raises ValueError, with a sentence, where one of them could not be run; reads the task's file and runs nothing.
    """
    problems = spec.validate()
    if problems:
        raise ValueError(" ".join(problems))
    base, known, notes = task_at(spec.task)
    # The study is known by its folder from then on, which may be opened from anywhere.
    spec = replace(spec, task=recognise(spec.task).path or spec.task)
    runs = dict[str, StudyRun]()
    code = _code(base.task) if code is None else code
    for values in spec.combinations():
        try:
            job = with_values(base, known, {**spec.fixed, **values})
        except ValueError as error:
            raise ValueError(f"{', '.join(words_of(values)) or 'The study'}: {error}") from None
        for seed in spec.seeds:
            run = _run(spec, replace(job, task=replace(job.task, seed=seed)), values, seed, code)
            for stage in run.stages:
                if wrong := stage.job.validate():
                    raise ValueError(f"{run.words}: {' '.join(map(str, wrong))}")
            runs.setdefault(" ".join(stage.key for stage in run.stages), run)
    left = len(spec.combinations()) * len(spec.seeds) - len(runs)
    if left:
        notes = [*notes, f"{left} of the runs are the same as others, and are made once."]
    return Plan(spec, tuple(runs.values()), tuple(notes), code)


def task_at(source: str) -> tuple[Job, Outline | None, list[str]]:
    """The job of a task with its usual settings, what its code says of itself, and sentences about that.

    Raises ValueError, with a sentence, for what is no task.
    """
    found = recognise(source)
    if found.problem:
        raise ValueError(found.problem)
    job = switched(Job(), found.source, found.path, found.model)
    if not job.task.is_code:
        return job, None, []
    known = outline(found.path)
    if known.problem is not None:
        raise ValueError(known.problem.sentence)
    job, unused = apply_defaults(job, known)
    return job, known, unused


def with_values(job: Job, known: Outline | None, values: Mapping[str, Scalar]) -> Job:
    """`job` with these settings by name, as they are or as a person wrote them.

    The model and the optimizer are chosen first: which settings there are depends on them. Raises ValueError, with a
    sentence, for a name that is none and for a value that cannot be read.
    """
    order = ("model", "optimizer")
    for name in sorted(values, key=lambda each: order.index(each) if each in order else len(order)):
        value = values[name]
        part, dot, inner = name.partition(".")
        if name in order:
            chosen = str(value).lower() if name == "optimizer" else str(value)
            job = replace(job, task=with_choice(job.task, name, chosen))
        elif name in FIELDS:
            job = replace(job, task=_with(job.task, name, value))
        elif name in LOOP:
            job = job.with_shared({name: getattr(_with(job.sweep, name, value), name)})
        elif dot and part in CONFIGS:
            job = _with_config(job, part, inner, value)
        else:
            there = places(job.task, known)
            if name not in there:
                names = dict.fromkeys((*FIELDS, *LOOP, *there))
                raise ValueError(f"{name}: no such setting. Available: {', '.join(names)}.{_more(name)}")
            try:
                job = replace(job, task=with_setting(job.task, there, name, value))
            except ValueError as error:
                raise ValueError(f"{name}: {error}{_more(name)}") from None
    return job


def _more(name: str) -> str:
    """Where a name that is none may belong."""
    homes = [part for part, cls in CONFIGS.items() if name in {option.name for option in settings_of(cls)}]
    return f" Or did you mean {' or '.join(f'{part}.{name}' for part in homes)}?" if homes else ""


def _with_config(job: Job, part: str, name: str, value: Scalar) -> Job:
    names = [option.name for option in settings_of(CONFIGS[part])]
    if name not in names:
        raise ValueError(f"{part}.{name}: no such setting. Available: {', '.join(names)}.")
    changed = _with(getattr(job, part), name, value)
    if isinstance(changed, SweepSettings):  # a range that somebody chose does not follow the optimizer
        changed = job.sweep.with_given({name: getattr(changed, name)})
    whole: dict[str, Any] = {part: changed}
    return replace(job, **whole)


def _with(settings: Any, name: str, value: Scalar) -> Any:
    """`settings` with a value of the right type; a text may stand for a number, as on a command line."""
    cls: Any = type(settings)
    if isinstance(value, str) and not isinstance(getattr(settings, name), str):
        try:
            value = json.loads(value.lower())
        except ValueError:
            value = None if str(value).lower() in NOTHING else value
    try:
        read = from_plain(cls, {name: value}, "The study")
    except ValueError as error:
        raise ValueError(str(error).removeprefix("The study's ")) from None
    return replace(settings, **{name: getattr(read, name)})


def _run(spec: StudySpec, job: Job, values: Values, seed: int, code: str) -> StudyRun:
    """The run of a combination with a seed: its stages, each with its key."""
    # Names of files stay as they are, whatever settings are called: studies go on with those that are there.
    written = [
        value if isinstance(value, str) else f"{name.replace('_', ' ')} {value_words(name, value)}"
        for name, value in values.items()
    ]
    words = [re.sub(r"[^A-Za-z0-9._]+", "-", word).strip("-.") for word in [*written, f"{SEED}{seed}"]]
    name = "-".join(filter(None, words))[:80]
    sweep, race, train = (job_of(job, kind) for kind in (RunKind.SWEEP, RunKind.RACE, RunKind.TRAIN))
    found = Stage(_key(code, sweep, "sweep"), RunKind.SWEEP, sweep, name)
    proof = Stage(_key(code, race, "sweep", "race"), RunKind.RACE, race, f"{name}-race")
    told = "train.max_lr" in {**spec.fixed, **values}
    trained = Stage(_key(code, train, *(() if told else ("sweep",)), "train"), RunKind.TRAIN, train, f"{name}-training")
    stages = {FIND: (found,), PROVE: (found, proof), TRAIN: (trained,) if told else (found, trained)}
    return StudyRun(values, seed, stages[spec.measure], proof)


def job_of(job: Job, kind: str) -> Job:
    """The run of a kind that these settings describe."""
    if kind == RunKind.SWEEP:
        return replace(job, kind=kind)
    return job.verification() if kind == RunKind.RACE else job.training()


def _key(code: str, job: Job, *parts: str) -> str:
    """What a run is known by: the same for all that measures the same, also where the project's folder moved."""
    task = {name: value for name, value in asdict(job.task).items() if name not in _HOW}
    if code:  # it says what the file holds; where that lies changes nothing
        target = Target.parse(job.task.path)
        task["path"] = [Path(target.place).name, target.name]
    said = {"code": code, "kind": job.kind, "task": task, **{part: asdict(getattr(job, part)) for part in parts}}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _code(task: TaskSpec) -> str:
    """What the task's code is now, by its content: with other code nothing that was measured holds."""
    file = Target.parse(task.path).file if task.is_code else None
    if file is None:
        return ""
    digest = hashlib.sha256()
    for each in code_of(file):
        try:
            with open(each.real, "rb") as content:
                digest.update(each.name.encode() + b"\0" + content.read())
        except OSError:
            pass  # the run itself will say so
    return digest.hexdigest()
