"""A study written as the file that `lrgui study` takes."""

from __future__ import annotations

import json
from pathlib import Path

from lrgui.core.options import Scalar
from lrgui.core.settings import settings_of
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.spec import StudySpec
from lrgui.writing import write_atomically


def toml_of(spec: StudySpec, how: ExecutionSettings | None = None) -> str:
    """The study as TOML; of how it is computed only what is not the usual."""
    usual, how = ExecutionSettings(), how or ExecutionSettings()
    lines = [f"task = {_value(spec.task)}", f"measure = {_value(spec.measure)}", f"seeds = {_list(spec.seeds)}"]
    if spec.prove_best:
        lines.append(f"prove_best = {spec.prove_best}")
    for option in settings_of(ExecutionSettings):
        value = getattr(how, option.name)
        if value != getattr(usual, option.name):
            lines.append(f"{option.name} = {_value(value)}")
    for title, values in (("fixed", spec.fixed), ("grid", spec.grid)):
        if values:
            lines += ["", f"[{title}]"]
            lines += [
                f"{_key(name)} = {_list(value) if isinstance(value, tuple) else _value(value)}"
                for name, value in values.items()
            ]
    for each in spec.runs:
        lines += ["", "[[runs]]", *(f"{_key(name)} = {_value(value)}" for name, value in each.items())]
    return "\n".join(lines) + "\n"


def write_spec(path: Path, spec: StudySpec, how: ExecutionSettings | None = None) -> None:
    """Write the study to `path`. Raises OSError."""
    write_atomically(path, toml_of(spec, how).encode())


def _key(name: str) -> str:
    """A name as a key: "sweep.steps" is a name in a table, as people write it."""
    return ".".join(
        part if part.replace("_", "").replace("-", "").isalnum() else _value(part) for part in name.split(".")
    )


def _list(values: tuple[Scalar, ...]) -> str:
    return f"[{', '.join(map(_value, values))}]"


def _value(value: Scalar) -> str:
    """A value; what is none has no word in TOML, and a text that says so is read as none."""
    if value is None:
        return '"none"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    return repr(value)
