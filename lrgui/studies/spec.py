"""What a study measures, as plain data, and how it is read from a file."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from lrgui.core.options import Scalar
from lrgui.core.settings import settings_of
from lrgui.runs.from_dict import from_plain
from lrgui.studies.execution import ExecutionSettings
from lrgui.tasks.user.target import Target

#: What is done for each combination.
FIND, PROVE, TRAIN = "find", "prove", "train"
MEASURES = {
    FIND: "a sweep",
    PROVE: "a sweep, and a race of short trainings around its pick",
    TRAIN: "a sweep, and a training at its pick (or at train.max_lr where that is given)",
}
#: The axis that all studies have.
SEED = "seed"
#: Settings that somebody may write in the plural, as the command line's options are.
_PLURALS = {"optimizers": "optimizer", "batch_sizes": "batch_size", "models": "model", "devices": "device"}
#: The largest study; a typo should not plan a million runs.
MOST_RUNS = 100_000

Values = dict[str, Scalar]


@dataclass(frozen=True)
class StudySpec:
    """A grid, or a list, of settings of one task: every combination is measured with every seed."""

    task: str = "digits"
    """A task file, data or the key of a data set, as `lrgui find` takes it."""
    measure: str = FIND
    """A key of `MEASURES`."""
    fixed: Values = field(default_factory=dict)
    """Settings that all runs share, by name: those of `lrgui find` ("batch_size", "width"), and settings of a run with
    its kind in front: "sweep.steps", "train.epochs", "race.steps"."""
    grid: dict[str, tuple[Scalar, ...]] = field(default_factory=dict)
    """Values by name of setting: every combination of them."""
    runs: tuple[Values, ...] = ()
    """Combinations that are listed instead; with a grid, each of them is crossed with it."""
    seeds: tuple[int, ...] = (0,)
    """Each combination is measured with each of these."""
    prove_best: int = 0
    """So many of the best combinations are proven by a race once all are measured; 0 proves none."""

    def combinations(self) -> list[Values]:
        """All of them, in the order of the file: without the seeds."""
        crossed = [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]
        return [{**listed, **values} for listed in self.runs or ({},) for values in crossed]

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the settings that vary, without the seed."""
        names = dict.fromkeys(name for listed in self.runs for name in listed)
        return tuple({**names, **dict.fromkeys(self.grid)})

    def validate(self) -> list[str]:
        """What is wrong with it, in sentences; nothing about values, which the runs themselves judge."""
        found = []
        if self.measure not in MEASURES:
            found.append(f"A study cannot measure “{self.measure}”. Choose one of: {', '.join(MEASURES)}.")
        for name, values in self.grid.items():
            if not values:
                found.append(f"The grid has no values for {name}. Write at least one, or remove it.")
            elif len(set(map(str, values))) < len(values):
                found.append(f"The grid names a value of {name} twice: {', '.join(map(str, values))}.")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            found.append("Seeds must be different integers, at least one: seeds = [0, 1, 2].")
        for name in {*self.fixed} & {*self.axes}:
            found.append(f"{name} is both fixed and varied. Remove one of them.")
        if SEED in self.fixed or SEED in self.axes:
            found.append("Write seeds beside the grid, not in it: seeds = [0, 1, 2].")
        count = len(self.seeds) * max(1, len(self.runs))
        for values in self.grid.values():
            count *= max(1, len(values))
        if count > MOST_RUNS:
            found.append(f"The study has {count:,} runs, and {MOST_RUNS:,} is the most. Use fewer values.")
        if self.prove_best < 0:
            found.append("prove_best is how many of the best combinations are proven: use 0 or more.")
        return found

    def to_dict(self) -> dict[str, Any]:
        """As what JSON knows."""
        plain = asdict(self)
        return {**plain, "seeds": list(self.seeds), "runs": [dict(each) for each in self.runs]}


#: Names at the top of a file that are no part of the settings of a run.
_TOP = ("task", "measure", "fixed", "grid", "runs", "seeds", "prove_best")


def spec_of(data: Mapping[str, Any], folder: Path | None = None) -> tuple[StudySpec, ExecutionSettings]:
    """A study from plain data, as a file has it. Paths of tasks are as seen from `folder`.

    Raises ValueError, with a sentence, for what cannot be one.
    """
    known = [*_TOP, *(option.name for option in settings_of(ExecutionSettings))]
    for name in data:
        if name not in known:
            raise ValueError(f"The study has no setting “{name}”. Available: {', '.join(known)}.")
    execution = from_plain(ExecutionSettings, data, "The study")
    spec = StudySpec(
        task=_task(data.get("task", StudySpec.task), folder),
        measure=str(data.get("measure", FIND)),
        fixed=_named(data.get("fixed", {}), "fixed"),
        grid={name: _listed(name, values) for name, values in flat(data.get("grid", {}), "grid").items()},
        runs=tuple(_named(each, "runs") for each in _sequence(data.get("runs", ()), "runs")),
        seeds=seeds_of(data.get("seeds", (0,))),
        prove_best=_whole(data.get("prove_best", 0), "prove_best"),
    )
    problems = [*spec.validate(), *map(str, execution.validate())]
    if problems:
        raise ValueError(" ".join(problems))
    return spec, execution


