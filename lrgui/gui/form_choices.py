"""What the lists of the task's form offer: data, optimizers, devices and Pythons, as far as they are known."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lrgui.core.optimizers import OPTIMIZERS, OptimizerRow
from lrgui.core.options import Option, Scalar
from lrgui.gui.editors import Entry, Heading
from lrgui.runs.targets import ON
from lrgui.tasks.catalog_rows import GROUPS, SourceRow
from lrgui.tasks.user.rows import OWN

if TYPE_CHECKING:
    from lrgui.runs.environment import Environment
    from lrgui.runs.interpreters import Interpreter
    from lrgui.tasks.user.task_outline import Outline

#: Until it is known which devices there are.
DEVICES = {"cpu": "CPU", "cuda": "CUDA (NVIDIA)", "mps": "MPS (Apple)", "xpu": "XPU (Intel)"}
AUTOMATIC = Entry("auto", "Automatic", "Uses the best available device")
#: Older ones cannot compute.
OLDEST_PYTHON = (3, 10)
#: In the list of Pythons: what opens a dialog.
CHOOSE = "?"
#: And one that asks for another machine.
ADD_TARGET = "+"


def source_lines(sources: Mapping[str, SourceRow]) -> list[Entry | Heading]:
    """The data sources below the names of their groups."""
    lines: list[Entry | Heading] = []
    for group in GROUPS:
        rows = [row for row in sources.values() if row.group == group]
        if rows:
            lines += [Heading(group), *(Entry(row.key, row.label, row.detail) for row in rows)]
    return lines


def source_options(row: SourceRow, path: str) -> tuple[Option, ...]:
    """The source's options; where a column is one of them, the file's own columns are suggested for it."""
    choices = tuple((name, name) for name in _names_in(row, path))
    if not choices:
        return row.options
    return tuple(replace(option, choices=choices) if option.name == "target" else option for option in row.options)


def usual_column(row: SourceRow, path: str) -> str:
    """The column that a table's target is where none is chosen; empty where nobody knows."""
    names = _names_in(row, path)
    return names[-1] if names else ""


def missing_column(row: SourceRow, path: str, options: Mapping[str, Scalar]) -> str:
    """A sentence for a target that the table does not have, empty where it has it or nobody knows."""
    from lrgui.core.phrases import listed

    target = str(options.get("target") or "").strip()
    if not target or any(options.get(name, "auto") != "auto" for name in ("separator", "header")):
        return ""  # set by hand, they may make other columns of the same file
    names = _names_in(row, path)
    if not names or target in names or [name.lower() for name in names].count(target.lower()) == 1:
        return ""
    return f"{Path(path).name} has no column “{target}”. Choose one of: {listed(names, 12)}."


def _names_in(row: SourceRow, path: str) -> tuple[str, ...]:
    """The columns of a table's file; none where there is no table or it cannot be read here."""
    if row.key != "table" or not path:
        return ()
    try:
        return _columns(path, os.stat(os.path.expanduser(path)).st_mtime_ns)
    except (OSError, ValueError):
        return ()


@lru_cache(maxsize=8)
def _columns(path: str, _saved: int) -> tuple[str, ...]:
    from lrgui.tasks.data.tables.header import columns

    return tuple(columns(path))


def optimizer_lines(outline: Outline | None, chosen: str, environment: Environment | None) -> list[Entry | Heading]:
    """The optimizers; that of the task first, where it has one."""
    lines: list[Entry | Heading] = []
    if chosen == OWN or (outline is not None and outline.has_optimizer):
        lines.append(Entry(OWN, "The task’s own", "The optimizer created by the task's optimizer() function"))
    for row in OPTIMIZERS.values():
        why_not = _too_old(row, environment)
        tip = why_not or f"{row.detail} Usual learning rates: {row.typical_lr}.".strip()
        lines.append(Entry(row.key, row.label, tip, usable=not why_not))
    return lines


def _too_old(row: OptimizerRow, environment: Environment | None) -> str:
    if environment is None or not environment.torch or not row.since:
        return ""
    if _version(environment.torch) >= _version(row.since):
        return ""
    return f"{row.label} needs PyTorch {row.since} or newer; this Python has {environment.torch}."


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


def device_lines(environment: Environment | None, chosen: str) -> list[Entry | Heading]:
    """The devices: those of the Python that computes, once they are known, and why others are missing."""
    lines: list[Entry | Heading] = [AUTOMATIC]
    if environment is None or not environment.devices:
        lines += [Entry(key, label) for key, label in DEVICES.items()]
    else:
        for one in environment.devices:
            lines.append(
                Entry(one.key, one.label if one.there else f"{one.label}: missing", one.note, usable=one.there)
            )
    if all(isinstance(line, Entry) and line.value != chosen for line in lines):
        lines.append(Entry(chosen, _device_words(chosen)))
    return lines


def _device_words(key: str) -> str:
    kind, _, number = key.partition(":")
    return f"{kind.upper()} {number}".strip()


def missing_device(environment: Environment | None, chosen: str) -> str:
    """Why the device that is chosen is not there, empty where it is or nobody knows."""
    if environment is None:
        return ""
    for one in environment.devices:
        if not one.there and one.key == chosen.partition(":")[0]:
            return f"{_device_words(one.key)} is missing: {one.note}."
    return ""


def python_lines(interpreters: Sequence[Interpreter], chosen: str) -> list[Entry | Heading]:
    """The Pythons that were found, and a line that asks for another one."""
    lines: list[Entry | Heading] = [
        Entry("", "This program’s"),
        *(
            Entry(one.path, one.label, one.path)
            for one in interpreters
            if one.kind != "own" and (one.path == chosen or not _is_old(one.label))
        ),
    ]
    known = [one.path for one in interpreters]
    if chosen not in ("", *known) and chosen.startswith(ON):
        lines.append(Entry(chosen, chosen.removeprefix(ON)))
    elif chosen not in ("", *known):
        lines.append(Entry(chosen, _python_words(Path(chosen)), chosen))
    return [
        *lines,
        Entry(ADD_TARGET, "Other machines…", "Compute on a machine that ssh reaches or in SLURM’s queue; edit, forget"),
        Entry(CHOOSE, "Choose…", "Choose another Python interpreter"),
    ]


def _is_old(label: str) -> bool:
    """True where a label tells a version of Python that no run can use, as those of pyenv do."""
    told = re.search(r": (\d+\.\d+)", label)
    return told is not None and _version(told[1]) < OLDEST_PYTHON


def _python_words(path: Path) -> str:
    """A Python by its environment: "venv" of `venv/bin/python`."""
    return path.parent.parent.name if path.parent.name in ("bin", "Scripts") else path.name


def python_words(environment: Environment) -> str:
    """The versions that matter: "Python 3.12.4 · torch 2.9.0"; empty where it could not even tell its own."""
    if not environment.version:
        return ""
    return f"Python {environment.version} · {f'torch {environment.torch}' if environment.torch else 'no torch'}"


def unknown_name(kind: str, libraries: Sequence[str], name: str, known: Mapping[str, Sequence[str]]) -> str:
    """A sentence for a name that these libraries of that Python do not have, empty where they do or nobody knows.

    `kind` is "model" or "optimizer", `known` the Environment's names of them by library.
    """
    from lrgui.tasks.library_names import must_know

    for library in libraries:
        names = known.get(library, ())
        # A model of timm may be named with the weights that it begins with: "resnet18.a1_in1k".
        plain = name.partition(".")[0] if (library, kind) == ("timm", "model") else name
        if names and name:
            try:
                must_know(library, kind, plain, names)
            except ValueError as error:
                return str(error)
    return ""


def what_is_missing(label: str, needs: Sequence[str], environment: Environment | None) -> str:
    """A sentence for modules that a row needs and that Python lacks, empty where they are there or nobody knows."""
    if environment is None or not environment.torch:
        return ""
    from lrgui.errors.missing_modules import PACKAGES

    absent = [name for name in needs if name in PACKAGES and name not in environment.packages]
    if not absent:
        return ""
    install = " ".join(PACKAGES[name] for name in absent)
    return (
        f"{label} needs {' and '.join(absent)}, which this Python does not have: "
        f"install it there (pip install {install}) or choose another Python."
    )