def read_spec(path: Path) -> tuple[StudySpec, ExecutionSettings]:
    """The study of a TOML or YAML file. Raises ValueError, with a sentence, for one that is none or cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # editors on Windows put a mark in front
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is not text in UTF-8: save it with that encoding.") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error}).") from None
    try:
        data = _yaml(text, path.name) if path.suffix.lower() in (".yaml", ".yml") else _toml(text)
    except UnreadableError as error:
        raise ValueError(str(error)) from None
    except ValueError as error:
        raise ValueError(f"{path.name} is not a study: {error}.") from None
    if not isinstance(data, Mapping):
        raise ValueError(f"{path.name} is not a study: it must have named settings, such as task and grid.")
    if "task" not in data:
        raise ValueError(f'{path.name} does not say what is trained: add, for example, task = "task.py".')
    try:
        return spec_of(data, path.absolute().parent)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


class UnreadableError(ValueError):
    """There is nothing here that reads such a file."""


def _toml(text: str) -> Any:
    try:
        import tomllib
    except ImportError:  # Python 3.10
        try:
            import tomli as tomllib  # type: ignore[import-not-found, no-redef]
        except ImportError:
            raise UnreadableError("Reading TOML needs Python 3.11, or the package tomli: pip install tomli") from None
    return tomllib.loads(text)


def _yaml(text: str, name: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise UnreadableError(
            f"{name} needs the package PyYAML: pip install pyyaml, or write the study as TOML."
        ) from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def singular(name: str) -> str:
    """A setting's name, also of one that was written in the plural: "optimizers"."""
    plain = name.replace("-", "_")
    return _PLURALS.get(plain, plain)


def flat(data: Any, where: str) -> dict[str, Any]:
    """Settings by name, those of tables within with the table's name in front: "sweep.steps"."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where} must have named settings, such as optimizer and batch_size.")
    found: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, Mapping):
            found |= {f"{singular(str(name))}.{inner}": each for inner, each in flat(value, where).items()}
        else:
            found[singular(str(name))] = value
    return found


def _named(data: Any, where: str) -> Values:
    found = flat(data, where)
    for name, value in found.items():
        _scalar(name, value)
    return found


def _listed(name: str, values: Any) -> tuple[Scalar, ...]:
    return tuple(_scalar(name, value) for value in _sequence(values, name))


def _sequence(values: Any, name: str) -> list[Any]:
    if isinstance(values, list | tuple):
        return list(values)
    raise ValueError(f"{name} must be a list, for example [1, 2].")


def _scalar(name: str, value: Any) -> Scalar:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(f"A value of {name} must be a number, a text, true or false, not {value!r}.")


def seeds_of(value: Any) -> tuple[int, ...]:
    """Seeds: a list of them, or how many, from 0 on. Raises ValueError, with a sentence."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not 1 <= value <= MOST_RUNS:
            raise ValueError(f"seeds is a list, [0, 1, 2], or how many there are, 1 to {MOST_RUNS:,}.")
        return tuple(range(value))
    return tuple(_whole(each, "seeds") for each in _sequence(value, "seeds"))


def values_in(words: str) -> tuple[Scalar, ...]:
    """The values that a person wrote with commas between them."""
    return tuple(value_in(each.strip()) for each in words.split(",") if each.strip())


def value_in(word: str) -> Scalar:
    """A number where it is one, so that "32" and the 32 of a file are the same; "1e5" is an integer, as in a form."""
    for kind in (int, float):
        try:
            value = kind(word)
        except ValueError:
            continue
        return int(value) if isinstance(value, float) and "e" in word.lower() and value.is_integer() else value
    return {"true": True, "false": False, "none": None}.get(word.lower(), word)


def seeds_in(words: str) -> tuple[int, ...]:
    """Seeds as a person wrote them: how many, "3", or which, "0, 1, 7". Raises ValueError, with a sentence."""
    values = values_in(words)
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    try:
        if whole and values:
            return seeds_of(values[0] if "," not in words else values)
    except ValueError:  # in the words of a file
        pass
    raise ValueError(
        f"Seeds cannot be “{words.strip()}”. Write how many, 1 to {MOST_RUNS:,}, or which ones, separated by commas."
    )


def _whole(value: Any, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"{name} must be an integer, not {value!r}.")


def _task(value: Any, folder: Path | None) -> str:
    if not isinstance(value, str):
        raise ValueError(f"task must be a text: a file, a folder or the name of a data set, not {value!r}.")
    place = Target.parse(value).file
    beside = folder / value if folder is not None else Path(value)
    there = folder is not None and (beside.exists() or (place is not None and (folder / place).exists()))
    return str(beside) if there else value


def with_values(spec: StudySpec, **changes: Any) -> StudySpec:
    """`spec` with what somebody gave beside it; None is what was not given."""
    return replace(spec, **{name: value for name, value in changes.items() if value is not None})
